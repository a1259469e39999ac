ALTER TABLE appointments.appointment DROP COLUMN outside_reason;
