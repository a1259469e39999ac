//! What is counted, and how. `docs/reports.md` has the formulae.

mod daily;
mod days;
mod figures;
mod report;
mod summary;
mod visit;

pub use daily::{DailyRow, Whose};
pub use days::{MOST_MISSED, SETTLING, days_to_do, last_ended, span_of};
pub use figures::{Figures, rate};
pub use report::{
    BadPeriod, KEPT_DAYS, Printed, Report, ReportEvent, ReportId, ReportState, check_period, object_keys,
};
pub use summary::{Summary, Sums, Week};
pub use visit::{Booker, Canceller, Fate, VisitFacts};
