-- Schema 9: what is kept beside the facts that many claims make tells enough to take claims away, too. What was kept
-- before does not: it is made when its fact is derived next.
DELETE FROM weighed;
