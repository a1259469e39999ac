use std::collections::HashMap;
use std::sync::Arc;

use kernel::{Caller, ClinicId, PortFailure};

use super::addressees::Addressees;
use super::ports::{AppointmentDetails, Confirmation, Names, Practices};
use crate::domain::{Appointment, Status};

/// What a calendar file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFor {
    /// To be looked at, or taken over by hand.
    Look,
    /// To put the visit into a calendar, or to change what stands there.
    Invitation,
    /// To take the visit out of a calendar.
    Withdrawal,
}

/// Who is invited to a visit: name and e-mail address.
pub type Invited<'a> = (&'a str, &'a str);

/// Visits as files for calendar programs (iCalendar). Another slice writes them.
#[cfg_attr(test, mockall::automock)]
pub trait CalendarFiles: Send + Sync {
    /// The file of one visit, in the language of that BCP 47 tag. Nothing in it is medical.
    fn write<'a>(
        &self,
        visit: &Appointment,
        names: &Names,
        purpose: FileFor,
        language: &str,
        invited: Option<Invited<'a>>,
    ) -> String;

    /// One file with all these visits, to be taken over by hand, in the language of that BCP 47 tag. `places` are the
    /// names by clinic. What invites to several visits must be several files (RFC 5546, section 3.2.2), so this invites
    /// nobody.
    fn write_all(&self, visits: &[Appointment], places: &HashMap<ClinicId, Names>, language: &str) -> String;
}

/// Makes what patients are told by mail of their visits, with the file for their calendars.
#[derive(Clone)]
pub struct VisitLetters {
    /// Where letters go.
    pub addressees: Addressees,
    /// What doctors and clinics are called.
    pub practices: Arc<dyn Practices>,
    /// Writes files for calendars.
    pub files: Arc<dyn CalendarFiles>,
}

impl VisitLetters {
    /// What the patient is told of this visit as it stands now; nothing where there is no address, or where nobody
    /// knows the names of doctor and clinic.
    ///
    /// # Errors
    /// When it cannot be found out.
    pub async fn about(&self, caller: &Caller, told: &AppointmentDetails) -> Result<Option<Confirmation>, PortFailure> {
        let visit = &told.appointment;
        let names = self.practices.names(visit.doctor, visit.clinic).await?;
        self.naming(caller, told, names).await
    }

    /// The same, with names that are known already.
    ///
    /// # Errors
    /// When it cannot be found out.
    pub async fn naming(
        &self,
        caller: &Caller,
        told: &AppointmentDetails,
        names: Option<Names>,
    ) -> Result<Option<Confirmation>, PortFailure> {
        let AppointmentDetails { appointment: visit, patient } = told;
        let Some(names) = names else { return Ok(None) };
        let Some(to) = self.addressees.of(caller, patient).await? else { return Ok(None) };
        let purpose = if visit.status == Status::Cancelled { FileFor::Withdrawal } else { FileFor::Invitation };
        let invited = Some((patient.name.as_str(), to.email.as_str()));
        let calendar = self.files.write(visit, &names, purpose, &to.language, invited);
        Ok(Some(Confirmation { email: to.email, language: to.language, names, calendar }))
    }

    /// The file of a visit for who may see it.
    ///
    /// # Errors
    /// When names and language cannot be read.
    pub async fn file(&self, caller: &Caller, shown: &AppointmentDetails) -> Result<String, PortFailure> {
        let AppointmentDetails { appointment: visit, patient } = shown;
        let names = self.practices.names(visit.doctor, visit.clinic).await?;
        let names =
            names.unwrap_or_else(|| Names { doctor: String::new(), clinic: String::new(), address: String::new() });
        let language = self.addressees.of(caller, patient).await?.map(|to| to.language);
        Ok(self.files.write(visit, &names, FileFor::Look, language.as_deref().unwrap_or("en"), None))
    }
}

#[cfg(test)]
mod tests {
    use kernel::AppointmentId;

    use super::super::patient_ports::{MockAccounts, MockPatientStore};
    use super::super::ports::MockPractices;
    use super::super::test_data::booked;
    use super::*;

    fn letters(names: Option<Names>, purpose: FileFor) -> VisitLetters {
        let mut practices = MockPractices::new();
        practices.expect_names().returning(move |_, _| Ok(names.clone()));
        let mut files = MockCalendarFiles::new();
        files
            .expect_write()
            .withf(move |_, _, asked, _, _| *asked == purpose)
            .returning(|visit, names, _, language, to| format!("{} {} {language} {to:?}", visit.version, names.clinic));
        let addressees =
            Addressees { patients: Arc::new(MockPatientStore::new()), accounts: Arc::new(MockAccounts::new()) };
        VisitLetters { addressees, practices: Arc::new(practices), files: Arc::new(files) }
    }

    fn names() -> Option<Names> {
        Some(Names { doctor: "Amara Okafor".into(), clinic: "Harbor".into(), address: "5 Main Street".into() })
    }

    #[tokio::test]
    async fn a_visit_is_told_with_an_invitation_and_its_end_with_a_withdrawal() {
        let caller = Caller::link_holder(AppointmentId::mint());
        let visit = booked();
        let told = letters(names(), FileFor::Invitation).about(&caller, &visit).await.unwrap().unwrap();
        assert_eq!(told.calendar, "1 Harbor en Some((\"Ada Example\", \"ada@example.org\"))");
        let mut over = visit.clone();
        over.appointment.status = Status::Cancelled;
        let told = letters(names(), FileFor::Withdrawal).about(&caller, &over).await.unwrap().unwrap();
        assert_eq!(told.email, "ada@example.org");
        assert!(letters(None, FileFor::Invitation).about(&caller, &visit).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_file_to_look_at_invites_nobody() {
        let caller = Caller::link_holder(AppointmentId::mint());
        let file = letters(names(), FileFor::Look).file(&caller, &booked()).await.unwrap();
        assert_eq!(file, "1 Harbor en None");
    }
}
