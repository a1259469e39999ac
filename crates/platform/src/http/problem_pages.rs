//! The pages that a problem's `type` leads to, and others of the same plain looks.

use maud::{DOCTYPE, Markup, html};

use super::problem::Kind;

/// The stylesheet of these pages: readable on a phone, in light and dark.
pub const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:1rem/1.6 system-ui,sans-serif;margin:0;padding:1.5rem}\
main{max-width:42rem;margin:0 auto}\
h1{font-size:1.5rem;line-height:1.25}\
dt{font-weight:600;margin-top:1rem}\
dd{margin:.1rem 0 0}\
code,pre{font-family:ui-monospace,monospace}\
pre{white-space:pre-wrap;overflow-wrap:anywhere}\
iframe{border:1px solid #8886}\
a{color:LinkText}";

/// A page with this content. Its stylesheet is `/problems.css`.
#[must_use]
pub fn frame(title: &str, content: &Markup) -> Markup {
    frame_in("en", title, content)
}

/// A page with this content in a language (BCP 47).
#[must_use]
pub fn frame_in(language: &str, title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(language) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                link rel="stylesheet" href="/problems.css";
                title { (title) " · Doktolib" }
            }
            body { main { (content) } }
        }
    }
}

/// The page `/problems/{code}`.
#[must_use]
pub fn page(kind: &Kind) -> Markup {
    frame(
        kind.title,
        &html! {
            h1 { (kind.title) }
            p { (kind.help) }
            dl {
                dt { "Code" } dd { code { (kind.code) } }
                dt { "HTTP status" } dd { (kind.status) }
            }
            p { a href="/problems" { "All problems" } }
        },
    )
}

/// The page `/problems`.
#[must_use]
pub fn index(kinds: &[&Kind]) -> Markup {
    frame(
        "Problems",
        &html! {
            h1 { "Problems the API may answer" }
            p { "Every error is " code { "application/problem+json" } " (RFC 9457); its " code { "code" } " is one of these." }
            dl {
                @for kind in kinds {
                    dt { a href={ "/problems/" (kind.code) } { code { (kind.code) } } " · " (kind.status) }
                    dd { (kind.title) }
                }
            }
        },
    )
}
