-- Schema 8: what is kept beside the facts that many claims make (in fuse's notation), so that the claims of
-- one more document are added to them without looking at all others. Derived, as facts are: a row that is
-- not there is made when its fact is derived next.
CREATE TABLE weighed (
  subject INTEGER NOT NULL REFERENCES entity(n),
  relation INTEGER NOT NULL REFERENCES word(n),
  object INTEGER NOT NULL REFERENCES entity(n),
  body BLOB NOT NULL,
  PRIMARY KEY (subject, relation, object)
) STRICT, WITHOUT ROWID;
