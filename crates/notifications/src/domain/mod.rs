//! What is told to people, in their language.

mod language;
mod notice;
mod values;
mod wording;

pub use language::Language;
pub use notice::{Duty, Notice, Sample, TEMPLATES, Timed};
pub use values::{NoticeError, Values};
pub use wording::{Part, Wording};
