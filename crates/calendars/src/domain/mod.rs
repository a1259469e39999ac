//! What a calendar file says, without a database and without a network.

mod language;
mod sheet;

pub use language::Language;
pub use sheet::{Attendee, Entry, Method, Organizer, Sheet, Standing};
