//! The slice's part of the REST API.

mod bodies;
mod catalogue;
mod explain;
mod live;
mod practice;
mod search;
mod slots;

use std::sync::Arc;

use jiff::civil::Date;
use platform::idempotency::Answers;
use serde::{Deserialize, Deserializer};
use utoipa_actix_web::service_config::ServiceConfig;

use super::LiveSlots;
use crate::application::{DoctorDirectory, ExplainSlot, ListFreeSlots, ListSlotsOfMany};
use kernel::Clock;

pub use practice::{AffectedBody, DoctorProfileBody, PROBLEMS, PracticeUses};

pub use bodies::{ClinicBody, DoctorBody, MoneyBody, SlotBody, WeeklyHoursBody};

/// What the handlers need.
pub struct DoctorsApi {
    /// The catalogue.
    pub directory: Arc<dyn DoctorDirectory>,
    /// Free times.
    pub slots: ListFreeSlots,
    /// Free times of a page of doctors.
    pub slots_of_many: ListSlotsOfMany,
    /// Free times as they change.
    pub live: LiveSlots,
    /// Why a time is free or not.
    pub explain: ExplainSlot,
    /// Running doctors, clinics and hours.
    pub practice: PracticeUses,
    /// First answers, kept.
    pub answers: Answers,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// Reads an optional date as `2027-03-01`; a time behind it is refused, not ignored.
fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let expected = "not a date, expected a date such as 2027-03-01";
    let plain = |text: &str| matches!(text.as_bytes(), [_, _, _, _, b'-', _, _, b'-', _, _]);
    let read = |text: String| text.parse().ok().filter(|_| plain(&text));
    text.map(|text| read(text).ok_or_else(|| serde::de::Error::custom(expected))).transpose()
}

/// Mounts the slice's operations; the state is [`DoctorsApi`].
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(catalogue::list_specialties)
        .service(catalogue::list_cities)
        .service(catalogue::list_clinics)
        .service(catalogue::get_clinic)
        .service(search::list_doctors)
        .service(search::get_doctor)
        .service(catalogue::list_visit_types)
        .service(catalogue::list_weekly_hours)
        .service(slots::list_slots)
        .service(explain::explain_slot)
        .service(live::stream_slots)
        .service(live::list_slots_of_doctors)
        .service(live::stream_slots_of_doctors)
        .configure(practice::routes);
}
