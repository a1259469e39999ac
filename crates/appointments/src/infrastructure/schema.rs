//! The tables of the schema `appointments`, as the migrations make them.

diesel::table! {
    appointments.patient (id) {
        id -> Uuid,
        created_at -> Timestamptz,
        name -> Binary,
        email -> Nullable<Binary>,
        name_key -> Nullable<Binary>,
        email_key -> Nullable<Binary>,
        phone -> Nullable<Binary>,
        birth_date -> Nullable<Binary>,
        version -> Integer,
        search_keys -> Nullable<Array<BigInt>>,
        taken_down_at -> Nullable<Uuid>,
    }
}

diesel::table! {
    appointments.clear_patient (id) {
        id -> Uuid,
        name -> Text,
        email -> Text,
    }
}

diesel::table! {
    appointments.clear_appointment (id) {
        id -> Uuid,
        notes -> Nullable<Text>,
        cancel_reason -> Nullable<Text>,
    }
}

diesel::table! {
    appointments.appointment (id) {
        id -> Uuid,
        clinic_id -> Uuid,
        doctor_id -> Uuid,
        patient_id -> Uuid,
        visit_type_id -> Uuid,
        mode -> Text,
        starts_at -> Timestamptz,
        ends_at -> Timestamptz,
        blocked_from -> Timestamptz,
        blocked_until -> Timestamptz,
        time_zone -> Text,
        price_cents -> BigInt,
        status -> Text,
        reminder_sent -> Bool,
        version -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        notes -> Nullable<Binary>,
        cancel_reason -> Nullable<Binary>,
        arrived_at -> Nullable<Timestamptz>,
        completed_at -> Nullable<Timestamptz>,
        missed_at -> Nullable<Timestamptz>,
        correct_reason -> Nullable<Binary>,
        outside_reason -> Nullable<Binary>,
        held_until -> Nullable<Timestamptz>,
        resource_id -> Nullable<Uuid>,
        resource_name -> Nullable<Text>,
        series_id -> Nullable<Uuid>,
        series_position -> Nullable<SmallInt>,
    }
}

diesel::table! {
    appointments.series (id) {
        id -> Uuid,
        clinic_id -> Uuid,
        doctor_id -> Uuid,
        patient_id -> Uuid,
        visit_type_id -> Uuid,
        rrule -> Text,
        first_at -> Timestamptz,
        time_zone -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// The same table with what holds have and visits have not. A row is either: who reads `appointment` joins the
    /// patient, whom no hold has.
    #[sql_name = "appointment"]
    appointments.held (id) {
        id -> Uuid,
        clinic_id -> Uuid,
        doctor_id -> Uuid,
        visit_type_id -> Uuid,
        mode -> Text,
        starts_at -> Timestamptz,
        ends_at -> Timestamptz,
        blocked_from -> Timestamptz,
        blocked_until -> Timestamptz,
        time_zone -> Text,
        price_cents -> BigInt,
        status -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        held_until -> Nullable<Timestamptz>,
        resource_id -> Nullable<Uuid>,
        resource_name -> Nullable<Text>,
    }
}

diesel::table! {
    appointments.hold (id) {
        id -> Uuid,
        kind -> Text,
        user_id -> Nullable<Uuid>,
        patient_id -> Nullable<Uuid>,
        email_key -> Nullable<Binary>,
        client_key -> Nullable<Binary>,
        draft -> Nullable<Binary>,
        digest -> Nullable<Binary>,
        tries -> SmallInt,
    }
}

diesel::table! {
    appointments.caretaker (user_id, patient_id) {
        user_id -> Uuid,
        patient_id -> Uuid,
        relation -> Text,
        since -> Timestamptz,
    }
}

diesel::table! {
    appointments.access_log (id) {
        id -> Uuid,
        patient_id -> Uuid,
        at -> Timestamptz,
        actor_kind -> Text,
        actor_id -> Uuid,
        doctor_id -> Nullable<Uuid>,
        clinic_id -> Nullable<Uuid>,
        what -> Text,
        emergency -> Bool,
    }
}

diesel::table! {
    appointments.emergency_access (id) {
        id -> Uuid,
        patient_id -> Uuid,
        doctor_id -> Uuid,
        user_id -> Uuid,
        reason -> Binary,
        granted_at -> Timestamptz,
        ends_at -> Timestamptz,
    }
}

diesel::joinable!(appointment -> patient (patient_id));
diesel::joinable!(caretaker -> patient (patient_id));
diesel::allow_tables_to_appear_in_same_query!(appointment, caretaker, patient);
