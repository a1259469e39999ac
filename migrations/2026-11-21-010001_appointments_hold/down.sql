DROP TABLE appointments.hold;
DELETE FROM appointments.appointment WHERE status = 'held';
DROP INDEX appointments.appointment_by_held_until;
DROP INDEX appointments.appointment_busy;
CREATE INDEX appointment_busy ON appointments.appointment (doctor_id, blocked_from, blocked_until)
    WHERE status IN ('booked', 'arrived');
ALTER TABLE appointments.appointment
    DROP CONSTRAINT appointment_one_per_doctor,
    ADD CONSTRAINT appointment_one_per_doctor EXCLUDE USING gist
        (doctor_id WITH =, tstzrange(blocked_from, blocked_until) WITH &&) WHERE (status IN ('booked', 'arrived')),
    DROP CONSTRAINT appointment_held,
    DROP CONSTRAINT appointment_status_check,
    ADD CONSTRAINT appointment_status_check
        CHECK (status IN ('booked', 'arrived', 'completed', 'cancelled', 'no_show')),
    DROP COLUMN held_until,
    ALTER COLUMN patient_id SET NOT NULL;
