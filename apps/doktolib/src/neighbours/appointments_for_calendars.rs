use appointments::application::{AppointmentDetails, PatientStore as _, VisitFilter, VisitViews as _, Within};
use appointments::infrastructure::{PgPatients, PgViews};
use async_trait::async_trait;
use calendars::application::{SeenVisit, Visits};
use calendars::domain::Owner;
use jiff::Timestamp;
use kernel::PortFailure;

use super::calendars_for_appointments::in_their_words;

/// Visits, for those who subscribe to them.
pub struct AppointmentsForCalendars {
    pub(crate) views: PgViews,
    pub(crate) patients: PgPatients,
}

#[async_trait]
impl Visits for AppointmentsForCalendars {
    async fn of(&self, owner: Owner, from: Timestamp, limit: u32) -> Result<Vec<SeenVisit>, PortFailure> {
        let within = match owner {
            Owner::User(user) => {
                let all = self.patients.relatives(user).await?;
                Within::Patients(all.into_iter().map(|relative| relative.patient.id).collect())
            }
            Owner::Doctor(doctor) => Within::Calendar(doctor),
        };
        let filter = VisitFilter { from: Some(from), ..VisitFilter::default() };
        let page = self.views.list(&within, &filter, None, limit).await?;
        Ok(page.visits.iter().map(seen).collect())
    }
}

fn seen(details: &AppointmentDetails) -> SeenVisit {
    let first_letters = details.patient.name.split_whitespace().filter_map(|word| word.chars().next());
    let initials: Vec<String> = first_letters.map(|letter| format!("{}.", letter.to_uppercase())).collect();
    SeenVisit { visit: in_their_words(&details.appointment), initials: initials.join(" ") }
}
