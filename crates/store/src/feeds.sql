-- Schema 2: what is collected, when, and how it went; posts of channels.

-- What the user asked to be collected. `settings` changes by command, `state` by each pull.
CREATE TABLE feed (
  n INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  address TEXT NOT NULL,
  kind TEXT NOT NULL,
  settings TEXT NOT NULL,
  state TEXT NOT NULL
) STRICT;

-- What was taken of a feed, each in the version that was taken last: written in the change that
-- adds its documents, so that a pull that was cut off goes on where it was.
CREATE TABLE feed_item (
  feed INTEGER NOT NULL REFERENCES feed(n),
  key TEXT NOT NULL,
  version TEXT NOT NULL,
  PRIMARY KEY (feed, key)
) STRICT, WITHOUT ROWID;

-- Posts and entries of feeds by day: what is rising looks only at these.
CREATE INDEX document_post ON document (published)
  WHERE header ->> 'format' IN ('post', 'feed');
