//! Free times as they change, for pages that stay open.
//!
//! Every transaction that takes or frees a doctor's time, or changes a rule of it, leaves its number in the doctor's
//! row of `doctors.soonest`. While somebody looks at a calendar, this process reads those numbers four times a second
//! (one indexed read for all calendars together) and lists anew what has changed. That works through any connection
//! pooler, tells every server process alike, and loses nothing: it compares states, it does not count on messages.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kernel::{ClinicId, Clock, DoctorId, PortFailure, VisitTypeId};
use metrics::gauge;
use platform::pg::PgPool;
use platform::telemetry;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::soonest::marks;
use crate::application::{FreeSlots, ListSlotsOfMany, SlotsError, SlotsQuery};
use crate::domain::Slot;

/// How often the numbers are read.
const TICK: Duration = Duration::from_millis(250);
/// So many calendars are listed in one go.
const CHUNK: usize = 50;
/// What time alone changes at a midnight is found this much later at the most.
const LONGEST_WITHOUT_A_LOOK: SignedDuration = SignedDuration::from_secs(60);
/// Listeners of one process; more are told to come back.
const MOST_LISTENERS: usize = 10_000;
/// Different calendars that one process watches.
const MOST_CALENDARS: usize = 20_000;
/// Listeners of one client.
const MOST_OF_ONE_CLIENT: usize = 100;

/// Who has changed a doctor's time last: the transaction that took or freed some, and the one that changed a rule.
/// `None` for a doctor who takes no bookings.
type Mark = Option<(i64, i64)>;

/// The free times that one question asks for, as they were at some instant.
#[derive(Debug, PartialEq)]
pub struct Calendar {
    /// Whose.
    pub doctor: DoctorId,
    visit_type: Option<VisitTypeId>,
    minutes: u16,
    zones: Box<[(ClinicId, TimeZone)]>,
    times: Box<[Time]>,
    mark: Mark,
    valid_until: Option<Timestamp>,
    listed_at: Timestamp,
    /// Has the store been out of reach since?
    pub stale: bool,
}

/// A free time in few bytes: thousands of calendars lie in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Time {
    /// Seconds of Unix time.
    start: i64,
    /// Place of the clinic in the calendar's list.
    clinic: u16,
}

impl Calendar {
    fn new(doctor: DoctorId, free: Result<FreeSlots, SlotsError>, mark: Mark, now: Timestamp) -> Self {
        // Who stops taking bookings, or offering this visit, while somebody looks, has no free times left.
        let free = free.unwrap_or_default();
        let first = free.slots.first();
        let mut zones: Vec<(ClinicId, TimeZone)> = free.zones.into_iter().collect();
        zones.sort_unstable_by_key(|(clinic, _)| *clinic);
        let place = |clinic| zones.iter().position(|(known, _)| *known == clinic).unwrap_or_default();
        let time = |slot: &Slot| Time {
            start: slot.starts_at.as_second(),
            clinic: u16::try_from(place(slot.clinic)).unwrap_or(u16::MAX),
        };
        let minutes = first.map_or(0, |slot| slot.interval().length().as_mins());
        Self {
            doctor,
            visit_type: first.map(|slot| slot.visit_type),
            minutes: u16::try_from(minutes).unwrap_or_default(),
            times: free.slots.iter().map(time).collect(),
            zones: zones.into(),
            mark,
            valid_until: free.valid_until,
            listed_at: now,
            stale: false,
        }
    }

    /// All free times in order, each with the zone of its clinic.
    pub fn slots(&self) -> impl Iterator<Item = (Slot, &TimeZone)> {
        self.times.iter().filter_map(|time| self.slot(*time))
    }

    /// What is free here and was not in `earlier`.
    pub fn beyond(&self, earlier: &Self) -> Vec<(Slot, &TimeZone)> {
        let same =
            (self.visit_type, self.minutes, &self.zones) == (earlier.visit_type, earlier.minutes, &earlier.zones);
        let known = |time: &Time| same && earlier.times.binary_search(time).is_ok();
        self.times.iter().filter(|time| !known(time)).filter_map(|time| self.slot(*time)).collect()
    }

    /// Tells this state from others, also across processes of one release.
    pub fn tag(&self, into: &mut DefaultHasher) {
        (self.doctor, self.visit_type, self.minutes, &self.times).hash(into);
        self.zones.iter().for_each(|(clinic, zone)| (clinic, zone.iana_name()).hash(into));
    }

    fn slot(&self, time: Time) -> Option<(Slot, &TimeZone)> {
        let (clinic, zone) = self.zones.get(usize::from(time.clinic))?;
        let starts_at = Timestamp::from_second(time.start).ok()?;
        let ends_at = starts_at.checked_add(SignedDuration::from_mins(self.minutes.into())).ok()?;
        Some((Slot { starts_at, ends_at, visit_type: self.visit_type?, clinic: *clinic }, zone))
    }

    fn is_due(&self, mark: Mark, now: Timestamp) -> bool {
        let too_old = now.duration_since(self.listed_at) > LONGEST_WITHOUT_A_LOOK;
        self.stale || self.mark != mark || self.valid_until.is_some_and(|until| until < now) || too_old
    }

    fn shows_the_same_as(&self, other: &Self) -> bool {
        (self.stale, self.visit_type, self.minutes, &self.times, &self.zones)
            == (other.stale, other.visit_type, other.minutes, &other.times, &other.zones)
    }
}

/// Why nobody can listen.
#[derive(Debug, thiserror::Error)]
pub enum NoListening {
    /// This process has as many listeners as it takes, or is about to stop; another one may have room.
    #[error("no room for another listener")]
    Full,
    /// This client listens often enough already.
    #[error("the client has too many listeners")]
    TooMany,
    /// One of the questions cannot be answered.
    #[error(transparent)]
    Slots(#[from] SlotsError),
}

/// Watches calendars for as long as somebody listens. Cheap to clone.
#[derive(Clone)]
pub struct LiveSlots {
    inner: Arc<Inner>,
}

struct Inner {
    pool: PgPool,
    list: ListSlotsOfMany,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    calendars: HashMap<SlotsQuery, watch::Sender<Arc<Calendar>>>,
    clients: HashMap<IpAddr, usize>,
    listeners: usize,
    running: bool,
    closed: bool,
}

/// One who listens; the place is free again when it is dropped.
pub struct Listener {
    /// One for each question, in their order.
    pub calendars: Vec<watch::Receiver<Arc<Calendar>>>,
    _place: Place,
}

struct Place {
    inner: Arc<Inner>,
    client: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.inner.state();
        state.listeners = state.listeners.saturating_sub(1);
        if let Some(count) = state.clients.get_mut(&self.client) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                state.clients.remove(&self.client);
            }
        }
        gauge!("slot_listeners").set(f64::from(u32::try_from(state.listeners).unwrap_or(u32::MAX)));
    }
}

impl LiveSlots {
    /// Reads through `pool`, and lists by `list`.
    #[must_use]
    pub fn new(pool: PgPool, list: ListSlotsOfMany, clock: Arc<dyn Clock>) -> Self {
        Self { inner: Arc::new(Inner { pool, list, clock, state: Mutex::default() }) }
    }

    /// Listens to the answers to `queries`, which are all there already, and may be older than a change of the last
    /// quarter of a second.
    ///
    /// # Errors
    /// See [`NoListening`]; an unknown doctor or visit type is told, not listened to.
    pub async fn listen(&self, queries: &[SlotsQuery], client: IpAddr) -> Result<Listener, NoListening> {
        let place = self.take_place(client)?;
        // What others listen to already is held, so that it is not forgotten meanwhile.
        let held: Vec<Option<watch::Receiver<Arc<Calendar>>>> = {
            let state = self.inner.state();
            queries.iter().map(|query| state.calendars.get(query).map(watch::Sender::subscribe)).collect()
        };
        let unknown: Vec<SlotsQuery> =
            queries.iter().zip(&held).filter(|(_, held)| held.is_none()).map(|(query, _)| *query).collect();
        let mut listed = Vec::with_capacity(unknown.len());
        if !unknown.is_empty() {
            // Read before the lists: a change in between shows as another number at the next look.
            let marks = self.inner.marks(&unknown).await.map_err(SlotsError::from)?;
            let now = self.inner.clock.now();
            let answers = self.inner.list.run(&unknown).await.map_err(SlotsError::from)?;
            for (query, answer) in unknown.into_iter().zip(answers) {
                let mark = marks.get(&query.doctor).copied();
                listed.push((query, Calendar::new(query.doctor, Ok(answer?), mark, now)));
            }
        }
        let calendars = self.inner.watch(held, listed).ok_or(NoListening::Full)?;
        Ok(Listener { calendars, _place: place })
    }

    /// Ends all listening, for good: a server that stops need not wait for pages that stay open.
    pub fn close(&self) {
        let mut state = self.inner.state();
        state.closed = true;
        state.calendars.clear();
    }

    fn take_place(&self, client: IpAddr) -> Result<Place, NoListening> {
        let mut state = self.inner.state();
        if state.closed || state.listeners >= MOST_LISTENERS {
            return Err(NoListening::Full);
        }
        let count = state.clients.entry(client).or_default();
        if *count >= MOST_OF_ONE_CLIENT {
            return Err(NoListening::TooMany);
        }
        *count += 1;
        state.listeners += 1;
        gauge!("slot_listeners").set(f64::from(u32::try_from(state.listeners).unwrap_or(u32::MAX)));
        drop(state);
        Ok(Place { inner: self.inner.clone(), client })
    }
}

/// Says that nobody watches any more if the watch breaks off.
struct Watching {
    inner: Arc<Inner>,
    ended: bool,
}

impl Drop for Watching {
    fn drop(&mut self) {
        if !self.ended {
            self.inner.state().running = false;
        }
    }
}

/// Runs while anybody listens.
async fn keep_watch(mut watching: Watching) {
    let inner = watching.inner.clone();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut away = false;
    loop {
        ticks.tick().await;
        let Some(watched) = inner.watched() else {
            watching.ended = true;
            return;
        };
        match inner.look(&watched).await {
            Ok(()) => away = false,
            Err(failure) => {
                if !std::mem::replace(&mut away, true) {
                    telemetry::log_failure(&failure);
                }
                inner.all_stale(&watched);
            }
        }
    }
}

impl Inner {
    /// Nothing is awaited and nothing can panic under this lock.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Listens to those that are `listed` as well, in the places that are not `held`. `None` when it cannot be.
    fn watch(
        self: &Arc<Self>,
        held: Vec<Option<watch::Receiver<Arc<Calendar>>>>,
        listed: Vec<(SlotsQuery, Calendar)>,
    ) -> Option<Vec<watch::Receiver<Arc<Calendar>>>> {
        let mut state = self.state();
        if state.closed || state.calendars.len().saturating_add(listed.len()) > MOST_CALENDARS {
            return None;
        }
        let mut listed = listed.into_iter();
        let calendars = held.into_iter().map(|held| {
            held.or_else(|| {
                let (query, calendar) = listed.next()?;
                let entry = state.calendars.entry(query);
                Some(entry.or_insert_with(|| watch::Sender::new(Arc::new(calendar))).subscribe())
            })
        });
        let calendars = calendars.collect();
        if !std::mem::replace(&mut state.running, true) {
            tokio::spawn(keep_watch(Watching { inner: self.clone(), ended: false }));
        }
        calendars
    }

    /// What somebody listens to; forgets the rest. `None` when that is nothing.
    fn watched(&self) -> Option<Vec<(SlotsQuery, Arc<Calendar>)>> {
        let mut state = self.state();
        state.calendars.retain(|_, sender| sender.receiver_count() > 0);
        gauge!("slot_calendars_watched").set(f64::from(u32::try_from(state.calendars.len()).unwrap_or(u32::MAX)));
        if state.calendars.is_empty() {
            // Under this lock: who listens from now on finds nobody watching, and starts anew.
            state.running = false;
            return None;
        }
        Some(state.calendars.iter().map(|(query, sender)| (*query, sender.borrow().clone())).collect())
    }

    async fn look(&self, watched: &[(SlotsQuery, Arc<Calendar>)]) -> Result<(), PortFailure> {
        let queries: Vec<SlotsQuery> = watched.iter().map(|(query, _)| *query).collect();
        let marks = self.marks(&queries).await?;
        let now = self.clock.now();
        let mut due: Vec<SlotsQuery> = watched
            .iter()
            .filter(|(query, calendar)| calendar.is_due(marks.get(&query.doctor).copied(), now))
            .map(|(query, _)| *query)
            .collect();
        // Questions about the same days beside each other: what is taken is read for all days of a chunk.
        due.sort_unstable_by_key(|query| (query.from, query.to, query.doctor));
        for chunk in due.chunks(CHUNK) {
            let answers = self.list.run(chunk).await?;
            for (query, answer) in chunk.iter().zip(answers) {
                if let Err(SlotsError::Failed(failure)) = answer {
                    return Err(failure);
                }
                let mark = marks.get(&query.doctor).copied();
                self.show(query, Calendar::new(query.doctor, answer, mark, now));
            }
        }
        Ok(())
    }

    fn show(&self, query: &SlotsQuery, now: Calendar) {
        let state = self.state();
        let Some(sender) = state.calendars.get(query) else { return };
        sender.send_if_modified(|before| {
            let differs = !now.shows_the_same_as(before);
            *before = Arc::new(now);
            differs
        });
    }

    fn all_stale(&self, watched: &[(SlotsQuery, Arc<Calendar>)]) {
        for (query, calendar) in watched.iter().filter(|(_, calendar)| !calendar.stale) {
            let Calendar { doctor, visit_type, minutes, mark, valid_until, listed_at, .. } = **calendar;
            let (zones, times) = (calendar.zones.clone(), calendar.times.clone());
            let stale =
                Calendar { doctor, visit_type, minutes, zones, times, mark, valid_until, listed_at, stale: true };
            self.show(query, stale);
        }
    }

    async fn marks(&self, queries: &[SlotsQuery]) -> Result<HashMap<DoctorId, (i64, i64)>, PortFailure> {
        let mut doctors: Vec<DoctorId> = queries.iter().map(|query| query.doctor).collect();
        doctors.sort_unstable();
        doctors.dedup();
        marks(&self.pool, &doctors).await
    }
}
