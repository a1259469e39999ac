//! The tables of the schema `files`, as the migrations make them.

diesel::table! {
    files.file (id) {
        id -> Uuid,
        patient_id -> Uuid,
        clinic_id -> Nullable<Uuid>,
        category -> Text,
        category_told -> Text,
        newest_version -> Integer,
        revision -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    files.version (id) {
        id -> Uuid,
        file_id -> Uuid,
        number -> Integer,
        state -> Text,
        details -> Binary,
        kind -> Text,
        size -> BigInt,
        object_key -> Text,
        data_key -> Binary,
        name_keys -> Array<BigInt>,
        text_keys -> Array<BigInt>,
        text -> Nullable<Binary>,
        uploaded_at -> Timestamptz,
        uploaded_by -> Uuid,
        uploader -> Text,
    }
}

diesel::joinable!(version -> file (file_id));
diesel::allow_tables_to_appear_in_same_query!(file, version);
