//! The one place that decides whose figures somebody sees.

use kernel::{Actor, Caller, ClinicId, DoctorId};

use crate::domain::Report;

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

/// Of the clinics where a doctor works, those that a report for this caller tells of; none for who gets no report.
pub(super) fn covered(caller: &Caller, doctor: DoctorId, works_at: Vec<ClinicId>) -> Vec<ClinicId> {
    match Reach::of(caller) {
        Reach::All => works_at,
        Reach::Doctor(own) if own == doctor => works_at,
        Reach::Clinics(own) => works_at.into_iter().filter(|clinic| own.contains(clinic)).collect(),
        Reach::Doctor(_) | Reach::Nothing => Vec::new(),
    }
}

/// May the caller have this report? Front desks only where it tells of nothing but their clinics.
pub(super) fn reads(caller: &Caller, report: &Report) -> bool {
    match Reach::of(caller) {
        Reach::All => true,
        Reach::Doctor(own) => own == report.doctor,
        Reach::Clinics(own) => report.clinics.iter().all(|clinic| own.contains(clinic)),
        Reach::Nothing => false,
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
