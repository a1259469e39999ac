//! The slice's refusals as clients hear them.

use platform::http::{FieldError, Kind, Problem, kinds};

use crate::application::{ExternalError, FeedError, ReadFeedError};

static TOO_MANY_FEEDS: Kind = Kind {
    code: "too-many-feeds",
    status: 409,
    title: "There are as many calendar addresses as one may have",
    help: "A patient or a doctor has at most twenty calendar addresses. Remove one that nobody uses; the list tells when each was last used.",
};

static TOO_MANY_EXTERNALS: Kind = Kind {
    code: "too-many-external-calendars",
    status: 409,
    title: "The doctor has as many calendars elsewhere as one may have",
    help: "At most ten calendars elsewhere block the time of one doctor. Take one away first, or join two where they are kept.",
};

/// Problems that only this slice answers.
pub static PROBLEMS: &[&Kind] = &[&TOO_MANY_FEEDS, &TOO_MANY_EXTERNALS];

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

impl From<ExternalError> for Problem {
    fn from(error: ExternalError) -> Self {
        match error {
            ExternalError::NotFound => Self::of(&kinds::NOT_FOUND),
            ExternalError::BadAddress => Self::invalid(vec![FieldError::new(
                "url",
                "address",
                "must be an https address of the public internet, without a name and password in it",
            )]),
            ExternalError::TooMany => Self::of(&TOO_MANY_EXTERNALS),
            // Answered before this is reached; were it not, the client would at least be told to come again.
            ExternalError::Once(_) => Self::of(&kinds::KEY_IN_PROGRESS),
            ExternalError::Failed(failure) => Self::internal(&failure),
        }
    }
}
