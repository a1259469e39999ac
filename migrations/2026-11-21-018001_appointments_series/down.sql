ALTER TABLE appointments.appointment DROP COLUMN series_id, DROP COLUMN series_position;
DROP TABLE appointments.series;
