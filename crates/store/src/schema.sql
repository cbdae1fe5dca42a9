-- Schema 1. Rows of word, entity, change, document, part, claim, gap and blob are only ever
-- added; what may change is said below. fact, origin and origin_member are derived from them.

-- Words that rows share: kinds, relations, methods, reasons. Word 0 stands for "plain text".
CREATE TABLE word (
  n INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
) STRICT;

-- Entities, and the texts that claims have as object (kind 0). `resolved` may change.
CREATE TABLE entity (
  n INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL REFERENCES word(n),
  value TEXT NOT NULL,
  resolved INTEGER NOT NULL REFERENCES entity(n),
  UNIQUE (kind, value)
) STRICT;

-- One row a transaction. `undone_by` (the undo in force) may change.
CREATE TABLE change (
  id INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  command TEXT NOT NULL,
  documents INTEGER NOT NULL DEFAULT 0,
  claims INTEGER NOT NULL DEFAULT 0,
  gaps INTEGER NOT NULL DEFAULT 0,
  undoes INTEGER REFERENCES change(id),
  undone_by INTEGER REFERENCES change(id)
) STRICT;
CREATE INDEX change_undoes ON change (undoes) WHERE undoes IS NOT NULL;

-- A document as one change added it. `visible` may change: of the rows of one id, the latest
-- whose change is not undone is visible.
CREATE TABLE document (
  n INTEGER PRIMARY KEY,
  visible INTEGER NOT NULL,
  id BLOB NOT NULL,
  change INTEGER NOT NULL REFERENCES change(id),
  claims INTEGER NOT NULL,
  gaps INTEGER NOT NULL,
  raw_bytes INTEGER NOT NULL,
  text_bytes INTEGER NOT NULL,
  published INTEGER,
  name TEXT NOT NULL,
  title TEXT,
  header TEXT NOT NULL
) STRICT;
CREATE INDEX document_id ON document (id);
CREATE INDEX document_change ON document (change);

-- What is large of a document: 0 raw bytes, 1 text (where it differs from them), 2 regions,
-- all three compressed (zstd); 3 trace, 4 marks (schema 6), as they are. `size` is the number of bytes expanded.
CREATE TABLE part (
  document INTEGER NOT NULL REFERENCES document(n),
  kind INTEGER NOT NULL,
  size INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (document, kind)
) STRICT;

-- The resolved columns may change.
CREATE TABLE claim (
  document INTEGER NOT NULL REFERENCES document(n),
  id BLOB NOT NULL,
  resolved_subject INTEGER NOT NULL REFERENCES entity(n),
  relation INTEGER NOT NULL REFERENCES word(n),
  resolved_object INTEGER NOT NULL REFERENCES entity(n),
  subject INTEGER NOT NULL REFERENCES entity(n),
  object INTEGER NOT NULL REFERENCES entity(n),
  start INTEGER NOT NULL,
  stop INTEGER NOT NULL,
  polarity INTEGER NOT NULL,
  basis INTEGER NOT NULL,
  precision INTEGER NOT NULL,
  stated INTEGER,
  stated_word INTEGER,
  said_by INTEGER,
  first INTEGER,
  last INTEGER,
  method INTEGER NOT NULL,
  why INTEGER,
  context INTEGER,
  PRIMARY KEY (document, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX claim_statement ON claim (resolved_subject, relation, resolved_object);

CREATE TABLE gap (
  document INTEGER NOT NULL REFERENCES document(n),
  position INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (document, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE blob (
  n INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  change INTEGER NOT NULL REFERENCES change(id),
  size INTEGER NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
CREATE INDEX blob_name ON blob (name);

CREATE TABLE fact (
  subject INTEGER NOT NULL REFERENCES entity(n),
  relation INTEGER NOT NULL REFERENCES word(n),
  object INTEGER NOT NULL REFERENCES entity(n),
  object_entity INTEGER,
  probability REAL NOT NULL,
  first INTEGER,
  last INTEGER,
  body BLOB NOT NULL,
  PRIMARY KEY (subject, relation, object)
) STRICT, WITHOUT ROWID;
CREATE INDEX fact_object ON fact (object_entity) WHERE object_entity IS NOT NULL;

CREATE TABLE origin (
  id BLOB PRIMARY KEY,
  fingerprint BLOB NOT NULL,
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE origin_member (
  document BLOB PRIMARY KEY,
  origin BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- The text is not stored a second time for the search: this view gives it back.
CREATE VIEW document_words (n, title, text) AS
  SELECT d.n, d.title, lapwing_unpack(coalesce(t.bytes, r.bytes), coalesce(t.size, r.size))
  FROM document d
  LEFT JOIN part t ON t.document = d.n AND t.kind = 1
  LEFT JOIN part r ON r.document = d.n AND r.kind = 0;
CREATE VIRTUAL TABLE document_search USING fts5 (
  title, text,
  content = 'document_words', content_rowid = 'n',
  tokenize = 'porter unicode61'
);
