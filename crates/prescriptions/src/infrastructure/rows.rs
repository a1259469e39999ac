//! Rows, and what they hold.

use diesel::QueryableByName;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Binary, Date as SqlDate, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use jiff_diesel::{Date as DbDate, NullableTimestamp, Timestamp as DbTimestamp};
use kernel::{AppointmentId, ClinicId, DoctorId, PatientId};
use platform::crypto::Keyring;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::stored::{CODE, CONTENT, HEADS, REASON};
use crate::domain::{CheckCode, NotACode, Prescription, PrescriptionId, Signature, Version, VersionId, Withdrawal};

/// A prescription with a version of it: which one, the condition behind it says.
pub(super) const SELECT: &str =
    "SELECT p.id, p.appointment_id, p.doctor_id, p.patient_id, p.clinic_id, p.time_zone, p.newest,
    p.revision, p.withdrawn_at, p.withdraw_reason, p.created_at, p.updated_at, v.id AS version_id, v.number,
    v.issued_at, v.issued_on, v.valid_until, v.content, v.heads, v.code, v.signature
    FROM prescriptions.prescription p JOIN prescriptions.version v ON v.prescription_id = p.id";

/// That it is the newest.
pub(super) const NEWEST: &str = "v.number = p.newest";

#[derive(QueryableByName)]
pub(super) struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    appointment_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    doctor_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    patient_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    clinic_id: Uuid,
    #[diesel(sql_type = Text)]
    time_zone: String,
    #[diesel(sql_type = Integer)]
    newest: i32,
    #[diesel(sql_type = Integer)]
    revision: i32,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    withdrawn_at: NullableTimestamp,
    #[diesel(sql_type = Nullable<Binary>)]
    withdraw_reason: Option<Vec<u8>>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DbTimestamp,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DbTimestamp,
    #[diesel(sql_type = SqlUuid)]
    version_id: Uuid,
    #[diesel(sql_type = Integer)]
    number: i32,
    #[diesel(sql_type = Timestamptz)]
    issued_at: DbTimestamp,
    #[diesel(sql_type = SqlDate)]
    issued_on: DbDate,
    #[diesel(sql_type = SqlDate)]
    valid_until: DbDate,
    #[diesel(sql_type = Binary)]
    content: Vec<u8>,
    #[diesel(sql_type = Binary)]
    heads: Vec<u8>,
    #[diesel(sql_type = Binary)]
    code: Vec<u8>,
    #[diesel(sql_type = Binary)]
    signature: Vec<u8>,
}

fn broken(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> DieselError {
    DieselError::DeserializationError(error.into())
}

/// What was sealed as JSON.
pub(super) fn opened<T: DeserializeOwned>(
    keys: &Keyring,
    place: &str,
    id: Uuid,
    sealed: &[u8],
) -> Result<T, DieselError> {
    // What serde says about JSON that it cannot read might quote it.
    serde_json::from_slice(&keys.open(place, id, sealed).map_err(broken)?).map_err(|_| broken("not what was sealed"))
}

impl Row {
    pub(super) fn open(self, keys: &Keyring) -> Result<Prescription, DieselError> {
        let withdrawn = match (self.withdrawn_at.to_jiff(), &self.withdraw_reason) {
            (Some(at), Some(reason)) => {
                Some(Withdrawal { at, reason: keys.open_text(REASON, self.id, reason).map_err(broken)? })
            }
            (None, _) | (_, None) => None,
        };
        let id = self.version_id;
        let code = keys.open_text(CODE, id, &self.code).map_err(broken)?;
        let signature: [u8; 32] = self.signature.try_into().map_err(|_| broken("a signature has 32 octets"))?;
        let version = Version {
            id: VersionId::from_uuid(id),
            number: self.number,
            issued_at: self.issued_at.to_jiff(),
            issued_on: self.issued_on.to_jiff(),
            valid_until: self.valid_until.to_jiff(),
            content: opened(keys, CONTENT, id, &self.content)?,
            heads: opened(keys, HEADS, id, &self.heads)?,
            code: code.parse::<CheckCode>().map_err(|error: NotACode| broken(error))?,
            signature: Signature::new(signature),
        };
        Ok(Prescription {
            id: PrescriptionId::from_uuid(self.id),
            appointment: AppointmentId::from_uuid(self.appointment_id),
            doctor: DoctorId::from_uuid(self.doctor_id),
            patient: PatientId::from_uuid(self.patient_id),
            clinic: ClinicId::from_uuid(self.clinic_id),
            time_zone: self.time_zone,
            newest: self.newest,
            revision: self.revision,
            withdrawn,
            created_at: self.created_at.to_jiff(),
            updated_at: self.updated_at.to_jiff(),
            version,
        })
    }
}
