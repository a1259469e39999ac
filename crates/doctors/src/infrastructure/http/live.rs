//! Free times of several doctors at once, and as they change.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, get};
use futures_util::future::select_all;
use futures_util::{FutureExt as _, Stream, stream};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel::DoctorId;
use platform::http::{
    FieldError, Problem, ProblemBody, Query, address_group, client_address, id_in_path, kinds, ok_or_not_modified,
};
use serde::{Deserialize, Serialize};
use tokio::time::{Interval, interval};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use super::DoctorsApi;
use super::bodies::SlotBody;
use super::slots::SlotParams;
use crate::application::{FreeSlots, SlotsError, SlotsQuery};
use crate::domain::Slot;
use crate::infrastructure::{Calendar, Listener, NoListening};

/// Doctors of one page.
const MOST_DOCTORS: usize = 50;
/// Days of a page of doctors.
const MOST_DAYS: i32 = 14;
/// A sign of life for proxies and clients that wonder.
const BEAT: Duration = Duration::from_secs(15);

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PageParams {
    /// Ids of up to 50 doctors, with commas between them.
    #[param(
        required = true,
        nullable = false,
        example = "01900000-0000-7000-8000-d00000000001,01900000-0000-7000-8000-d00000000002"
    )]
    doctor_ids: Option<String>,
    /// First date of each doctor's clinic's calendar; today when left out.
    #[serde(default, deserialize_with = "super::date")]
    #[param(value_type = Option<String>, format = Date, nullable = false, example = "2027-03-01")]
    from: Option<Date>,
    /// Last date, at most 13 days later; six days later when left out.
    #[serde(default, deserialize_with = "super::date")]
    #[param(value_type = Option<String>, format = Date, nullable = false, example = "2027-03-14")]
    to: Option<Date>,
}

impl PageParams {
    fn queries(&self) -> Result<Vec<SlotsQuery>, Problem> {
        let mut errors = Vec::new();
        let given = self.doctor_ids.as_deref().unwrap_or_default();
        let ids: Option<Vec<DoctorId>> =
            given.split(',').map(|id| id.trim().parse::<Uuid>().ok().map(DoctorId::from_uuid)).collect();
        match &ids {
            _ if given.is_empty() => errors.push(FieldError::new("doctor_ids", "required", "must name a doctor")),
            None => errors.push(FieldError::new("doctor_ids", "format", "must be ids with commas between them")),
            Some(ids) if ids.len() > MOST_DOCTORS => {
                errors.push(FieldError::new("doctor_ids", "length", "must be at most 50 ids"));
            }
            Some(ids) if ids.iter().collect::<HashSet<_>>().len() < ids.len() => {
                errors.push(FieldError::new("doctor_ids", "repeated", "must not name a doctor twice"));
            }
            Some(_) => {}
        }
        match (self.from, self.to) {
            (Some(from), Some(to)) if to < from => {
                errors.push(FieldError::new("to", "range", "must not lie before from"));
            }
            (Some(from), Some(to)) if from.until(to).map_or(i32::MAX, |span| span.get_days()) >= MOST_DAYS => {
                errors.push(FieldError::new("to", "range", "must lie at most 13 days after from"));
            }
            (None, Some(_)) => errors.push(FieldError::new("from", "required", "must be given when to is")),
            _ => {}
        }
        if !errors.is_empty() {
            return Err(Problem::invalid(errors));
        }
        let query = |doctor| SlotsQuery { doctor, visit_type: None, from: self.from, to: self.to };
        Ok(ids.unwrap_or_default().into_iter().map(query).collect())
    }
}

/// The free times of one doctor of several.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DoctorSlots)]
pub struct DoctorSlotsBody {
    doctor_id: Uuid,
    /// In order of time.
    slots: Vec<SlotBody>,
}

/// What has changed in a list that was sent before.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SlotsChanged)]
pub struct SlotsChangedBody {
    doctor_id: Uuid,
    /// Free now.
    freed: Vec<SlotBody>,
    /// Free no more.
    taken: Vec<SlotBody>,
}

/// The free times of several doctors
///
/// For a page of search results: each doctor's default visit type. Whoever takes no bookings is left out.
#[utoipa::path(
    tag = "Doctors",
    operation_id = "listSlotsOfDoctors",
    security(()),
    params(PageParams),
    responses(
        (status = 200, description = "The doctors in the order asked for", body = Vec<DoctorSlotsBody>, headers(("etag" = String, description = "Strong entity tag"))),
        (status = 304, description = "The client has this list already"),
        (status = 422, description = "A bad parameter", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/slots")]
pub(super) async fn list_slots_of_doctors(
    request: HttpRequest,
    params: Query<PageParams>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let queries = params.0.queries()?;
    let mut doctors = Vec::with_capacity(queries.len());
    for (query, answer) in queries.iter().zip(api.slots_of_many.run(&queries).await?) {
        match answer {
            Ok(FreeSlots { slots, zones, .. }) => {
                let slots =
                    slots.iter().map(|slot| SlotBody::new(slot, zones.get(&slot.clinic).unwrap_or(&TimeZone::UTC)));
                doctors.push(DoctorSlotsBody { doctor_id: query.doctor.as_uuid(), slots: slots.collect() });
            }
            Err(SlotsError::UnknownDoctor) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(ok_or_not_modified(&request, &doctors, None))
}

/// The free times of a doctor as they change
///
/// Server-sent events. First the whole list as `slots`, then each difference as `changed`: a time that somebody takes
/// or frees is told within a second, whichever server the change was made on. `stale` says that nothing can be told for
/// the moment; a `slots` follows when it can. A client that comes back with `Last-Event-ID` is spared the list when
/// nothing has changed.
#[utoipa::path(
    tag = "Doctors",
    operation_id = "streamSlots",
    security(()),
    params(("id" = Uuid, Path, description = "The doctor"), SlotParams, LastEvent),
    responses(
        (status = 200, description = "Events until the client leaves: `slots` with DoctorSlots, `changed` with SlotsChanged, `stale`", body = String, content_type = "text/event-stream"),
        (status = 404, description = "No such doctor", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A bad parameter", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "More than 100 open streams of one client", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/doctors/{id}/slots/stream")]
pub(super) async fn stream_slots(
    request: HttpRequest,
    params: Query<SlotParams>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let query = params.0.query(id_in_path(&request, "id")?);
    streamed(&request, &api, &[query]).await
}

/// The free times of several doctors as they change
///
/// One connection for a page of search results, where a browser has only six. Events as those of one doctor; who takes
/// no bookings has an empty list.
#[utoipa::path(
    tag = "Doctors",
    operation_id = "streamSlotsOfDoctors",
    security(()),
    params(PageParams, LastEvent),
    responses(
        (status = 200, description = "Events until the client leaves: `slots` with DoctorSlots, `changed` with SlotsChanged, `stale`", body = String, content_type = "text/event-stream"),
        (status = 404, description = "One of the doctors does not exist", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A bad parameter", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "More than 100 open streams of one client", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/slots/stream")]
pub(super) async fn stream_slots_of_doctors(
    request: HttpRequest,
    params: Query<PageParams>,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    streamed(&request, &api, &params.0.queries()?).await
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "stands in the description alone; the value is read where it is used")]
struct LastEvent {
    /// Id of the last event that arrived, when a client comes back.
    #[param(rename = "Last-Event-ID")]
    last_event_id: Option<String>,
}

impl From<NoListening> for Problem {
    fn from(error: NoListening) -> Self {
        match error {
            NoListening::Full => Self::unavailable(),
            NoListening::TooMany => Self::of(&kinds::TOO_MANY_REQUESTS)
                .header(header::RETRY_AFTER, header::HeaderValue::from_static("60"))
                .detail("This client has 100 open streams already; close one."),
            NoListening::Slots(error) => error.into(),
        }
    }
}

async fn streamed(request: &HttpRequest, api: &DoctorsApi, queries: &[SlotsQuery]) -> Result<HttpResponse, Problem> {
    let listener = api.live.listen(queries, address_group(client_address(request))).await?;
    let seen = request.headers().get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let mut response = HttpResponse::Ok();
    response
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // A compressed stream would arrive by the kilobyte, and some proxies gather as much before they pass it on.
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .insert_header(("x-accel-buffering", "no"));
    Ok(response.streaming(events(listener, seen)))
}

/// What one client has been told, and what comes next.
struct Told {
    listener: Listener,
    shown: Vec<Arc<Calendar>>,
    beat: Interval,
    begun: bool,
    seen: Option<String>,
}

/// As the HTML standard writes them (section 9.2, server-sent events).
fn events(mut listener: Listener, seen: Option<String>) -> impl Stream<Item = Result<Bytes, actix_web::Error>> {
    let shown = listener.calendars.iter_mut().map(|calendar| calendar.borrow_and_update().clone()).collect();
    let told = Told { listener, shown, beat: interval(BEAT), begun: false, seen };
    stream::unfold(told, async |mut told| Some((Ok(told.next().await?), told)))
}

impl Told {
    /// `None` when the server stops.
    async fn next(&mut self) -> Option<Bytes> {
        if !std::mem::replace(&mut self.begun, true) {
            self.beat.reset();
            return Some(self.first().into());
        }
        let changes = self.listener.calendars.iter_mut().map(|calendar| calendar.changed().boxed_local());
        let place = tokio::select! {
            (changed, place, _) = select_all(changes) => changed.ok().map(|()| place)?,
            _ = self.beat.tick() => return Some(Bytes::from_static(b":\n\n")),
        };
        Some(self.change(place)?.into())
    }

    fn first(&self) -> String {
        let id = self.id();
        if self.seen.as_deref() == Some(&id) && self.shown.iter().all(|calendar| !calendar.stale) {
            return ": nothing has changed\n\n".to_owned();
        }
        // The id stands at the last one: who is cut off in between has not seen all.
        let lists = self.shown.iter().map(|calendar| whole(calendar));
        lists.collect::<String>() + &format!("id: {id}\n\n")
    }

    fn change(&mut self, place: usize) -> Option<String> {
        let now = self.listener.calendars.get_mut(place)?.borrow_and_update().clone();
        let before = std::mem::replace(self.shown.get_mut(place)?, now.clone());
        let event = if now.stale {
            return Some("event: stale\ndata: {}\n\n".to_owned());
        } else if before.stale {
            whole(&now)
        } else {
            let (freed, taken) = (bodies(now.beyond(&before)), bodies(before.beyond(&now)));
            written("changed", &SlotsChangedBody { doctor_id: now.doctor.as_uuid(), freed, taken })
        };
        Some(format!("id: {}\n{event}", self.id()))
    }

    /// Names all that this client has been told.
    fn id(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.shown.iter().for_each(|calendar| calendar.tag(&mut hasher));
        format!("{:016x}", hasher.finish())
    }
}

fn whole(calendar: &Calendar) -> String {
    let slots = bodies(calendar.slots());
    written("slots", &DoctorSlotsBody { doctor_id: calendar.doctor.as_uuid(), slots })
}

fn written(event: &str, data: &impl Serialize) -> String {
    let data = serde_json::to_string(data).unwrap_or_default();
    format!("event: {event}\ndata: {data}\n\n")
}

fn bodies<'z>(slots: impl IntoIterator<Item = (Slot, &'z TimeZone)>) -> Vec<SlotBody> {
    slots.into_iter().map(|(slot, zone)| SlotBody::new(&slot, zone)).collect()
}
