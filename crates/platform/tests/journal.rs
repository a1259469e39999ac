//! The audit trail on a real PostgreSQL: what was done to it behind the application's back comes to light.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use futures_util::future::{join_all, try_join_all};
use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, DomainEvent, FailureKind, PortFailure, Recorded, UserId};
use platform::journal::{AuditBreak, AuditReport, Journal, SYSTEM_STREAM, verify};
use platform::pg::{self, Abort};
use secrecy::SecretString;
use serde::Serialize;
use testkit::TestDatabase;
use tokio_postgres::Client;
use uuid::Uuid;

const MISSING: &str = "the event is missing";
const CHANGED: &str = "the event was changed, swapped or made up";
const NO_HEAD: &str = "the head of the chain is missing";
const WRONG_HEAD: &str = "the head does not fit the last event";
const BEHIND_HEAD: &str = "the event stands behind the head of the chain";
const UNOPENED: &str = "the event that opens a chain is missing";

#[derive(Debug, Serialize)]
struct Noted {
    #[serde(skip)]
    clinic: Option<Uuid>,
    number: usize,
}

impl DomainEvent for Noted {
    fn name(&self) -> &'static str {
        "test.noted"
    }

    fn subject(&self) -> Uuid {
        Uuid::from_u128(7)
    }

    fn clinic(&self) -> Option<Uuid> {
        self.clinic
    }
}

struct House {
    db: TestDatabase,
    /// The owner of the database, beside the application.
    owner: Client,
    journal: Journal,
}

impl House {
    async fn new() -> Self {
        let db = testkit::database_with(16).await;
        let owner = pg::client(&db.settings).await.unwrap();
        Self { db, owner, journal: journal('s') }
    }

    async fn note(&self, clinic: Option<Uuid>, number: usize) -> Result<Uuid, PortFailure> {
        let at = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(i64::try_from(number).unwrap());
        let actor = if number.is_multiple_of(2) { Actor::Doctor(UserId::mint()) } else { Actor::Guest };
        let request = (!number.is_multiple_of(3)).then(|| format!("request-{number}"));
        let recorded = Recorded::new(Noted { clinic, number }, actor, at).caused_by(request);
        loop {
            let noted = pg::transaction(&self.db.pool, "note", async |conn| {
                self.journal.append(conn, &recorded).await?;
                Ok::<_, Abort<PortFailure>>(())
            })
            .await;
            match noted {
                // On a busy machine a writer may be told to come again; it has written nothing then.
                Err(failure) if failure.kind() == FailureKind::Unavailable => {}
                other => break other?,
            }
        }
        Ok(recorded.id.as_uuid())
    }

    /// A chain of five; the ids of its events.
    async fn chain(&self, clinic: Option<Uuid>) -> Vec<Uuid> {
        let mut ids = Vec::new();
        for number in 1..=5 {
            ids.push(self.note(clinic, number).await.unwrap());
        }
        ids
    }

    /// Does as the owner of the database can.
    async fn tamper(&self, sql: &str) {
        let off = "ALTER TABLE journal.audit_event DISABLE TRIGGER audit_event_is_append_only";
        let on = "ALTER TABLE journal.audit_event ENABLE TRIGGER audit_event_is_append_only";
        self.owner.batch_execute(&format!("{off}; {sql}; {on}")).await.unwrap();
    }

    async fn report(&self) -> AuditReport {
        self.report_by(&self.journal).await
    }

    async fn report_by(&self, journal: &Journal) -> AuditReport {
        verify(&mut pg::conn(&self.db.pool).await.unwrap(), journal).await.unwrap()
    }

    async fn count(&self, what: &str) -> i64 {
        self.owner.query_one(&format!("SELECT count(*) FROM {what}"), &[]).await.unwrap().get(0)
    }
}

fn journal(letter: char) -> Journal {
    Journal::new(&SecretString::from(letter.to_string().repeat(40)))
}

/// Where a chain breaks: at which position, at which of its events, and why.
type Expected = (i64, Option<usize>, &'static str);

#[tokio::test]
async fn whatever_is_done_to_one_chain_is_found_at_its_first_bad_event_and_there_alone() {
    let house = House::new().await;
    // `$` stands for the chain; each has events 1 to 5.
    let event = "journal.audit_event";
    let cases: Vec<(&str, String, Option<Expected>)> = vec![
        ("nothing", "SELECT 1".into(), None),
        (
            "data edited",
            format!("UPDATE {event} SET data = '{{\"number\":9}}' WHERE stream = $ AND seq = 3"),
            Some((3, Some(3), CHANGED)),
        ),
        (
            "a space in the data",
            format!("UPDATE {event} SET data = data || ' ' WHERE stream = $ AND seq = 4"),
            Some((4, Some(4), CHANGED)),
        ),
        (
            "time edited",
            format!("UPDATE {event} SET at = at + interval '1 microsecond' WHERE stream = $ AND seq = 2"),
            Some((2, Some(2), CHANGED)),
        ),
        (
            "somebody else did it",
            format!("UPDATE {event} SET actor_id = gen_random_uuid() WHERE stream = $ AND seq = 2"),
            Some((2, Some(2), CHANGED)),
        ),
        (
            "another sort of actor",
            format!("UPDATE {event} SET actor_kind = 'admin' WHERE stream = $ AND seq = 1"),
            Some((1, Some(1), CHANGED)),
        ),
        (
            "another action",
            format!("UPDATE {event} SET action = 'test.read' WHERE stream = $ AND seq = 5"),
            Some((5, Some(5), CHANGED)),
        ),
        (
            "another subject",
            format!("UPDATE {event} SET subject = gen_random_uuid() WHERE stream = $ AND seq = 5"),
            Some((5, Some(5), CHANGED)),
        ),
        (
            "no request becomes an empty one",
            format!("UPDATE {event} SET request_id = '' WHERE stream = $ AND seq = 3"),
            Some((3, Some(3), CHANGED)),
        ),
        (
            "two edited",
            format!("UPDATE {event} SET data = '{{}}' WHERE stream = $ AND seq IN (2, 4)"),
            Some((2, Some(2), CHANGED)),
        ),
        (
            "an event and its hash edited",
            format!("UPDATE {event} SET data = '{{}}', hash = sha256('x') WHERE stream = $ AND seq = 4"),
            Some((4, Some(4), CHANGED)),
        ),
        ("first deleted", format!("DELETE FROM {event} WHERE stream = $ AND seq = 1"), Some((1, None, MISSING))),
        (
            "one in the middle deleted",
            format!("DELETE FROM {event} WHERE stream = $ AND seq = 3"),
            Some((3, None, MISSING)),
        ),
        (
            "one in the middle deleted and the gap closed",
            format!(
                "DELETE FROM {event} WHERE stream = $ AND seq = 3; \
                 UPDATE {event} SET seq = 3 WHERE stream = $ AND seq = 4; \
                 UPDATE {event} SET seq = 4 WHERE stream = $ AND seq = 5; \
                 UPDATE journal.audit_head SET seq = 4 WHERE stream = $"
            ),
            Some((3, Some(4), CHANGED)),
        ),
        ("last deleted", format!("DELETE FROM {event} WHERE stream = $ AND seq = 5"), Some((5, None, MISSING))),
        ("last two deleted", format!("DELETE FROM {event} WHERE stream = $ AND seq >= 4"), Some((4, None, MISSING))),
        ("all events deleted", format!("DELETE FROM {event} WHERE stream = $"), Some((1, None, MISSING))),
        (
            "the whole chain deleted",
            format!("DELETE FROM {event} WHERE stream = $; DELETE FROM journal.audit_head WHERE stream = $"),
            Some((1, None, NO_HEAD)),
        ),
        (
            "the whole chain deleted and the head set back",
            format!(
                "DELETE FROM {event} WHERE stream = $; \
                 UPDATE journal.audit_head SET seq = 0, hash = decode(repeat('00', 32), 'hex') WHERE stream = $"
            ),
            Some((1, None, MISSING)),
        ),
        (
            "two swapped",
            format!(
                "UPDATE {event} SET seq = 99 WHERE stream = $ AND seq = 2; \
                 UPDATE {event} SET seq = 2 WHERE stream = $ AND seq = 3; \
                 UPDATE {event} SET seq = 3 WHERE stream = $ AND seq = 99"
            ),
            Some((2, Some(3), CHANGED)),
        ),
        (
            "the contents of two swapped",
            format!(
                "UPDATE {event} e SET data = o.data, at = o.at FROM {event} o \
                 WHERE e.stream = $ AND o.stream = $ AND e.seq + o.seq = 7 AND e.seq IN (3, 4)"
            ),
            Some((3, Some(3), CHANGED)),
        ),
        (
            "one made up behind the last",
            format!("{}; UPDATE journal.audit_head SET seq = 6, hash = sha256('x') WHERE stream = $", made_up(6)),
            Some((6, Some(0), CHANGED)),
        ),
        ("one made up behind the head", made_up(6), Some((6, Some(0), BEHIND_HEAD))),
        (
            "one made up in the place of another",
            format!("DELETE FROM {event} WHERE stream = $ AND seq = 4; {}", made_up(4)),
            Some((4, Some(0), CHANGED)),
        ),
        (
            "the head's hash changed",
            "UPDATE journal.audit_head SET hash = sha256('x') WHERE stream = $".into(),
            Some((5, None, WRONG_HEAD)),
        ),
        (
            "the head moved on",
            "UPDATE journal.audit_head SET seq = 6 WHERE stream = $".into(),
            Some((6, None, MISSING)),
        ),
        (
            "the head set back",
            format!(
                "UPDATE journal.audit_head h SET seq = 4, hash = e.hash FROM {event} e \
                 WHERE h.stream = $ AND e.stream = $ AND e.seq = 4"
            ),
            Some((5, Some(5), BEHIND_HEAD)),
        ),
        ("the head deleted", "DELETE FROM journal.audit_head WHERE stream = $".into(), Some((6, None, NO_HEAD))),
    ];

    let mut expected = Vec::new();
    let mut total = 0;
    for (number, (_, sql, found)) in cases.iter().enumerate() {
        let clinic = Uuid::from_u128(0x1000 + number as u128);
        let ids = house.chain(Some(clinic)).await;
        total += 5;
        let made_up = Uuid::from_u128(0x9000 + number as u128);
        let sql = sql.replace("@", &format!("'{made_up}'")).replace('$', &format!("'{clinic}'"));
        if let Some((seq, event, what)) = *found {
            let event = event.map(|place| if place == 0 { made_up } else { ids[place - 1] });
            expected.push((number, sql, AuditBreak { stream: clinic, seq, event, what }));
        }
    }
    let before = house.report().await;
    assert_eq!(before.breaks, []);
    assert_eq!((before.chains, before.events), (cases.len() + 1, total + cases.len() as u64));

    for (_, sql, _) in &expected {
        house.tamper(sql).await;
    }
    let report = house.report().await;
    for (number, _, wanted) in &expected {
        let found = report.breaks.iter().find(|found| found.stream == wanted.stream);
        assert_eq!(found, Some(wanted), "{}", cases[*number].0);
    }
    assert_eq!(report.breaks.len(), expected.len(), "only where something was done: {:?}", report.breaks);
}

/// An event nobody has recorded, with the id `@`.
fn made_up(seq: i64) -> String {
    format!(
        "INSERT INTO journal.audit_event (stream, seq, id, at, actor_kind, action, subject, data, hash) \
         VALUES ($, {seq}, @, '1970-01-01T00:05Z', 'system', 'test.noted', gen_random_uuid(), '{{}}', sha256('x'))"
    )
}

#[tokio::test]
async fn an_event_that_moves_to_another_chain_is_missed_there_and_noticed_here() {
    let house = House::new().await;
    let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let ids = house.chain(Some(one)).await;
    house.chain(Some(other)).await;
    house
        .tamper(&format!(
            "UPDATE journal.audit_event SET stream = '{other}', seq = 6 WHERE stream = '{one}' AND seq = 5; \
             UPDATE journal.audit_head SET seq = 6 WHERE stream = '{other}'"
        ))
        .await;
    let expected = [
        AuditBreak { stream: one, seq: 5, event: None, what: MISSING },
        AuditBreak { stream: other, seq: 6, event: Some(ids[4]), what: CHANGED },
    ];
    assert_eq!(house.report().await.breaks, expected);
}

#[tokio::test]
async fn the_installations_own_chain_cannot_vanish_unseen() {
    let first_missing = AuditBreak { stream: SYSTEM_STREAM, seq: 1, event: None, what: NO_HEAD };
    let opening_missing = AuditBreak { stream: SYSTEM_STREAM, seq: 2, event: None, what: UNOPENED };
    let whole = format!(
        "DELETE FROM journal.audit_event WHERE stream = '{SYSTEM_STREAM}'; \
         DELETE FROM journal.audit_head WHERE stream = '{SYSTEM_STREAM}'"
    );
    let last = format!(
        "DELETE FROM journal.audit_event WHERE stream = '{SYSTEM_STREAM}' AND seq = 2; \
         UPDATE journal.audit_head h SET seq = 1, hash = e.hash FROM journal.audit_event e \
         WHERE h.stream = e.stream AND e.stream = '{SYSTEM_STREAM}' AND e.seq = 1"
    );
    for (sql, expected) in [(whole, first_missing), (last, opening_missing)] {
        let house = House::new().await;
        house.chain(Some(Uuid::from_u128(1))).await;
        house.chain(Some(Uuid::from_u128(2))).await;
        assert_eq!(house.report().await.breaks, []);
        house.tamper(&sql).await;
        assert_eq!(house.report().await.breaks, [expected]);
    }
}

#[tokio::test]
async fn an_empty_trail_is_whole() {
    let house = House::new().await;
    assert_eq!(house.report().await, AuditReport { chains: 0, events: 0, breaks: Vec::new() });
}

#[tokio::test]
async fn an_ordinary_update_delete_or_truncate_is_refused_and_changes_nothing() {
    let house = House::new().await;
    house.chain(None).await;
    for sql in [
        "UPDATE journal.audit_event SET data = '{}' WHERE seq = 3",
        "UPDATE journal.audit_event SET data = data",
        "DELETE FROM journal.audit_event WHERE seq = 5",
        "DELETE FROM journal.audit_event WHERE false",
        "TRUNCATE journal.audit_event",
        "INSERT INTO journal.audit_event SELECT * FROM journal.audit_event ON CONFLICT (stream, seq) DO UPDATE SET data = '{}'",
    ] {
        let refused = house.owner.batch_execute(sql).await.unwrap_err();
        let said = refused.as_db_error().unwrap();
        assert_eq!((said.code().code(), said.message()), ("42501", "journal.audit_event is append-only"), "{sql}");
    }
    assert_eq!(house.report().await, AuditReport { chains: 1, events: 5, breaks: Vec::new() });
}

#[tokio::test]
async fn without_the_installations_secret_no_event_fits() {
    let house = House::new().await;
    let ids = house.chain(None).await;
    let expected = AuditBreak { stream: SYSTEM_STREAM, seq: 1, event: Some(ids[0]), what: CHANGED };
    assert_eq!(house.report_by(&journal('t')).await.breaks, [expected]);
    assert_eq!(house.report().await.breaks, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_writers_at_once_leave_one_gapless_chain_from_its_very_first_event() {
    let house = House::new().await;
    let clinic = Uuid::from_u128(1);
    let writer = async |number: usize| {
        for turn in 0..5 {
            house.note(Some(clinic), number * 5 + turn).await?;
        }
        Ok::<_, PortFailure>(())
    };
    try_join_all((0..64).map(writer)).await.unwrap();
    // The opening of the chain stands in the installation's own.
    assert_eq!(house.report().await, AuditReport { chains: 2, events: 321, breaks: Vec::new() });
    let gapless = format!(
        "(SELECT count(*) n, min(seq) a, max(seq) z FROM journal.audit_event WHERE stream = '{clinic}') s \
         WHERE n = 320 AND a = 1 AND z = 320"
    );
    assert_eq!(house.count(&gapless).await, 1);
    assert_eq!(house.count("journal.audit_event e JOIN journal.outbox o USING (id)").await, 321);
    assert_eq!(house.count("journal.outbox").await, 321);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_clinics_open_their_chains_at_once_and_each_keeps_to_its_own() {
    let house = House::new().await;
    let writer = async |number: u128| house.note(Some(Uuid::from_u128(1 + number % 20)), 1).await;
    try_join_all((0..100).map(writer)).await.unwrap();
    assert_eq!(house.report().await, AuditReport { chains: 21, events: 120, breaks: Vec::new() });
    let own = "(SELECT count(*) FILTER (WHERE seq <= 5) n, max(seq) z FROM journal.audit_event \
                WHERE stream <> '00000000-0000-0000-0000-000000000000' GROUP BY stream) s WHERE n = 5 AND z = 5";
    assert_eq!(house.count(own).await, 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_walk_while_others_write_raises_no_false_alarm() {
    let house = House::new().await;
    let writers = join_all((0..8_u128).map(async |writer| {
        for turn in 0..25 {
            // Every other event opens a chain.
            let clinic = Uuid::from_u128(1 + writer * 100 + turn / 2);
            house.note(Some(clinic), 1).await.unwrap();
        }
    }));
    let walker = async {
        let mut seen = 0;
        while seen < 300 {
            let report = house.report().await;
            assert_eq!(report.breaks, []);
            assert!(report.events >= seen);
            seen = report.events;
        }
        seen
    };
    // 200 events, and the openings of 104 chains.
    let (_, seen) = futures_util::future::join(writers, walker).await;
    assert!(seen <= 304, "{seen}");
    assert_eq!(house.report().await.events, 304);
}

#[tokio::test]
async fn a_change_that_is_rolled_back_leaves_neither_event_nor_message_nor_gap() {
    let house = House::new().await;
    house.note(None, 1).await.unwrap();
    let recorded = Recorded::new(Noted { clinic: None, number: 2 }, Actor::Guest, Timestamp::UNIX_EPOCH);
    let refused: Result<(), PortFailure> = pg::transaction(&house.db.pool, "note and regret", async |conn| {
        house.journal.append(conn, &recorded).await?;
        pg::refuse(PortFailure::new("note", "changed my mind"))
    })
    .await;
    assert!(refused.is_err());
    house.note(None, 3).await.unwrap();
    assert_eq!(house.report().await, AuditReport { chains: 1, events: 2, breaks: Vec::new() });
    assert_eq!(house.count("journal.outbox").await, 2);
}
