//! The answer to whoever asks too much, and what everybody is told about the budget.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, ResponseError as _};
use metrics::counter;

use super::admission::signed_in;
use super::client::{address_group, client_address};
use super::problem::{Problem, kinds};
use crate::limits::{Away, Budgets, Holder, Verdict};

/// `RateLimit-Policy` and `RateLimit` of draft-ietf-httpapi-ratelimit-headers (structured fields, RFC 9651).
pub const RATE_LIMIT_HEADERS: [&str; 2] = ["ratelimit-policy", "ratelimit"];

/// Whose budget a request is taken from: the account's, when somebody is signed in, otherwise the address'.
#[must_use]
pub fn holder(request: &HttpRequest) -> Holder {
    let account = signed_in(request).ok().flatten().and_then(|found| found.caller.user());
    account.map_or_else(|| address_holder(request), Holder::Account)
}

/// The budget of the address that a request comes from, whoever asks.
#[must_use]
pub fn address_holder(request: &HttpRequest) -> Holder {
    Holder::Address(address_group(client_address(request)))
}

/// Takes the request from the holder's budget and passes it on, or answers it here: 429 when nothing is left, 503 when
/// the budget cannot be asked for. Every answer tells what is left.
///
/// # Errors
/// Those of the layers below.
pub async fn take_from(
    budgets: &Budgets,
    holder: Holder,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let verdict = match budgets.take(holder).await {
        Ok(verdict) => verdict,
        Err(Away) => return Ok(request.into_response(Problem::unavailable().error_response())),
    };
    let mut response = match verdict.refused_for {
        None => next.call(request).await?.map_into_boxed_body(),
        Some(wait) => {
            counter!("rate_limited_total", "policy" => budgets.name()).increment(1);
            let seconds = wait.as_millis().div_ceil(1000).max(1);
            let problem = Problem::of(&kinds::TOO_MANY_REQUESTS)
                .detail(format!("{} has used up its requests; come again in {seconds} s.", whose(holder)))
                .header(header::RETRY_AFTER, HeaderValue::from(u64::try_from(seconds).unwrap_or(u64::MAX)));
            request.into_response(problem.error_response())
        }
    };
    tell(response.headers_mut(), budgets, verdict);
    Ok(response)
}

const fn whose(holder: Holder) -> &'static str {
    match holder {
        Holder::Account(_) => "This account",
        Holder::Address(_) => "This address",
    }
}

fn tell(headers: &mut HeaderMap, budgets: &Budgets, verdict: Verdict) {
    let (name, rate) = (budgets.name(), budgets.rate());
    let policy = format!("\"{name}\";q={};w={}", rate.requests(), rate.seconds());
    let left = format!("\"{name}\";r={};t={}", verdict.remaining, rate.whole_in(verdict.remaining));
    for (field, value) in RATE_LIMIT_HEADERS.into_iter().zip([policy, left]) {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(field), value);
        }
    }
}
