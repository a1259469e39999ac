//! `/dev/components`: every component in every state, for whoever makes pages. On machines of developers alone.

use actix_web::HttpResponse;
use actix_web::web::ServiceConfig;
use maud::{Markup, html};

use crate::kit::atoms::{FaceSize, Tone, Weight, badge, face, link_button, submit};
use crate::kit::molecules::{Field, back, nothing_here, notice, summary_of_faults};
use crate::kit::{Asking, Faults, Page};

/// Every token of colour.
const GROUNDS: [&str; 17] = [
    "ground-canvas",
    "ground-surface",
    "ground-sunken",
    "ground-ink",
    "ground-muted",
    "ground-line",
    "ground-control",
    "ground-brand",
    "ground-soft",
    "ground-on-soft",
    "ground-success",
    "ground-success-soft",
    "ground-warn",
    "ground-warn-soft",
    "ground-danger",
    "ground-danger-soft",
    "band",
];

/// Mounts the page.
pub fn routes(config: &mut ServiceConfig) {
    config.route("/dev/components", actix_web::web::get().to(components));
}

fn sample(name: &str, shown: &Markup) -> Markup {
    html! { div class="sample" { p class="w-full text-sm text-muted" { (name) } (shown) } }
}

async fn components(asking: Asking) -> HttpResponse {
    let none = Faults::default();
    let mut faults = Faults::default();
    faults.add("wrong-one", "This is wrong, and how to put it right.".to_owned());
    let options = [("a".to_owned(), "One".to_owned()), ("b".to_owned(), "Another".to_owned())];
    let words = html! { p { "What it means, and what can be done." } };
    let main = html! {
        div class="shell py-6" {
            h1 { "Components" }
            p class="mt-2 text-muted" { "Every piece of the kit in every state. Choose language and theme at the foot of the page." }
            (sample("colours", &html! { @for ground in GROUNDS { div class="swatch" { span class=(ground) {} (ground) } } }))
            (sample("headings", &html! { div class="grid gap-2" { p class="text-xl font-bold" { "Heading of a section" } p { "Text" } p class="text-sm text-muted" { "Beside it" } } }))
            (sample("buttons", &html! { @for weight in Weight::ALL { (submit(weight, None, &format!("{weight:?}"), "dev-components-button")) (link_button(weight, Some("check"), "With an icon", "#main", "dev-components-link")) } }))
            (sample("badges", &html! { @for tone in Tone::ALL { (badge(tone, Some("info"), &format!("{tone:?}"))) } }))
            (sample("faces", &html! { @for size in [FaceSize::Small, FaceSize::Medium, FaceSize::Large] { (face("Noor", "Example", None, size)) } (face("Wei", "Sample", Some("/no-such-picture"), FaceSize::Medium)) }))
            (sample("fields", &html! {
                div class="grid gap-5 w-full" {
                    (Field::new(&asking, &none, "plain", "A field".to_owned(), "dev-components-field").hint("What helps to fill it in.".to_owned()).input("text", "off", "", 50))
                    (Field::new(&asking, &faults, "wrong-one", "One that is wrong".to_owned(), "dev-components-wrong").optional().input("text", "off", "as it was typed", 50))
                    (Field::new(&asking, &none, "picked", "A choice".to_owned(), "dev-components-choice").choice(&options, "b"))
                    (Field::new(&asking, &none, "said", "Lines".to_owned(), "dev-components-lines").lines("one\ntwo", 100))
                    label class="tick" for="ticked" { input type="checkbox" id="ticked" checked data-testid="dev-components-tick"; "Ticked" }
                }
            }))
            (sample("all that is wrong with a form", &summary_of_faults(&asking, &faults)))
            (sample("notices", &html! { @for tone in Tone::ALL { (notice(tone, &format!("{tone:?}"), &words)) } }))
            (sample("a way back", &back("Back", "#main", "dev-components-back")))
            (sample("nothing here", &nothing_here("search-x", &html! { h2 { "Nothing found" } }, "Why, and what can be done.", &link_button(Weight::Second, None, "Do it", "#main", "dev-components-empty"))))
        }
    };
    Page::new(&asking, "Components").personal().main(&main)
}
