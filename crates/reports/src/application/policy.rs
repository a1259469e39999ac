//! The one place that decides whose figures somebody sees.

use kernel::{Actor, Caller, ClinicId, DoctorId};

/// How far somebody reaches among figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// All of them.
    All,
    /// Those of these clinics: of the whole, and of each doctor there.
    Clinics(Vec<ClinicId>),
    /// Those of this doctor, at every clinic; not of the clinics as a whole, which tell of colleagues.
    Doctor(DoctorId),
    /// None.
    Nothing,
}

impl Reach {
    /// How far the caller reaches.
    #[must_use]
    pub fn of(caller: &Caller) -> Self {
        match caller.actor() {
            Actor::Admin(_) => Self::All,
            Actor::Staff(_) => Self::Clinics(caller.clinics().to_vec()),
            Actor::Doctor(_) => caller.profile().map_or(Self::Nothing, Self::Doctor),
            Actor::Guest | Actor::LinkHolder(_) | Actor::Patient(_) | Actor::System => Self::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::UserId;

    use super::*;

    #[test]
    fn patients_and_strangers_see_nothing_and_doctors_nothing_of_colleagues() {
        let (user, doctor, clinic) = (UserId::mint(), DoctorId::mint(), ClinicId::mint());
        for (caller, reach) in [
            (Caller::admin(user), Reach::All),
            (Caller::staff(user, vec![clinic]), Reach::Clinics(vec![clinic])),
            (Caller::doctor(user, doctor, vec![clinic]), Reach::Doctor(doctor)),
            (Caller::patient(user), Reach::Nothing),
            (Caller::guest(), Reach::Nothing),
            (Caller::system(), Reach::Nothing),
        ] {
            assert_eq!(Reach::of(&caller), reach, "{caller:?}");
        }
    }
}
