ALTER TABLE doctors.doctor DROP COLUMN change_cutoff_hours;
