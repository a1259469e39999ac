DROP SCHEMA appointments CASCADE;
