-- Which doctor was told of which day: written with the letter, so that it is written once.
CREATE TABLE appointments.day_summary (
    doctor_id uuid        NOT NULL,
    day       date        NOT NULL,
    time_zone text        NOT NULL,
    sent_at   timestamptz NOT NULL,
    PRIMARY KEY (doctor_id, day, time_zone)
);
COMMENT ON TABLE appointments.day_summary IS 'Summaries of a day that were posted to doctors, for 90 days';
COMMENT ON COLUMN appointments.day_summary.time_zone IS 'IANA zone of the clinics whose visits it tells of';
CREATE INDEX day_summary_by_day ON appointments.day_summary (day);
