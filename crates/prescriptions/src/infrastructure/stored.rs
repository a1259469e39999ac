//! A prescription as its rows hold it: sealed, and found by keyed hashes.

use jiff::Timestamp;
use jiff::civil::Date;
use platform::crypto::Keyring;
use uuid::Uuid;

use crate::domain::{CheckCode, Prescription, SearchTerm, medicine_names, search_terms};

/// Places of sealed values: schema, table and column.
pub(super) const REASON: &str = "prescriptions.prescription.withdraw_reason";
pub(super) const CONTENT: &str = "prescriptions.version.content";
pub(super) const HEADS: &str = "prescriptions.version.heads";
pub(super) const CODE: &str = "prescriptions.version.code";

/// Columns of `prescriptions.prescription`, for those who load many rows at once.
#[derive(Debug)]
pub struct SealedPrescription {
    /// `last_valid_day`.
    pub last_valid_day: Date,
    /// `withdrawn_at`.
    pub withdrawn_at: Option<Timestamp>,
    /// `withdraw_reason`.
    pub withdraw_reason: Option<Vec<u8>>,
    /// `search_keys`.
    pub search_keys: Vec<i64>,
    /// `medicine_keys`.
    pub medicine_keys: Vec<i64>,
}

/// Columns of `prescriptions.version`.
#[derive(Debug)]
pub struct SealedVersion {
    /// `content`.
    pub content: Vec<u8>,
    /// `heads`.
    pub heads: Vec<u8>,
    /// `code`.
    pub code: Vec<u8>,
    /// `code_key`.
    pub code_key: [u8; 32],
}

/// Seals a prescription in the version that is looked at.
#[must_use]
pub fn seal(keys: &Keyring, one: &Prescription) -> (SealedPrescription, SealedVersion) {
    let withdrawn = one.withdrawn.as_ref();
    let names = medicine_names(&one.version.content);
    let prescription = SealedPrescription {
        last_valid_day: one.version.valid_until,
        withdrawn_at: withdrawn.map(|withdrawn| withdrawn.at),
        withdraw_reason: withdrawn.map(|gone| keys.seal_text(REASON, one.id.as_uuid(), &gone.reason)),
        search_keys: search_keys(keys, &search_terms(&one.version.content, &one.version.heads)),
        medicine_keys: names
            .iter()
            .map(|name| keys.blind_number("prescriptions.prescription.medicine_keys", name))
            .collect(),
    };
    let id = one.version.id.as_uuid();
    let version = SealedVersion {
        content: sealed_json(keys, CONTENT, id, &one.version.content),
        heads: sealed_json(keys, HEADS, id, &one.version.heads),
        code: keys.seal_text(CODE, id, &one.version.code.to_string()),
        code_key: code_key(keys, one.version.code),
    };
    (prescription, version)
}

/// What is sealed is plain data of ours, which always can be written.
pub(super) fn sealed_json<T: serde::Serialize>(keys: &Keyring, place: &str, id: Uuid, value: &T) -> Vec<u8> {
    keys.seal(place, id, &serde_json::to_vec(value).unwrap_or_default())
}

/// By what a code is found.
pub(super) fn code_key(keys: &Keyring, code: CheckCode) -> [u8; 32] {
    keys.blind("prescriptions.version.code_key", &code.to_string())
}

/// The hashes of terms.
pub(super) fn search_keys(keys: &Keyring, terms: &[SearchTerm]) -> Vec<i64> {
    let purpose = |kind: &str| format!("prescriptions.prescription.search_keys.{kind}");
    terms.iter().map(|(kind, text)| keys.blind_number(&purpose(kind), text)).collect()
}
