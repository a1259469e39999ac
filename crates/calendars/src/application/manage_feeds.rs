use std::sync::Arc;

use kernel::{Caller, Clock, PortFailure, Recorded};

use super::policy::reaches;
use super::ports::{FeedStore, Places, Readers, Secrets, StoreFeedError};
use crate::domain::{Details, Feed, FeedEvent, FeedId, Owner};

/// Why nothing was done with feeds.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// There is none, or the calendar is not this caller's.
    #[error("no such feed")]
    NotFound,
    /// The owner has as many as one may.
    #[error("too many feeds")]
    TooMany,
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// A feed with the secret of its address.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenedFeed {
    /// The feed.
    pub feed: Feed,
    /// Shown now and never again.
    pub secret: String,
}

/// Opens, lists and closes feeds.
pub struct ManageFeeds {
    /// Where feeds are kept.
    pub feeds: Arc<dyn FeedStore>,
    /// Where doctors work.
    pub places: Arc<dyn Places>,
    /// Who opens feeds.
    pub readers: Arc<dyn Readers>,
    /// Makes secrets.
    pub secrets: Arc<dyn Secrets>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl ManageFeeds {
    /// Opens a feed. A patient's tells all, a doctor's only that there are visits, unless initials are asked for.
    ///
    /// # Errors
    /// See [`FeedError`].
    pub async fn open(
        &self,
        caller: &Caller,
        owner: Owner,
        initials: Details,
        request_id: Option<String>,
    ) -> Result<OpenedFeed, FeedError> {
        let opened_by = self.admitted(caller, owner).await?;
        let language = self.readers.language(opened_by).await?.unwrap_or_else(|| "en".to_owned());
        let now = self.clock.now();
        let (details, doctor_id) = match owner {
            Owner::User(_) => (Details::Full, None),
            Owner::Doctor(doctor) if initials == Details::Initials => (Details::Initials, Some(doctor)),
            Owner::Doctor(doctor) => (Details::Busy, Some(doctor)),
        };
        let feed =
            Feed { id: FeedId::mint(), owner, details, language, opened_by, created_at: now, last_used_at: None };
        let event = FeedEvent::Opened { feed_id: feed.id, doctor_id, details: details.word() };
        let opened = Recorded::new(event, caller.actor(), now).caused_by(request_id);
        let minted = self.secrets.mint();
        match self.feeds.open(&feed, minted.digest, &opened).await {
            Ok(()) => Ok(OpenedFeed { feed, secret: minted.secret }),
            Err(StoreFeedError::TooMany) => Err(FeedError::TooMany),
            Err(StoreFeedError::Failed(failure)) => Err(failure.into()),
        }
    }

    /// The feeds of an owner, without their secrets.
    ///
    /// # Errors
    /// See [`FeedError`].
    pub async fn list(&self, caller: &Caller, owner: Owner) -> Result<Vec<Feed>, FeedError> {
        self.admitted(caller, owner).await?;
        Ok(self.feeds.of(owner).await?)
    }

    /// Closes a feed: from now on its address leads nowhere.
    ///
    /// # Errors
    /// See [`FeedError`].
    pub async fn close(
        &self,
        caller: &Caller,
        owner: Owner,
        id: FeedId,
        request_id: Option<String>,
    ) -> Result<(), FeedError> {
        self.admitted(caller, owner).await?;
        let event = FeedEvent::Closed { feed_id: id };
        let closed = Recorded::new(event, caller.actor(), self.clock.now()).caused_by(request_id);
        if self.feeds.close(owner, id, &closed).await? { Ok(()) } else { Err(FeedError::NotFound) }
    }

    async fn admitted(&self, caller: &Caller, owner: Owner) -> Result<kernel::UserId, FeedError> {
        let user = caller.user().ok_or(FeedError::NotFound)?;
        if reaches(self.places.as_ref(), caller, owner).await? { Ok(user) } else { Err(FeedError::NotFound) }
    }
}

#[cfg(test)]
mod tests {
    use kernel::{DoctorId, StoppedClock, UserId};

    use super::super::ports::{MintedSecret, MockFeedStore, MockPlaces, MockReaders, MockSecrets};
    use super::*;

    fn manage(feeds: MockFeedStore) -> ManageFeeds {
        let mut readers = MockReaders::new();
        readers.expect_language().returning(|_| Ok(Some("fr".into())));
        let mut secrets = MockSecrets::new();
        secrets.expect_mint().returning(|| MintedSecret { secret: "s".into(), digest: [7; 32] });
        ManageFeeds {
            feeds: Arc::new(feeds),
            places: Arc::new(MockPlaces::new()),
            readers: Arc::new(readers),
            secrets: Arc::new(secrets),
            clock: Arc::new(StoppedClock::at("2027-03-01T12:00:00Z".parse().unwrap())),
        }
    }

    #[tokio::test]
    async fn a_doctors_feed_names_nobody_unless_it_is_wished_and_a_patients_own_tells_all() {
        let (user, doctor) = (UserId::mint(), DoctorId::mint());
        let by_doctor = Caller::doctor(user, doctor, vec![]);
        for (caller, owner, wished, details) in [
            (&by_doctor, Owner::Doctor(doctor), Details::Busy, Details::Busy),
            (&by_doctor, Owner::Doctor(doctor), Details::Full, Details::Busy),
            (&by_doctor, Owner::Doctor(doctor), Details::Initials, Details::Initials),
            (&Caller::patient(user), Owner::User(user), Details::Busy, Details::Full),
        ] {
            let mut feeds = MockFeedStore::new();
            feeds
                .expect_open()
                .withf(move |feed, digest, event| {
                    feed.details == details
                        && feed.language == "fr"
                        && *digest == [7; 32]
                        && event.at == feed.created_at
                })
                .times(1)
                .returning(|_, _, _| Ok(()));
            let opened = manage(feeds).open(caller, owner, wished, None).await.unwrap_or_else(|e| panic!("{e}"));
            assert_eq!((opened.secret.as_str(), opened.feed.opened_by), ("s", user));
        }
    }

    #[tokio::test]
    async fn feeds_of_others_are_neither_opened_nor_listed_nor_closed() {
        let manage = manage(MockFeedStore::new());
        let caller = Caller::patient(UserId::mint());
        let owner = Owner::User(UserId::mint());
        assert!(matches!(manage.open(&caller, owner, Details::Busy, None).await, Err(FeedError::NotFound)));
        assert!(matches!(manage.list(&caller, owner).await, Err(FeedError::NotFound)));
        assert!(matches!(manage.close(&caller, owner, FeedId::mint(), None).await, Err(FeedError::NotFound)));
    }

    #[tokio::test]
    async fn a_feed_that_is_not_there_is_not_closed_twice() {
        let user = UserId::mint();
        let mut feeds = MockFeedStore::new();
        feeds.expect_close().times(1).returning(|_, _, _| Ok(false));
        let refused = manage(feeds).close(&Caller::patient(user), Owner::User(user), FeedId::mint(), None).await;
        assert!(matches!(refused, Err(FeedError::NotFound)), "{refused:?}");
    }
}
