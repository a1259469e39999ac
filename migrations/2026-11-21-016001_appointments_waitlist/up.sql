-- Who waits for a time, and the times that were offered to them. An offer keeps its time as a hold of the same id.
CREATE TABLE appointments.waitlist_entry (
    id            uuid        PRIMARY KEY,
    patient_id    uuid        NOT NULL REFERENCES appointments.patient (id) ON DELETE CASCADE,
    doctor_id     uuid,
    visit_type_id uuid        CHECK (visit_type_id IS NULL OR doctor_id IS NOT NULL),
    specialty     text,
    city          text,
    clinic_ids    uuid[]      NOT NULL,
    first_day     date        NOT NULL,
    last_day      date        NOT NULL CHECK (first_day <= last_day),
    weekdays      smallint    NOT NULL CHECK (weekdays BETWEEN 1 AND 127),
    from_minute   smallint    NOT NULL CHECK (from_minute >= 0),
    until_minute  smallint    NOT NULL CHECK (from_minute < until_minute AND until_minute <= 1440),
    state         text        NOT NULL CHECK (state IN ('waiting', 'offered', 'served', 'left', 'lapsed')),
    silent        smallint    NOT NULL DEFAULT 0,
    created_at    timestamptz NOT NULL,
    CHECK ((doctor_id IS NULL) = (specialty IS NOT NULL) AND (specialty IS NULL) = (city IS NULL))
);
COMMENT ON TABLE appointments.waitlist_entry IS 'Served in the order of created_at and id';
COMMENT ON COLUMN appointments.waitlist_entry.doctor_id IS 'This doctor, or any of a specialty in a city';
COMMENT ON COLUMN appointments.waitlist_entry.visit_type_id IS 'The doctor''s default where none is named';
COMMENT ON COLUMN appointments.waitlist_entry.clinic_ids IS 'Where the doctor worked when the entry was made: these front desks see it';
COMMENT ON COLUMN appointments.waitlist_entry.weekdays IS 'Bit 0 Monday … bit 6 Sunday';
COMMENT ON COLUMN appointments.waitlist_entry.from_minute IS 'Of the day on the clinic''s wall clock; the visit begins then or later';
COMMENT ON COLUMN appointments.waitlist_entry.until_minute IS 'The visit has ended by then';
COMMENT ON COLUMN appointments.waitlist_entry.silent IS 'Offers in a row that nobody has answered';
CREATE INDEX waitlist_entry_waiting ON appointments.waitlist_entry (created_at, id) WHERE state = 'waiting';
CREATE INDEX waitlist_entry_by_patient ON appointments.waitlist_entry (patient_id, created_at, id);
CREATE INDEX waitlist_entry_by_doctor ON appointments.waitlist_entry (doctor_id, created_at, id) WHERE doctor_id IS NOT NULL;
CREATE INDEX waitlist_entry_by_clinic ON appointments.waitlist_entry USING gin (clinic_ids);
CREATE UNIQUE INDEX waitlist_entry_once_for_a_doctor ON appointments.waitlist_entry
    (patient_id, doctor_id, coalesce(visit_type_id, '00000000-0000-0000-0000-000000000000'))
    WHERE state IN ('waiting', 'offered') AND doctor_id IS NOT NULL;
CREATE UNIQUE INDEX waitlist_entry_once_for_a_specialty ON appointments.waitlist_entry (patient_id, specialty, city)
    WHERE state IN ('waiting', 'offered') AND doctor_id IS NULL;

CREATE TABLE appointments.waitlist_offer (
    id            uuid        PRIMARY KEY,
    entry_id      uuid        NOT NULL REFERENCES appointments.waitlist_entry (id) ON DELETE CASCADE,
    doctor_id     uuid        NOT NULL,
    clinic_id     uuid        NOT NULL,
    visit_type_id uuid        NOT NULL,
    starts_at     timestamptz NOT NULL,
    ends_at       timestamptz NOT NULL,
    time_zone     text        NOT NULL,
    offered_at    timestamptz NOT NULL,
    until         timestamptz NOT NULL,
    outcome       text        NOT NULL CHECK (outcome IN ('open', 'accepted', 'refused', 'expired', 'withdrawn')),
    ended_at      timestamptz CHECK ((ended_at IS NULL) = (outcome = 'open')),
    CONSTRAINT waitlist_offer_once UNIQUE (entry_id, doctor_id, starts_at)
);
COMMENT ON TABLE appointments.waitlist_offer IS 'A time that was offered to who waits; never the same twice';
COMMENT ON COLUMN appointments.waitlist_offer.id IS 'Of the hold that keeps the time, and of the visit it becomes';
COMMENT ON COLUMN appointments.waitlist_offer.until IS 'From then on it is over';
CREATE UNIQUE INDEX waitlist_offer_one_open ON appointments.waitlist_offer (entry_id) WHERE outcome = 'open';
CREATE INDEX waitlist_offer_due ON appointments.waitlist_offer (until) WHERE outcome = 'open';
