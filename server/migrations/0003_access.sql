-- Who is let in to a team's server. Tokens of devices and codes are kept as hashes: whoever reads them can use none.

ALTER TABLE account ADD COLUMN email TEXT;
CREATE UNIQUE INDEX account_email ON account (email);
-- 1: may invite people.
ALTER TABLE account ADD COLUMN admin BIGINT NOT NULL DEFAULT 0;

CREATE TABLE device (
    id         BLOB   NOT NULL PRIMARY KEY,
    account    BLOB   NOT NULL REFERENCES account (id),
    name       TEXT   NOT NULL,
    token_hash TEXT   NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    last_seen  BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX device_account ON device (account);

-- Good for one device.
CREATE TABLE pairing_code (
    code_hash  TEXT   NOT NULL PRIMARY KEY,
    account    BLOB   NOT NULL REFERENCES account (id),
    expires_at BIGINT NOT NULL
);

-- The key that access tokens are sealed with: the same on all nodes, and as secret as the database. Taking it away ends
-- every access token; the devices make new ones.
CREATE TABLE secret (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
