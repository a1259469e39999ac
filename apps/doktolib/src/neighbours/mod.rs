//! Where one slice asks another: adapters named `<answerer>_for_<asker>`, without decisions of their own.

mod appointments_for_auth;
mod appointments_for_calendars;
mod appointments_for_doctors;
mod appointments_for_files;
mod appointments_for_notifications;
mod appointments_for_prescriptions;
mod appointments_for_reports;
mod auth_for_appointments;
mod auth_for_calendars;
mod auth_for_reports;
mod calendars_for_appointments;
mod calendars_for_auth;
mod calendars_for_doctors;
mod doctors_for_appointments;
mod doctors_for_auth;
mod doctors_for_calendars;
mod doctors_for_prescriptions;
mod doctors_for_reports;
mod doctors_for_webhooks;
mod files_for_appointments;
mod files_for_auth;
mod notifications_for_appointments;
mod notifications_for_auth;
mod prescriptions_for_appointments;
mod prescriptions_for_auth;

pub use appointments_for_auth::{AppointmentsForAuth, VisitRecordsForAuth};
pub use appointments_for_calendars::AppointmentsForCalendars;
pub use appointments_for_doctors::{AppointmentsForDoctors, DeskForDoctors};
pub use appointments_for_files::AppointmentsForFiles;
pub use appointments_for_notifications::AppointmentsForNotifications;
pub use appointments_for_prescriptions::AppointmentsForPrescriptions;
pub use appointments_for_reports::AppointmentsForReports;
pub use auth_for_appointments::AuthForAppointments;
pub use auth_for_calendars::AuthForCalendars;
pub use auth_for_reports::AuthForReports;
pub use calendars_for_appointments::CalendarsForAppointments;
pub use calendars_for_auth::CalendarsForAuth;
pub use calendars_for_doctors::CalendarsForDoctors;
pub use doctors_for_appointments::{
    DoctorsForAppointments, FreeTimesForAppointments, HoursForAppointments, PracticesForAppointments,
    SeriesForAppointments, SoonestForAppointments,
};
pub use doctors_for_auth::DoctorsForAuth;
pub use doctors_for_calendars::DoctorsForCalendars;
pub use doctors_for_prescriptions::DoctorsForPrescriptions;
pub use doctors_for_reports::DoctorsForReports;
pub use doctors_for_webhooks::DoctorsForWebhooks;
pub use files_for_appointments::FilesForAppointments;
pub use files_for_auth::FilesForAuth;
pub use notifications_for_appointments::NotificationsForAppointments;
pub use notifications_for_auth::NotificationsForAuth;
pub use prescriptions_for_appointments::PrescriptionsForAppointments;
pub use prescriptions_for_auth::PrescriptionsForAuth;
