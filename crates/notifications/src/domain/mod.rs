//! What is told to people, in their language.

mod language;
mod notice;
mod samples;
mod values;
mod wording;

pub use language::Language;
pub use notice::{Duty, Notice, PlannedVisit, Reminded, Timed};
pub use samples::{Sample, TEMPLATES};
pub use values::{NoticeError, Values};
pub use wording::{Part, Wording};
