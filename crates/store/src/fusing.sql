-- Schema 4: what fusing keeps, so that one more document is fused without looking at all of them. All of
-- it is derived from the documents in sight, as facts are.

-- By which hash a document is found that may be a copy, or copied. `place` and `tie` are where the document
-- stands among those that may be originals; `tie` is the first half of its identifier.
CREATE TABLE marker (
  marker INTEGER NOT NULL,
  place INTEGER NOT NULL,
  tie INTEGER NOT NULL,
  PRIMARY KEY (marker, place, tie)
) STRICT, WITHOUT ROWID;

-- What hangs documents together beside their texts; `states` where one says it of another.
CREATE TABLE link (
  key INTEGER NOT NULL,
  document BLOB NOT NULL,
  states INTEGER NOT NULL,
  PRIMARY KEY (key, document, states)
) STRICT, WITHOUT ROWID;

-- Which document shows itself to be a copy of which.
CREATE TABLE copied (
  child BLOB NOT NULL,
  parent BLOB NOT NULL,
  probability REAL NOT NULL,
  why TEXT NOT NULL,
  PRIMARY KEY (child, parent)
) STRICT, WITHOUT ROWID;
CREATE INDEX copied_parent ON copied (parent);

-- What the weight of a document's claims depends on, in fuse's notation, and whose word it is.
CREATE TABLE document_standing (
  document BLOB PRIMARY KEY,
  source TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX document_standing_source ON document_standing (source);

-- Who agrees on how many statements, in fuse's notation, by how deep the statements lie: of many, those at
-- a depth and below are a sample. `print` is a hash of the body. In place of agreement and voiced.
DELETE FROM voiced;
DELETE FROM agreement;
CREATE TABLE accord (
  n INTEGER PRIMARY KEY,
  depth INTEGER NOT NULL,
  print INTEGER NOT NULL,
  body TEXT NOT NULL,
  count INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX accord_print ON accord (depth, print);
-- The statements on which more than one voice speaks, each with who agrees.
CREATE TABLE accord_of (
  subject INTEGER NOT NULL REFERENCES entity(n),
  relation INTEGER NOT NULL REFERENCES word(n),
  object INTEGER NOT NULL REFERENCES entity(n),
  accord INTEGER NOT NULL REFERENCES accord(n),
  PRIMARY KEY (subject, relation, object)
) STRICT, WITHOUT ROWID;
-- How many statements lie at each depth.
CREATE TABLE accord_depth (
  depth INTEGER PRIMARY KEY,
  count INTEGER NOT NULL
) STRICT;

-- What was learnt from them, in fuse's notation, and from which depth on.
CREATE TABLE learnt (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  depth INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;

-- With another schema the facts are to be derived anew.
DELETE FROM derived_by;
