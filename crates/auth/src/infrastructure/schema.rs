//! The tables of the schema `auth`, as the migrations make them.

diesel::table! {
    auth.account (id) {
        id -> Uuid,
        role -> Text,
        state -> Text,
        name -> Binary,
        email -> Binary,
        email_key -> Nullable<Binary>,
        email_verified_at -> Nullable<Timestamptz>,
        language -> Text,
        doctor_id -> Nullable<Uuid>,
        password_hash -> Nullable<Text>,
        password_changed_at -> Nullable<Timestamptz>,
        totp_secret -> Nullable<Binary>,
        totp_confirmed_at -> Nullable<Timestamptz>,
        totp_last_step -> Nullable<BigInt>,
        version -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    auth.membership (account_id, clinic_id) {
        account_id -> Uuid,
        clinic_id -> Uuid,
    }
}

diesel::table! {
    auth.recovery_code (account_id, digest) {
        account_id -> Uuid,
        digest -> Binary,
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    auth.session (id) {
        id -> Uuid,
        account_id -> Uuid,
        kind -> Text,
        extent -> Text,
        cookie_digest -> Nullable<Binary>,
        client -> Binary,
        created_at -> Timestamptz,
        last_used_at -> Timestamptz,
        expires_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
        revoked_why -> Nullable<Text>,
    }
}

diesel::table! {
    auth.refresh_token (digest) {
        digest -> Binary,
        session_id -> Uuid,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    auth.code (id) {
        id -> Uuid,
        purpose -> Text,
        account_id -> Nullable<Uuid>,
        email_key -> Binary,
        details -> Nullable<Binary>,
        digest -> Binary,
        tries -> SmallInt,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    auth.attempt (id) {
        id -> Uuid,
        kind -> Text,
        key -> Binary,
        at -> Timestamptz,
    }
}

diesel::table! {
    auth.consent (id) {
        id -> Uuid,
        account_id -> Uuid,
        document -> Text,
        version -> Text,
        given_at -> Timestamptz,
        withdrawn_at -> Nullable<Timestamptz>,
    }
}

diesel::joinable!(session -> account (account_id));
diesel::joinable!(refresh_token -> session (session_id));
diesel::allow_tables_to_appear_in_same_query!(account, membership, session, refresh_token, code, recovery_code);
