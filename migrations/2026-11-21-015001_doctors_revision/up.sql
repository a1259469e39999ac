-- Pages that show free times live ask often which calendars have changed. Each transaction that takes or frees a
-- doctor's time locks this row anyway; now it leaves its number there.
ALTER TABLE doctors.soonest ADD COLUMN revision bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN doctors.soonest.revision IS 'Transaction that last took or freed the doctor''s time; 0 before the first';
