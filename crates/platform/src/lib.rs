//! Tools for adapters. A slice's `infrastructure` and the composition root use them; `domain` and
//! `application` never do.

pub mod pg;
