use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use kernel::{Actor, Caller, Clock, DoctorId, PortFailure, Recorded, VisitTypeId};

use super::addressees::Addressees;
use super::policy::Policy;
use super::ports::{Ask, DoctorAgenda, Practices, RequestedStart};
use super::waitlist_ports::{
    Ending, EndingError, InLine, NewOffer, OfferError, OfferLetter, OpenTime, OpenTimes, TimesAsked, WaitlistLine,
    WaitlistStore,
};
use crate::domain::{
    Hold, HoldKind, Offer, Outcome, WaitlistEntry, WaitlistEvent, WaitlistOffer, Wanted, deadline, is_quiet,
};

/// Entries that are looked at together.
const PAGE: u32 = 200;
/// Offers that end in one run.
const MOST_ENDINGS: u32 = 200;
/// Times that are tried for one entry in one run, before the next entry is looked at.
const TRIES: usize = 8;
/// Days in one question for free times.
const CHUNK_DAYS: i32 = 31;
/// What time alone changes (night ends, a day begins) is found this much later at the most.
const LONGEST_WITHOUT_A_LOOK: SignedDuration = SignedDuration::from_secs(60);

/// What one run has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Served {
    /// Offers that were made.
    pub offered: usize,
    /// Offers that were ended, because nobody has answered or the time was gone.
    pub ended: usize,
}

/// Offers times that are free to those who wait for them, first come first served.
///
/// It looks at what is so now, not at messages of what has changed: whatever freed a time, and whichever process saw
/// it, the next run finds it.
pub struct OfferFreedTimes {
    /// Where offers are kept.
    pub store: Arc<dyn WaitlistStore>,
    /// The line.
    pub line: Arc<dyn WaitlistLine>,
    /// What is free.
    pub times: Arc<dyn OpenTimes>,
    /// What doctors offer.
    pub agenda: Arc<dyn DoctorAgenda>,
    /// What doctors and clinics are called.
    pub practices: Arc<dyn Practices>,
    /// Whom doctors know.
    pub policy: Policy,
    /// Where letters go.
    pub addressees: Addressees,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// How long an offer is kept.
    pub to_answer: SignedDuration,
    /// What the pages of the line looked like at the last run, to be left alone while nothing changes.
    pub seen: Mutex<Vec<(u64, Timestamp)>>,
}

/// Which calendar an entry is served from.
type Calendar = (DoctorId, Option<VisitTypeId>);
/// The times that are left of each.
type Free = HashMap<Calendar, Vec<OpenTime>>;

impl OfferFreedTimes {
    /// Ends what is over, then walks the line once.
    ///
    /// # Errors
    /// The first failure. One entry's failure does not stop the others.
    pub async fn run(&self) -> Result<Served, PortFailure> {
        let mut served = Served { ended: self.end_due().await?, offered: 0 };
        let (mut after, mut failed) = (None, None);
        for page in 0.. {
            let line = self.line.waiting(after, PAGE).await?;
            let Some(last) = line.last() else { break };
            after = Some((last.entry.created_at, last.entry.id));
            let whole = line.len() == usize::try_from(PAGE).unwrap_or(usize::MAX);
            match self.serve(page, line).await {
                Ok((offered, failure)) => {
                    served.offered += offered;
                    failed = failed.or(failure);
                }
                Err(failure) => return Err(failure),
            }
            if !whole {
                break;
            }
        }
        failed.map_or(Ok(served), Err)
    }

    async fn end_due(&self) -> Result<usize, PortFailure> {
        let at = self.clock.now();
        let due = self.line.due(at, MOST_ENDINGS).await?;
        for id in &due {
            let outcome = Outcome::Expired;
            let ending = Ending { id: *id, outcome, actor: Actor::System, at, request_id: None, once: None };
            match self.store.end(&ending).await {
                Ok(()) | Err(EndingError::Over | EndingError::Once(_)) => {}
                Err(EndingError::Failed(failure)) => return Err(failure),
            }
        }
        Ok(due.len())
    }

    /// Serves one page of the line; gives how many offers were made, and what went wrong with one.
    async fn serve(&self, page: usize, line: Vec<InLine>) -> Result<(usize, Option<PortFailure>), PortFailure> {
        let now = self.clock.now();
        let line = self.without_those_over(line, now).await?;
        let calendars = self.calendars(&line).await?;
        let doctors: BTreeSet<DoctorId> = calendars.iter().flatten().map(|(doctor, _)| *doctor).collect();
        let doctors: Vec<DoctorId> = doctors.into_iter().collect();
        // Read before the times: a change in between shows as another mark at the next run.
        let marks = self.times.marks(&doctors).await?;
        let mut state = DefaultHasher::new();
        for waits in &line {
            (waits.entry.id, waits.offered.len()).hash(&mut state);
        }
        doctors.iter().for_each(|doctor| (doctor, marks.get(doctor)).hash(&mut state));
        let state = state.finish();
        if self.knows(page, state, now) {
            return Ok((0, None));
        }
        let mut free = self.free(&line, &calendars, now).await?;
        let (mut offered, mut failed) = (0, None);
        for (waits, calendars) in line.iter().zip(&calendars) {
            match self.serve_one(waits, calendars, &mut free, now).await {
                Ok(made) => offered += usize::from(made),
                Err(failure) => failed = failed.or(Some(failure)),
            }
        }
        if failed.is_none() {
            self.remember(page, state, now);
        }
        Ok((offered, failed))
    }

    async fn without_those_over(&self, line: Vec<InLine>, now: Timestamp) -> Result<Vec<InLine>, PortFailure> {
        let (over, line): (Vec<_>, Vec<_>) = line.into_iter().partition(|waits| waits.entry.window.is_over(now));
        for waits in over {
            let lapsed = WaitlistEvent::Lapsed { entry_id: waits.entry.id };
            self.line.lapse(&Recorded::new(lapsed, Actor::System, now)).await?;
        }
        Ok(line)
    }

    /// From which calendars each entry is served.
    async fn calendars(&self, line: &[InLine]) -> Result<Vec<Vec<Calendar>>, PortFailure> {
        let place = |entry: &WaitlistEntry| match &entry.wanted {
            Wanted::Doctor { .. } => None,
            Wanted::Specialty { specialty, city } => Some((specialty.clone(), city.clone())),
        };
        let places: BTreeSet<(String, String)> = line.iter().filter_map(|waits| place(&waits.entry)).collect();
        let places: Vec<(String, String)> = places.into_iter().collect();
        let found = if places.is_empty() { Vec::new() } else { self.times.doctors_of(&places).await? };
        let there: HashMap<(String, String), Vec<DoctorId>> = places.into_iter().zip(found).collect();
        let calendars = line.iter().map(|waits| match (&waits.entry.wanted, place(&waits.entry)) {
            (Wanted::Doctor { doctor, visit_type }, _) => vec![(*doctor, *visit_type)],
            (Wanted::Specialty { .. }, place) => {
                let doctors = place.and_then(|place| there.get(&place)).map_or(&[][..], Vec::as_slice);
                doctors.iter().map(|doctor| (*doctor, None)).collect()
            }
        });
        Ok(calendars.collect())
    }

    /// What is free in all these calendars on the days that anybody waits for.
    async fn free(&self, line: &[InLine], calendars: &[Vec<Calendar>], now: Timestamp) -> Result<Free, PortFailure> {
        // Somewhere it may still be yesterday.
        let today = TimeZone::UTC.to_datetime(now).date().yesterday().unwrap_or(Date::MIN);
        let mut wanted: HashMap<Calendar, (Date, Date)> = HashMap::new();
        for (waits, calendars) in line.iter().zip(calendars) {
            let (from, to) = (waits.entry.window.first_day.max(today), waits.entry.window.last_day);
            for calendar in calendars {
                let days = wanted.entry(*calendar).or_insert((from, to));
                *days = (days.0.min(from), days.1.max(to));
            }
        }
        let mut asked = Vec::new();
        for ((doctor, visit_type), (mut from, last)) in wanted {
            while from <= last {
                let to = from.saturating_add((CHUNK_DAYS - 1).days()).min(last);
                asked.push(TimesAsked { doctor, visit_type, from, to });
                from = to.saturating_add(1.day());
            }
        }
        // Questions about the same days beside each other: what is taken is read for all days of a chunk.
        asked.sort_unstable_by_key(|asked| (asked.from, asked.to, asked.doctor, asked.visit_type));
        let mut free: Free = HashMap::new();
        for asked in asked.chunks(CHUNK) {
            for (asked, found) in asked.iter().zip(self.times.free(asked).await?) {
                free.entry((asked.doctor, asked.visit_type)).or_default().extend(found);
            }
        }
        Ok(free)
    }

    /// Offers the earliest time that fits; `false` when none does.
    async fn serve_one(
        &self,
        waits: &InLine,
        calendars: &[Calendar],
        free: &mut Free,
        now: Timestamp,
    ) -> Result<bool, PortFailure> {
        let mut fitting: Vec<(OpenTime, Timestamp)> = calendars
            .iter()
            .filter_map(|calendar| free.get(calendar))
            .flatten()
            .filter_map(|time| Some((time.clone(), self.until(waits, time, now)?)))
            .collect();
        fitting.sort_unstable_by_key(|(time, _)| (time.starts_at, time.doctor));
        let (mut gone, mut tries): (Vec<OpenTime>, _) = (Vec::new(), 0);
        for (time, until) in fitting {
            if tries == TRIES {
                break;
            }
            if gone.iter().any(|gone| overlap(gone, &time)) {
                continue;
            }
            tries += 1;
            match self.offer(&waits.entry, &time, until, now).await? {
                Tried::Made => {
                    take(free, &time);
                    return Ok(true);
                }
                Tried::WaitsNoLonger => return Ok(false),
                Tried::Gone => {
                    take(free, &time);
                    gone.push(time);
                }
                Tried::NotForThem => {}
            }
        }
        Ok(false)
    }

    /// Until when this time would be kept for them; `None` when it is not for them, or not now.
    fn until(&self, waits: &InLine, time: &OpenTime, now: Timestamp) -> Option<Timestamp> {
        let zone = TimeZone::get(&time.time_zone).unwrap_or(TimeZone::UTC);
        let fits = waits.entry.window.fits(time.starts_at, time.ends_at, &zone)
            && !waits.offered.contains(&(time.doctor, time.starts_at))
            && !is_quiet(now, &zone);
        if fits { deadline(now, self.to_answer, time.book_by) } else { None }
    }

    async fn offer(
        &self,
        entry: &WaitlistEntry,
        time: &OpenTime,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Tried, PortFailure> {
        let start = RequestedStart::Instant(time.starts_at);
        let ask = Ask { doctor: time.doctor, visit_type: Some(time.visit_type), start, duration_minutes: None };
        let Ok(offered) = self.agenda.offer(&ask, now).await? else { return Ok(Tried::Gone) };
        if !offered.open_to_new_patients && !self.policy.ties.care_link(time.doctor, entry.patient).await? {
            return Ok(Tried::NotForThem);
        }
        let letter = self.letter(entry, &offered).await?;
        let edition = offered.edition;
        let (hold, opened) = Hold::open(offered, HoldKind::Waitlist, until.duration_since(now), now);
        let (offer, event) = WaitlistOffer::make(entry, &hold);
        let recorded = |event| Recorded::new(event, Actor::System, now);
        let opened = Recorded::new(opened, Actor::System, now);
        let new = NewOffer { offer, offered: recorded(event), hold, opened, edition, letter };
        match self.line.make(&new).await {
            Ok(()) => Ok(Tried::Made),
            Err(OfferError::NotWaiting) => Ok(Tried::WaitsNoLonger),
            Err(OfferError::SlotTaken | OfferError::RulesChanged) => Ok(Tried::Gone),
            Err(OfferError::PatientBusy | OfferError::OfferedBefore) => Ok(Tried::NotForThem),
            Err(OfferError::Failed(failure)) => Err(failure),
        }
    }

    async fn letter(&self, entry: &WaitlistEntry, offered: &Offer) -> Result<Option<OfferLetter>, PortFailure> {
        let Some(patient) = self.addressees.patients.patient(entry.patient).await? else { return Ok(None) };
        let Some(to) = self.addressees.of(&Caller::system(), &patient).await? else { return Ok(None) };
        let names = self.practices.names(offered.doctor, offered.clinic).await?;
        Ok(names.map(|names| OfferLetter { email: to.email, language: to.language, name: patient.name, names }))
    }

    /// Was the page just like that a short while ago?
    fn knows(&self, page: usize, state: u64, now: Timestamp) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(page).is_some_and(|(known, at)| {
            *known == state && (SignedDuration::ZERO..LONGEST_WITHOUT_A_LOOK).contains(&now.duration_since(*at))
        })
    }

    fn remember(&self, page: usize, state: u64, now: Timestamp) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.truncate(page);
        if seen.len() == page {
            seen.push((state, now));
        }
    }
}

/// So many questions go to the store together.
const CHUNK: usize = 50;

/// What became of a time that was tried.
enum Tried {
    Made,
    WaitsNoLonger,
    Gone,
    NotForThem,
}

fn overlap(one: &OpenTime, other: &OpenTime) -> bool {
    one.doctor == other.doctor && one.starts_at < other.ends_at && other.starts_at < one.ends_at
}

/// Takes a time, and what it overlaps, out of what is left.
fn take(free: &mut Free, taken: &OpenTime) {
    for (_, times) in free.iter_mut().filter(|((doctor, _), _)| *doctor == taken.doctor) {
        times.retain(|time| !overlap(time, taken));
    }
}

#[cfg(test)]
mod tests;
