//! `/doctor/{id}`: who it is, and when there is time.

use ::doctors::application::Listing;
use ::doctors::domain::{VisitMode, VisitType};
use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use jiff::ToSpan as _;
use jiff::civil::Date;
use kernel::{DoctorId, PortFailure, VisitTypeId};
use maud::{Markup, html};
use serde::Deserialize;

use super::components::{Day, badges, head, name, practical, slot};
use super::{DoctorPages, LOOKED_AT};
use crate::kit::atoms::{FaceSize, Weight, icon, link_button, submit};
use crate::kit::molecules::{Field, back, nothing_here};
use crate::kit::templates::{not_found, unavailable};
use crate::kit::{Asking, Faults, Page, money, weekday_and_date};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Seen {
    from: String,
    visit_type: String,
}

struct Shown {
    doctor: Listing,
    clinic: Option<String>,
    types: Vec<VisitType>,
    chosen: Option<VisitTypeId>,
    from: Option<Date>,
    today: Date,
    days: Vec<Day>,
}

async fn look(pages: &DoctorPages, id: DoctorId, seen: &Seen) -> Result<Option<Shown>, PortFailure> {
    let Some(doctor) = pages.doctor(id).await? else { return Ok(None) };
    let types = pages.directory.visit_types(id).await?.unwrap_or_default();
    let chosen = seen.visit_type.parse().ok().filter(|wanted| types.iter().any(|one| one.id == *wanted));
    let today = pages.today(&doctor);
    let from: Option<Date> = seen.from.parse().ok().map(|date: Date| date.max(today));
    // The catalogue knows the first free time of the usual visit alone.
    let from = from.or_else(|| chosen.map(|_| today));
    let days = pages.days(std::slice::from_ref(&doctor), from, chosen).await?.pop().unwrap_or_default();
    let clinic = pages.clinic(&doctor).await?.map(|clinic| clinic.name);
    Ok(Some(Shown { doctor, clinic, types, chosen, from, today, days }))
}

pub(super) async fn profile(
    asking: Asking,
    pages: Data<DoctorPages>,
    id: Path<String>,
    seen: Query<Seen>,
) -> HttpResponse {
    let Ok(id) = id.parse::<DoctorId>() else { return not_found(&asking) };
    match look(&pages, id, &seen).await {
        Ok(Some(shown)) => Page::new(&asking, name(&asking, &shown.doctor)).main(&page(&asking, &shown)),
        Ok(None) => not_found(&asking),
        Err(failure) => unavailable(&asking, &failure),
    }
}

fn of_type(asking: &Asking, one: &VisitType) -> String {
    let price = money(asking.language, one.price.whole_dollars());
    let mode = match one.mode {
        VisitMode::InPerson => "doctors-in-person",
        VisitMode::Video => "doctors-video",
    };
    let minutes = asking.say_with("doctors-minutes", &[("minutes", one.duration_minutes.into())]);
    format!("{} – {minutes}, {}, {price}", one.name, asking.say(mode))
}

fn page(asking: &Asking, shown: &Shown) -> Markup {
    let Shown { doctor, clinic, types, chosen, .. } = shown;
    let heading = html! { h1 { (name(asking, doctor)) } };
    let none = Faults::default();
    let usual = types.iter().find(|one| one.is_default).map(|one| one.id);
    let options: Vec<(String, String)> = types.iter().map(|one| (one.id.to_string(), of_type(asking, one))).collect();
    let picked = chosen.or(usual).map(|id| id.to_string()).unwrap_or_default();
    html! {
        div class="shell py-4" {
            (back(&asking.say("doctors-back"), "/", "doctors-profile-back"))
            div class="card mt-2 grid gap-3" { (head(asking, doctor, FaceSize::Large, &heading)) (badges(asking, doctor)) }
            div class="profile mt-6" {
                section class="card" id="times" aria-labelledby="times-heading" {
                    h2 id="times-heading" { (asking.say("doctors-choose")) }
                    p class="mt-1 flex items-center gap-2 text-sm text-muted" {
                        (icon("globe", "size-4")) (asking.say_with("doctors-zone", &[("city", doctor.city.clone().into())]))
                    }
                    @if options.len() > 1 {
                        form class="mt-4 grid gap-3" action={ "/doctor/" (doctor.id) "#times" } method="get" data-testid="doctors-profile-type-form" {
                            (Field::new(asking, &none, "visit_type", asking.say("doctors-type"), "doctors-profile-type").choice(&options, &picked))
                            div { (submit(Weight::Second, None, &asking.say("doctors-type-submit"), "doctors-profile-type-submit")) }
                        }
                    }
                    (days(asking, shown))
                }
                div class="grid gap-6" {
                    @if !doctor.bio.is_empty() {
                        section class="card" { h2 { (asking.say("doctors-about")) } p class="mt-2" { (doctor.bio) } }
                    }
                    section class="card" {
                        h2 class="mb-3" { (asking.say("doctors-practical")) }
                        (practical(asking, doctor, clinic.as_deref()))
                    }
                }
            }
        }
    }
}

fn days(asking: &Asking, shown: &Shown) -> Markup {
    let Shown { doctor, chosen, today, .. } = shown;
    let more = chosen.map(|id| format!("&visit_type={id}")).unwrap_or_default();
    let at = |date: Date| format!("/doctor/{}?from={date}{more}#times", doctor.id);
    let first = shown.from.or_else(|| shown.days.first().map(|day| day.date)).unwrap_or(*today);
    let later = first.saturating_add(LOOKED_AT.days());
    let earlier = first.saturating_sub(LOOKED_AT.days()).max(*today);
    html! {
        div class="mt-4" data-testid="doctors-profile-days" {
            @if shown.days.is_empty() {
                @let title = html! { h3 { (asking.say("doctors-no-times-then")) } };
                (nothing_here("calendar-days", &title, &asking.say("doctors-no-times-hint"), &html! {}))
            }
            @for day in &shown.days {
                div class="row-of-day" {
                    h3 { (weekday_and_date(asking.language, day.date)) }
                    ul { @for time in &day.times { li { (slot(asking, doctor, time, &more)) } } }
                }
            }
        }
        nav class="mt-4 flex flex-wrap justify-between gap-3" aria-label=(asking.say("doctors-dates")) {
            @if first > *today {
                (link_button(Weight::Plain, Some("arrow-left"), &asking.say("doctors-earlier"), &at(earlier), "doctors-profile-earlier"))
            } @else { span {} }
            (link_button(Weight::Second, Some("arrow-right"), &asking.say("doctors-later"), &at(later), "doctors-profile-later"))
        }
    }
}
