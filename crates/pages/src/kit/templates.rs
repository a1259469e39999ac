//! Whole pages.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use kernel::PortFailure;
use maud::{DOCTYPE, Markup, html};

use platform::telemetry;

use super::Demo;
use super::asking::{Asking, Theme};
use super::assets::address;
use super::atoms::{Weight, link_button};
use super::molecules::nothing_here;
use super::page::Page;
use super::words::Language;

fn logo(asking: &Asking) -> Markup {
    html! {
        a class="logo" href="/" aria-label=(asking.say("home")) data-testid="shared-header-logo" {
            svg viewBox="0 0 32 32" aria-hidden="true" focusable="false" {
                rect class="logo-ground" width="32" height="32" rx="8" {}
                path class="logo-stroke" d="M10 7v18h5.5a9 9 0 0 0 0-18z" {}
                path class="logo-stroke logo-tick" d="m13 16.2 2.7 2.7 4.6-5.4" {}
            }
            span { "Doktolib" }
        }
    }
}

fn header(asking: &Asking) -> Markup {
    html! {
        header class="head" {
            div class="shell head-row" {
                (logo(asking))
                nav class="ml-auto flex" aria-label=(asking.say("ways")) {
                    a class="way" href="/" aria-current=[(asking.path == "/").then_some("page")] data-testid="shared-header-search" {
                        (asking.say("way-search"))
                    }
                }
            }
        }
    }
}

fn footer(asking: &Asking) -> Markup {
    html! {
        footer class="foot" {
            div class="shell grid gap-6 md:grid-cols-3" {
                div {
                    p class="font-bold" { (asking.say("emergency-title")) }
                    p class="text-muted" { (asking.say("emergency")) }
                }
                div {
                    p { a href="/docs" data-testid="shared-footer-api" { (asking.say("for-developers")) } }
                    @if asking.demo == Demo::Yes { p class="text-sm text-muted" { (asking.say("demo-note")) } }
                }
                form class="grid gap-3" action="/preferences" method="post" data-testid="shared-preferences-form" {
                    input type="hidden" name="back" value=(asking.address);
                    div class="grid grid-cols-2 gap-3" {
                        div class="field" {
                            label class="label text-sm" for="preferred-language" { (asking.say("language")) }
                            select class="control" id="preferred-language" name="language" data-testid="shared-preferences-language" {
                                @for language in Language::ALL {
                                    option value=(language.tag()) lang=(language.tag()) selected[language == asking.language] { (language.name()) }
                                }
                            }
                        }
                        div class="field" {
                            label class="label text-sm" for="preferred-theme" { (asking.say("theme")) }
                            select class="control" id="preferred-theme" name="theme" data-testid="shared-preferences-theme" {
                                @for theme in Theme::ALL {
                                    option value=(theme.word()) selected[theme == asking.theme] { (asking.say(&format!("theme-{}", theme.word()))) }
                                }
                            }
                        }
                    }
                    button class="button button-second" type="submit" data-testid="shared-preferences-submit" { (asking.say("apply")) }
                }
            }
        }
    }
}

/// A page from its first line to its last.
pub(super) fn document(asking: &Asking, title: &str, personal: bool, main: &Markup) -> Markup {
    let theme = (asking.theme != Theme::AsDevice).then(|| asking.theme.word());
    html! {
        (DOCTYPE)
        html lang=(asking.language.tag()) data-theme=[theme] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " – Doktolib" }
                meta name="color-scheme" content="light dark";
                @if personal { meta name="robots" content="noindex"; }
                link rel="preload" href=(address("atkinson-latin.woff2")) as="font" type="font/woff2" crossorigin;
                link rel="stylesheet" href=(address("app.css"));
                link rel="icon" href=(address("logo.svg")) type="image/svg+xml";
            }
            body {
                a class="skip" href="#main" data-testid="shared-skip-main" { (asking.say("skip")) }
                (header(asking))
                main id="main" tabindex="-1" { (main) }
                (footer(asking))
            }
        }
    }
}

/// What went wrong, and what that means for what was to be done.
fn sorry(asking: &Asking, name: &str, status: StatusCode) -> HttpResponse {
    let title = asking.say(&format!("{name}-title"));
    let home = link_button(Weight::First, Some("search"), &asking.say("way-search"), "/", "shared-error-search");
    let main = html! {
        div class="column py-10" {
            (nothing_here("compass", &html! { h1 { (title) } }, &asking.say(&format!("{name}-body")), &home))
        }
    };
    Page::new(asking, title).personal().status(status).main(&main)
}

/// 404: there is no such page, or not for this reader.
#[must_use]
pub fn not_found(asking: &Asking) -> HttpResponse {
    sorry(asking, "not-found", StatusCode::NOT_FOUND)
}

/// 503: something failed, which is logged here, and nothing was changed.
#[must_use]
pub fn unavailable(asking: &Asking, failure: &PortFailure) -> HttpResponse {
    telemetry::log_failure(failure);
    sorry(asking, "unavailable", StatusCode::SERVICE_UNAVAILABLE)
}
