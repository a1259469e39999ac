ALTER TABLE doctors.soonest DROP COLUMN revision;
