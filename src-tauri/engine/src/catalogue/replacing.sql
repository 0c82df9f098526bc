-- Which videos show the file of an upload once it is ready. Of several the one that was queued last wins, whichever is ready
-- first.
CREATE TABLE upload_use (
    video     TEXT NOT NULL,
    operation TEXT NOT NULL REFERENCES upload (operation) ON DELETE CASCADE,
    PRIMARY KEY (video, operation)
) STRICT, WITHOUT ROWID;
CREATE INDEX upload_use_operation ON upload_use (operation);

ALTER TABLE asset ADD COLUMN predecessor TEXT GENERATED ALWAYS AS (body ->> '$.body.predecessor');
ALTER TABLE asset ADD COLUMN state TEXT GENERATED ALWAYS AS (body ->> '$.body.state');
CREATE INDEX asset_predecessor ON asset (predecessor) WHERE predecessor IS NOT NULL;
CREATE INDEX asset_name ON asset (name COLLATE NOCASE);
