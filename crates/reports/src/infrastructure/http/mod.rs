//! The slice's part of the REST API.

mod figures;

use kernel::Clock;
use std::sync::Arc;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::application::ListFigures;

/// What the handlers need.
pub struct ReportsApi {
    /// Lists figures of days.
    pub figures: ListFigures,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// Mounts the operations under `/api/v1`; the state is [`ReportsApi`].
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(figures::list_figures);
}
