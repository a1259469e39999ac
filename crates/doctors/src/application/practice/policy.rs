//! Who runs which doctor's calendar, and which clinic.

use kernel::{Caller, ClinicId, Role};

use super::ports::DoctorRecord;

/// As what somebody reaches a doctor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// The doctor in person.
    Own,
    /// The front desk of a clinic of the doctor's.
    Desk,
    /// An administrator.
    Admin,
}

/// Who runs this doctor's hours, visit types, overrides and time off: the doctor, the front desk of a clinic where
/// the doctor works, an administrator. Everybody else hears that there is no such doctor.
pub(super) fn calendar(caller: &Caller, doctor: &DoctorRecord) -> Option<Standing> {
    let at_desk = |clinic: &ClinicId| caller.is_staff_of(*clinic);
    profile(caller, doctor).or_else(|| doctor.workplaces.iter().any(at_desk).then_some(Standing::Desk))
}

/// Who edits this doctor's profile: the doctor, the front desk of the clinic the doctor is listed under, an
/// administrator.
pub(super) fn profile(caller: &Caller, doctor: &DoctorRecord) -> Option<Standing> {
    if caller.is_admin() {
        Some(Standing::Admin)
    } else if caller.is_doctor(doctor.id) {
        Some(Standing::Own)
    } else {
        caller.is_staff_of(doctor.profile.clinic).then_some(Standing::Desk)
    }
}

/// Who runs this clinic: its front desk, an administrator.
pub(super) fn clinic(caller: &Caller, clinic: ClinicId) -> bool {
    caller.is_admin() || caller.is_staff_of(clinic)
}

/// Who sees what a clinic shows to those who work there.
pub(super) fn works_at(caller: &Caller, clinic: ClinicId) -> bool {
    let team = matches!(caller.role(), Some(Role::Doctor | Role::Staff));
    caller.is_admin() || team && caller.clinics().contains(&clinic)
}

/// The clinics at which the caller may open hours of a doctor: `None` is all. A doctor's are those of the doctor's
/// account and those where the doctor works already.
pub(super) fn clinics_within_reach(caller: &Caller, doctor: &DoctorRecord) -> Option<Vec<ClinicId>> {
    if caller.is_admin() {
        return None;
    }
    let mut within = caller.clinics().to_vec();
    if caller.is_doctor(doctor.id) {
        within.push(doctor.profile.clinic);
        within.extend(&doctor.workplaces);
    }
    Some(within)
}

/// Fields of a profile that are not the doctor's own to change: what one is trained in, and whether one is listed.
pub(super) const NOT_ONES_OWN: [&str; 2] = ["specialty", "active"];
/// Fields of a clinic that are not its front desk's to change: where its clocks are, and whether it is open at all.
pub(super) const NOT_THE_DESKS: [&str; 3] = ["city", "time_zone", "active"];

/// Those of `changed` that are among `closed`.
pub(super) fn refused(changed: &[&'static str], closed: &[&'static str]) -> Vec<&'static str> {
    changed.iter().filter(|field| closed.contains(field)).copied().collect()
}

#[cfg(test)]
mod tests {
    use kernel::{DoctorId, UserId};

    use super::super::test_data::doctor_at;
    use super::*;

    #[test]
    fn everybody_reaches_as_far_as_the_table_of_roles_says() {
        let (home, second, other) = (ClinicId::mint(), ClinicId::mint(), ClinicId::mint());
        let doctor = DoctorRecord { workplaces: vec![second], ..doctor_at(home) };
        let staff = |clinic| Caller::staff(UserId::mint(), vec![clinic]);
        let own = Caller::doctor(UserId::mint(), doctor.id, vec![home]);
        let colleague = Caller::doctor(UserId::mint(), DoctorId::mint(), vec![home]);
        for (caller, over_profile, over_calendar) in [
            (own, Some(Standing::Own), Some(Standing::Own)),
            (colleague, None, None),
            (staff(home), Some(Standing::Desk), Some(Standing::Desk)),
            (staff(second), None, Some(Standing::Desk)),
            (staff(other), None, None),
            (Caller::admin(UserId::mint()), Some(Standing::Admin), Some(Standing::Admin)),
            (Caller::patient(UserId::mint()), None, None),
            (Caller::guest(), None, None),
            (Caller::system(), None, None),
        ] {
            assert_eq!(profile(&caller, &doctor), over_profile, "{caller:?}");
            assert_eq!(calendar(&caller, &doctor), over_calendar, "{caller:?}");
        }
    }

    #[test]
    fn a_member_of_a_clinic_does_not_run_it_unless_at_its_desk() {
        let home = ClinicId::mint();
        assert!(clinic(&Caller::staff(UserId::mint(), vec![home]), home));
        assert!(clinic(&Caller::admin(UserId::mint()), home));
        assert!(!clinic(&Caller::doctor(UserId::mint(), DoctorId::mint(), vec![home]), home));
        assert!(!clinic(&Caller::staff(UserId::mint(), vec![ClinicId::mint()]), home));
    }
}
