//! `/bookings/{id}`: the code from the mail, and what is held is booked.

use ::appointments::application::ConfirmError;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Form, Path};
use kernel::{AppointmentId, Caller};
use maud::html;
use platform::http::context;
use serde::Deserialize;
use uuid::Uuid;

use super::{AppointmentPages, address, before, of_visit, once, sent_before};
use crate::kit::atoms::{Tone, Weight, link_button};
use crate::kit::molecules::{Field, notice, summary_of_faults};
use crate::kit::templates::{not_found, unavailable};
use crate::kit::{Asking, Faults, Page, SameSite, see_other};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sent {
    code: String,
    key: String,
}

/// Whether there is such a hold is told to nobody: the page is the same for every id.
pub(super) async fn show(asking: Asking, id: Path<String>) -> HttpResponse {
    match id.parse::<AppointmentId>() {
        Ok(id) => shown(&asking, id, &Uuid::now_v7().to_string(), &Faults::default(), StatusCode::OK),
        Err(_) => not_found(&asking),
    }
}

pub(super) async fn send(
    _: SameSite,
    asking: Asking,
    pages: Data<AppointmentPages>,
    id: Path<String>,
    sent: Form<Sent>,
) -> HttpResponse {
    let Ok(id) = id.parse::<AppointmentId>() else { return not_found(&asking) };
    let once = once(&format!("confirm:{id}"), &sent.key, of_visit);
    match sent_before(&pages.answers, once.as_ref()).await {
        Ok(Some(visit)) => return see_other(&format!("{}&new=1", address(&pages, visit))),
        Ok(None) => {}
        Err(failure) => return unavailable(&asking, &failure),
    }
    let refused = match pages.confirm.run(&Caller::guest(), id, &sent.code, context::request_id(), once).await {
        Ok(details) => return see_other(&format!("{}&new=1", address(&pages, details.appointment.id))),
        Err(ConfirmError::Once(error)) => match before(&error) {
            Some(visit) => return see_other(&format!("{}&new=1", address(&pages, visit))),
            None => "book-twice",
        },
        Err(ConfirmError::WrongCode) => {
            let mut faults = Faults::default();
            faults.add("code", asking.say("code-wrong"));
            return shown(&asking, id, &Uuid::now_v7().to_string(), &faults, StatusCode::UNPROCESSABLE_ENTITY);
        }
        Err(ConfirmError::PatientBusy) => "book-busy",
        Err(ConfirmError::NotForNewPatients) => "book-known-only",
        Err(ConfirmError::NotOffered(_)) => "code-not-offered",
        Err(ConfirmError::Failed(failure)) => return unavailable(&asking, &failure),
    };
    let main = html! {
        div class="column py-8 grid gap-5" {
            h1 { (asking.say("book-refused")) }
            (notice(Tone::Warn, &asking.say("book-nothing-booked"), &html! { p { (asking.say(refused)) } }))
            div { (link_button(Weight::First, Some("search"), &asking.say("way-search"), "/", "appointments-code-search")) }
        }
    };
    Page::new(&asking, asking.say("book-refused")).personal().status(StatusCode::CONFLICT).main(&main)
}

fn shown(asking: &Asking, id: AppointmentId, key: &str, faults: &Faults, status: StatusCode) -> HttpResponse {
    let title = asking.say("code-title");
    let main = html! {
        div class="column py-8 grid gap-5" {
            (summary_of_faults(asking, faults))
            h1 { (title) }
            p { (asking.say("code-lead")) }
            form class="card grid gap-5" action={ "/bookings/" (id) } method="post" novalidate data-testid="appointments-code-form" {
                input type="hidden" name="key" value=(key);
                (Field::new(asking, faults, "code", asking.say("code-label"), "appointments-code-code")
                    .hint(asking.say("code-hint")).input("code", "one-time-code", "", 64))
                button class="button button-first button-large" type="submit" data-testid="appointments-code-submit" { (asking.say("code-submit")) }
            }
            p class="text-muted" { (asking.say("code-none")) }
        }
    };
    Page::new(asking, title).personal().status(status).main(&main)
}
