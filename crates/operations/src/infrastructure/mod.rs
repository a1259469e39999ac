//! Jobs and messages as operators see and handle them.

pub mod http;
mod steps;

pub use steps::{Asked, Done, Step, Steps};
