//! The tables and the view of the schema `doctors`, as the migrations make them.

diesel::table! {
    doctors.specialty (slug) {
        slug -> Text,
        name -> Text,
    }
}

diesel::table! {
    doctors.city (slug) {
        slug -> Text,
        name -> Text,
        state -> Text,
        time_zone -> Text,
    }
}

diesel::table! {
    doctors.clinic (id) {
        id -> Uuid,
        name -> Text,
        address -> Text,
        city -> Text,
        state -> Text,
        time_zone -> Text,
        active -> Bool,
        version -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    doctors.doctor (id) {
        id -> Uuid,
        clinic_id -> Uuid,
        specialty -> Text,
        city -> Text,
        first_name -> Text,
        last_name -> Text,
        address -> Text,
        consultation_price -> Integer,
        profile_image_url -> Nullable<Text>,
        rating -> SmallInt,
        years_experience -> SmallInt,
        bio -> Text,
        languages -> Array<Text>,
        offers_in_person -> Bool,
        offers_video -> Bool,
        search_text -> Text,
        minimum_notice_minutes -> Integer,
        horizon_days -> Integer,
        change_cutoff_hours -> Integer,
        active -> Bool,
        version -> Integer,
        calendar_version -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    doctors.visit_type (id) {
        id -> Uuid,
        doctor_id -> Uuid,
        clinic_id -> Uuid,
        name -> Text,
        mode -> Text,
        duration_minutes -> SmallInt,
        grid_minutes -> SmallInt,
        buffer_before -> SmallInt,
        buffer_after -> SmallInt,
        price_cents -> BigInt,
        open_to_new_patients -> Bool,
        is_default -> Bool,
        active -> Bool,
        version -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        resource_kind -> Nullable<Text>,
    }
}

diesel::table! {
    doctors.resource (id) {
        id -> Uuid,
        clinic_id -> Uuid,
        kind -> Text,
        name -> Text,
        active -> Bool,
        version -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    doctors.override_day (doctor_id, on_date) {
        doctor_id -> Uuid,
        on_date -> Date,
        hours -> Text,
        id -> Nullable<Uuid>,
        reason -> Nullable<Binary>,
    }
}

diesel::table! {
    doctors.time_off (id) {
        id -> Uuid,
        doctor_id -> Uuid,
        starts_at -> Timestamptz,
        ends_at -> Timestamptz,
        calendar_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    doctors.clinic_holiday (clinic_id, on_date) {
        clinic_id -> Uuid,
        on_date -> Date,
        name -> Text,
    }
}

diesel::table! {
    doctors.weekly_hours (id) {
        id -> Uuid,
        doctor_id -> Uuid,
        clinic_id -> Uuid,
        weekday -> SmallInt,
        from_minute -> SmallInt,
        to_minute -> SmallInt,
        visit_type_ids -> Nullable<Array<Uuid>>,
        valid_from -> Nullable<Date>,
        valid_until -> Nullable<Date>,
    }
}

diesel::table! {
    doctors.weekly_break (id) {
        id -> Uuid,
        doctor_id -> Uuid,
        clinic_id -> Uuid,
        weekday -> SmallInt,
        from_minute -> SmallInt,
        to_minute -> SmallInt,
        valid_from -> Nullable<Date>,
        valid_until -> Nullable<Date>,
    }
}

diesel::table! {
    doctors.soonest (doctor_id) {
        doctor_id -> Uuid,
        specialty -> Text,
        city -> Text,
        soonest_at -> Timestamptz,
        local_date -> Date,
        blocked_from -> Timestamptz,
        blocked_until -> Timestamptz,
        valid_until -> Timestamptz,
        weekdays -> SmallInt,
        edition -> BigInt,
        revision -> BigInt,
    }
}

diesel::table! {
    doctors.calendar_change (id) {
        id -> Uuid,
        doctor_id -> Nullable<Uuid>,
        clinic_id -> Uuid,
        made_at -> Timestamptz,
        made_by -> Text,
        reversal -> Text,
        visits -> Text,
        undone_at -> Nullable<Timestamptz>,
        undo_left -> Nullable<Text>,
    }
}

diesel::table! {
    doctors.agenda (doctor_id) {
        doctor_id -> Uuid,
        clinic_id -> Uuid,
        specialty -> Text,
        city -> Text,
        active -> Bool,
        minimum_notice_minutes -> Integer,
        horizon_days -> Integer,
        clinics -> Text,
        visit_types -> Text,
        weekly_hours -> Text,
        overrides -> Text,
        time_off -> Text,
        holidays -> Text,
        edition -> BigInt,
        breaks -> Text,
        resources -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(doctor, soonest, specialty, city, clinic, weekly_hours, visit_type);
