-- What a course server knows. Rows of all kinds live in one table: the server routes them by space, parent and asset
-- and leaves their meaning to the shared types, so a pull is one range of one index.

CREATE TABLE account (
    id         BLOB   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);

-- version: grows by one with every mutation that writes here. epoch: another one after a restore.
CREATE TABLE space (
    id         BLOB   NOT NULL PRIMARY KEY,
    kind       TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    gc_version BIGINT NOT NULL,
    epoch      BIGINT NOT NULL
);

CREATE TABLE member (
    space   BLOB NOT NULL REFERENCES space (id),
    account BLOB NOT NULL REFERENCES account (id),
    role    TEXT NOT NULL,
    PRIMARY KEY (space, account)
);
CREATE INDEX member_account ON member (account);

CREATE TABLE client (
    id               BLOB   NOT NULL PRIMARY KEY,
    account          BLOB   NOT NULL REFERENCES account (id),
    last_mutation_id BIGINT NOT NULL,
    schema_number    BIGINT NOT NULL,
    last_seen        BIGINT NOT NULL,
    revoked_at       BIGINT
);

CREATE TABLE mutation_result (
    client BLOB   NOT NULL REFERENCES client (id),
    mid    BIGINT NOT NULL,
    hash   TEXT   NOT NULL,
    status TEXT   NOT NULL,
    code   TEXT,
    detail TEXT,
    PRIMARY KEY (client, mid)
);

CREATE TABLE entity (
    kind       TEXT   NOT NULL,
    id         BLOB   NOT NULL,
    space      BLOB   NOT NULL REFERENCES space (id),
    version    BIGINT NOT NULL,
    deleted    BIGINT NOT NULL,
    parent     BLOB,
    asset      BLOB,
    body       TEXT   NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX entity_space ON entity (space, version);
CREATE INDEX entity_parent ON entity (parent, kind) WHERE parent IS NOT NULL;
CREATE INDEX entity_asset ON entity (asset, kind) WHERE asset IS NOT NULL;

-- Who changed what: one line a row a mutation wrote.
CREATE TABLE history (
    space   BLOB   NOT NULL REFERENCES space (id),
    version BIGINT NOT NULL,
    kind    TEXT   NOT NULL,
    id      BLOB   NOT NULL,
    at      BIGINT NOT NULL,
    actor   BLOB   NOT NULL,
    client  BLOB,
    mid     BIGINT,
    op      TEXT   NOT NULL,
    before  TEXT,
    after   TEXT   NOT NULL,
    PRIMARY KEY (space, version, kind, id)
);

-- The store's side of an asset, for the server's eyes only. state: opening, open, single, completing, ready.
-- A row is written before the store is asked for anything, so that nothing there is unknown here.
CREATE TABLE object (
    asset         BLOB   NOT NULL PRIMARY KEY,
    object_key    TEXT   NOT NULL,
    state         TEXT   NOT NULL,
    bytes         BIGINT NOT NULL,
    part_bytes    BIGINT NOT NULL,
    content_type  TEXT   NOT NULL,
    upload_id     TEXT,
    -- From `completing` on: the ETag the store must answer, and the BLAKE3 of the file.
    etag          TEXT,
    blake3        TEXT,
    store_version TEXT
);
