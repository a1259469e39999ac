//! `/`: find a doctor.

use ::doctors::application::{City, Criteria, Listing, Position, Sort, SortKey, Specialty};
use ::doctors::domain::{VisitMode, search_text};
use actix_web::HttpResponse;
use actix_web::web::{Data, Query};
use jiff::ToSpan as _;
use jiff::tz::TimeZone;
use kernel::PortFailure;
use maud::{Markup, html};
use platform::http::{cursor, read_cursor};
use serde::{Deserialize, Serialize};

use super::DoctorPages;
use super::components::{Day, card, language, specialty};
use crate::kit::atoms::{Weight, icon, link_button, submit};
use crate::kit::molecules::{Field, nothing_here};
use crate::kit::templates::unavailable;
use crate::kit::{Asking, Faults, Page};

const PER_PAGE: u32 = 10;
/// More words of a search are not looked at.
const WORDS: usize = 8;
const LANGUAGES: [&str; 12] = ["ar", "de", "en", "es", "fr", "hi", "it", "ko", "pt", "ru", "vi", "zh"];

/// What is searched for; what is empty does not matter, and what is no value of ours neither.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Wish {
    #[serde(skip_serializing_if = "String::is_empty")]
    specialty: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    city: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    q: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    when: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    language: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    video: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    sort: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    after: String,
}

impl Wish {
    fn order(&self) -> Sort {
        match self.sort.as_str() {
            "rating" => Sort::Rating,
            "price" => Sort::Price,
            "experience" => Sort::Experience,
            _ => Sort::Soonest,
        }
    }

    fn is_empty(&self) -> bool {
        let all =
            [&self.specialty, &self.city, &self.q, &self.when, &self.language, &self.video, &self.sort, &self.after];
        all.iter().all(|value| value.is_empty())
    }

    fn criteria(&self, pages: &DoctorPages) -> Criteria {
        let some = |text: &String| (!text.is_empty()).then(|| text.clone());
        let after: Option<Position<SortKey>> = some(&self.after)
            .and_then(|text| read_cursor(&text).ok())
            .filter(|at: &Position<SortKey>| at.key.sort() == self.order());
        // The dates of the westernmost clinics: nobody is left out who is free on the last day there.
        let today = pages.clock.now().to_zoned(TimeZone::UTC).date();
        let within = self.when.parse::<i32>().ok().filter(|days| (0..=60).contains(days));
        Criteria {
            specialty: some(&self.specialty),
            city: some(&self.city),
            words: search_text(&self.q)
                .split(' ')
                .filter(|word| !word.is_empty())
                .take(WORDS)
                .map(str::to_owned)
                .collect(),
            language: some(&self.language),
            mode: (!self.video.is_empty()).then_some(VisitMode::Video),
            available_to: within.map(|days| today.saturating_add(days.days())),
            sort: self.order(),
            after,
            limit: PER_PAGE,
            ..Criteria::default()
        }
    }

    fn address(&self) -> String {
        format!("/?{}", serde_urlencoded::to_string(self).unwrap_or_default())
    }
}

struct Found {
    specialties: Vec<Specialty>,
    cities: Vec<City>,
    doctors: Vec<(Listing, Vec<Day>)>,
    next: Option<String>,
}

async fn find(pages: &DoctorPages, wish: &Wish) -> Result<Found, PortFailure> {
    let page = pages.directory.search(&wish.criteria(pages), pages.clock.now()).await?;
    let days = pages.days(&page.entries, None, None).await?;
    let next = page.next.map(|position| Wish { after: cursor(&position), ..wish.clone() }.address());
    Ok(Found {
        specialties: pages.directory.specialties().await?,
        cities: pages.directory.cities().await?,
        doctors: page.entries.into_iter().zip(days).collect(),
        next,
    })
}

pub(super) async fn search(asking: Asking, pages: Data<DoctorPages>, wish: Query<Wish>) -> HttpResponse {
    let wish = wish.into_inner();
    match find(&pages, &wish).await {
        Ok(found) => {
            let title = asking.say("search-title");
            Page::new(&asking, title).main(&page(&asking, &wish, &found))
        }
        Err(failure) => unavailable(&asking, &failure),
    }
}

fn any(words: String) -> (String, String) {
    (String::new(), words)
}

fn form(asking: &Asking, wish: &Wish, found: &Found) -> Markup {
    let none = Faults::default();
    let field = |name, words: &str, testid| Field::new(asking, &none, name, asking.say(words), testid);
    let mut specialties: Vec<(String, String)> = found
        .specialties
        .iter()
        .filter(|one| one.doctors > 0 || one.slug == wish.specialty)
        .map(|one| (one.slug.clone(), specialty(asking, &one.name)))
        .collect();
    specialties.sort_by(|one, other| one.1.cmp(&other.1));
    specialties.insert(0, any(asking.say("search-any-specialty")));
    let cities = found.cities.iter().filter(|city| city.doctors > 0 || city.slug == wish.city);
    let cities: Vec<(String, String)> = std::iter::once(any(asking.say("search-any-city")))
        .chain(cities.map(|city| (city.slug.clone(), format!("{}, {}", city.name, city.state))))
        .collect();
    let days: Vec<(String, String)> = std::iter::once(any(asking.say("search-any-day")))
        .chain(["1", "3", "7", "14"].map(|days| (days.to_owned(), asking.say(&format!("search-within-{days}")))))
        .collect();
    let languages: Vec<(String, String)> = std::iter::once(any(asking.say("search-any-language")))
        .chain(LANGUAGES.map(|tag| (tag.to_owned(), language(asking, tag))))
        .collect();
    let orders: Vec<(String, String)> = ["soonest", "rating", "price", "experience"]
        .map(|order| (order.to_owned(), asking.say(&format!("search-sort-{order}"))))
        .into();
    let order = if wish.sort.is_empty() { "soonest" } else { &wish.sort };
    html! {
        form action="/" method="get" role="search" data-testid="doctors-search-form" {
            div class="band pt-6 pb-6" {
                div class="shell" {
                    h1 { (asking.say("search-heading")) }
                    @if wish.is_empty() { p class="mt-2 text-lg" { (asking.say("search-lead")) } }
                    div class="searching" {
                        (field("specialty", "search-specialty", "doctors-search-specialty").choice(&specialties, &wish.specialty))
                        (field("city", "search-city", "doctors-search-city").choice(&cities, &wish.city))
                        (field("when", "search-when", "doctors-search-when").choice(&days, &wish.when))
                        (submit(Weight::First, Some("search"), &asking.say("search-submit"), "doctors-search-submit"))
                    }
                }
            }
            div class="shell filters" {
                (field("q", "search-words", "doctors-search-words").optional().input("search", "off", &wish.q, 100))
                (field("language", "search-language", "doctors-search-language").choice(&languages, &wish.language))
                (field("sort", "search-sort", "doctors-search-sort").choice(&orders, order))
                label class="tick" for="video" {
                    input type="checkbox" id="video" name="video" value="1" checked[!wish.video.is_empty()] data-testid="doctors-search-video";
                    (icon("video", "size-5")) (asking.say("search-video"))
                }
            }
        }
    }
}

fn page(asking: &Asking, wish: &Wish, found: &Found) -> Markup {
    html! {
        (form(asking, wish, found))
        section class="shell pb-10" aria-labelledby="results" data-testid="doctors-search-results" {
            @if found.doctors.is_empty() {
                @let title = html! { h2 id="results" { (asking.say("search-nobody")) } };
                @let again = link_button(Weight::First, None, &asking.say("search-again"), "/", "doctors-search-again");
                (nothing_here("search-x", &title, &asking.say("search-nobody-hint"), &again))
            } @else {
                h2 class="mb-4" id="results" { (asking.say(if wish.is_empty() { "search-all" } else { "search-found" })) }
                ul class="grid gap-4" { @for (doctor, days) in &found.doctors { (card(asking, doctor, days)) } }
                @if let Some(next) = &found.next {
                    p class="mt-6 flex justify-center" {
                        (link_button(Weight::Second, Some("arrow-right"), &asking.say("search-more"), next, "doctors-search-more"))
                    }
                }
            }
        }
    }
}
