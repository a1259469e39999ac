use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use platform::http::admission::SESSION_COOKIES;

use crate::domain::{COOKIE_ABSOLUTE, Secret};

/// The cookie that carries a session of the pages.
///
/// Where clients come over https its name begins with `__Host-`: a browser takes such a one only over https, for the
/// whole host and from this very host (RFC 6265bis, section 4.1.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionCookie {
    name: &'static str,
    secure: bool,
}

impl SessionCookie {
    /// As it is for an installation with this public address.
    #[must_use]
    pub fn of(public_url: &str) -> Self {
        let [over_https, in_plain_text] = SESSION_COOKIES;
        if public_url.starts_with("http://") {
            Self { name: in_plain_text, secure: false }
        } else {
            Self { name: over_https, secure: true }
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The cookie with this value. How long it counts is the server's word; the browser keeps it for the longest time.
    #[must_use]
    pub fn with(&self, value: &Secret) -> Cookie<'static> {
        self.made(value.expose().to_owned(), Duration::seconds(COOKIE_ABSOLUTE.as_secs()))
    }

    /// The one that makes a browser forget it.
    #[must_use]
    pub fn gone(&self) -> Cookie<'static> {
        self.made(String::new(), Duration::ZERO)
    }

    fn made(&self, value: String, max_age: Duration) -> Cookie<'static> {
        Cookie::build(self.name, value)
            .path("/")
            .http_only(true)
            .secure(self.secure)
            .same_site(SameSite::Lax)
            .max_age(max_age)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_https_a_browser_holds_it_to_this_host_and_away_from_scripts() {
        let cookie = SessionCookie::of("https://clinic.example").with(&Secret::new("abc")).to_string();
        assert_eq!(cookie, "__Host-doktolib=abc; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=2592000");
    }

    #[test]
    fn a_development_machine_without_https_has_one_that_works_there() {
        let cookie = SessionCookie::of("http://localhost:8080").with(&Secret::new("abc")).to_string();
        assert_eq!(cookie, "doktolib=abc; HttpOnly; SameSite=Lax; Path=/; Max-Age=2592000");
    }

    #[test]
    fn the_one_that_is_gone_is_empty_and_over() {
        let gone = SessionCookie::of("https://clinic.example").gone().to_string();
        assert!(gone.starts_with("__Host-doktolib=;") && gone.ends_with("Max-Age=0"), "{gone}");
    }
}
