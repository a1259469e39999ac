//! Who waits for a time, and what is offered to them.

use std::sync::{Arc, Mutex};

use ::appointments::application::{
    AnswerOffer, AppointmentStore, DoctorAgenda, JoinWaitlist, OfferFreedTimes, PatientStore, Policy, Practices,
    ReadWaitlist, VisitLetters, WatchReads, WelcomePatient,
};
use ::appointments::infrastructure::http::{AppointmentLinks, WaitlistApi, WaitlistLinks};
use ::appointments::infrastructure::{CalendarWatch, PgWaitlist};
use jiff::SignedDuration;
use platform::idempotency::Answers;
use platform::signing::LinkSigner;

use super::Base;
use super::doctors::Doctors;
use crate::neighbours::FreeTimesForAppointments;

/// What the waitlist shares with the rest of its slice.
pub(super) struct Shared {
    pub(super) store: Arc<dyn AppointmentStore>,
    pub(super) patients: Arc<dyn PatientStore>,
    pub(super) agenda: Arc<dyn DoctorAgenda>,
    pub(super) practices: Arc<dyn Practices>,
    pub(super) calendar_watch: Arc<dyn CalendarWatch>,
    pub(super) policy: Policy,
    pub(super) watch: WatchReads,
    pub(super) welcome: Arc<WelcomePatient>,
    pub(super) letters: VisitLetters,
    pub(super) links: AppointmentLinks,
}

/// The API, and what serves the line.
pub(super) fn waitlist(
    base: &Base,
    doctors: &Doctors,
    shared: Shared,
    to_answer: SignedDuration,
) -> (WaitlistApi, OfferFreedTimes) {
    let Base { pool, journal, keys, clock, secret, public_url, .. } = base;
    let Shared { store, patients, agenda, practices, calendar_watch, policy, watch, welcome, letters, links } = shared;
    let signer = LinkSigner::new(secret, "waitlist-offer");
    let offer_links = WaitlistLinks { signer, public_url: public_url.clone() };
    let waitlist = PgWaitlist::new(pool.clone(), journal.clone(), keys.clone(), offer_links.clone(), calendar_watch);
    let waitlist = Arc::new(waitlist);
    let times = Arc::new(FreeTimesForAppointments { pool: pool.clone(), list: doctors.slots_of_many(base) });
    let line = OfferFreedTimes {
        store: waitlist.clone(),
        line: waitlist.clone(),
        times: times.clone(),
        agenda: agenda.clone(),
        practices: practices.clone(),
        policy: policy.clone(),
        addressees: letters.addressees.clone(),
        clock: clock.clone(),
        to_answer,
        seen: Mutex::default(),
    };
    let api = WaitlistApi {
        join: JoinWaitlist {
            store: waitlist.clone(),
            policy: policy.clone(),
            welcome,
            agenda: agenda.clone(),
            practices,
            times,
            clock: clock.clone(),
        },
        read: ReadWaitlist {
            store: waitlist.clone(),
            patients: patients.clone(),
            policy: policy.clone(),
            watch: watch.clone(),
            clock: clock.clone(),
        },
        answer: AnswerOffer { waitlist, store, patients, policy, watch, letters, agenda, clock: clock.clone() },
        answers: Answers::new(pool.clone(), keys.clone()),
        appointments: links,
        links: offer_links,
    };
    (api, line)
}
