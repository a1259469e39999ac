use kernel::{Interval, ResourceId};

use super::Appointment;

/// A room or device of a clinic, as far as visits are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Which one.
    pub id: ResourceId,
    /// What people call it, e.g. `Room 2`.
    pub name: String,
}

/// What a visit takes of its clinic beside the doctor's time, and for the same stretch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Room {
    /// Nothing.
    #[default]
    Nothing,
    /// One of these, the first that is free; the store settles which, in the transaction that takes the time.
    OneOf(Vec<Resource>),
    /// This one, under the name it had when it was taken.
    Taken(Resource),
}

impl Room {
    /// One of these; nothing where there are none.
    #[must_use]
    pub fn of(candidates: Vec<Resource>) -> Self {
        if candidates.is_empty() { Self::Nothing } else { Self::OneOf(candidates) }
    }

    /// The one that is taken.
    #[must_use]
    pub const fn taken(&self) -> Option<&Resource> {
        match self {
            Self::Taken(resource) => Some(resource),
            Self::Nothing | Self::OneOf(_) => None,
        }
    }

    /// All that may be taken, or is.
    #[must_use]
    pub fn candidates(&self) -> &[Resource] {
        match self {
            Self::Nothing => &[],
            Self::OneOf(candidates) => candidates,
            Self::Taken(resource) => std::slice::from_ref(resource),
        }
    }

    /// The same, with what the visit has now tried first.
    #[must_use]
    pub fn preferring(self, present: &Self) -> Self {
        match (self, present.taken()) {
            (Self::OneOf(mut candidates), Some(present)) => {
                candidates.sort_by_key(|one| one.id != present.id);
                Self::OneOf(candidates)
            }
            (other, _) => other,
        }
    }
}

impl Appointment {
    /// The room or device it has, and for how long.
    #[must_use]
    pub fn room_taken(&self) -> Option<(ResourceId, Interval)> {
        self.room.taken().map(|resource| (resource.id, self.blocked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_that_moves_keeps_its_room_where_it_may_and_the_order_is_kept_else() {
        let rooms: Vec<Resource> =
            ["1", "2", "3"].map(|name| Resource { id: ResourceId::mint(), name: name.into() }).into();
        let names = |room: &Room| room.candidates().iter().map(|one| one.name.clone()).collect::<String>();
        let second = Room::Taken(rooms[1].clone());
        assert_eq!(names(&Room::of(rooms.clone()).preferring(&second)), "213");
        let gone = Room::Taken(Resource { id: ResourceId::mint(), name: "gone".into() });
        assert_eq!(names(&Room::of(rooms.clone()).preferring(&gone)), "123");
        assert_eq!(Room::of(Vec::new()).preferring(&second), Room::Nothing);
        assert_eq!(names(&second), "2");
    }
}
