use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::domain::{Delivery, Endpoint, EventType, Standing, Try};

/// Something that receivers are told of.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookEventType)]
pub(super) struct EventTypeBody {
    /// Its name, the `type` of messages.
    #[schema(example = "appointment.booked")]
    r#type: &'static str,
    /// What it means.
    #[schema(example = "A visit was booked.")]
    about: &'static str,
}

impl EventTypeBody {
    pub(super) const fn new(kind: EventType) -> Self {
        Self { r#type: kind.word(), about: kind.about() }
    }
}

/// A new webhook.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewWebhook)]
pub(super) struct NewWebhookBody {
    /// Where events are posted: https, on the public internet. It may hold a secret, so it is kept sealed.
    #[validate(required(code = "required", message = "is required"), length(max = 2000))]
    #[schema(
        required = true,
        nullable = false,
        min_length = 1,
        max_length = 2000,
        example = "https://clinic.example/hooks"
    )]
    pub(super) url: Option<String>,
    /// Which events; `["*"]`, or nothing here, is all, also those that are added later.
    #[validate(length(max = 50))]
    #[schema(nullable = false, max_items = 50, example = json!(["appointment.booked", "appointment.cancelled"]))]
    pub(super) event_types: Option<Vec<String>>,
}

/// What changes of a webhook; what is left out stays as it is.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookChange)]
pub(super) struct WebhookChangeBody {
    /// Where events are posted.
    #[validate(length(max = 2000))]
    #[schema(nullable = false, min_length = 1, max_length = 2000, example = "https://clinic.example/hooks")]
    pub(super) url: Option<String>,
    /// Which events; `["*"]` is all, also those that are added later.
    #[validate(length(max = 50))]
    #[schema(nullable = false, max_items = 50, example = json!(["*"]))]
    pub(super) event_types: Option<Vec<String>>,
    /// False: nothing is sent any more, and what is on its way is given up. True: it is sent again from now on.
    #[schema(nullable = false, example = true)]
    pub(super) enabled: Option<bool>,
}

/// An address that events of a clinic are posted to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub(super) struct WebhookBody {
    pub(super) id: Uuid,
    pub(super) clinic_id: Uuid,
    /// Where events are posted.
    #[schema(example = "https://clinic.example/hooks")]
    url: String,
    /// Which events; `*` is all.
    #[schema(example = json!(["appointment.booked", "appointment.cancelled"]))]
    event_types: Vec<&'static str>,
    /// Is anything sent?
    #[schema(example = true)]
    enabled: bool,
    /// Why nothing is: `by_hand`, `gone` (it answered 410), `failing` (nothing got through for five days).
    #[schema(example = "gone")]
    disabled_reason: Option<&'static str>,
    /// The first failure since something got through.
    #[schema(format = DateTime, example = "2027-03-01T12:00:00Z")]
    failing_since: Option<String>,
    /// Until then the secret before the present one signs as well.
    #[schema(format = DateTime, example = "2027-03-02T12:00:00Z")]
    previous_secret_until: Option<String>,
    /// When it was added (RFC 3339).
    #[schema(format = DateTime, example = "2027-03-01T12:00:00Z")]
    created_at: String,
    /// When it was changed last.
    #[schema(format = DateTime, example = "2027-03-01T12:00:00Z")]
    updated_at: String,
    /// For `If-Match`, as `"v1"`.
    #[schema(example = 1)]
    pub(super) version: i32,
    /// What signs messages. Told when it is made, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDYOjZu28JQ4M=")]
    secret: Option<String>,
}

impl WebhookBody {
    pub(super) fn new(endpoint: &Endpoint) -> Self {
        Self {
            id: endpoint.id.as_uuid(),
            clinic_id: endpoint.clinic.as_uuid(),
            url: endpoint.url.clone(),
            event_types: endpoint.wanted.words(),
            enabled: endpoint.standing == Standing::Enabled,
            disabled_reason: match endpoint.standing {
                Standing::Enabled => None,
                Standing::Disabled(reason) => Some(reason.word()),
            },
            failing_since: endpoint.failing_since.map(|since| since.to_string()),
            previous_secret_until: endpoint.keys.previous.as_ref().map(|(_, until)| until.to_string()),
            created_at: endpoint.created_at.to_string(),
            updated_at: endpoint.updated_at.to_string(),
            version: endpoint.version,
            secret: None,
        }
    }

    pub(super) fn with_secret(self, secret: String) -> Self {
        Self { secret: Some(secret), ..self }
    }
}

/// A message on its way to a webhook.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub(super) struct DeliveryBody {
    pub(super) id: Uuid,
    /// The id of the message: the same at every try.
    event_id: Uuid,
    #[schema(example = "appointment.booked")]
    event_type: String,
    /// `pending`, `delivered` or `failed`.
    #[schema(example = "delivered")]
    state: &'static str,
    /// Tries so far.
    #[schema(example = 1)]
    attempts: u32,
    /// When it is tried next.
    #[schema(format = DateTime, example = "2027-03-01T12:00:05Z")]
    next_at: Option<String>,
    /// What the receiver answered to the last try.
    #[schema(example = 204)]
    response_status: Option<u16>,
    /// How long the last try took.
    #[schema(example = 87)]
    duration_ms: Option<u32>,
    /// What was wrong with the last try: refused-by-receiver, redirected, gone, too-slow, unreachable,
    /// address-refused, endpoint-disabled.
    #[schema(example = "refused-by-receiver")]
    error: Option<String>,
    /// When it was made (RFC 3339).
    #[schema(format = DateTime, example = "2027-03-01T12:00:00Z")]
    created_at: String,
    /// When it got through or was given up.
    #[schema(format = DateTime, example = "2027-03-01T12:00:00Z")]
    done_at: Option<String>,
    /// What is posted. Only where one delivery is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Object)]
    payload: Option<Value>,
    /// Each try, the oldest first. Only where one delivery is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    tries: Option<Vec<TryBody>>,
}

/// One try to get a message through.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookTry)]
pub(super) struct TryBody {
    /// From 1.
    #[schema(example = 1)]
    number: u32,
    #[schema(format = DateTime, example = "2027-03-01T12:00:00Z")]
    begun_at: String,
    #[schema(example = 87)]
    duration_ms: u32,
    /// What was answered.
    #[schema(example = 503)]
    response_status: Option<u16>,
    /// What was wrong.
    #[schema(example = "refused-by-receiver")]
    error: Option<String>,
}

impl DeliveryBody {
    pub(super) fn new(delivery: &Delivery) -> Self {
        Self {
            id: delivery.id.as_uuid(),
            event_id: delivery.event_id,
            event_type: delivery.event_type.clone(),
            state: delivery.state.word(),
            attempts: delivery.attempts,
            next_at: delivery.next_at.map(|at| at.to_string()),
            response_status: delivery.response_status,
            duration_ms: delivery.duration_ms,
            error: delivery.error.clone(),
            created_at: delivery.created_at.to_string(),
            done_at: delivery.done_at.map(|at| at.to_string()),
            payload: None,
            tries: None,
        }
    }

    pub(super) fn whole(delivery: &Delivery, tries: &[Try]) -> Self {
        let body = |one: &Try| TryBody {
            number: one.number,
            begun_at: one.begun_at.to_string(),
            duration_ms: one.duration_ms,
            response_status: one.response_status,
            error: one.error.clone(),
        };
        let payload = serde_json::from_str(&delivery.payload).ok();
        Self { payload, tries: Some(tries.iter().map(body).collect()), ..Self::new(delivery) }
    }
}
