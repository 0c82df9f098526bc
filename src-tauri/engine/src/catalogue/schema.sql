-- The mirror: what the server has confirmed (base_row), what it has not (outbox), and what the window reads, which is
-- always base + replayed outbox. Ids are text. A view table's columns are generated from the row's JSON, so a row is
-- written in one place and can be asked for by any column.

CREATE TABLE client (
    one          INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    id           TEXT    NOT NULL,
    next_mid     INTEGER NOT NULL,
    -- The last mutation a pull has confirmed.
    confirmed_mid INTEGER NOT NULL
) STRICT;

CREATE TABLE space_state (
    space   TEXT    NOT NULL PRIMARY KEY,
    epoch   INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE TABLE base_row (
    kind    TEXT    NOT NULL,
    id      TEXT    NOT NULL,
    space   TEXT    NOT NULL,
    version INTEGER NOT NULL,
    body    TEXT    NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX base_row_space ON base_row (space);

CREATE TABLE outbox (
    mid           INTEGER NOT NULL PRIMARY KEY,
    schema_number INTEGER NOT NULL,
    name          TEXT    NOT NULL,
    args          TEXT    NOT NULL,
    hash          TEXT    NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT;

-- Rows an outbox entry has written into the view: they are marked as waiting, and replayed after a pull.
CREATE TABLE outbox_row (
    mid  INTEGER NOT NULL REFERENCES outbox (mid) ON DELETE CASCADE,
    kind TEXT    NOT NULL,
    id   TEXT    NOT NULL,
    PRIMARY KEY (kind, id, mid)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_row_mid ON outbox_row (mid);

CREATE TABLE confirmed (
    mid          INTEGER NOT NULL PRIMARY KEY,
    args         TEXT    NOT NULL,
    hash         TEXT    NOT NULL,
    confirmed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE rejected (
    mid         INTEGER NOT NULL PRIMARY KEY,
    name        TEXT    NOT NULL,
    args        TEXT    NOT NULL,
    code        TEXT    NOT NULL,
    detail      TEXT    NOT NULL,
    rejected_at INTEGER NOT NULL
) STRICT;

CREATE TABLE course (
    id         TEXT NOT NULL PRIMARY KEY,
    body       TEXT NOT NULL,
    title      TEXT    GENERATED ALWAYS AS (body ->> '$.body.title'),
    created_at INTEGER GENERATED ALWAYS AS (body ->> '$.body.created_at'),
    deleted_at INTEGER GENERATED ALWAYS AS (body ->> '$.body.deleted_at')
) STRICT;

CREATE TABLE chapter (
    id         TEXT NOT NULL PRIMARY KEY,
    body       TEXT NOT NULL,
    parent     TEXT    GENERATED ALWAYS AS (body ->> '$.body.course'),
    title      TEXT    GENERATED ALWAYS AS (body ->> '$.body.title'),
    position   INTEGER GENERATED ALWAYS AS (body ->> '$.body.position'),
    deleted_at INTEGER GENERATED ALWAYS AS (body ->> '$.body.deleted_at')
) STRICT;
CREATE INDEX chapter_parent ON chapter (parent);

CREATE TABLE video (
    id         TEXT NOT NULL PRIMARY KEY,
    body       TEXT NOT NULL,
    course     TEXT    GENERATED ALWAYS AS (body ->> '$.body.course'),
    parent     TEXT    GENERATED ALWAYS AS (body ->> '$.body.chapter'),
    asset      TEXT    GENERATED ALWAYS AS (body ->> '$.body.asset'),
    title      TEXT    GENERATED ALWAYS AS (body ->> '$.body.title'),
    position   INTEGER GENERATED ALWAYS AS (body ->> '$.body.position'),
    deleted_at INTEGER GENERATED ALWAYS AS (body ->> '$.body.deleted_at')
) STRICT;
CREATE INDEX video_parent ON video (parent);
CREATE INDEX video_asset ON video (asset);

CREATE TABLE attachment (
    id         TEXT NOT NULL PRIMARY KEY,
    body       TEXT NOT NULL,
    parent     TEXT    GENERATED ALWAYS AS (body ->> '$.body.video'),
    asset      TEXT    GENERATED ALWAYS AS (body ->> '$.body.asset'),
    deleted_at INTEGER GENERATED ALWAYS AS (body ->> '$.body.deleted_at')
) STRICT;
CREATE INDEX attachment_parent ON attachment (parent);
CREATE INDEX attachment_asset ON attachment (asset);

CREATE TABLE asset (
    id          TEXT NOT NULL PRIMARY KEY,
    body        TEXT NOT NULL,
    name        TEXT    GENERATED ALWAYS AS (body ->> '$.body.name'),
    kind        TEXT    GENERATED ALWAYS AS (body ->> '$.body.kind'),
    bytes       INTEGER GENERATED ALWAYS AS (body ->> '$.body.bytes'),
    duration_ms INTEGER GENERATED ALWAYS AS (body ->> '$.body.probe.duration_ms'),
    codec       TEXT    GENERATED ALWAYS AS (coalesce(body ->> '$.body.probe.video_codec', body ->> '$.body.probe.audio_codec')),
    created_at  INTEGER GENERATED ALWAYS AS (body ->> '$.body.created_at'),
    deleted_at  INTEGER GENERATED ALWAYS AS (body ->> '$.body.deleted_at')
) STRICT;
CREATE INDEX asset_kind ON asset (kind);

CREATE TABLE summary (
    id     TEXT NOT NULL PRIMARY KEY,
    body   TEXT NOT NULL,
    course TEXT GENERATED ALWAYS AS (body ->> '$.body.course'),
    asset  TEXT GENERATED ALWAYS AS (body ->> '$.body.asset')
) STRICT;
CREATE INDEX summary_asset ON summary (asset);

-- What the user asked to be sent, written in the same transaction as the edits that announce it. How far it has come
-- is in the journal.
CREATE TABLE upload (
    seq           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    operation     TEXT    NOT NULL UNIQUE,
    schema_number INTEGER NOT NULL,
    asset         TEXT    NOT NULL,
    video         TEXT,
    course        TEXT,
    -- The system's own bytes: a path need not be UTF-8.
    path          BLOB    NOT NULL,
    name          TEXT    NOT NULL,
    kind          TEXT    NOT NULL,
    bytes         INTEGER NOT NULL,
    modified_ns   INTEGER NOT NULL,
    file_device   INTEGER NOT NULL,
    file_number   INTEGER NOT NULL,
    destination   TEXT    NOT NULL,
    paused        INTEGER NOT NULL DEFAULT 0,
    outcome       TEXT,
    -- The file was looked into, and its picture is in the store.
    described     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX upload_asset ON upload (asset);
