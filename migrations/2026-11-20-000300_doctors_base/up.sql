-- Clinics, doctors, what they offer and when. All hours are minutes of the clinic's wall clock.
CREATE SCHEMA doctors;

CREATE TABLE doctors.specialty (
    slug text PRIMARY KEY,
    name text NOT NULL UNIQUE
);

CREATE TABLE doctors.city (
    slug      text PRIMARY KEY,
    name      text NOT NULL,
    state     text NOT NULL CHECK (state ~ '^[A-Z]{2}$'),
    time_zone text NOT NULL,
    UNIQUE (name, state)
);

CREATE TABLE doctors.clinic (
    id         uuid        PRIMARY KEY,
    name       text        NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    address    text        NOT NULL,
    city       text        NOT NULL REFERENCES doctors.city (slug),
    state      text        NOT NULL,
    time_zone  text        NOT NULL,
    active     boolean     NOT NULL DEFAULT true,
    version    integer     NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX clinic_by_name ON doctors.clinic (name, id) WHERE active;
CREATE INDEX clinic_by_city ON doctors.clinic (city, name, id) WHERE active;

CREATE TABLE doctors.doctor (
    id                     uuid        PRIMARY KEY,
    clinic_id              uuid        NOT NULL REFERENCES doctors.clinic (id),
    specialty              text        NOT NULL REFERENCES doctors.specialty (slug),
    city                   text        NOT NULL REFERENCES doctors.city (slug),
    first_name             text        NOT NULL CHECK (length(first_name) BETWEEN 1 AND 100),
    last_name              text        NOT NULL CHECK (length(last_name) BETWEEN 1 AND 100),
    address                text        NOT NULL,
    consultation_price     integer     NOT NULL CHECK (consultation_price BETWEEN 0 AND 100000),
    profile_image_url      text,
    rating                 smallint    NOT NULL DEFAULT 0 CHECK (rating BETWEEN 0 AND 500),
    years_experience       smallint    NOT NULL CHECK (years_experience BETWEEN 0 AND 80),
    bio                    text        NOT NULL DEFAULT '',
    languages              text[]      NOT NULL,
    offers_in_person       boolean     NOT NULL,
    offers_video           boolean     NOT NULL,
    search_text            text        NOT NULL,
    minimum_notice_minutes integer     NOT NULL DEFAULT 60 CHECK (minimum_notice_minutes BETWEEN 0 AND 43200),
    horizon_days           integer     NOT NULL DEFAULT 90 CHECK (horizon_days BETWEEN 1 AND 730),
    active                 boolean     NOT NULL DEFAULT true,
    version                integer     NOT NULL DEFAULT 1,
    created_at             timestamptz NOT NULL,
    updated_at             timestamptz NOT NULL
);
COMMENT ON COLUMN doctors.doctor.rating IS 'Hundredths: 473 is 4.73';
COMMENT ON COLUMN doctors.doctor.consultation_price IS 'Whole US dollars';
COMMENT ON COLUMN doctors.doctor.search_text IS 'Name and bio, lower case, without accents; made by the application';

-- One index per order and common pair of filters, so that a page costs the same whatever the catalogue holds.
CREATE INDEX doctor_by_rating ON doctors.doctor (rating DESC, id) WHERE active;
CREATE INDEX doctor_by_rating_s ON doctors.doctor (specialty, rating DESC, id) WHERE active;
CREATE INDEX doctor_by_rating_c ON doctors.doctor (city, rating DESC, id) WHERE active;
CREATE INDEX doctor_by_rating_sc ON doctors.doctor (specialty, city, rating DESC, id) WHERE active;
CREATE INDEX doctor_by_price ON doctors.doctor (consultation_price, id) WHERE active;
CREATE INDEX doctor_by_price_s ON doctors.doctor (specialty, consultation_price, id) WHERE active;
CREATE INDEX doctor_by_price_c ON doctors.doctor (city, consultation_price, id) WHERE active;
CREATE INDEX doctor_by_price_sc ON doctors.doctor (specialty, city, consultation_price, id) WHERE active;
CREATE INDEX doctor_by_experience ON doctors.doctor (years_experience DESC, id) WHERE active;
CREATE INDEX doctor_by_experience_s ON doctors.doctor (specialty, years_experience DESC, id) WHERE active;
CREATE INDEX doctor_by_experience_c ON doctors.doctor (city, years_experience DESC, id) WHERE active;
CREATE INDEX doctor_by_experience_sc ON doctors.doctor (specialty, city, years_experience DESC, id) WHERE active;
CREATE INDEX doctor_by_text ON doctors.doctor USING gin (search_text gin_trgm_ops) WHERE active;
CREATE INDEX doctor_by_clinic ON doctors.doctor (clinic_id);

CREATE TABLE doctors.visit_type (
    id                   uuid        PRIMARY KEY,
    doctor_id            uuid        NOT NULL REFERENCES doctors.doctor (id),
    clinic_id            uuid        NOT NULL REFERENCES doctors.clinic (id),
    name                 text        NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    mode                 text        NOT NULL CHECK (mode IN ('in_person', 'video')),
    duration_minutes     smallint    NOT NULL CHECK (duration_minutes BETWEEN 5 AND 240),
    grid_minutes         smallint    NOT NULL CHECK (grid_minutes BETWEEN 5 AND 240),
    buffer_before        smallint    NOT NULL DEFAULT 0 CHECK (buffer_before BETWEEN 0 AND 120),
    buffer_after         smallint    NOT NULL DEFAULT 0 CHECK (buffer_after BETWEEN 0 AND 120),
    price_cents          bigint      NOT NULL CHECK (price_cents >= 0),
    open_to_new_patients boolean     NOT NULL DEFAULT true,
    is_default           boolean     NOT NULL DEFAULT false,
    active               boolean     NOT NULL DEFAULT true,
    version              integer     NOT NULL DEFAULT 1,
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL
);
CREATE INDEX visit_type_by_doctor ON doctors.visit_type (doctor_id, name, id);
CREATE UNIQUE INDEX visit_type_one_default ON doctors.visit_type (doctor_id) WHERE is_default AND active;

CREATE TABLE doctors.weekly_hours (
    id             uuid     PRIMARY KEY,
    doctor_id      uuid     NOT NULL REFERENCES doctors.doctor (id),
    clinic_id      uuid     NOT NULL REFERENCES doctors.clinic (id),
    weekday        smallint NOT NULL CHECK (weekday BETWEEN 1 AND 7),
    from_minute    smallint NOT NULL CHECK (from_minute BETWEEN 0 AND 1439),
    to_minute      smallint NOT NULL CHECK (to_minute BETWEEN 1 AND 1440),
    visit_type_ids uuid[],
    valid_from     date,
    valid_until    date,
    CHECK (from_minute < to_minute),
    CHECK (valid_from IS NULL OR valid_until IS NULL OR valid_from <= valid_until)
);
COMMENT ON COLUMN doctors.weekly_hours.weekday IS '1 Monday … 7 Sunday (ISO 8601)';
COMMENT ON COLUMN doctors.weekly_hours.to_minute IS '1440 is the end of the day';
COMMENT ON COLUMN doctors.weekly_hours.valid_until IS 'Last day on which they hold';
CREATE INDEX weekly_hours_by_doctor ON doctors.weekly_hours (doctor_id);

CREATE TABLE doctors.override_day (
    doctor_id uuid NOT NULL REFERENCES doctors.doctor (id),
    on_date   date NOT NULL,
    hours     text NOT NULL,
    PRIMARY KEY (doctor_id, on_date)
);
COMMENT ON COLUMN doctors.override_day.hours IS 'JSON list of {clinic_id, from_minute, to_minute} that replaces the weekly hours of the date; [] is closed';

CREATE TABLE doctors.time_off (
    id        uuid        PRIMARY KEY,
    doctor_id uuid        NOT NULL REFERENCES doctors.doctor (id),
    starts_at timestamptz NOT NULL,
    ends_at   timestamptz NOT NULL,
    CHECK (starts_at < ends_at)
);
CREATE INDEX time_off_by_doctor ON doctors.time_off (doctor_id, ends_at);

CREATE TABLE doctors.clinic_holiday (
    clinic_id uuid NOT NULL REFERENCES doctors.clinic (id),
    on_date   date NOT NULL,
    name      text NOT NULL,
    PRIMARY KEY (clinic_id, on_date)
);

-- The first free time of each active doctor, kept by every transaction that may change it.
CREATE TABLE doctors.soonest (
    doctor_id     uuid        PRIMARY KEY REFERENCES doctors.doctor (id),
    specialty     text        NOT NULL,
    city          text        NOT NULL,
    soonest_at    timestamptz NOT NULL,
    local_date    date        NOT NULL,
    blocked_from  timestamptz NOT NULL,
    blocked_until timestamptz NOT NULL,
    valid_until   timestamptz NOT NULL,
    weekdays      smallint    NOT NULL DEFAULT 0 CHECK (weekdays BETWEEN 0 AND 127)
) WITH (fillfactor = 70);
COMMENT ON COLUMN doctors.soonest.soonest_at IS 'Start of the first free slot of the default visit type; 9000-01-01 when there is none';
COMMENT ON COLUMN doctors.soonest.weekdays IS 'Days with weekly hours: bit 0 Monday … bit 6 Sunday';
COMMENT ON COLUMN doctors.soonest.valid_until IS 'Until then the passing of time alone does not change the row';
CREATE INDEX soonest_at ON doctors.soonest (soonest_at, doctor_id);
CREATE INDEX soonest_at_s ON doctors.soonest (specialty, soonest_at, doctor_id);
CREATE INDEX soonest_at_c ON doctors.soonest (city, soonest_at, doctor_id);
CREATE INDEX soonest_at_sc ON doctors.soonest (specialty, city, soonest_at, doctor_id);
CREATE INDEX soonest_valid_until ON doctors.soonest (valid_until);

-- All that decides when a doctor may be booked, one row a doctor, so that it is one read.
CREATE VIEW doctors.agenda AS
SELECT d.id AS doctor_id,
       d.clinic_id,
       d.specialty,
       d.city,
       d.active,
       d.minimum_notice_minutes,
       d.horizon_days,
       (SELECT coalesce(json_agg(json_build_object('id', c.id, 'time_zone', c.time_zone)), '[]')
          FROM doctors.clinic c
         WHERE c.active
           AND (c.id = d.clinic_id
                OR c.id IN (SELECT w.clinic_id FROM doctors.weekly_hours w WHERE w.doctor_id = d.id)
                OR c.id IN (SELECT (opening.value ->> 'clinic_id')::uuid
                              FROM doctors.override_day o, json_array_elements(o.hours::json) opening
                             WHERE o.doctor_id = d.id)))::text AS clinics,
       (SELECT coalesce(json_agg(json_build_object(
                   'id', v.id, 'clinic_id', v.clinic_id, 'name', v.name, 'mode', v.mode, 'duration_minutes', v.duration_minutes,
                   'grid_minutes', v.grid_minutes, 'buffer_before', v.buffer_before, 'buffer_after', v.buffer_after,
                   'price_cents', v.price_cents, 'open_to_new_patients', v.open_to_new_patients,
                   'is_default', v.is_default) ORDER BY v.is_default DESC, v.name, v.id), '[]')
          FROM doctors.visit_type v WHERE v.doctor_id = d.id AND v.active)::text AS visit_types,
       (SELECT coalesce(json_agg(json_build_object(
                   'clinic_id', w.clinic_id, 'weekday', w.weekday, 'from_minute', w.from_minute, 'to_minute', w.to_minute,
                   'visit_type_ids', w.visit_type_ids, 'valid_from', w.valid_from, 'valid_until', w.valid_until)
                   ORDER BY w.weekday, w.from_minute, w.id), '[]')
          FROM doctors.weekly_hours w WHERE w.doctor_id = d.id)::text AS weekly_hours,
       (SELECT coalesce(json_agg(json_build_object('date', o.on_date, 'hours', o.hours::json) ORDER BY o.on_date), '[]')
          FROM doctors.override_day o WHERE o.doctor_id = d.id)::text AS overrides,
       (SELECT coalesce(json_agg(json_build_object('start', to_json(t.starts_at), 'end', to_json(t.ends_at)) ORDER BY t.starts_at), '[]')
          FROM doctors.time_off t WHERE t.doctor_id = d.id)::text AS time_off,
       (SELECT coalesce(json_agg(json_build_object('clinic_id', h.clinic_id, 'date', h.on_date) ORDER BY h.on_date), '[]')
          FROM doctors.clinic_holiday h
         WHERE h.clinic_id = d.clinic_id
            OR h.clinic_id IN (SELECT w.clinic_id FROM doctors.weekly_hours w WHERE w.doctor_id = d.id))::text AS holidays
  FROM doctors.doctor d;
