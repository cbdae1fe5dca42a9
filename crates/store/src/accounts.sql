-- Schema 2: who may do what, and who did. None of it is part of the history: no undo brings a
-- revoked key back.
CREATE TABLE account (
  name TEXT PRIMARY KEY,
  password TEXT NOT NULL,             -- Argon2id, in PHC form
  role TEXT NOT NULL,
  ceiling TEXT NOT NULL,              -- TLP
  pap TEXT NOT NULL,                  -- PAP
  created TEXT NOT NULL,
  disabled INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- The key itself is shown once and not kept: `prefix` finds the row, `hash` (SHA-256) proves it.
CREATE TABLE api_key (
  prefix TEXT PRIMARY KEY,
  hash BLOB NOT NULL,
  account TEXT NOT NULL REFERENCES account(name),
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  ceiling TEXT NOT NULL,
  pap TEXT NOT NULL,
  created TEXT NOT NULL,
  expires TEXT,
  revoked INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Only ever added to: the triggers refuse all else.
CREATE TABLE audit (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,
  who TEXT NOT NULL,
  key TEXT,
  address TEXT NOT NULL,
  method TEXT NOT NULL,
  route TEXT NOT NULL,
  what TEXT NOT NULL,
  status INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  ceiling TEXT NOT NULL               -- TLP: up to where he may see, and what he asks for
) STRICT;
CREATE INDEX audit_who ON audit (who, n);
CREATE TRIGGER audit_kept BEFORE DELETE ON audit
  BEGIN SELECT raise(ABORT, 'the audit log is only added to'); END;
CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit
  BEGIN SELECT raise(ABORT, 'the audit log is only added to'); END;

CREATE TABLE webhook (
  id TEXT PRIMARY KEY,
  url TEXT NOT NULL,
  secret TEXT NOT NULL,
  events TEXT NOT NULL,
  ceiling TEXT NOT NULL,
  account TEXT NOT NULL,
  created TEXT NOT NULL
) STRICT, WITHOUT ROWID;
