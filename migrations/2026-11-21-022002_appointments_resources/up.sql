-- A visit, or a hold, that takes a room or device of the clinic takes it for the same stretch as the doctor's time, and
-- nobody else has it then: the same promise by the same means as for the doctor.
ALTER TABLE appointments.appointment
    ADD COLUMN resource_id   uuid,
    ADD COLUMN resource_name text CHECK (length(resource_name) BETWEEN 1 AND 80),
    ADD CONSTRAINT appointment_resource_named CHECK ((resource_id IS NULL) = (resource_name IS NULL)),
    ADD CONSTRAINT appointment_one_per_resource EXCLUDE USING gist
        (resource_id WITH =, tstzrange(blocked_from, blocked_until) WITH &&)
        WHERE (resource_id IS NOT NULL AND status IN ('booked', 'arrived', 'held'));
COMMENT ON COLUMN appointments.appointment.resource_id IS 'The room or device it takes; of another slice, known by its id alone';
COMMENT ON COLUMN appointments.appointment.resource_name IS 'What it was called when it was taken';
CREATE INDEX appointment_busy_resource ON appointments.appointment (resource_id, blocked_from, blocked_until)
    WHERE resource_id IS NOT NULL AND status IN ('booked', 'arrived', 'held');
