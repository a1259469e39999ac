DROP INDEX journal.outbox_of_subject;
