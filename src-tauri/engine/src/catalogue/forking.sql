-- A refused edit is of one name of this client: after a fork the numbers begin again.
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
