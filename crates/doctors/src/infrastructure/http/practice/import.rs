//! Lists of holidays, taken over as one change.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, http::header, post, web::Data};
use jiff::civil::Date;
use kernel::{ClinicId, KeptAnswer, Once};
use platform::http::admission::{As, FrontDesk};
use platform::http::once::{IdempotencyHeader, Replayed, again, send};
use platform::http::{CalendarFile, Problem, Query, context, from_text, id_in_path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::calendar_bodies::HolidayBody;
use super::change_answers::{CalendarChangeBody, PlannedVisitBody};
use super::{AffectedBody, Closed, no_answer, once_only};
use crate::application::{Asked, Decision, Importing, ListedDay, PracticeError, Preview, Skipped, Sorted};
use crate::domain::CalendarChange;
use crate::infrastructure::http::DoctorsApi;

/// What is to become of the visits in the way.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum OtherwiseParam {
    Move,
    Keep,
}

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ImportParams {
    /// `true`: nothing is stored; the answer tells what would be added, and which visits are in the way.
    #[serde(default, deserialize_with = "from_text")]
    #[param(nullable = false, default = false)]
    dry_run: Option<bool>,
    /// First date; today when left out.
    #[serde(default, deserialize_with = "super::super::date")]
    #[param(value_type = Option<String>, format = Date, nullable = false, example = "2027-01-01")]
    from: Option<Date>,
    /// Last date; three years ahead when left out.
    #[serde(default, deserialize_with = "super::super::date")]
    #[param(value_type = Option<String>, format = Date, nullable = false, example = "2027-12-31")]
    to: Option<Date>,
    /// What is to become of visits on these days; without it there must be none. To decide on single visits, send the
    /// days of a dry run to `/clinics/{id}/changes`.
    #[param(inline, nullable = false)]
    otherwise: Option<OtherwiseParam>,
    /// Of the dry run that you have seen: only that is done, else 409 `plan-changed`.
    #[validate(length(max = 64))]
    #[param(nullable = false, max_length = 64)]
    plan: Option<String>,
}

/// A day of the list that is not added.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SkippedHoliday)]
pub struct SkippedBody {
    #[schema(format = Date, example = "2027-07-05")]
    date: String,
    #[schema(example = "Independence Day")]
    name: String,
    /// "closed-already": there is a holiday on that date; "named-twice": the first name in the list counts.
    #[schema(example = "closed-already")]
    reason: &'static str,
}

/// What a list of holidays adds, or would add.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HolidayImport)]
pub struct ImportBody {
    /// What was made of it, to be undone as one; null in a dry run, and where there is nothing to add.
    change: Option<CalendarChangeBody>,
    /// In a dry run: send it with the import, so that only what you have seen is done.
    plan: Option<String>,
    /// By date.
    added: Vec<HolidayBody>,
    /// By date.
    skipped: Vec<SkippedBody>,
    /// Entries of the list that have no day inside of the time.
    outside: usize,
    /// Entries that are not of whole days, or were not understood.
    not_understood: usize,
    /// In a dry run: the visits on these days, with other times.
    appointments: Vec<PlannedVisitBody>,
}

impl ImportBody {
    fn new(sorted: &Sorted, change: Option<&CalendarChange>, preview: Option<&Preview>) -> Self {
        let shown = |day: &ListedDay| HolidayBody::named(day.date, &day.name);
        let skipped = |(day, why): &(ListedDay, Skipped)| SkippedBody {
            date: day.date.to_string(),
            name: day.name.clone(),
            reason: why.word(),
        };
        Self {
            change: change.map(Into::into),
            plan: preview.map(|preview| preview.plan.clone()),
            added: sorted.added.iter().map(shown).collect(),
            skipped: sorted.skipped.iter().map(skipped).collect(),
            outside: sorted.outside,
            not_understood: sorted.not_understood,
            appointments: preview.iter().flat_map(|preview| &preview.visits).map(Into::into).collect(),
        }
    }
}

/// Close a clinic on the days of a list
///
/// An iCalendar file with whole days, the form in which governments publish their holidays; 256 KiB at most. Days that
/// are over, dates on which the clinic is closed already and times of day are left out and told; at most 100 days are
/// added. All of it is one change, undone at `/clinics/{id}/changes/{change_id}/undo`. Sent again it adds nothing.
#[utoipa::path(
    tag = "Catalogue",
    operation_id = "importHolidays",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The clinic"), ImportParams, IdempotencyHeader),
    request_body(content = String, content_type = "text/calendar", description = "The list (RFC 5545)"),
    responses(
        (status = 200, description = "A dry run, or nothing was to be added", body = ImportBody),
        (status = 201, description = "Closed on these days", body = ImportBody, headers(("idempotent-replayed" = Option<String>, description = "`true` on the first answer sent again"))),
        Closed,
        (status = 400, description = "Not a text in UTF-8", body = platform::http::ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`appointments-affected` with the visits on which nothing is decided, `visits-refused`, `plan-changed`, `too-many-visits`, `idempotency-in-progress`", body = AffectedBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 256 KiB", body = platform::http::ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not `text/calendar`", body = platform::http::ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/clinics/{id}/holidays/import")]
pub(super) async fn import_holidays(
    who: As<FrontDesk>,
    request: HttpRequest,
    params: Query<ImportParams>,
    body: CalendarFile,
    api: Data<DoctorsApi>,
) -> Result<HttpResponse, Problem> {
    let clinic: ClinicId = id_in_path(&request, "id")?;
    let Query(params) = params;
    let (import, caller) = (&api.practice.import_holidays, &who.caller);
    let wish = Importing { file: body.text, from: params.from, to: params.to };
    if params.dry_run == Some(true) {
        let sorted = import.sort(caller, clinic, &wish).await?;
        let preview = import.preview(caller, clinic, &sorted).await?;
        let told = ImportBody::new(&sorted, None, preview.as_ref());
        return Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(told));
    }
    // What was answered before is looked for first: the second time the days are closed already.
    let scope = format!("import-holidays:{clinic}");
    let unsorted = |_: &CalendarChange| no_answer();
    let once = match once_only(&api, &request, caller, &scope, body.fingerprint, unsorted).await? {
        Ok(once) => once,
        Err(before) => return Ok(before),
    };
    let sorted = import.sort(caller, clinic, &wish).await?;
    let known = sorted.clone();
    let answer = move |made: &CalendarChange| shown(201, &known.made(made), Some(made));
    let once = once.map(|once| Once { answer: Arc::new(answer), ..once });
    let decided = params.otherwise.map(|word| match word {
        OtherwiseParam::Move => Decision::Move { to: None },
        OtherwiseParam::Keep => Decision::Keep,
    });
    let asked = Asked { request_id: context::request_id(), ..Asked::default() };
    match import.run(caller, clinic, &sorted, (decided, params.plan), asked, once).await {
        Ok(Some(made)) => Ok(send(&shown(201, &sorted.made(&made), Some(&made)), Replayed::No)),
        Ok(None) => Ok(send(&shown(200, &sorted, None), Replayed::No)),
        Err(PracticeError::Once(before)) => again(&before),
        Err(error) => Err(error.into()),
    }
}

fn shown(status: u16, sorted: &Sorted, change: Option<&CalendarChange>) -> KeptAnswer {
    let body = serde_json::to_vec(&ImportBody::new(sorted, change, None)).unwrap_or_default();
    KeptAnswer { status, location: None, etag: None, body }
}
