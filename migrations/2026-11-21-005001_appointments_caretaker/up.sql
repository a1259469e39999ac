-- Who looks after which patient: oneself, a child, a parent …
CREATE TABLE appointments.caretaker (
    user_id    uuid        NOT NULL,
    patient_id uuid        NOT NULL REFERENCES appointments.patient (id),
    relation   text        NOT NULL CHECK (relation IN ('self', 'child', 'parent', 'partner', 'other')),
    since      timestamptz NOT NULL,
    PRIMARY KEY (user_id, patient_id)
);
COMMENT ON TABLE appointments.caretaker IS 'Accounts and the patients they book for; an account of another slice is known by its id alone';
CREATE UNIQUE INDEX caretaker_one_self ON appointments.caretaker (user_id) WHERE relation = 'self';
CREATE UNIQUE INDEX caretaker_one_person ON appointments.caretaker (patient_id) WHERE relation = 'self';
CREATE INDEX caretaker_by_patient ON appointments.caretaker (patient_id);
