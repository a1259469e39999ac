-- What waits, what was given up and what is done are looked for by the worker, each by an index of its own.
DROP INDEX journal.outbox_due;
CREATE INDEX outbox_due ON journal.outbox (available_at) WHERE done_at IS NULL AND failed_at IS NULL;
CREATE INDEX outbox_failed ON journal.outbox (failed_at) WHERE failed_at IS NOT NULL;
CREATE INDEX outbox_done ON journal.outbox (done_at) WHERE done_at IS NOT NULL;
