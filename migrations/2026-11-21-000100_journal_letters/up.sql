-- Messages for people carry an address and perhaps a code: sealed by the application.
ALTER TABLE journal.outbox ADD COLUMN sealed bytea;
ALTER TABLE journal.outbox ADD COLUMN last_error text;
ALTER TABLE journal.outbox ADD COLUMN failed_at timestamptz;
COMMENT ON COLUMN journal.outbox.sealed IS 'A letter, sealed with the keys of the installation; emptied once it is sent';
COMMENT ON COLUMN journal.outbox.last_error IS 'Sort of the last failure, no addresses';
COMMENT ON COLUMN journal.outbox.failed_at IS 'Given up then; waits for a person';
