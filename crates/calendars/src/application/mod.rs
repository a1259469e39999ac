//! What one can do with calendars, and what that needs from outside.

mod ports;
mod writer;

pub use ports::{Named, Place, Places, Visit};
pub use writer::{Guest, Writer};
