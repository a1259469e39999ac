use std::collections::HashMap;
use std::collections::hash_map::Entry;

use kernel::{Caller, ClinicId, PortFailure};

use super::ports::{AppointmentDetails, Confirmation, Names};
use super::visit_letters::VisitLetters;
use super::watch_reads::WatchReads;
use crate::domain::Appointment;

/// Makes what patients are told by mail of many visits at once.
#[derive(Clone)]
pub struct SeriesLetters {
    /// Makes letters of single visits.
    pub letters: VisitLetters,
    /// Writes down who is shown what.
    pub watch: WatchReads,
}

impl SeriesLetters {
    /// What the patient is told of these visits of one doctor and one patient as they stand now, in one letter with one
    /// file; nothing where there is no address, or nobody knows the names.
    ///
    /// # Errors
    /// When it cannot be found out.
    pub async fn about(
        &self,
        caller: &Caller,
        visits: &[AppointmentDetails],
    ) -> Result<Option<Confirmation>, PortFailure> {
        let Some(AppointmentDetails { appointment: first, patient }) = visits.first() else { return Ok(None) };
        let mut places: HashMap<ClinicId, Names> = HashMap::new();
        for AppointmentDetails { appointment, .. } in visits {
            if let Entry::Vacant(place) = places.entry(appointment.clinic) {
                let names = self.letters.practices.names(appointment.doctor, appointment.clinic).await?;
                let Some(names) = names else { return Ok(None) };
                place.insert(names);
            }
        }
        let Some(mut names) = places.get(&first.clinic).cloned() else { return Ok(None) };
        let Some(to) = self.letters.addressees.of(caller, patient).await? else { return Ok(None) };
        let appointments: Vec<Appointment> = visits.iter().map(|visit| visit.appointment.clone()).collect();
        let calendar = self.letters.files.write_all(&appointments, &places, &to.language);
        let mut clinics: Vec<&str> = places.values().map(|names| names.clinic.as_str()).collect();
        clinics.sort_unstable();
        names.clinic = clinics.join(", ");
        Ok(Some(Confirmation { email: to.email, language: to.language, names, calendar }))
    }
}
