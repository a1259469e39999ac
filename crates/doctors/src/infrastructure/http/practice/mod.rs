//! Running doctors, clinics and hours.

mod bodies;
mod breaks;
mod calendar_bodies;
mod change_answers;
mod change_bodies;
mod changes;
mod clinics;
mod doctors;
mod holidays;
mod hours;
mod import;
mod overrides;
mod problems;
mod resources;
mod time_off;
mod visit_types;

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use jiff::civil::Date;
use kernel::{Caller, KeptAnswer, Once};
use platform::http::once::{answered_before, key_of, scope};
use platform::http::{Problem, context, kinds, refusals, required_versions, version_tag};
use serde::{Deserialize, Serialize};
use utoipa::openapi::{RefOr, Response};
use utoipa::{IntoParams, IntoResponses, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::DoctorsApi;
use crate::application::{
    AddHoliday, AddResource, AddTimeOff, AddVisitType, ApplyChange, Asked, BusyTimes, ChangeClinic, ChangeDoctor,
    ChangeParts, ChangeResource, ChangeVisitType, CreateClinic, CreateDoctor, DeactivateDoctor, HolidayLists,
    ImportHolidays, ListResources, OnConflict, PreviewChange, ReadCalendar, RemoveHoliday, RemoveOverride,
    RemoveTimeOff, ReplaceBreaks, ReplaceWeeklyHours, RetireVisitType, SetOverride, Step, UndoChange,
};
use crate::domain::plain_date;

pub use bodies::DoctorProfileBody;
pub use breaks::WeeklyBreakBody;
pub use calendar_bodies::AffectedBody;
pub(super) use calendar_bodies::Instant;
pub use problems::PROBLEMS;

/// The use cases of running a practice.
pub struct PracticeUses {
    create_doctor: CreateDoctor,
    change_doctor: ChangeDoctor,
    deactivate_doctor: DeactivateDoctor,
    create_clinic: CreateClinic,
    change_clinic: ChangeClinic,
    add_visit_type: AddVisitType,
    change_visit_type: ChangeVisitType,
    retire_visit_type: RetireVisitType,
    replace_weekly_hours: ReplaceWeeklyHours,
    replace_breaks: ReplaceBreaks,
    set_override: SetOverride,
    remove_override: RemoveOverride,
    add_time_off: AddTimeOff,
    remove_time_off: RemoveTimeOff,
    add_holiday: AddHoliday,
    remove_holiday: RemoveHoliday,
    import_holidays: ImportHolidays,
    preview_change: PreviewChange,
    apply_change: ApplyChange,
    undo_change: UndoChange,
    add_resource: AddResource,
    change_resource: ChangeResource,
    list_resources: ListResources,
    pub(super) read: ReadCalendar,
}

impl PracticeUses {
    /// All of them, over the same parts; `lists` reads lists of holidays, `busy` knows what is taken.
    #[must_use]
    pub fn new(changes: &ChangeParts, lists: Arc<dyn HolidayLists>, busy: &Arc<dyn BusyTimes>) -> Self {
        let parts = || changes.practice.clone();
        Self {
            create_doctor: CreateDoctor(parts()),
            change_doctor: ChangeDoctor(parts()),
            deactivate_doctor: DeactivateDoctor(parts()),
            create_clinic: CreateClinic(parts()),
            change_clinic: ChangeClinic(parts()),
            add_visit_type: AddVisitType(parts()),
            change_visit_type: ChangeVisitType(parts()),
            retire_visit_type: RetireVisitType(parts()),
            replace_weekly_hours: ReplaceWeeklyHours(parts()),
            replace_breaks: ReplaceBreaks(parts()),
            set_override: SetOverride(parts()),
            remove_override: RemoveOverride(parts()),
            add_time_off: AddTimeOff(parts()),
            remove_time_off: RemoveTimeOff(parts()),
            add_holiday: AddHoliday(parts()),
            remove_holiday: RemoveHoliday(parts()),
            import_holidays: ImportHolidays { parts: changes.clone(), lists },
            preview_change: PreviewChange(changes.clone()),
            apply_change: ApplyChange(changes.clone()),
            undo_change: UndoChange(changes.clone()),
            add_resource: AddResource(parts()),
            change_resource: ChangeResource { parts: parts(), busy: busy.clone() },
            list_resources: ListResources { parts: parts(), busy: busy.clone() },
            read: ReadCalendar(parts()),
        }
    }
}

/// Mounts the operations.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(doctors::create_doctor)
        .service(doctors::change_doctor)
        .service(doctors::deactivate_doctor)
        .service(clinics::create_clinic)
        .service(clinics::change_clinic)
        .service(visit_types::get_visit_type)
        .service(visit_types::add_visit_type)
        .service(visit_types::change_visit_type)
        .service(visit_types::retire_visit_type)
        .service(hours::replace_weekly_hours)
        .service(breaks::list_breaks)
        .service(breaks::replace_breaks)
        .service(overrides::list_overrides)
        .service(overrides::get_override)
        .service(overrides::set_override)
        .service(overrides::remove_override)
        .service(time_off::list_time_off)
        .service(time_off::add_time_off)
        .service(time_off::remove_time_off)
        .service(holidays::list_holidays)
        .service(holidays::add_holiday)
        .service(holidays::remove_holiday)
        .service(import::import_holidays)
        .service(changes::preview_doctor_change)
        .service(changes::apply_doctor_change)
        .service(changes::list_doctor_changes)
        .service(changes::undo_doctor_change)
        .service(changes::preview_clinic_change)
        .service(changes::apply_clinic_change)
        .service(changes::list_clinic_changes)
        .service(changes::undo_clinic_change)
        .service(resources::list_resources)
        .service(resources::add_resource)
        .service(resources::change_resource);
}

/// What to do about booked visits.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ConflictParam {
    Keep,
}

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ConflictParams {
    /// Without it, a change that would leave booked visits outside of the hours is refused with 409
    /// `appointments-affected`; with `keep` they stay as they are booked.
    #[param(inline, nullable = false)]
    on_conflict: Option<ConflictParam>,
}

impl ConflictParams {
    /// What comes with a request that insists on no version and may be repeated.
    fn asked(&self) -> Asked {
        let on_conflict = match self.on_conflict {
            Some(ConflictParam::Keep) => OnConflict::Keep,
            None => OnConflict::Refuse,
        };
        Asked { request_id: context::request_id(), on_conflict, ..Asked::default() }
    }

    /// What comes with a request that has to insist on a version.
    fn asked_of_version(&self, request: &HttpRequest) -> Result<Asked, Problem> {
        Ok(Asked { only_versions: required_versions(request)?, ..self.asked() })
    }
}

/// What comes with a request that hits no hours.
fn asked_once(once: Option<Once<Step>>) -> Asked {
    Asked { request_id: context::request_id(), once, ..Asked::default() }
}

/// The client's wish to have it done once, or what it was answered before.
async fn once_only<T: Sync + 'static>(
    api: &DoctorsApi,
    request: &HttpRequest,
    caller: &Caller,
    what: &str,
    fingerprint: [u8; 32],
    answer: impl Fn(&T) -> KeptAnswer + Send + Sync + 'static,
) -> Result<Result<Option<Once<T>>, HttpResponse>, Problem> {
    let Some(key) = key_of(request)? else { return Ok(Ok(None)) };
    let once = Once { scope: scope(caller, what), key, fingerprint, answer: Arc::new(answer) };
    Ok(match answered_before(&api.answers, Some(&once)).await? {
        None => Ok(Some(once)),
        Some(before) => Err(before),
    })
}

/// 201 with `Location` and `ETag`.
fn created(location: String, version: i32, body: &impl Serialize) -> KeptAnswer {
    KeptAnswer {
        status: 201,
        location: Some(location),
        etag: Some(version_tag(version)),
        body: serde_json::to_vec(body).unwrap_or_default(),
    }
}

/// An answer that belongs to another sort of change; never asked for.
fn no_answer() -> KeptAnswer {
    KeptAnswer { status: 500, location: None, etag: None, body: Problem::of(&kinds::INTERNAL).body() }
}

/// 200 with the version there is now, for the caller alone.
fn changed(version: i32, body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::ETAG, version_tag(version)))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(body)
}

/// A date in the path; what is none is not there.
fn date_in_path(request: &HttpRequest) -> Result<Date, Problem> {
    request.match_info().get("date").and_then(plain_date).ok_or_else(|| Problem::of(&kinds::NOT_FOUND))
}

/// What every operation here may refuse with.
pub(super) enum Closed {}

impl IntoResponses for Closed {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(&[
            ("401", "Nobody is signed in"),
            ("403", "Not in this role, or fields that are not yours to change"),
            ("404", "There is none, or it is not yours"),
            ("422", "Bad values, all of them at once"),
        ])
    }
}

/// What operations with a body may refuse with.
pub(super) enum WithBody {}

impl IntoResponses for WithBody {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(&[("400", "Not JSON"), ("413", "More than 64 KiB"), ("415", "Not `application/json`")])
    }
}

/// What operations on a version may refuse with.
pub(super) enum Versioned {}

impl IntoResponses for Versioned {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(&[("412", "It has changed since you read it"), ("428", "`If-Match` is missing")])
    }
}
