//! Accounts, sessions and what is kept of people.

use std::sync::Arc;

use auth::application::{
    AccountPorts, EndSession, EraseAccount, ExportRecords, ListSessions, OpenSession, PatientRecords, RefreshSession,
};
use auth::infrastructure::http::{AccountsApi, RecordsApi, SessionCookie, SessionsApi};
use auth::infrastructure::{
    AccessTokens, BcryptPasswords, Mint, PgRecords, PgSessions, PgTries, SecretProofs, SessionDoorkeeper, TokenKeys,
};
use platform::http::admission::Doorkeeper;
use platform::idempotency::Answers;

use super::appointments::Appointments;
use super::calendars::calendar_records;
use super::doctors::Doctors;
use super::notifications::preferences;
use super::prescriptions::prescription_records;
use super::{Base, SignInRules};
use crate::neighbours::{
    AppointmentsForAuth, CalendarsForAuth, DoctorsForAuth, FilesForAuth, NotificationsForAuth, PrescriptionsForAuth,
    VisitRecordsForAuth,
};

/// Signing in, and the API of accounts.
pub(super) struct Accounts {
    pub(super) ports: AccountPorts,
    pub(super) sessions: Arc<OpenSession>,
    pub(super) doorkeeper: Arc<dyn Doorkeeper>,
    pub(super) session_api: SessionsApi,
    pub(super) api: AccountsApi,
    pub(super) records: RecordsApi,
}

impl Accounts {
    pub(super) fn new(
        base: &Base,
        doctors: &Doctors,
        appointments: &Appointments,
        files: Arc<FilesForAuth>,
        token_keys: TokenKeys,
        sign_in: SignInRules,
    ) -> Self {
        let Base { pool, journal, keys, clock, secret, public_url, users, .. } = base;
        let mint = Mint::new(AccessTokens::new(token_keys, public_url.clone()), secret);
        let signing_in = SigningIn::new(base, mint);
        // Whoever wants to know of each sign-in of a patient stands here.
        let records: Vec<Arc<dyn PatientRecords>> =
            vec![Arc::new(AppointmentsForAuth { welcome: appointments.welcome.clone() })];
        let ports = AccountPorts {
            users: Arc::new(users.clone()),
            tries: Arc::new(PgTries::new(pool.clone(), keys.clone(), sign_in.limits)),
            passwords: Arc::new(BcryptPasswords::new(sign_in.password_cost)),
            proofs: Arc::new(SecretProofs::new(secret)),
            sessions: signing_in.sessions.clone(),
            records,
            practices: Arc::new(DoctorsForAuth { directory: doctors.directory.clone(), clock: clock.clone() }),
            clock: clock.clone(),
            public_url: public_url.as_str().into(),
        };
        let answers = Answers::new(pool.clone(), keys.clone());
        let api = AccountsApi::new(&ports, answers, SessionCookie::of(public_url));
        let accounts = Arc::new(PgRecords::new(pool.clone(), keys.clone(), journal.clone()));
        let visits = Arc::new(VisitRecordsForAuth { records: appointments.records.clone() });
        let calendars = Arc::new(CalendarsForAuth { records: calendar_records(base) });
        let wishes = Arc::new(NotificationsForAuth { preferences: preferences(base), keys: keys.clone() });
        let prescribed = Arc::new(PrescriptionsForAuth {
            records: prescription_records(base),
            visits: appointments.records.clone(),
        });
        let records = RecordsApi {
            export: ExportRecords {
                sources: vec![accounts.clone(), visits.clone(), calendars, wishes.clone(), files.clone(), prescribed],
                trail: accounts.clone(),
                clock: clock.clone(),
            },
            attachments: files,
            erase: EraseAccount { account: accounts, patients: visits, others: vec![wishes], clock: clock.clone() },
        };

        let SigningIn { sessions, doorkeeper, api: session_api } = signing_in;
        Self { ports, sessions, doorkeeper, session_api, api, records }
    }
}

/// What opens, looks at and ends sessions.
struct SigningIn {
    sessions: Arc<OpenSession>,
    doorkeeper: Arc<dyn Doorkeeper>,
    api: SessionsApi,
}

impl SigningIn {
    fn new(base: &Base, mint: Mint) -> Self {
        let Base { pool, journal, keys, clock, public_url, users, .. } = base;
        let store = Arc::new(PgSessions::new(pool.clone(), journal.clone(), keys.clone()));
        let cookie = SessionCookie::of(public_url);
        Self {
            sessions: Arc::new(OpenSession { store: store.clone(), mint: Arc::new(mint.clone()) }),
            doorkeeper: Arc::new(SessionDoorkeeper::new(pool.clone(), mint.clone(), clock.clone(), cookie.name())),
            api: SessionsApi {
                refresh: RefreshSession {
                    store: store.clone(),
                    users: Arc::new(users.clone()),
                    mint: Arc::new(mint),
                    clock: clock.clone(),
                },
                list: ListSessions { store: store.clone(), clock: clock.clone() },
                end: EndSession { store, clock: clock.clone() },
                cookie,
            },
        }
    }
}
