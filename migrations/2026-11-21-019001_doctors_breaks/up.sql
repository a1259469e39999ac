-- Pauses that repeat each week stand by themselves, so that other hours leave lunch where it is.
CREATE TABLE doctors.weekly_break (
    id          uuid     PRIMARY KEY,
    doctor_id   uuid     NOT NULL REFERENCES doctors.doctor (id),
    clinic_id   uuid     NOT NULL REFERENCES doctors.clinic (id),
    weekday     smallint NOT NULL CHECK (weekday BETWEEN 1 AND 7),
    from_minute smallint NOT NULL CHECK (from_minute BETWEEN 0 AND 1439),
    to_minute   smallint NOT NULL CHECK (to_minute BETWEEN 1 AND 1440),
    valid_from  date,
    valid_until date,
    CHECK (from_minute < to_minute),
    CHECK (valid_from IS NULL OR valid_until IS NULL OR valid_from <= valid_until)
);
COMMENT ON TABLE doctors.weekly_break IS 'Cut out of the weekly hours; a date with hours of its own has none';
COMMENT ON COLUMN doctors.weekly_break.weekday IS '1 Monday … 7 Sunday (ISO 8601)';
COMMENT ON COLUMN doctors.weekly_break.to_minute IS '1440 is the end of the day';
COMMENT ON COLUMN doctors.weekly_break.valid_until IS 'Last day on which it holds';
CREATE INDEX weekly_break_by_doctor ON doctors.weekly_break (doctor_id);

CREATE TRIGGER soonest_on_insert AFTER INSERT ON doctors.weekly_break
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION doctors.rules_of_doctors_changed();
CREATE TRIGGER soonest_on_update AFTER UPDATE ON doctors.weekly_break
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION doctors.rules_of_doctors_changed();
CREATE TRIGGER soonest_on_delete AFTER DELETE ON doctors.weekly_break
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION doctors.rules_of_doctors_changed();

-- What the view was stays as it is, with one more column over it.
ALTER VIEW doctors.agenda RENAME TO agenda_without_breaks;
CREATE VIEW doctors.agenda AS
SELECT a.*,
       (SELECT coalesce(json_agg(json_build_object(
                   'clinic_id', b.clinic_id, 'weekday', b.weekday, 'from_minute', b.from_minute, 'to_minute', b.to_minute,
                   'valid_from', b.valid_from, 'valid_until', b.valid_until)
                   ORDER BY b.weekday, b.from_minute, b.id), '[]')
          FROM doctors.weekly_break b WHERE b.doctor_id = a.doctor_id)::text AS breaks
  FROM doctors.agenda_without_breaks a;
