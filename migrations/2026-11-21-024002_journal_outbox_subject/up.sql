-- Which messages about a record still wait.
CREATE INDEX outbox_of_subject ON journal.outbox (subject) WHERE done_at IS NULL;
