-- What doctors have prescribed, in all its versions.
CREATE SCHEMA prescriptions;

CREATE TABLE prescriptions.prescription (
    id              uuid        PRIMARY KEY,
    appointment_id  uuid        NOT NULL,
    doctor_id       uuid        NOT NULL,
    patient_id      uuid        NOT NULL,
    clinic_id       uuid        NOT NULL,
    time_zone       text        NOT NULL,
    newest          integer     NOT NULL CHECK (newest > 0),
    revision        integer     NOT NULL CHECK (revision >= newest),
    last_valid_day  date        NOT NULL,
    withdrawn_at    timestamptz,
    withdraw_reason bytea,
    search_keys     bigint[]    NOT NULL,
    medicine_keys   bigint[]    NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    CONSTRAINT one_prescription_of_visit UNIQUE (appointment_id),
    CHECK ((withdrawn_at IS NULL) = (withdraw_reason IS NULL))
);
COMMENT ON TABLE prescriptions.prescription IS 'One for each visit at most; a change is another version of it';
COMMENT ON COLUMN prescriptions.prescription.time_zone IS 'IANA zone of the clinic, on whose calendar it ends';
COMMENT ON COLUMN prescriptions.prescription.newest IS 'Number of the newest version';
COMMENT ON COLUMN prescriptions.prescription.revision IS 'Counts all changes, withdrawal included';
COMMENT ON COLUMN prescriptions.prescription.last_valid_day IS 'The last day on which any version is good: retention counts from it';
COMMENT ON COLUMN prescriptions.prescription.withdraw_reason IS 'Sealed';
COMMENT ON COLUMN prescriptions.prescription.search_keys IS 'Keyed hashes, cut to 64 bits, of words of the patient''s name and of the medicines'' names in the newest version, and of their beginnings';
COMMENT ON COLUMN prescriptions.prescription.medicine_keys IS 'Keyed hashes, cut to 64 bits, of whole names of medicines, to count them';
CREATE INDEX prescription_of_doctor ON prescriptions.prescription (doctor_id, id);
CREATE INDEX prescription_of_patient ON prescriptions.prescription (patient_id, id);
CREATE INDEX prescription_search ON prescriptions.prescription USING gin (search_keys);
CREATE INDEX prescription_by_end ON prescriptions.prescription (last_valid_day, id);

CREATE TABLE prescriptions.version (
    id              uuid        PRIMARY KEY,
    prescription_id uuid        NOT NULL REFERENCES prescriptions.prescription ON DELETE CASCADE,
    clinic_id       uuid        NOT NULL,
    number          integer     NOT NULL CHECK (number > 0),
    issued_at       timestamptz NOT NULL,
    issued_on       date        NOT NULL,
    valid_until     date        NOT NULL CHECK (valid_until >= issued_on),
    content         bytea       NOT NULL,
    heads           bytea       NOT NULL,
    code            bytea       NOT NULL,
    code_key        bytea       NOT NULL UNIQUE CHECK (length(code_key) = 32),
    signature       bytea       NOT NULL UNIQUE CHECK (length(signature) = 32),
    UNIQUE (prescription_id, number)
);
COMMENT ON TABLE prescriptions.version IS 'What was written at one time and handed out as one paper; it never changes, but for a name that is forgotten';
COMMENT ON COLUMN prescriptions.version.issued_on IS 'Of the clinic''s calendar, as valid_until';
COMMENT ON COLUMN prescriptions.version.content IS 'Sealed: medicines and note';
COMMENT ON COLUMN prescriptions.version.heads IS 'Sealed: names of clinic, doctor and patient, as they were';
COMMENT ON COLUMN prescriptions.version.code IS 'Sealed: opens the public check';
COMMENT ON COLUMN prescriptions.version.code_key IS 'Keyed hash by which the code is found';
COMMENT ON COLUMN prescriptions.version.signature IS 'HMAC-SHA256 over what the paper says but for names, under a key that is not in the database';
