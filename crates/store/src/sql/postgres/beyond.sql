-- Texts of any length are found by their hash: an entry of a B-tree must not be longer than 2,700
-- bytes. That each is there once is seen to by the one writer, as it asks before it adds.
CREATE INDEX word_text ON word USING hash (text);
CREATE INDEX entity_value ON entity USING hash (value);
-- Values in their order: the first 400 characters sort as the whole does.
CREATE INDEX entity_order ON entity (kind, left(value, 400));

-- The words of documents, as SQLite's index holds them: each with its places; those of the title
-- have the weight A. `size` is how many there are.
CREATE TABLE document_search (
  rowid BIGINT PRIMARY KEY,
  size BIGINT NOT NULL,
  words TSVECTOR NOT NULL
);
CREATE INDEX document_search_words ON document_search USING gin (words);
