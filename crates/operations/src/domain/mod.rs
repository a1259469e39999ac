//! What operators do.

mod event;

pub use event::OperationsEvent;
