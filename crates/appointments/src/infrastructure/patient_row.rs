use diesel::prelude::*;
use diesel::result::Error as DieselError;
use jiff::civil::Date;
use jiff_diesel::{Timestamp as DbTimestamp, ToDiesel as _};
use kernel::PatientId;
use platform::crypto::{CannotOpen, Keyring};
use uuid::Uuid;

use super::schema::patient;
use super::sealed::{blind_keys, places};
use super::search_keys::keys_of;
use crate::domain::Patient;

/// A patient as it lies in the table.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = patient, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(super) struct PatientRow {
    pub(super) id: Uuid,
    name: Vec<u8>,
    email: Option<Vec<u8>>,
    name_key: Option<Vec<u8>>,
    email_key: Option<Vec<u8>>,
    phone: Option<Vec<u8>>,
    birth_date: Option<Vec<u8>>,
    version: i32,
    created_at: DbTimestamp,
    /// By what the person is found; never read back.
    search_keys: Option<Vec<i64>>,
}

impl PatientRow {
    pub(super) fn sealed(person: &Patient, keys: &Keyring) -> Self {
        let id = person.id.as_uuid();
        let seal = |place, text: &str| keys.seal_text(place, id, text);
        let (name_key, email_key) = match blind_keys(keys, person) {
            Some((name, email)) if person.known_by_address => (Some(name.to_vec()), Some(email.to_vec())),
            _ => (None, None),
        };
        Self {
            id,
            name: seal(places::NAME, &person.name),
            email: person.email.as_deref().map(|email| seal(places::EMAIL, email)),
            name_key,
            email_key,
            phone: person.phone.as_deref().map(|phone| seal(places::PHONE, phone)),
            birth_date: person.birth_date.map(|date| seal(places::BIRTH_DATE, &date.to_string())),
            version: person.version,
            created_at: person.created_at.to_diesel(),
            search_keys: Some(keys_of(keys, person)),
        }
    }

    pub(super) fn into_patient(self, keys: &Keyring) -> Result<Patient, DieselError> {
        let id = self.id;
        let open = |place, sealed: &[u8]| keys.open_text(place, id, sealed).map_err(unreadable);
        let born = self.birth_date.map(|sealed| open(places::BIRTH_DATE, &sealed)).transpose()?;
        let born = born.map(|text| text.parse::<Date>()).transpose();
        Ok(Patient {
            id: PatientId::from_uuid(id),
            name: open(places::NAME, &self.name)?,
            email: self.email.map(|sealed| open(places::EMAIL, &sealed)).transpose()?,
            phone: self.phone.map(|sealed| open(places::PHONE, &sealed)).transpose()?,
            birth_date: born.map_err(|error| DieselError::DeserializationError(error.into()))?,
            known_by_address: self.email_key.is_some(),
            version: self.version,
            created_at: self.created_at.to_jiff(),
        })
    }
}

pub(super) fn unreadable(error: CannotOpen) -> DieselError {
    DieselError::DeserializationError(error.into())
}
