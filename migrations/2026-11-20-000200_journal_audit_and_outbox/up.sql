-- The audit trail (append-only, one hash chain per clinic and one for the installation) and the outbox.
CREATE SCHEMA journal;

CREATE TABLE journal.audit_head (
    stream uuid   PRIMARY KEY,
    seq    bigint NOT NULL CHECK (seq >= 0),
    hash   bytea  NOT NULL CHECK (octet_length(hash) = 32)
);
COMMENT ON TABLE journal.audit_head IS 'The last link of each chain; its row lock lets one writer at a time append';

CREATE TABLE journal.audit_event (
    stream     uuid        NOT NULL,
    seq        bigint      NOT NULL CHECK (seq > 0),
    id         uuid        NOT NULL UNIQUE,
    at         timestamptz NOT NULL,
    actor_kind text        NOT NULL,
    actor_id   uuid,
    action     text        NOT NULL,
    subject    uuid        NOT NULL,
    request_id text,
    data       text        NOT NULL,
    hash       bytea       NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (stream, seq)
);
COMMENT ON COLUMN journal.audit_event.data IS 'JSON kept as text, because the hash is over its bytes; ids, times and codes only';
CREATE INDEX audit_event_subject ON journal.audit_event (subject, at);

CREATE FUNCTION journal.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'journal.audit_event is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER audit_event_is_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON journal.audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION journal.refuse_change();

CREATE TABLE journal.outbox (
    id           uuid        PRIMARY KEY,
    topic        text        NOT NULL,
    subject      uuid        NOT NULL,
    payload      text        NOT NULL,
    created_at   timestamptz NOT NULL,
    available_at timestamptz NOT NULL,
    attempts     integer     NOT NULL DEFAULT 0,
    done_at      timestamptz
);
COMMENT ON TABLE journal.outbox IS 'Messages for other slices and the world, written with the change they tell of';
CREATE INDEX outbox_due ON journal.outbox (available_at) WHERE done_at IS NULL;

-- One round trip for link, head and message. The caller holds the head's row lock and knows the
-- application's key, without which nobody can make a fitting hash.
CREATE FUNCTION journal.append(
    p_stream uuid, p_seq bigint, p_hash bytea, p_id uuid, p_at timestamptz, p_actor_kind text, p_actor_id uuid,
    p_action text, p_subject uuid, p_request_id text, p_data text
) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO journal.audit_event
        (stream, seq, id, at, actor_kind, actor_id, action, subject, request_id, data, hash)
    VALUES
        (p_stream, p_seq, p_id, p_at, p_actor_kind, p_actor_id, p_action, p_subject, p_request_id, p_data, p_hash);
    UPDATE journal.audit_head SET seq = p_seq, hash = p_hash WHERE stream = p_stream;
    INSERT INTO journal.outbox (id, topic, subject, payload, created_at, available_at)
    VALUES (p_id, p_action, p_subject, p_data, p_at, p_at);
    RETURN p_seq;
END $$;
