use std::sync::Arc;

use super::ports::{Named, Visit};
use crate::domain::{Attendee, Entry, Language, Method, Organizer, Sheet};

/// What all files of an installation have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writer {
    /// The host of the public address.
    pub host: Arc<str>,
    /// Where mail comes from, in the clinics' names; none where that is no address.
    pub sender: Option<Arc<str>>,
}

impl Writer {
    /// Of an installation whose mail comes from `sender`, e.g. `Doktolib <no-reply@clinic.example>`.
    #[must_use]
    pub fn new(host: &str, sender: &str) -> Self {
        let address = sender.rsplit_once('<').map_or(sender, |(_, rest)| rest.trim_end_matches('>')).trim();
        Self { host: host.into(), sender: address.contains('@').then(|| address.into()) }
    }

    /// A visit with the names that a patient may read.
    #[must_use]
    pub fn entry(&self, visit: &Visit, named: &Named, language: Language) -> Entry {
        let place = named.clinics.get(&visit.clinic);
        let organizer = place.zip(self.sender.as_ref());
        Entry {
            id: visit.id,
            span: visit.span,
            time_zone: visit.time_zone.clone(),
            standing: visit.standing,
            sequence: u32::try_from(visit.version - 1).unwrap_or(0),
            created_at: visit.created_at,
            changed_at: visit.changed_at,
            summary: language.visit_with(named.doctors.get(&visit.doctor).map(String::as_str)),
            place: place.map(|place| format!("{}, {}", place.name, place.address)),
            organizer: organizer
                .map(|(place, sender)| Organizer { name: place.name.clone(), email: sender.to_string() }),
            attendee: None,
        }
    }

    /// The file of one visit, in the language of that BCP 47 tag. An invitation needs a guest; a file without one is to
    /// be shown only. Whoever asks has found out before that the reader may see the visit.
    #[must_use]
    pub fn file(&self, visit: &Visit, named: &Named, method: Method, language: &str, guest: Option<Guest>) -> String {
        let mut entry = self.entry(visit, named, Language::of_tag(language));
        entry.attendee = guest.map(|guest| Attendee { name: guest.name, email: guest.email });
        Sheet { method, host: &self.host, name: None, refresh: None, entries: &[entry] }.text()
    }

    /// One file of many visits, to be taken over by hand: it invites nobody.
    #[must_use]
    pub fn file_of_many(&self, visits: &[Visit], named: &Named, language: &str) -> String {
        let language = Language::of_tag(language);
        let entries: Vec<Entry> = visits.iter().map(|visit| self.entry(visit, named, language)).collect();
        Sheet { method: Method::Publish, host: &self.host, name: None, refresh: None, entries: &entries }.text()
    }
}

/// Who is invited to a visit.
#[derive(Clone, PartialEq, Eq)]
pub struct Guest {
    /// The patient's name.
    pub name: String,
    /// Where mail about the patient goes.
    pub email: String,
}

#[cfg(test)]
mod tests {
    use kernel::{AppointmentId, ClinicId, DoctorId, Interval};

    use super::super::ports::Place;
    use super::*;
    use crate::domain::Standing;

    fn visit() -> Visit {
        let start = "2027-03-09T14:00:00Z".parse().unwrap();
        Visit {
            id: AppointmentId::mint(),
            doctor: DoctorId::mint(),
            clinic: ClinicId::mint(),
            span: Interval::new(start, "2027-03-09T14:30:00Z".parse().unwrap()).unwrap(),
            time_zone: "America/New_York".into(),
            standing: Standing::Confirmed,
            version: 4,
            created_at: start,
            changed_at: start,
        }
    }

    fn writer() -> Writer {
        Writer::new("doktolib.example", "Doktolib <no-reply@clinic.example>")
    }

    #[test]
    fn a_file_names_doctor_and_place_in_the_readers_language() {
        let visit = visit();
        let named = Named {
            doctors: [(visit.doctor, "Amara Okafor".to_owned())].into(),
            clinics: [(visit.clinic, Place { name: "Riverside".into(), address: "5 Main Street, Boston".into() })]
                .into(),
        };
        let guest = Guest { name: "Ada Example".into(), email: "ada@example.org".into() };
        let text = writer().file(&visit, &named, Method::Request, "fr-CA", Some(guest));
        let text = text.replace("\r\n ", "");
        for line in [
            "SUMMARY:Rendez-vous avec Amara Okafor",
            "LOCATION:Riverside\\, 5 Main Street\\, Boston",
            "SEQUENCE:3",
            "ORGANIZER;CN=Riverside:mailto:no-reply@clinic.example",
            &format!("UID:{}@doktolib.example", visit.id),
        ] {
            assert!(text.contains(&format!("\r\n{line}\r\n")), "{line} is missing in {text}");
        }
        assert!(text.contains("ATTENDEE;CN=\"Ada Example\""), "{text}");
    }

    #[test]
    fn a_visit_whose_doctor_and_clinic_nobody_knows_any_more_is_written_all_the_same() {
        let text = writer().file(&visit(), &Named::default(), Method::Publish, "en", None);
        assert!(text.contains("\r\nSUMMARY:Appointment\r\n") && !text.contains("\r\nLOCATION"), "{text}");
        assert!(!text.contains("ORGANIZER") && !text.contains("ATTENDEE"), "{text}");
    }

    #[test]
    fn a_file_of_many_visits_has_each_under_its_own_uid_and_invites_nobody() {
        let (one, two) = (visit(), Visit { standing: Standing::Cancelled, version: 2, ..visit() });
        let text = writer().file_of_many(&[one.clone(), two.clone()], &Named::default(), "fr");
        assert_eq!(text.matches("BEGIN:VEVENT").count(), 2);
        assert_eq!(text.matches("BEGIN:VTIMEZONE").count(), 1);
        for line in [
            "METHOD:PUBLISH",
            &format!("UID:{}@doktolib.example", one.id),
            &format!("UID:{}@doktolib.example", two.id),
            "STATUS:CANCELLED",
        ] {
            assert!(text.contains(&format!("\r\n{line}\r\n")), "{line} is missing in {text}");
        }
        assert!(!text.contains("ATTENDEE"), "{text}");
    }

    #[test]
    fn the_sender_is_the_address_without_its_name() {
        for (sender, address) in [
            ("Doktolib <no-reply@clinic.example>", Some("no-reply@clinic.example")),
            ("no-reply@clinic.example", Some("no-reply@clinic.example")),
            ("nobody", None),
        ] {
            assert_eq!(Writer::new("x", sender).sender.as_deref(), address);
        }
    }
}
