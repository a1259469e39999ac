-- Files of patients. Their contents lie, sealed, in the object storage.
CREATE SCHEMA files;

CREATE TABLE files.file (
    id             uuid        PRIMARY KEY,
    patient_id     uuid        NOT NULL,
    clinic_id      uuid,
    category       text        NOT NULL
        CHECK (category IN ('lab_results', 'insurance', 'prescriptions', 'medical_records', 'other')),
    category_told  text        NOT NULL CHECK (category_told IN ('person', 'content')),
    newest_version integer     NOT NULL CHECK (newest_version > 0),
    revision       integer     NOT NULL CHECK (revision > 0),
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    deleted_at     timestamptz
);
COMMENT ON TABLE files.file IS 'A file of a patient, with all its versions; deleted ones are kept until their retention ends';
COMMENT ON COLUMN files.file.patient_id IS 'Of another slice, known by its id alone';
COMMENT ON COLUMN files.file.clinic_id IS 'Of the doctor or front desk who has uploaded it first; none when it was the patient';
COMMENT ON COLUMN files.file.category_told IS 'person: somebody has chosen it, and it stays; content: name and text have told it';
COMMENT ON COLUMN files.file.revision IS 'Grows with every change; what If-Match compares';
CREATE INDEX file_of_patient ON files.file (patient_id, id) WHERE deleted_at IS NULL;
CREATE INDEX file_deleted ON files.file (deleted_at, id) WHERE deleted_at IS NOT NULL;

CREATE TABLE files.version (
    id          uuid        PRIMARY KEY,
    file_id     uuid        NOT NULL REFERENCES files.file ON DELETE CASCADE,
    number      integer     NOT NULL CHECK (number > 0),
    state       text        NOT NULL CHECK (state IN ('quarantined', 'available', 'infected')),
    details     bytea       NOT NULL,
    kind        text        NOT NULL CHECK (kind IN ('pdf', 'jpeg', 'png', 'gif', 'doc', 'docx', 'txt')),
    size        bigint      NOT NULL CHECK (size > 0),
    object_key  text        NOT NULL UNIQUE,
    data_key    bytea       NOT NULL,
    name_keys   bigint[]    NOT NULL,
    text_keys   bigint[]    NOT NULL DEFAULT '{}',
    text        bytea,
    uploaded_at timestamptz NOT NULL,
    uploaded_by uuid        NOT NULL,
    uploader    text        NOT NULL CHECK (uploader IN ('patient', 'doctor', 'staff')),
    UNIQUE (file_id, number)
);
COMMENT ON TABLE files.version IS 'What was uploaded at one time; none is ever changed but in what is known of it';
COMMENT ON COLUMN files.version.state IS 'quarantined: waits for the virus scanner; infected: its object is deleted';
COMMENT ON COLUMN files.version.details IS 'Sealed JSON: name, SHA-256 of the content, pages, dates in the text';
COMMENT ON COLUMN files.version.object_key IS 'Where the content lies in the object storage; tells no name';
COMMENT ON COLUMN files.version.data_key IS 'Sealed: the key that seals the object';
COMMENT ON COLUMN files.version.name_keys IS 'Keyed hashes of words and their beginnings, of this patient alone: by these a name is found';
COMMENT ON COLUMN files.version.text_keys IS 'The same of the text, once it was read';
COMMENT ON COLUMN files.version.text IS 'Sealed: the words that were read';
COMMENT ON COLUMN files.version.uploaded_by IS 'An account; of another slice, known by its id alone';
CREATE INDEX version_quarantined ON files.version (id) WHERE state = 'quarantined';
