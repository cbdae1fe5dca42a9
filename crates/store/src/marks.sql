-- Schema 6: by what the evidence of a document is found again in others (part 4 of a document, in fuse's
-- notation), so that clusters are found without going through claims. By which rules; no row: not yet.
CREATE TABLE marked_by (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  rules TEXT NOT NULL
) STRICT;
