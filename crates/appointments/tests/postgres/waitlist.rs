//! The waitlist: many in line for one time, several processes that serve it, and others who simply book.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use appointments::application::{
    Accounts, Addressees, AnswerError, AnswerOffer, AppointmentStore as _, Ask, CalendarMark, Called, DoctorAgenda,
    Ending, EndingError, EntryError, FreeSlot, InsertError, Names, NewEntry, NewOffer, NoOffer, OfferError,
    OfferFreedTimes, OpenTime, OpenTimes, Person, Policy, Practices, RequestedStart, TimesAsked, VisitLetters,
    WaitlistLine as _, WaitlistStore as _, WatchReads, Within,
};
use appointments::domain::{
    DAY, EntryState, Hold, HoldKind, Offer, Outcome, Resource, WaitlistEntry, WaitlistOffer, Wanted, Weekdays, Window,
};
use appointments::infrastructure::http::WaitlistLinks;
use appointments::infrastructure::{CalendarWatch, PgAccessLog, PgAppointments, PgPatients, PgWaitlist, busy_of};
use async_trait::async_trait;
use diesel::result::Error as DieselError;
use diesel_async::AsyncPgConnection;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp, civil::date};
use kernel::{
    Actor, AppointmentId, Caller, ClinicId, Clock as _, DoctorId, Interval, PatientId, PortFailure, Recorded,
};
use kernel::{StoppedClock, UserId, VisitTypeId};
use platform::pg::{self, PgPool};
use platform::signing::LinkSigner;
use secrecy::SecretString;

use crate::house::{Counting, House, booking, clinic, doctor, guest, keys, links, offer, span};

#[path = "waitlist_store.rs"]
mod store;

/// Nine in the morning at the clinic.
fn morning() -> Timestamp {
    "2027-03-01T14:00:00Z".parse().unwrap()
}

/// Ten o'clock at the clinic, the next day: the time that everybody wants.
fn wanted() -> Offer {
    offer(1, span(900, 930), 5, 5)
}

/// What doctor 1 offers, and what of it is free.
struct Calendar {
    pool: PgPool,
    offers: Vec<Offer>,
    clock: Arc<StoppedClock>,
    looks: AtomicI64,
}

#[async_trait]
impl OpenTimes for Calendar {
    async fn doctors_of(&self, _: &[(String, String)]) -> Result<Vec<Vec<DoctorId>>, PortFailure> {
        Ok(Vec::new())
    }

    async fn marks(&self, doctors: &[DoctorId]) -> Result<HashMap<DoctorId, CalendarMark>, PortFailure> {
        let look = self.looks.fetch_add(1, Ordering::SeqCst);
        Ok(doctors.iter().map(|doctor| (*doctor, (look, 1))).collect())
    }

    async fn free(&self, asked: &[TimesAsked]) -> Result<Vec<Vec<OpenTime>>, PortFailure> {
        let now = self.clock.now();
        let mut all = Vec::new();
        for asked in asked {
            let busy = pg::read(&self.pool, "look", async |conn| busy_of(conn, asked.doctor, span(0, 1440), now).await);
            let busy = busy.await?;
            let free = self.offers.iter().filter(|offer| {
                let blocked = offer.blocked;
                !busy.iter().any(|taken| taken.start < blocked.end && blocked.start < taken.end)
            });
            all.push(free.map(open_time).collect());
        }
        Ok(all)
    }
}

fn open_time(offer: &Offer) -> OpenTime {
    OpenTime {
        doctor: offer.doctor,
        visit_type: offer.visit_type,
        clinic: offer.clinic,
        starts_at: offer.visit.start,
        ends_at: offer.visit.end,
        time_zone: offer.time_zone.clone(),
        book_by: offer.visit.start - SignedDuration::from_mins(60),
    }
}

#[async_trait]
impl DoctorAgenda for Calendar {
    async fn offer(&self, ask: &Ask, _: Timestamp) -> Result<Result<Offer, NoOffer>, PortFailure> {
        let found = self.offers.iter().find(|offer| RequestedStart::Instant(offer.visit.start) == ask.start);
        Ok(found.cloned().ok_or(NoOffer::Outside { rule: "time-off" }))
    }
    async fn next_free(
        &self,
        _: DoctorId,
        _: VisitTypeId,
        _: Timestamp,
        _: usize,
        _: Timestamp,
    ) -> Result<Vec<FreeSlot>, PortFailure> {
        Ok(Vec::new())
    }
    async fn resources(&self, _: DoctorId, _: VisitTypeId, _: ClinicId) -> Result<Vec<Resource>, PortFailure> {
        Ok(Vec::new())
    }
}

struct Town;

#[async_trait]
impl Practices for Town {
    async fn change_cutoff(&self, _: DoctorId) -> Result<SignedDuration, PortFailure> {
        Ok(SignedDuration::ZERO)
    }
    async fn names(&self, _: DoctorId, _: ClinicId) -> Result<Option<Names>, PortFailure> {
        Ok(Some(Names { doctor: "Dr. One".into(), clinic: "Harbor".into(), address: "5 Main Street".into() }))
    }
    async fn called(&self, _: &[DoctorId], _: &[ClinicId]) -> Result<Called, PortFailure> {
        Ok(Called::default())
    }
    async fn clinics_of(&self, _: DoctorId) -> Result<Vec<ClinicId>, PortFailure> {
        Ok(vec![clinic(1)])
    }

    async fn clinics_of_any(&self, _: &[DoctorId]) -> Result<Vec<ClinicId>, PortFailure> {
        Ok(vec![clinic(1)])
    }
}

#[async_trait]
impl Accounts for Town {
    async fn person(&self, _: UserId) -> Result<Option<Person>, PortFailure> {
        Ok(None)
    }
}

struct Line {
    house: House,
    store: Arc<PgWaitlist>,
    clock: Arc<StoppedClock>,
    calendar: Arc<Calendar>,
    patients: Arc<PgPatients>,
}

impl Line {
    async fn new(offers: Vec<Offer>) -> Self {
        let house = House::with_connections(16).await;
        let store = Arc::new(waitlist(&house, Counting));
        let clock = Arc::new(StoppedClock::at(morning()));
        let pool = house.db.pool.clone();
        let calendar = Calendar { pool: pool.clone(), offers, clock: clock.clone(), looks: AtomicI64::new(0) };
        let patients = Arc::new(PgPatients::new(pool, house.journal.clone(), keys()));
        Self { house, store, clock, calendar: Arc::new(calendar), patients }
    }

    fn addressees(&self) -> Addressees {
        Addressees { patients: self.patients.clone(), accounts: Arc::new(Town) }
    }

    /// One process that serves the line.
    fn server(&self) -> OfferFreedTimes {
        OfferFreedTimes {
            store: self.store.clone(),
            line: self.store.clone(),
            times: self.calendar.clone(),
            agenda: self.calendar.clone(),
            practices: Arc::new(Town),
            policy: Policy { ties: self.patients.clone() },
            addressees: self.addressees(),
            clock: self.clock.clone(),
            to_answer: SignedDuration::from_mins(120),
            seen: Mutex::default(),
        }
    }

    fn answers(&self) -> AnswerOffer {
        let (pool, clock) = (self.house.db.pool.clone(), self.clock.clone());
        let store = PgAppointments::new(pool.clone(), self.house.journal.clone(), keys(), links(), Arc::new(Counting));
        AnswerOffer {
            waitlist: self.store.clone(),
            store: Arc::new(store),
            patients: self.patients.clone(),
            policy: Policy { ties: self.patients.clone() },
            watch: WatchReads { log: Arc::new(PgAccessLog::new(pool)), clock: clock.clone() },
            letters: VisitLetters { addressees: self.addressees(), practices: Arc::new(Town), files: Arc::new(Town) },
            agenda: self.calendar.clone(),
            clock,
        }
    }

    /// So many get in line, one a second.
    async fn join(&self, count: i64) -> Vec<WaitlistEntry> {
        let mut line = Vec::new();
        for place in 0..count {
            let patient = guest(&format!("Waiting {place}"));
            self.house.booked(&offer(50 + u128::try_from(place).unwrap(), span(0, 30), 0, 0), &patient).await;
            let patient = self.house.store.guest(&patient, doctor(1)).await.unwrap().unwrap().patient;
            let entry = waits(patient.id, morning() - SignedDuration::from_secs(1000 - place));
            self.store.join(&joining(&entry)).await.unwrap();
            line.push(entry);
        }
        line
    }

    async fn open(&self) -> Vec<WaitlistOffer> {
        let all = self.store.entries(&Within::All, None, None, 100).await.unwrap();
        all.into_iter().filter_map(|view| view.offer).collect()
    }

    async fn states(&self) -> Vec<EntryState> {
        let all = self.store.entries(&Within::All, None, None, 100).await.unwrap();
        all.into_iter().map(|view| view.entry.state).collect()
    }

    /// Four processes serve the line at once, several times.
    async fn served(&self) {
        let servers: Vec<_> = (0..4).map(|_| self.server()).collect();
        for _ in 0..3 {
            for outcome in join_all(servers.iter().map(OfferFreedTimes::run)).await {
                outcome.unwrap();
            }
        }
    }
}

fn waitlist(house: &House, watch: impl CalendarWatch + 'static) -> PgWaitlist {
    let signer = LinkSigner::new(&SecretString::from("s".repeat(40)), "waitlist-offer");
    let links = WaitlistLinks { signer, public_url: "https://doktolib.example".into() };
    PgWaitlist::new(house.db.pool.clone(), house.journal.clone(), keys(), links, Arc::new(watch))
}

fn waits(patient: PatientId, since: Timestamp) -> WaitlistEntry {
    let window = Window {
        first_day: date(2027, 3, 2),
        last_day: date(2027, 3, 5),
        weekdays: Weekdays::ALL,
        from_minute: 9 * 60,
        until_minute: DAY,
    };
    let wanted = Wanted::Doctor { doctor: doctor(1), visit_type: None };
    WaitlistEntry::join(patient, wanted, window, vec![clinic(1)], since).0
}

fn joining(entry: &WaitlistEntry) -> NewEntry {
    let joined = appointments::domain::WaitlistEvent::Joined { entry_id: entry.id, patient_id: entry.patient };
    NewEntry { entry: entry.clone(), joined: Recorded::new(joined, Actor::System, entry.created_at), once: None }
}

fn ending(id: AppointmentId, outcome: Outcome, at: Timestamp) -> Ending {
    Ending { id, outcome, actor: Actor::System, at, request_id: None, once: None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_who_wait_for_one_freed_time_the_first_is_asked_and_the_others_stay_in_line() {
    let line = Line::new(vec![wanted()]).await;
    let entries = line.join(50).await;
    line.served().await;
    let open = line.open().await;
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].entry, entries[0].id, "who came first");
    assert_eq!((open[0].starts_at, open[0].until), (wanted().visit.start, morning() + SignedDuration::from_mins(120)));
    let states = line.states().await;
    assert_eq!((states[0], &states[1..]), (EntryState::Offered, &[EntryState::Waiting; 49][..]));
    assert_eq!(
        line.house
            .count("journal.outbox WHERE topic = 'mail' AND subject = (SELECT id FROM appointments.waitlist_offer)")
            .await,
        1
    );
    // Nobody else can have it meanwhile.
    let stranger = booking(&wanted(), &guest("Quick Stranger"));
    assert!(matches!(line.house.store.insert(&stranger).await, Err(InsertError::SlotTaken)));

    // The first gives it back: the second is asked. The second is silent: the third is asked.
    line.store.end(&ending(open[0].id, Outcome::Refused, line.clock.now())).await.unwrap();
    line.served().await;
    let second = line.open().await.pop().unwrap();
    assert_eq!(second.entry, entries[1].id);
    line.clock.advance(SignedDuration::from_mins(120));
    line.served().await;
    let third = line.open().await.pop().unwrap();
    assert_eq!(third.entry, entries[2].id);
    assert_eq!(
        line.states().await[..4],
        [EntryState::Waiting, EntryState::Waiting, EntryState::Offered, EntryState::Waiting]
    );
    assert!(matches!(
        line.answers().accept(&Caller::link_holder(second.id), second.id, None, None).await,
        Err(AnswerError::Over)
    ));

    // Eight answers of the third at once: one counts, and the hold has become the visit.
    let (answers, caller) = (line.answers(), Caller::link_holder(third.id));
    let outcomes = join_all((0..8).map(|_| answers.accept(&caller, third.id, None, None))).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(_) | Err(AnswerError::Over))), "{outcomes:?}");
    let visit = line.house.store.find(third.id).await.unwrap().unwrap();
    assert_eq!((visit.patient.id, visit.appointment.visit), (entries[2].patient, wanted().visit));
    line.served().await;
    assert!(line.open().await.is_empty());
    let states = line.states().await;
    assert_eq!(states.iter().filter(|state| **state == EntryState::Served).count(), 1);
    assert_eq!(
        (states[2], states.iter().filter(|state| **state == EntryState::Waiting).count()),
        (EntryState::Served, 49)
    );
    assert_eq!(line.house.broken_promises_of_holds().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn between_those_who_wait_and_those_who_book_a_freed_time_goes_to_exactly_one_and_nobody_deadlocks() {
    let line = Line::new(vec![wanted()]).await;
    let entries = line.join(50).await;
    let freed = line.house.booked(&wanted(), &guest("Has It")).await;
    line.served().await;
    assert!(line.open().await.is_empty(), "nothing is free yet");
    let bookings: Vec<_> = (0..12).map(|n| booking(&wanted(), &guest(&format!("Rival {n}")))).collect();
    let servers: Vec<_> = (0..4).map(|_| line.server()).collect();
    line.house.store.update(&crate::house::cancelling(&freed)).await.unwrap();
    let serving = join_all(servers.iter().map(OfferFreedTimes::run));
    let rushing = join_all(bookings.iter().map(|new| line.house.store.insert(new)));
    let (served, booked) = futures_util::future::join(serving, rushing).await;
    assert!(served.iter().all(Result::is_ok), "{served:?}");
    let booked = booked.iter().filter(|outcome| outcome.is_ok()).count();
    let open = line.open().await;
    assert_eq!(booked + open.len(), 1, "{open:?}");
    assert!(open.iter().all(|offer| offer.entry == entries[0].id));
    assert_eq!(line.states().await.iter().filter(|state| **state == EntryState::Waiting).count(), 50 - open.len());
    assert_eq!(line.house.broken_promises_of_holds().await, [""; 0]);
    line.house.db.pool.close();
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(line.house.deadlocks().await, 0);
}

#[tokio::test]
async fn three_offers_without_an_answer_end_the_waiting_and_none_is_made_twice() {
    let line = Line::new([900, 960, 1020, 1080].map(|from| offer(1, span(from, from + 30), 0, 0)).into()).await;
    let entry = &line.join(1).await[0];
    let mut starts = Vec::new();
    for _ in 0..3 {
        line.served().await;
        starts.push(line.open().await[0].starts_at);
        line.clock.advance(SignedDuration::from_mins(120));
    }
    line.served().await;
    assert!(starts.is_sorted() && starts.windows(2).all(|two| two[0] != two[1]), "{starts:?}");
    let found = line.store.entry(entry.id).await.unwrap().unwrap();
    assert_eq!((found.state, found.silent, line.open().await.len()), (EntryState::Lapsed, 3, 0));
    assert_eq!(line.house.count("journal.audit_event WHERE action = 'waitlist.lapsed'").await, 1);
    assert_eq!(line.house.count("appointments.appointment WHERE status = 'held'").await, 0);
    assert_eq!(line.house.broken_promises_of_holds().await, [""; 0]);
}

#[tokio::test]
async fn at_night_nobody_is_written_to_and_in_the_morning_the_line_is_served() {
    let line = Line::new(vec![wanted()]).await;
    line.join(2).await;
    line.clock.set("2027-03-02T12:59:00Z".parse().unwrap());
    line.served().await;
    assert!(line.open().await.is_empty(), "one minute before eight at the clinic");
    line.clock.advance(SignedDuration::from_mins(1));
    line.served().await;
    // The visit is at ten, one must have booked by nine.
    assert_eq!(line.open().await[0].until, line.clock.now() + SignedDuration::from_mins(60));
}

#[tokio::test]
async fn whoever_books_the_offered_time_by_another_way_is_served_and_who_leaves_gives_it_back() {
    let line = Line::new(vec![wanted()]).await;
    let entries = line.join(2).await;
    line.served().await;
    let left = appointments::domain::WaitlistEvent::Left { entry_id: entries[0].id, patient_id: entries[0].patient };
    line.store.leave(&Recorded::new(left, Actor::System, line.clock.now())).await.unwrap();
    line.served().await;
    let (open, states) = (line.open().await, line.states().await);
    assert_eq!((open[0].entry, states), (entries[1].id, vec![EntryState::Left, EntryState::Offered]));

    let patient = line.house.store.guest(&guest("Waiting 1"), doctor(1)).await.unwrap().unwrap().patient;
    let mut new = crate::house::booking_of_known(&wanted(), &patient);
    new.booked.at = line.clock.now();
    line.house.store.insert(&new).await.unwrap();
    assert_eq!(line.states().await, [EntryState::Left, EntryState::Served]);
    assert_eq!(line.store.offer(open[0].id).await.unwrap().unwrap().outcome, Outcome::Accepted);
    assert!(matches!(line.store.end(&ending(open[0].id, Outcome::Refused, morning())).await, Err(EndingError::Over)));
    assert_eq!(line.house.broken_promises_of_holds().await, [""; 0]);
}
