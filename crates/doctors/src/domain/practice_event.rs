use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{ClinicId, DoctorId, DomainEvent, ResourceId, VisitTypeId};
use serde::Serialize;
use uuid::Uuid;

use super::calendar_change::ChangeId;
use super::time_off::TimeOffId;

/// What happened to a doctor, a clinic or a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PracticeAction {
    /// A doctor is listed.
    DoctorCreated,
    /// A profile is another one.
    DoctorChanged,
    /// A doctor is found and booked no more.
    DoctorDeactivated,
    /// There is a new clinic.
    ClinicCreated,
    /// A clinic's card is another one.
    ClinicChanged,
    /// A doctor offers something new.
    VisitTypeCreated,
    /// An offer is another one.
    VisitTypeChanged,
    /// An offer is booked no more.
    VisitTypeDeactivated,
    /// The week is another one.
    WeeklyHoursReplaced,
    /// The breaks of the week are others.
    BreaksReplaced,
    /// A date has hours of its own.
    OverrideSet,
    /// A date has the hours of the week again.
    OverrideRemoved,
    /// The doctor does not work for a while.
    TimeOffAdded,
    /// The doctor works after all.
    TimeOffRemoved,
    /// A clinic closes for a date.
    HolidayAdded,
    /// A clinic is open on a date after all.
    HolidayRemoved,
    /// A clinic closes for several dates.
    HolidaysAdded,
    /// A change of hours is taken back with its visits.
    ChangeUndone,
    /// A clinic has another room or device.
    ResourceAdded,
    /// A room or device is called otherwise, retired, or in use again.
    ResourceChanged,
}

/// A change of doctors, clinics or hours: ids, times and names of fields only, for the audit trail and the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PracticeEvent {
    #[serde(skip)]
    action: PracticeAction,
    clinic_id: ClinicId,
    #[serde(skip_serializing_if = "Option::is_none")]
    doctor_id: Option<DoctorId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    visit_type_id: Option<VisitTypeId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_off_id: Option<TimeOffId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    starts_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    visits_kept: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    change_id: Option<ChangeId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dates: Vec<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_id: Option<ResourceId>,
}

impl PracticeEvent {
    /// Something happened that belongs to the chain of `clinic`.
    #[must_use]
    pub const fn at(clinic: ClinicId, action: PracticeAction) -> Self {
        Self {
            action,
            clinic_id: clinic,
            doctor_id: None,
            visit_type_id: None,
            time_off_id: None,
            date: None,
            starts_at: None,
            ends_at: None,
            fields: Vec::new(),
            visits_kept: None,
            change_id: None,
            dates: Vec::new(),
            resource_id: None,
        }
    }

    /// To this doctor.
    #[must_use]
    pub fn of(self, doctor: DoctorId) -> Self {
        Self { doctor_id: Some(doctor), ..self }
    }

    /// To this visit type.
    #[must_use]
    pub fn visit_type(self, id: VisitTypeId) -> Self {
        Self { visit_type_id: Some(id), ..self }
    }

    /// To this room or device.
    #[must_use]
    pub fn resource(self, id: ResourceId) -> Self {
        Self { resource_id: Some(id), ..self }
    }

    /// To this time off.
    #[must_use]
    pub fn time_off(self, id: TimeOffId) -> Self {
        Self { time_off_id: Some(id), ..self }
    }

    /// Between these instants.
    #[must_use]
    pub fn span(self, starts_at: Timestamp, ends_at: Timestamp) -> Self {
        Self { starts_at: Some(starts_at), ends_at: Some(ends_at), ..self }
    }

    /// On this date.
    #[must_use]
    pub fn on(self, date: Date) -> Self {
        Self { date: Some(date), ..self }
    }

    /// On these dates.
    #[must_use]
    pub fn on_all(self, dates: Vec<Date>) -> Self {
        Self { dates, ..self }
    }

    /// Together with visits, as this change.
    #[must_use]
    pub fn as_change(self, id: ChangeId) -> Self {
        Self { change_id: Some(id), ..self }
    }

    /// In these fields.
    #[must_use]
    pub fn fields(self, fields: Vec<&'static str>) -> Self {
        Self { fields, ..self }
    }

    /// So many booked visits lie outside of the hours now, and somebody wanted it so.
    #[must_use]
    pub fn keeping(self, visits: usize) -> Self {
        Self { visits_kept: (visits > 0).then_some(visits), ..self }
    }
}

impl DomainEvent for PracticeEvent {
    fn name(&self) -> &'static str {
        match self.action {
            PracticeAction::DoctorCreated => "doctor.created",
            PracticeAction::DoctorChanged => "doctor.changed",
            PracticeAction::DoctorDeactivated => "doctor.deactivated",
            PracticeAction::ClinicCreated => "clinic.created",
            PracticeAction::ClinicChanged => "clinic.changed",
            PracticeAction::VisitTypeCreated => "visit_type.created",
            PracticeAction::VisitTypeChanged => "visit_type.changed",
            PracticeAction::VisitTypeDeactivated => "visit_type.deactivated",
            PracticeAction::WeeklyHoursReplaced => "weekly_hours.replaced",
            PracticeAction::BreaksReplaced => "breaks.replaced",
            PracticeAction::OverrideSet => "override.set",
            PracticeAction::OverrideRemoved => "override.removed",
            PracticeAction::TimeOffAdded => "time_off.added",
            PracticeAction::TimeOffRemoved => "time_off.removed",
            PracticeAction::HolidayAdded => "holiday.added",
            PracticeAction::HolidayRemoved => "holiday.removed",
            PracticeAction::HolidaysAdded => "holidays.added",
            PracticeAction::ChangeUndone => "calendar_change.undone",
            PracticeAction::ResourceAdded => "resource.added",
            PracticeAction::ResourceChanged => "resource.changed",
        }
    }

    /// The doctor, or the clinic where no doctor is concerned.
    fn subject(&self) -> Uuid {
        self.doctor_id.map_or_else(|| self.clinic_id.as_uuid(), DoctorId::as_uuid)
    }

    fn clinic(&self) -> Option<Uuid> {
        Some(self.clinic_id.as_uuid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_tells_ids_and_times_and_leaves_out_what_it_has_not() {
        let (clinic, doctor) = (ClinicId::mint(), DoctorId::mint());
        let event = PracticeEvent::at(clinic, PracticeAction::DoctorChanged).of(doctor).fields(vec!["bio"]);
        let told = serde_json::to_value(&event).unwrap();
        assert_eq!(told, serde_json::json!({"clinic_id": clinic, "doctor_id": doctor, "fields": ["bio"]}));
        assert_eq!((event.name(), event.subject()), ("doctor.changed", doctor.as_uuid()));
        assert_eq!(event.keeping(3).visits_kept, Some(3));
        let closed = PracticeEvent::at(clinic, PracticeAction::HolidayAdded);
        assert_eq!(closed.subject(), clinic.as_uuid());
    }
}
