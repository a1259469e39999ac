//! Free times near those that are wished for.

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use kernel::Interval;

use super::resource::Occupied;
use super::rules::Rules;
use super::slot::Slot;
use super::visit_type::VisitType;

/// So many days after a wish are looked at.
const DAYS_ON: i64 = 6;

impl Rules {
    /// Up to `most` free times for each of the wishes, in their order: on the same day of the clinic's clock those
    /// nearest to the wish, then those of the next days, nearest to its time of day.
    ///
    /// No two of all these times get in each other's way, buffers included. Everybody is given a first time before
    /// anybody is given a second. `taken` is what is taken, `elsewhere` when the patient is elsewhere, without buffers.
    #[must_use]
    pub fn near(
        &self,
        visit_type: &VisitType,
        wishes: &[Timestamp],
        (taken, elsewhere): (&Occupied, &[Interval]),
        now: Timestamp,
        most: usize,
    ) -> Vec<Vec<Slot>> {
        let mut open: Vec<_> = wishes
            .iter()
            .map(|wish| self.nearest_first(visit_type, *wish, (taken, elsewhere), now).into_iter())
            .collect();
        let mut found = vec![Vec::new(); wishes.len()];
        let mut taken = taken.clone();
        // The lists leave out what was taken before: only what is given here is to be looked at.
        let before = taken.doctor.len();
        for _ in 0..most {
            for (own, open) in found.iter_mut().zip(&mut open) {
                let next = open.find_map(|slot| {
                    let blocked = self.blocked_by(&slot);
                    let apart = !taken.doctor[before..].iter().any(|given| given.overlaps(&blocked));
                    let room = self.resource_free(visit_type, slot.clinic, blocked, &taken).ok();
                    Some((slot, blocked, room.filter(|_| apart)?))
                });
                if let Some((slot, blocked, room)) = next {
                    taken.resources.extend(room.map(|room| (room, blocked)));
                    taken.doctor.push(blocked);
                    own.push(slot);
                }
            }
        }
        found
    }

    /// The free times from the day of the wish on, in the order in which they are proposed.
    fn nearest_first(
        &self,
        visit_type: &VisitType,
        wish: Timestamp,
        (taken, elsewhere): (&Occupied, &[Interval]),
        now: Timestamp,
    ) -> Vec<Slot> {
        let reading = |slot: Option<&Slot>, at: Timestamp| -> DateTime {
            let clinic = slot.map_or(self.home_clinic, |slot| slot.clinic);
            self.time_zone(clinic)
                .map_or_else(|| at.to_zoned(jiff::tz::TimeZone::UTC).datetime(), |zone| zone.to_datetime(at))
        };
        let wished = reading(None, wish);
        let last: Date = wished.date().saturating_add(DAYS_ON.days());
        let mut slots = self.free_slots(visit_type, taken, now, wished.date(), last);
        slots.retain(|slot| !elsewhere.iter().any(|there| there.overlaps(&slot.interval())));
        slots.sort_by_cached_key(|slot| {
            let local = reading(Some(slot), slot.starts_at);
            let off: SignedDuration = local.time().duration_since(wished.time()).abs();
            (local.date(), off, slot.starts_at, slot.clinic)
        });
        slots
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::sample::{instant, interval, rules_in};
    use super::*;

    fn starts(found: &[Vec<Slot>]) -> Vec<Vec<String>> {
        found.iter().map(|slots| slots.iter().map(|slot| slot.starts_at.to_string()).collect()).collect()
    }

    #[test]
    fn the_nearest_times_of_the_day_come_first_and_then_the_next_days() {
        let now = instant("2027-04-01T00:00:00Z");
        let rules = rules_in("UTC").daily("09:00-10:30");
        let wish = instant("2027-04-05T10:00:00Z");
        let busy = [interval("2027-04-05T10:00:00Z", "2027-04-05T10:30:00Z")];
        let near = rules.near(rules.offered(), &[wish], (&busy.to_vec().into(), &[]), now, 4);
        let expected = ["2027-04-05T09:30:00Z", "2027-04-05T09:00:00Z", "2027-04-06T10:00:00Z", "2027-04-06T09:30:00Z"];
        assert_eq!(starts(&near), [expected]);
        let elsewhere = [interval("2027-04-05T09:20:00Z", "2027-04-05T09:40:00Z")];
        let near = rules.near(rules.offered(), &[wish], (&busy.to_vec().into(), &elsewhere), now, 1);
        assert_eq!(starts(&near), [["2027-04-06T10:00:00Z"]]);
    }

    #[test]
    fn two_wishes_are_never_shown_the_same_time() {
        let now = instant("2027-04-01T00:00:00Z");
        let rules = rules_in("UTC").daily("09:00-10:00");
        let wish = instant("2027-04-05T12:00:00Z");
        let near = rules.near(rules.offered(), &[wish, wish], (&Occupied::default(), &[]), now, 2);
        assert_eq!(
            starts(&near),
            [["2027-04-05T09:30:00Z", "2027-04-06T09:30:00Z"], ["2027-04-05T09:00:00Z", "2027-04-06T09:00:00Z"]]
        );
    }

    proptest! {
        #[test]
        fn all_of_them_can_be_booked_side_by_side(
            wishes in prop::collection::vec(0..20_000_i64, 1..30),
            busy in prop::collection::vec((0..9_000_i64, 5..200_i64), 0..20),
            (before, after) in (0..25_u16, 0..25_u16),
        ) {
            let now = instant("2027-03-12T00:00:00Z");
            let rules = rules_in("America/New_York")
                .daily("08:00-12:00 13:00-17:00")
                .with_visit(|visit| (visit.buffer_before, visit.buffer_after) = (before, after));
            let at = |minutes| now + SignedDuration::from_mins(minutes);
            let busy: Vec<Interval> =
                busy.into_iter().map(|(from, length)| Interval { start: at(from), end: at(from + length) }).collect();
            let wishes: Vec<Timestamp> = wishes.into_iter().map(at).collect();
            let near = rules.near(rules.offered(), &wishes, (&busy.clone().into(), &[]), now, 3);
            let all: Vec<Slot> = near.iter().flatten().copied().collect();
            for (number, slot) in all.iter().enumerate() {
                prop_assert_eq!(rules.check(rules.offered(), slot.starts_at, now), Ok(*slot));
                let own = rules.blocked_by(slot);
                for other in all[..number].iter().map(|other| rules.blocked_by(other)).chain(busy.iter().copied()) {
                    prop_assert!(!own.overlaps(&other), "{own:?} meets {other:?}");
                }
            }
        }
    }
}
