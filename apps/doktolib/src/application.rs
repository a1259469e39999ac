//! Use cases and adapters, put together.

use std::sync::Arc;

use actix_web::web::Data;
use appointments::application::{
    AddRelative, Addressees, BookAppointment, CancelAppointment, ChangeRelative, GuestBooking, ListAppointments,
    ListRelatives, MarkAppointment, Policy, ReadAccessLog, ReadAppointment, ReleaseRelative, RescheduleAppointment,
    WatchReads, WelcomePatient,
};
use appointments::infrastructure::http::{AppointmentLinks, AppointmentsApi};
use appointments::infrastructure::{PgAccessLog, PgAppointments, PgPatients, PgViews, PgVisitRecords};
use auth::application::{
    AccountPorts, EndSession, EraseAccount, ExportRecords, ListSessions, OpenSession, PatientRecords, RefreshSession,
};
use auth::infrastructure::http::{AccountsApi, RecordsApi, SessionCookie, SessionsApi};
use auth::infrastructure::{
    AccessTokens, BcryptPasswords, COST, Mint, PgRecords, PgSessions, PgTries, PgUsers, SecretProofs,
    SessionDoorkeeper, TokenKeys,
};
use doctors::application::{ListFreeSlots, NextFreeSlots, OfferSlot, PracticeParts};
use doctors::infrastructure::http::{DoctorsApi, PracticeUses};
use doctors::infrastructure::{PgAgendas, PgDirectory, PgPractice, Soonest};
use kernel::Clock;
use notifications::application::SendLetter;
use notifications::infrastructure::{Letters, Mailbox};
use platform::crypto::Keyring;
use platform::http::TrustedProxies;
use platform::http::admission::{Doorkeeper, doorkeeper};
use platform::idempotency::Answers;
use platform::journal::Journal;
use platform::outbox::{Courier, Outbox};
use platform::pg::PgPool;
use platform::signing::LinkSigner;
use secrecy::SecretString;

use crate::limits::{Limits, Rates};
use crate::mailing::Mailing;
use crate::neighbours::{
    AppointmentsForAuth, AppointmentsForDoctors, AuthForAppointments, DoctorsForAppointments, DoctorsForAuth,
    PracticesForAppointments, SoonestForAppointments, VisitRecordsForAuth,
};
use crate::system::SystemApi;

/// How signing in is guarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignInRules {
    /// Cost of bcrypt.
    pub password_cost: u32,
    /// Are tries counted, and too many refused? Off for measurements alone.
    pub limits: bool,
}

impl Default for SignInRules {
    /// As in production.
    fn default() -> Self {
        Self { password_cost: COST, limits: true }
    }
}

/// What an application is built from; tests give their own.
pub struct Parts {
    /// Connections to a migrated database.
    pub pool: PgPool,
    /// The installation's secret.
    pub secret: SecretString,
    /// Seals and opens personal data.
    pub keys: Keyring,
    /// Sign and check access tokens.
    pub token_keys: TokenKeys,
    /// Finds out who a request comes from, in place of the one that looks at sessions.
    pub doorkeeper: Option<Arc<dyn Doorkeeper>>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What guests may do.
    pub guests: GuestBooking,
    /// How signing in is guarded.
    pub sign_in: SignInRules,
    /// Where clients reach this installation, without a slash at the end.
    pub public_url: String,
    /// How mail gets out.
    pub mailing: Mailing,
    /// Proxies whose word about the client counts.
    pub trusted_proxies: TrustedProxies,
    /// How much clients may ask.
    pub rates: Rates,
    /// Origins that browsers may call from; `*` is all.
    pub cors_origins: Vec<String>,
    /// Renders the figures for Prometheus; without it there are none.
    pub figures: Option<Figures>,
}

/// Renders the figures for Prometheus.
pub type Figures = Arc<dyn Fn() -> String + Send + Sync>;

/// Everything the routes, the worker and the commands need. Cheap to clone.
#[derive(Clone)]
pub struct Application {
    /// Connections.
    pub pool: PgPool,
    /// The audit trail.
    pub journal: Journal,
    /// Seals and opens personal data.
    pub keys: Keyring,
    /// Accounts.
    pub users: PgUsers,
    /// What the use cases of accounts work with.
    pub accounts: AccountPorts,
    /// First free times.
    pub soonest: Soonest,
    /// Opens sessions.
    pub sessions: Arc<OpenSession>,
    /// Hands out the messages of the outbox.
    pub courier: Courier,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    pub(crate) cors_origins: Arc<[String]>,
    pub(crate) limits: Data<Limits>,
    pub(crate) trusted_proxies: Data<TrustedProxies>,
    pub(crate) doorkeeper: Data<dyn Doorkeeper>,
    pub(crate) mailbox: Option<Mailbox>,
    pub(crate) doctors: Data<DoctorsApi>,
    pub(crate) appointments: Data<AppointmentsApi>,
    pub(crate) session_api: Data<SessionsApi>,
    pub(crate) account_api: Data<AccountsApi>,
    pub(crate) records: Data<RecordsApi>,
    /// What visits tell of people.
    pub visit_records: PgVisitRecords,
    pub(crate) system: Data<SystemApi>,
}

impl Application {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts {
            pool,
            secret,
            keys,
            token_keys,
            doorkeeper: keeper,
            clock,
            guests,
            sign_in,
            public_url,
            mailing,
            trusted_proxies,
            rates,
            cors_origins,
            figures,
        } = parts;
        let journal = Journal::new(&secret);
        let users = PgUsers::new(pool.clone(), keys.clone(), journal.clone());
        let mint = Mint::new(AccessTokens::new(token_keys, public_url.clone()), &secret);
        let sessions = PgSessions::new(pool.clone(), journal.clone(), keys.clone());
        let signing_in = SigningIn::new(&pool, mint, sessions, &public_url, &clock, &users);
        let booked = Arc::new(AppointmentsForDoctors { pool: pool.clone() });
        let soonest = Soonest::new(pool.clone(), booked.clone());
        let agendas = Arc::new(PgAgendas::new(pool.clone()));

        let directory = Arc::new(PgDirectory::new(pool.clone(), soonest.clone()));
        let doctors = DoctorsApi {
            directory: directory.clone(),
            slots: ListFreeSlots { agendas: agendas.clone(), busy: booked.clone(), clock: clock.clone() },
            practice: PracticeUses::new(&PracticeParts {
                practice: Arc::new(PgPractice::new(
                    pool.clone(),
                    journal.clone(),
                    keys.clone(),
                    soonest.clone(),
                    booked.clone(),
                )),
                agendas: agendas.clone(),
                clock: clock.clone(),
            }),
            answers: Answers::new(pool.clone(), keys.clone()),
            clock: clock.clone(),
        };

        let letters = SendLetter { post: mailing.post, public_url: public_url.clone() };
        // Whoever waits for messages of the outbox stands here; messages of other topics are done at once.
        let courier =
            Courier::new(Outbox::new(pool.clone()), vec![Arc::new(Letters::new(letters, keys.clone()))], clock.clone());

        let watch = Arc::new(SoonestForAppointments { soonest: soonest.clone() });
        let links =
            AppointmentLinks { signer: LinkSigner::new(&secret, "appointment"), public_url: public_url.clone() };
        let store = PgAppointments::new(pool.clone(), journal.clone(), keys.clone(), links.clone(), watch);
        let store = Arc::new(store);
        let agenda = Arc::new(DoctorsForAppointments {
            offer: OfferSlot { agendas: agendas.clone() },
            next_free: NextFreeSlots { agendas, busy: booked },
        });
        let patients = Arc::new(PgPatients::new(pool.clone(), journal.clone(), keys.clone()));
        let accounts = Arc::new(AuthForAppointments { users: users.clone() });
        let policy = Policy { ties: patients.clone() };
        let practices = Arc::new(PracticesForAppointments { pool: pool.clone() });
        let views = Arc::new(PgViews::new(pool.clone(), keys.clone()));
        let accesses = Arc::new(PgAccessLog::new(pool.clone()));
        let watch = WatchReads { log: accesses.clone(), clock: clock.clone() };
        let welcome =
            Arc::new(WelcomePatient { patients: patients.clone(), accounts: accounts.clone(), clock: clock.clone() });
        // Whoever wants to know of each sign-in of a patient stands here.
        let records: Vec<Arc<dyn PatientRecords>> = vec![Arc::new(AppointmentsForAuth { welcome: welcome.clone() })];
        let account_ports = AccountPorts {
            users: Arc::new(users.clone()),
            tries: Arc::new(PgTries::new(pool.clone(), keys.clone(), sign_in.limits)),
            passwords: Arc::new(BcryptPasswords::new(sign_in.password_cost)),
            proofs: Arc::new(SecretProofs::new(&secret)),
            sessions: signing_in.sessions.clone(),
            records,
            practices: Arc::new(DoctorsForAuth { directory, clock: clock.clone() }),
            clock: clock.clone(),
            public_url: public_url.as_str().into(),
        };
        let answers = Answers::new(pool.clone(), keys.clone());
        let account_api = AccountsApi::new(&account_ports, answers.clone(), SessionCookie::of(&public_url));
        let appointments = AppointmentsApi {
            book: BookAppointment {
                store: store.clone(),
                patients: patients.clone(),
                policy: policy.clone(),
                watch: watch.clone(),
                welcome: welcome.clone(),
                addressees: Addressees { patients: patients.clone(), accounts },
                agenda: agenda.clone(),
                practices: practices.clone(),
                clock: clock.clone(),
                guests,
            },
            read: ReadAppointment {
                store: store.clone(),
                policy: policy.clone(),
                watch: watch.clone(),
                views: views.clone(),
            },
            cancel: CancelAppointment {
                store: store.clone(),
                policy: policy.clone(),
                watch: watch.clone(),
                clock: clock.clone(),
            },
            mark: MarkAppointment {
                store: store.clone(),
                policy: policy.clone(),
                watch: watch.clone(),
                clock: clock.clone(),
            },
            reschedule: RescheduleAppointment { store, policy, watch: watch.clone(), agenda, clock: clock.clone() },
            list: ListAppointments { views, patients: patients.clone(), practices: practices.clone(), watch },
            accesses: ReadAccessLog { log: accesses, patients: patients.clone(), practices },
            relatives: ListRelatives { patients: patients.clone(), welcome },
            add_relative: AddRelative { patients: patients.clone(), clock: clock.clone() },
            change_relative: ChangeRelative { patients: patients.clone(), clock: clock.clone() },
            release_relative: ReleaseRelative { patients, clock: clock.clone() },
            answers,
            links,
        };

        let visit_records = PgVisitRecords::new(pool.clone(), keys.clone(), journal.clone());
        let accounts = Arc::new(PgRecords::new(pool.clone(), keys.clone(), journal.clone()));
        let visits = Arc::new(VisitRecordsForAuth { records: visit_records.clone() });
        let records = RecordsApi {
            export: ExportRecords {
                sources: vec![accounts.clone(), visits.clone()],
                trail: accounts.clone(),
                clock: clock.clone(),
            },
            erase: EraseAccount { account: accounts, patients: visits, clock: clock.clone() },
        };

        let system = SystemApi { pool: pool.clone(), clock: clock.clone(), started_at: clock.now(), figures };
        let limits = Data::new(Limits::new(rates, &clock, &keys));
        Self {
            pool,
            journal,
            soonest,
            courier,
            clock,
            keys,
            users,
            accounts: account_ports,
            cors_origins: cors_origins.into(),
            limits,
            trusted_proxies: Data::new(trusted_proxies),
            doorkeeper: doorkeeper(keeper.unwrap_or(signing_in.doorkeeper)),
            mailbox: mailing.mailbox,
            doctors: Data::new(doctors),
            appointments: Data::new(appointments),
            sessions: signing_in.sessions,
            session_api: Data::new(signing_in.api),
            account_api: Data::new(account_api),
            records: Data::new(records),
            visit_records,
            system: Data::new(system),
        }
    }
}

impl Application {
    /// Finds out who a request comes from.
    #[must_use]
    pub fn doorkeeper(&self) -> &dyn Doorkeeper {
        self.doorkeeper.get_ref()
    }
}

/// What opens, looks at and ends sessions.
struct SigningIn {
    sessions: Arc<OpenSession>,
    doorkeeper: Arc<dyn Doorkeeper>,
    api: SessionsApi,
}

impl SigningIn {
    fn new(
        pool: &PgPool,
        mint: Mint,
        store: PgSessions,
        public_url: &str,
        clock: &Arc<dyn Clock>,
        users: &PgUsers,
    ) -> Self {
        let store = Arc::new(store);
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
