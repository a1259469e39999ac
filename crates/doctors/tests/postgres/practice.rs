//! Changes of doctors, clinics and hours: whole or not at all, one after the other, and never past a booking.

use std::sync::Arc;

use async_trait::async_trait;
use diesel::deserialize::QueryableByName;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl as _, SimpleAsyncConnection as _};
use doctors::application::{Agendas as _, ChangeError, OnConflict, Practice as _, PracticeChange, Step, Subject};
use doctors::domain::{BookedVisit, HoursDraft, Known, PracticeAction, PracticeEvent, TimeOff, WeeklyPlan};
use doctors::infrastructure::{BookedVisits, PgPractice};
use jiff::{SignedDuration, Timestamp};
use jiff_diesel::{Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{Actor, AppointmentId, ClinicId, Interval, Recorded, VisitTypeId};
use platform::crypto::Keyring;
use platform::journal::Journal;
use platform::pg::{self, Abort};
use secrecy::SecretString;
use uuid::Uuid;

use super::house::{House, doctor_id, id};
use super::now;

/// Reads the other slice's table as the program's own adapter does.
struct Planned;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    doctor_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    clinic_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    visit_type_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    starts_at: DbTimestamp,
    #[diesel(sql_type = Timestamptz)]
    ends_at: DbTimestamp,
}

#[async_trait]
impl BookedVisits for Planned {
    async fn booked(
        &self,
        conn: &mut AsyncPgConnection,
        doctors: &[Uuid],
        span: Interval,
    ) -> Result<Vec<BookedVisit>, DieselError> {
        let sql = "SELECT * FROM appointments.appointment WHERE doctor_id = ANY($1) \
                   AND status IN ('booked', 'arrived') AND starts_at < $2 AND ends_at > $3";
        let rows: Vec<Row> = diesel::sql_query(sql)
            .bind::<Array<SqlUuid>, _>(doctors)
            .bind::<Timestamptz, _>(span.end.to_diesel())
            .bind::<Timestamptz, _>(span.start.to_diesel())
            .load(conn)
            .await?;
        let visit = |row: Row| BookedVisit {
            id: AppointmentId::from_uuid(row.id),
            doctor: kernel::DoctorId::from_uuid(row.doctor_id),
            clinic: ClinicId::from_uuid(row.clinic_id),
            visit_type: VisitTypeId::from_uuid(row.visit_type_id),
            visit: Interval { start: row.starts_at.to_jiff(), end: row.ends_at.to_jiff() },
        };
        Ok(rows.into_iter().map(visit).collect())
    }
}

fn practice(house: &House) -> PgPractice {
    let secret = SecretString::from("a secret of the tests, longer than 32 characters");
    let (journal, keys) = (Journal::new(&secret), Keyring::derived(&secret));
    PgPractice::new(house.db.pool.clone(), journal, keys, house.soonest.clone(), Arc::new(Planned))
}

fn east() -> ClinicId {
    ClinicId::from_uuid(id('c', 1))
}

fn change(doctor: u32, step: Step, action: PracticeAction, only_versions: Option<Vec<i32>>) -> PracticeChange {
    PracticeChange {
        subject: Subject::Doctor(doctor_id(doctor)),
        step,
        only_versions,
        on_conflict: OnConflict::Refuse,
        event: Recorded::new(PracticeEvent::at(east(), action).of(doctor_id(doctor)), Actor::System, now()),
        once: None,
    }
}

fn week(doctor: u32, from: &str, version: i32) -> PracticeChange {
    let draft = HoursDraft {
        clinic: Some(east()),
        weekday: Some("tuesday".into()),
        from: Some(from.into()),
        to: Some("17:00".into()),
        ..HoursDraft::default()
    };
    let plan = WeeklyPlan::read(&[draft], &Known { clinics: vec![east()], visit_types: Vec::new() }).unwrap();
    change(doctor, Step::WeeklyHours(plan, None), PracticeAction::WeeklyHoursReplaced, Some(vec![version]))
}

fn away(doctor: u32, span: Interval) -> PracticeChange {
    let time_off = TimeOff::take(Some(span.start), Some(span.end), now()).unwrap();
    change(doctor, Step::TimeOff(time_off), PracticeAction::TimeOffAdded, None)
}

/// Half an hour on the second, a Tuesday, from nine o'clock in New York on.
fn slot(number: u32) -> Interval {
    let nine: Timestamp = "2027-03-02T14:00:00Z".parse().unwrap();
    let start = nine + SignedDuration::from_mins(30 * i64::from(number));
    Interval::new(start, start + SignedDuration::from_mins(30)).unwrap()
}

/// A booking as the other slice makes it: reads the rules, inserts, locks, compares; asks again when told so.
async fn book(house: &House, number: u32, doctor: u32, visit: Interval) -> bool {
    for _ in 0..5 {
        let rules = house.agendas.rules(doctor_id(doctor)).await.unwrap().unwrap();
        let offered = rules.default_visit_type().unwrap();
        if rules.check(offered, visit.start, now()).is_err() {
            return false;
        }
        let sql = format!(
            "INSERT INTO appointments.appointment (id, clinic_id, doctor_id, patient_id, visit_type_id, mode, starts_at, ends_at,
                    blocked_from, blocked_until, time_zone, price_cents, status, created_at, updated_at)
             SELECT '{1}', '{2}', '{3}', '{0}', '{4}', 'video', '{5}', '{6}', '{5}', '{6}', 'UTC', 0, 'booked', now(), now()",
            id('b', number),
            id('a', number),
            id('c', 1),
            doctor_id(doctor),
            offered.id,
            visit.start,
            visit.end,
        );
        let booked: Result<(), Stale> = pg::transaction(&house.db.pool, "book", async |conn| {
            conn.batch_execute(&sql).await?;
            let edition = house.soonest.calendar_changed(conn, doctor_id(doctor), &[visit], now()).await?;
            if edition == rules.edition { Ok(()) } else { pg::refuse(Stale) }
        })
        .await;
        if booked.is_ok() {
            return true;
        }
    }
    panic!("the rules change with every look");
}

#[derive(Debug)]
struct Stale;

impl From<kernel::PortFailure> for Stale {
    fn from(failure: kernel::PortFailure) -> Self {
        panic!("{failure}: {:?}", std::error::Error::source(&failure))
    }
}

#[tokio::test]
async fn of_two_weeks_for_one_version_one_is_stored_and_the_other_told() {
    let house = House::with_connections(8).await;
    house.clinics().await;
    house.doctors(1, 1).await;
    let practice = practice(&house);
    for round in 1..=10 {
        let (one, two) = (week(1, "08:00", round), week(1, "10:00", round));
        let (one, two) = futures_util::join!(practice.change(&one), practice.change(&two));
        let stored = [&one, &two].into_iter().filter(|outcome| outcome.is_ok()).count();
        let stale = [&one, &two].into_iter().filter(|outcome| matches!(outcome, Err(ChangeError::Stale))).count();
        assert_eq!((stored, stale), (1, 1), "{round}: {one:?} {two:?}");
    }
    assert_eq!(house.count("doctors.weekly_hours").await, 1);
    assert_eq!(house.count("journal.audit_event WHERE action = 'weekly_hours.replaced'").await, 10);
    assert_eq!(house.deadlocks().await, 0);
}

#[tokio::test]
async fn a_change_that_breaks_late_leaves_nothing_behind() {
    let house = House::with_connections(3).await;
    house.clinics().await;
    house.doctors(1, 1).await;
    let before = house.rules_of(1).await;
    house.sql("ALTER TABLE journal.outbox ADD CONSTRAINT broken CHECK (topic <> 'time_off.added')").await;
    let refused = practice(&house).change(&away(1, slot(0))).await;
    assert!(matches!(refused, Err(ChangeError::Failed(_))), "{refused:?}");
    assert_eq!(house.count("doctors.time_off").await, 0);
    assert_eq!(house.count("journal.audit_event WHERE action = 'time_off.added'").await, 0);
    assert_eq!(house.count("doctors.doctor WHERE calendar_version <> 1").await, 0);
    assert_eq!(house.rules_of(1).await, before);
}

#[tokio::test]
async fn no_booking_slips_past_time_off_that_races_it() {
    let house = House::with_connections(12).await;
    house.clinics().await;
    let rounds = 40;
    house.doctors(1, rounds).await;
    // Who comes is of no matter here.
    house.sql("ALTER TABLE appointments.appointment DROP CONSTRAINT appointment_patient_id_fkey").await;
    let practice = practice(&house);
    let (mut booked, mut off) = (0, 0);
    for round in 1..=rounds {
        let away = away(round, slot(0));
        // Bookings beside it keep the row busy.
        let (one, two, three, taken) = futures_util::join!(
            book(&house, round * 10, round, slot(0)),
            book(&house, round * 10 + 1, round, slot(3)),
            book(&house, round * 10 + 2, round, slot(5)),
            practice.change(&away),
        );
        assert!(two && three);
        match (one, &taken) {
            (true, Err(ChangeError::Affected(affected))) => {
                assert_eq!(affected.total, 1);
                booked += 1;
            }
            (false, Ok(_)) => off += 1,
            other => panic!("{round}: {other:?}"),
        }
    }
    assert_eq!(booked + off, rounds);
    let inside = "appointments.appointment a JOIN doctors.time_off t USING (doctor_id) \
                  WHERE a.starts_at < t.ends_at AND t.starts_at < a.ends_at";
    assert_eq!(house.count(inside).await, 0);
    assert_eq!(house.deadlocks().await, 0);
}

#[tokio::test]
async fn a_booking_offered_by_the_rules_before_is_sent_back_even_when_all_is_mended_meanwhile() {
    let house = House::with_connections(4).await;
    house.clinics().await;
    house.doctors(1, 1).await;
    let old = house.rules_of(1).await.edition;
    practice(&house).change(&away(1, slot(0))).await.unwrap();
    house.soonest.refresh_stale(10, now(), doctors::infrastructure::Rivals::Await).await.unwrap();
    let seen: Result<i64, Stale> = pg::transaction(&house.db.pool, "look", async |conn| {
        Ok::<_, Abort<Stale>>(house.soonest.calendar_changed(conn, doctor_id(1), &[slot(0)], now()).await?)
    })
    .await;
    let seen = seen.unwrap();
    assert_ne!(seen, old);
    assert_eq!(house.rules_of(1).await.edition, seen);
}
