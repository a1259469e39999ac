//! Messages to people, and what became of them.

use std::sync::Arc;

use ::notifications::application::{
    ManagePreferences, ReadClinicMessage, SendClinicMessage, SendLetter, SendText, TellMessages, Texting as Texts,
};
use ::notifications::infrastructure::http::{ClinicMessagesApi, MessagesApi};
use ::notifications::infrastructure::{Letters, PgClinicMessages, PgLedger, PgPreferences, PostedTexts};
use platform::idempotency::Answers;
use platform::outbox::Subscriber;

use super::Base;
use crate::mailing::Mailing;
use crate::neighbours::AppointmentsForNotifications;
use crate::texting::Texting;

/// Who waits for messages, and the API.
pub(super) struct Notifications {
    pub(super) subscribers: Vec<Arc<dyn Subscriber>>,
    pub(super) ledger: PgLedger,
    pub(super) api: MessagesApi,
    /// What clinics write to patients.
    pub(super) written: ClinicMessagesApi,
}

impl Notifications {
    pub(super) fn new(base: &Base, mailing: &Mailing, texting: &Texting, visits: AppointmentsForNotifications) -> Self {
        let Base { pool, journal, keys, clock, public_url, .. } = base;
        let visits = Arc::new(visits);
        let written = Arc::new(PgClinicMessages::new(pool.clone(), journal.clone(), keys.clone()));
        let ledger = PgLedger::new(pool.clone(), keys.clone());
        let kept = Arc::new(ledger.clone());
        let letters = SendLetter { post: mailing.post.clone(), public_url: public_url.clone() };
        let letters = Letters::new(letters, keys.clone(), kept.clone(), clock.clone());
        let mut subscribers: Vec<Arc<dyn Subscriber>> = vec![Arc::new(letters)];
        if let Some(texts) = &texting.texts {
            let send = SendText { texts: texts.clone() };
            subscribers.push(Arc::new(PostedTexts::new(send, keys.clone(), kept.clone(), clock.clone())));
        }
        let api = MessagesApi {
            tell: TellMessages { ledger: kept.clone(), visits: visits.clone() },
            preferences: ManagePreferences { store: Arc::new(preferences(base)), clock: clock.clone() },
            ledger: kept.clone(),
            text_token: texting.token.clone(),
            public_url: public_url.as_str().into(),
            clock: clock.clone(),
        };
        let written = ClinicMessagesApi {
            send: SendClinicMessage {
                recipients: visits.clone(),
                messages: written.clone(),
                texting: if texting.texts.is_some() { Texts::On } else { Texts::Off },
                clock: clock.clone(),
            },
            read: ReadClinicMessage { messages: written, recipients: visits, ledger: kept },
            answers: Answers::new(pool.clone(), keys.clone()),
        };
        Self { subscribers, ledger, api, written }
    }
}

/// How people wish to be reminded.
pub(super) fn preferences(base: &Base) -> PgPreferences {
    PgPreferences::new(base.pool.clone(), base.journal.clone())
}
