-- Schema 10: the order in which facts, entities and documents came, for who takes all of them over page by page (TAXII).
-- `added` is a time in microseconds since 1970 that only grows and is never given twice; it is given anew to what is
-- another now. Each has room for a few objects behind it (see turns.rs).
ALTER TABLE fact ADD COLUMN added INTEGER NOT NULL DEFAULT 0;
ALTER TABLE standing ADD COLUMN added INTEGER NOT NULL DEFAULT 0;
-- Of a name: a hash of what its own object tells beside it (aliases, weaknesses, days). Null for values.
ALTER TABLE standing ADD COLUMN print INTEGER;
ALTER TABLE document ADD COLUMN added INTEGER NOT NULL DEFAULT 0;

-- The next number that is free.
CREATE TABLE turn (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  next INTEGER NOT NULL
) STRICT;

-- Objects that were made of all facts at once are made of each when they are asked for.
DELETE FROM taxii_object WHERE collection LIKE 'knowledge|%';
DROP TABLE taxii_state;

-- The strictest markings of all documents that ever came, in sight or not: TLP and PAP, 0 to 4 and 0 to 3.
ALTER TABLE document ADD COLUMN tlp INTEGER NOT NULL DEFAULT 0;
ALTER TABLE document ADD COLUMN pap INTEGER NOT NULL DEFAULT 0;
-- A hash of the name of who published it, in lower case.
ALTER TABLE document ADD COLUMN publisher INTEGER;
CREATE INDEX document_publisher ON document (publisher);
CREATE INDEX document_tlp ON document (tlp);
CREATE INDEX document_pap ON document (pap);
