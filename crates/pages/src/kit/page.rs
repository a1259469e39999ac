//! Answers that are pages.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use maud::Markup;

use super::asking::Asking;
use super::templates::document;

/// Nothing from elsewhere, no script, no style in place.
const POLICY: &str = "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' https: data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page under way.
pub struct Page<'a> {
    asking: &'a Asking,
    title: String,
    status: StatusCode,
    personal: bool,
}

impl<'a> Page<'a> {
    /// With that title, for everybody.
    pub fn new(asking: &'a Asking, title: impl Into<String>) -> Self {
        Self { asking, title: title.into(), status: StatusCode::OK, personal: false }
    }

    /// For its reader alone: nobody may keep it, and no search engine lists it.
    #[must_use]
    pub fn personal(mut self) -> Self {
        self.personal = true;
        self
    }

    /// With another status than 200.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// With that in its middle.
    #[must_use]
    pub fn main(self, main: &Markup) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response
            .insert_header((header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            // The address of a visit's page opens it, so it goes to nobody else.
            .insert_header((header::REFERRER_POLICY, "same-origin"))
            .insert_header((header::VARY, "cookie, accept-language"))
            .insert_header((header::CONTENT_LANGUAGE, self.asking.language.tag()))
            .insert_header((header::CACHE_CONTROL, if self.personal { "no-store" } else { "private, no-cache" }));
        if self.personal {
            response.insert_header(("x-robots-tag", "noindex"));
        }
        let page = document(self.asking, &self.title, self.personal, main);
        response.content_type("text/html; charset=utf-8").body(page.into_string())
    }
}

/// 303: what a form has done is looked at by a `GET`, so that a reload does not do it again.
#[must_use]
pub fn see_other(address: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, address))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}
