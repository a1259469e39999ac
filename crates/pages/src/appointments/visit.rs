//! `/appointments/{id}`: a visit, for who has its link.

use ::appointments::application::{AppointmentDetails, CancelError, Cancellation, ReadError};
use ::appointments::domain::{CancelRefusal, Status};
use ::doctors::application::Listing;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Form, Path, Query};
use jiff::tz::TimeZone;
use kernel::{AppointmentId, Caller, PortFailure};
use maud::{Markup, html};
use platform::http::context;
use serde::Deserialize;

use super::components::{InShort, status as standing};
use super::{AppointmentPages, address};
use crate::doctors::{DoctorPages, when};
use crate::kit::atoms::{Tone, Weight, link_button, submit};
use crate::kit::molecules::{Field, notice, summary_of_faults};
use crate::kit::templates::{not_found, unavailable};
use crate::kit::{Asking, Faults, Page, SameSite, see_other};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Opened {
    token: String,
    /// It was booked a moment ago.
    new: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Called {
    token: String,
    reason: String,
}

struct Seen {
    details: AppointmentDetails,
    doctor: Option<Listing>,
}

async fn look(
    pages: &AppointmentPages,
    doctors: &DoctorPages,
    caller: &Caller,
    id: AppointmentId,
) -> Result<Option<Seen>, PortFailure> {
    let details = match pages.read.run(caller, id).await {
        Ok(details) => details,
        Err(ReadError::NotFound) => return Ok(None),
        Err(ReadError::Failed(failure)) => return Err(failure),
    };
    let doctor = doctors.doctor(details.appointment.doctor).await?;
    Ok(Some(Seen { details, doctor }))
}

fn holder(pages: &AppointmentPages, id: &str, token: &str) -> Option<(AppointmentId, Caller)> {
    let id = id.parse().ok()?;
    Some((id, pages.tokens.holder(id, token)?))
}

pub(super) async fn show(
    asking: Asking,
    pages: Data<AppointmentPages>,
    doctors: Data<DoctorPages>,
    id: Path<String>,
    opened: Query<Opened>,
) -> HttpResponse {
    let Some((id, caller)) = holder(&pages, &id, &opened.token) else { return not_found(&asking) };
    answer(&asking, &pages, &doctors, (id, &caller), !opened.new.is_empty(), &Faults::default(), StatusCode::OK).await
}

async fn answer(
    asking: &Asking,
    pages: &AppointmentPages,
    doctors: &DoctorPages,
    (id, caller): (AppointmentId, &Caller),
    is_new: bool,
    faults: &Faults,
    status: StatusCode,
) -> HttpResponse {
    match look(pages, doctors, caller, id).await {
        Ok(Some(seen)) => {
            let title = asking.say(if is_new { "visit-booked" } else { "visit-title" });
            let token = pages.tokens.token(id);
            Page::new(asking, title).personal().status(status).main(&page(asking, &seen, &token, is_new, faults))
        }
        Ok(None) => not_found(asking),
        Err(failure) => unavailable(asking, &failure),
    }
}

pub(super) async fn cancel(
    _: SameSite,
    asking: Asking,
    pages: Data<AppointmentPages>,
    doctors: Data<DoctorPages>,
    id: Path<String>,
    called: Form<Called>,
) -> HttpResponse {
    let Some((id, caller)) = holder(&pages, &id, &called.token) else { return not_found(&asking) };
    let reason = called.reason.trim();
    let wish = Cancellation {
        id,
        reason: (!reason.is_empty()).then(|| reason.chars().take(500).collect()),
        only_versions: None,
    };
    // Calling it off twice is calling it off, so no key is needed.
    let sentence = match pages.cancel.run(&caller, wish, context::request_id(), None).await {
        Ok(_) => return see_other(&address(&pages, id)),
        Err(CancelError::NotFound) => return not_found(&asking),
        Err(CancelError::ReasonRequired | CancelError::LateReasonRequired { .. }) => "cancel-reason-wanted",
        Err(CancelError::Refused(CancelRefusal::Started)) => "cancel-started",
        Err(CancelError::Refused(_)) => "cancel-over",
        Err(CancelError::VersionChanged | CancelError::Contended | CancelError::Once(_)) => "cancel-changed",
        Err(CancelError::Failed(failure)) => return unavailable(&asking, &failure),
    };
    let mut faults = Faults::default();
    faults.add("reason", asking.say(sentence));
    answer(&asking, &pages, &doctors, (id, &caller), false, &faults, StatusCode::CONFLICT).await
}

fn page(asking: &Asking, seen: &Seen, token: &str, is_new: bool, faults: &Faults) -> Markup {
    let visit = &seen.details.appointment;
    let at = visit.visit.start.to_zoned(TimeZone::get(&visit.time_zone).unwrap_or(TimeZone::UTC));
    let file = format!("/api/v1/appointments/{}/calendar.ics?token={token}", visit.id);
    html! {
        div class="column py-8 grid gap-6" data-testid="appointments-visit" data-visit=(visit.id) {
            (summary_of_faults(asking, faults))
            @if is_new && visit.status == Status::Booked {
                h1 { (asking.say("visit-booked")) }
                (notice(Tone::Good, &when(asking, &at), &html! { p { (asking.say("visit-mail")) } }))
            } @else {
                div class="flex flex-wrap items-center justify-between gap-3" {
                    h1 { (asking.say("visit-title")) }
                    (standing(asking, visit.status))
                }
            }
            @match &seen.doctor {
                Some(doctor) => (InShort { at: &at, doctor, mode: visit.mode, price: visit.price.whole_dollars() }.show(asking)),
                None => p class="card font-bold" { (when(asking, &at)) }
            }
            @if visit.status == Status::Booked {
                div class="flex flex-wrap gap-3" {
                    (link_button(Weight::First, Some("calendar-plus"), &asking.say("visit-calendar"), &file, "appointments-visit-calendar"))
                }
                section class="prose" {
                    h2 { (asking.say("visit-next")) }
                    ul { @for line in ["visit-next-1", "visit-next-2", "visit-next-3"] { li { (asking.say(line)) } } }
                }
                details class="card" open[!faults.is_empty()] {
                    summary class="font-semibold text-danger" data-testid="appointments-visit-cancel" { (asking.say("cancel-title")) }
                    form class="mt-4 grid gap-4" action={ "/appointments/" (visit.id) "/cancel" } method="post" data-testid="appointments-cancel-form" {
                        input type="hidden" name="token" value=(token);
                        p { (asking.say("cancel-lead")) }
                        (Field::new(asking, faults, "reason", asking.say("cancel-reason"), "appointments-cancel-reason").optional().lines("", 500))
                        div { (submit(Weight::Danger, None, &asking.say("cancel-submit"), "appointments-cancel-submit")) }
                    }
                }
            } @else {
                p { (link_button(Weight::First, Some("search"), &asking.say("visit-again"), "/", "appointments-visit-again")) }
            }
        }
    }
}
