//! What is done with letters and texts.

mod clinic_message_ports;
mod ledger;
mod manage_preferences;
mod ports;
mod read_clinic_message;
mod send_clinic_message;
mod send_letter;
mod send_text;
mod tell_messages;

pub use clinic_message_ports::{ClinicMessages, NewClinicMessage, Recipient, Recipients, StoreMessageError, Written};
#[cfg(test)]
pub(crate) use ledger::MockLedger;
pub use ledger::{Before, Ended, Ledger, LedgerEntry, Told, Trying};
pub use manage_preferences::{ManagePreferences, PreferenceStore, PreferencesError, SavePreferencesError, Wished};
pub use ports::{CalendarFile, Mail, NotSent, Post};
pub use read_clinic_message::ReadClinicMessage;
pub use send_clinic_message::{Message, SendClinicMessage, SendMessageError, Texting};
pub use send_letter::{Posted, SendError, SendLetter};
pub use send_text::{OutgoingText, PostedText, SendText, Texts};
pub use tell_messages::{TellError, TellMessages, Traces, Visits};
