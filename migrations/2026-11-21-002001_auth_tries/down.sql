DROP INDEX auth.account_by_creation;
DROP FUNCTION auth.count_try;
