//! What all pages are made of: language, theme, words, times, components, answers.

mod asking;
mod assets;
pub mod atoms;
mod format;
mod forms;
pub mod molecules;
mod page;
mod preferences;
pub mod templates;
mod words;

use std::sync::Arc;

use actix_web::web;

pub use asking::{Asking, Theme};
pub use format::{date_in_words, day_and_month, money, time_of_day, weekday, weekday_and_date};
pub use forms::{Faults, SameSite};
pub use page::{Page, see_other};
pub use words::Language;

/// What every page knows of its installation.
pub struct Site {
    /// Where clients reach it, without a slash at the end.
    pub public_url: Arc<str>,
    /// Are data made up here?
    pub demo: Demo,
}

/// Are doctors and patients of this installation made up?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demo {
    /// They are, and pages say so.
    Yes,
    /// They are real.
    No,
}

/// Mounts what pages are dressed in, and where language and theme are chosen.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/assets/{version}/{file}", web::get().to(assets::asset))
        .route("/favicon.ico", web::get().to(assets::favicon))
        .route("/preferences", web::post().to(preferences::choose));
}
