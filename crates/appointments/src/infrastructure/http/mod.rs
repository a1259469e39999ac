//! The slice's part of the REST API.

mod bodies;
mod book;
mod book_body;
mod calendar_body;
mod calendar_file;
mod check_in;
mod confirm;
mod correct;
mod desk;
mod desk_patients;
mod holds;
mod lists;
mod manage;
mod marks;
mod patients;
mod problem_kinds;
mod problems;
mod relatives;
mod series;
mod series_bodies;
mod series_problems;
mod waitlist;
mod waitlist_bodies;
mod waitlist_problems;
mod walk_ins;

use std::sync::Arc;

use kernel::{AppointmentId, Caller};
use platform::http::{FieldError, Problem, kinds};
use platform::idempotency::Answers;
use platform::signing::LinkSigner;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::application::{
    AddRelative, AskForPoster, BookAppointment, CancelAppointment, ChangeRelative, CheckIn, ConfirmBooking,
    CorrectAppointment, HoldForForm, HoldForGuest, ListAppointments, ListRelatives, MarkAppointment, Policy,
    Prescriptions, ReadAccessLog, ReadAppointment, ReceiveWalkIn, ReleaseRelative, RescheduleAppointment, VisitLetters,
};

pub use bodies::{AppointmentBody, SlotTakenBody};
pub use check_in::ClinicPosters;
pub use desk::DeskApi;
pub use holds::HoldTokens;
pub use patients::PatientsApi;
pub use problem_kinds::PROBLEMS;
pub use series::SeriesApi;
pub use waitlist::{WaitlistApi, WaitlistLinks};

/// What the handlers need.
pub struct AppointmentsApi {
    /// Books.
    pub book: BookAppointment,
    /// Takes in who comes without an appointment.
    pub walk_in: ReceiveWalkIn,
    /// Holds for guests.
    pub hold_for_guest: HoldForGuest,
    /// Holds while the form is filled in.
    pub hold_for_form: HoldForForm,
    /// Makes and reads the tokens of holds.
    pub hold_tokens: HoldTokens,
    /// Books what is held for guests.
    pub confirm: ConfirmBooking,
    /// Shows.
    pub read: ReadAppointment,
    /// Calls off.
    pub cancel: CancelAppointment,
    /// Moves.
    pub reschedule: RescheduleAppointment,
    /// Marks.
    pub mark: MarkAppointment,
    /// Checks patients in.
    pub check_in: CheckIn,
    /// Who gets a clinic's poster.
    pub poster: AskForPoster,
    /// Makes the posters.
    pub posters: ClinicPosters,
    /// Takes mistaken marks back.
    pub correct: CorrectAppointment,
    /// Lists.
    pub list: ListAppointments,
    /// What was prescribed at visits.
    pub prescriptions: Arc<dyn Prescriptions>,
    /// Shows who has read.
    pub accesses: ReadAccessLog,
    /// Shows relatives.
    pub relatives: ListRelatives,
    /// Adds relatives.
    pub add_relative: AddRelative,
    /// Corrects relatives.
    pub change_relative: ChangeRelative,
    /// Lets go of relatives.
    pub release_relative: ReleaseRelative,
    /// First answers, kept.
    pub answers: Answers,
    /// Makes and checks the links of appointments.
    pub links: AppointmentLinks,
    /// Writes visits for calendars.
    pub letters: VisitLetters,
}

/// Mounts the slice's operations; the states are [`AppointmentsApi`], [`PatientsApi`], [`DeskApi`], [`WaitlistApi`] and
/// [`SeriesApi`].
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(book::book_appointment)
        .service(confirm::confirm_appointment)
        .service(holds::hold_time)
        .service(holds::end_hold)
        .service(lists::list_appointments)
        .service(lists::get_calendar)
        .service(lists::get_history)
        .service(lists::list_accesses)
        .service(marks::mark_arrived)
        .service(marks::mark_completed)
        .service(marks::mark_no_show)
        .service(calendar_file::get_calendar_file)
        .service(check_in::check_in)
        .service(check_in::get_poster)
        .service(correct::correct_appointment)
        .service(manage::get_appointment)
        .service(manage::cancel_appointment)
        .service(manage::reschedule_appointment)
        .service(walk_ins::receive_walk_in)
        .service(desk::get_day)
        .service(desk::get_week)
        .service(desk::get_queue)
        .service(desk::get_day_sheet)
        .service(desk::get_day_table)
        .service(desk_patients::search_patients)
        .service(desk_patients::take_down_patient)
        .service(desk_patients::correct_patient)
        .service(patients::get_patient)
        .service(patients::open_emergency_access)
        .service(patients::end_emergency_access)
        .service(relatives::list_relatives)
        .service(relatives::add_relative)
        .service(relatives::get_relative)
        .service(relatives::change_relative)
        .service(relatives::release_relative)
        .service(series::preview_series)
        .service(series::book_series)
        .service(series::get_series)
        .service(series::cancel_series)
        .service(waitlist::join_waitlist)
        .service(waitlist::list_waitlist)
        .service(waitlist::leave_waitlist)
        .service(waitlist::get_offer)
        .service(waitlist::accept_offer)
        .service(waitlist::refuse_offer);
}

/// Signed links: whoever holds one may read, move and cancel that one appointment.
#[derive(Debug, Clone)]
pub struct AppointmentLinks {
    /// Signs.
    pub signer: LinkSigner,
    /// Where clients reach this installation, without a slash at the end.
    pub public_url: String,
}

impl AppointmentLinks {
    /// The link of an appointment.
    #[must_use]
    pub fn manage_url(&self, id: AppointmentId) -> String {
        format!("{}/api/v1/appointments/{id}?token={}", self.public_url, self.signer.token(id.as_uuid()))
    }

    /// Where a person looks at the appointment: the page of the same token.
    #[must_use]
    pub fn page_url(&self, id: AppointmentId) -> String {
        format!("{}/appointments/{id}?token={}", self.public_url, self.signer.token(id.as_uuid()))
    }

    /// The link, for who may have it: those who run the calendar sign in instead, so that it is seen what they read.
    fn for_caller(&self, caller: &Caller, id: AppointmentId) -> Option<String> {
        (!Policy::is_team(caller)).then(|| self.manage_url(id))
    }

    /// Who holds this token: the holder of that appointment's link, or nobody.
    ///
    /// A wrong token is answered like an appointment that does not exist.
    fn holder(&self, id: AppointmentId, token: &str) -> Result<Caller, Problem> {
        if self.signer.opens(token, id.as_uuid()) {
            Ok(Caller::link_holder(id))
        } else {
            Err(Problem::of(&kinds::NOT_FOUND))
        }
    }
}

/// 422 on one field.
fn bad(field: &str, code: &str, message: &str) -> Problem {
    Problem::invalid(vec![FieldError::new(field, code, message)])
}
