//! The API as its clients meet it: the whole application on a database of its own, a clock that stands still.

mod app;
mod booking;
mod catalogue;
mod face;
mod idempotency;
mod manage;
mod operations;
mod readme;
mod search;
mod slots;
