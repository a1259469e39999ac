//! The slice's part of the REST API, and the page that pharmacies see.

mod bodies;
mod check;
mod check_page;
mod lists;
mod papers;
mod problems;
mod writing;

use std::sync::Arc;

use kernel::Clock;
use platform::http::context;
use platform::idempotency::Answers;
use utoipa_actix_web::service_config::ServiceConfig;

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

fn asked() -> Asked {
    Asked { request_id: context::request_id(), only_revisions: None }
}
