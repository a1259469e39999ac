ALTER TABLE appointments.patient DROP COLUMN search_keys, DROP COLUMN taken_down_at;
