//! The API's description (OpenAPI 3.1), collected from the handlers and completed here.

use std::sync::OnceLock;

use actix_web::App;
use platform::http::admission::SESSION_COOKIES;
use utoipa::OpenApi as _;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, ResponseBuilder};
use utoipa_actix_web::AppExt as _;

use crate::routes::collected;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Doktolib",
        description = "Find a doctor, see the times that are really free, book, move and cancel.\n\nInstants are RFC 3339 with the clinic's offset. Lists come in pages chained by `Link`. Errors are `application/problem+json` (RFC 9457); `/problems` explains each code. Repeat any POST safely with the same `Idempotency-Key`.",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT"),
    ),
    servers((url = "/", description = "This installation")),
    tags(
        (name = "Catalogue", description = "Specialties, cities, clinics"),
        (name = "Doctors", description = "Doctors, what they offer, and when they are free"),
        (name = "Appointments", description = "Book, move and cancel"),
        (name = "Waitlist", description = "Wait for a time that is free later, and answer what is offered"),
        (name = "Accounts", description = "Sign up and in, passwords, second factors, one's own account, and those of others"),
        (name = "Sign-in", description = "Tokens, sessions, signing out"),
        (name = "Relatives", description = "Whom somebody books for"),
        (name = "Patients", description = "Records of patients, for those who treat them"),
        (name = "Front desk", description = "The calendar of a clinic, who waits there, and the day on paper"),
        (name = "Files", description = "Papers of patients, looked through and kept sealed"),
        (name = "Reports", description = "Figures of days, and reports about doctors"),
        (name = "Prescriptions", description = "Written for visits by their doctors, on paper, and checked by pharmacies"),
        (name = "Privacy", description = "A copy of all that is stored about me, and its end"),
        (name = "Notifications", description = "Messages to patients, and what became of them"),
        (name = "Calendars", description = "Visits for calendar programs"),
        (name = "Webhooks", description = "Clinics' own systems hear what happens to visits"),
        (name = "Operations", description = "For those who run an installation"),
    ),
)]
struct Description;

/// The whole description.
pub fn document() -> &'static OpenApi {
    static DOCUMENT: OnceLock<OpenApi> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let (_, mut document) =
            App::new().into_utoipa_app().openapi(Description::openapi()).configure(collected).split_for_parts();
        describe_keys(&mut document);
        document.info.version = env!("CARGO_PKG_VERSION").to_owned();
        for (path, item) in &mut document.paths.paths {
            let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
            for operation in operations.into_iter().flatten() {
                complete(path, operation);
            }
        }
        document
    })
}

/// The ways to show who one is.
fn describe_keys(document: &mut OpenApi) {
    let about = "The token in the `manage_url` of an appointment: opens, moves and cancels that one appointment.";
    let link = SecurityScheme::ApiKey(ApiKey::Query(ApiKeyValue::with_description("token", about)));
    let about =
        "The access token of a sign-in (RFC 6750); good for 15 minutes, renewed by `POST /api/v1/auth/refresh`.";
    let bearer =
        HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").description(Some(about)).build();
    let about = "The cookie of a sign-in with `\"session\": \"cookie\"`, for pages. A request that changes something also \
                 carries the `csrf_token` of that sign-in in `X-CSRF-Token`. Installations without https call it `doktolib`.";
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(SESSION_COOKIES[0], about)));
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("appointmentLink", link);
    let about = "The token in the link of the waitlist's mail: shows, takes and refuses that one offer.";
    let offer = SecurityScheme::ApiKey(ApiKey::Query(ApiKeyValue::with_description("token", about)));
    components.add_security_scheme("offerLink", offer);
    let about = "The token of a hold that was opened without a sign-in: ends it.";
    let hold = SecurityScheme::ApiKey(ApiKey::Query(ApiKeyValue::with_description("token", about)));
    components.add_security_scheme("holdToken", hold);
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    components.add_security_scheme("session", cookie);
}

/// Adds what every operation may answer, so that no handler has to repeat it.
fn complete(path: &str, operation: &mut Operation) {
    let mut add = |status: &str, description: &str| {
        let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let response =
            ResponseBuilder::new().description(description).content("application/problem+json", problem).build();
        operation.responses.responses.entry(status.to_owned()).or_insert_with(|| response.into());
    };
    add("400", "The request cannot be read");
    add("500", "A defect of ours; nothing inner is shown");
    if path.starts_with("/api/") {
        if path != "/api/v1/health" {
            add(
                "429",
                "Too many requests: come again after the seconds in `Retry-After`; `RateLimit` told how many were left",
            );
        }
        add("503", "A part we depend on is away; try again after `Retry-After`");
    }
}
