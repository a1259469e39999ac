//! What calendar files say, ours and those of others, without a database and without a network.

mod external;
mod feed;
mod incoming;
mod language;
mod sheet;

pub use external::{ExternalCalendar, ExternalEvent, ExternalId, MOST_EXTERNAL, ReadState, host_of};
pub use feed::{Details, Feed, FeedEvent, FeedId, MOST_FEEDS, Owner};
pub use incoming::{BusyTimes, MOST_EVENTS, MOST_SPANS, Unreadable, WholeDays, busy_times, whole_days};
pub use language::Language;
pub use sheet::{Attendee, Entry, Method, Organizer, Sheet, Standing};
