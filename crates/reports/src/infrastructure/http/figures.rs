//! Figures of days.

use actix_web::http::header::{self, Header as _};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel::{ClinicId, DoctorId, PortFailure};
use platform::http::admission::{As, Team};
use platform::http::{FieldError, PlainDate, Problem, ProblemBody, Query, cursor, from_text, next_link, read_cursor};
use platform::spreadsheet::table;
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

use super::ReportsApi;
use crate::application::{DailyQuery, Position, Reach};
use crate::domain::DailyRow;
use crate::infrastructure::lines::{DailyBody, HEAD, cells};

/// Rows of a page when the client does not say.
const USUAL: u32 = 100;
/// Days that may be asked for at once.
const MOST_DAYS: i32 = 366;

/// Which figures.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FigureParams {
    /// Of this clinic, the whole and each doctor there.
    #[serde(default, deserialize_with = "from_text")]
    #[param(nullable = false, value_type = Option<Uuid>)]
    clinic_id: Option<ClinicId>,
    /// Of this doctor alone.
    #[serde(default, deserialize_with = "from_text")]
    #[param(nullable = false, value_type = Option<Uuid>)]
    doctor_id: Option<DoctorId>,
    /// From this date on; 30 days before the last one when left out.
    #[param(nullable = false, value_type = Option<String>, format = Date)]
    from: Option<PlainDate>,
    /// To this date, at most 366 days; yesterday when left out.
    #[param(nullable = false, value_type = Option<String>, format = Date)]
    to: Option<PlainDate>,
    /// Where the last page ended, from its `Link`.
    #[validate(length(max = 500))]
    #[param(nullable = false, max_length = 500)]
    cursor: Option<String>,
    /// Rows of a page, 100 when left out.
    #[serde(default, deserialize_with = "from_text")]
    #[validate(range(min = 1, max = 1000))]
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

type Place = (Date, ClinicId, Option<DoctorId>);

impl FigureParams {
    fn query(&self, reach: Reach, today: Date) -> Result<DailyQuery, Problem> {
        let back = |date: Date, days: i32| date.checked_sub(days.days()).unwrap_or(date);
        let to = self.to.map_or_else(|| back(today, 1), |to| to.0);
        let from = self.from.map_or_else(|| back(to, 30), |from| from.0);
        let days = from.until(to).map_or(i32::MAX, |span| span.get_days());
        if !(0..MOST_DAYS).contains(&days) {
            let message = "must not be before `from`, nor more than 366 days long";
            return Err(Problem::invalid(vec![FieldError::new("to", "range", message)]));
        }
        let after: Option<Place> = self.cursor.as_deref().map(read_cursor).transpose()?;
        Ok(DailyQuery {
            reach,
            clinic: self.clinic_id,
            doctor: self.doctor_id,
            from,
            to,
            after: after.map(|(date, clinic, doctor)| Position { date, clinic, doctor }),
            limit: self.limit.unwrap_or(USUAL),
        })
    }
}

/// Does the client take a table rather than JSON?
fn wants_table(request: &HttpRequest) -> bool {
    header::Accept::parse(request).is_ok_and(|accept| accept.preference().essence_str() == "text/csv")
}

fn sheet(rows: &[DailyRow]) -> Result<Vec<u8>, PortFailure> {
    table(HEAD, rows.iter().map(cells))
}

/// Figures of days
///
/// What was counted of the visits of each date, after its end: of each doctor at each clinic, and of each clinic as a
/// whole (`doctor_id` is null). The last three dates may still change; `docs/reports.md` has the formulae. Front desks see
/// their clinics, doctors themselves, administrators all; what one does not see is left out.
///
/// `Accept: text/csv` gives the same page as a table for spreadsheets.
#[utoipa::path(
    tag = "Reports",
    operation_id = "listFigures",
    security(("bearer" = []), ("session" = [])),
    params(FigureParams),
    responses(
        (status = 200, description = "A page, by date, clinic and doctor", content((Vec<DailyBody> = "application/json"), (String = "text/csv")), headers(("link" = Option<String>, description = "`rel=\"next\"`: the next page, where there is one (RFC 8288)"))),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "A patient's account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad parameters", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/reports/analytics")]
pub(super) async fn list_figures(
    who: As<Team>,
    Query(asked): Query<FigureParams>,
    request: HttpRequest,
    api: Data<ReportsApi>,
) -> Result<HttpResponse, Problem> {
    let today = api.clock.now().to_zoned(TimeZone::UTC).date();
    let (rows, more) = api.figures.run(asked.query(Reach::of(&who.caller), today)?).await?;
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "no-store")).insert_header((header::VARY, "Accept"));
    if let Some(last) = rows.last().filter(|_| more) {
        let place: Place = (last.date, last.clinic, last.whose.doctor());
        response.insert_header((header::LINK, next_link(&request, &cursor(&place))));
    }
    if wants_table(&request) {
        return Ok(response
            .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"analytics.csv\""))
            .content_type("text/csv; charset=utf-8")
            .body(sheet(&rows)?));
    }
    Ok(response.json(rows.iter().map(DailyBody::new).collect::<Vec<_>>()))
}
