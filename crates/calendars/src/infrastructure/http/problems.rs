//! The slice's refusals as clients hear them.

use platform::http::{Kind, Problem, kinds};

use crate::application::{FeedError, ReadFeedError};

static TOO_MANY_FEEDS: Kind = Kind {
    code: "too-many-feeds",
    status: 409,
    title: "There are as many calendar addresses as one may have",
    help: "A patient or a doctor has at most twenty calendar addresses. Remove one that nobody uses; the list tells when each was last used.",
};

/// Problems that only this slice answers.
pub static PROBLEMS: &[&Kind] = &[&TOO_MANY_FEEDS];

impl From<FeedError> for Problem {
    fn from(error: FeedError) -> Self {
        match error {
            FeedError::NotFound => Self::of(&kinds::NOT_FOUND),
            FeedError::TooMany => Self::of(&TOO_MANY_FEEDS),
            FeedError::Failed(failure) => Self::internal(&failure),
        }
    }
}

impl From<ReadFeedError> for Problem {
    fn from(error: ReadFeedError) -> Self {
        match error {
            ReadFeedError::NotFound => Self::of(&kinds::NOT_FOUND),
            ReadFeedError::Failed(failure) => Self::internal(&failure),
        }
    }
}
