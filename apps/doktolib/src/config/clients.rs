use platform::http::TrustedProxies;
use platform::limits::{NoRedis, Rate};

use super::{Reader, Tier};
use crate::limits::Rates;

/// `TRUSTED_PROXIES`.
pub(super) fn proxies(read: &mut Reader<'_>) -> TrustedProxies {
    read.text("TRUSTED_PROXIES").unwrap_or_default().parse().unwrap_or_else(|error| {
        read.fault("TRUSTED_PROXIES", error);
        TrustedProxies::default()
    })
}

/// `RATE_LIMIT`, `RATE_LIMIT_AUTH`, `RATE_LIMIT_UPLOADS`, `REDIS_URL`.
pub(super) fn rates(read: &mut Reader<'_>, tier: Tier) -> Rates {
    let mut rate = |name: &str, otherwise: &str| {
        let text = read.text(name).unwrap_or_else(|| otherwise.to_owned());
        Rate::or_off(&text).unwrap_or_else(|fault| {
            read.fault(name, fault);
            None
        })
    };
    let default = rate("RATE_LIMIT", if tier == Tier::Staging { "500/15m" } else { "1000/15m" });
    let auth = rate("RATE_LIMIT_AUTH", "60/15m");
    let uploads = rate("RATE_LIMIT_UPLOADS", "60/15m");
    Rates { default, auth, uploads, redis: read.parsed("REDIS_URL", &NoRedis.to_string()) }
}

/// `CORS_ALLOWED_ORIGINS`.
pub(super) fn origins(read: &mut Reader<'_>) -> Vec<String> {
    let listed = read.text("CORS_ALLOWED_ORIGINS").unwrap_or_default();
    let origins: Vec<String> =
        listed.split(',').map(str::trim).filter(|origin| !origin.is_empty()).map(str::to_owned).collect();
    let is_origin = |origin: &String| {
        let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        origin == "*" || rest.is_some_and(|rest| !rest.is_empty() && !rest.contains('/'))
    };
    if !origins.iter().all(is_origin) {
        read.fault(
            "CORS_ALLOWED_ORIGINS",
            "must be * or a comma-separated list of origins such as https://clinic.example",
        );
    }
    origins
}
