//! What is told to people, in their language.

mod clinic_message;
mod delivery;
mod language;
mod notice;
mod preferences;
mod samples;
mod texts;
mod values;
mod wording;

pub use clinic_message::{
    ClinicMessage, ClinicMessageSent, MOST_MAIL_CHARS, MOST_OF_SENDER, MOST_TEXT_CHARS, MOST_TO_PATIENT, PATIENT_SPAN,
    SENDER_SPAN,
};
pub use delivery::{Channel, DeliveryState};
pub use language::Language;
pub use notice::{Duty, Notice, PlannedVisit, Reminded, Timed};
pub use preferences::{BadQuietHours, LONGEST_QUIET_MINUTES, Preferences, PreferencesChanged, QuietHours};
pub use samples::{Sample, TEMPLATES};
pub use texts::{MOST_SEGMENTS, TEXT_TEMPLATES, TextNotice, segments};
pub use values::{NoticeError, Values};
pub use wording::{Part, Wording};
