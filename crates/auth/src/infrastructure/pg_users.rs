use async_trait::async_trait;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{PortFailure, Recorded, Role, UserId};
use platform::crypto::Keyring;
use platform::journal::Journal;
use platform::letters::{self, Letter};
use platform::pg::{self, Abort, PgPool};
use uuid::Uuid;

use super::schema::{account, consent, membership};
use super::user_parts::{agree, begin, enrol, recover, taken};
use super::user_rows::{AccountRow, email_key};
use super::{end_sessions, pg_codes};
use crate::application::{
    Change, Consent, Decide, DecideByCode, NewCode, NewUser, Notice, Refusal, ShownCode, StoreError, UserFilter,
    UserStore,
};
use crate::domain::{Account, AccountEvent, Email};

/// The clinics of an account, in the same statement as the account.
pub(super) const CLINICS: &str =
    "ARRAY(SELECT clinic_id FROM auth.membership WHERE account_id = auth.account.id ORDER BY clinic_id)";
/// Whoever takes an administrator away holds it, so that no two do it at once.
const ADMINS_LOCK: i64 = 0x0ad_0125;
/// Two who take the same new address at once: the second run sees the first one's account.
const TRIES: usize = 3;

/// Whom letters are for.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// As the person writes it.
    pub name: String,
    /// Where mail reaches the person; proved for patients.
    pub email: String,
    /// BCP 47 tag.
    pub language: String,
}

/// Accounts in PostgreSQL, sealed.
#[derive(Clone)]
pub struct PgUsers {
    pub(super) pool: PgPool,
    pub(super) keys: Keyring,
    pub(super) journal: Journal,
}

impl PgUsers {
    /// Works through `pool`, seals with `keys`, writes to `journal`.
    #[must_use]
    pub fn new(pool: PgPool, keys: Keyring, journal: Journal) -> Self {
        Self { pool, keys, journal }
    }

    /// Whom letters to this user are for; nobody where the account is erased.
    ///
    /// # Errors
    /// Of the store.
    pub async fn person(&self, user: UserId) -> Result<Option<Person>, PortFailure> {
        let account = self.find(user).await?;
        Ok(account.map(|Account { name, email, language, .. }| Person {
            name,
            email: email.as_str().to_owned(),
            language,
        }))
    }

    /// Writes accounts as they are, without events and letters: for seeders. Addresses and profiles that have an
    /// account already are left alone. Gives how many were new.
    ///
    /// # Errors
    /// Of the store.
    pub async fn load(&self, accounts: &[Account]) -> Result<usize, PortFailure> {
        pg::transaction(&self.pool, "load accounts", async |conn| {
            let rows: Vec<AccountRow> = accounts.iter().map(|account| AccountRow::seal(&self.keys, account)).collect();
            let made: Vec<Uuid> = diesel::insert_into(account::table)
                .values(rows)
                .on_conflict_do_nothing()
                .returning(account::id)
                .get_results(conn)
                .await?;
            for one in accounts.iter().filter(|one| made.contains(&one.id.as_uuid())) {
                enrol(conn, one).await?;
            }
            Ok::<_, Abort<PortFailure>>(made.len())
        })
        .await
    }

    pub(super) fn opened(&self, (row, clinics): (AccountRow, Vec<Uuid>)) -> Result<Account, PortFailure> {
        row.open(&self.keys, clinics)
    }

    /// Posts a notice in the caller's transaction.
    pub(super) async fn post(
        &self,
        conn: &mut AsyncPgConnection,
        notice: &Notice,
        subject: Uuid,
        at: Timestamp,
    ) -> Result<(), DieselError> {
        let letter = Letter::new(notice.template, notice.to.as_str(), notice.language.as_str());
        let letter = notice.values.iter().fold(letter, |letter, (name, value)| letter.with(name, value.as_str()));
        letters::post(conn, &self.keys, &letter, subject, at).await?;
        Ok(())
    }

    pub(super) async fn insert(&self, conn: &mut AsyncPgConnection, new: &NewUser) -> Result<(), Abort<StoreError>> {
        let inserted = diesel::insert_into(account::table)
            .values(AccountRow::seal(&self.keys, &new.account))
            .on_conflict_do_nothing()
            .execute(conn)
            .await?;
        if inserted == 0 {
            let taken: Option<Uuid> = account::table
                .filter(account::email_key.eq(email_key(&self.keys, &new.account.email)))
                .select(account::id)
                .first(conn)
                .await
                .optional()?;
            return pg::refuse(if taken.is_some() { StoreError::EmailTaken } else { StoreError::ProfileTaken });
        }
        enrol(conn, &new.account).await?;
        agree(conn, &new.account, &new.consents, new.event.at).await?;
        if let Some((code, notice)) = &new.invitation {
            pg_codes::insert(conn, &self.keys, code, new.event.at).await?;
            self.post(conn, notice, new.account.id.as_uuid(), new.event.at).await?;
        }
        self.journal.append(conn, &new.event).await?;
        Ok(())
    }

    /// Stores a change of a locked account.
    pub(super) async fn store(
        &self,
        conn: &mut AsyncPgConnection,
        before: &Account,
        change: &Change,
    ) -> Result<(), Abort<StoreError>> {
        let Change { account: after, event, notices, end_sessions, recovery, consents } = change;
        let id = after.id.as_uuid();
        if before.role == Role::Admin && before.is_active() && !(after.role == Role::Admin && after.is_active()) {
            pg::lock(conn, ADMINS_LOCK).await?;
            let others: i64 = account::table
                .filter(account::role.eq("admin").and(account::state.eq("active")).and(account::id.ne(id)))
                .count()
                .get_result(conn)
                .await?;
            if others == 0 {
                return pg::refuse(StoreError::LastAdmin);
            }
        }
        let updated =
            diesel::update(account::table.find(id)).set(AccountRow::seal(&self.keys, after)).execute(conn).await;
        if let Err(error) = updated {
            return match taken(&error) {
                Some(refusal) => pg::refuse(refusal),
                None => Err(Abort::Database(error)),
            };
        }
        if before.clinics != after.clinics {
            diesel::delete(membership::table.filter(membership::account_id.eq(id))).execute(conn).await?;
            enrol(conn, after).await?;
        }
        if before.password_hash != after.password_hash {
            diesel::update(account::table.find(id))
                .set(account::password_changed_at.eq(event.at.to_diesel()))
                .execute(conn)
                .await?;
        }
        recover(conn, after, recovery, event.at).await?;
        agree(conn, after, consents, event.at).await?;
        for notice in notices {
            self.post(conn, notice, id, event.at).await?;
        }
        if let Some((except, why)) = end_sessions {
            end_sessions::end_sessions(conn, &self.journal, after.id, *except, why, event.actor, event.at).await?;
        }
        self.journal.append(conn, event).await?;
        Ok(())
    }

    /// The account of this id, which nobody else changes until the end of the transaction.
    pub(super) async fn lock(
        &self,
        conn: &mut AsyncPgConnection,
        id: UserId,
    ) -> Result<Option<Account>, Abort<StoreError>> {
        let found: Option<(AccountRow, Vec<Uuid>)> = account::table
            .find(id.as_uuid())
            .filter(account::state.ne("erased"))
            .select((AccountRow::as_select(), sql::<Array<SqlUuid>>(CLINICS)))
            .for_update()
            .first(conn)
            .await
            .optional()?;
        Ok(found.map(|found| self.opened(found)).transpose()?)
    }
}

#[async_trait]
impl UserStore for PgUsers {
    async fn find(&self, id: UserId) -> Result<Option<Account>, PortFailure> {
        let found: Option<(AccountRow, Vec<Uuid>)> = pg::read(&self.pool, "read an account", async |mut conn| {
            account::table
                .find(id.as_uuid())
                .filter(account::state.ne("erased"))
                .select((AccountRow::as_select(), sql::<Array<SqlUuid>>(CLINICS)))
                .first(&mut conn)
                .await
                .optional()
        })
        .await?;
        found.map(|found| self.opened(found)).transpose()
    }

    async fn by_email(&self, email: &Email) -> Result<Option<Account>, PortFailure> {
        let key = email_key(&self.keys, email);
        let found: Option<(AccountRow, Vec<Uuid>)> = pg::read(&self.pool, "look for an account", async |mut conn| {
            account::table
                .filter(account::email_key.eq(&key).and(account::state.ne("erased")))
                .select((AccountRow::as_select(), sql::<Array<SqlUuid>>(CLINICS)))
                .first(&mut conn)
                .await
                .optional()
        })
        .await?;
        found.map(|found| self.opened(found)).transpose()
    }

    async fn page(
        &self,
        wanted: &UserFilter,
        after: Option<(Timestamp, UserId)>,
        limit: u32,
    ) -> Result<Vec<Account>, PortFailure> {
        let found: Vec<(AccountRow, Vec<Uuid>)> = pg::read(&self.pool, "read accounts", async |mut conn| {
            let mut query = account::table
                .filter(account::state.ne("erased"))
                .select((AccountRow::as_select(), sql::<Array<SqlUuid>>(CLINICS)))
                .order((account::created_at, account::id))
                .limit(i64::from(limit))
                .into_boxed();
            if let Some(role) = wanted.role {
                query = query.filter(account::role.eq(role.word()));
            }
            if let Some(state) = wanted.state {
                query = query.filter(account::state.eq(state.word()));
            }
            if let Some(clinic) = wanted.clinic {
                let members =
                    membership::table.filter(membership::clinic_id.eq(clinic.as_uuid())).select(membership::account_id);
                query = query.filter(account::id.eq_any(members));
            }
            if let Some((at, id)) = after {
                let same = account::created_at.eq(at.to_diesel()).and(account::id.gt(id.as_uuid()));
                query = query.filter(account::created_at.gt(at.to_diesel()).or(same));
            }
            query.load(&mut conn).await
        })
        .await?;
        found.into_iter().map(|found| self.opened(found)).collect()
    }

    async fn consents(&self, id: UserId) -> Result<Vec<Consent>, PortFailure> {
        type Row = (String, String, DbTimestamp, jiff_diesel::NullableTimestamp);
        let rows: Vec<Row> = pg::read(&self.pool, "read consents", async |mut conn| {
            consent::table
                .filter(consent::account_id.eq(id.as_uuid()))
                .select((consent::document, consent::version, consent::given_at, consent::withdrawn_at))
                .order((consent::given_at.desc(), consent::id.desc()))
                .limit(200)
                .load(&mut conn)
                .await
        })
        .await?;
        let consent = |(document, version, given_at, withdrawn_at): Row| Consent {
            document,
            version,
            given_at: given_at.to_jiff(),
            withdrawn_at: withdrawn_at.to_jiff(),
        };
        Ok(rows.into_iter().map(consent).collect())
    }

    async fn create(&self, new: &NewUser) -> Result<(), StoreError> {
        pg::transaction(&self.pool, "make an account", async |conn| {
            if let Some(once) = &new.once {
                begin(conn, &self.keys, once).await?;
            }
            self.insert(conn, new).await?;
            if let Some(once) = &new.once {
                let answer = (once.answer)(&new.account);
                platform::idempotency::keep(conn, &self.keys, once, &answer, new.event.at).await?;
            }
            Ok::<_, Abort<StoreError>>(())
        })
        .await
    }

    async fn change(&self, id: UserId, decide: Decide) -> Result<Account, StoreError> {
        pg::transaction(&self.pool, "change an account", async |conn| {
            let Some(before) = self.lock(conn, id).await? else {
                return pg::refuse(Refusal::NotFound.into());
            };
            let change = match decide(&before) {
                Ok(change) => change,
                Err(refusal) => return pg::refuse(refusal.into()),
            };
            self.store(conn, &before, &change).await?;
            Ok::<_, Abort<StoreError>>(change.account)
        })
        .await
    }

    async fn issue(&self, code: &NewCode, notice: &Notice, event: &Recorded<AccountEvent>) -> Result<(), PortFailure> {
        pg::transaction(&self.pool, "issue a code", async |conn| {
            pg_codes::insert(conn, &self.keys, code, event.at).await?;
            self.post(conn, notice, code.request, event.at).await?;
            self.journal.append(conn, event).await?;
            Ok::<_, Abort<PortFailure>>(())
        })
        .await
    }

    async fn redeem(&self, shown: &ShownCode, decide: DecideByCode, at: Timestamp) -> Result<Account, StoreError> {
        for _ in 1..TRIES {
            match self.redeem_once(shown, &decide, at).await {
                // Somebody took the address between our look and our insert.
                Err(StoreError::EmailTaken) => {}
                outcome => return outcome,
            }
        }
        self.redeem_once(shown, &decide, at).await
    }
}
