//! One-time codes in PostgreSQL.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, Binary, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::ToDiesel as _;
use kernel::{PortFailure, UserId};
use platform::crypto::Keyring;
use platform::pg::{self, Abort};
use uuid::Uuid;

use super::PgUsers;
use super::schema::{account, code};
use super::user_rows::{AccountRow, email_key};
use crate::application::{
    CodeDetails, CodePurpose, DecideByCode, NewCode, Outcome, Redeemed, Refusal, ShownCode, StoreError,
};
use crate::domain::Account;

const DETAILS: &str = "auth.code.details";
/// Wrong tries after which a code is dead.
const MOST_TRIES: i16 = 5;

/// Counts the wrong, uses up the right, in one statement: a rival waits for the row and then sees it used.
const TAKE: &str = "UPDATE auth.code
    SET tries = tries + CASE WHEN digest = $2 THEN 0 ELSE 1 END,
        used_at = CASE WHEN digest = $2 THEN $3 END
  WHERE id = $1 AND used_at IS NULL AND tries < $5 AND expires_at > $3 AND purpose = ANY($4)
  RETURNING used_at IS NOT NULL AS taken, purpose, account_id, email_key, details";

#[derive(QueryableByName)]
struct Taken {
    #[diesel(sql_type = Bool)]
    taken: bool,
    #[diesel(sql_type = Text)]
    purpose: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    account_id: Option<Uuid>,
    #[diesel(sql_type = Binary)]
    email_key: Vec<u8>,
    #[diesel(sql_type = Nullable<Binary>)]
    details: Option<Vec<u8>>,
}

/// Writes a code, in the caller's transaction.
pub(super) async fn insert(
    conn: &mut AsyncPgConnection,
    keys: &Keyring,
    new: &NewCode,
    at: Timestamp,
) -> Result<(), DieselError> {
    let details = serde_json::to_vec(&new.details).map_err(|error| DieselError::SerializationError(error.into()))?;
    diesel::insert_into(code::table)
        .values((
            code::id.eq(new.request),
            code::purpose.eq(new.purpose.word()),
            code::account_id.eq(new.account.map(UserId::as_uuid)),
            code::email_key.eq(email_key(keys, &new.email)),
            code::details.eq(keys.seal(DETAILS, new.request, &details)),
            code::digest.eq(new.digest.to_vec()),
            code::created_at.eq(at.to_diesel()),
            code::expires_at.eq(new.expires_at.to_diesel()),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

impl PgUsers {
    pub(super) async fn redeem_once(
        &self,
        shown: &ShownCode,
        decide: &DecideByCode,
        at: Timestamp,
    ) -> Result<Account, StoreError> {
        let account = pg::transaction(&self.pool, "take a code", async |conn| {
            let purposes: Vec<&str> = shown.purposes.iter().map(|purpose| purpose.word()).collect();
            let found: Option<Taken> = diesel::sql_query(TAKE)
                .bind::<SqlUuid, _>(shown.request)
                .bind::<Binary, _>(shown.digest.to_vec())
                .bind::<Timestamptz, _>(at.to_diesel())
                .bind::<Array<Text>, _>(purposes)
                .bind::<diesel::sql_types::SmallInt, _>(MOST_TRIES)
                .get_result(conn)
                .await
                .optional()?;
            // A wrong try is to be counted, so this is no refusal, which would roll it back.
            let Some(found) = found.filter(|found| found.taken) else { return Ok(None) };
            let redeemed = self.redeemed(conn, shown.request, found).await?;
            match decide(&redeemed) {
                Err(refusal) => pg::refuse(refusal.into()),
                Ok(Outcome::Create(new)) => {
                    self.insert(conn, &new).await?;
                    Ok::<_, Abort<StoreError>>(Some(new.account))
                }
                Ok(Outcome::Change(change)) => {
                    let Some(before) = &redeemed.account else { return pg::refuse(Refusal::NotFound.into()) };
                    self.store(conn, before, &change).await?;
                    Ok(Some(change.account))
                }
            }
        })
        .await?;
        account.ok_or(StoreError::Refused(Refusal::WrongProof))
    }

    async fn redeemed(
        &self,
        conn: &mut AsyncPgConnection,
        request: Uuid,
        found: Taken,
    ) -> Result<Redeemed, Abort<StoreError>> {
        let broken = |what: &'static str| PortFailure::new("read a code", what);
        let purpose = CodePurpose::ALL.into_iter().find(|purpose| purpose.word() == found.purpose);
        let purpose = purpose.ok_or_else(|| broken("a purpose that is none"))?;
        let sealed = found.details.ok_or_else(|| broken("no details"))?;
        let details =
            self.keys.open(DETAILS, request, &sealed).map_err(|error| PortFailure::new("open a code", error))?;
        let details: CodeDetails =
            serde_json::from_slice(&details).map_err(|error| PortFailure::new("read a code", error))?;
        let account = match found.account_id {
            Some(id) => self.lock(conn, UserId::from_uuid(id)).await?,
            None => self.lock_by_key(conn, &found.email_key).await?,
        };
        Ok(Redeemed { purpose, account, details })
    }

    async fn lock_by_key(
        &self,
        conn: &mut AsyncPgConnection,
        key: &[u8],
    ) -> Result<Option<Account>, Abort<StoreError>> {
        let found: Option<(AccountRow, Vec<Uuid>)> = account::table
            .filter(account::email_key.eq(key).and(account::state.ne("erased")))
            .select((AccountRow::as_select(), sql::<Array<SqlUuid>>(super::pg_users::CLINICS)))
            .for_update()
            .first(conn)
            .await
            .optional()?;
        Ok(found.map(|found| self.opened(found)).transpose()?)
    }
}
