//! Every route of the server, and the layers around them.

use std::sync::Arc;
use std::time::Duration;

use actix_cors::Cors;
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, Error, HttpRequest, web};
use platform::http::admission::{CSRF_HEADER, admission};
use platform::http::{LongRequests, RATE_LIMIT_HEADERS, client, edge, problems_only};
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_actix_web::{AppExt as _, scope};

use crate::application::Application;
use crate::fallback::Offered;
use crate::limits::limited;
use crate::{openapi, system};

/// The operations that stand in the API's description.
pub fn collected(config: &mut ServiceConfig<'_>) {
    config.configure(system::routes).configure(calendars::infrastructure::http::subscriptions).service(
        scope("/api/v1")
            .configure(system::api_routes)
            .configure(doctors::infrastructure::http::routes)
            .configure(appointments::infrastructure::http::routes)
            .configure(auth::infrastructure::http::routes)
            .configure(calendars::infrastructure::http::routes)
            .configure(reports::infrastructure::http::routes)
            .configure(files::infrastructure::http::routes)
            .configure(webhooks::infrastructure::http::routes)
            .configure(prescriptions::infrastructure::http::routes)
            .configure(operations::infrastructure::http::routes)
            .configure(notifications::infrastructure::http::routes),
    );
}

/// The whole application, as a server or a test runs it.
pub fn app(
    application: &Application,
) -> App<
    impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<BoxBody>, Error = Error, InitError = ()>
    + use<>,
> {
    let (mailbox, text_folder) = (application.mailbox.clone(), application.text_folder.clone());
    let offered = Arc::new(Offered::new(openapi::document()));
    App::new()
        // Before the scope around it, which would not let it through.
        .route("/api/v1/openapi.json", web::get().to(system::openapi_json))
        .into_utoipa_app()
        .app_data(application.doctors.clone())
        .app_data(application.appointments.clone())
        .app_data(application.patients.clone())
        .app_data(application.calendars.clone())
        .app_data(application.desk.clone())
        .app_data(application.waitlist.clone())
        .app_data(application.series.clone())
        .app_data(application.webhooks.clone())
        .app_data(application.prescriptions.clone())
        .app_data(application.session_api.clone())
        .app_data(application.account_api.clone())
        .app_data(application.records.clone())
        .app_data(application.reports.clone())
        .app_data(application.site.clone())
        .app_data(application.doctor_pages.clone())
        .app_data(application.appointment_pages.clone())
        .app_data(application.files.clone())
        .app_data(web::Data::new(long_requests()))
        .app_data(application.messages.clone())
        .app_data(application.clinic_messages.clone())
        .app_data(application.system.clone())
        .app_data(application.operations.clone())
        .app_data(application.doorkeeper.clone())
        .app_data(application.limits.clone())
        .app_data(application.trusted_proxies.clone())
        .configure(collected)
        .into_app()
        .route("/docs", web::get().to(system::to_docs))
        .route("/docs/{file:.*}", web::get().to(system::docs))
        .route("/problems", web::get().to(system::problems))
        .route("/problems.css", web::get().to(system::problems_css))
        .route("/problems/{code}", web::get().to(system::problem))
        .configure(operations::infrastructure::http::pages)
        .configure(pages::routes)
        .configure(prescriptions::infrastructure::http::pages)
        .configure(|config| {
            if let Some(mailbox) = mailbox {
                pages::dev::routes(config);
                notifications::infrastructure::http::dev_mail(config, mailbox);
            }
            if let Some(folder) = text_folder {
                notifications::infrastructure::http::dev_texts(config, folder);
            }
        })
        .default_service(web::to(move |request: HttpRequest| {
            let offered = Arc::clone(&offered);
            async move { offered.answer(&request) }
        }))
        .wrap(from_fn(limited))
        .wrap(from_fn(admission))
        .wrap(from_fn(client))
        .wrap(from_fn(problems_only))
        .wrap(cors(&application.cors_origins))
        .wrap(Compress::default())
        // Once more, for what the two layers above refuse by themselves.
        .wrap(from_fn(problems_only))
        .wrap(from_fn(edge))
}

/// Files take longer than five seconds on many a line.
fn long_requests() -> LongRequests {
    LongRequests(vec![(Method::POST, files::infrastructure::http::UPLOAD_PATHS, Duration::from_secs(180))])
}

fn cors(origins: &[String]) -> Cors {
    let exposed = ["etag", "link", "location", "retry-after", "x-request-id", "idempotent-replayed", "allow"]
        .into_iter()
        .chain(RATE_LIMIT_HEADERS);
    let cors = Cors::default()
        .allowed_methods(["GET", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers([
            header::ACCEPT,
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
        ])
        .allowed_header("idempotency-key")
        .allowed_header(CSRF_HEADER)
        .allowed_header("x-request-id")
        .allowed_header("traceparent")
        .expose_headers(exposed)
        // A page of another origin reads nothing, but is answered: the browser withholds it.
        .block_on_origin_mismatch(false)
        .max_age(3600);
    if origins.iter().any(|origin| origin == "*") {
        cors.allow_any_origin().send_wildcard()
    } else {
        origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
    }
}
