-- When a visit went which way, and why a mark on it was corrected. Visits of earlier versions have no such times;
-- their last change stands for them.
ALTER TABLE appointments.appointment
    ADD COLUMN arrived_at     timestamptz,
    ADD COLUMN completed_at   timestamptz,
    ADD COLUMN missed_at      timestamptz,
    ADD COLUMN correct_reason bytea;
COMMENT ON COLUMN appointments.appointment.arrived_at IS 'When the patient was marked as there';
COMMENT ON COLUMN appointments.appointment.missed_at IS 'When it was marked that the patient did not come';
COMMENT ON COLUMN appointments.appointment.correct_reason IS 'Sealed: why the last mistaken mark was taken back';
