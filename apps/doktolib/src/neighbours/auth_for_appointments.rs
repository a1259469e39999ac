use appointments::application::{Accounts, Person};
use async_trait::async_trait;
use auth::infrastructure::PgUsers;
use kernel::{PortFailure, UserId};

/// The accounts know who users are, and where mail reaches them.
pub struct AuthForAppointments {
    pub(crate) users: PgUsers,
}

#[async_trait]
impl Accounts for AuthForAppointments {
    async fn person(&self, user: UserId) -> Result<Option<Person>, PortFailure> {
        let found = self.users.person(user).await?;
        Ok(found.map(|person| Person { name: person.name, email: person.email, language: person.language }))
    }
}
