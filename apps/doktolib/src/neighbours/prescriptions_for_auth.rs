use appointments::infrastructure::PgVisitRecords;
use async_trait::async_trait;
use auth::application::{Found, PersonalRecords, RecordFile};
use kernel::{PortFailure, UserId};
use prescriptions::infrastructure::PgPrescriptionRecords;
use serde_json::Value;

/// What was prescribed for somebody and those one looks after, for a copy.
pub struct PrescriptionsForAuth {
    pub(crate) records: PgPrescriptionRecords,
    pub(crate) visits: PgVisitRecords,
}

#[async_trait]
impl PersonalRecords for PrescriptionsForAuth {
    async fn of(&self, user: UserId) -> Result<Found, PortFailure> {
        let found = self.records.of(&self.visits.cared_for(user).await?).await?;
        let file = |name, about, rows: &[Value]| RecordFile {
            name,
            about,
            json: serde_json::to_string_pretty(rows).unwrap_or_default(),
        };
        Ok(Found {
            files: vec![
                file(
                    "prescriptions.json",
                    "What was prescribed for you and the people you look after.",
                    &found.prescriptions,
                ),
                file(
                    "prescription-versions.json",
                    "Every version of it: medicines, notes, and who and where.",
                    &found.versions,
                ),
            ],
            subjects: found.subjects,
        })
    }
}
