use async_trait::async_trait;
use auth::infrastructure::PgUsers;
use calendars::application::Readers;
use kernel::{PortFailure, UserId};

/// The accounts know who is still there, and which language they read.
pub struct AuthForCalendars {
    pub(crate) users: PgUsers,
}

#[async_trait]
impl Readers for AuthForCalendars {
    async fn language(&self, user: UserId) -> Result<Option<String>, PortFailure> {
        Ok(self.users.person(user).await?.map(|person| person.language))
    }
}
