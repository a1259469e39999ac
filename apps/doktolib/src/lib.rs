//! The composition root of Doktolib: what `main` and the tests of the whole are built from.
//!
//! It knows every slice and decides nothing: it reads the configuration, builds adapters and use cases,
//! mounts the routes, and starts and stops the server and the worker.

pub mod application;
pub mod commands;
pub mod config;
mod database;
mod demo;
mod fallback;
mod fetching;
mod handling;
mod health_check;
mod jobs;
pub mod keys;
pub mod limits;
pub mod mailing;
mod neighbours;
pub mod openapi;
mod posts;
mod prebuilt;
mod receivers;
mod routes;
pub mod sealing;
mod secret;
pub mod seed;
mod seeding;
pub mod server;
mod storage_check;
mod system;
pub mod texting;
pub mod timetable;
pub mod token;
mod upkeep;
mod users;
pub mod worker;

pub use routes::app;
