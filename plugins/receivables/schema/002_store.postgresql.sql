-- How sums over many rows are made: PostgreSQL groups by hash and on several cores.
CREATE VIEW receivables_store AS SELECT 1 AS groups_fast;
