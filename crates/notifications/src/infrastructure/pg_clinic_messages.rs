//! Who wrote to which patient, in PostgreSQL.

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::{SignedDuration, Timestamp};
use jiff_diesel::ToDiesel as _;
use kernel::{ClinicId, EventId, PatientId, PortFailure, UserId};
use platform::crypto::Keyring;
use platform::idempotency;
use platform::journal::Journal;
use platform::letters::{self, Letter};
use platform::pg::{self, Abort, PgPool};
use platform::texts::{self, Text};
use uuid::Uuid;

use super::schema::clinic_message;
use crate::application::{ClinicMessages, NewClinicMessage, StoreMessageError, Written};
use crate::domain::{Channel, ClinicMessage, MOST_OF_SENDER, MOST_TO_PATIENT, PATIENT_SPAN, SENDER_SPAN};

/// Messages of clinics to patients.
#[derive(Clone)]
pub struct PgClinicMessages {
    pool: PgPool,
    journal: Journal,
    keys: Keyring,
}

impl PgClinicMessages {
    /// Works through `pool`, writes to `journal`, seals with `keys`.
    #[must_use]
    pub const fn new(pool: PgPool, journal: Journal, keys: Keyring) -> Self {
        Self { pool, journal, keys }
    }

    async fn post(&self, conn: &mut AsyncPgConnection, new: &NewClinicMessage) -> Result<(), DieselError> {
        let ClinicMessage { id, patient, at, .. } = new.message;
        let subject = patient.as_uuid();
        match &new.written {
            Written::Mail { to, language, name, clinic, message } => {
                let letter = Letter::new("clinic-message", to, language)
                    .with("name", name)
                    .with("clinic", clinic)
                    .with("message", message);
                letters::post_as(conn, &self.keys, id, &letter, subject, at).await
            }
            Written::Text { to, language, values } => {
                let text = Text { values: values.clone(), ..Text::new("clinic-message", to, language) };
                texts::post_as(conn, &self.keys, id, &text, subject, at).await
            }
        }
    }
}

/// How many were sent since then, by whom or to whom `of` says.
async fn count(conn: &mut AsyncPgConnection, of: Counted, since: Timestamp) -> Result<i64, DieselError> {
    let all = clinic_message::table.filter(clinic_message::sent_at.gt(since.to_diesel())).count().into_boxed();
    match of {
        Counted::Sender(id) => all.filter(clinic_message::sender_id.eq(id.as_uuid())),
        Counted::Patient(id) => all.filter(clinic_message::patient_id.eq(id.as_uuid())),
    }
    .get_result(conn)
    .await
}

enum Counted {
    Sender(UserId),
    Patient(PatientId),
}

fn before(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.saturating_sub(span).unwrap_or(Timestamp::MIN)
}

#[async_trait]
impl ClinicMessages for PgClinicMessages {
    async fn send(&self, new: &NewClinicMessage) -> Result<(), StoreMessageError> {
        let ClinicMessage { id, clinic, patient, sender, channel, at } = new.message;
        pg::transaction(&self.pool, "send a message of a clinic", async |conn| {
            if let Some(once) = &new.once {
                idempotency::begin(conn, &self.keys, once).await?;
            }
            // The smaller number first, so that two that write at once never wait for each other in a circle.
            let mut locks = [pg::lock_number(sender.as_uuid()), pg::lock_number(patient.as_uuid())];
            locks.sort_unstable();
            for number in locks {
                pg::lock(conn, number).await?;
            }
            if count(conn, Counted::Sender(sender), before(at, SENDER_SPAN)).await? >= MOST_OF_SENDER {
                return pg::refuse(StoreMessageError::TooMany(SENDER_SPAN));
            }
            if count(conn, Counted::Patient(patient), before(at, PATIENT_SPAN)).await? >= MOST_TO_PATIENT {
                return pg::refuse(StoreMessageError::TooMany(PATIENT_SPAN));
            }
            diesel::insert_into(clinic_message::table)
                .values((
                    clinic_message::id.eq(id.as_uuid()),
                    clinic_message::clinic_id.eq(clinic.as_uuid()),
                    clinic_message::patient_id.eq(patient.as_uuid()),
                    clinic_message::sender_id.eq(sender.as_uuid()),
                    clinic_message::channel.eq(channel.word()),
                    clinic_message::sent_at.eq(at.to_diesel()),
                ))
                .execute(conn)
                .await?;
            self.post(conn, new).await?;
            self.journal.append(conn, &new.event).await?;
            if let Some(once) = &new.once {
                idempotency::keep(conn, &self.keys, once, &(once.answer)(&new.message), at).await?;
            }
            Ok::<_, Abort<StoreMessageError>>(())
        })
        .await
    }

    async fn find(&self, id: EventId) -> Result<Option<ClinicMessage>, PortFailure> {
        type Row = (Uuid, Uuid, Uuid, String, jiff_diesel::Timestamp);
        pg::read(&self.pool, "read a message of a clinic", async |mut conn| {
            let row: Option<Row> = clinic_message::table
                .find(id.as_uuid())
                .select((
                    clinic_message::clinic_id,
                    clinic_message::patient_id,
                    clinic_message::sender_id,
                    clinic_message::channel,
                    clinic_message::sent_at,
                ))
                .first(&mut conn)
                .await
                .optional()?;
            Ok(row.map(|(clinic, patient, sender, channel, at)| ClinicMessage {
                id,
                clinic: ClinicId::from_uuid(clinic),
                patient: PatientId::from_uuid(patient),
                sender: UserId::from_uuid(sender),
                channel: Channel::from_word(&channel).unwrap_or(Channel::Email),
                at: at.into(),
            }))
        })
        .await
    }
}
