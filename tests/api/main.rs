//! The API as its clients meet it: the whole application on a database of its own, a clock that stands still.

mod anonymous;
mod app;
mod at_rest;
mod booking;
mod catalogue;
mod dev_mail;
mod face;
mod hostile_tokens;
mod idempotency;
mod limits;
mod logs;
mod manage;
mod matrix;
mod openapi;
mod operations;
mod readme;
mod relatives;
mod schema;
mod search;
mod sessions;
mod sessions_at_rest;
mod sign_ins;
mod slots;
mod snapshots;
mod visits_reach;
mod who;
