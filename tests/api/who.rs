//! People of the fixed set who are signed in, without a real sign-in: a badge says who it is.

use kernel::{Caller, ClinicId, DoctorId, SessionId, UserId};
use platform::http::admission::{Doorkeeper, Extent, Shown, SignedIn, Turned};
use uuid::Uuid;

use crate::app::{doctor, id};

/// Somebody of the fixed set who is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The user who is patient `n` (1–20 but 4, a child whom the user of 3 looks after).
    Patient(u32),
    /// The user of doctor `n` (1–5).
    Doctor(u32),
    /// The front desk of clinic `n` (1–2).
    Staff(u32),
    Admin,
}

impl Who {
    /// The id of the account.
    pub fn user(self) -> String {
        let number = match self {
            Self::Doctor(n) => n,
            Self::Staff(n) => 10 + n,
            Self::Admin => 21,
            Self::Patient(n) => 100 + n,
        };
        id('9', number)
    }

    /// The value of `Authorization`.
    pub fn bearer(self) -> (&'static str, String) {
        let (role, number) = match self {
            Self::Patient(n) => ("patient", n),
            Self::Doctor(n) => ("doctor", n),
            Self::Staff(n) => ("staff", n),
            Self::Admin => ("admin", 0),
        };
        ("authorization", format!("Bearer {role}.{number}"))
    }
}

/// Reads what [`Who::bearer`] writes.
pub struct Badges;

#[async_trait::async_trait]
impl Doorkeeper for Badges {
    async fn admit(&self, shown: Shown) -> Result<SignedIn, Turned> {
        let Shown::Bearer(badge) = shown else { return Err(Turned::NotSignedIn) };
        let (extent, badge) = match badge.strip_prefix("half ") {
            Some(badge) => (Extent::SecondFactorSetup, badge),
            None => (Extent::Full, badge.as_str()),
        };
        let (role, number) = badge.split_once('.').ok_or(Turned::NotSignedIn)?;
        let number: u32 = number.parse().map_err(|_| Turned::NotSignedIn)?;
        let uuid = |text: String| text.parse::<Uuid>().unwrap();
        let user = |who: Who| UserId::from_uuid(uuid(who.user()));
        let clinic = |number| vec![ClinicId::from_uuid(uuid(id('c', number)))];
        let caller = match role {
            "patient" => Caller::patient(user(Who::Patient(number))),
            "doctor" => {
                let profile = DoctorId::from_uuid(uuid(doctor(number)));
                Caller::doctor(user(Who::Doctor(number)), profile, clinic(if number < 4 { 1 } else { 2 }))
            }
            "staff" => Caller::staff(user(Who::Staff(number)), clinic(number)),
            "admin" => Caller::admin(user(Who::Admin)),
            _ => return Err(Turned::NotSignedIn),
        };
        Ok(SignedIn { caller, session: SessionId::mint(), extent })
    }
}
