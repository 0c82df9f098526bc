-- Which store has the object, by the name the server has for it: a workspace may be given another store while the bytes of
-- before are still in the former one. Rows of before this column are named when their store is opened next.
ALTER TABLE object ADD COLUMN place TEXT NOT NULL DEFAULT '';
CREATE INDEX object_place ON object (place, state);
