//! The one place that decides who runs a clinic's webhooks.

use kernel::{Caller, ClinicId};

/// Its front desk, and administrators. Everybody else hears that there is nothing.
pub(super) fn runs(caller: &Caller, clinic: ClinicId) -> bool {
    caller.is_admin() || caller.is_staff_of(clinic)
}

#[cfg(test)]
mod tests {
    use kernel::{DoctorId, UserId};

    use super::*;

    #[test]
    fn the_front_desk_of_the_clinic_and_administrators_run_its_webhooks_and_nobody_else_does() {
        let own = ClinicId::mint();
        for (caller, may) in [
            (Caller::staff(UserId::mint(), vec![own]), true),
            (Caller::admin(UserId::mint()), true),
            (Caller::staff(UserId::mint(), vec![ClinicId::mint()]), false),
            (Caller::doctor(UserId::mint(), DoctorId::mint(), vec![own]), false),
            (Caller::patient(UserId::mint()), false),
            (Caller::guest(), false),
            (Caller::system(), false),
        ] {
            assert_eq!(runs(&caller, own), may, "{caller:?}");
        }
    }
}
