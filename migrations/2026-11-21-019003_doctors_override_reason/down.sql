ALTER TABLE doctors.override_day DROP COLUMN reason, DROP COLUMN id;
