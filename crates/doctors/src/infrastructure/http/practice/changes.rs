//! Changes of hours with the visits in their way: looked at, made, listed, taken back.

use actix_web::{HttpRequest, HttpResponse, get, http::header, post, web::Data};
use kernel::{Caller, ClinicId, DoctorId, KeptAnswer};
use platform::http::admission::{As, FrontDesk, Team};
use platform::http::once::{IdempotencyHeader, Replayed, again, send};
use platform::http::{Body, NoParams, Nothing, OptionalBody, Problem, Query, context, id_in_path};
use serde::Serialize;

use super::change_answers::{CalendarChangeBody, PreviewedBody};
use super::change_bodies::{
    ApplyBody, ClinicApplySchema, ClinicChangeBody, ClinicPreviewSchema, DoctorApplySchema, DoctorChangeBody,
    DoctorPreviewSchema, Draft, PreviewBody,
};
use super::{AffectedBody, Closed, WithBody, once_only};
use crate::application::{Asked, PracticeError, Subject};
use crate::domain::{CalendarChange, ChangeId};
use crate::infrastructure::http::DoctorsApi;

fn told(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(body)
}

async fn preview<C: Draft>(
    api: &DoctorsApi,
    caller: &Caller,
    whose: Subject,
    body: PreviewBody<C>,
) -> Result<HttpResponse, Problem> {
    let preview = api.practice.preview_change.run(caller, whose, &body.wanted()?).await?;
    Ok(told(&PreviewedBody::from(&preview)))
}

async fn apply<C: Draft>(
    api: &DoctorsApi,
    request: &HttpRequest,
    caller: &Caller,
    whose: Subject,
    body: Body<ApplyBody<C>>,
) -> Result<HttpResponse, Problem> {
    let scope = format!("change-hours:{}", id_of(whose));
    let answer = |made: &CalendarChange| shown(201, made);
    let once = match once_only(api, request, caller, &scope, body.fingerprint, answer).await? {
        Ok(once) => once,
        Err(before) => return Ok(before),
    };
    let changing = body.value.changing()?;
    let asked = Asked { request_id: context::request_id(), ..Asked::default() };
    match api.practice.apply_change.run(caller, whose, &changing, asked, once).await {
        Ok(made) => Ok(send(&shown(201, &made), Replayed::No)),
        Err(PracticeError::Once(before)) => again(&before),
        Err(error) => Err(error.into()),
    }
}

async fn list(api: &DoctorsApi, caller: &Caller, whose: Subject) -> Result<HttpResponse, Problem> {
    let changes = api.practice.undo_change.list(caller, whose).await?;
    Ok(told(&changes.iter().map(CalendarChangeBody::from).collect::<Vec<_>>()))
}

async fn undo(
    api: &DoctorsApi,
    request: &HttpRequest,
    caller: &Caller,
    whose: Subject,
    body: OptionalBody<Nothing>,
) -> Result<HttpResponse, Problem> {
    let id: ChangeId = id_in_path(request, "change_id")?;
    let scope = format!("undo-change:{id}");
    let answer = |undone: &CalendarChange| shown(200, undone);
    let once = match once_only(api, request, caller, &scope, body.0.fingerprint, answer).await? {
        Ok(once) => once,
        Err(before) => return Ok(before),
    };
    let asked = Asked { request_id: context::request_id(), ..Asked::default() };
    match api.practice.undo_change.run(caller, whose, id, asked, once).await {
        Ok(undone) => Ok(send(&shown(200, &undone), Replayed::No)),
        Err(PracticeError::Once(before)) => again(&before),
        Err(error) => Err(error.into()),
    }
}

fn id_of(whose: Subject) -> String {
    match whose {
        Subject::Doctor(id) => id.to_string(),
        Subject::Clinic(id) => id.to_string(),
    }
}

fn shown(status: u16, change: &CalendarChange) -> KeptAnswer {
    let body = serde_json::to_vec(&CalendarChangeBody::from(change)).unwrap_or_default();
    KeptAnswer { status, location: None, etag: None, body }
}

macro_rules! changes {
    ($tag:literal $of:literal $extractor:ty, $id:ty, $subject:path, $body:ty, $kinds:literal;
     $preview:ident $preview_path:literal $preview_id:literal $preview_schema:ty;
     $apply:ident $apply_path:literal $apply_id:literal $apply_schema:ty;
     $list:ident $list_path:literal $list_id:literal;
     $undo:ident $undo_path:literal $undo_id:literal;) => {
        /// What a change of hours would do to booked visits
        ///
        /// Nothing is stored. The change is made and rolled back, so it is refused as the change itself would be.
        #[utoipa::path(
            tag = $tag,
            operation_id = $preview_id,
            security(("bearer" = []), ("session" = [])),
            params(("id" = Uuid, Path, description = $of)),
            request_body(content = $preview_schema, content_type = "application/json", description = $kinds),
            responses(
                (status = 200, description = "The visits that would lie outside of the hours, with other times", body = PreviewedBody),
                Closed,
                WithBody,
                (status = 409, description = "`nothing-to-change`, `default-visit-type`", body = AffectedBody, content_type = "application/problem+json"),
            )
        )]
        #[post($preview_path)]
        pub(super) async fn $preview(
            who: As<$extractor>,
            request: HttpRequest,
            _: Query<NoParams>,
            body: Body<PreviewBody<$body>>,
            api: Data<DoctorsApi>,
        ) -> Result<HttpResponse, Problem> {
            let id: $id = id_in_path(&request, "id")?;
            preview(&api, &who.caller, $subject(id), body.value).await
        }

        /// Change hours together with the visits in their way
        ///
        /// All of it or nothing. The patients are told. It can be undone for 24 hours.
        #[utoipa::path(
            tag = $tag,
            operation_id = $apply_id,
            security(("bearer" = []), ("session" = [])),
            params(("id" = Uuid, Path, description = $of), IdempotencyHeader),
            request_body(content = $apply_schema, content_type = "application/json", description = $kinds),
            responses(
                (status = 201, description = "Changed", body = CalendarChangeBody, headers(("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"))),
                Closed,
                WithBody,
                (status = 409, description = "`appointments-affected` with the visits on which nothing is decided, `visits-refused`, `plan-changed`, `too-many-visits`, `nothing-to-change`, `default-visit-type`, `idempotency-in-progress`", body = AffectedBody, content_type = "application/problem+json"),
            )
        )]
        #[post($apply_path)]
        pub(super) async fn $apply(
            who: As<$extractor>,
            request: HttpRequest,
            _: Query<NoParams>,
            body: Body<ApplyBody<$body>>,
            api: Data<DoctorsApi>,
        ) -> Result<HttpResponse, Problem> {
            let id: $id = id_in_path(&request, "id")?;
            apply(&api, &request, &who.caller, $subject(id), body).await
        }

        /// Changes of hours that were made with their visits
        ///
        /// The latest first, a hundred at most.
        #[utoipa::path(
            tag = $tag,
            operation_id = $list_id,
            security(("bearer" = []), ("session" = [])),
            params(("id" = Uuid, Path, description = $of)),
            responses(
                (status = 200, description = "The changes", body = Vec<CalendarChangeBody>),
                Closed,
            )
        )]
        #[get($list_path)]
        pub(super) async fn $list(
            who: As<$extractor>,
            request: HttpRequest,
            _: Query<NoParams>,
            api: Data<DoctorsApi>,
        ) -> Result<HttpResponse, Problem> {
            let id: $id = id_in_path(&request, "id")?;
            list(&api, &who.caller, $subject(id)).await
        }

        /// Undo a change of hours with its visits
        ///
        /// Within 24 hours. Moved and cancelled visits get their old times back as far as these are free; the others are
        /// told in `not_restored` and stay as they are. The patients are told. Undoing it again changes nothing.
        #[utoipa::path(
            tag = $tag,
            operation_id = $undo_id,
            security(("bearer" = []), ("session" = [])),
            params(("id" = Uuid, Path, description = $of), ("change_id" = Uuid, Path, description = "The change"), IdempotencyHeader),
            responses(
                (status = 200, description = "Undone, now or before", body = CalendarChangeBody),
                Closed,
                (status = 409, description = "`rules-changed-since`, `undo-too-late`, `plan-changed`, `appointments-affected`, `idempotency-in-progress`", body = AffectedBody, content_type = "application/problem+json"),
                (status = 413, description = "More than 64 KiB", body = platform::http::ProblemBody, content_type = "application/problem+json"),
                (status = 415, description = "Not `application/json`", body = platform::http::ProblemBody, content_type = "application/problem+json"),
            )
        )]
        #[post($undo_path)]
        pub(super) async fn $undo(
            who: As<$extractor>,
            request: HttpRequest,
            _: Query<NoParams>,
            body: OptionalBody<Nothing>,
            api: Data<DoctorsApi>,
        ) -> Result<HttpResponse, Problem> {
            let id: $id = id_in_path(&request, "id")?;
            undo(&api, &request, &who.caller, $subject(id), body).await
        }
    };
}

changes! {
    "Doctors" "The doctor" Team, DoctorId, Subject::Doctor, DoctorChangeBody, "Time off, other hours on a date, another week, other breaks, one visit type less, or the doctor off the list";
    preview_doctor_change "/doctors/{id}/changes/preview" "previewDoctorChange" DoctorPreviewSchema;
    apply_doctor_change "/doctors/{id}/changes" "applyDoctorChange" DoctorApplySchema;
    list_doctor_changes "/doctors/{id}/changes" "listDoctorChanges";
    undo_doctor_change "/doctors/{id}/changes/{change_id}/undo" "undoDoctorChange";
}

changes! {
    "Catalogue" "The clinic" FrontDesk, ClinicId, Subject::Clinic, ClinicChangeBody, "Dates on which the clinic is closed";
    preview_clinic_change "/clinics/{id}/changes/preview" "previewClinicChange" ClinicPreviewSchema;
    apply_clinic_change "/clinics/{id}/changes" "applyClinicChange" ClinicApplySchema;
    list_clinic_changes "/clinics/{id}/changes" "listClinicChanges";
    undo_clinic_change "/clinics/{id}/changes/{change_id}/undo" "undoClinicChange";
}
