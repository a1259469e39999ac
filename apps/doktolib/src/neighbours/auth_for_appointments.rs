use appointments::application::{Accounts, ClinicStaff, Person};
use async_trait::async_trait;
use auth::infrastructure::PgUsers;
use kernel::{ClinicId, PortFailure, UserId};

/// The accounts know who users are, and where mail reaches them.
pub struct AuthForAppointments {
    pub(crate) users: PgUsers,
}

#[async_trait]
impl Accounts for AuthForAppointments {
    async fn person(&self, user: UserId) -> Result<Option<Person>, PortFailure> {
        Ok(self.users.person(user).await?.map(in_our_words))
    }
}

#[async_trait]
impl ClinicStaff for AuthForAppointments {
    async fn of(&self, clinics: &[ClinicId]) -> Result<Vec<Person>, PortFailure> {
        Ok(self.users.front_desks(clinics).await?.into_iter().map(in_our_words).collect())
    }
}

fn in_our_words(person: auth::infrastructure::Person) -> Person {
    Person { name: person.name, email: person.email, language: person.language }
}
