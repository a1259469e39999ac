//! Use cases and adapters, put together.

mod accounts;
mod appointments;
mod calendars;
mod desk;
mod doctors;
mod files;
mod notifications;
mod pages;
mod prescriptions;
mod reminders;
mod reports;
mod retention;
mod series;
mod visit_desk;
mod waitlist;
mod webhooks;

use std::sync::Arc;

use ::appointments::application::{FindDueReminders, GuestBooking, OfferFreedTimes, Papers, PurgeRecords};
use ::appointments::domain::{Leads, Retention, TextLead};
use ::appointments::infrastructure::http::{AppointmentsApi, DeskApi, PatientsApi, SeriesApi, WaitlistApi};
use ::appointments::infrastructure::jobs::RetentionTask;
use ::appointments::infrastructure::{PgHolds, PgVisitRecords};
use ::calendars::application::{CalendarSource, ReadExternals, Writer};
use ::calendars::infrastructure::http::CalendarsApi;
use ::doctors::infrastructure::http::DoctorsApi;
use ::doctors::infrastructure::{ClinicZones, LiveSlots, Soonest};
use ::files::infrastructure::http::FilesApi;
use ::notifications::infrastructure::http::{ClinicMessagesApi, MessagesApi};
use ::notifications::infrastructure::{Mailbox, TextFolder};
use ::pages::appointments::AppointmentPages;
use ::pages::doctors::DoctorPages;
use ::pages::kit::Site;
use ::prescriptions::infrastructure::http::PrescriptionsApi;
use ::reports::infrastructure::http::ReportsApi;
use ::webhooks::application::Receivers;
use ::webhooks::infrastructure::http::WebhooksApi;
use actix_web::web::Data;
use auth::application::{AccountPorts, OpenSession};
use auth::infrastructure::http::{AccountsApi, RecordsApi, SessionsApi};
use auth::infrastructure::{COST, PgUsers, TokenKeys};
use jiff::SignedDuration;
use kernel::Clock;
use operations::infrastructure::Steps;
use operations::infrastructure::http::OperationsApi;
use platform::crypto::Keyring;
use platform::http::TrustedProxies;
use platform::http::admission::{Doorkeeper, doorkeeper};
use platform::idempotency::Answers;
use platform::jobs::{Jobs, Task, Timetable, Worker, WorkerRules, Zones};
use platform::journal::Journal;
use platform::outbox::{Courier, Outbox};
use platform::pg::PgPool;
use platform::storage::Storage;
use secrecy::SecretString;

use self::accounts::Accounts;
use self::appointments::{Appointments, VisitRules};
use self::calendars::Calendars;
use self::doctors::Doctors;
pub use self::files::Handling;
use self::notifications::Notifications;
use self::webhooks::Webhooks;
use crate::limits::{Limits, Rates};
use crate::mailing::Mailing;
use crate::neighbours::{FilesForAppointments, PrescriptionsForAppointments};
use crate::system::SystemApi;
use crate::texting::Texting;
use crate::timetable;
use crate::upkeep::Upkeep;

/// Messages to clinics' systems on their way at once. Many, since each may wait for a receiver that hangs.
const DELIVERING_HANDS: usize = 16;

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
    /// Where objects are kept.
    pub storage: Storage,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What guests may do.
    pub guests: GuestBooking,
    /// How long an offer of the waitlist is kept.
    pub waitlist_answer: SignedDuration,
    /// How often a calendar elsewhere is read.
    pub calendars_every: SignedDuration,
    /// How long before a visit its patient is reminded.
    pub leads: Leads,
    /// And by a text, where texts can be sent.
    pub text_lead: TextLead,
    /// How long records of treatment are kept.
    pub retention: Retention,
    /// How jobs are done.
    pub job_rules: WorkerRules,
    /// How signing in is guarded.
    pub sign_in: SignInRules,
    /// Where clients reach this installation, without a slash at the end.
    pub public_url: String,
    /// How mail gets out.
    pub mailing: Mailing,
    /// How texts get out.
    pub texting: Texting,
    /// Fetches calendars from elsewhere.
    pub calendar_source: Arc<dyn CalendarSource>,
    /// Posts to clinics' own systems.
    pub receivers: Arc<dyn Receivers>,
    /// How files that are handed in are looked through.
    pub handling: Handling,
    /// Proxies whose word about the client counts.
    pub trusted_proxies: TrustedProxies,
    /// How much clients may ask.
    pub rates: Rates,
    /// Origins that browsers may call from; `*` is all.
    pub cors_origins: Vec<String>,
    /// Renders the figures for Prometheus; without it there are none.
    pub figures: Option<Figures>,
}

/// What all slices are built on.
struct Base {
    pool: PgPool,
    journal: Journal,
    keys: Keyring,
    clock: Arc<dyn Clock>,
    secret: SecretString,
    public_url: String,
    users: PgUsers,
    /// Writes calendar files.
    writer: Writer,
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
    /// Where objects are kept.
    pub storage: Storage,
    /// Accounts.
    pub users: PgUsers,
    /// What the use cases of accounts work with.
    pub accounts: AccountPorts,
    /// First free times.
    pub soonest: Soonest,
    /// Free times as they change.
    pub live: LiveSlots,
    /// Opens sessions.
    pub sessions: Arc<OpenSession>,
    /// Hands out the messages of the outbox.
    pub courier: Courier,
    /// Does jobs at their time.
    pub worker: Worker,
    /// Posts to clinics' own systems, by hands of its own.
    pub deliverer: Worker,
    /// Looks for patients who are to be reminded.
    pub reminders: Arc<FindDueReminders>,
    /// And by a text.
    pub text_reminders: Arc<FindDueReminders>,
    /// Purges records whose time is over.
    pub purge: Arc<PurgeRecords>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    pub(crate) cors_origins: Arc<[String]>,
    pub(crate) limits: Data<Limits>,
    pub(crate) trusted_proxies: Data<TrustedProxies>,
    pub(crate) doorkeeper: Data<dyn Doorkeeper>,
    pub(crate) mailbox: Option<Mailbox>,
    pub(crate) text_folder: Option<TextFolder>,
    /// What every page knows.
    pub(crate) site: Data<Site>,
    pub(crate) doctor_pages: Data<DoctorPages>,
    pub(crate) appointment_pages: Data<AppointmentPages>,
    pub(crate) messages: Data<MessagesApi>,
    /// What clinics write to patients.
    pub(crate) clinic_messages: Data<ClinicMessagesApi>,
    pub(crate) doctors: Data<DoctorsApi>,
    pub(crate) appointments: Data<AppointmentsApi>,
    pub(crate) calendars: Data<CalendarsApi>,
    /// Reads calendars elsewhere.
    pub externals: Arc<ReadExternals>,
    pub(crate) patients: Data<PatientsApi>,
    pub(crate) desk: Data<DeskApi>,
    pub(crate) waitlist: Data<WaitlistApi>,
    pub(crate) series: Data<SeriesApi>,
    pub(crate) webhooks: Data<WebhooksApi>,
    pub(crate) prescriptions: Data<PrescriptionsApi>,
    /// Serves those who wait for a time.
    pub line: Arc<OfferFreedTimes>,
    pub(crate) session_api: Data<SessionsApi>,
    pub(crate) account_api: Data<AccountsApi>,
    pub(crate) records: Data<RecordsApi>,
    pub(crate) reports: Data<ReportsApi>,
    pub(crate) files: Data<FilesApi>,
    /// What visits tell of people.
    pub visit_records: PgVisitRecords,
    /// Times that are held.
    pub holds: PgHolds,
    pub(crate) system: Data<SystemApi>,
    /// Handles jobs and messages.
    pub steps: Steps,
    pub(crate) operations: Data<OperationsApi>,
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
            storage,
            clock,
            guests,
            waitlist_answer: to_answer,
            leads,
            text_lead,
            retention,
            job_rules,
            calendars_every,
            sign_in,
            public_url,
            mailing,
            texting,
            calendar_source,
            receivers,
            handling,
            trusted_proxies,
            rates,
            cors_origins,
            figures,
        } = parts;
        let journal = Journal::new(&secret);
        let users = PgUsers::new(pool.clone(), keys.clone(), journal.clone());
        let writer = Writer::new(&host_of(&public_url), &mailing.from.to_string());
        let base = Base { pool, journal, keys, clock, secret, public_url, users, writer };
        let doctors = Doctors::new(&base);
        let zones: Arc<dyn Zones> = Arc::new(ClinicZones { pool: base.pool.clone() });
        // Where no texts can be sent, none are posted.
        let leads = (leads, if texting.texts.is_some() { text_lead } else { TextLead::NEVER });
        let rules = VisitRules { guests, to_answer, leads, zones: zones.clone(), retention };
        let appointments = Appointments::new(&base, &doctors, rules);
        let calendars = Calendars::new(&base, &appointments, calendar_source, calendars_every);
        let webhooks = Webhooks::new(&base, receivers);
        let prescriptions = prescriptions::prescriptions(&base, appointments.for_prescriptions(), retention.years());
        let desk = desk::desk(&base, &doctors);
        let files = files::files(&base, &appointments, &storage, handling);
        let reports = reports::reports(&base, &doctors, &storage, zones.clone(), job_rules);
        let site = pages::site(&base, mailing.mailbox.is_some());
        let appointment_pages = Data::new(pages::appointment_pages(&base, &appointments, guests));
        let doctor_pages = Data::new(doctors.pages(&base));
        let papers: Vec<Arc<dyn Papers>> = vec![
            Arc::new(FilesForAppointments { pool: base.pool.clone() }),
            Arc::new(PrescriptionsForAppointments { summaries: prescriptions::summaries(&base) }),
        ];
        let purge = retention::purging(&base, retention, papers);
        let accounts = Accounts::new(&base, &doctors, &appointments, files.copies, token_keys, sign_in);
        let messages = Notifications::new(&base, &mailing, &texting, appointments.messages);
        let Base { pool, journal, keys, clock, users, .. } = base;

        // Whoever waits for messages of the outbox stands here; messages of other topics are done at once.
        let mut listeners = messages.subscribers;
        listeners.extend([webhooks.listener, files.listener, prescriptions.listener]);
        let courier = Courier::new(Outbox::new(pool.clone()), listeners, clock.clone());

        let table = Timetable::new(pool.clone(), timetable::schedules(), zones);
        let delivering = WorkerRules { hands: DELIVERING_HANDS, ..job_rules };
        let jobs = Jobs::new(pool.clone());
        let deliverer = Worker::new(jobs, vec![webhooks.deliver], table.clone(), delivering, clock.clone());
        let upkeep = Upkeep {
            pool: pool.clone(),
            clock: clock.clone(),
            outbox: courier.outbox().clone(),
            ledger: messages.ledger,
            visit_records: appointments.records.clone(),
            holds: appointments.holds.clone(),
            line: appointments.line.clone(),
        };
        let tasks = appointments.reminders.tasks.into_iter().chain(upkeep.tasks()).chain(reports.tasks);
        let retention: Arc<dyn Task> = Arc::new(RetentionTask { purge: purge.clone(), clock: clock.clone() });
        let tasks = tasks.chain(files.tasks).chain([webhooks.tidy, retention, prescriptions.task]).collect();
        let worker = Worker::new(Jobs::new(pool.clone()), tasks, table, job_rules, clock.clone());

        let mint = accounts.sessions.mint.clone();
        let steps = Steps { pool: pool.clone(), journal: journal.clone(), keys: keys.clone() };
        let operations = OperationsApi {
            jobs: worker.jobs().clone(),
            timetable: worker.timetable().clone(),
            outbox: courier.outbox().clone(),
            steps: steps.clone(),
            answers: Answers::new(pool.clone(), keys.clone()),
            clock: clock.clone(),
            csrf: Arc::new(move |session| mint.csrf(session).expose().to_owned()),
        };
        let system = SystemApi { pool: pool.clone(), clock: clock.clone(), started_at: clock.now(), figures };
        Self {
            pool,
            journal,
            soonest: doctors.soonest,
            live: doctors.live,
            courier,
            worker,
            deliverer,
            reminders: appointments.reminders.mails,
            text_reminders: appointments.reminders.texts,
            purge,
            limits: Data::new(Limits::new(rates, &clock, &keys)),
            clock,
            keys,
            storage,
            users,
            accounts: accounts.ports,
            cors_origins: cors_origins.into(),
            trusted_proxies: Data::new(trusted_proxies),
            doorkeeper: doorkeeper(keeper.unwrap_or(accounts.doorkeeper)),
            mailbox: mailing.mailbox,
            text_folder: texting.folder,
            site: Data::new(site),
            doctor_pages,
            appointment_pages,
            messages: Data::new(messages.api),
            clinic_messages: Data::new(messages.written),
            doctors: Data::new(doctors.api),
            appointments: Data::new(appointments.api),
            calendars: Data::new(calendars.api),
            externals: Arc::new(calendars.externals),
            patients: Data::new(appointments.patients_api),
            desk: Data::new(desk),
            waitlist: Data::new(appointments.waitlist),
            series: Data::new(appointments.series),
            webhooks: Data::new(webhooks.api),
            prescriptions: Data::new(prescriptions.api),
            line: appointments.line,
            sessions: accounts.sessions,
            session_api: Data::new(accounts.session_api),
            account_api: Data::new(accounts.api),
            records: Data::new(accounts.records),
            reports: Data::new(reports.api),
            files: Data::new(files.api),
            visit_records: appointments.records,
            holds: appointments.holds,
            system: Data::new(system),
            steps,
            operations: Data::new(operations),
        }
    }
}

/// The host of an address, for names that stay unique over all installations.
fn host_of(public_url: &str) -> String {
    let rest = public_url.split_once("://").map_or(public_url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    authority.rsplit_once(':').map_or(authority, |(host, _)| host).to_owned()
}

impl Application {
    /// Finds out who a request comes from.
    #[must_use]
    pub fn doorkeeper(&self) -> &dyn Doorkeeper {
        self.doorkeeper.get_ref()
    }
}
