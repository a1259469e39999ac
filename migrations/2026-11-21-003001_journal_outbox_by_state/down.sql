DROP INDEX journal.outbox_done;
DROP INDEX journal.outbox_failed;
DROP INDEX journal.outbox_due;
CREATE INDEX outbox_due ON journal.outbox (available_at) WHERE done_at IS NULL;
