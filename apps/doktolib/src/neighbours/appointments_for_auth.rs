use std::sync::Arc;

use appointments::application::{WelcomeError, WelcomePatient};
use appointments::infrastructure::PgVisitRecords;
use async_trait::async_trait;
use auth::application::{Found, PatientErasure, PatientRecords, PersonalRecords, RecordFile, VisitsAhead};
use jiff::Timestamp;
use kernel::{PortFailure, UserId};
use platform::http::context;
use serde_json::Value;
use uuid::Uuid;

/// Patients have a record of their own from their first sign-in on.
#[derive(Clone)]
pub struct AppointmentsForAuth {
    pub(crate) welcome: Arc<WelcomePatient>,
}

#[async_trait]
impl PatientRecords for AppointmentsForAuth {
    async fn welcome(&self, user: UserId) -> Result<(), PortFailure> {
        match self.welcome.run(user, context::request_id()).await {
            // Whoever has proved no address has no record to be found, and may sign in all the same.
            Ok(_) | Err(WelcomeError::NobodyKnown | WelcomeError::BadPatient(_)) => Ok(()),
            Err(WelcomeError::Failed(failure)) => Err(failure),
        }
    }
}

/// What visits tell of people, for a copy and for its end.
pub struct VisitRecordsForAuth {
    pub(crate) records: PgVisitRecords,
}

#[async_trait]
impl PersonalRecords for VisitRecordsForAuth {
    async fn of(&self, user: UserId) -> Result<Found, PortFailure> {
        let found = self.records.of(user).await?;
        let file = |name, about, rows: &[Value]| RecordFile {
            name,
            about,
            json: serde_json::to_string_pretty(rows).unwrap_or_default(),
        };
        Ok(Found {
            files: vec![
                file("patients.json", "You and the people you look after, as patients.", &found.patients),
                file(
                    "appointments.json",
                    "Your visits and those of the people you look after, with notes and reasons.",
                    &found.appointments,
                ),
                file("waitlist.json", "What you and they have waited for.", &found.waitlist),
                file("waitlist-offers.json", "The times that were offered for it.", &found.offers),
                file(
                    "emergency-accesses.json",
                    "When doctors without a visit of yours have opened your record, and why.",
                    &found.emergencies,
                ),
                file(
                    "accesses.json",
                    "When doctors, front desks and administrators have read of you and the people you look after.",
                    &found.accesses,
                ),
                file(
                    "holds.json",
                    "Times that are held for you just now, and what you have told with them.",
                    &found.holds,
                ),
            ],
            subjects: found.subjects,
        })
    }
}

#[async_trait]
impl PatientErasure for VisitRecordsForAuth {
    async fn erase(&self, user: UserId, now: Timestamp) -> Result<Result<Vec<Uuid>, VisitsAhead>, PortFailure> {
        Ok(self.records.erase(user, now).await?.map_err(|_| VisitsAhead))
    }
}
