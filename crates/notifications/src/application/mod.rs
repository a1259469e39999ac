//! What is done with letters and texts.

mod ledger;
mod manage_preferences;
mod ports;
mod send_letter;
mod send_text;
mod tell_messages;

#[cfg(test)]
pub(crate) use ledger::MockLedger;
pub use ledger::{Before, Ended, Ledger, LedgerEntry, Told, Trying};
pub use manage_preferences::{ManagePreferences, PreferenceStore, PreferencesError, SavePreferencesError, Wished};
pub use ports::{CalendarFile, Mail, NotSent, Post};
pub use send_letter::{Posted, SendError, SendLetter};
pub use send_text::{OutgoingText, PostedText, SendText, Texts};
pub use tell_messages::{TellError, TellMessages, Traces, Visits};
