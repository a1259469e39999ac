//! What the slice holds about somebody, for a copy of it.

use kernel::{PatientId, PortFailure};
use platform::crypto::Keyring;
use platform::pg::{self, PgPool};
use platform::records::{self, Wanted};
use serde_json::Value;
use uuid::Uuid;

/// Records about patients.
#[derive(Debug, Clone, Default)]
pub struct PrescriptionRecords {
    /// Their prescriptions.
    pub prescriptions: Vec<Value>,
    /// All versions of these.
    pub versions: Vec<Value>,
    /// Ids of the prescriptions.
    pub subjects: Vec<Uuid>,
}

/// Copies records in PostgreSQL.
#[derive(Clone)]
pub struct PgPrescriptionRecords {
    /// Works through it.
    pub pool: PgPool,
    /// Opens.
    pub keys: Keyring,
}

impl PgPrescriptionRecords {
    /// All records about these patients. Codes of the public check are left out: they open something.
    ///
    /// # Errors
    /// Of the database, or when a value cannot be opened.
    pub async fn of(&self, patients: &[PatientId]) -> Result<PrescriptionRecords, PortFailure> {
        const PRESCRIPTIONS: Wanted = Wanted {
            table: "prescriptions.prescription",
            of: "t.patient_id = ANY($1)",
            but: &["search_keys", "medicine_keys"],
        };
        const VERSIONS: Wanted = Wanted {
            table: "prescriptions.version",
            of: "t.prescription_id IN (SELECT p.id FROM prescriptions.prescription p WHERE p.patient_id = ANY($1))",
            but: &["code", "code_key", "signature"],
        };
        let failed = |error| pg::failure("read records of prescriptions", error);
        let ids: Vec<Uuid> = patients.iter().map(|one| one.as_uuid()).collect();
        let mut conn = pg::conn(&self.pool).await?;
        let prescriptions = records::rows(&mut conn, &self.keys, PRESCRIPTIONS, &ids).await.map_err(failed)?;
        let versions = records::rows(&mut conn, &self.keys, VERSIONS, &ids).await.map_err(failed)?;
        let subjects = prescriptions.iter().filter_map(|row| row["id"].as_str()?.parse().ok()).collect();
        Ok(PrescriptionRecords { prescriptions, versions, subjects })
    }
}
