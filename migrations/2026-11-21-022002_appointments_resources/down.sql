DROP INDEX appointments.appointment_busy_resource;
ALTER TABLE appointments.appointment
    DROP CONSTRAINT appointment_one_per_resource,
    DROP CONSTRAINT appointment_resource_named,
    DROP COLUMN resource_name,
    DROP COLUMN resource_id;
