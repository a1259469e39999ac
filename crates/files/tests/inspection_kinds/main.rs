//! What files are told to be by their content, and why they are refused: one test for each promise of
//! `docs/security/files.md`. Here in the process of the tests; `inspection_apart.rs` has the process apart.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod dates;
mod fuzz;
mod good;
mod made;
mod pdf;
mod pictures;
mod text;
mod word;
