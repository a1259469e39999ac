//! What one can do with calendars, and what that needs from outside.

mod manage_feeds;
mod policy;
mod ports;
mod read_feed;
mod writer;

pub use manage_feeds::{FeedError, ManageFeeds, OpenedFeed};
pub use ports::{
    FeedStore, MintedSecret, Named, Place, Places, Readers, Secrets, SeenVisit, StoreFeedError, Visit, Visits,
};
pub use read_feed::{ReadFeed, ReadFeedError};
pub use writer::{Guest, Writer};
