//! Language and theme, chosen at the foot of every page.

use actix_web::HttpResponse;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite as CookieSite};
use actix_web::web::{Data, Form};
use serde::Deserialize;

use super::Site;
use super::asking::{LANGUAGE, THEME, Theme};
use super::forms::SameSite;
use super::page::see_other;
use super::words::Language;

#[derive(Deserialize)]
pub(super) struct Chosen {
    language: String,
    theme: String,
    back: String,
}

pub(super) async fn choose(_: SameSite, site: Data<Site>, chosen: Form<Chosen>) -> HttpResponse {
    // A path of ours: neither another host's (`//…`, `/\…`) nor anything else.
    let ours = chosen.back.starts_with('/') && !chosen.back[1..].starts_with(['/', '\\']);
    let clean = !chosen.back.chars().any(char::is_control);
    let mut response = see_other(if ours && clean { &chosen.back } else { "/" });
    let kept = |name: &'static str, value: &'static str| {
        Cookie::build(name, value)
            .path("/")
            .max_age(Duration::days(365))
            .same_site(CookieSite::Lax)
            .http_only(true)
            .secure(site.public_url.starts_with("https://"))
            .finish()
    };
    if let Some(language) = Language::of_tag(&chosen.language) {
        let _ = response.add_cookie(&kept(LANGUAGE, language.tag()));
    }
    if let Some(theme) = Theme::of_word(&chosen.theme) {
        let _ = response.add_cookie(&kept(THEME, theme.word()));
    }
    response
}
