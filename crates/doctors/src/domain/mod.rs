//! The rules of a doctor's time: pure functions of hours, busy time, zone and now.
//!
//! Hours are local times of a clinic and become instants only through the clinic's IANA time zone. A slot is
//! computed, never stored. Nothing here reads a clock: every question brings its "now".

mod availability;
mod busy;
mod calendar_change;
mod check;
mod clinic_card;
mod covers;
mod day;
mod explain;
mod fault;
mod gaps;
mod hours;
mod near;
mod open_hours;
mod practice_event;
mod profile;
mod proposals;
mod refusal;
mod resource;
mod resource_card;
mod reversal;
mod rules;
mod search_text;
mod slot;
mod time_off;
mod visit_type;
mod visit_type_draft;
mod weekly_break;
mod weekly_plan;
mod zone_clock;

pub use calendar_change::{
    CalendarChange, ChangeId, ChangedVisit, Fate, MOST_VISITS, Trouble, UNDO_WITHIN, Undone, VisitTrouble,
};
pub use clinic_card::{CityFacts, ClinicCard, ClinicDraft};
pub use covers::{AffectedVisit, BookedVisit};
pub use explain::Obstacle;
pub use fault::Fault;
pub use gaps::Reach;
pub use hours::{DayOverride, MinuteOfDay, OpenHours, WeeklyHours};
pub use practice_event::{PracticeAction, PracticeEvent};
pub use profile::{Profile, ProfileDraft};
pub use proposals::Displaced;
pub use refusal::Refusal;
pub use resource::{NoneFree, Occupied, Resource, Taken, is_resource_kind};
pub use resource_card::{ResourceCard, ResourceDraft};
pub use reversal::Reversal;
pub use rules::{ClinicZone, Holiday, RuleError, Rules};
pub use search_text::{search_text, slug};
pub use slot::{FirstFree, Slot};
pub use time_off::{
    ClinicHoliday, FARTHEST_AHEAD, LONGEST_HOLIDAY_NAME, LONGEST_TIME_OFF, TimeOff, TimeOffId, date_to_come,
};
pub use visit_type::{VisitMode, VisitType};
pub use visit_type_draft::VisitTypeDraft;
pub use weekly_break::{BreakPlan, MOST_BREAKS, WeeklyBreak};
pub use weekly_plan::{
    HoursDraft, Known, LONGEST_REASON, MOST_DAY_HOURS, MOST_WEEKLY_HOURS, WeeklyPlan, plain_date, read_day, read_reason,
};

#[cfg(test)]
mod properties;
#[cfg(test)]
mod sample;
