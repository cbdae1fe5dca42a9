-- Which documents name what (names, not values), as it is written in them.
CREATE TABLE named_in (
  n INTEGER NOT NULL REFERENCES entity(n),
  document INTEGER NOT NULL REFERENCES document(n),
  PRIMARY KEY (n, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX named_in_document ON named_in (document);

-- What an older store holds already.
INSERT INTO named_in
  SELECT c.subject, c.document FROM claim c JOIN entity e ON e.n = c.subject
    JOIN word k ON k.n = e.kind WHERE k.text IN
    ('vulnerability', 'weakness', 'attack-pattern', 'threat-actor', 'cluster', 'malware',
     'tool', 'campaign', 'location', 'sector', 'identity', 'software', 'pattern', 'other',
     'report')
  UNION
  SELECT c.object, c.document FROM claim c JOIN entity e ON e.n = c.object
    JOIN word k ON k.n = e.kind WHERE k.text IN
    ('vulnerability', 'weakness', 'attack-pattern', 'threat-actor', 'cluster', 'malware',
     'tool', 'campaign', 'location', 'sector', 'identity', 'software', 'pattern', 'other',
     'report');
