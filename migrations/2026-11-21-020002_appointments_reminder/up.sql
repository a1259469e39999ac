-- Whom we have reminded of what: written with the letter, so that it is written once.
CREATE TABLE appointments.reminder (
    appointment_id uuid        NOT NULL REFERENCES appointments.appointment (id) ON DELETE CASCADE,
    lead_hours     smallint    NOT NULL CHECK (lead_hours > 0),
    starts_at      timestamptz NOT NULL,
    letter_id      uuid        NOT NULL,
    sent_at        timestamptz NOT NULL,
    PRIMARY KEY (appointment_id, lead_hours, starts_at)
);
COMMENT ON TABLE appointments.reminder IS 'Reminders that were posted; never two of the same visit, lead and start';
COMMENT ON COLUMN appointments.reminder.lead_hours IS 'Which reminder it was: so many hours ahead';
COMMENT ON COLUMN appointments.reminder.starts_at IS 'When the visit was to begin; moved, it is reminded of anew';
COMMENT ON COLUMN appointments.reminder.letter_id IS 'The message in the outbox; several visits of a day share one';
CREATE INDEX appointment_to_remind ON appointments.appointment (starts_at, id) WHERE status = 'booked';
