use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use kernel::{ClinicId, DoctorId, PortFailure, Role};
use platform::pg;
use uuid::Uuid;

use super::schema::{account, membership};
use super::user_rows::{EMAIL, NAME};
use super::{Person, PgUsers};
use crate::domain::AccountState;

/// No clinic's desk has more people who are written to.
const MOST: i64 = 50;

impl PgUsers {
    /// Whom letters to the front desks of these clinics are for: accounts that can sign in, 50 at most, each once.
    ///
    /// # Errors
    /// Of the store.
    pub async fn front_desks(&self, clinics: &[ClinicId]) -> Result<Vec<Person>, PortFailure> {
        let clinics: Vec<Uuid> = clinics.iter().map(|clinic| clinic.as_uuid()).collect();
        let rows: Vec<(Uuid, Vec<u8>, Vec<u8>, String)> =
            pg::read(&self.pool, "read the front desks of clinics", async |mut conn| {
                let members =
                    membership::table.filter(membership::clinic_id.eq_any(&clinics)).select(membership::account_id);
                account::table
                    .filter(account::id.eq_any(members))
                    .filter(account::role.eq(Role::Staff.word()))
                    .filter(account::state.eq(AccountState::Active.word()))
                    .order(account::id)
                    .limit(MOST)
                    .select((account::id, account::name, account::email, account::language))
                    .load(&mut conn)
                    .await
            })
            .await?;
        rows.into_iter().map(|(id, name, email, language)| self.person_of(id, &name, &email, language)).collect()
    }

    /// Whom letters to these doctors are for: their accounts that can sign in.
    ///
    /// # Errors
    /// Of the store.
    pub async fn of_doctors(&self, doctors: &[DoctorId]) -> Result<HashMap<DoctorId, Person>, PortFailure> {
        type Row = (Uuid, Option<Uuid>, Vec<u8>, Vec<u8>, String);
        let doctors: Vec<Uuid> = doctors.iter().map(|doctor| doctor.as_uuid()).collect();
        let rows: Vec<Row> = pg::read(&self.pool, "read the accounts of doctors", async |mut conn| {
            account::table
                .filter(account::doctor_id.eq_any(&doctors))
                .filter(account::role.eq(Role::Doctor.word()))
                .filter(account::state.eq(AccountState::Active.word()))
                .select((account::id, account::doctor_id, account::name, account::email, account::language))
                .load(&mut conn)
                .await
        })
        .await?;
        let mut people = HashMap::new();
        for (id, doctor, name, email, language) in rows {
            if let Some(doctor) = doctor {
                people.insert(DoctorId::from_uuid(doctor), self.person_of(id, &name, &email, language)?);
            }
        }
        Ok(people)
    }

    fn person_of(&self, id: Uuid, name: &[u8], email: &[u8], language: String) -> Result<Person, PortFailure> {
        let sealed = |error| PortFailure::new("open an account", error);
        Ok(Person {
            name: self.keys.open_text(NAME, id, name).map_err(sealed)?,
            email: self.keys.open_text(EMAIL, id, email).map_err(sealed)?,
            language,
        })
    }
}
