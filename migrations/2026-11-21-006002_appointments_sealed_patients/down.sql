-- What is sealed cannot be opened here, so there is no way back but over a backup.
DO $$ BEGIN
    IF EXISTS (SELECT FROM appointments.patient) THEN
        RAISE EXCEPTION 'patients are sealed: restore a backup in place of migrating back';
    END IF;
END $$;
ALTER TABLE appointments.appointment
    DROP COLUMN notes,
    DROP COLUMN cancel_reason,
    ADD COLUMN notes text CHECK (length(notes) <= 2000),
    ADD COLUMN cancel_reason text CHECK (length(cancel_reason) <= 500);
ALTER TABLE appointments.patient
    DROP COLUMN name,
    DROP COLUMN email,
    DROP COLUMN name_key,
    DROP COLUMN email_key,
    ADD COLUMN name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    ADD COLUMN email text NOT NULL CHECK (length(email) BETWEEN 3 AND 320),
    ADD COLUMN name_key text NOT NULL,
    ADD COLUMN email_key text NOT NULL,
    ADD UNIQUE (email_key, name_key);
DROP TABLE appointments.clear_appointment;
DROP TABLE appointments.clear_patient;
