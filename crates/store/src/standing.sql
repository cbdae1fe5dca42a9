-- How each entity that facts speak of stands: what lists, filters and counts need of it, in a row
-- that is small. Derived from facts, in the change that derives them.
CREATE TABLE standing (
  n INTEGER PRIMARY KEY REFERENCES entity(n),
  kind INTEGER NOT NULL,
  facts INTEGER NOT NULL,             -- of which it is the subject
  probability REAL,                   -- to be an indicator; null for what is none
  last INTEGER NOT NULL DEFAULT 0,    -- as in the fact that says so; 0 where it has no day
  ages INTEGER,                       -- the day (from 1970-01-01) from which it ages; below 0: a fixed status
  ends INTEGER                        -- the day from which it is expired
) STRICT;
CREATE INDEX standing_probability ON standing (probability DESC, n) WHERE probability IS NOT NULL;
CREATE INDEX standing_last ON standing (last DESC, n) WHERE probability IS NOT NULL;
CREATE INDEX standing_ages ON standing (kind, ages, ends) WHERE probability IS NOT NULL;

-- How many of each kind: entities that facts speak of, indicators, facts by kind of the subject.
CREATE TABLE tally (
  kind INTEGER PRIMARY KEY,
  known INTEGER NOT NULL,
  indicators INTEGER NOT NULL,
  facts INTEGER NOT NULL
) STRICT;

-- By which rules `ages` and `ends` were made; no row: not yet.
CREATE TABLE standing_by (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  rules TEXT NOT NULL
) STRICT;

-- All spellings of entities, 1,024 numbers to a row, one after the other: a text is looked for in
-- all of them at the speed of memory. `upto` is the last entity that the row holds.
CREATE TABLE spelling (
  block INTEGER PRIMARY KEY,
  upto INTEGER NOT NULL,
  places BLOB NOT NULL,
  spelled TEXT NOT NULL
) STRICT;

-- Names (not values) in lower case, as people type them.
CREATE TABLE folded (
  name TEXT NOT NULL,
  n INTEGER NOT NULL REFERENCES entity(n),
  PRIMARY KEY (name, n)
) STRICT, WITHOUT ROWID;

-- What an older store holds already.
INSERT INTO standing (n, kind, facts, probability, last)
  SELECT e.n, e.kind, (SELECT count(*) FROM fact c WHERE c.subject = e.n),
    f.probability, coalesce(f.last, 0)
  FROM entity e
  LEFT JOIN word r ON r.text = 'role'
  LEFT JOIN entity w ON w.kind = 0 AND w.value = 'indicator'
  LEFT JOIN fact f ON f.subject = e.n AND f.relation = r.n AND f.object = w.n
  WHERE e.kind > 0 AND (EXISTS (SELECT 1 FROM fact WHERE subject = e.n)
    OR EXISTS (SELECT 1 FROM fact WHERE object_entity = e.n));
INSERT INTO tally
  SELECT kind, count(*), count(probability), sum(facts) FROM standing GROUP BY kind;
