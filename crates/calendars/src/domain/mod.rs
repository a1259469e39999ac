//! What a calendar file says, without a database and without a network.

mod feed;
mod language;
mod sheet;

pub use feed::{Details, Feed, FeedEvent, FeedId, MOST_FEEDS, Owner};
pub use language::Language;
pub use sheet::{Attendee, Entry, Method, Organizer, Sheet, Standing};
