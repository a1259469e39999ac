//! The slice's part of the REST API, and the addresses that calendar programs subscribe to.

mod bodies;
mod externals;
mod feeds;
mod file;
mod problems;

use std::sync::Arc;

use platform::idempotency::Answers;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::application::{ManageExternals, ManageFeeds, ReadFeed};

pub use problems::PROBLEMS;

/// What the handlers need.
pub struct CalendarsApi {
    /// Opens, lists and closes feeds.
    pub feeds: ManageFeeds,
    /// Writes files of feeds.
    pub read: ReadFeed,
    /// Adds, lists and takes away calendars elsewhere.
    pub externals: ManageExternals,
    /// First answers, kept.
    pub answers: Answers,
    /// Where clients reach this installation, without a slash at the end.
    pub public_url: Arc<str>,
}

/// Mounts the operations under `/api/v1`; the state is [`CalendarsApi`].
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(feeds::list_my_feeds)
        .service(feeds::open_my_feed)
        .service(feeds::close_my_feed)
        .service(feeds::list_feeds)
        .service(feeds::open_feed)
        .service(feeds::close_feed)
        .service(externals::list_externals)
        .service(externals::add_external)
        .service(externals::remove_external);
}

/// Mounts what programs subscribe to.
pub fn subscriptions(config: &mut ServiceConfig<'_>) {
    config.service(file::get_feed_file);
}
