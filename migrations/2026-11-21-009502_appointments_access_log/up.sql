-- Who has read of which patient: for the patient to see. Written before the answer is sent.
CREATE TABLE appointments.access_log (
    id         uuid        PRIMARY KEY,
    patient_id uuid        NOT NULL,
    at         timestamptz NOT NULL,
    actor_kind text        NOT NULL CHECK (actor_kind IN ('doctor', 'staff', 'admin')),
    actor_id   uuid        NOT NULL,
    doctor_id  uuid,
    clinic_id  uuid,
    what       text        NOT NULL CHECK (length(what) BETWEEN 1 AND 40),
    emergency  boolean     NOT NULL DEFAULT false
);
COMMENT ON TABLE appointments.access_log IS 'Reads by others than the patient and who looks after them; append-only';
COMMENT ON COLUMN appointments.access_log.doctor_id IS 'The profile, where a doctor has read';
CREATE INDEX access_log_by_patient ON appointments.access_log (patient_id, at, id);

CREATE FUNCTION appointments.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'appointments.access_log is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER access_log_is_append_only
    BEFORE UPDATE OR DELETE ON appointments.access_log
    FOR EACH STATEMENT EXECUTE FUNCTION appointments.refuse_change();
