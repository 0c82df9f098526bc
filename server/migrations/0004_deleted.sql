-- What was deleted is looked for every day, and is little beside what is there.
CREATE INDEX entity_deleted ON entity (kind, space) WHERE deleted = 1;
