-- Who has logged in with a browser. The token itself is not kept: `hash` is its SHA-256. Not part of the
-- history, and in no copy for a ceiling or a day.
CREATE TABLE session (
  hash BLOB PRIMARY KEY,
  account TEXT NOT NULL,
  begun INTEGER NOT NULL,             -- seconds since 1970
  used INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_account ON session (account);
