ALTER TABLE appointments.patient DROP COLUMN purge_after;
