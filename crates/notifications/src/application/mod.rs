//! What is done with letters.

mod ports;
mod send_letter;

pub use ports::{CalendarFile, Mail, NotSent, Post};
pub use send_letter::{Posted, SendError, SendLetter};
