-- Busy times read from another calendar block like time off, by the same rules and triggers; they are told apart by this.
ALTER TABLE doctors.time_off ADD COLUMN calendar_id uuid;
COMMENT ON COLUMN doctors.time_off.calendar_id IS 'The calendar elsewhere it was read from; NULL where somebody has entered it';
CREATE INDEX time_off_of_calendar ON doctors.time_off (calendar_id) WHERE calendar_id IS NOT NULL;
