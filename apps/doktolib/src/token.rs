//! Access tokens for operators.

use auth::application::{OpenedSession, Tokens, UserStore as _};
use auth::domain::{Account, Client, Email};
use jiff::SignedDuration;
use kernel::Actor;

use crate::application::Application;
use crate::server::Failure;

/// The most minutes that such a token is good for.
pub const MOST_MINUTES: u32 = 24 * 60;

/// A token that was handed out.
pub struct HandedOut {
    /// For whom.
    pub account: Account,
    /// For `Authorization: Bearer …`.
    pub access_token: String,
    /// Seconds.
    pub expires_in: u32,
}

/// Opens a session of an active account, named by id or e-mail address, that ends after so many minutes and is never
/// renewed. The audit trail names Doktolib itself as who did it.
///
/// # Errors
/// When there is no such active account, or the store fails.
pub async fn hand_out(application: &Application, user: &str, minutes: u32) -> Result<HandedOut, Failure> {
    let users = &application.users;
    let found = match (user.parse(), Email::parse(user)) {
        (Ok(id), _) => users.find(id).await?,
        (Err(_), Ok(email)) => users.by_email(&email).await?,
        (Err(_), Err(_)) => return Err("--user wants the id or the e-mail address of an account".into()),
    };
    let account = found.filter(Account::is_active).ok_or("there is no such active account")?;
    let now = application.clock.now();
    let until = now.checked_add(SignedDuration::from_mins(minutes.min(MOST_MINUTES).into()))?;
    let client = Client { user_agent: Some("doktolib token".to_owned()), address: None };
    let opened = application.sessions.until(account.id, client, Actor::System, now, until).await?;
    let OpenedSession { tokens: Tokens::Bearer { access, .. }, expires_in, .. } = opened else {
        return Err("no access token was made".into());
    };
    Ok(HandedOut { account, access_token: access.expose().to_owned(), expires_in })
}
