-- Schema 2: what analysts decided of names and clusters, and what is learnt of sources.

-- Who agrees on how many statements, in fuse's notation; derived, as facts are.
CREATE TABLE agreement (
  n INTEGER PRIMARY KEY,
  body TEXT NOT NULL UNIQUE,
  count INTEGER NOT NULL
) STRICT;
-- The statements on which more than one voice speaks, each with its agreement.
CREATE TABLE voiced (
  subject INTEGER NOT NULL REFERENCES entity(n),
  relation INTEGER NOT NULL REFERENCES word(n),
  object INTEGER NOT NULL REFERENCES entity(n),
  agreement INTEGER NOT NULL REFERENCES agreement(n),
  PRIMARY KEY (subject, relation, object)
) STRICT, WITHOUT ROWID;

-- By which rules the facts were derived: others derive all of them again.
CREATE TABLE derived_by (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  rules TEXT NOT NULL
) STRICT;

-- A decision of a person, with its reasons, as JSON. It holds while its change is in force; of one
-- topic the latest that holds counts.
CREATE TABLE judgement (
  n INTEGER PRIMARY KEY,
  change INTEGER NOT NULL REFERENCES change(id),
  topic TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX judgement_topic ON judgement (topic);
CREATE INDEX judgement_change ON judgement (change);
