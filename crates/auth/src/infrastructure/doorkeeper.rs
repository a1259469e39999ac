use std::sync::Arc;

use async_trait::async_trait;
use diesel::dsl::array;
use diesel::prelude::*;
use diesel::sql_types::Uuid as SqlUuid;
use diesel_async::RunQueryDsl;
use jiff_diesel::{Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{Caller, ClinicId, Clock, DoctorId, PortFailure, Role, SessionId, UserId};
use platform::http::admission::{Doorkeeper, Extent, Shown, SignedIn, Turned};
use platform::pg::{self, PgPool};
use platform::telemetry;
use uuid::Uuid;

use super::mint::Mint;
use super::schema::{account, membership, session};
use crate::application::TokenMint as _;
use crate::domain::{Life, SessionExtent, SessionKind};

/// Finds out who is signed in, by one indexed read for each request: what somebody may do is never taken from a
/// token, so a sign-out, a disabled account or another role counts at once on every server.
pub struct SessionDoorkeeper {
    pool: PgPool,
    mint: Mint,
    clock: Arc<dyn Clock>,
    cookie: &'static str,
}

/// What is read about a session and its account.
#[derive(Queryable)]
struct Seen {
    session: Uuid,
    account: Uuid,
    kind: String,
    extent: String,
    created_at: DbTimestamp,
    last_used_at: DbTimestamp,
    expires_at: DbTimestamp,
    revoked_at: Option<DbTimestamp>,
    role: String,
    state: String,
    doctor: Option<Uuid>,
    clinics: Vec<Uuid>,
}

/// By what a session is looked up.
enum By {
    Id(Uuid),
    Cookie([u8; 32]),
}

impl SessionDoorkeeper {
    /// Takes sessions from `pool`, tokens as `mint` makes them, and the cookie of that name.
    #[must_use]
    pub fn new(pool: PgPool, mint: Mint, clock: Arc<dyn Clock>, cookie: &'static str) -> Self {
        Self { pool, mint, clock, cookie }
    }

    async fn look(&self, by: &By) -> Result<Option<Seen>, PortFailure> {
        pg::read(&self.pool, "look up a session", async |mut conn| {
            let clinics = array::<SqlUuid, _>(
                membership::table.filter(membership::account_id.eq(account::id)).select(membership::clinic_id),
            );
            let found = session::table.inner_join(account::table).select((
                session::id,
                session::account_id,
                session::kind,
                session::extent,
                session::created_at,
                session::last_used_at,
                session::expires_at,
                session::revoked_at,
                account::role,
                account::state,
                account::doctor_id,
                clinics,
            ));
            match by {
                By::Id(id) => found.filter(session::id.eq(id)).first(&mut conn).await.optional(),
                By::Cookie(digest) => {
                    found.filter(session::cookie_digest.eq(digest.as_slice())).first(&mut conn).await.optional()
                }
            }
        })
        .await
    }

    /// Takes down that the session is used, at most once a minute; that it could not be is told to the log alone.
    async fn touch(&self, session: Uuid, life: &Life) {
        let Some(touched) = life.touched(self.clock.now()) else { return };
        let written = async {
            let mut conn = pg::conn(&self.pool).await?;
            // A rival of this minute has written already, or a sign-out has ended it: then nothing is to be done.
            let unchanged = session::table
                .find(session)
                .filter(session::last_used_at.eq(life.last_used_at.to_diesel()).and(session::revoked_at.is_null()));
            diesel::update(unchanged)
                .set((
                    session::last_used_at.eq(touched.last_used_at.to_diesel()),
                    session::expires_at.eq(touched.expires_at.to_diesel()),
                ))
                .execute(&mut conn)
                .await
                .map_err(|error| pg::failure("take down the use of a session", error))
        };
        if let Err(failure) = written.await {
            telemetry::log_failure(&failure);
        }
    }
}

#[async_trait]
impl Doorkeeper for SessionDoorkeeper {
    async fn admit(&self, shown: Shown) -> Result<SignedIn, Turned> {
        let now = self.clock.now();
        let (by, kind, account) = match &shown {
            Shown::Bearer(token) => {
                let bearer = self.mint.read_access(token, now).ok_or(Turned::NotSignedIn)?;
                (By::Id(bearer.session.as_uuid()), SessionKind::Bearer, Some(bearer.account))
            }
            Shown::Cookie { name, token, .. } => {
                if *name != self.cookie {
                    return Err(Turned::NotSignedIn);
                }
                let digest = self.mint.digest(token).ok_or(Turned::NotSignedIn)?;
                (By::Cookie(digest), SessionKind::Cookie, None)
            }
        };
        let seen = self.look(&by).await.map_err(Turned::Failed)?.ok_or(Turned::NotSignedIn)?;
        let life = seen.life().filter(|life| life.kind == kind && now < life.expires_at).ok_or(Turned::NotSignedIn)?;
        let owner = UserId::from_uuid(seen.account);
        let open = seen.revoked_at.is_none() && seen.state == "active" && account.is_none_or(|told| told == owner);
        let caller = seen.caller().filter(|_| open).ok_or(Turned::NotSignedIn)?;
        let session = SessionId::from_uuid(seen.session);
        if let Shown::Cookie { csrf, safe: false, .. } = &shown
            && !csrf.as_deref().is_some_and(|csrf| self.mint.is_csrf(session, csrf))
        {
            return Err(Turned::Forged);
        }
        self.touch(seen.session, &life).await;
        let extent = match life.extent {
            SessionExtent::Full => Extent::Full,
            SessionExtent::SecondFactorSetup => Extent::SecondFactorSetup,
        };
        Ok(SignedIn { caller, session, extent })
    }
}

impl Seen {
    fn life(&self) -> Option<Life> {
        Some(Life {
            kind: self.kind.parse().ok()?,
            extent: self.extent.parse().ok()?,
            created_at: self.created_at.to_jiff(),
            last_used_at: self.last_used_at.to_jiff(),
            expires_at: self.expires_at.to_jiff(),
        })
    }

    /// A doctor without a profile reaches what a front desk of no clinic does: nothing.
    fn caller(&self) -> Option<Caller> {
        let user = UserId::from_uuid(self.account);
        let clinics = || self.clinics.iter().copied().map(ClinicId::from_uuid).collect::<Vec<_>>();
        Some(match (self.role.parse().ok()?, self.doctor) {
            (Role::Patient, _) => Caller::patient(user),
            (Role::Doctor, Some(profile)) => Caller::doctor(user, DoctorId::from_uuid(profile), clinics()),
            (Role::Doctor, None) => Caller::staff(user, Vec::new()),
            (Role::Staff, _) => Caller::staff(user, clinics()),
            (Role::Admin, _) => Caller::admin(user),
        })
    }
}
