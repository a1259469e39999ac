//! Who asks for a page, and how they like to read it.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{Error, FromRequest, HttpRequest};
use fluent_templates::fluent_bundle::FluentValue;

use super::words::Language;
use super::{Demo, Site};

/// Cookie of the chosen language.
pub(super) const LANGUAGE: &str = "dk_language";
/// Cookie of the chosen theme.
pub(super) const THEME: &str = "dk_theme";

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the reader's device is set.
    #[default]
    AsDevice,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::AsDevice, Self::Light, Self::Dark];

    /// Its word in forms and cookies.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::AsDevice => "device",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme of that word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.word() == word)
    }
}

/// What a page is told of the request.
#[derive(Debug, Clone)]
pub struct Asking {
    /// The reader's language: the chosen one, else what the browser prefers.
    pub language: Language,
    /// The reader's theme.
    pub theme: Theme,
    /// The path that was asked for.
    pub path: String,
    /// The path with its query string.
    pub address: String,
    /// Are data made up here?
    pub demo: Demo,
}

impl Asking {
    /// What a request tells.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Self {
        let cookie = |name| request.cookie(name).map(|cookie| cookie.value().to_owned());
        let accepted = || {
            let header = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
            header.map(Language::accepted).unwrap_or_default()
        };
        let chosen = cookie(LANGUAGE).and_then(|tag| Language::of_tag(&tag));
        Self {
            language: chosen.unwrap_or_else(accepted),
            theme: cookie(THEME).and_then(|word| Theme::of_word(&word)).unwrap_or_default(),
            path: request.path().to_owned(),
            address: request.uri().path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
            demo: request.app_data::<Data<Site>>().map_or(Demo::No, |site| site.demo),
        }
    }

    /// The words of that name in the reader's language.
    #[must_use]
    pub fn say(&self, name: &str) -> String {
        self.language.say(name)
    }

    /// The same with values.
    #[must_use]
    pub fn say_with(&self, name: &str, values: &[(&'static str, FluentValue<'static>)]) -> String {
        self.language.say_with(name, values)
    }
}

impl FromRequest for Asking {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}
