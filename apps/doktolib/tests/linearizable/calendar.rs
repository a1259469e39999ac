//! What a calendar is, told without any of its code: the judge of every history.

use std::fmt;

use todc_utils::{Action, History, Specification, WGLChecker};

/// Times of one calendar that the clients fight for.
pub const TIMES: usize = 4;

/// A visit by the number of the wish that booked it.
pub type Visit = u32;

/// Something that a client asked of the calendar, with what it was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Not answered yet.
    Asked,
    /// The list of free times held exactly these.
    Saw([bool; TIMES]),
    /// The visit has that time.
    Booked(Visit, usize),
    /// Somebody else has it.
    Refused(usize),
    /// The visit has no time any more.
    Cancelled(Visit),
    /// The visit has that time in place of its own.
    Moved(Visit, usize),
    /// It keeps its own, since somebody else has that one.
    Kept(Visit, usize),
    /// It cannot be moved: it is called off.
    Gone(Visit),
}

/// A calendar: who has which time. Every deed takes effect at one instant between its question and its answer.
pub struct Calendar;

impl Specification for Calendar {
    type State = [Option<Visit>; TIMES];
    type Operation = Deed;

    fn init() -> Self::State {
        [None; TIMES]
    }

    fn apply(deed: &Deed, state: &Self::State) -> (bool, Self::State) {
        let mut next = *state;
        let of = |visit: Visit| state.iter().position(|taken| *taken == Some(visit));
        let possible = match *deed {
            Deed::Asked => false,
            Deed::Saw(free) => state.map(|taken| taken.is_none()) == free,
            Deed::Booked(visit, time) => {
                next[time] = Some(visit);
                state[time].is_none()
            }
            Deed::Refused(time) => state[time].is_some(),
            Deed::Cancelled(visit) => {
                if let Some(own) = of(visit) {
                    next[own] = None;
                }
                true
            }
            Deed::Moved(visit, to) => match of(visit) {
                None => false,
                Some(own) => {
                    next[own] = None;
                    next[to] = Some(visit);
                    state[to].is_none() || own == to
                }
            },
            Deed::Kept(visit, to) => of(visit).is_some_and(|own| own != to) && state[to].is_some(),
            Deed::Gone(visit) => of(visit).is_none(),
        };
        (possible, next)
    }
}

/// Questions and answers of all clients, in the order in which they went out and came in.
#[derive(Clone, Default)]
pub struct Record(Vec<(usize, Action<Deed>)>);

impl Record {
    pub fn asked(&mut self, client: usize) {
        self.0.push((client, Action::Call(Deed::Asked)));
    }

    /// `None` takes the question back: it was about nothing, since a list that never came tells nothing.
    pub fn answered(&mut self, client: usize, deed: Option<Deed>) {
        match deed {
            Some(deed) => self.0.push((client, Action::Response(deed))),
            None => {
                let question = self.0.iter().rposition(|(asker, _)| *asker == client).unwrap();
                self.0.remove(question);
            }
        }
    }

    /// Is there an order of the deeds, each between its question and its answer, that one calendar could have lived
    /// through?
    pub fn could_be(&self) -> bool {
        self.0.is_empty() || WGLChecker::<Calendar>::is_linearizable(History::from_actions(self.0.clone()))
    }

    pub fn deeds(&self) -> usize {
        self.0.len() / 2
    }

    pub fn count(&self, which: fn(&Deed) -> bool) -> usize {
        self.0.iter().filter(|(_, action)| matches!(action, Action::Response(deed) if which(deed))).count()
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (client, action) in &self.0 {
            match action {
                Action::Call(_) => writeln!(f, "client {client:2} asks")?,
                Action::Response(deed) => writeln!(f, "client {client:2} hears {deed:?}")?,
            }
        }
        Ok(())
    }
}

mod tests {
    use super::{Deed, Record};

    /// Each deed after the other.
    fn one_by_one(deeds: &[Deed]) -> Record {
        let mut record = Record::default();
        for deed in deeds {
            record.asked(0);
            record.answered(0, Some(*deed));
        }
        record
    }

    #[test]
    fn the_judge_lets_a_calendar_pass_and_finds_each_kind_of_lie() {
        let (free, first_taken) = ([true; 4], [false, true, true, true]);
        for truth in [
            &[Deed::Saw(free), Deed::Booked(1, 0), Deed::Refused(0), Deed::Saw(first_taken), Deed::Cancelled(1)][..],
            &[Deed::Booked(1, 0), Deed::Booked(2, 1), Deed::Kept(1, 1), Deed::Moved(1, 2), Deed::Booked(3, 0)],
            &[Deed::Booked(1, 0), Deed::Cancelled(1), Deed::Cancelled(1), Deed::Gone(1), Deed::Saw(free)],
            &[Deed::Booked(1, 3), Deed::Moved(1, 3)],
        ] {
            assert!(one_by_one(truth).could_be(), "{truth:?}");
        }
        for lie in [
            &[Deed::Booked(1, 0), Deed::Booked(2, 0)][..],
            &[Deed::Refused(0)],
            &[Deed::Booked(1, 0), Deed::Saw(free)],
            &[Deed::Booked(1, 0), Deed::Cancelled(1), Deed::Saw(first_taken)],
            &[Deed::Booked(1, 0), Deed::Booked(2, 1), Deed::Moved(1, 1)],
            &[Deed::Booked(1, 0), Deed::Moved(1, 1), Deed::Refused(0)],
            &[Deed::Booked(1, 0), Deed::Cancelled(1), Deed::Moved(1, 1)],
            &[Deed::Booked(1, 0), Deed::Gone(1)],
            &[Deed::Booked(1, 0), Deed::Kept(1, 1)],
            &[Deed::Asked],
        ] {
            assert!(!one_by_one(lie).could_be(), "{lie:?}");
        }
    }

    #[test]
    fn deeds_at_the_same_time_may_come_in_any_order_and_later_ones_may_not() {
        let mut at_once = Record::default();
        at_once.asked(0);
        at_once.asked(1);
        at_once.answered(1, Some(Deed::Refused(0)));
        at_once.answered(0, Some(Deed::Booked(1, 0)));
        assert!(at_once.could_be(), "the booking took effect before its answer came");
        assert!(!one_by_one(&[Deed::Refused(0), Deed::Booked(1, 0)]).could_be());
    }
}
