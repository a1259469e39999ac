//! What a file is.

mod kind;

pub use kind::FileKind;
