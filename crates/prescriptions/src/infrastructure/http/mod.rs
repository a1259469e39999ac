//! The slice's part of the REST API, and the page that pharmacies see.

mod bodies;
mod check;
mod check_page;
mod lists;
mod papers;
mod problems;
mod writing;

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::Clock;
use platform::http::{context, refusals};
use platform::idempotency::Answers;
use serde::Deserialize;
use utoipa::IntoResponses;
use utoipa::openapi::{RefOr, Response};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use crate::application::{
    Asked, ChangePrescription, CheckPaper, CountPrescriptions, ListPrescriptions, ReadPrescription,
    WithdrawPrescription, WritePrescription,
};

pub use check_page::pages;
pub use problems::PROBLEMS;

/// What the handlers need.
pub struct PrescriptionsApi {
    /// Writes prescriptions.
    pub write: WritePrescription,
    /// Writes other versions.
    pub change: ChangePrescription,
    /// Takes them back.
    pub withdraw: WithdrawPrescription,
    /// Shows one.
    pub read: ReadPrescription,
    /// Lists them.
    pub list: ListPrescriptions,
    /// Counts them.
    pub count: CountPrescriptions,
    /// Tells what papers are worth.
    pub check: CheckPaper,
    /// First answers, kept.
    pub answers: Answers,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where the public reaches this installation, without a slash at the end.
    pub public_url: String,
}

impl PrescriptionsApi {
    /// Where a paper of this code is checked.
    fn check_url(&self, code: crate::domain::CheckCode) -> String {
        format!("{}/prescriptions/check/{code}", self.public_url)
    }
}

/// Mounts the operations under `/api/v1`; the state is [`PrescriptionsApi`].
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(lists::list_prescriptions)
        .service(lists::get_figures)
        .service(writing::write_prescription)
        .service(check::check_hash)
        .service(check::check_code)
        .service(papers::get_prescription)
        .service(writing::change_prescription)
        .service(papers::list_versions)
        .service(papers::get_paper)
        .service(writing::withdraw_prescription);
}

/// An operation without parameters: whatever is given is unknown.
#[derive(Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
struct NoParams {}

fn asked() -> Asked {
    Asked { request_id: context::request_id(), only_revisions: None }
}

/// What every operation on a prescription may refuse with.
enum Closed {}

impl IntoResponses for Closed {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(&[
            ("401", "Nobody is signed in"),
            ("403", "Not in this role"),
            ("404", "There is none, or it is not yours"),
            ("422", "Bad values, all of them at once"),
        ])
    }
}

/// What operations with a body may refuse with.
enum WithBody {}

impl IntoResponses for WithBody {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(&[("400", "Not JSON"), ("413", "More than 64 KiB"), ("415", "Not `application/json`")])
    }
}
