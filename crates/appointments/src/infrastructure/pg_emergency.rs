use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{NullableTimestamp, Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{ClinicId, DoctorId, PatientId, PortFailure, Recorded, UserId};
use platform::crypto::Keyring;
use platform::idempotency;
use platform::journal::Journal;
use platform::letters::post;
use platform::pg::{self, Abort, PgPool};
use uuid::Uuid;

use super::letters;
use super::patient_row::unreadable;
use super::schema::emergency_access;
use super::sealed::places;
use crate::application::{
    AccessIs, EmergencyStore, EmergencyStoreError, KnownAt, NewEmergency, OpenAccess, RecordViews, VisitFigures, Within,
};
use crate::domain::{EmergencyAccess, EmergencyAccessId, PatientEvent};

/// Emergency accesses, and records in figures, in PostgreSQL.
#[derive(Clone)]
pub struct PgEmergencies {
    pool: PgPool,
    journal: Journal,
    keys: Keyring,
}

impl PgEmergencies {
    /// Works through `pool`, writes to `journal`, seals with `keys`.
    #[must_use]
    pub const fn new(pool: PgPool, journal: Journal, keys: Keyring) -> Self {
        Self { pool, journal, keys }
    }

    async fn open_one(
        &self,
        conn: &mut AsyncPgConnection,
        new: &EmergencyAccess,
    ) -> Result<EmergencyAccess, diesel::result::Error> {
        let now = new.granted_at.to_diesel();
        let (id, user, reason, granted_at, ends_at): (Uuid, Uuid, Vec<u8>, DbTimestamp, DbTimestamp) =
            emergency_access::table
                .filter(emergency_access::doctor_id.eq(new.doctor.as_uuid()))
                .filter(emergency_access::patient_id.eq(new.patient.as_uuid()))
                .filter(emergency_access::ends_at.gt(now))
                .order(emergency_access::granted_at)
                .select((
                    emergency_access::id,
                    emergency_access::user_id,
                    emergency_access::reason,
                    emergency_access::granted_at,
                    emergency_access::ends_at,
                ))
                .first(conn)
                .await?;
        Ok(EmergencyAccess {
            id: EmergencyAccessId::from_uuid(id),
            patient: new.patient,
            doctor: new.doctor,
            user: UserId::from_uuid(user),
            reason: self.keys.open_text(places::EMERGENCY_REASON, id, &reason).map_err(unreadable)?,
            granted_at: granted_at.to_jiff(),
            ends_at: ends_at.to_jiff(),
        })
    }
}

#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = SqlUuid)]
    clinic_id: Uuid,
    #[diesel(sql_type = Text)]
    time_zone: String,
}

#[derive(QueryableByName)]
struct Figures {
    #[diesel(sql_type = BigInt)]
    visits: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    first_at: NullableTimestamp,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_at: NullableTimestamp,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    next_at: NullableTimestamp,
}

#[async_trait]
impl EmergencyStore for PgEmergencies {
    async fn known_at(&self, patient: PatientId) -> Result<Vec<KnownAt>, PortFailure> {
        pg::read(&self.pool, "read where a patient is known", async |mut conn| {
            let places: Vec<Place> = diesel::sql_query(
                "SELECT DISTINCT clinic_id, time_zone FROM appointments.appointment WHERE patient_id = $1
                  ORDER BY time_zone, clinic_id LIMIT 20",
            )
            .bind::<SqlUuid, _>(patient.as_uuid())
            .load(&mut conn)
            .await?;
            let known = |at: Place| KnownAt { clinic: ClinicId::from_uuid(at.clinic_id), time_zone: at.time_zone };
            Ok(places.into_iter().map(known).collect())
        })
        .await
    }

    async fn open(&self, new: &NewEmergency) -> Result<OpenAccess, EmergencyStoreError> {
        let access = &new.access;
        pg::transaction(&self.pool, "open a record in an emergency", async |conn| {
            if let Some(once) = &new.once {
                idempotency::begin(conn, &self.keys, once).await?;
            }
            let id = access.id.as_uuid();
            let inserted = diesel::insert_into(emergency_access::table)
                .values((
                    emergency_access::id.eq(id),
                    emergency_access::patient_id.eq(access.patient.as_uuid()),
                    emergency_access::doctor_id.eq(access.doctor.as_uuid()),
                    emergency_access::user_id.eq(access.user.as_uuid()),
                    emergency_access::reason.eq(self.keys.seal_text(places::EMERGENCY_REASON, id, &access.reason)),
                    emergency_access::granted_at.eq(access.granted_at.to_diesel()),
                    emergency_access::ends_at.eq(access.ends_at.to_diesel()),
                ))
                .on_conflict_do_nothing()
                .execute(conn)
                .await?;
            let open = if inserted == 1 {
                for alert in &new.alerts {
                    post(conn, &self.keys, &letters::emergency_access(alert), access.patient.as_uuid(), new.event.at)
                        .await?;
                }
                self.journal.append(conn, &new.event).await?;
                OpenAccess { access: access.clone(), is: AccessIs::New }
            } else {
                OpenAccess { access: self.open_one(conn, access).await?, is: AccessIs::Open }
            };
            if let Some(once) = &new.once {
                idempotency::keep(conn, &self.keys, once, &(once.answer)(&open), new.event.at).await?;
            }
            Ok::<_, Abort<EmergencyStoreError>>(open)
        })
        .await
    }

    async fn end(
        &self,
        doctor: DoctorId,
        patient: PatientId,
        event: &Recorded<PatientEvent>,
    ) -> Result<bool, PortFailure> {
        let at = event.at.to_diesel();
        pg::transaction(&self.pool, "end an emergency access", async |conn| {
            let theirs = emergency_access::table
                .filter(emergency_access::doctor_id.eq(doctor.as_uuid()))
                .filter(emergency_access::patient_id.eq(patient.as_uuid()));
            let open = theirs.filter(emergency_access::granted_at.le(at)).filter(emergency_access::ends_at.gt(at));
            let ended = diesel::update(open).set(emergency_access::ends_at.eq(at)).execute(conn).await?;
            if ended > 0 {
                self.journal.append(conn, event).await?;
                return Ok(true);
            }
            let ever: bool = diesel::select(diesel::dsl::exists(theirs)).get_result(conn).await?;
            Ok::<_, Abort<PortFailure>>(ever)
        })
        .await
    }
}

#[async_trait]
impl RecordViews for PgEmergencies {
    async fn figures(&self, patient: PatientId, within: &Within, now: Timestamp) -> Result<VisitFigures, PortFailure> {
        let (mut doctor, mut clinics) = (None, None);
        match within {
            Within::Calendar(own) => doctor = Some(own.as_uuid()),
            Within::Clinics(own) => clinics = Some(own.iter().map(|id| id.as_uuid()).collect::<Vec<_>>()),
            Within::Patients(_) | Within::All => {}
        }
        pg::read(&self.pool, "count a patient's visits", async |mut conn| {
            let found: Figures = diesel::sql_query(
                "SELECT count(*) AS visits, min(starts_at) AS first_at,
                        max(starts_at) FILTER (WHERE starts_at <= $4) AS last_at,
                        min(starts_at) FILTER (WHERE starts_at > $4) AS next_at
                   FROM appointments.appointment
                  WHERE patient_id = $1 AND status IN ('booked', 'arrived', 'completed', 'no_show')
                    AND ($2::uuid IS NULL OR doctor_id = $2) AND ($3::uuid[] IS NULL OR clinic_id = ANY ($3))",
            )
            .bind::<SqlUuid, _>(patient.as_uuid())
            .bind::<Nullable<SqlUuid>, _>(doctor)
            .bind::<Nullable<Array<SqlUuid>>, _>(clinics.as_ref())
            .bind::<Timestamptz, _>(now.to_diesel())
            .get_result(&mut conn)
            .await?;
            Ok(VisitFigures {
                visits: u32::try_from(found.visits).unwrap_or(u32::MAX),
                first_at: found.first_at.to_jiff(),
                last_at: found.last_at.to_jiff(),
                next_at: found.next_at.to_jiff(),
            })
        })
        .await
    }
}
