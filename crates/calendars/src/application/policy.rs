//! The one place that decides who may open calendars to the outside.

use kernel::{Actor, Caller, PortFailure};

use super::ports::Places;
use crate::domain::Owner;

/// May this caller open, see and close feeds of that owner, and name calendars that block its time? Patients their own;
/// doctors their own, front desks those of who works at their clinics, administrators all. What is refused is answered
/// as if it did not exist.
pub(super) async fn reaches(places: &dyn Places, caller: &Caller, owner: Owner) -> Result<bool, PortFailure> {
    match (owner, caller.actor()) {
        (Owner::User(user), Actor::Patient(asking)) => Ok(user == asking),
        (Owner::Doctor(doctor), Actor::Doctor(_)) => Ok(caller.is_doctor(doctor)),
        (Owner::Doctor(doctor), Actor::Staff(_)) => {
            let at = places.clinics_of(doctor).await?;
            Ok(at.iter().any(|clinic| caller.is_staff_of(*clinic)))
        }
        (Owner::Doctor(doctor), Actor::Admin(_)) => Ok(!places.clinics_of(doctor).await?.is_empty()),
        (Owner::User(_) | Owner::Doctor(_), _) => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, DoctorId, UserId};

    use super::super::ports::MockPlaces;
    use super::*;

    #[tokio::test]
    async fn everybody_reaches_as_far_as_the_calendar_is_theirs_to_run() {
        let (user, doctor, clinic) = (UserId::mint(), DoctorId::mint(), ClinicId::mint());
        let mut places = MockPlaces::new();
        places.expect_clinics_of().returning(move |asked| Ok(if asked == doctor { vec![clinic] } else { vec![] }));
        for (caller, own, calendar) in [
            (Caller::patient(user), true, false),
            (Caller::patient(UserId::mint()), false, false),
            (Caller::doctor(user, doctor, vec![]), false, true),
            (Caller::doctor(user, DoctorId::mint(), vec![clinic]), false, false),
            (Caller::staff(user, vec![clinic]), false, true),
            (Caller::staff(user, vec![ClinicId::mint()]), false, false),
            (Caller::admin(user), false, true),
            (Caller::guest(), false, false),
            (Caller::system(), false, false),
        ] {
            assert_eq!(reaches(&places, &caller, Owner::User(user)).await.unwrap(), own, "{caller:?}");
            assert_eq!(reaches(&places, &caller, Owner::Doctor(doctor)).await.unwrap(), calendar, "{caller:?}");
        }
        assert!(!reaches(&places, &Caller::admin(user), Owner::Doctor(DoctorId::mint())).await.unwrap());
    }
}
