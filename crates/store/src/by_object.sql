-- Schema 11: facts are found by their object in one index, with the relation or without. Two held nearly the same:
-- fact_object the entities among the objects, fact_relation all objects of a relation; of a relation alone fact_added
-- tells. A program that knows no schema 11 would look for facts by an index that is gone.
DROP INDEX fact_object;
DROP INDEX fact_relation;
CREATE INDEX fact_of_object ON fact (object, relation);
