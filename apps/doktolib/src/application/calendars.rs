//! Calendars out: addresses that calendar programs subscribe to.

use std::sync::Arc;

use ::calendars::application::{ManageFeeds, ReadFeed};
use ::calendars::infrastructure::http::CalendarsApi;
use ::calendars::infrastructure::{PgFeeds, RandomSecrets};

use super::Base;
use super::appointments::Appointments;
use crate::neighbours::{AuthForCalendars, DoctorsForCalendars};

/// The API of calendars.
pub(super) fn api(base: &Base, appointments: &Appointments) -> CalendarsApi {
    let Base { pool, journal, clock, public_url, users, writer, .. } = base;
    let feeds = Arc::new(PgFeeds::new(pool.clone(), journal.clone()));
    let places = Arc::new(DoctorsForCalendars { pool: pool.clone() });
    let readers = Arc::new(AuthForCalendars { users: users.clone() });
    let secrets = Arc::new(RandomSecrets);
    CalendarsApi {
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
            places,
            writer: writer.clone(),
            clock: clock.clone(),
        },
        public_url: public_url.as_str().into(),
    }
}
