//! Rows, what they hold, and the keyed hashes by which files are found though all that is told of them is sealed.

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use jiff::civil::Date;
use jiff_diesel::Timestamp as DbTimestamp;
use kernel::{ClinicId, PatientId, Role, UserId};
use platform::crypto::Keyring;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::schema::{file, version};
use crate::domain::{
    Category, File, FileId, FileKind, FileName, Term, ToldBy, Version, VersionId, VersionState, terms_of,
};

pub(super) const DETAILS: &str = "files.version.details";
pub(super) const DATA_KEY: &str = "files.version.data_key";
pub(super) const TEXT: &str = "files.version.text";

/// What stands sealed in a version's row.
#[derive(Serialize, Deserialize)]
pub(super) struct Details {
    pub(super) name: String,
    sha256: String,
    pages: Option<u32>,
    pub(super) dates: Vec<Date>,
}

impl Details {
    pub(super) fn of(version: &Version) -> Self {
        Self {
            name: version.name.as_str().to_owned(),
            sha256: hex(&version.sha256),
            pages: version.pages,
            dates: version.dates.clone(),
        }
    }

    pub(super) fn sealed(&self, keys: &Keyring, row: Uuid) -> Result<Vec<u8>, DieselError> {
        let plain = serde_json::to_vec(self).map_err(|error| DieselError::SerializationError(error.into()))?;
        Ok(keys.seal(DETAILS, row, &plain))
    }

    pub(super) fn opened(keys: &Keyring, row: Uuid, sealed: &[u8]) -> Result<Self, DieselError> {
        let plain = keys.open(DETAILS, row, sealed).map_err(|error| DieselError::DeserializationError(error.into()))?;
        serde_json::from_slice(&plain).map_err(|error| DieselError::DeserializationError(error.into()))
    }
}

/// Small hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(place * 2..place * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = file)]
pub(super) struct FileRow {
    id: Uuid,
    patient_id: Uuid,
    clinic_id: Option<Uuid>,
    category: String,
    category_told: String,
    revision: i32,
    created_at: DbTimestamp,
    updated_at: DbTimestamp,
    deleted_at: Option<DbTimestamp>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = version)]
pub(super) struct VersionRow {
    id: Uuid,
    number: i32,
    state: String,
    details: Vec<u8>,
    kind: String,
    size: i64,
    object_key: String,
    data_key: Vec<u8>,
    uploaded_at: DbTimestamp,
    uploaded_by: Uuid,
    uploader: String,
}

fn unknown(what: &'static str) -> DieselError {
    DieselError::DeserializationError(what.into())
}

impl VersionRow {
    pub(super) fn open(self, keys: &Keyring) -> Result<Version, DieselError> {
        let details = Details::opened(keys, self.id, &self.details)?;
        Ok(Version {
            id: VersionId::from_uuid(self.id),
            number: self.number,
            state: VersionState::from_name(&self.state).ok_or_else(|| unknown("a state that is not known"))?,
            name: FileName::kept(details.name),
            kind: FileKind::from_name(&self.kind).ok_or_else(|| unknown("a kind that is not known"))?,
            size: self.size.unsigned_abs(),
            sha256: unhex(&details.sha256).ok_or_else(|| unknown("a digest that is none"))?,
            pages: details.pages,
            dates: details.dates,
            object_key: self.object_key,
            sealed_key: self.data_key,
            uploaded_at: self.uploaded_at.to_jiff(),
            uploaded_by: UserId::from_uuid(self.uploaded_by),
            uploader: self.uploader.parse::<Role>().map_err(|_| unknown("a role that is not known"))?,
        })
    }
}

impl FileRow {
    pub(super) fn with(self, newest: Version) -> Result<File, DieselError> {
        Ok(File {
            id: FileId::from_uuid(self.id),
            patient: PatientId::from_uuid(self.patient_id),
            clinic: self.clinic_id.map(ClinicId::from_uuid),
            category: Category::from_name(&self.category).ok_or_else(|| unknown("a category that is not known"))?,
            told_by: if self.category_told == "person" { ToldBy::Person } else { ToldBy::Content },
            revision: self.revision,
            created_at: self.created_at.to_jiff(),
            updated_at: self.updated_at.to_jiff(),
            deleted_at: self.deleted_at.map(DbTimestamp::to_jiff),
            newest,
        })
    }
}

pub(super) const fn told(by: ToldBy) -> &'static str {
    match by {
        ToldBy::Person => "person",
        ToldBy::Content => "content",
    }
}

/// Where a term is looked for.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Name,
    Text,
}

/// The hash of a term, for one patient alone: the same word of two patients has two hashes, so that nobody who reads the
/// table tells who shares one.
pub(super) fn key_of(keys: &Keyring, patient: PatientId, place: Place, term: &Term) -> i64 {
    let place = match place {
        Place::Name => "name",
        Place::Text => "text",
    };
    keys.blind_number(&format!("files.version.{place}_keys.{patient}"), &term.text())
}

/// Those of all terms of a text; in no telling order.
pub(super) fn keys_of(keys: &Keyring, patient: PatientId, place: Place, text: &str) -> Vec<i64> {
    let mut found: Vec<i64> = terms_of(text).iter().map(|term| key_of(keys, patient, place, term)).collect();
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_read_back() {
        let digest: [u8; 32] = std::array::from_fn(|place| u8::try_from(place * 7).unwrap());
        assert_eq!(unhex(&hex(&digest)), Some(digest));
        assert!(unhex("zz").is_none() && unhex(&"é".repeat(32)).is_none() && unhex(&"g".repeat(64)).is_none());
    }

    #[test]
    fn the_same_word_of_two_patients_has_two_hashes() {
        let keys = Keyring::derived(&secrecy::SecretString::from("a secret of the tests"));
        let term = Term::Word("flu".into());
        let (one, other) = (PatientId::mint(), PatientId::mint());
        assert_ne!(key_of(&keys, one, Place::Text, &term), key_of(&keys, other, Place::Text, &term));
        assert_ne!(key_of(&keys, one, Place::Text, &term), key_of(&keys, one, Place::Name, &term));
    }
}
