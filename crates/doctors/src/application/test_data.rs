//! A doctor in New York who works nine to five, for the tests of the use cases.

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use kernel::{ClinicId, DoctorId, Money, VisitTypeId};

use crate::domain::{ClinicZone, MinuteOfDay, Rules, VisitMode, VisitType, WeeklyHours};

/// Monday morning, before the doors open.
pub(super) fn now() -> Timestamp {
    "2027-03-01T10:00:00Z".parse().unwrap()
}

pub(super) fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn visit_type(clinic: ClinicId, name: &str, minutes: u16) -> VisitType {
    VisitType {
        id: VisitTypeId::mint(),
        clinic,
        name: name.into(),
        mode: VisitMode::InPerson,
        duration_minutes: minutes,
        grid_minutes: minutes,
        buffer_before: 0,
        buffer_after: 0,
        price: Money::dollars(150),
        open_to_new_patients: true,
        is_default: name == "Consultation",
        resource_kind: None,
    }
}

pub(super) fn nine_to_five() -> Rules {
    let clinic = ClinicId::mint();
    let hours = |weekday| {
        WeeklyHours::new(clinic, weekday, MinuteOfDay::new(540).unwrap(), MinuteOfDay::new(1020).unwrap()).unwrap()
    };
    Rules {
        doctor: DoctorId::mint(),
        active: true,
        home_clinic: clinic,
        clinics: vec![ClinicZone::named(clinic, "America/New_York").unwrap()],
        visit_types: vec![visit_type(clinic, "Consultation", 30), visit_type(clinic, "Check-up", 60)],
        weekly_hours: [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday]
            .map(hours)
            .into(),
        breaks: Vec::new(),
        overrides: Vec::new(),
        time_off: Vec::new(),
        holidays: Vec::new(),
        resources: Vec::new(),
        minimum_notice_minutes: 60,
        horizon_days: 90,
        edition: 1,
    }
}
