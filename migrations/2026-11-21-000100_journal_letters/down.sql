ALTER TABLE journal.outbox DROP COLUMN sealed, DROP COLUMN last_error, DROP COLUMN failed_at;
