//! What one can do with calendars, and what that needs from outside.

mod external_ports;
mod manage_externals;
mod manage_feeds;
mod policy;
mod ports;
mod read_externals;
mod read_feed;
mod writer;

pub use external_ports::{
    CalendarSource, DoctorTime, Due, ExternalStore, FetchError, Fetched, Outcome, StoreExternalError,
};
pub use manage_externals::{ExternalError, ManageExternals};
pub use manage_feeds::{FeedError, ManageFeeds, OpenedFeed};
pub use ports::{
    FeedStore, MintedSecret, Named, Place, Places, Readers, Secrets, SeenVisit, StoreFeedError, Visit, Visits,
};
pub use read_externals::ReadExternals;
pub use read_feed::{ReadFeed, ReadFeedError};
pub use writer::{Guest, Writer};
