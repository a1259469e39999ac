-- How people wish to be reminded; who has no row has told nothing.
CREATE TABLE notifications.preference (
    id              uuid        PRIMARY KEY,
    email_reminders boolean     NOT NULL,
    sms_reminders   boolean     NOT NULL,
    quiet_from      smallint    NOT NULL CHECK (quiet_from BETWEEN 0 AND 1439),
    quiet_until     smallint    NOT NULL CHECK (quiet_until BETWEEN 0 AND 1439),
    version         integer     NOT NULL CHECK (version > 0),
    updated_at      timestamptz NOT NULL
);
COMMENT ON COLUMN notifications.preference.id IS 'The account';
COMMENT ON COLUMN notifications.preference.quiet_from IS 'Minute of the clinic''s day; as quiet_until: never';
