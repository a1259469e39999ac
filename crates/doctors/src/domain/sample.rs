//! Rules to test with: one doctor at one clinic, half-hour visits, no hours yet, no notice.

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use kernel::{ClinicId, DoctorId, Interval, Money, VisitTypeId};
use uuid::Uuid;

use super::{ClinicZone, DayOverride, Holiday, MinuteOfDay, OpenHours, Rules, Slot, VisitMode, VisitType, WeeklyHours};

pub(super) const WEEK: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

pub(super) fn zone(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(name).expect("a zone of the bundled database")
}

pub(super) fn clinic(number: u128) -> ClinicId {
    ClinicId::from_uuid(Uuid::from_u128(number))
}

pub(super) fn visit(number: u128, duration: u16) -> VisitType {
    VisitType {
        id: VisitTypeId::from_uuid(Uuid::from_u128(number)),
        clinic: clinic(1),
        name: format!("Visit of {duration} minutes"),
        mode: VisitMode::InPerson,
        duration_minutes: duration,
        grid_minutes: duration,
        buffer_before: 0,
        buffer_after: 0,
        price: Money::dollars(150),
        open_to_new_patients: true,
        is_default: number == 1,
        resource_kind: None,
    }
}

pub(super) fn rules_in(zone_name: &str) -> Rules {
    Rules {
        doctor: DoctorId::from_uuid(Uuid::from_u128(1)),
        active: true,
        home_clinic: clinic(1),
        clinics: vec![ClinicZone { id: clinic(1), time_zone: zone(zone_name) }],
        visit_types: vec![visit(1, 30)],
        weekly_hours: Vec::new(),
        breaks: Vec::new(),
        overrides: Vec::new(),
        time_off: Vec::new(),
        holidays: Vec::new(),
        resources: Vec::new(),
        minimum_notice_minutes: 0,
        horizon_days: 400,
        edition: 1,
    }
}

/// `"09:00-12:00"` as two times of day.
pub(super) fn span(text: &str) -> (MinuteOfDay, MinuteOfDay) {
    let (from, to) = text.split_once('-').expect("a dash");
    (from.parse().expect("an opening time"), to.parse().expect("a closing time"))
}

pub(super) fn weekly(number: u128, weekday: Weekday, hours: &str) -> WeeklyHours {
    let (from, to) = span(hours);
    WeeklyHours::new(clinic(number), weekday, from, to).expect("hours with a length")
}

pub(super) fn open(number: u128, hours: &str) -> OpenHours {
    let (from, to) = span(hours);
    OpenHours::new(clinic(number), from, to).expect("hours with a length")
}

pub(super) fn date(text: &str) -> Date {
    text.parse().expect("a date")
}

pub(super) fn instant(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

pub(super) fn interval(start: &str, end: &str) -> Interval {
    Interval::new(instant(start), instant(end)).expect("an interval with a length")
}

impl Rules {
    /// The same hours, e.g. `"09:00-12:00 13:00-17:00"`, on each day of the week at clinic 1.
    pub(super) fn daily(mut self, hours: &str) -> Self {
        for hours in hours.split_whitespace() {
            self.weekly_hours.extend(WEEK.map(|weekday| weekly(1, weekday, hours)));
        }
        self
    }

    pub(super) fn with_override(mut self, day: &str, hours: Vec<OpenHours>) -> Self {
        self.overrides.push(DayOverride { date: date(day), hours });
        self
    }

    pub(super) fn with_holiday(mut self, number: u128, day: &str) -> Self {
        self.holidays.push(Holiday { clinic: clinic(number), date: date(day) });
        self
    }

    pub(super) fn with_time_off(mut self, start: &str, end: &str) -> Self {
        self.time_off.push(interval(start, end));
        self
    }

    pub(super) fn with_visit(mut self, change: impl FnOnce(&mut VisitType)) -> Self {
        change(&mut self.visit_types[0]);
        self
    }

    pub(super) fn offered(&self) -> &VisitType {
        &self.visit_types[0]
    }

    /// The free slots of one date, as seen long before.
    pub(super) fn on(&self, day: &str) -> Vec<Slot> {
        self.between(day, day, &[])
    }

    pub(super) fn between(&self, from: &str, to: &str, busy: &[Interval]) -> Vec<Slot> {
        let (from, to) = (date(from), date(to));
        let now = from.saturating_sub(jiff::Span::new().days(20)).in_tz("UTC").expect("an early day").timestamp();
        self.free_slots(self.offered(), busy, now, from, to)
    }

    /// Where the clock of the slot's clinic stands at its start, e.g. `"09:00 09:30"`.
    pub(super) fn shown(&self, slots: &[Slot]) -> String {
        let shown: Vec<String> = slots.iter().map(|slot| self.clock_at(slot).strftime("%H:%M").to_string()).collect();
        shown.join(" ")
    }

    pub(super) fn clock_at(&self, slot: &Slot) -> jiff::civil::DateTime {
        self.time_zone(slot.clinic).expect("a known clinic").to_datetime(slot.starts_at)
    }
}
