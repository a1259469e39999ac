//! Visits and patients.

use std::sync::Arc;

use ::appointments::application::{
    AddRelative, Addressees, AskForPoster, BookAppointment, CancelAppointment, ChangeRelative, CheckIn, ConfirmBooking,
    CorrectAppointment, CorrectPatient, EndEmergencyAccess, GuestBooking, HoldForForm, HoldForGuest, ListAppointments,
    ListRelatives, MarkAppointment, OfferFreedTimes, OpenEmergencyAccess, Policy, ReadAccessLog, ReadAppointment,
    ReadPatient, ReceiveWalkIn, ReleaseRelative, RescheduleAppointment, SearchPatients, TakeDownPatient, TraceMessages,
    VisitLetters, WatchReads, WelcomePatient, WhoComes,
};
use ::appointments::domain::{Leads, Retention, TextLead};
use ::appointments::infrastructure::http::{
    AppointmentLinks, AppointmentsApi, ClinicPosters, HoldTokens, PatientsApi, SeriesApi, WaitlistApi,
};
use ::appointments::infrastructure::{
    PgAccessLog, PgAppointments, PgDesk, PgEmergencies, PgHolds, PgPatients, PgViews, PgVisitRecords, SecretHoldCodes,
};
use jiff::SignedDuration;
use platform::idempotency::Answers;
use platform::jobs::Zones;
use platform::signing::LinkSigner;

use super::Base;
use super::doctors::Doctors;
use super::prescriptions::summaries;
use super::reminders::{Reminders, reminders};
use super::series::series;
use super::waitlist::{Shared, waitlist};
use crate::neighbours::{
    AppointmentsForCalendars, AppointmentsForNotifications, AppointmentsForPrescriptions, AuthForAppointments,
    CalendarsForAppointments, PracticesForAppointments, PrescriptionsForAppointments, SoonestForAppointments,
};

/// What others ask of visits, and the API.
pub(super) struct Appointments {
    pub(super) welcome: Arc<WelcomePatient>,
    /// What visits tell of people.
    pub(super) records: PgVisitRecords,
    /// Times that are held.
    pub(super) holds: PgHolds,
    pub(super) api: AppointmentsApi,
    /// The API of records.
    pub(super) patients_api: PatientsApi,
    /// Visits, for those who subscribe to them.
    pub(super) visits: Arc<AppointmentsForCalendars>,
    /// The API of the waitlist.
    pub(super) waitlist: WaitlistApi,
    /// The API of series.
    pub(super) series: SeriesApi,
    /// Serves those who wait.
    pub(super) line: Arc<OfferFreedTimes>,
    /// Whom we remind.
    pub(super) reminders: Reminders,
    /// By what messages about visits are found.
    pub(super) messages: AppointmentsForNotifications,
    /// Who may do what.
    pub(super) policy: Policy,
    /// Writes down who is shown what.
    pub(super) watch: WatchReads,
    /// Patients, and who looks after them.
    pub(super) patients: Arc<PgPatients>,
    /// Visits.
    pub(super) store: Arc<PgAppointments>,
    /// Where letters about patients go.
    pub(super) addressees: Addressees,
}

/// What an operator decides of visits.
pub(super) struct VisitRules {
    pub(super) guests: GuestBooking,
    pub(super) to_answer: SignedDuration,
    /// By mail and by text.
    pub(super) leads: (Leads, TextLead),
    /// The wall clocks of the clinics.
    pub(super) zones: Arc<dyn Zones>,
    /// How long records are kept.
    pub(super) retention: Retention,
}

impl Appointments {
    pub(super) fn new(base: &Base, doctors: &Doctors, rules: VisitRules) -> Self {
        let VisitRules { guests, to_answer, leads, zones, retention } = rules;
        let Base { pool, journal, keys, clock, secret, public_url, users, writer } = base;
        let watch = Arc::new(SoonestForAppointments { soonest: doctors.soonest.clone() });
        let links = AppointmentLinks { signer: LinkSigner::new(secret, "appointment"), public_url: public_url.clone() };
        let holds = PgHolds::new(pool.clone(), journal.clone(), keys.clone(), watch.clone());
        let codes = Arc::new(SecretHoldCodes::new(secret));
        let store = PgAppointments::new(pool.clone(), journal.clone(), keys.clone(), links.clone(), watch.clone());
        let store = Arc::new(store);
        let calendar_watch = watch;
        let agenda = doctors.agenda.clone();
        let patients = Arc::new(PgPatients::new(pool.clone(), journal.clone(), keys.clone()));
        let accounts = Arc::new(AuthForAppointments { users: users.clone() });
        let policy = Policy { ties: patients.clone() };
        let practices = Arc::new(PracticesForAppointments { pool: pool.clone() });
        let views = Arc::new(PgViews::new(pool.clone(), keys.clone()));
        let accesses = Arc::new(PgAccessLog::new(pool.clone()));
        let watch = WatchReads { log: accesses.clone(), clock: clock.clone() };
        let for_others = (policy.clone(), watch.clone(), patients.clone());
        let welcome =
            Arc::new(WelcomePatient { patients: patients.clone(), accounts: accounts.clone(), clock: clock.clone() });
        let emergencies = Arc::new(PgEmergencies::new(pool.clone(), journal.clone(), keys.clone()));
        let desk = Arc::new(PgDesk::new(pool.clone(), journal.clone(), keys.clone()));
        let records_api = PatientsApi {
            read: ReadPatient {
                patients: patients.clone(),
                views: emergencies.clone(),
                policy: policy.clone(),
                watch: watch.clone(),
                clock: clock.clone(),
            },
            open_emergency: OpenEmergencyAccess {
                store: emergencies.clone(),
                patients: patients.clone(),
                policy: policy.clone(),
                staff: accounts.clone(),
                practices: practices.clone(),
                clock: clock.clone(),
            },
            end_emergency: EndEmergencyAccess { store: emergencies, clock: clock.clone() },
            search: SearchPatients { desk: desk.clone(), watch: watch.clone() },
            take_down: TakeDownPatient { desk: desk.clone(), watch: watch.clone(), clock: clock.clone() },
            correct: CorrectPatient {
                patients: patients.clone(),
                desk,
                policy: policy.clone(),
                watch: watch.clone(),
                clock: clock.clone(),
            },
            answers: Answers::new(pool.clone(), keys.clone()),
        };
        let letters = VisitLetters {
            addressees: Addressees { patients: patients.clone(), accounts: accounts.clone() },
            practices: practices.clone(),
            files: Arc::new(CalendarsForAppointments { writer: writer.clone() }),
        };
        let addressees = letters.addressees.clone();
        let reminders = reminders(base, store.clone(), addressees.clone(), practices.clone(), leads, zones);
        let messages = AppointmentsForNotifications {
            trace: TraceMessages {
                store: store.clone(),
                reminders: store.clone(),
                policy: policy.clone(),
                watch: watch.clone(),
            },
            policy: policy.clone(),
            addressees: letters.addressees.clone(),
            practices: practices.clone(),
            clock: clock.clone(),
        };
        let posters = ClinicPosters { signer: LinkSigner::new(secret, "clinic"), public_url: public_url.clone() };
        let shared = Shared {
            store: store.clone(),
            patients: patients.clone(),
            agenda: agenda.clone(),
            practices: practices.clone(),
            calendar_watch,
            policy: policy.clone(),
            watch: watch.clone(),
            welcome: welcome.clone(),
            letters: letters.clone(),
            links: links.clone(),
        };
        let series = series(base, doctors, store.clone(), &shared);
        let (waitlist, line) = waitlist(base, doctors, shared, to_answer);
        let who = WhoComes {
            store: store.clone(),
            patients: patients.clone(),
            policy: policy.clone(),
            welcome: welcome.clone(),
        };
        let api = AppointmentsApi {
            hold_for_guest: HoldForGuest {
                holds: Arc::new(holds.clone()),
                codes: codes.clone(),
                agenda: agenda.clone(),
                practices: practices.clone(),
                clock: clock.clone(),
            },
            hold_for_form: HoldForForm {
                holds: Arc::new(holds.clone()),
                agenda: agenda.clone(),
                clock: clock.clone(),
                guests,
            },
            hold_tokens: HoldTokens { signer: LinkSigner::new(secret, "hold") },
            confirm: ConfirmBooking {
                store: store.clone(),
                holds: Arc::new(holds.clone()),
                codes,
                letters: letters.clone(),
                agenda: agenda.clone(),
                clock: clock.clone(),
            },
            walk_in: ReceiveWalkIn {
                store: store.clone(),
                who: who.clone(),
                watch: watch.clone(),
                agenda: agenda.clone(),
                desk: agenda.clone(),
                clock: clock.clone(),
            },
            book: BookAppointment {
                store: store.clone(),
                who,
                watch: watch.clone(),
                letters: letters.clone(),
                agenda: agenda.clone(),
                desk: agenda.clone(),
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
                letters: letters.clone(),
                practices: practices.clone(),
                clock: clock.clone(),
            },
            check_in: CheckIn {
                store: store.clone(),
                policy: policy.clone(),
                watch: watch.clone(),
                codes: Arc::new(posters.clone()),
                clock: clock.clone(),
            },
            poster: AskForPoster { practices: practices.clone() },
            posters,
            correct: CorrectAppointment {
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
            reschedule: RescheduleAppointment {
                store: store.clone(),
                policy: policy.clone(),
                watch: watch.clone(),
                letters: letters.clone(),
                practices: practices.clone(),
                agenda: agenda.clone(),
                desk: agenda,
                clock: clock.clone(),
            },
            list: ListAppointments {
                views,
                patients: patients.clone(),
                practices: practices.clone(),
                policy: policy.clone(),
                watch: watch.clone(),
            },
            prescriptions: Arc::new(PrescriptionsForAppointments { summaries: summaries(base) }),
            accesses: ReadAccessLog { log: accesses, patients: patients.clone(), practices },
            relatives: ListRelatives { patients: patients.clone(), welcome: welcome.clone() },
            add_relative: AddRelative { patients: patients.clone(), clock: clock.clone() },
            change_relative: ChangeRelative { patients: patients.clone(), clock: clock.clone() },
            release_relative: ReleaseRelative { patients: patients.clone(), clock: clock.clone() },
            answers: Answers::new(pool.clone(), keys.clone()),
            links,
            letters,
        };
        let records = PgVisitRecords::new(pool.clone(), keys.clone(), journal.clone(), retention);
        let (policy, watch, patients) = for_others;
        let visits = Arc::new(AppointmentsForCalendars {
            views: PgViews::new(pool.clone(), keys.clone()),
            patients: PgPatients::new(pool.clone(), journal.clone(), keys.clone()),
        });
        Self {
            welcome,
            records,
            holds,
            api,
            patients_api: records_api,
            waitlist,
            series,
            line: Arc::new(line),
            visits,
            reminders,
            messages,
            policy,
            watch,
            patients,
            store,
            addressees,
        }
    }

    /// What prescriptions ask of visits.
    pub(super) fn for_prescriptions(&self) -> AppointmentsForPrescriptions {
        AppointmentsForPrescriptions {
            store: self.store.clone(),
            patients: self.patients.clone(),
            policy: self.policy.clone(),
            watch: self.watch.clone(),
            addressees: self.addressees.clone(),
        }
    }
}
