//! The tables of the schemas `platform` and `journal`, as the migrations make them.

diesel::table! {
    platform.idempotency_key (id) {
        scope -> Text,
        key -> Text,
        fingerprint -> Binary,
        status -> SmallInt,
        location -> Nullable<Text>,
        etag -> Nullable<Text>,
        created_at -> Timestamptz,
        id -> Uuid,
        body -> Binary,
    }
}

diesel::table! {
    platform.clear_answer (scope, key) {
        scope -> Text,
        key -> Text,
        fingerprint -> Binary,
        status -> SmallInt,
        location -> Nullable<Text>,
        etag -> Nullable<Text>,
        body -> Binary,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    journal.audit_head (stream) {
        stream -> Uuid,
        seq -> BigInt,
        hash -> Binary,
    }
}

diesel::table! {
    journal.audit_event (stream, seq) {
        stream -> Uuid,
        seq -> BigInt,
        id -> Uuid,
        at -> Timestamptz,
        actor_kind -> Text,
        actor_id -> Nullable<Uuid>,
        action -> Text,
        subject -> Uuid,
        request_id -> Nullable<Text>,
        data -> Text,
        hash -> Binary,
    }
}

diesel::table! {
    journal.outbox (id) {
        id -> Uuid,
        topic -> Text,
        subject -> Uuid,
        payload -> Text,
        created_at -> Timestamptz,
        available_at -> Timestamptz,
        attempts -> Integer,
        done_at -> Nullable<Timestamptz>,
        sealed -> Nullable<Binary>,
        last_error -> Nullable<Text>,
        failed_at -> Nullable<Timestamptz>,
    }
}
