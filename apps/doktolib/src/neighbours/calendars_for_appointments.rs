use std::collections::HashMap;

use appointments::application::{CalendarFiles, FileFor, Invited, Names};
use appointments::domain::{Appointment, Status};
use calendars::application::{Guest, Named, Place, Visit, Writer};
use calendars::domain::{Method, Standing};
use kernel::ClinicId;

/// The slice of calendars writes visits as files.
pub struct CalendarsForAppointments {
    pub(crate) writer: Writer,
}

impl CalendarFiles for CalendarsForAppointments {
    fn write<'a>(
        &self,
        visit: &Appointment,
        names: &Names,
        purpose: FileFor,
        language: &str,
        invited: Option<Invited<'a>>,
    ) -> String {
        let mut named = Named::default();
        if !names.doctor.is_empty() {
            named.doctors.insert(visit.doctor, names.doctor.clone());
        }
        if !names.clinic.is_empty() {
            let place = Place { name: names.clinic.clone(), address: names.address.clone() };
            named.clinics.insert(visit.clinic, place);
        }
        let method = match purpose {
            FileFor::Look => Method::Publish,
            FileFor::Invitation => Method::Request,
            FileFor::Withdrawal => Method::Cancel,
        };
        let guest = invited.map(|(name, email)| Guest { name: name.to_owned(), email: email.to_owned() });
        self.writer.file(&in_their_words(visit), &named, method, language, guest)
    }

    fn write_all(&self, visits: &[Appointment], places: &HashMap<ClinicId, Names>, language: &str) -> String {
        let mut named = Named::default();
        for visit in visits {
            let Some(names) = places.get(&visit.clinic) else { continue };
            named.doctors.insert(visit.doctor, names.doctor.clone());
            let place = Place { name: names.clinic.clone(), address: names.address.clone() };
            named.clinics.insert(visit.clinic, place);
        }
        let visits: Vec<Visit> = visits.iter().map(in_their_words).collect();
        self.writer.file_of_many(&visits, &named, language)
    }
}

/// A visit as calendars see it.
pub(super) fn in_their_words(visit: &Appointment) -> Visit {
    Visit {
        id: visit.id,
        doctor: visit.doctor,
        clinic: visit.clinic,
        span: visit.visit,
        time_zone: visit.time_zone.clone(),
        standing: match visit.status {
            Status::Cancelled => Standing::Cancelled,
            Status::Booked | Status::Arrived | Status::Completed | Status::NoShow => Standing::Confirmed,
        },
        version: visit.version,
        created_at: visit.created_at,
        changed_at: visit.updated_at,
    }
}
