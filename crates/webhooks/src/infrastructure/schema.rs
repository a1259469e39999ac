//! The tables of the schema `webhooks`, as the migrations make them.

diesel::table! {
    webhooks.endpoint (id) {
        id -> Uuid,
        clinic_id -> Uuid,
        url -> Binary,
        event_types -> Nullable<Array<Text>>,
        secret -> Binary,
        previous_secret -> Nullable<Binary>,
        previous_until -> Nullable<Timestamptz>,
        disabled_reason -> Nullable<Text>,
        failing_since -> Nullable<Timestamptz>,
        version -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    webhooks.delivery (id) {
        id -> Uuid,
        endpoint_id -> Uuid,
        event_id -> Uuid,
        event_type -> Text,
        payload -> Text,
        state -> Text,
        attempts -> Integer,
        replayed_after -> Integer,
        next_at -> Nullable<Timestamptz>,
        begun_at -> Nullable<Timestamptz>,
        parked -> Bool,
        response_status -> Nullable<SmallInt>,
        duration_ms -> Nullable<Integer>,
        last_error -> Nullable<Text>,
        created_at -> Timestamptz,
        done_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    webhooks.attempt (delivery_id, number) {
        delivery_id -> Uuid,
        number -> Integer,
        begun_at -> Timestamptz,
        duration_ms -> Integer,
        response_status -> Nullable<SmallInt>,
        error -> Nullable<Text>,
    }
}
