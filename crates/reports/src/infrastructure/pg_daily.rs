use std::collections::BTreeSet;

use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Date as SqlDate, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff_diesel::{Date as DbDate, ToDiesel as _};
use kernel::{ClinicId, DoctorId, PortFailure};
use platform::pg::{self, Abort, PgPool};
use uuid::Uuid;

use crate::application::{DailyQuery, DailyStore, Reach};
use crate::domain::{DailyRow, Figures, Whose};

/// Figures of days in PostgreSQL.
///
/// They are derived from what the audit trail tells already, so that writing them appends nothing to it.
#[derive(Clone)]
pub struct PgDaily {
    pool: PgPool,
}

impl PgDaily {
    /// Works through `pool`.
    #[must_use]
    pub const fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}

#[derive(QueryableByName)]
struct Day {
    #[diesel(sql_type = SqlDate)]
    day: DbDate,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlDate)]
    day: DbDate,
    #[diesel(sql_type = SqlUuid)]
    clinic_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    doctor_id: Uuid,
    #[diesel(sql_type = Text)]
    clinic_name: String,
    #[diesel(sql_type = Text)]
    doctor_name: String,
    #[diesel(sql_type = Array<Nullable<Integer>>)]
    numbers: Vec<Option<i32>>,
}

/// The numbers of a row, in the order in which it is read and written.
const NUMBERS: &str = "booked, held, missed, open, cancelled_by_patient, cancelled_by_practice, cancelled_otherwise,
    booked_minutes, lead_median_minutes, lead_p90_minutes, new_patients, booked_online, booked_at_desk, reminders_sent,
    waitlist_taken, with_account, offered_minutes, third_free_days";

fn numbers(row: &DailyRow) -> Vec<Option<i32>> {
    let Figures {
        booked,
        held,
        missed,
        open,
        cancelled_by_patient,
        cancelled_by_practice,
        cancelled_otherwise,
        booked_minutes,
        lead_median_minutes,
        lead_p90_minutes,
        new_patients,
        booked_online,
        booked_at_desk,
        reminders_sent,
        waitlist_taken,
        with_account,
    } = row.figures;
    [
        Some(booked),
        Some(held),
        Some(missed),
        Some(open),
        Some(cancelled_by_patient),
        Some(cancelled_by_practice),
        Some(cancelled_otherwise),
        Some(booked_minutes),
        lead_median_minutes,
        lead_p90_minutes,
        Some(new_patients),
        Some(booked_online),
        Some(booked_at_desk),
        Some(reminders_sent),
        Some(waitlist_taken),
        Some(with_account),
        Some(row.offered_minutes),
        row.third_free_days,
    ]
    .map(|number| number.map(|number| i32::try_from(number).unwrap_or(i32::MAX)))
    .to_vec()
}

impl Row {
    fn read(self) -> DailyRow {
        let mut numbers = self.numbers.into_iter().map(|number| number.and_then(|number| u32::try_from(number).ok()));
        let mut perhaps = || numbers.next().flatten();
        macro_rules! number {
            () => {
                perhaps().unwrap_or_default()
            };
        }
        let figures = Figures {
            booked: number!(),
            held: number!(),
            missed: number!(),
            open: number!(),
            cancelled_by_patient: number!(),
            cancelled_by_practice: number!(),
            cancelled_otherwise: number!(),
            booked_minutes: number!(),
            lead_median_minutes: perhaps(),
            lead_p90_minutes: perhaps(),
            new_patients: number!(),
            booked_online: number!(),
            booked_at_desk: number!(),
            reminders_sent: number!(),
            waitlist_taken: number!(),
            with_account: number!(),
        };
        let whose =
            if self.doctor_id.is_nil() { Whose::Clinic } else { Whose::Doctor(DoctorId::from_uuid(self.doctor_id)) };
        DailyRow {
            date: self.day.to_jiff(),
            clinic: ClinicId::from_uuid(self.clinic_id),
            clinic_name: self.clinic_name,
            whose,
            doctor_name: self.doctor_name,
            figures,
            offered_minutes: number!(),
            third_free_days: perhaps(),
        }
    }
}

fn doctor_or_nil(doctor: Option<DoctorId>) -> Uuid {
    doctor.map_or(Uuid::nil(), DoctorId::as_uuid)
}

async fn put(conn: &mut AsyncPgConnection, row: &DailyRow) -> Result<(), diesel::result::Error> {
    let numbered: Vec<String> = (1..=18).map(|number| format!("$6[{number}]")).collect();
    let columns: Vec<&str> = NUMBERS.split(',').map(str::trim).collect();
    let changed: Vec<String> = columns.iter().take(16).map(|column| format!("{column} = EXCLUDED.{column}")).collect();
    let sql = format!(
        "INSERT INTO reports.daily AS d (day, clinic_id, doctor_id, clinic_name, doctor_name, {NUMBERS})
         VALUES ($1, $2, $3, $4, $5, {})
         ON CONFLICT (day, clinic_id, doctor_id) DO UPDATE
            SET {}, third_free_days = coalesce(d.third_free_days, EXCLUDED.third_free_days)",
        numbered.join(", "),
        changed.join(", ")
    );
    diesel::sql_query(sql)
        .bind::<SqlDate, _>(row.date.to_diesel())
        .bind::<SqlUuid, _>(row.clinic.as_uuid())
        .bind::<SqlUuid, _>(doctor_or_nil(row.whose.doctor()))
        .bind::<Text, _>(&row.clinic_name)
        .bind::<Text, _>(&row.doctor_name)
        .bind::<Array<Nullable<Integer>>, _>(numbers(row))
        .execute(conn)
        .await?;
    Ok(())
}

#[async_trait]
impl DailyStore for PgDaily {
    async fn counted(&self, time_zone: &str, from: Date, to: Date) -> Result<BTreeSet<Date>, PortFailure> {
        let rows: Vec<Day> = pg::read(&self.pool, "read which days are counted", async |mut conn| {
            diesel::sql_query("SELECT day FROM reports.counted WHERE time_zone = $1 AND day BETWEEN $2 AND $3")
                .bind::<Text, _>(time_zone)
                .bind::<SqlDate, _>(from.to_diesel())
                .bind::<SqlDate, _>(to.to_diesel())
                .load(&mut conn)
                .await
        })
        .await?;
        Ok(rows.into_iter().map(|row| row.day.to_jiff()).collect())
    }

    async fn replace(&self, clinic: ClinicId, date: Date, rows: &[DailyRow]) -> Result<(), PortFailure> {
        let doctors: Vec<Uuid> = rows.iter().map(|row| doctor_or_nil(row.whose.doctor())).collect();
        pg::transaction(&self.pool, "write figures of a day", async |conn| {
            // Two workers that count the same date do so one after the other.
            pg::lock(conn, pg::lock_number(clinic.as_uuid())).await?;
            diesel::sql_query("DELETE FROM reports.daily WHERE day = $1 AND clinic_id = $2 AND doctor_id <> ALL ($3)")
                .bind::<SqlDate, _>(date.to_diesel())
                .bind::<SqlUuid, _>(clinic.as_uuid())
                .bind::<Array<SqlUuid>, _>(&doctors)
                .execute(conn)
                .await?;
            for row in rows {
                put(conn, row).await?;
            }
            Ok::<_, Abort<PortFailure>>(())
        })
        .await
    }

    async fn rows(&self, clinics: &[ClinicId], date: Date) -> Result<Vec<DailyRow>, PortFailure> {
        let ids: Vec<Uuid> = clinics.iter().map(|clinic| clinic.as_uuid()).collect();
        let sql = format!(
            "SELECT day, clinic_id, doctor_id, clinic_name, doctor_name, ARRAY[{NUMBERS}] AS numbers FROM reports.daily
              WHERE day = $1 AND clinic_id = ANY ($2) ORDER BY clinic_id, doctor_id"
        );
        let rows: Vec<Row> = pg::read(&self.pool, "read figures of a day", async |mut conn| {
            diesel::sql_query(&sql)
                .bind::<SqlDate, _>(date.to_diesel())
                .bind::<Array<SqlUuid>, _>(&ids)
                .load(&mut conn)
                .await
        })
        .await?;
        Ok(rows.into_iter().map(Row::read).collect())
    }

    async fn note(&self, time_zone: &str, date: Date, at: Timestamp) -> Result<(), PortFailure> {
        let mut conn = pg::conn(&self.pool).await?;
        diesel::sql_query(
            "INSERT INTO reports.counted (time_zone, day, at) VALUES ($1, $2, $3)
             ON CONFLICT (time_zone, day) DO UPDATE SET at = EXCLUDED.at",
        )
        .bind::<Text, _>(time_zone)
        .bind::<SqlDate, _>(date.to_diesel())
        .bind::<Timestamptz, _>(at.to_diesel())
        .execute(&mut conn)
        .await
        .map_err(|error| pg::failure("note that a day is counted", error))?;
        Ok(())
    }

    async fn find(&self, query: &DailyQuery) -> Result<Vec<DailyRow>, PortFailure> {
        let (mut clinics, mut doctor) = (query.clinic.map(|clinic| vec![clinic.as_uuid()]), query.doctor);
        match &query.reach {
            Reach::All => {}
            Reach::Nothing => return Ok(Vec::new()),
            Reach::Clinics(own) => {
                let own = own.iter().map(|clinic| clinic.as_uuid());
                clinics = Some(own.filter(|own| clinics.as_ref().is_none_or(|asked| asked.contains(own))).collect());
            }
            Reach::Doctor(own) if doctor.is_none_or(|asked| asked == *own) => doctor = Some(*own),
            Reach::Doctor(_) => return Ok(Vec::new()),
        }
        // What is not asked for is left out of the statement, so that each kind of question has its own plan.
        let by_clinic = clinics.as_ref().map_or("$7::uuid[] IS NULL", |_| "clinic_id = ANY ($7)");
        let by_doctor = doctor.map_or("$8::uuid IS NULL", |_| "doctor_id = $8");
        let sql = format!(
            "SELECT day, clinic_id, doctor_id, clinic_name, doctor_name, ARRAY[{NUMBERS}] AS numbers FROM reports.daily
              WHERE day BETWEEN $1 AND $2 AND (day, clinic_id, doctor_id) > ($3, $4, $5) AND {by_clinic} AND {by_doctor}
              ORDER BY day, clinic_id, doctor_id LIMIT $6"
        );
        let before = query.from.yesterday().unwrap_or(query.from);
        let (day, clinic, behind) = query
            .after
            .map_or((before, Uuid::nil(), Uuid::nil()), |at| (at.date, at.clinic.as_uuid(), doctor_or_nil(at.doctor)));
        let rows: Vec<Row> = pg::read(&self.pool, "list figures of days", async |mut conn| {
            diesel::sql_query(&sql)
                .bind::<SqlDate, _>(query.from.to_diesel())
                .bind::<SqlDate, _>(query.to.to_diesel())
                .bind::<SqlDate, _>(day.to_diesel())
                .bind::<SqlUuid, _>(clinic)
                .bind::<SqlUuid, _>(behind)
                .bind::<BigInt, _>(i64::from(query.limit))
                .bind::<Nullable<Array<SqlUuid>>, _>(&clinics)
                .bind::<Nullable<SqlUuid>, _>(doctor.map(DoctorId::as_uuid))
                .load(&mut conn)
                .await
        })
        .await?;
        Ok(rows.into_iter().map(Row::read).collect())
    }
}
