-- Accounts that can sign in, how they prove who they are, and their sign-ins.
CREATE SCHEMA auth;

CREATE TABLE auth.account (
    id                  uuid        PRIMARY KEY,
    role                text        NOT NULL CHECK (role IN ('patient', 'doctor', 'staff', 'admin')),
    state               text        NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled', 'erased')),
    name                bytea       NOT NULL,
    email               bytea       NOT NULL,
    email_key           bytea       UNIQUE CHECK (octet_length(email_key) = 32),
    email_verified_at   timestamptz,
    language            text        NOT NULL DEFAULT 'en' CHECK (length(language) BETWEEN 2 AND 35),
    doctor_id           uuid        UNIQUE,
    password_hash       text,
    password_changed_at timestamptz,
    totp_secret         bytea,
    totp_confirmed_at   timestamptz,
    totp_last_step      bigint,
    version             integer     NOT NULL DEFAULT 1,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    CHECK (role = 'doctor' OR doctor_id IS NULL),
    CHECK (state = 'erased' OR email_key IS NOT NULL),
    CHECK (totp_confirmed_at IS NULL OR totp_secret IS NOT NULL)
);
COMMENT ON TABLE auth.account IS 'Users. Name, address and the secret of the second factor are sealed by the application';
COMMENT ON COLUMN auth.account.email_key IS 'Keyed hash of the address in lower case: finds it, tells nothing';
COMMENT ON COLUMN auth.account.totp_last_step IS 'Time step of the last code taken: none is taken twice';

CREATE TABLE auth.membership (
    account_id uuid NOT NULL REFERENCES auth.account (id),
    clinic_id  uuid NOT NULL,
    PRIMARY KEY (account_id, clinic_id)
);
CREATE INDEX membership_by_clinic ON auth.membership (clinic_id, account_id);

CREATE TABLE auth.recovery_code (
    account_id uuid        NOT NULL REFERENCES auth.account (id),
    digest     bytea       NOT NULL CHECK (octet_length(digest) = 32),
    used_at    timestamptz,
    PRIMARY KEY (account_id, digest)
);

CREATE TABLE auth.session (
    id             uuid        PRIMARY KEY,
    account_id     uuid        NOT NULL REFERENCES auth.account (id),
    kind           text        NOT NULL CHECK (kind IN ('bearer', 'cookie')),
    extent         text        NOT NULL CHECK (extent IN ('full', 'second_factor_setup')),
    cookie_digest  bytea       UNIQUE CHECK (octet_length(cookie_digest) = 32),
    client         bytea       NOT NULL,
    created_at     timestamptz NOT NULL,
    last_used_at   timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    revoked_at     timestamptz,
    revoked_why    text        CHECK (length(revoked_why) <= 40),
    CHECK ((kind = 'cookie') = (cookie_digest IS NOT NULL))
);
COMMENT ON COLUMN auth.session.client IS 'User agent and address, sealed: shown to its owner in the list of sessions';
CREATE INDEX session_by_account ON auth.session (account_id, created_at) WHERE revoked_at IS NULL;
CREATE INDEX session_expires_at ON auth.session (expires_at);

CREATE TABLE auth.refresh_token (
    digest     bytea       PRIMARY KEY CHECK (octet_length(digest) = 32),
    session_id uuid        NOT NULL REFERENCES auth.session (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
COMMENT ON TABLE auth.refresh_token IS 'Digests of the tokens of a session, one unused at a time; a used one that comes back ends the session';
CREATE INDEX refresh_token_by_session ON auth.refresh_token (session_id);

CREATE TABLE auth.code (
    id         uuid        PRIMARY KEY,
    purpose    text        NOT NULL CHECK (purpose IN ('sign_in', 'register', 'password_reset', 'email_change', 'invitation')),
    account_id uuid        REFERENCES auth.account (id),
    email_key  bytea       NOT NULL CHECK (octet_length(email_key) = 32),
    details    bytea,
    digest     bytea       NOT NULL CHECK (octet_length(digest) = 32),
    tries      smallint    NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
COMMENT ON TABLE auth.code IS 'One-time codes, as digests; an unknown address gets a row as well, so that both cost the same';
CREATE INDEX code_expires_at ON auth.code (expires_at);

CREATE TABLE auth.attempt (
    id   uuid        PRIMARY KEY,
    kind text        NOT NULL,
    key  bytea       NOT NULL CHECK (octet_length(key) = 32),
    at   timestamptz NOT NULL
);
COMMENT ON TABLE auth.attempt IS 'What limits on signing in count; keys are keyed hashes of address and client';
CREATE INDEX attempt_by_key ON auth.attempt (kind, key, at);
CREATE INDEX attempt_at ON auth.attempt (at);

CREATE TABLE auth.consent (
    id           uuid        PRIMARY KEY,
    account_id   uuid        NOT NULL REFERENCES auth.account (id),
    document     text        NOT NULL CHECK (length(document) BETWEEN 1 AND 60),
    version      text        NOT NULL CHECK (length(version) BETWEEN 1 AND 40),
    given_at     timestamptz NOT NULL,
    withdrawn_at timestamptz
);
CREATE INDEX consent_by_account ON auth.consent (account_id, document, given_at);
