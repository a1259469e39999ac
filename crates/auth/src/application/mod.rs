//! Signing in and out, and what that needs from outside.

mod ports;

#[cfg(test)]
pub use ports::MockSessionOpener;
pub use ports::{OpenedSession, SessionOpener, Tokens};
