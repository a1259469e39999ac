use appointments::domain::{BadLeads, BadTextLead, Leads, TextLead};
use platform::jobs::WorkerRules;

use super::Reader;

/// `REMINDER_HOURS`: how long before a visit its patient is reminded.
pub(super) fn leads(read: &mut Reader<'_>) -> Leads {
    read.parsed("REMINDER_HOURS", &BadLeads.to_string()).unwrap_or_default()
}

/// `TEXT_REMINDER_HOURS`: how long before a visit its patient is reminded by a text.
pub(super) fn text_lead(read: &mut Reader<'_>) -> TextLead {
    read.parsed("TEXT_REMINDER_HOURS", &BadTextLead.to_string()).unwrap_or_default()
}

/// `JOB_TRIES` and `JOB_HANDS`.
pub(super) fn rules(read: &mut Reader<'_>) -> WorkerRules {
    let otherwise = WorkerRules::default();
    let hands = read.number("JOB_HANDS", 1..=32, 2);
    WorkerRules {
        tries: read.number("JOB_TRIES", 1..=20, otherwise.tries),
        hands: usize::try_from(hands).unwrap_or(otherwise.hands),
    }
}
