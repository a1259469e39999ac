DROP INDEX appointments.appointment_by_clinic;
DROP INDEX appointments.patient_by_address;
ALTER TABLE appointments.patient
    DROP COLUMN version,
    DROP COLUMN birth_date,
    DROP COLUMN phone;
