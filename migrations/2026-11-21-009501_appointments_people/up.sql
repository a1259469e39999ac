-- Patients who are looked after: perhaps without an address of their own, with phone and birth date, and with a
-- version, because they can be corrected.
ALTER TABLE appointments.patient
    ALTER COLUMN email DROP NOT NULL,
    ADD COLUMN phone      bytea,
    ADD COLUMN birth_date bytea,
    ADD COLUMN version    integer NOT NULL DEFAULT 1;
COMMENT ON COLUMN appointments.patient.phone IS 'Sealed, as is the date of birth';
COMMENT ON COLUMN appointments.patient.email_key IS 'Only where the address is the person''s own word or a front desk''s: who names somebody else''s address is led to no record of theirs';
CREATE INDEX patient_by_address ON appointments.patient (email_key) WHERE email_key IS NOT NULL;
CREATE INDEX appointment_by_clinic ON appointments.appointment (clinic_id, starts_at, id);
