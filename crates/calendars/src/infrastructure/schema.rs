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
