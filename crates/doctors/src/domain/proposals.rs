//! New times for visits that a change of rules leaves without one.

use jiff::Timestamp;
use kernel::Interval;

use super::covers::BookedVisit;
use super::resource::Occupied;
use super::rules::Rules;
use super::slot::Slot;

/// A booked visit that needs another time.
#[derive(Debug, Clone, Copy)]
pub struct Displaced<'a> {
    /// The visit as it is booked.
    pub visit: &'a BookedVisit,
    /// When its patient has other visits, without buffers.
    pub elsewhere: &'a [Interval],
}

impl Rules {
    /// Up to `most` free times under these rules for each of the visits, of the same visit type, in the order of the
    /// visits: the first ones after the old start, and where none is left there, the first ones of all.
    ///
    /// No two of all these times get in each other's way, buffers included, so one of each visit's can be booked
    /// whatever is chosen for the others; of rooms and devices as well. Everybody is given a first time before anybody is
    /// given a second, the earlier visit first. `taken` is what is taken, the old times of the visits themselves
    /// included: until all of them are moved they are not free. What the answer would take is added to it.
    #[must_use]
    pub fn propose(
        &self,
        visits: &[Displaced<'_>],
        taken: &mut Occupied,
        now: Timestamp,
        most: usize,
    ) -> Vec<Vec<Slot>> {
        let mut order: Vec<usize> = (0..visits.len()).collect();
        order.sort_by_key(|at| (visits[*at].visit.visit.start, visits[*at].visit.id));
        taken.doctor.sort_unstable();
        let mut proposals = vec![Vec::new(); visits.len()];
        for _ in 0..most {
            for at in &order {
                if let Some(slot) = self.next_for(visits[*at], taken, now) {
                    let blocked = self.blocked_by(&slot);
                    if let Some(visit_type) = self.visit_type(slot.visit_type)
                        && let Ok(Some(room)) = self.resource_free(visit_type, slot.clinic, blocked, &*taken)
                    {
                        taken.resources.push((room, blocked));
                    }
                    taken.doctor.insert(taken.doctor.partition_point(|earlier| *earlier < blocked), blocked);
                    proposals[*at].push(slot);
                }
            }
        }
        proposals
    }

    /// What a visit in that slot takes of the doctor's time: the slot with the buffers of its visit type.
    #[must_use]
    pub fn blocked_by(&self, slot: &Slot) -> Interval {
        let (before, after) =
            self.visit_type(slot.visit_type).map_or((0, 0), |offered| (offered.buffer_before, offered.buffer_after));
        slot.interval().widened(before, after)
    }

    fn next_for(&self, displaced: Displaced<'_>, taken: &Occupied, now: Timestamp) -> Option<Slot> {
        let visit_type = self.visit_type(displaced.visit.visit_type)?;
        let with_elsewhere;
        let taken = if displaced.elsewhere.is_empty() {
            taken
        } else {
            with_elsewhere = Occupied {
                doctor: [taken.doctor.as_slice(), displaced.elsewhere].concat(),
                resources: taken.resources.clone(),
            };
            &with_elsewhere
        };
        let first = |after| self.next_free(visit_type, taken, now, after, 1).first().copied();
        first(displaced.visit.visit.start.max(now)).or_else(|| first(now))
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use kernel::AppointmentId;
    use proptest::prelude::*;

    use super::super::sample::{clinic, instant, interval, rules_in, visit};
    use super::*;

    fn booked(rules: &Rules, start: &str) -> BookedVisit {
        let start = instant(start);
        BookedVisit {
            id: AppointmentId::mint(),
            doctor: rules.doctor,
            clinic: clinic(1),
            visit_type: visit(1, 30).id,
            visit: Interval { start, end: start + SignedDuration::from_mins(30) },
        }
    }

    fn starts(proposals: &[Vec<Slot>]) -> Vec<Vec<String>> {
        proposals.iter().map(|slots| slots.iter().map(|slot| slot.starts_at.to_string()).collect()).collect()
    }

    #[test]
    fn everybody_gets_a_first_time_behind_the_closed_days_before_anybody_gets_a_second() {
        let now = instant("2027-04-01T00:00:00Z");
        let rules = rules_in("UTC").daily("09:00-10:30").with_time_off("2027-04-05T00:00:00Z", "2027-04-07T00:00:00Z");
        let (one, two) = (booked(&rules, "2027-04-05T09:00:00Z"), booked(&rules, "2027-04-06T09:00:00Z"));
        // The later visit is named first: the order of the answer is that of the question.
        let displaced = [Displaced { visit: &two, elsewhere: &[] }, Displaced { visit: &one, elsewhere: &[] }];
        let proposed = starts(&rules.propose(&displaced, &mut vec![one.visit, two.visit].into(), now, 2));
        assert_eq!(proposed[1], ["2027-04-07T09:00:00Z", "2027-04-07T10:00:00Z"]);
        assert_eq!(proposed[0], ["2027-04-07T09:30:00Z", "2027-04-08T09:00:00Z"]);
    }

    #[test]
    fn nobody_is_sent_where_the_patient_is_elsewhere_and_the_end_of_the_horizon_leads_to_earlier_times() {
        let now = instant("2027-04-01T00:00:00Z");
        let mut rules =
            rules_in("UTC").daily("09:00-10:00").with_time_off("2027-04-05T00:00:00Z", "2027-04-07T00:00:00Z");
        let last = booked(&rules, "2027-04-05T09:00:00Z");
        let elsewhere = [interval("2027-04-07T09:10:00Z", "2027-04-07T09:20:00Z")];
        let displaced = [Displaced { visit: &last, elsewhere: &elsewhere }];
        assert_eq!(starts(&rules.propose(&displaced, &mut Occupied::default(), now, 1)), [["2027-04-07T09:30:00Z"]]);
        rules.horizon_days = 5;
        assert_eq!(starts(&rules.propose(&displaced, &mut Occupied::default(), now, 1)), [["2027-04-01T09:00:00Z"]]);
        rules.visit_types.clear();
        assert_eq!(rules.propose(&displaced, &mut Occupied::default(), now, 3), [Vec::new()]);
    }

    proptest! {
        #[test]
        fn all_proposals_can_be_booked_side_by_side(
            starts in prop::collection::btree_set(0..96_i64, 1..25),
            busy in prop::collection::vec((0..9_000_i64, 5..200_i64), 0..20),
            (before, after) in (0..25_u16, 0..25_u16),
            most in 1..4_usize,
        ) {
            let now = instant("2027-03-12T00:00:00Z");
            let rules = rules_in("America/New_York")
                .daily("08:00-12:00 13:00-17:00")
                .with_time_off("2027-03-12T00:00:00Z", "2027-03-16T00:00:00Z")
                .with_visit(|visit| (visit.buffer_before, visit.buffer_after) = (before, after));
            let minutes = SignedDuration::from_mins;
            let busy: Vec<Interval> = busy
                .into_iter()
                .map(|(from, length)| Interval { start: now + minutes(from), end: now + minutes(from + length) })
                .collect();
            let visits: Vec<BookedVisit> = starts
                .into_iter()
                .map(|half| BookedVisit { visit: Interval { start: now + minutes(30 * half), end: now + minutes(30 * half + 30) }, ..booked(&rules, "2027-03-12T00:00:00Z") })
                .collect();
            let displaced: Vec<Displaced> = visits.iter().map(|visit| Displaced { visit, elsewhere: &[] }).collect();
            let proposals = rules.propose(&displaced, &mut busy.clone().into(), now, most);
            let all: Vec<Slot> = proposals.iter().flatten().copied().collect();
            prop_assert_eq!(all.len(), visits.len() * most);
            for (at, slot) in all.iter().enumerate() {
                prop_assert_eq!(rules.check(rules.offered(), slot.starts_at, now), Ok(*slot));
                let own = rules.blocked_by(slot);
                for other in all[..at].iter().map(|other| rules.blocked_by(other)).chain(busy.iter().copied()) {
                    prop_assert!(own.end <= other.start || other.end <= own.start, "{own:?} meets {other:?}");
                }
            }
        }
    }
}
