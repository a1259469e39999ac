//! The slice's part of the REST API.

mod account_problems;
mod accounts;
mod answers;
mod consents;
mod cookie;
mod me;
mod passwords;
mod records;
mod sessions;
mod sign_in;
mod users;

use utoipa_actix_web::service_config::ServiceConfig;

pub use accounts::{AccountsApi, PROBLEMS, SessionForm, SignInBody};
pub use answers::{PageSignedInBody, SignedInBody, UserBody, signed_in};
pub use cookie::SessionCookie;
pub use records::{RECORDS_PROBLEMS, RecordsApi};
pub use sessions::{SessionsApi, client_seen};

/// Mounts the slice's operations; the state is [`SessionsApi`] and [`AccountsApi`].
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(sessions::refresh_session)
        .service(sessions::sign_out)
        .service(sessions::list_sessions)
        .service(sessions::end_session)
        .service(sessions::end_all_sessions)
        .service(sign_in::register)
        .service(sign_in::request_code)
        .service(sign_in::verify_code)
        .service(sign_in::login)
        .service(passwords::forgot_password)
        .service(passwords::reset_password)
        .service(passwords::change_password)
        .service(passwords::set_up_second_factor)
        .service(passwords::confirm_second_factor)
        .service(passwords::make_recovery_codes)
        .service(me::get_me)
        .service(me::edit_me)
        .service(me::change_my_email)
        .service(me::confirm_my_email)
        .service(consents::get_my_consents)
        .service(consents::put_my_consents)
        .service(users::list_users)
        .service(users::create_user)
        .service(users::get_user)
        .service(users::edit_user)
        .service(records::export_me)
        .service(records::erase_me);
}
