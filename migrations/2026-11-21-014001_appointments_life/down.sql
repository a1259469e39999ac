ALTER TABLE appointments.appointment
    DROP COLUMN correct_reason,
    DROP COLUMN missed_at,
    DROP COLUMN completed_at,
    DROP COLUMN arrived_at;
