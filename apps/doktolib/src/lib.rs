//! The composition root of Doktolib: what `main` and the tests of the whole are built from.

pub mod seed;
