-- A refused or confirmed edit is of one name of this client: after a fork the numbers begin again.
ALTER TABLE rejected RENAME TO rejected_before;
CREATE TABLE rejected (
    seq         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    client      TEXT    NOT NULL,
    mid         INTEGER NOT NULL,
    name        TEXT    NOT NULL,
    args        TEXT    NOT NULL,
    code        TEXT    NOT NULL,
    detail      TEXT    NOT NULL,
    rejected_at INTEGER NOT NULL,
    UNIQUE (client, mid)
) STRICT;
INSERT INTO rejected (client, mid, name, args, code, detail, rejected_at)
    SELECT (SELECT id FROM client), mid, name, args, code, detail, rejected_at FROM rejected_before ORDER BY mid;
DROP TABLE rejected_before;

ALTER TABLE confirmed RENAME TO confirmed_before;
CREATE TABLE confirmed (
    client       TEXT    NOT NULL,
    mid          INTEGER NOT NULL,
    args         TEXT    NOT NULL,
    hash         TEXT    NOT NULL,
    confirmed_at INTEGER NOT NULL,
    PRIMARY KEY (client, mid)
) STRICT, WITHOUT ROWID;
INSERT INTO confirmed (client, mid, args, hash, confirmed_at)
    SELECT (SELECT id FROM client), mid, args, hash, confirmed_at FROM confirmed_before;
DROP TABLE confirmed_before;

-- 1: the server was restored, and what was confirmed under former names was not looked for yet.
ALTER TABLE client ADD COLUMN former_first INTEGER NOT NULL DEFAULT 0;
-- The server's, as the last pull told it.
ALTER TABLE client ADD COLUMN incarnation INTEGER;
