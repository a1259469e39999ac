//! What belongs to an account besides its row.

use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::ToDiesel as _;
use platform::crypto::Keyring;
use platform::pg::{self, Abort};
use uuid::Uuid;

use super::schema::{consent, membership, recovery_code};
use crate::application::{ConsentGiven, RecoveryCodes, Refusal, StoreError};
use crate::domain::Account;

pub(super) async fn begin(
    conn: &mut AsyncPgConnection,
    keys: &Keyring,
    once: &kernel::Once<Account>,
) -> Result<(), Abort<StoreError>> {
    use platform::idempotency::OnceFailure;
    match platform::idempotency::begin(conn, keys, once).await {
        Ok(()) => Ok(()),
        Err(OnceFailure::Once(error)) => pg::refuse(error.into()),
        Err(OnceFailure::Database(error)) => Err(Abort::Database(error)),
    }
}

pub(super) fn taken(error: &DieselError) -> Option<StoreError> {
    let DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, about) = error else { return None };
    let of_profile = about.constraint_name().is_some_and(|name| name.contains("doctor_id"));
    Some(if of_profile { StoreError::ProfileTaken } else { StoreError::EmailTaken })
}

pub(super) async fn enrol(conn: &mut AsyncPgConnection, one: &Account) -> Result<(), DieselError> {
    let id = membership::account_id.eq(one.id.as_uuid());
    let rows: Vec<_> = one.clinics.iter().map(|clinic| (id, membership::clinic_id.eq(clinic.as_uuid()))).collect();
    if !rows.is_empty() {
        diesel::insert_into(membership::table).values(rows).on_conflict_do_nothing().execute(conn).await?;
    }
    Ok(())
}

pub(super) async fn recover(
    conn: &mut AsyncPgConnection,
    one: &Account,
    recovery: &RecoveryCodes,
    at: Timestamp,
) -> Result<(), Abort<StoreError>> {
    let id = one.id.as_uuid();
    match recovery {
        RecoveryCodes::Keep => {}
        RecoveryCodes::Replace(digests) => {
            diesel::delete(recovery_code::table.filter(recovery_code::account_id.eq(id))).execute(conn).await?;
            let row = |digest: &[u8; 32]| (recovery_code::account_id.eq(id), recovery_code::digest.eq(digest.to_vec()));
            let rows: Vec<_> = digests.iter().map(row).collect();
            if !rows.is_empty() {
                diesel::insert_into(recovery_code::table).values(rows).execute(conn).await?;
            }
        }
        RecoveryCodes::Use(digest) => {
            let used = diesel::update(recovery_code::table.find((id, digest.to_vec())))
                .filter(recovery_code::used_at.is_null())
                .set(recovery_code::used_at.eq(at.to_diesel()))
                .execute(conn)
                .await?;
            if used == 0 {
                return pg::refuse(Refusal::WrongProof.into());
            }
        }
    }
    Ok(())
}

/// An answer ends the one before it; what was ever given stays on record.
pub(super) async fn agree(
    conn: &mut AsyncPgConnection,
    one: &Account,
    consents: &[ConsentGiven],
    at: Timestamp,
) -> Result<(), DieselError> {
    for given in consents {
        let present = consent::table.filter(
            consent::account_id
                .eq(one.id.as_uuid())
                .and(consent::document.eq(&given.document))
                .and(consent::withdrawn_at.is_null()),
        );
        diesel::update(present).set(consent::withdrawn_at.eq(at.to_diesel())).execute(conn).await?;
        if given.given {
            diesel::insert_into(consent::table)
                .values((
                    consent::id.eq(Uuid::now_v7()),
                    consent::account_id.eq(one.id.as_uuid()),
                    consent::document.eq(&given.document),
                    consent::version.eq(&given.version),
                    consent::given_at.eq(at.to_diesel()),
                ))
                .execute(conn)
                .await?;
        }
    }
    Ok(())
}
