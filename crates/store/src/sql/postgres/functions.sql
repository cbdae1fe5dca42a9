-- What SQLite has and PostgreSQL has not. Made anew with each step of the schema.

-- The one row that tells that this is a store: of which schema, and how many transactions wrote to
-- it so far (whoever looks at it again knows whether there is something new).
CREATE TABLE IF NOT EXISTS lapwing_store (
  one BIGINT PRIMARY KEY CHECK (one = 1),
  schema BIGINT NOT NULL,
  commits BIGINT NOT NULL
);
INSERT INTO lapwing_store (one, schema, commits) VALUES (1, 0, 0) ON CONFLICT DO NOTHING;

-- The number after the highest: there is one writer at a time, and a number that was taken back is
-- free again, as in SQLite.
CREATE OR REPLACE FUNCTION lapwing_next(of_table text, of_column text) RETURNS bigint
  LANGUAGE plpgsql VOLATILE AS $$
DECLARE n bigint;
BEGIN
  EXECUTE format('SELECT coalesce(max(%I), 0) + 1 FROM %I', of_column, of_table) INTO n;
  RETURN n;
END $$;

CREATE OR REPLACE FUNCTION lapwing_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%', TG_ARGV[0];
END $$;

-- Whether a text holds, or starts with, another that is in small letters.
CREATE OR REPLACE FUNCTION lapwing_holds(a text, folded text) RETURNS boolean
  LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT strpos(lower(coalesce(a, '') COLLATE "{folding}"), folded) > 0
$$;
CREATE OR REPLACE FUNCTION lapwing_starts(a text, folded text) RETURNS boolean
  LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT starts_with(lower(coalesce(a, '') COLLATE "{folding}"), folded)
$$;

-- A value of a JSON text, by `key` or `$.key.key`. A NUL, which JSON may tell of, is none here.
CREATE OR REPLACE FUNCTION lapwing_json(a text, path text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT replace(a, '\u0000', '\ufdd2')::json #>> string_to_array(
    CASE WHEN starts_with(path, '$.') THEN substr(path, 3) ELSE path END, '.')
$$;

-- The numbers of a JSON list.
CREATE OR REPLACE FUNCTION lapwing_each(a text) RETURNS TABLE (value bigint)
  LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT x::bigint FROM json_array_elements_text(a::json) x
$$;

CREATE OR REPLACE FUNCTION hex(a bytea) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT upper(encode(a, 'hex'))
$$;
CREATE OR REPLACE FUNCTION instr(a text, b text) RETURNS bigint
  LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT strpos(a, b)::bigint
$$;
