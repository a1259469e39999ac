//! The slice's part of the REST API.

mod answers;
mod cookie;
mod sessions;

use utoipa_actix_web::service_config::ServiceConfig;

pub use answers::{PageSignedInBody, SignedInBody, UserBody, signed_in};
pub use cookie::SessionCookie;
pub use sessions::{SessionsApi, client_seen};

/// Mounts the slice's operations; the state is [`SessionsApi`].
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(sessions::refresh_session)
        .service(sessions::sign_out)
        .service(sessions::list_sessions)
        .service(sessions::end_session)
        .service(sessions::end_all_sessions);
}
