//! Rooms and devices of clinics, of which a visit may need one beside the doctor.

use kernel::{ClinicId, Interval, ResourceId};
use serde::Deserialize;

use super::busy::Busy;
use super::rules::Rules;
use super::visit_type::VisitType;
use super::zone_clock::{ceil_second, floor_second};

/// A room or device that new visits may take; one visit at a time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Resource {
    /// Which one.
    pub id: ResourceId,
    /// Where it is.
    #[serde(rename = "clinic_id")]
    pub clinic: ClinicId,
    /// What visit types ask for: a word of the clinic's, see [`is_resource_kind`].
    pub kind: String,
    /// What people call it, e.g. `Room 2`; 1 to 80 characters.
    pub name: String,
}

/// Can this be a kind of rooms or devices: 1 to 40 small letters, digits and dashes, a letter first, e.g. `ultrasound`?
#[must_use]
pub fn is_resource_kind(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// What is taken around a doctor: blocked stretches, the buffers of the visits that exist included, in any order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Occupied {
    /// Of the doctor's time.
    pub doctor: Vec<Interval>,
    /// Of rooms and devices, whoever's visits take them.
    pub resources: Vec<(ResourceId, Interval)>,
}

impl From<Vec<Interval>> for Occupied {
    fn from(doctor: Vec<Interval>) -> Self {
        Self { doctor, resources: Vec::new() }
    }
}

/// [`Occupied`] as the questions about free time take it; stretches alone are of the doctor's time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Taken<'a> {
    pub(super) doctor: &'a [Interval],
    pub(super) resources: &'a [(ResourceId, Interval)],
}

impl<'a> From<&'a Occupied> for Taken<'a> {
    fn from(occupied: &'a Occupied) -> Self {
        Self { doctor: &occupied.doctor, resources: &occupied.resources }
    }
}

impl<'a> From<&'a [Interval]> for Taken<'a> {
    fn from(doctor: &'a [Interval]) -> Self {
        Self { doctor, resources: &[] }
    }
}

impl<'a> From<&'a Vec<Interval>> for Taken<'a> {
    fn from(doctor: &'a Vec<Interval>) -> Self {
        doctor.as_slice().into()
    }
}

impl<'a, const N: usize> From<&'a [Interval; N]> for Taken<'a> {
    fn from(doctor: &'a [Interval; N]) -> Self {
        doctor.as_slice().into()
    }
}

impl Rules {
    /// The rooms or devices of `clinic` that a visit of this type may take, in the order in which they are tried; none
    /// where it needs none, or where the clinic has none.
    pub fn resources_at(&self, visit_type: &VisitType, clinic: ClinicId) -> impl Iterator<Item = &Resource> {
        self.resources
            .iter()
            .filter(move |one| one.clinic == clinic && visit_type.resource_kind.as_ref() == Some(&one.kind))
    }

    /// The rooms and devices that matter for visits of this type, wherever they are.
    #[must_use]
    pub fn resources_for(&self, visit_type: &VisitType) -> Vec<ResourceId> {
        let kind = visit_type.resource_kind.as_ref();
        self.resources.iter().filter(|one| kind == Some(&one.kind)).map(|one| one.id).collect()
    }

    /// The first room or device that a visit of this type which blocks `blocked` at `clinic` could take.
    ///
    /// # Errors
    /// [`NoneFree`] when it needs one and all are taken, at least for a part of that time, or there is none.
    pub fn resource_free<'a>(
        &self,
        visit_type: &VisitType,
        clinic: ClinicId,
        blocked: Interval,
        taken: impl Into<Taken<'a>>,
    ) -> Result<Option<ResourceId>, NoneFree> {
        let mut rooms = Rooms::new(self, visit_type, clinic, taken.into().resources);
        rooms.first_free(floor_second(blocked.start), ceil_second(blocked.end))
    }

    /// When the rooms and devices for such a visit at `clinic` are taken within `span`, by their names.
    #[must_use]
    pub fn resources_taken(
        &self,
        visit_type: &VisitType,
        clinic: ClinicId,
        span: Interval,
        occupied: &Occupied,
    ) -> Vec<(String, Vec<Interval>)> {
        let of = |one: &Resource| {
            let own = occupied.resources.iter().filter(|(id, taken)| *id == one.id && taken.overlaps(&span));
            (one.name.clone(), own.map(|(_, taken)| *taken).collect())
        };
        self.resources_at(visit_type, clinic).map(of).collect()
    }
}

/// A visit needs a room or device, and none is free for all of its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no room or device is free")]
pub struct NoneFree;

/// The rooms or devices of one clinic during a search. Lists, bookings and explanations all ask here.
pub(super) struct Rooms<'a> {
    needed: bool,
    candidates: Vec<(ResourceId, Busy<'a>)>,
}

impl<'a> Rooms<'a> {
    pub(super) fn new(
        rules: &Rules,
        visit_type: &VisitType,
        clinic: ClinicId,
        taken: &'a [(ResourceId, Interval)],
    ) -> Self {
        let busy = |one: &Resource| {
            let own = taken.iter().filter(|(id, _)| *id == one.id).map(|(_, taken)| *taken);
            (one.id, Busy::of(own.collect()))
        };
        let candidates = rules.resources_at(visit_type, clinic).map(busy).collect();
        Self { needed: visit_type.resource_kind.is_some(), candidates }
    }

    /// The first that is free from one second of Unix time to another; nothing where none is needed.
    pub(super) fn first_free(&mut self, start: i64, end: i64) -> Result<Option<ResourceId>, NoneFree> {
        if !self.needed {
            return Ok(None);
        }
        let free = self.candidates.iter_mut().find_map(|(id, busy)| (!busy.touches(start, end)).then_some(*id));
        free.map(Some).ok_or(NoneFree)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use kernel::VisitTypeId;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::super::refusal::Refusal;
    use super::super::sample::{clinic, instant, interval, rules_in};
    use super::super::{ClinicZone, Obstacle};
    use super::*;

    fn room(number: u128, at: u128) -> Resource {
        let id = ResourceId::from_uuid(Uuid::from_u128(number));
        Resource { id, clinic: clinic(at), kind: "room".into(), name: format!("Room {number}") }
    }

    fn needing_a_room(rooms: Vec<Resource>) -> Rules {
        let rules = rules_in("UTC").daily("09:00-12:00").with_visit(|visit| visit.resource_kind = Some("room".into()));
        Rules { resources: rooms, ..rules }
    }

    #[test]
    fn only_small_letters_digits_and_dashes_make_a_kind() {
        for good in ["room", "mri-2", "x", &"a".repeat(40)] {
            assert!(is_resource_kind(good), "{good}");
        }
        for bad in ["", "Room", "2nd", "-x", "a b", "é", &"a".repeat(41)] {
            assert!(!is_resource_kind(bad), "{bad}");
        }
    }

    #[test]
    fn a_clinic_without_such_a_room_offers_nothing_and_a_room_elsewhere_does_not_help() {
        let now = instant("2027-04-01T00:00:00Z");
        let mut lamp = room(1, 1);
        lamp.kind = "lamp".into();
        for rooms in [vec![], vec![lamp], vec![room(2, 2)]] {
            let mut rules = needing_a_room(rooms);
            rules.clinics.push(ClinicZone { id: clinic(2), time_zone: jiff::tz::TimeZone::UTC });
            assert_eq!(rules.on("2027-04-02"), []);
            let asked = rules.check(rules.offered(), instant("2027-04-02T09:00:00Z"), now);
            assert_eq!(asked, Err(Refusal::NoResource));
        }
        // Who needs none is not concerned.
        let rules = needing_a_room(vec![]).with_visit(|visit| visit.resource_kind = None);
        assert_eq!(rules.on("2027-04-02").len(), 6);
    }

    #[test]
    fn two_rooms_that_are_free_half_of_the_time_each_are_not_one_that_is_free() {
        let now = instant("2027-04-01T00:00:00Z");
        let rules = needing_a_room(vec![room(1, 1), room(2, 1)]);
        let (nine, quarter, half) = ("2027-04-02T09:00:00Z", "2027-04-02T09:15:00Z", "2027-04-02T09:30:00Z");
        let mut occupied = Occupied::default();
        occupied.resources.push((room(1, 1).id, interval(nine, quarter)));
        assert!(rules.explain(rules.offered(), instant(nine), &occupied, now).is_ok());
        occupied.resources.push((room(2, 1).id, interval(quarter, half)));
        assert_eq!(rules.explain(rules.offered(), instant(nine), &occupied, now), Err(Obstacle::Resource));
        assert!(rules.explain(rules.offered(), instant(half), &occupied, now).is_ok());
        occupied.doctor.push(interval(nine, half));
        assert_eq!(rules.explain(rules.offered(), instant(nine), &occupied, now), Err(Obstacle::Busy));
    }

    #[test]
    fn of_proposals_that_share_a_room_no_two_are_at_the_same_time() {
        let now = instant("2027-04-01T00:00:00Z");
        let rules = needing_a_room(vec![room(1, 1)]);
        let start = instant("2027-04-02T09:00:00Z");
        let visit = super::super::BookedVisit {
            id: kernel::AppointmentId::mint(),
            doctor: rules.doctor,
            clinic: clinic(1),
            visit_type: VisitTypeId::from_uuid(Uuid::from_u128(1)),
            visit: Interval { start, end: start + SignedDuration::from_mins(30) },
        };
        let displaced = [super::super::Displaced { visit: &visit, elsewhere: &[] }];
        let mut taken = Occupied::default();
        let mine = rules.propose(&displaced, &mut taken, now, 2);
        // A colleague with the same room, whose own time is free.
        taken.doctor.clear();
        let theirs = rules.propose(&displaced, &mut taken, now, 2);
        let starts: std::collections::BTreeSet<_> =
            mine[0].iter().chain(&theirs[0]).map(|slot| slot.starts_at).collect();
        assert_eq!(starts.len(), 4);
    }

    proptest! {
        /// What a list offers, a booking finds a room for; what it does not offer, no room is free for.
        #[test]
        fn a_time_is_offered_if_and_only_if_one_room_is_free_for_all_of_it(
            rooms in 1..4_u128,
            taken in prop::collection::vec((1..4_u128, 0..1_500_i64, 5..120_i64), 0..40),
            own in prop::collection::vec((0..1_500_i64, 5..60_i64), 0..6),
            (before, after) in (0..25_u16, 0..25_u16),
        ) {
            let now = instant("2027-03-12T00:00:00Z");
            let rules = needing_a_room((1..=rooms).map(|number| room(number, 1)).collect())
                .with_visit(|visit| (visit.buffer_before, visit.buffer_after, visit.grid_minutes) = (before, after, 10));
            let stretch = |from: i64, minutes: i64| Interval {
                start: now + SignedDuration::from_mins(from),
                end: now + SignedDuration::from_mins(from + minutes),
            };
            let occupied = Occupied {
                doctor: own.into_iter().map(|(from, minutes)| stretch(from, minutes)).collect(),
                resources: taken
                    .into_iter()
                    .map(|(number, from, minutes)| (room(number, 1).id, stretch(from, minutes)))
                    .collect(),
            };
            let date = "2027-03-12".parse().unwrap();
            let without = rules.free_slots(rules.offered(), &occupied.doctor, now, date, date);
            let offered = rules.free_slots(rules.offered(), &occupied, now, date, date);
            let a_room_is_free = |blocked: Interval| (1..=rooms).any(|number| {
                let id = room(number, 1).id;
                occupied.resources.iter().all(|(of, taken)| *of != id || !taken.overlaps(&blocked))
            });
            let all = rules.free_slots(rules.offered(), &[], now, date, date);
            for slot in all {
                let free = a_room_is_free(rules.blocked_by(&slot));
                // With no room at all taken, `needing_a_room` offers what the doctor's own time allows.
                prop_assert_eq!(offered.contains(&slot), without.contains(&slot) && free, "{:?}", slot);
                let explained = rules.explain(rules.offered(), slot.starts_at, &occupied, now);
                prop_assert_eq!(explained.is_ok(), offered.contains(&slot));
                prop_assert_eq!(explained == Err(Obstacle::Resource), without.contains(&slot) && !free);
            }
            let next = rules.next_free(rules.offered(), &occupied, now, now, offered.len());
            prop_assert_eq!(next, offered.clone());
            prop_assert_eq!(
                rules.first_free(rules.offered(), &occupied, now).slot.filter(|slot| offered.contains(slot)),
                offered.first().copied()
            );
        }
    }
}
