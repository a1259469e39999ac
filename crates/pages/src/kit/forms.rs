//! What forms send, and whether it may be believed.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::error::ErrorForbidden;
use actix_web::http::header;
use actix_web::{Error, FromRequest, HttpRequest, web};

use super::Site;

/// A form of one of our own pages: refused (403) where the browser says that another site sends it (Fetch Metadata), or
/// where it names another origin. A guest has no session that a token could be bound to, and nothing to be robbed of but
/// this visit.
pub struct SameSite;

impl FromRequest for SameSite {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        let site_is_ours = text("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
        let public_url = request.app_data::<web::Data<Site>>().map(|site| site.public_url.to_string());
        let origin_is_ours = text("origin").is_none_or(|origin| {
            let host = text(header::HOST.as_str()).unwrap_or_default();
            public_url.is_some_and(|ours| ours == origin || ours.starts_with(&format!("{origin}/")))
                || origin.split_once("://").is_some_and(|(_, named)| named == host)
        });
        ready(if site_is_ours && origin_is_ours { Ok(Self) } else { Err(ErrorForbidden("a form of another site")) })
    }
}

/// What is wrong with a form: the field, and a sentence for its reader.
#[derive(Debug, Clone, Default)]
pub struct Faults(Vec<(&'static str, String)>);

impl Faults {
    /// Adds one.
    pub fn add(&mut self, field: &'static str, sentence: String) {
        self.0.push((field, sentence));
    }

    /// Is there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(field, sentence)| (*field, sentence.as_str()))
    }

    /// What is wrong with that field.
    #[must_use]
    pub fn of(&self, field: &str) -> Option<&str> {
        self.all().find(|(name, _)| *name == field).map(|(_, sentence)| sentence)
    }
}
