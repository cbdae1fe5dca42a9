-- Schema 8: changes that put something in the place of what they take back. What such a change took back stays
-- out of sight as long as the change is itself only replaced, and not taken back.
CREATE TABLE replacing (
  change INTEGER PRIMARY KEY REFERENCES change(id)
) STRICT;
