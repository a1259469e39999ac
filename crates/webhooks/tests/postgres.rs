//! The adapters on a real database.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, AppointmentId, ClinicId, DoctorId, EventId, Recorded};
use platform::crypto::Keyring;
use platform::journal::Journal;
use platform::pg;
use secrecy::SecretString;
use testkit::TestDatabase;
use webhooks::application::{AddError, Begun, Deliveries as _, Ended, Endpoints as _, Page, Stored, Tries as _};
use webhooks::domain::{
    Data, DeliveryState, Endpoint, EndpointEvent, EndpointFact, EndpointId, EventType, Happening, Outcome, Secret,
    SigningKeys, Standing, Tried, Verdict, VisitData, Wanted, verdict,
};
use webhooks::infrastructure::{PgDeliveries, PgEndpoints, PgTries};

struct House {
    db: TestDatabase,
    owner: tokio_postgres::Client,
    endpoints: PgEndpoints,
    deliveries: PgDeliveries,
    tries: PgTries,
    clinic: ClinicId,
}

fn now() -> Timestamp {
    "2027-03-01T12:00:00Z".parse().unwrap()
}

fn later(seconds: i64) -> Timestamp {
    now().checked_add(SignedDuration::from_secs(seconds)).unwrap()
}

impl House {
    async fn new() -> Self {
        let db = testkit::database_with(12).await;
        let secret = SecretString::from("s".repeat(40));
        let (journal, keys) = (Journal::new(&secret), Keyring::derived(&secret));
        Self {
            owner: pg::client(&db.settings).await.unwrap(),
            endpoints: PgEndpoints::new(db.pool.clone(), journal.clone(), keys.clone()),
            deliveries: PgDeliveries::new(db.pool.clone(), journal.clone(), keys.clone()),
            tries: PgTries::new(db.pool.clone(), journal, keys),
            db,
            clinic: ClinicId::mint(),
        }
    }

    fn endpoint(&self, wanted: Wanted) -> Endpoint {
        Endpoint {
            id: EndpointId::mint(),
            clinic: self.clinic,
            url: "https://clinic.example/hooks".into(),
            wanted,
            standing: Standing::Enabled,
            keys: SigningKeys { current: Secret::new(vec![5; 32]), previous: None },
            failing_since: None,
            version: 1,
            created_at: now(),
            updated_at: now(),
        }
    }

    async fn added(&self, wanted: Wanted) -> Endpoint {
        let new = self.endpoint(wanted);
        self.endpoints.add(&new, &event(&new, EndpointFact::Added {})).await.unwrap();
        new
    }

    fn booked(&self) -> Happening {
        let data = VisitData {
            appointment_id: AppointmentId::mint(),
            clinic_id: self.clinic,
            doctor_id: DoctorId::mint(),
            visit_type_id: None,
            starts_at: Some(now()),
            ends_at: None,
            previous_starts_at: None,
            status: None,
            previous_status: None,
            version: None,
        };
        let id = EventId::mint().as_uuid();
        Happening { id, kind: EventType::Booked, at: now(), clinic: self.clinic, data: Data::Visit(data) }
    }

    async fn number(&self, query: &str) -> i64 {
        self.owner.query_one(query, &[]).await.unwrap().get(0)
    }

    async fn jobs(&self) -> i64 {
        self.number("SELECT count(*) FROM jobs.job").await
    }

    async fn all(&self, endpoint: &Endpoint) -> Vec<webhooks::domain::Delivery> {
        let page = Page { endpoint: endpoint.id, state: None, before: None, limit: 100 };
        let mut all = self.deliveries.page(page).await.unwrap();
        all.reverse();
        all
    }
}

fn event(endpoint: &Endpoint, fact: EndpointFact) -> Recorded<EndpointEvent> {
    let event = EndpointEvent { webhook_id: endpoint.id, clinic_id: endpoint.clinic, fact };
    Recorded::new(event, Actor::System, now())
}

fn ended(id: webhooks::domain::DeliveryId, attempt: u32, status: u16, at: Timestamp) -> Ended {
    let outcome = Outcome::Answered { status, retry_after: None };
    let verdict = verdict(outcome, attempt, at, 1.0);
    Ended { id, attempt, begun_at: at, at, tried: Tried { outcome, took_ms: 7 }, verdict }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twenty_that_are_added_at_once_ten_are_and_each_comes_back_as_it_was() {
    let house = House::new().await;
    let some = || Wanted::new(&["appointment.booked"]).unwrap();
    let racing = (0..20).map(|_| {
        let (endpoints, new) = (house.endpoints.clone(), house.endpoint(some()));
        tokio::spawn(async move {
            let added = event(&new, EndpointFact::Added {});
            endpoints.add(&new, &added).await.map(|()| new)
        })
    });
    let mut added = Vec::new();
    for one in racing.collect::<Vec<_>>() {
        match one.await.unwrap() {
            Ok(new) => added.push(new),
            Err(error) => assert!(matches!(error, AddError::TooMany), "{error}"),
        }
    }
    added.sort_by_key(|endpoint| endpoint.id);
    assert_eq!(added.len(), 10);
    let found = house.endpoints.of(house.clinic).await.unwrap();
    assert!(found == added, "{found:?}");
    assert_eq!(house.number("SELECT count(*) FROM journal.audit_event WHERE action = 'webhook.added'").await, 10);
    assert!(house.endpoints.of(ClinicId::mint()).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_changes_a_version_that_is_gone_changes_nothing() {
    let house = House::new().await;
    let seen = house.added(Wanted::All).await;
    let mut racing = Vec::new();
    for number in 0..8 {
        let (endpoints, changed) = (house.endpoints.clone(), seen.with_secret(Secret::new(vec![number; 32]), now()));
        racing.push(tokio::spawn(async move {
            endpoints.change(&changed, &event(&changed, EndpointFact::SecretRotated {})).await.unwrap()
        }));
    }
    let mut stored = 0;
    for one in racing {
        stored += usize::from(one.await.unwrap() == Stored::Yes);
    }
    assert_eq!(stored, 1);
    let found = house.endpoints.find(house.clinic, seen.id).await.unwrap().unwrap();
    assert_eq!((found.version, found.keys.previous.unwrap().0), (2, Secret::new(vec![5; 32])));
    let removed = event(&seen, EndpointFact::Removed {});
    assert_eq!(house.endpoints.remove(&seen, &removed).await.unwrap(), Stored::Stale);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_event_that_is_handed_out_many_times_at_once_makes_one_delivery_and_one_job_for_each_endpoint() {
    let house = House::new().await;
    let (all, some) =
        (house.added(Wanted::All).await, house.added(Wanted::new(&["appointment.booked"]).unwrap()).await);
    house.added(Wanted::new(&["appointment.cancelled"]).unwrap()).await;
    let happening = house.booked();
    let mut racing = Vec::new();
    for _ in 0..8 {
        let (deliveries, happening) = (house.deliveries.clone(), happening.clone());
        racing.push(tokio::spawn(async move { deliveries.tell(&happening, now()).await.unwrap() }));
    }
    let mut made = 0;
    for one in racing {
        made += one.await.unwrap();
    }
    assert_eq!((made, house.jobs().await), (2, 2));
    assert_eq!((house.all(&all).await.len(), house.all(&some).await.len()), (1, 1));
    let elsewhere = Happening { clinic: ClinicId::mint(), ..house.booked() };
    assert_eq!(house.deliveries.tell(&elsewhere, now()).await.unwrap(), 0);
}

#[tokio::test]
async fn a_try_begins_once_and_its_end_counts_once() {
    let house = House::new().await;
    let endpoint = house.added(Wanted::All).await;
    house.deliveries.tell(&house.booked(), now()).await.unwrap();
    let id = house.all(&endpoint).await[0].id;
    let Begun::Due(due) = house.tries.begin(id, 1, now()).await.unwrap() else { panic!("not due") };
    assert_eq!((due.count, due.keys.current.octets()), (1, &[5; 32][..]));
    assert_eq!(house.tries.begin(id, 1, later(1)).await.unwrap(), Begun::Over, "somebody is at it");
    assert_eq!(house.tries.begin(id, 2, later(1)).await.unwrap(), Begun::Over, "not the next one yet");
    assert!(matches!(house.tries.begin(id, 1, later(60)).await.unwrap(), Begun::Due(_)), "who was at it is gone");
    for _ in 0..2 {
        house.tries.ended(&ended(id, 1, 500, later(61))).await.unwrap();
    }
    let (delivery, tries) = house.deliveries.find(endpoint.id, id).await.unwrap().unwrap();
    assert_eq!((delivery.attempts, tries.len(), delivery.next_at), (1, 1, Some(later(66))));
    assert_eq!(house.tries.begin(id, 1, later(61)).await.unwrap(), Begun::Over);
    assert_eq!(house.jobs().await, 3, "the first one, one that looks after it, and the next");
    assert!(matches!(house.tries.begin(id, 2, later(66)).await.unwrap(), Begun::Due(_)));
    house.tries.ended(&ended(id, 2, 204, later(67))).await.unwrap();
    let (delivery, _) = house.deliveries.find(endpoint.id, id).await.unwrap().unwrap();
    assert_eq!((delivery.state, delivery.next_at, delivery.done_at), (DeliveryState::Delivered, None, Some(later(67))));
    assert_eq!(house.tries.begin(id, 3, later(70)).await.unwrap(), Begun::Over);
}

#[tokio::test]
async fn four_are_on_their_way_at_once_and_who_waits_is_let_in_when_one_is_back() {
    let house = House::new().await;
    let endpoint = house.added(Wanted::All).await;
    for _ in 0..6 {
        house.deliveries.tell(&house.booked(), now()).await.unwrap();
    }
    let ids: Vec<_> = house.all(&endpoint).await.iter().map(|delivery| delivery.id).collect();
    let mut begun = Vec::new();
    for id in &ids {
        begun.push(matches!(house.tries.begin(*id, 1, now()).await.unwrap(), Begun::Due(_)));
    }
    assert_eq!(begun, [true, true, true, true, false, false]);
    house.owner.batch_execute("DELETE FROM jobs.job").await.unwrap();
    house.tries.ended(&ended(ids[0], 1, 204, later(1))).await.unwrap();
    assert_eq!(house.jobs().await, 1);
    assert!(matches!(house.tries.begin(ids[4], 1, later(1)).await.unwrap(), Begun::Due(_)));
    // Three at once, and none of them gets through: one at a time from now on.
    house.owner.batch_execute("DELETE FROM jobs.job").await.unwrap();
    house.tries.ended(&ended(ids[1], 1, 500, later(2))).await.unwrap();
    assert_eq!(house.jobs().await, 1, "its own next try");
    // The workers of the others are gone; nobody waits for them for ever.
    house.owner.batch_execute("DELETE FROM jobs.job").await.unwrap();
    assert_eq!(house.tries.mend(later(400)).await.unwrap(), 5);
    assert!(matches!(house.tries.begin(ids[5], 1, later(400)).await.unwrap(), Begun::Due(_)));
    assert_eq!(house.tries.begin(ids[2], 1, later(401)).await.unwrap(), Begun::Parked);
}

#[tokio::test]
async fn what_an_endpoint_says_that_is_gone_disables_it_and_gives_up_all_that_is_on_its_way() {
    let house = House::new().await;
    let endpoint = house.added(Wanted::All).await;
    for _ in 0..3 {
        house.deliveries.tell(&house.booked(), now()).await.unwrap();
    }
    let ids: Vec<_> = house.all(&endpoint).await.iter().map(|delivery| delivery.id).collect();
    for id in &ids[..2] {
        assert!(matches!(house.tries.begin(*id, 1, now()).await.unwrap(), Begun::Due(_)));
    }
    house.tries.ended(&ended(ids[0], 1, 410, later(1))).await.unwrap();
    let found = house.endpoints.find(house.clinic, endpoint.id).await.unwrap().unwrap();
    assert_eq!((found.standing, found.version), (Standing::Disabled(webhooks::domain::Disabled::Gone), 2));
    assert!(house.all(&endpoint).await.iter().all(|delivery| delivery.state == DeliveryState::Failed));
    // One that was on its way has been heard all the same.
    let heard = ended(ids[1], 1, 204, later(2));
    assert_eq!(heard.verdict, Verdict::Delivered);
    house.tries.ended(&heard).await.unwrap();
    assert_eq!(house.all(&endpoint).await[1].state, DeliveryState::Delivered);
    assert_eq!(house.deliveries.tell(&house.booked(), later(3)).await.unwrap(), 0);
    let audited =
        "SELECT count(*) FROM journal.audit_event WHERE action = 'webhook.disabled' AND actor_kind = 'system'";
    assert_eq!(house.number(audited).await, 1);
    house.db.pool.close();
}
