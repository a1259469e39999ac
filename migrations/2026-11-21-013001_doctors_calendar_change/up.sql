-- Changes of hours that were made together with the visits in their way: ids, times and hours, nothing of patients.
CREATE TABLE doctors.calendar_change (
    id        uuid        PRIMARY KEY,
    doctor_id uuid        REFERENCES doctors.doctor (id),
    clinic_id uuid        NOT NULL REFERENCES doctors.clinic (id),
    made_at   timestamptz NOT NULL,
    made_by   text        NOT NULL,
    reversal  text        NOT NULL,
    visits    text        NOT NULL,
    undone_at timestamptz,
    undo_left text,
    CHECK ((undone_at IS NULL) = (undo_left IS NULL))
);
COMMENT ON COLUMN doctors.calendar_change.doctor_id IS 'Whose hours; null is everybody at the clinic';
COMMENT ON COLUMN doctors.calendar_change.made_by IS 'In which role, e.g. staff; the audit trail knows the account';
COMMENT ON COLUMN doctors.calendar_change.reversal IS 'JSON: how the rules are put back';
COMMENT ON COLUMN doctors.calendar_change.visits IS 'JSON: the visits with their old times and what became of them';
COMMENT ON COLUMN doctors.calendar_change.undo_left IS 'JSON: the visits that could not be put back, and why';
CREATE INDEX calendar_change_by_doctor ON doctors.calendar_change (doctor_id, made_at DESC) WHERE doctor_id IS NOT NULL;
CREATE INDEX calendar_change_by_clinic ON doctors.calendar_change (clinic_id, made_at DESC) WHERE doctor_id IS NULL;
