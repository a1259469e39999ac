use jiff::Timestamp;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use uuid::Uuid;

/// Every choice of the seeder. The algorithm is named, because a library's "standard" one may change with
/// its version and the rows with it.
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    /// The dice of `seed` for one purpose; those of another `stream` are independent of them.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// From `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        if high <= low { low } else { self.0.random_range(low..=high) }
    }

    /// Below `len`; 0 where `len` is 0.
    pub(super) fn index(&mut self, len: usize) -> usize {
        // A width of its own: `usize` would draw differently on a 32-bit machine.
        let len = u64::try_from(len).unwrap_or(u64::MAX);
        if len < 2 { 0 } else { usize::try_from(self.0.random_range(0..len)).unwrap_or(0) }
    }

    /// True in `percent` of all cases.
    pub(super) fn chance(&mut self, percent: i64) -> bool {
        self.between(0, 99) < percent
    }

    /// One of `all`, which must not be empty.
    pub(super) fn pick<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.index(all.len())]
    }

    pub(super) fn shuffle<T>(&mut self, all: &mut [T]) {
        all.shuffle(&mut self.0);
    }

    /// A UUIDv7 of that instant.
    pub(super) fn id(&mut self, at: Timestamp) -> Uuid {
        let mut tail = [0; 10];
        self.0.fill(&mut tail);
        let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_throws_of_the_default_seed_never_change() {
        let mut dice = Dice::new(crate::seed::DEFAULT_SEED, 0);
        let throws: Vec<i64> = (0..8).map(|_| dice.between(0, 999)).collect();
        assert_eq!(throws, [88, 993, 780, 651, 690, 586, 323, 743]);
    }

    #[test]
    fn an_id_has_the_shape_of_a_uuid_of_version_7_and_carries_its_instant() {
        let at: Timestamp = "2026-11-20T12:00:00.5Z".parse().unwrap();
        let id = Dice::new(1, 2).id(at);
        assert_eq!(id.get_version(), Some(uuid::Version::SortRand));
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        let (seconds, nanos) = id.get_timestamp().unwrap().to_unix();
        assert_eq!((seconds, nanos), (at.as_second() as u64, 500_000_000));
    }
}
