use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{AppointmentId, PatientId, PortFailure, UserId};
use uuid::Uuid;

use super::addressees::Addressee;
use super::ports::{AppointmentDetails, Names};
use crate::domain::LeadWindow;

/// A visit that somebody is to be reminded of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueReminder {
    /// The visit.
    pub visit: AppointmentId,
    /// For whom.
    pub patient: PatientId,
    /// When it begins.
    pub starts_at: Timestamp,
    /// When its patient was told of this start: at the booking, or the last move.
    pub told_at: Timestamp,
    /// IANA zone of the clinic.
    pub time_zone: String,
}

/// Where a reminder goes.
#[derive(Clone, PartialEq, Eq)]
pub enum RemindBy {
    /// To an address.
    Mail(Addressee),
    /// To a phone.
    Text {
        /// In international form (E.164).
        number: String,
        /// BCP 47 tag.
        language: String,
    },
}

/// One message about the visits of one patient on one day.
#[derive(Clone)]
pub struct Reminder {
    /// Which reminder it is: so many hours ahead.
    pub lead: u16,
    /// Where it goes.
    pub to: RemindBy,
    /// The visits as they were read, the first one first, each with what its doctor and clinic are called.
    pub visits: Vec<(AppointmentDetails, Names)>,
}

/// What became of reminders.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reminded {
    /// Messages that were posted.
    pub messages: usize,
    /// Visits they tell of.
    pub visits: usize,
}

/// Keeps who was reminded of what.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait ReminderStore: Send + Sync {
    /// The first visits of a window whose patients were not reminded of this start, by start and id, behind `after`;
    /// with `by_phone` those alone whose patients have told a number.
    async fn due(
        &self,
        window: LeadWindow,
        by_phone: bool,
        after: Option<(Timestamp, AppointmentId)>,
        limit: u32,
    ) -> Result<Vec<DueReminder>, PortFailure>;

    /// The user who looks after each of these patients, the one who has done so the longest.
    async fn accounts_of(&self, patients: &[PatientId]) -> Result<HashMap<PatientId, UserId>, PortFailure>;

    /// These visits, and all others of the same patients on the same days that begin after `now`: booked, and not
    /// reminded of.
    async fn with_their_days(
        &self,
        visits: &[AppointmentId],
        lead: u16,
        now: Timestamp,
    ) -> Result<Vec<AppointmentDetails>, PortFailure>;

    /// Posts the messages and writes down that it did, in one transaction. A message is left out when one of its
    /// visits has changed since it was read, or was reminded of meanwhile.
    async fn post(&self, reminders: &[Reminder], at: Timestamp) -> Result<Reminded, PortFailure>;

    /// The messages that have reminded of that visit, each once.
    async fn letters_about(&self, visit: AppointmentId) -> Result<Vec<Uuid>, PortFailure>;
}

/// Where due visits wait for who writes the messages.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait ReminderBatches: Send + Sync {
    /// Hands these visits on; `now` is the instant they are due at.
    async fn hand_on(&self, lead: u16, visits: &[AppointmentId], now: Timestamp) -> Result<(), PortFailure>;
}
