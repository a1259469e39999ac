//! Finding a doctor.

mod components;
mod profile;
mod search;

use std::sync::Arc;

use ::doctors::application::{Clinic, DoctorDirectory, FreeSlots, ListSlotsOfMany, Listing, SlotsQuery};
use actix_web::web;
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel::{Clock, DoctorId, PortFailure, VisitTypeId};

pub(crate) use components::{Day, when};

/// What the pages of this folder need.
pub struct DoctorPages {
    /// The catalogue.
    pub directory: Arc<dyn DoctorDirectory>,
    /// Free times.
    pub slots: ListSlotsOfMany,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// Mounts the pages.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config.route("/", web::get().to(search::search)).route("/doctor/{id}", web::get().to(profile::profile));
}

/// Days that are looked at together for free times.
const LOOKED_AT: i32 = 14;

impl DoctorPages {
    /// A doctor who can be booked.
    ///
    /// # Errors
    /// When the catalogue fails.
    pub(crate) async fn doctor(&self, id: DoctorId) -> Result<Option<Listing>, PortFailure> {
        self.directory.find(id, self.clock.now()).await
    }

    /// Where the doctor is listed.
    ///
    /// # Errors
    /// When the catalogue fails.
    pub(crate) async fn clinic(&self, doctor: &Listing) -> Result<Option<Clinic>, PortFailure> {
        self.directory.clinic(doctor.clinic).await
    }

    /// Today where the doctor is listed.
    pub(crate) fn today(&self, doctor: &Listing) -> Date {
        self.clock.now().to_zoned(zone_of(doctor)).date()
    }

    /// The days with free times of each of these doctors: two weeks from the date that is named, or from the first free
    /// time. In two questions to the store, however many doctors there are.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn days(
        &self,
        doctors: &[Listing],
        from: Option<Date>,
        visit_type: Option<VisitTypeId>,
    ) -> Result<Vec<Vec<Day>>, PortFailure> {
        let query = |doctor: &Listing| {
            let today = self.today(doctor);
            let first = doctor.next_available_at.map(|at| at.to_zoned(zone_of(doctor)).date());
            let from = from.or(first).unwrap_or(today).max(today);
            let to = from.saturating_add((LOOKED_AT - 1).days());
            SlotsQuery { doctor: doctor.id, visit_type, from: Some(from), to: Some(to) }
        };
        let queries: Vec<SlotsQuery> = doctors.iter().map(query).collect();
        let answers = self.slots.run(&queries).await?;
        Ok(doctors.iter().zip(answers).map(|(doctor, answer)| by_day(doctor, answer.ok())).collect())
    }
}

/// The wall clock of the clinic the doctor is listed under.
pub(crate) fn zone_of(doctor: &Listing) -> TimeZone {
    TimeZone::get(&doctor.time_zone).unwrap_or(TimeZone::UTC)
}

fn by_day(doctor: &Listing, free: Option<FreeSlots>) -> Vec<Day> {
    let Some(free) = free else { return Vec::new() };
    let mut days: Vec<Day> = Vec::new();
    for slot in &free.slots {
        let zone = free.zones.get(&slot.clinic).cloned().unwrap_or_else(|| zone_of(doctor));
        let at = slot.starts_at.to_zoned(zone);
        match days.last_mut() {
            Some(day) if day.date == at.date() => day.times.push(at),
            _ => days.push(Day { date: at.date(), times: vec![at] }),
        }
    }
    days
}
