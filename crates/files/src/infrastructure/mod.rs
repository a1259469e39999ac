//! The adapters of the slice.
