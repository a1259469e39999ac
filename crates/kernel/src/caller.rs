use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Actor, AppointmentId, ClinicId, DoctorId, UserId};

/// What an account is for; an account has exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Books for oneself and for those one looks after.
    Patient,
    /// A practitioner with a profile and a calendar.
    Doctor,
    /// The front desk of one or more clinics.
    Staff,
    /// Runs the installation.
    Admin,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Patient, Self::Doctor, Self::Staff, Self::Admin];

    /// The word for it in tables, tokens and answers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Patient => "patient",
            Self::Doctor => "doctor",
            Self::Staff => "staff",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The text names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not one of patient, doctor, staff, admin")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.word() == text).ok_or(UnknownRole)
    }
}

/// Who asks, and how far that person reaches: what every use case decides by.
///
/// The driving adapter finds it out anew for each request, so that a lost membership or role counts at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    actor: Actor,
    doctor: Option<DoctorId>,
    clinics: Arc<[ClinicId]>,
}

impl Caller {
    fn bare(actor: Actor) -> Self {
        Self { actor, doctor: None, clinics: Arc::default() }
    }

    /// Somebody who is not signed in.
    #[must_use]
    pub fn guest() -> Self {
        Self::bare(Actor::Guest)
    }

    /// The bearer of one appointment's link.
    #[must_use]
    pub fn link_holder(appointment: AppointmentId) -> Self {
        Self::bare(Actor::LinkHolder(appointment))
    }

    /// Doktolib itself.
    #[must_use]
    pub fn system() -> Self {
        Self::bare(Actor::System)
    }

    /// A signed-in patient.
    #[must_use]
    pub fn patient(user: UserId) -> Self {
        Self::bare(Actor::Patient(user))
    }

    /// A signed-in doctor with this profile, a member of these clinics.
    #[must_use]
    pub fn doctor(user: UserId, profile: DoctorId, clinics: impl Into<Arc<[ClinicId]>>) -> Self {
        Self { actor: Actor::Doctor(user), doctor: Some(profile), clinics: clinics.into() }
    }

    /// The front desk of these clinics.
    #[must_use]
    pub fn staff(user: UserId, clinics: impl Into<Arc<[ClinicId]>>) -> Self {
        Self { actor: Actor::Staff(user), doctor: None, clinics: clinics.into() }
    }

    /// An administrator.
    #[must_use]
    pub fn admin(user: UserId) -> Self {
        Self::bare(Actor::Admin(user))
    }

    /// As the audit trail names the caller.
    #[must_use]
    pub const fn actor(&self) -> Actor {
        self.actor
    }

    /// The account, where somebody is signed in.
    #[must_use]
    pub const fn user(&self) -> Option<UserId> {
        match self.actor {
            Actor::Patient(id) | Actor::Doctor(id) | Actor::Staff(id) | Actor::Admin(id) => Some(id),
            Actor::Guest | Actor::LinkHolder(_) | Actor::System => None,
        }
    }

    /// The role, where somebody is signed in.
    #[must_use]
    pub const fn role(&self) -> Option<Role> {
        match self.actor {
            Actor::Patient(_) => Some(Role::Patient),
            Actor::Doctor(_) => Some(Role::Doctor),
            Actor::Staff(_) => Some(Role::Staff),
            Actor::Admin(_) => Some(Role::Admin),
            Actor::Guest | Actor::LinkHolder(_) | Actor::System => None,
        }
    }

    /// The profile of a signed-in doctor.
    #[must_use]
    pub const fn profile(&self) -> Option<DoctorId> {
        self.doctor
    }

    /// The clinics of which a doctor or a front desk is a member.
    #[must_use]
    pub fn clinics(&self) -> &[ClinicId] {
        &self.clinics
    }

    /// Is this the signed-in doctor of that profile?
    #[must_use]
    pub fn is_doctor(&self, profile: DoctorId) -> bool {
        self.doctor == Some(profile)
    }

    /// Is this the front desk of that clinic? A doctor's membership does not make a front desk.
    #[must_use]
    pub fn is_staff_of(&self, clinic: ClinicId) -> bool {
        matches!(self.actor, Actor::Staff(_)) && self.clinics.contains(&clinic)
    }

    /// Is this an administrator?
    #[must_use]
    pub const fn is_admin(&self) -> bool {
        matches!(self.actor, Actor::Admin(_))
    }

    /// Doktolib itself?
    #[must_use]
    pub const fn is_system(&self) -> bool {
        matches!(self.actor, Actor::System)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_found_by_its_word_and_nothing_else_is() {
        for role in Role::ALL {
            assert_eq!(role.word().parse(), Ok(role));
        }
        assert_eq!("Admin".parse::<Role>(), Err(UnknownRole));
    }

    #[test]
    fn a_doctor_of_a_clinic_is_not_its_front_desk() {
        let clinic = ClinicId::mint();
        let doctor = Caller::doctor(UserId::mint(), DoctorId::mint(), vec![clinic]);
        assert!(!doctor.is_staff_of(clinic));
        assert!(Caller::staff(UserId::mint(), vec![clinic]).is_staff_of(clinic));
        assert!(!Caller::staff(UserId::mint(), vec![clinic]).is_staff_of(ClinicId::mint()));
    }

    #[test]
    fn who_is_not_signed_in_has_neither_account_nor_role() {
        for caller in [Caller::guest(), Caller::system(), Caller::link_holder(AppointmentId::mint())] {
            assert!(caller.user().is_none() && caller.role().is_none() && caller.clinics().is_empty());
        }
    }
}
