use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kernel::{Clock, Interval, PortFailure};

use super::external_ports::{CalendarSource, DoctorTime, Due, ExternalStore, Fetched, Outcome};
use crate::domain::{BusyTimes, ExternalCalendar, Unreadable, busy_times};

/// How far ahead busy times are taken over: a little more than the farthest that can be booked.
const AHEAD: SignedDuration = SignedDuration::from_hours(400 * 24);
/// A calendar that never changes is read as a whole once a day, because the time that is looked at moves on.
const WHOLE: SignedDuration = SignedDuration::from_hours(24);

/// Reads calendars elsewhere, and blocks what they say.
pub struct ReadExternals {
    /// Where they are kept.
    pub store: Arc<dyn ExternalStore>,
    /// Fetches them.
    pub source: Arc<dyn CalendarSource>,
    /// Blocks doctors' time.
    pub time: Arc<dyn DoctorTime>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// How often each is read.
    pub every: SignedDuration,
}

impl ReadExternals {
    /// Reads those whose time has come, at most `limit`; gives how many. When one cannot be read, what it said last
    /// stays.
    ///
    /// # Errors
    /// When store or calendar of a doctor fail; the others are read the next time.
    pub async fn run(&self, limit: u32) -> Result<usize, PortFailure> {
        let now = self.clock.now();
        let next = now.checked_add(self.every).unwrap_or(now);
        let due = self.store.take_due(now, next, limit).await?;
        for one in &due {
            match one {
                Due::Free(id, doctor) => {
                    self.time.block(*doctor, *id, &[]).await?;
                    self.store.forget(*id).await?;
                }
                Due::Read(calendar) => {
                    let outcome = self.read(calendar, now).await?;
                    if !self.store.ended(calendar.id, &outcome, now).await? {
                        // It was taken away while it was read.
                        self.time.block(calendar.doctor, calendar.id, &[]).await?;
                    }
                }
            }
        }
        Ok(due.len())
    }

    async fn read(&self, calendar: &ExternalCalendar, now: Timestamp) -> Result<Outcome, PortFailure> {
        let state = &calendar.state;
        let fresh = state.whole_read_at.is_some_and(|at| now.duration_since(at) < WHOLE);
        let tag = state.etag.as_deref().filter(|_| fresh);
        let (text, etag) = match self.source.fetch(&calendar.address, tag).await {
            Ok(Fetched::Unchanged) => return Ok(Outcome::Unchanged),
            Ok(Fetched::Text { text, etag }) => (text, etag),
            Err(error) => return Ok(Outcome::Failed(error.to_string())),
        };
        let Some(window) = Interval::new(now, now.checked_add(AHEAD).unwrap_or(now)) else {
            return Ok(Outcome::Unchanged);
        };
        let home = TimeZone::get(&calendar.time_zone).unwrap_or(TimeZone::UTC);
        let BusyTimes { spans, not_understood } = match busy_times(&text, window, &home) {
            Ok(found) => found,
            Err(Unreadable::NotACalendar) => return Ok(Outcome::Failed("not-a-calendar".to_owned())),
            Err(Unreadable::TooLarge) => return Ok(Outcome::Failed("too-large".to_owned())),
        };
        self.time.block(calendar.doctor, calendar.id, &spans).await?;
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(Outcome::Read { etag, busy: count(spans.len()), not_understood: count(not_understood) })
    }
}

#[cfg(test)]
mod tests {
    use kernel::{DoctorId, StoppedClock, UserId};

    use super::super::external_ports::{FetchError, MockCalendarSource, MockDoctorTime, MockExternalStore};
    use super::*;
    use crate::domain::{ExternalId, ReadState};

    fn now() -> Timestamp {
        "2027-03-01T12:00:00Z".parse().unwrap()
    }

    fn calendar(state: ReadState) -> ExternalCalendar {
        ExternalCalendar {
            id: ExternalId::mint(),
            doctor: DoctorId::mint(),
            address: "https://calendar.example/x.ics".into(),
            time_zone: "America/New_York".into(),
            added_by: UserId::mint(),
            created_at: now(),
            state,
        }
    }

    fn text() -> Fetched {
        let text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20270309T140000Z\nDURATION:PT1H\nEND:VEVENT\nEND:VCALENDAR\n";
        Fetched::Text { text: text.into(), etag: Some("\"2\"".into()) }
    }

    struct Expected {
        fetched: Result<Fetched, FetchError>,
        asked_with: Option<&'static str>,
        outcome: Outcome,
        blocks: usize,
    }

    async fn run(state: ReadState, expected: Expected, still_there: bool) {
        let Expected { fetched, asked_with, outcome, blocks } = expected;
        let mut store = MockExternalStore::new();
        let due = Due::Read(Box::new(calendar(state)));
        store
            .expect_take_due()
            .withf(|at, next, _| *at == now() && *next == now() + SignedDuration::from_mins(15))
            .returning(move |_, _, _| Ok(vec![due.clone()]));
        store
            .expect_ended()
            .withf(move |_, ended, _| *ended == outcome)
            .times(1)
            .returning(move |_, _, _| Ok(still_there));
        let mut source = MockCalendarSource::new();
        source.expect_fetch().withf(move |_, tag| *tag == asked_with).times(1).returning(move |_, _| fetched.clone());
        let mut time = MockDoctorTime::new();
        time.expect_block().times(blocks).returning(|_, _, _| Ok(()));
        let read = ReadExternals {
            store: Arc::new(store),
            source: Arc::new(source),
            time: Arc::new(time),
            clock: Arc::new(StoppedClock::at(now())),
            every: SignedDuration::from_mins(15),
        };
        assert_eq!(read.run(10).await.unwrap(), 1);
    }

    fn tagged(hours_ago: i64) -> ReadState {
        let read_at = Some(now() - SignedDuration::from_hours(hours_ago));
        ReadState { etag: Some("\"1\"".into()), whole_read_at: read_at, read_at, ..ReadState::default() }
    }

    fn was_read() -> Outcome {
        Outcome::Read { etag: Some("\"2\"".into()), busy: 1, not_understood: 0 }
    }

    #[tokio::test]
    async fn what_a_calendar_says_is_blocked_and_what_has_not_changed_is_left() {
        run(
            ReadState::default(),
            Expected { fetched: Ok(text()), asked_with: None, outcome: was_read(), blocks: 1 },
            true,
        )
        .await;
        let unchanged = || Expected {
            fetched: Ok(Fetched::Unchanged),
            asked_with: Some("\"1\""),
            outcome: Outcome::Unchanged,
            blocks: 0,
        };
        run(tagged(23), unchanged(), true).await;
        // Once a day its text is wanted whole.
        run(tagged(24), Expected { fetched: Ok(text()), asked_with: None, outcome: was_read(), blocks: 1 }, true).await;
    }

    #[tokio::test]
    async fn a_failure_leaves_what_was_read_last_and_is_told_by_a_code() {
        for (fetched, code) in [
            (Err(FetchError::Unreachable), "unreachable"),
            (Err(FetchError::Refused), "address-refused"),
            (Ok(Fetched::Text { text: "<html>".into(), etag: None }), "not-a-calendar"),
        ] {
            let outcome = Outcome::Failed(code.to_owned());
            run(ReadState::default(), Expected { fetched, asked_with: None, outcome, blocks: 0 }, true).await;
        }
    }

    #[tokio::test]
    async fn what_was_taken_away_while_it_was_read_blocks_nothing() {
        let expected = Expected { fetched: Ok(text()), asked_with: None, outcome: was_read(), blocks: 2 };
        run(ReadState::default(), expected, false).await;
    }
}
