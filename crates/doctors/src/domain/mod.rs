//! The rules of a doctor's time: pure functions of hours, busy time, zone and now.
//!
//! Hours are local times of a clinic and become instants only through the clinic's IANA time zone. A slot is
//! computed, never stored. Nothing here reads a clock: every question brings its "now".

mod availability;
mod busy;
mod check;
mod day;
mod hours;
mod refusal;
mod rules;
mod search_text;
mod slot;
mod visit_type;
mod zone_clock;

pub use hours::{DayOverride, MinuteOfDay, OpenHours, WeeklyHours};
pub use refusal::Refusal;
pub use rules::{ClinicZone, Holiday, RuleError, Rules};
pub use search_text::{search_text, slug};
pub use slot::{FirstFree, Slot};
pub use visit_type::{VisitMode, VisitType};

#[cfg(test)]
mod properties;
#[cfg(test)]
mod sample;
