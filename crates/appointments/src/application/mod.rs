//! What one can do with appointments, and what that needs from outside.

mod add_relative;
mod addressees;
mod answer_offer;
mod arrange_visits;
mod book_appointment;
mod book_series;
mod cancel_appointment;
mod cancel_series;
mod change_relative;
mod check_in;
mod clinic_day;
mod confirm_booking;
mod correct_appointment;
mod correct_patient;
mod desk_agenda;
mod desk_ports;
mod end_emergency_access;
mod hold_for_form;
mod hold_for_guest;
mod hold_ports;
mod hold_time;
mod join_waitlist;
mod list_appointments;
mod list_relatives;
mod mark_appointment;
mod offer_freed_times;
mod open_emergency_access;
mod patient_ports;
mod plan_series;
mod policy;
mod ports;
mod purge_records;
mod read_access_log;
mod read_appointment;
mod read_patient;
mod read_series;
mod read_waitlist;
mod receive_walk_in;
mod record_ports;
mod release_relative;
mod remind_patients;
mod reminder_ports;
mod reschedule_appointment;
mod search_patients;
mod series_letters;
mod series_ports;
mod summarise_days;
mod sweep_missed;
mod take_down_patient;
#[cfg(test)]
mod test_data;
mod trace_messages;
mod view_ports;
mod visit_letters;
mod waitlist_ports;
mod watch_reads;
mod welcome_patient;
mod who_comes;
mod wishes;

pub use add_relative::{AddRelative, AddRelativeError, MOST_RELATIVES};
pub use addressees::{Addressee, Addressees};
pub use answer_offer::{AnswerError, AnswerOffer};
pub use arrange_visits::{ArrangeVisits, Arranged, Arrangement, Arranging, Hindrance, ManyVisits, PutBack};
pub use book_appointment::{BookAppointment, BookError, Booking, GuestBooking, Whom};
pub use book_series::{BookSeries, SeriesBooking};
pub use cancel_appointment::{CancelAppointment, CancelError, Cancellation};
pub use cancel_series::{CancelSeries, CancelSeriesError, SeriesCancellation};
pub use change_relative::{ChangeRelative, ChangeRelativeError, Correction};
pub use check_in::{AskForPoster, CheckIn, CheckInError, ClinicCodes, PosterError, Presence};
pub use clinic_day::{
    ClinicClock, ClinicDay, ClinicHours, ClinicVisits, Column, DayError, DayWish, DoctorHours, MOST_VISITS, OpenDay,
    ShowClinicDay, Waiting,
};
pub use confirm_booking::{ConfirmBooking, ConfirmError};
pub use correct_appointment::{CorrectAppointment, CorrectError, MarkCorrection};
pub use correct_patient::{CorrectPatient, CorrectPatientError};
pub use desk_agenda::{DeskAgenda, GapAsked, GapIn, OutsideHours};
pub use desk_ports::{DeskError, Known, NewPatient, PatientDesk};
pub use end_emergency_access::EndEmergencyAccess;
pub use hold_for_form::{HoldForForm, HoldWish};
pub use hold_for_guest::HoldForGuest;
pub use hold_ports::{
    Claim, CodeLetter, Draft, GuestHold, HOLD_LASTS, HeldBy, HoldCodes, HoldOwner, HoldStore, MOST_HOLDS, NewHold,
    OpenError, Proven, ReleasedBy,
};
pub use hold_time::HoldError;
pub use join_waitlist::{JoinError, JoinWaitlist, Wish};
pub use list_appointments::{ListAppointments, ListError};
pub use list_relatives::{ListRelatives, RelativesError};
pub use mark_appointment::{MarkAppointment, MarkError};
pub use offer_freed_times::{OfferFreedTimes, Served};
pub use open_emergency_access::{EmergencyError, OpenEmergencyAccess};
pub use patient_ports::{
    Accounts, Found, NewRelative, OwnRecord, PatientStore, PatientStoreError, PatientTies, Person, Relative, Welcome,
};
pub use plan_series::{PlanSeries, SeriesError, SeriesPlan, SeriesWish};
pub use policy::{Policy, Tie};
pub use ports::{
    AppointmentDetails, AppointmentStore, Ask, Change, Confirmation, DoctorAgenda, FreeSlot, InsertError, KnownGuest,
    Names, NewAppointment, NoOffer, PatientIs, Practices, RequestedStart, UpdateError,
};
pub use purge_records::{OldRecords, OverdueVisits, Papers, PurgeRecords, PurgedRecords};
pub use read_access_log::{AccessPage, ReadAccessLog};
pub use read_appointment::{ReadAppointment, ReadError};
pub use read_patient::{PatientRecord, ReadPatient, RecordError, Standing};
pub use read_series::{ReadSeries, ReadSeriesError};
pub use read_waitlist::{ReadWaitlist, WaitlistError};
pub use receive_walk_in::{ReceiveWalkIn, WalkIn};
pub use record_ports::{
    AccessIs, Alert, ClinicStaff, EmergencyStore, EmergencyStoreError, KnownAt, NewEmergency, OpenAccess, RecordViews,
    VisitFigures,
};
pub use release_relative::{ReleaseRelative, ReleaseRelativeError};
pub use remind_patients::{FindDueReminders, Looked, MOST_IN_A_MESSAGE, RemindPatients};
pub use reminder_ports::{DueReminder, RemindBy, Reminded, Reminder, ReminderBatches, ReminderStore};
pub use reschedule_appointment::{RescheduleAppointment, RescheduleError, Rescheduling};
pub use search_patients::{MOST_FOUND, SearchPatients, SearchPatientsError};
pub use series_letters::SeriesLetters;
pub use series_ports::{
    HeldTime, Hindered, ManyTimes, NewSeries, NewSeriesError, OwnTimes, SeriesAgenda, SeriesCut, SeriesCutError,
    SeriesDetails, SeriesStore, Weighed,
};
pub use summarise_days::{DaySummary, DaySummaryStore, DayVisit, DoctorAccounts, SummariseDays};
pub use sweep_missed::{SweepMissed, UnmarkedVisits};
pub use take_down_patient::{Namesakes, TakeDownError, TakeDownPatient};
pub use trace_messages::{MessageTraces, TraceMessages};
pub use view_ports::{
    Access, AccessEntry, AccessLog, AccessPosition, Called, Happening, Prescribed, Prescriptions, VisitFilter,
    VisitPage, VisitPosition, VisitState, VisitViews, Within,
};
pub use visit_letters::{CalendarFiles, FileFor, Invited, VisitLetters};
pub use waitlist_ports::{
    CalendarMark, Ending, EndingError, EntryError, EntryPosition, EntryView, InLine, MOST_ENTRIES, NewEntry, NewOffer,
    OfferError, OfferLetter, OpenTime, OpenTimes, TimesAsked, WaitlistLine, WaitlistStore,
};
pub use watch_reads::{Grounds, WatchReads};
pub use welcome_patient::{WelcomeError, WelcomePatient};
pub use who_comes::WhoComes;
pub use wishes::{ReminderWish, Wishes};
