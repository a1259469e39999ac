//! The adapters of the slice.

pub mod inspection;
