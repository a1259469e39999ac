use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::SignedDuration;
use kernel::{Clock, PortFailure};

use super::ports::{FeedStore, Places, Readers, Secrets, Visits};
use super::writer::Writer;
use crate::domain::{Details, Entry, Language, Method, Sheet};

/// How far back a feed shows.
const BACK: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The most visits of a feed; those that begin first.
const MOST_VISITS: u32 = 1000;
/// How often programs should come.
const REFRESH: SignedDuration = SignedDuration::from_mins(30);
/// How exactly it is told when a feed was last used: not every reading has to write.
const EXACT: SignedDuration = SignedDuration::from_hours(1);

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum ReadFeedError {
    /// No feed has this secret, or not any more.
    #[error("no such feed")]
    NotFound,
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Writes the file of a feed for whoever knows its secret.
pub struct ReadFeed {
    /// Where feeds are kept.
    pub feeds: Arc<dyn FeedStore>,
    /// Recognises secrets.
    pub secrets: Arc<dyn Secrets>,
    /// Who has opened feeds.
    pub readers: Arc<dyn Readers>,
    /// Visits.
    pub visits: Arc<dyn Visits>,
    /// What doctors and clinics are called.
    pub places: Arc<dyn Places>,
    /// What all files have in common.
    pub writer: Writer,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl ReadFeed {
    /// The file: the visits of the past 30 days and all that are to come, a thousand at most.
    ///
    /// # Errors
    /// See [`ReadFeedError`].
    pub async fn run(&self, shown: &str) -> Result<String, ReadFeedError> {
        let digest = self.secrets.digest(shown).ok_or(ReadFeedError::NotFound)?;
        let feed = self.feeds.by_digest(digest).await?.ok_or(ReadFeedError::NotFound)?;
        // An address must not outlive the account it belongs to.
        if self.readers.language(feed.opened_by).await?.is_none() {
            return Err(ReadFeedError::NotFound);
        }
        let now = self.clock.now();
        if feed.last_used_at.is_none_or(|used| now.duration_since(used) >= EXACT) {
            self.feeds.used(feed.id, now).await?;
        }
        let from = now.checked_sub(BACK).unwrap_or(now);
        let seen = self.visits.of(feed.owner, from, MOST_VISITS).await?;
        let language = Language::of_tag(&feed.language);
        let doctors: BTreeSet<_> = seen.iter().map(|seen| seen.visit.doctor).collect();
        let clinics: BTreeSet<_> = seen.iter().map(|seen| seen.visit.clinic).collect();
        let (doctors, clinics): (Vec<_>, Vec<_>) = (doctors.into_iter().collect(), clinics.into_iter().collect());
        let named = self.places.named(&doctors, &clinics).await?;
        let entries: Vec<Entry> = seen
            .iter()
            .map(|seen| {
                let entry = self.writer.entry(&seen.visit, &named, language);
                let summary = match feed.details {
                    Details::Full => return entry,
                    Details::Busy => language.visit().to_owned(),
                    Details::Initials => format!("{} ({})", language.visit(), seen.initials),
                };
                Entry { summary, organizer: None, ..entry }
            })
            .collect();
        let sheet = Sheet {
            method: Method::Publish,
            host: &self.writer.host,
            name: Some(language.visits()),
            refresh: Some(REFRESH),
            entries: &entries,
        };
        Ok(sheet.text())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use kernel::{AppointmentId, ClinicId, DoctorId, Interval, StoppedClock, UserId};

    use super::super::ports::{
        MockFeedStore, MockPlaces, MockReaders, MockSecrets, MockVisits, Named, SeenVisit, Visit,
    };
    use super::*;
    use crate::domain::{Feed, FeedId, Owner, Standing};

    fn now() -> Timestamp {
        "2027-03-01T12:00:00Z".parse().unwrap()
    }

    fn feed(details: Details, last_used_at: Option<Timestamp>) -> Feed {
        Feed {
            id: FeedId::mint(),
            owner: Owner::Doctor(DoctorId::mint()),
            details,
            language: "en".into(),
            opened_by: UserId::mint(),
            created_at: now(),
            last_used_at,
        }
    }

    fn seen() -> SeenVisit {
        let visit = Visit {
            id: AppointmentId::mint(),
            doctor: DoctorId::mint(),
            clinic: ClinicId::mint(),
            span: Interval::new(now(), now() + SignedDuration::from_mins(30)).unwrap(),
            time_zone: "America/Chicago".into(),
            standing: Standing::Confirmed,
            version: 1,
            created_at: now(),
            changed_at: now(),
        };
        SeenVisit { visit, initials: "A. E.".into() }
    }

    fn read(found: Option<Feed>, account: Option<&'static str>, uses: usize) -> ReadFeed {
        let mut secrets = MockSecrets::new();
        secrets.expect_digest().returning(|shown| (shown == "right").then_some([7; 32]));
        let mut feeds = MockFeedStore::new();
        feeds.expect_by_digest().returning(move |_| Ok(found.clone()));
        feeds.expect_used().times(uses).returning(|_, _| Ok(()));
        let mut readers = MockReaders::new();
        readers.expect_language().returning(move |_| Ok(account.map(str::to_owned)));
        let mut visits = MockVisits::new();
        visits
            .expect_of()
            .withf(|_, from, limit| *from == now() - SignedDuration::from_hours(720) && *limit == 1000)
            .returning(|_, _, _| Ok(vec![seen()]));
        let mut places = MockPlaces::new();
        places.expect_named().returning(|_, _| Ok(Named::default()));
        ReadFeed {
            feeds: Arc::new(feeds),
            secrets: Arc::new(secrets),
            readers: Arc::new(readers),
            visits: Arc::new(visits),
            places: Arc::new(places),
            writer: Writer::new("doktolib.example", "no-reply@clinic.example"),
            clock: Arc::new(StoppedClock::at(now())),
        }
    }

    #[tokio::test]
    async fn a_doctors_feed_tells_as_much_as_it_was_opened_for() {
        for (details, summary) in [(Details::Busy, "Appointment"), (Details::Initials, "Appointment (A. E.)")] {
            let text = read(Some(feed(details, None)), Some("en"), 1).run("right").await.unwrap();
            assert!(text.contains(&format!("\r\nSUMMARY:{summary}\r\n")), "{text}");
            assert!(text.contains("\r\nREFRESH-INTERVAL;VALUE=DURATION:PT30M\r\nX-PUBLISHED-TTL:PT30M\r\n"), "{text}");
        }
    }

    #[tokio::test]
    async fn a_wrong_secret_a_closed_feed_and_one_whose_account_is_gone_are_all_the_same() {
        for (read, shown) in [
            (read(Some(feed(Details::Busy, None)), Some("en"), 0), "wrong"),
            (read(None, Some("en"), 0), "right"),
            (read(Some(feed(Details::Busy, None)), None, 0), "right"),
        ] {
            let refused = read.run(shown).await;
            assert!(matches!(refused, Err(ReadFeedError::NotFound)), "{refused:?}");
        }
    }

    #[tokio::test]
    async fn a_use_is_taken_down_once_an_hour() {
        for (minutes, uses) in [(59, 0), (60, 1)] {
            let used = now() - SignedDuration::from_mins(minutes);
            read(Some(feed(Details::Busy, Some(used))), Some("en"), uses).run("right").await.unwrap();
        }
    }
}
