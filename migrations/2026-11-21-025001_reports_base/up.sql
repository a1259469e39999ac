-- Figures of each day, counted from what other slices tell. They can be counted anew for a month; after that, what was
-- counted is what there is.
CREATE SCHEMA reports;

CREATE TABLE reports.daily (
    day                   date     NOT NULL,
    clinic_id             uuid     NOT NULL,
    doctor_id             uuid     NOT NULL,
    clinic_name           text     NOT NULL,
    doctor_name           text     NOT NULL,
    booked                integer  NOT NULL CHECK (booked >= 0),
    held                  integer  NOT NULL CHECK (held >= 0),
    missed                integer  NOT NULL CHECK (missed >= 0),
    open                  integer  NOT NULL CHECK (open >= 0),
    cancelled_by_patient  integer  NOT NULL CHECK (cancelled_by_patient >= 0),
    cancelled_by_practice integer  NOT NULL CHECK (cancelled_by_practice >= 0),
    cancelled_otherwise   integer  NOT NULL CHECK (cancelled_otherwise >= 0),
    booked_minutes        integer  NOT NULL CHECK (booked_minutes >= 0),
    lead_median_minutes   integer  CHECK (lead_median_minutes >= 0),
    lead_p90_minutes      integer  CHECK (lead_p90_minutes >= lead_median_minutes),
    new_patients          integer  NOT NULL CHECK (new_patients BETWEEN 0 AND held),
    booked_online         integer  NOT NULL CHECK (booked_online >= 0),
    booked_at_desk        integer  NOT NULL CHECK (booked_at_desk >= 0),
    reminders_sent        integer  NOT NULL CHECK (reminders_sent >= 0),
    waitlist_taken        integer  NOT NULL CHECK (waitlist_taken >= 0),
    with_account          integer  NOT NULL CHECK (with_account >= 0),
    offered_minutes       integer  NOT NULL CHECK (offered_minutes >= 0),
    third_free_days       integer  CHECK (third_free_days >= 0),
    PRIMARY KEY (day, clinic_id, doctor_id),
    CHECK (booked = held + missed + open + cancelled_by_patient + cancelled_by_practice + cancelled_otherwise),
    CHECK (booked_online + booked_at_desk <= booked)
);
COMMENT ON TABLE reports.daily IS 'Figures of the visits that begin on a date of a clinic''s calendar: of each doctor there, and of the whole';
COMMENT ON COLUMN reports.daily.doctor_id IS 'The nil UUID stands for the whole clinic';
COMMENT ON COLUMN reports.daily.clinic_name IS 'What it was called when it was counted, as the doctor''s name';
COMMENT ON COLUMN reports.daily.offered_minutes IS 'As it was counted first, as is third_free_days: hours may change later';
COMMENT ON COLUMN reports.daily.third_free_days IS 'Days from the date''s end to the third free time; null: not looked at in time, or none';
CREATE INDEX daily_by_clinic ON reports.daily (clinic_id, day, doctor_id);
CREATE INDEX daily_by_doctor ON reports.daily (doctor_id, day, clinic_id);

CREATE TABLE reports.counted (
    time_zone text        NOT NULL,
    day       date        NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (time_zone, day)
);
COMMENT ON TABLE reports.counted IS 'Dates whose figures and files are there, by the clinics'' wall clock';
