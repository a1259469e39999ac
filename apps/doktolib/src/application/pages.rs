//! The pages.

use std::sync::Arc;

use ::appointments::application::GuestBooking;
use ::pages::appointments::{AppointmentPages, VisitTokens};
use ::pages::kit::{Demo, Site};
use kernel::{AppointmentId, Caller};
use platform::idempotency::Answers;
use platform::signing::LinkSigner;

use super::Base;
use super::appointments::Appointments;

/// Tokens of visits, the same as in links of mails.
struct SignedVisits(LinkSigner);

impl VisitTokens for SignedVisits {
    fn token(&self, visit: AppointmentId) -> String {
        self.0.token(visit.as_uuid())
    }

    fn holder(&self, visit: AppointmentId, token: &str) -> Option<Caller> {
        self.0.opens(token, visit.as_uuid()).then(|| Caller::link_holder(visit))
    }
}

/// What every page knows: where mail stays on the machine, data are made up.
pub(super) fn site(base: &Base, mail_stays_here: bool) -> Site {
    let demo = if mail_stays_here { Demo::Yes } else { Demo::No };
    Site { public_url: base.public_url.as_str().into(), demo }
}

/// Pages about visits: the use cases of the API, by another door.
pub(super) fn appointment_pages(base: &Base, appointments: &Appointments, guests: GuestBooking) -> AppointmentPages {
    let api = &appointments.api;
    AppointmentPages {
        book: api.book.clone(),
        hold: api.hold_for_guest.clone(),
        confirm: api.confirm.clone(),
        read: api.read.clone(),
        cancel: api.cancel.clone(),
        guests,
        answers: Answers::new(base.pool.clone(), base.keys.clone()),
        tokens: Arc::new(SignedVisits(LinkSigner::new(&base.secret, "appointment"))),
    }
}
