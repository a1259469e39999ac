-- Why a date differs, for those who run the calendar. A row has an id as far as it holds something sealed.
ALTER TABLE doctors.override_day
    ADD COLUMN id uuid UNIQUE,
    ADD COLUMN reason bytea,
    ADD CHECK ((id IS NULL) = (reason IS NULL));
COMMENT ON COLUMN doctors.override_day.id IS 'What the reason is bound to; with it alone';
COMMENT ON COLUMN doctors.override_day.reason IS 'Sealed; for the team alone';
