-- Patients known by e-mail and their visits.
CREATE SCHEMA appointments;

CREATE TABLE appointments.patient (
    id         uuid        PRIMARY KEY,
    name       text        NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    email      text        NOT NULL CHECK (length(email) BETWEEN 3 AND 320),
    name_key   text        NOT NULL,
    email_key  text        NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (email_key, name_key)
);
COMMENT ON TABLE appointments.patient IS 'Two patients may share an address; the pair of address and name tells guests apart';

CREATE TABLE appointments.appointment (
    id            uuid        PRIMARY KEY,
    clinic_id     uuid        NOT NULL,
    doctor_id     uuid        NOT NULL,
    patient_id    uuid        NOT NULL REFERENCES appointments.patient (id),
    visit_type_id uuid        NOT NULL,
    mode          text        NOT NULL CHECK (mode IN ('in_person', 'video')),
    starts_at     timestamptz NOT NULL,
    ends_at       timestamptz NOT NULL,
    blocked_from  timestamptz NOT NULL,
    blocked_until timestamptz NOT NULL,
    time_zone     text        NOT NULL,
    price_cents   bigint      NOT NULL CHECK (price_cents >= 0),
    status        text        NOT NULL CHECK (status IN ('booked', 'arrived', 'completed', 'cancelled', 'no_show')),
    notes         text        CHECK (length(notes) <= 2000),
    cancel_reason text        CHECK (length(cancel_reason) <= 500),
    reminder_sent boolean     NOT NULL DEFAULT false,
    version       integer     NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    CHECK (starts_at < ends_at AND blocked_from <= starts_at AND ends_at <= blocked_until),
    -- Half-open ranges: 9:00–9:30 and 9:30–10:00 do not overlap. These two lines are the promise that
    -- nobody is booked twice, whatever the application does.
    CONSTRAINT appointment_one_per_doctor EXCLUDE USING gist
        (doctor_id WITH =, tstzrange(blocked_from, blocked_until) WITH &&) WHERE (status IN ('booked', 'arrived')),
    CONSTRAINT appointment_one_per_patient EXCLUDE USING gist
        (patient_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (status IN ('booked', 'arrived'))
);
COMMENT ON COLUMN appointments.appointment.time_zone IS 'IANA zone of the clinic when the visit was booked';
CREATE INDEX appointment_by_doctor ON appointments.appointment (doctor_id, starts_at, id);
CREATE INDEX appointment_by_patient ON appointments.appointment (patient_id, starts_at, id);
CREATE INDEX appointment_busy ON appointments.appointment (doctor_id, blocked_from, blocked_until)
    WHERE status IN ('booked', 'arrived');
