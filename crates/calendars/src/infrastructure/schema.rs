//! The tables of the schema `calendars`, as the migrations make them.

diesel::table! {
    calendars.feed (id) {
        id -> Uuid,
        secret_digest -> Binary,
        user_id -> Nullable<Uuid>,
        doctor_id -> Nullable<Uuid>,
        details -> Text,
        language -> Text,
        opened_by -> Uuid,
        created_at -> Timestamptz,
        last_used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    calendars.external_calendar (id) {
        id -> Uuid,
        doctor_id -> Uuid,
        address -> Binary,
        time_zone -> Text,
        added_by -> Uuid,
        created_at -> Timestamptz,
        removed_at -> Nullable<Timestamptz>,
        next_read_at -> Timestamptz,
        etag -> Nullable<Text>,
        whole_read_at -> Nullable<Timestamptz>,
        read_at -> Nullable<Timestamptz>,
        stale_since -> Nullable<Timestamptz>,
        trouble -> Nullable<Text>,
        busy -> Integer,
        not_understood -> Integer,
    }
}
