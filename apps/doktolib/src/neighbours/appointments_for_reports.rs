use appointments::domain::Status;
use appointments::infrastructure::{Booker, Canceller, Facts, facts_of_clinic};
use async_trait::async_trait;
use kernel::{ClinicId, Interval, PortFailure};
use platform::pg::{self, PgPool};
use reports::application::Visits;
use reports::domain::{self, Fate, VisitFacts};

/// Visits are counted; of patients nothing is told.
pub struct AppointmentsForReports {
    pub(crate) pool: PgPool,
}

#[async_trait]
impl Visits for AppointmentsForReports {
    async fn of_clinic(&self, clinic: ClinicId, span: Interval) -> Result<Vec<VisitFacts>, PortFailure> {
        let found =
            pg::read(&self.pool, "count visits", async |conn| facts_of_clinic(conn, clinic.as_uuid(), span).await);
        Ok(found.await?.into_iter().map(in_their_words).collect())
    }
}

fn in_their_words(facts: Facts) -> VisitFacts {
    let canceller = match facts.canceller {
        Canceller::Patient => domain::Canceller::Patient,
        Canceller::Practice => domain::Canceller::Practice,
        Canceller::Other => domain::Canceller::Other,
    };
    VisitFacts {
        doctor: facts.doctor,
        visit: facts.visit,
        fate: match facts.status {
            Status::Booked => Fate::Open,
            Status::Arrived | Status::Completed => Fate::Held,
            Status::Cancelled => Fate::Cancelled(canceller),
            Status::NoShow => Fate::Missed,
        },
        booked_at: facts.booked_at,
        booker: match facts.booker {
            Booker::Online => domain::Booker::Online,
            Booker::Desk => domain::Booker::Desk,
            Booker::Unknown => domain::Booker::Unknown,
        },
        new_to_doctor: facts.new_to_doctor,
        new_to_clinic: facts.new_to_clinic,
        reminders: u32::try_from(facts.reminders).unwrap_or(0),
        from_waitlist: facts.from_waitlist,
        has_account: facts.has_account,
    }
}
