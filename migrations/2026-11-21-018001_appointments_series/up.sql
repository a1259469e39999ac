-- Visits that were booked together by one rule.
CREATE TABLE appointments.series (
    id            uuid        PRIMARY KEY,
    clinic_id     uuid        NOT NULL,
    doctor_id     uuid        NOT NULL,
    patient_id    uuid        NOT NULL REFERENCES appointments.patient (id) ON DELETE CASCADE,
    visit_type_id uuid        NOT NULL,
    rrule         text        NOT NULL CHECK (length(rrule) BETWEEN 1 AND 200),
    first_at      timestamptz NOT NULL,
    time_zone     text        NOT NULL,
    created_at    timestamptz NOT NULL
);
COMMENT ON TABLE appointments.series IS 'Visits that were booked together; which ones, say the visits';
COMMENT ON COLUMN appointments.series.clinic_id IS 'Of its first visit; the others may be elsewhere';
COMMENT ON COLUMN appointments.series.rrule IS 'As asked for (RFC 5545); what was agreed may differ from it';
COMMENT ON COLUMN appointments.series.first_at IS 'From when on the rule counts';
COMMENT ON COLUMN appointments.series.time_zone IS 'IANA zone whose wall clock the rule follows';
CREATE INDEX series_by_patient ON appointments.series (patient_id);

ALTER TABLE appointments.appointment
    ADD COLUMN series_id       uuid REFERENCES appointments.series (id) ON DELETE SET NULL,
    ADD COLUMN series_position smallint CHECK (series_position >= 1);
COMMENT ON COLUMN appointments.appointment.series_id IS 'The series it was booked in, also after it was moved';
COMMENT ON COLUMN appointments.appointment.series_position IS 'Which of them, from 1 by the times as they were booked';
CREATE INDEX appointment_by_series ON appointments.appointment (series_id, starts_at, id) WHERE series_id IS NOT NULL;
