DELETE FROM doctors.time_off WHERE calendar_id IS NOT NULL;
ALTER TABLE doctors.time_off DROP COLUMN calendar_id;
