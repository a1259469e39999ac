use std::collections::HashMap;

use appointments::application::{Accounts, ClinicStaff, DoctorAccounts, Person};
use async_trait::async_trait;
use auth::infrastructure::PgUsers;
use kernel::{ClinicId, DoctorId, PortFailure, UserId};

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

#[async_trait]
impl DoctorAccounts for AuthForAppointments {
    async fn of_doctors(&self, doctors: &[DoctorId]) -> Result<HashMap<DoctorId, Person>, PortFailure> {
        let people = self.users.of_doctors(doctors).await?;
        Ok(people.into_iter().map(|(doctor, person)| (doctor, in_our_words(person))).collect())
    }
}

fn in_our_words(person: auth::infrastructure::Person) -> Person {
    Person { name: person.name, email: person.email, language: person.language }
}
