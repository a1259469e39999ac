CREATE SCHEMA notifications;

-- What became of every message to somebody: no address, no words. Its text is forgotten when it is handed over.
CREATE TABLE notifications.message (
    id           uuid        PRIMARY KEY,
    channel      text        NOT NULL CHECK (channel IN ('email', 'sms')),
    template     text        NOT NULL CHECK (length(template) BETWEEN 1 AND 60),
    subject      uuid        NOT NULL,
    created_at   timestamptz NOT NULL,
    state        text        NOT NULL CHECK (state IN ('queued', 'sent', 'delivered', 'undelivered', 'failed')),
    provider_id  text        CHECK (length(provider_id) <= 100),
    trouble      text        CHECK (length(trouble) <= 120),
    tries        integer     NOT NULL DEFAULT 0,
    trying_since timestamptz,
    changed_at   timestamptz NOT NULL
);
COMMENT ON TABLE notifications.message IS 'Messages to people and what became of them, for 90 days';
COMMENT ON COLUMN notifications.message.id IS 'Of the message in the outbox';
COMMENT ON COLUMN notifications.message.subject IS 'The record it is about';
COMMENT ON COLUMN notifications.message.state IS 'sent: the provider is answerable for it; failed: given up or refused';
COMMENT ON COLUMN notifications.message.provider_id IS 'What the provider of texts calls it';
COMMENT ON COLUMN notifications.message.trouble IS 'The sort of the last failure, in fixed words';
COMMENT ON COLUMN notifications.message.trying_since IS 'A try began and its outcome is not written down';
CREATE INDEX message_of_subject ON notifications.message (subject, created_at);
CREATE INDEX message_by_age ON notifications.message (created_at);
