-- Who at a clinic wrote to which patient; what was written is with the message on its way and nowhere else.
CREATE TABLE notifications.clinic_message (
    id         uuid        PRIMARY KEY,
    clinic_id  uuid        NOT NULL,
    patient_id uuid        NOT NULL,
    sender_id  uuid        NOT NULL,
    channel    text        NOT NULL CHECK (channel IN ('email', 'sms')),
    sent_at    timestamptz NOT NULL
);
COMMENT ON TABLE notifications.clinic_message IS 'Kept for 90 days, as what became of messages is';
COMMENT ON COLUMN notifications.clinic_message.id IS 'Of the message in the outbox';
COMMENT ON COLUMN notifications.clinic_message.sender_id IS 'The account';
CREATE INDEX clinic_message_by_sender ON notifications.clinic_message (sender_id, sent_at);
CREATE INDEX clinic_message_by_patient ON notifications.clinic_message (patient_id, sent_at);
CREATE INDEX clinic_message_by_age ON notifications.clinic_message (sent_at);
