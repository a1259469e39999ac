//! The statements that write prescriptions, inside of a transaction.

use diesel::QueryableByName;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, BigInt, Binary, Date as SqlDate, Integer, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::ToDiesel as _;
use platform::crypto::Keyring;
use uuid::Uuid;

use super::rows::opened;
use super::stored::{CONTENT, HEADS, SealedPrescription, SealedVersion, sealed_json, search_keys};
use crate::domain::{Content, Heads, Prescription, PrescriptionId, Treated, search_terms};

/// In place of the name of who was erased.
const NOBODY: &str = "Erased person";

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Writes the row of a new one; gives the visit's prescription instead when it has one.
pub(super) async fn insert(
    conn: &mut AsyncPgConnection,
    new: &Prescription,
    sealed: &SealedPrescription,
) -> Result<Option<PrescriptionId>, DieselError> {
    let inserted = diesel::sql_query(
        "INSERT INTO prescriptions.prescription (id, appointment_id, doctor_id, patient_id, clinic_id, time_zone, newest,
            revision, last_valid_day, search_keys, medicine_keys, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) ON CONFLICT DO NOTHING",
    )
    .bind::<SqlUuid, _>(new.id.as_uuid())
    .bind::<SqlUuid, _>(new.appointment.as_uuid())
    .bind::<SqlUuid, _>(new.doctor.as_uuid())
    .bind::<SqlUuid, _>(new.patient.as_uuid())
    .bind::<SqlUuid, _>(new.clinic.as_uuid())
    .bind::<Text, _>(&new.time_zone)
    .bind::<Integer, _>(new.newest)
    .bind::<Integer, _>(new.revision)
    .bind::<SqlDate, _>(sealed.last_valid_day.to_diesel())
    .bind::<Array<BigInt>, _>(&sealed.search_keys)
    .bind::<Array<BigInt>, _>(&sealed.medicine_keys)
    .bind::<Timestamptz, _>(new.created_at.to_diesel())
    .execute(conn)
    .await?;
    if inserted == 1 {
        return Ok(None);
    }
    let there: Id = diesel::sql_query("SELECT id FROM prescriptions.prescription WHERE appointment_id = $1")
        .bind::<SqlUuid, _>(new.appointment.as_uuid())
        .get_result(conn)
        .await?;
    Ok(Some(PrescriptionId::from_uuid(there.id)))
}

/// Writes the version that is looked at.
pub(super) async fn insert_version(
    conn: &mut AsyncPgConnection,
    one: &Prescription,
    sealed: &SealedVersion,
) -> Result<(), DieselError> {
    let version = &one.version;
    diesel::sql_query(
        "INSERT INTO prescriptions.version (id, prescription_id, clinic_id, number, issued_at, issued_on, valid_until, content,
            heads, code, code_key, signature)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind::<SqlUuid, _>(version.id.as_uuid())
    .bind::<SqlUuid, _>(one.id.as_uuid())
    .bind::<SqlUuid, _>(one.clinic.as_uuid())
    .bind::<Integer, _>(version.number)
    .bind::<Timestamptz, _>(version.issued_at.to_diesel())
    .bind::<SqlDate, _>(version.issued_on.to_diesel())
    .bind::<SqlDate, _>(version.valid_until.to_diesel())
    .bind::<Binary, _>(&sealed.content)
    .bind::<Binary, _>(&sealed.heads)
    .bind::<Binary, _>(&sealed.code)
    .bind::<Binary, _>(sealed.code_key.as_slice())
    .bind::<Binary, _>(version.signature.octets().as_slice())
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes another newest version over the revision before; `false` when somebody was faster.
pub(super) async fn raise(
    conn: &mut AsyncPgConnection,
    changed: &Prescription,
    sealed: &SealedPrescription,
) -> Result<bool, DieselError> {
    let stored = diesel::sql_query(
        "UPDATE prescriptions.prescription SET newest = $3, revision = $4, last_valid_day = greatest(last_valid_day, $5),
            search_keys = $6, medicine_keys = $7, updated_at = $8
          WHERE id = $1 AND revision = $2",
    )
    .bind::<SqlUuid, _>(changed.id.as_uuid())
    .bind::<Integer, _>(changed.revision - 1)
    .bind::<Integer, _>(changed.newest)
    .bind::<Integer, _>(changed.revision)
    .bind::<SqlDate, _>(sealed.last_valid_day.to_diesel())
    .bind::<Array<BigInt>, _>(&sealed.search_keys)
    .bind::<Array<BigInt>, _>(&sealed.medicine_keys)
    .bind::<Timestamptz, _>(changed.updated_at.to_diesel())
    .execute(conn)
    .await?;
    Ok(stored == 1)
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Integer)]
    number: i32,
    #[diesel(sql_type = Binary)]
    content: Vec<u8>,
    #[diesel(sql_type = Binary)]
    heads: Vec<u8>,
}

/// Takes the patient's name out of all versions; `false` when it was out before.
pub(super) async fn forget(conn: &mut AsyncPgConnection, keys: &Keyring, id: Uuid) -> Result<bool, DieselError> {
    let versions: Vec<Named> = diesel::sql_query(
        "SELECT v.id, v.number, v.content, v.heads FROM prescriptions.prescription p
           JOIN prescriptions.version v ON v.prescription_id = p.id WHERE p.id = $1 ORDER BY v.number FOR UPDATE",
    )
    .bind::<SqlUuid, _>(id)
    .load(conn)
    .await?;
    let (mut named, mut newest) = (false, None);
    for version in versions {
        let content: Content = opened(keys, CONTENT, version.id, &version.content)?;
        let mut heads: Heads = opened(keys, HEADS, version.id, &version.heads)?;
        let nobody = Treated { name: NOBODY.to_owned(), birth_date: None };
        if heads.patient != nobody {
            named = true;
            heads.patient = nobody;
            diesel::sql_query("UPDATE prescriptions.version SET heads = $2 WHERE id = $1")
                .bind::<SqlUuid, _>(version.id)
                .bind::<Binary, _>(sealed_json(keys, HEADS, version.id, &heads))
                .execute(conn)
                .await?;
        }
        newest = Some((version.number, content, heads));
    }
    if let Some((_, content, heads)) = newest.filter(|_| named) {
        // Another revision: a change under way, which has read the name, is refused.
        diesel::sql_query(
            "UPDATE prescriptions.prescription SET search_keys = $2, revision = revision + 1 WHERE id = $1",
        )
        .bind::<SqlUuid, _>(id)
        .bind::<Array<BigInt>, _>(search_keys(keys, &search_terms(&content, &heads)))
        .execute(conn)
        .await?;
    }
    Ok(named)
}
