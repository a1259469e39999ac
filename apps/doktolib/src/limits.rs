//! Which requests are limited, and by whose budget.

use std::sync::Arc;

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::web::Data;
use kernel::Clock;
use platform::crypto::Keyring;
use platform::http::{address_holder, holder, take_from};
use platform::limits::{Budgets, Rate, RedisAddress, SharedBudgets, WithoutRedis};

/// How much clients may ask; the default is as much as they like.
#[derive(Debug, Clone, Default)]
pub struct Rates {
    /// For each client, on everything under `/api/v1`, on addresses for calendar programs and on checks of
    /// prescriptions; `None` is without limit.
    pub default: Option<Rate>,
    /// For each address, on the operations that try passwords and codes.
    pub auth: Option<Rate>,
    /// For each account, on uploads.
    pub uploads: Option<Rate>,
    /// Where processes share their budgets; without it each counts for itself.
    pub redis: Option<RedisAddress>,
}

/// The budgets of an application.
pub struct Limits {
    default: Option<Budgets>,
    auth: Option<Budgets>,
    uploads: Option<Budgets>,
}

/// What a path is counted as.
#[derive(Debug, PartialEq, Eq)]
enum Counted {
    Not,
    Default,
    Auth,
    Uploads,
}

impl Limits {
    /// The budgets that these rates ask for.
    pub fn new(rates: Rates, clock: &Arc<dyn Clock>, keys: &Keyring) -> Self {
        let shared = rates.redis.map(|address| SharedBudgets::new(address, keys.clone()));
        let budgets = |name, rate: Option<Rate>, without| {
            rate.map(|rate| Budgets::new(name, rate, Arc::clone(clock), shared.clone(), without))
        };
        Self {
            default: budgets("default", rates.default, WithoutRedis::CountAlone),
            auth: budgets("auth", rates.auth, WithoutRedis::Refuse),
            uploads: budgets("uploads", rates.uploads, WithoutRedis::CountAlone),
        }
    }
}

/// Health answers always: whoever watches over the process must not be turned away. A refresh token cannot be guessed,
/// and a practice whose people all come from one address refreshes often, so this is counted like everything else.
fn counted(method: &Method, path: &str) -> Counted {
    if path.starts_with("/calendars/") || path.starts_with("/prescriptions/check/") {
        return Counted::Default;
    }
    let Some(rest) = path.strip_prefix("/api/v1/") else { return Counted::Not };
    match rest {
        "health" => Counted::Not,
        "auth/refresh" => Counted::Default,
        _ if rest.starts_with("auth/") => Counted::Auth,
        _ if method == Method::POST && rest.starts_with("files/") => Counted::Uploads,
        _ => Counted::Default,
    }
}

/// The layer.
///
/// # Errors
/// Those of the layers below.
pub async fn limited(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let limits = request.app_data::<Data<Limits>>().cloned();
    // As the router sees it: in the address itself, letters may be written as %61.
    let counted = counted(request.method(), request.match_info().as_str());
    let found = limits.as_deref().and_then(|limits| match counted {
        Counted::Not => None,
        Counted::Default => limits.default.as_ref().map(|budgets| (budgets, holder(request.request()))),
        Counted::Auth => limits.auth.as_ref().map(|budgets| (budgets, address_holder(request.request()))),
        Counted::Uploads => limits.uploads.as_ref().map(|budgets| (budgets, holder(request.request()))),
    });
    match found {
        None => Ok(next.call(request).await?.map_into_boxed_body()),
        Some((budgets, holder)) => take_from(budgets, holder, request, next).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tries_passwords_and_codes_is_counted_apart_and_health_is_not_counted() {
        for (path, as_what) in [
            ("/api/v1/health", Counted::Not),
            ("/health", Counted::Not),
            ("/metrics", Counted::Not),
            ("/docs/", Counted::Not),
            ("/problems/not-found", Counted::Not),
            ("/api/v1/doctors", Counted::Default),
            ("/prescriptions/check/7zz", Counted::Default),
            ("/api/v1/prescriptions/check/7zz", Counted::Default),
            ("/api/v1/healthy", Counted::Default),
            ("/api/v1/nothing/here", Counted::Default),
            ("/api/v1/auth/refresh", Counted::Default),
            ("/api/v1/auth/login", Counted::Auth),
            ("/api/v1/auth/otp/verify", Counted::Auth),
            ("/api/v1/auth/refresh/", Counted::Auth),
            ("/api/v1/files/upload", Counted::Default),
        ] {
            assert_eq!(counted(&Method::GET, path), as_what, "{path}");
        }
    }

    #[test]
    fn uploads_are_counted_apart() {
        for path in ["/api/v1/files/upload", "/api/v1/files/1/versions"] {
            assert_eq!(counted(&Method::POST, path), Counted::Uploads, "{path}");
        }
    }
}
