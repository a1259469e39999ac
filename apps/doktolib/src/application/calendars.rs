//! Calendars out, and busy times in.

use std::sync::Arc;

use ::calendars::application::{CalendarSource, ManageExternals, ManageFeeds, ReadExternals, ReadFeed};
use ::calendars::infrastructure::http::CalendarsApi;
use ::calendars::infrastructure::{PgCalendarRecords, PgExternals, PgFeeds, RandomSecrets};
use jiff::SignedDuration;
use platform::idempotency::Answers;

use super::Base;
use super::appointments::Appointments;
use crate::neighbours::{AuthForCalendars, DoctorsForCalendars};

/// The API of calendars, and what reads those elsewhere.
pub(super) struct Calendars {
    pub(super) api: CalendarsApi,
    pub(super) externals: ReadExternals,
}

impl Calendars {
    pub(super) fn new(
        base: &Base,
        appointments: &Appointments,
        source: Arc<dyn CalendarSource>,
        every: SignedDuration,
    ) -> Self {
        let Base { pool, journal, keys, clock, public_url, users, writer, .. } = base;
        let feeds = Arc::new(PgFeeds::new(pool.clone(), journal.clone()));
        let places = Arc::new(DoctorsForCalendars { pool: pool.clone() });
        let readers = Arc::new(AuthForCalendars { users: users.clone() });
        let secrets = Arc::new(RandomSecrets);
        let store = Arc::new(PgExternals::new(pool.clone(), journal.clone(), keys.clone()));
        let api = CalendarsApi {
            feeds: ManageFeeds {
                feeds: feeds.clone(),
                places: places.clone(),
                readers: readers.clone(),
                secrets: secrets.clone(),
                clock: clock.clone(),
            },
            read: ReadFeed {
                feeds,
                secrets,
                readers,
                visits: appointments.visits.clone(),
                places: places.clone(),
                writer: writer.clone(),
                clock: clock.clone(),
            },
            externals: ManageExternals {
                store: store.clone(),
                places: places.clone(),
                time: places.clone(),
                source: source.clone(),
                clock: clock.clone(),
            },
            answers: Answers::new(pool.clone(), keys.clone()),
            public_url: public_url.as_str().into(),
        };
        let externals = ReadExternals { store, source, time: places, clock: clock.clone(), every };
        Self { api, externals }
    }
}

/// What calendars tell of people.
pub(super) fn calendar_records(base: &Base) -> PgCalendarRecords {
    PgCalendarRecords::new(base.pool.clone(), base.keys.clone())
}
