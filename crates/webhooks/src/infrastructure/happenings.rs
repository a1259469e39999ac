//! What the outbox tells of visits.

use std::collections::HashSet;

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{AppointmentId, ClinicId, DoctorId, PortFailure, VisitTypeId};
use platform::outbox::{Message, Subscriber, Undelivered};
use platform::telemetry;
use serde::Deserialize;
use uuid::Uuid;

use crate::application::TellEndpoints;
use crate::domain::{Data, EventType, Happening, VisitData};

/// Has endpoints told of visits. Does nothing but write to the database: whoever is slow is met by a job.
pub struct Happenings {
    /// The use case.
    pub tell: TellEndpoints,
}

/// What events of visits say of themselves, as they stand in the outbox.
#[derive(Deserialize)]
struct Told {
    appointment_id: AppointmentId,
    clinic_id: ClinicId,
    doctor_id: DoctorId,
    visit_type_id: Option<VisitTypeId>,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    /// Of a move.
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    /// Of a correction.
    was: Option<String>,
    is: Option<String>,
    version: Option<i32>,
}

fn happening(message: &Message) -> Option<Happening> {
    let kind = EventType::from_word(&message.topic)?;
    let told: Told = serde_json::from_str(&message.payload).ok()?;
    let data = VisitData {
        appointment_id: told.appointment_id,
        clinic_id: told.clinic_id,
        doctor_id: told.doctor_id,
        visit_type_id: told.visit_type_id,
        starts_at: told.starts_at.or(told.to),
        ends_at: told.ends_at,
        previous_starts_at: told.from,
        status: told.is,
        previous_status: told.was,
        version: told.version,
    };
    let (id, at, clinic) = (message.id, message.created_at, told.clinic_id);
    Some(Happening { id, kind, at, clinic, data: Data::Visit(data) })
}

#[async_trait]
impl Subscriber for Happenings {
    fn topics(&self) -> &'static [&'static str] {
        &[
            "appointment.booked",
            "appointment.rescheduled",
            "appointment.cancelled",
            "appointment.reinstated",
            "appointment.arrived",
            "appointment.completed",
            "appointment.no_show",
            "appointment.corrected",
        ]
    }

    async fn concerned(&self, messages: &[&Message]) -> Result<HashSet<Uuid>, PortFailure> {
        let told: Vec<(Uuid, Option<ClinicId>)> =
            messages.iter().map(|message| (message.id, happening(message).map(|told| told.clinic))).collect();
        let clinics: Vec<ClinicId> = told.iter().filter_map(|(_, clinic)| *clinic).collect();
        let listening = self.tell.listening(&clinics).await?;
        // What cannot be read is taken, and given up with a word.
        let concerns = |clinic: Option<ClinicId>| clinic.is_none_or(|clinic| listening.contains(&clinic));
        Ok(told.into_iter().filter(|(_, clinic)| concerns(*clinic)).map(|(id, _)| id).collect())
    }

    async fn take(&self, message: &Message) -> Result<(), Undelivered> {
        let unreadable = || Undelivered::Never("the payload cannot be read".to_owned());
        let happening = happening(message).ok_or_else(unreadable)?;
        self.tell.run(&happening).await.map(|_| ()).map_err(|failure| {
            telemetry::log_failure(&failure);
            Undelivered::Later(failure.to_string())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kernel::StoppedClock;

    use super::*;
    use crate::application::MockDeliveries;

    const VISIT: &str = r#""appointment_id":"01900000-0000-7000-8000-a00000000001","clinic_id":"01900000-0000-7000-8000-c00000000001","doctor_id":"01900000-0000-7000-8000-d00000000001","patient_id":"01900000-0000-7000-8000-b00000000001""#;
    const SHOWN: &str = r#""appointment_id":"01900000-0000-7000-8000-a00000000001","clinic_id":"01900000-0000-7000-8000-c00000000001","doctor_id":"01900000-0000-7000-8000-d00000000001""#;

    fn at() -> Timestamp {
        "2027-03-01T12:00:00Z".parse().unwrap()
    }

    fn message(topic: &str, payload: String) -> Message {
        let (id, subject) = (Uuid::nil(), Uuid::nil());
        Message { id, topic: topic.into(), subject, payload, sealed: None, created_at: at(), attempt: 1 }
    }

    fn posted(topic: &str, more: &str) -> String {
        let happening = happening(&message(topic, format!("{{{VISIT}{more}}}"))).unwrap();
        serde_json::to_string(&happening.message()).unwrap()
    }

    #[test]
    fn what_is_posted_holds_ids_and_times_and_nobody() {
        assert_eq!(
            posted("appointment.arrived", ""),
            format!(r#"{{"type":"appointment.arrived","timestamp":"2027-03-01T12:00:00Z","data":{{{SHOWN}}}}}"#)
        );
        let moved = r#","from":"2027-03-02T14:00:00Z","to":"2027-03-02T15:00:00Z","outside_hours":true,"version":2"#;
        assert_eq!(
            posted("appointment.rescheduled", moved),
            format!(
                r#"{{"type":"appointment.rescheduled","timestamp":"2027-03-01T12:00:00Z","data":{{{SHOWN},"starts_at":"2027-03-02T15:00:00Z","previous_starts_at":"2027-03-02T14:00:00Z","version":2}}}}"#
            )
        );
        let corrected = posted("appointment.corrected", r#","was":"no_show","is":"arrived""#);
        assert!(corrected.ends_with(r#","status":"arrived","previous_status":"no_show"}}"#), "{corrected}");
    }

    #[test]
    fn every_type_that_can_be_wanted_is_listened_to() {
        let happenings = subscriber(MockDeliveries::new());
        let words: Vec<&str> =
            EventType::ALL.into_iter().filter(|kind| *kind != EventType::Test).map(EventType::word).collect();
        assert_eq!(happenings.topics(), words);
    }

    fn subscriber(deliveries: MockDeliveries) -> Happenings {
        let clock = Arc::new(StoppedClock::at(at()));
        Happenings { tell: TellEndpoints { deliveries: Arc::new(deliveries), clock } }
    }

    #[tokio::test]
    async fn events_of_clinics_without_webhooks_are_nobodys_concern_and_what_cannot_be_read_is() {
        let mut deliveries = MockDeliveries::new();
        deliveries.expect_listening().withf(|clinics| clinics.len() == 2).returning(|clinics| Ok(vec![clinics[0]]));
        let told = |clinic: ClinicId| {
            let payload = VISIT.replace("01900000-0000-7000-8000-c00000000001", &clinic.to_string());
            Message { id: Uuid::now_v7(), ..message("appointment.booked", format!("{{{payload}}}")) }
        };
        let (heard, unheard) = (told(ClinicId::mint()), told(ClinicId::mint()));
        let broken = Message { id: Uuid::now_v7(), ..message("appointment.booked", "{}".into()) };
        let concerned = subscriber(deliveries).concerned(&[&heard, &unheard, &broken]).await.unwrap();
        assert_eq!(concerned, HashSet::from([heard.id, broken.id]));
    }

    #[tokio::test]
    async fn a_store_that_is_away_is_tried_again_and_what_cannot_be_read_is_not() {
        let mut deliveries = MockDeliveries::new();
        deliveries.expect_tell().times(1).returning(|_, _| Err(PortFailure::new("tell webhooks", "away")));
        let subscriber = subscriber(deliveries);
        let good = message("appointment.booked", format!("{{{VISIT}}}"));
        assert!(matches!(subscriber.take(&good).await, Err(Undelivered::Later(_))));
        let bad = message("appointment.booked", "{}".into());
        assert!(matches!(subscriber.take(&bad).await, Err(Undelivered::Never(_))));
    }
}
