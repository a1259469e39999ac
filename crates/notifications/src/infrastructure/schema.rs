//! The tables of the schema `notifications`, as the migrations make them.

diesel::table! {
    notifications.clinic_message (id) {
        id -> Uuid,
        clinic_id -> Uuid,
        patient_id -> Uuid,
        sender_id -> Uuid,
        channel -> Text,
        sent_at -> Timestamptz,
    }
}

diesel::table! {
    notifications.message (id) {
        id -> Uuid,
        channel -> Text,
        template -> Text,
        subject -> Uuid,
        created_at -> Timestamptz,
        state -> Text,
        provider_id -> Nullable<Text>,
        trouble -> Nullable<Text>,
        tries -> Integer,
        trying_since -> Nullable<Timestamptz>,
        changed_at -> Timestamptz,
    }
}

diesel::table! {
    notifications.preference (id) {
        id -> Uuid,
        email_reminders -> Bool,
        sms_reminders -> Bool,
        quiet_from -> SmallInt,
        quiet_until -> SmallInt,
        version -> Integer,
        updated_at -> Timestamptz,
    }
}
