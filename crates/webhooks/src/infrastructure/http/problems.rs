//! The slice's refusals as clients hear them.

use platform::http::{FieldError, Kind, Problem, kinds};

use crate::application::WebhookError;

static TOO_MANY_WEBHOOKS: Kind = Kind {
    code: "too-many-webhooks",
    status: 409,
    title: "The clinic has as many webhooks as one may have",
    help: "A clinic has at most ten webhooks. Take one away that nobody needs; one receiver can also hand messages on to others.",
};

static WEBHOOK_DISABLED: Kind = Kind {
    code: "webhook-disabled",
    status: 409,
    title: "Nothing is sent to this webhook",
    help: "It was switched off, has answered 410 Gone, or nothing got through for five days; disabled_reason tells which. Switch it on with PATCH and \"enabled\": true once its receiver is ready.",
};

/// Problems that only this slice answers.
pub static PROBLEMS: &[&Kind] = &[&TOO_MANY_WEBHOOKS, &WEBHOOK_DISABLED];

/// An address that may not be asked.
pub(super) fn bad_address() -> FieldError {
    FieldError::new(
        "url",
        "address",
        "must be an https address of the public internet, without a name and password in it",
    )
}

impl From<WebhookError> for Problem {
    fn from(error: WebhookError) -> Self {
        match error {
            WebhookError::NotFound => Self::of(&kinds::NOT_FOUND),
            WebhookError::BadAddress => Self::invalid(vec![bad_address()]),
            WebhookError::TooMany => Self::of(&TOO_MANY_WEBHOOKS),
            WebhookError::Disabled => Self::of(&WEBHOOK_DISABLED),
            WebhookError::VersionChanged => Self::of(&kinds::PRECONDITION_FAILED),
            // Answered before this is reached; were it not, the client would at least be told to come again.
            WebhookError::Once(_) => Self::of(&kinds::KEY_IN_PROGRESS),
            WebhookError::Failed(failure) => Self::internal(&failure),
        }
    }
}
