-- Schema 2: objects as TAXII serves them. Derived from facts (or posted by clients), in the order
-- in which they came: `n` only grows and is never given twice, so that a client's cursor stays
-- good whatever is added or taken away meanwhile.
CREATE TABLE taxii_object (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  collection TEXT NOT NULL,           -- for derived ones with the ceiling that they are below
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  version TEXT NOT NULL,              -- `modified`, or when it was added; RFC 3339, microseconds
  spec TEXT NOT NULL,
  added INTEGER NOT NULL,             -- microseconds since 1970; grows with n, never the same twice
  first INTEGER NOT NULL,             -- whether it is the first version that is here
  last INTEGER NOT NULL,              -- … and the last
  digest BLOB NOT NULL,               -- of what it was made from: the same again is no new version
  marking INTEGER NOT NULL,           -- strictest TLP, 0 to 4
  body BLOB NOT NULL,
  UNIQUE (collection, id, version)
) STRICT;
CREATE INDEX taxii_order ON taxii_object (collection, last, n);
CREATE INDEX taxii_added ON taxii_object (collection, added);

-- What became of a request that added objects.
CREATE TABLE taxii_status (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- At which state of the store a derived collection was brought up to date.
CREATE TABLE taxii_state (
  collection TEXT PRIMARY KEY,
  change INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
