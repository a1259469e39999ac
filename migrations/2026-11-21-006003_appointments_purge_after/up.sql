-- A patient whose person has asked to be erased: who it was is gone, the visits stay as long as the law asks.
ALTER TABLE appointments.patient
    ADD COLUMN purge_after timestamptz,
    ALTER COLUMN email DROP NOT NULL;
COMMENT ON COLUMN appointments.patient.purge_after IS 'Erased: the record and its visits go after this instant';
CREATE INDEX patient_to_purge ON appointments.patient (purge_after) WHERE purge_after IS NOT NULL;
