use jiff::Timestamp;

use super::busy::Busy;
use super::day::{Day, For, Readings};
use super::refusal::Refusal;
use super::rules::{ClinicZone, Rules};
use super::slot::Slot;
use super::visit_type::VisitType;
use super::zone_clock::{DAY, ZoneClock, ceil_second, floor_second};

impl Rules {
    /// May a visit of `visit_type` start at `starts_at`, as far as the rules alone go? Existing visits are not
    /// looked at, so what is accepted is what [`Rules::free_slots`] lists when nothing is busy.
    ///
    /// Where several clinics would do, the slot is at the one with the lowest id.
    ///
    /// # Errors
    /// The rule that refuses it.
    pub fn check(&self, visit_type: &VisitType, starts_at: Timestamp, now: Timestamp) -> Result<Slot, Refusal> {
        if !self.active {
            return Err(Refusal::Inactive);
        }
        if starts_at < now {
            return Err(Refusal::InThePast);
        }
        if starts_at < self.notice_ends(now) {
            return Err(Refusal::TooSoon { minimum_notice_minutes: self.minimum_notice_minutes });
        }
        let mut accepted: Option<Slot> = None;
        let mut refusal = Refusal::TooFarAhead { horizon_days: self.horizon_days };
        if self.clinics.is_empty() {
            refusal = Refusal::OutsideHours;
        }
        for clinic in &self.clinics {
            match self.check_at(clinic, visit_type, starts_at, now) {
                Ok(slot) if accepted.is_none_or(|known| slot.clinic < known.clinic) => accepted = Some(slot),
                Ok(_) => {}
                Err(reason) => refusal = refusal.max(reason),
            }
        }
        accepted.ok_or(refusal)
    }

    fn check_at(
        &self,
        clinic: &ClinicZone,
        visit_type: &VisitType,
        starts_at: Timestamp,
        now: Timestamp,
    ) -> Result<Slot, Refusal> {
        let (start, today) = (floor_second(starts_at), floor_second(now));
        let end = start + visit_type.duration();
        let mut clock = ZoneClock::new(&clinic.time_zone, start);
        let day = Day::starting(clock.midnight(start));
        if day.midnight > clock.midnight(today) + i64::from(self.horizon_days) * DAY {
            return Err(Refusal::TooFarAhead { horizon_days: self.horizon_days });
        }
        let readings = Readings::of(&mut clock, day);
        let mut openings = Vec::new();
        self.openings(clinic.id, day, For::Type(visit_type.id), &mut openings);
        let holds = |opening: &&_| readings.is_open(day, **opening, start, end);
        let Some(opening) = openings.iter().find(holds).copied() else {
            self.openings(clinic.id, day, For::Anything, &mut openings);
            return Err(match self.overrides.iter().find(|special| special.date == day.date) {
                Some(special) if special.hours.is_empty() => Refusal::Closed,
                Some(_) => Refusal::OutsideDayHours,
                None if openings.iter().any(|opening| readings.is_open(day, *opening, start, end)) => {
                    Refusal::NotThisVisitType
                }
                None => {
                    self.openings_without_breaks(clinic.id, day, For::Anything, &mut openings);
                    if openings.iter().any(|opening| readings.is_open(day, *opening, start, end)) {
                        Refusal::Break
                    } else {
                        Refusal::OutsideHours
                    }
                }
            });
        };
        if self.is_holiday(clinic.id, day.date) {
            return Err(Refusal::Holiday);
        }
        let mut on_grid = false;
        readings.each_start(day, opening, visit_type.grid(), visit_type.duration(), |candidate| {
            on_grid = candidate == start;
            candidate < start
        });
        if !on_grid || start != ceil_second(starts_at) {
            return Err(Refusal::OffTheGrid);
        }
        if Busy::new(&self.time_off).touches(start, end) {
            return Err(Refusal::TimeOff);
        }
        if visit_type.resource_kind.is_some() && self.resources_at(visit_type, clinic.id).next().is_none() {
            return Err(Refusal::NoResource);
        }
        Slot::between(start, end, visit_type.id, clinic.id)
            .ok_or(Refusal::TooFarAhead { horizon_days: self.horizon_days })
    }
}

#[cfg(test)]
mod tests;
