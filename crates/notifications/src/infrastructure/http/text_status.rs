//! What the provider tells of texts.

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, post};
use metrics::counter;
use platform::http::{FieldError, Problem, ProblemBody, kinds};
use url::form_urlencoded;
use uuid::Uuid;

use super::MessagesApi;
use crate::application::Told;
use crate::domain::DeliveryState;
use crate::infrastructure::twilio::callback_url;
use crate::infrastructure::twilio_signature::is_signed;

/// What became of a text
///
/// For the provider of texts alone, which signs its words with the account's secret: whatever is not signed so is refused and
/// changes nothing. Words come in any order; the state of a message only goes forward.
#[utoipa::path(
    tag = "Notifications",
    operation_id = "takeTextStatus",
    params(
        ("message" = Option<Uuid>, Query, nullable = false, description = "Our message"),
        ("X-Twilio-Signature" = Option<String>, Header, nullable = false, description = "HMAC-SHA1 over the address and the form"),
    ),
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "`MessageSid`, `MessageStatus`, `ErrorCode` and others"),
    responses(
        (status = 204, description = "Heard"),
        (status = 403, description = "Not signed by the provider", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "More than 256 KiB", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Names no message of ours, or no text of theirs", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/notifications/sms-status")]
pub(super) async fn take_text_status(
    request: HttpRequest,
    body: Bytes,
    api: Data<MessagesApi>,
) -> Result<HttpResponse, Problem> {
    let form: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let signature = request.headers().get("x-twilio-signature").and_then(|value| value.to_str().ok());
    let address = callback_url(&api.public_url);
    let url = match request.query_string() {
        "" => address,
        query => format!("{address}?{query}"),
    };
    let is_theirs = match (&api.text_token, signature) {
        (Some(token), Some(signature)) => is_signed(token, &url, &form, signature),
        (None, _) | (_, None) => false,
    };
    if !is_theirs {
        counter!("text_statuses_total", "outcome" => "forged").increment(1);
        return Err(Problem::of(&kinds::FORBIDDEN));
    }
    let field = |wanted: &str| form.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let message = form_urlencoded::parse(request.query_string().as_bytes()).find(|(name, _)| name == "message");
    let message = message.and_then(|(_, id)| id.parse::<Uuid>().ok());
    let is_name = |sid: &&str| (1..=100).contains(&sid.len()) && sid.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let (Some(id), Some(name)) = (message, field("MessageSid").filter(is_name)) else {
        return Err(Problem::invalid(vec![FieldError::new(
            "message",
            "required",
            "must name a message, and MessageSid a text",
        )]));
    };
    let outcome = match field("MessageStatus").and_then(DeliveryState::of_provider) {
        None => "unknown",
        Some(state) => {
            let told = Told { id, provider_id: name.to_owned(), state, trouble: field("ErrorCode").and_then(trouble) };
            if api.ledger.told(&told, api.clock.now()).await? { "taken" } else { "late" }
        }
    };
    counter!("text_statuses_total", "outcome" => outcome).increment(1);
    Ok(HttpResponse::NoContent().finish())
}

fn trouble(code: &str) -> Option<String> {
    let is_code = (1..=10).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit());
    is_code.then(|| format!("told by the provider of texts ({code})"))
}
