use async_trait::async_trait;
use auth::infrastructure::PgUsers;
use kernel::{PortFailure, UserId};
use reports::application::{Reader, Readers};

/// The accounts know where mail reaches those who have asked for something.
pub struct AuthForReports {
    pub(crate) users: PgUsers,
}

#[async_trait]
impl Readers for AuthForReports {
    async fn reader(&self, user: UserId) -> Result<Option<Reader>, PortFailure> {
        let person = self.users.person(user).await?;
        Ok(person.map(|person| Reader { email: person.email, language: person.language }))
    }
}
