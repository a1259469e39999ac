-- Why a visit lies outside the doctor's hours, where the team has put it there.
ALTER TABLE appointments.appointment ADD COLUMN outside_reason bytea;
COMMENT ON COLUMN appointments.appointment.outside_reason IS 'Sealed: why it lies outside the doctor''s hours';
