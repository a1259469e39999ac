-- Clinics' own systems, what they are told, and how that went.
CREATE SCHEMA webhooks;

CREATE TABLE webhooks.endpoint (
    id              uuid        PRIMARY KEY,
    clinic_id       uuid        NOT NULL,
    url             bytea       NOT NULL,
    event_types     text[]      CHECK (cardinality(event_types) BETWEEN 1 AND 50),
    secret          bytea       NOT NULL,
    previous_secret bytea,
    previous_until  timestamptz,
    disabled_reason text        CHECK (disabled_reason IN ('by_hand', 'gone', 'failing')),
    failing_since   timestamptz,
    version         integer     NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    CHECK ((previous_secret IS NULL) = (previous_until IS NULL))
);
COMMENT ON TABLE webhooks.endpoint IS 'Addresses that events of a clinic are posted to';
COMMENT ON COLUMN webhooks.endpoint.url IS 'Sealed: it may hold a secret';
COMMENT ON COLUMN webhooks.endpoint.event_types IS 'What it wants; nothing here is all, also what is added later';
COMMENT ON COLUMN webhooks.endpoint.secret IS 'Sealed';
COMMENT ON COLUMN webhooks.endpoint.previous_secret IS 'Sealed; signs as well until previous_until';
COMMENT ON COLUMN webhooks.endpoint.disabled_reason IS 'Nothing is sent to it, for this reason';
COMMENT ON COLUMN webhooks.endpoint.failing_since IS 'The first failure since something got through';
CREATE INDEX endpoint_of_clinic ON webhooks.endpoint (clinic_id, id);

CREATE TABLE webhooks.delivery (
    id              uuid        PRIMARY KEY,
    endpoint_id     uuid        NOT NULL REFERENCES webhooks.endpoint ON DELETE CASCADE,
    event_id        uuid        NOT NULL,
    event_type      text        NOT NULL,
    payload         text        NOT NULL,
    state           text        NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts        integer     NOT NULL DEFAULT 0,
    replayed_after  integer     NOT NULL DEFAULT 0,
    next_at         timestamptz,
    begun_at        timestamptz,
    parked          boolean     NOT NULL DEFAULT false,
    response_status smallint,
    duration_ms     integer,
    last_error      text        CHECK (length(last_error) <= 40),
    created_at      timestamptz NOT NULL,
    done_at         timestamptz,
    UNIQUE (endpoint_id, event_id),
    CHECK ((state = 'pending') = (next_at IS NOT NULL)),
    CHECK ((state = 'pending') = (done_at IS NULL))
);
COMMENT ON TABLE webhooks.delivery IS 'A message for one endpoint, for 30 days';
COMMENT ON COLUMN webhooks.delivery.event_id IS 'webhook-id: the same at every try, and to every endpoint';
COMMENT ON COLUMN webhooks.delivery.payload IS 'The JSON that is posted: ids and times';
COMMENT ON COLUMN webhooks.delivery.attempts IS 'Tries so far';
COMMENT ON COLUMN webhooks.delivery.replayed_after IS 'So many of them were before it was sent again by hand';
COMMENT ON COLUMN webhooks.delivery.begun_at IS 'A try is under way since then';
COMMENT ON COLUMN webhooks.delivery.parked IS 'It has no job: it gets one when another try at the same endpoint ends';
COMMENT ON COLUMN webhooks.delivery.last_error IS 'What was wrong with the last try, in fixed words';
CREATE INDEX delivery_of_endpoint ON webhooks.delivery (endpoint_id, id);
CREATE INDEX delivery_of_endpoint_by_state ON webhooks.delivery (endpoint_id, state, id);
CREATE INDEX delivery_pending ON webhooks.delivery (next_at) WHERE state = 'pending';
CREATE INDEX delivery_under_way ON webhooks.delivery (endpoint_id) WHERE begun_at IS NOT NULL;
CREATE INDEX delivery_parked ON webhooks.delivery (endpoint_id, next_at) WHERE parked;
CREATE INDEX delivery_by_age ON webhooks.delivery (created_at);

CREATE TABLE webhooks.attempt (
    delivery_id     uuid        NOT NULL REFERENCES webhooks.delivery ON DELETE CASCADE,
    number          integer     NOT NULL CHECK (number > 0),
    begun_at        timestamptz NOT NULL,
    duration_ms     integer     NOT NULL,
    response_status smallint,
    error           text        CHECK (length(error) <= 40),
    PRIMARY KEY (delivery_id, number)
);
COMMENT ON TABLE webhooks.attempt IS 'Every try of every delivery';
