//! Everybody who may knock, seen from one record: a visit of patient 1 with doctor 1 at clinic 1.

use actix_web::test::TestRequest;

use crate::app::{Who, id, link};

/// The visit.
pub const VISIT: u32 = 12109;

/// How somebody stands to the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    Anonymous,
    Owner,
    OtherPatient,
    Doctor,
    DoctorOfTheClinic,
    DoctorElsewhere,
    Staff,
    StaffElsewhere,
    Admin,
    LinkHolder,
    OtherLinkHolder,
    SettingUp,
}

/// All, in the order of the table's columns.
pub const CALLERS: [Caller; 12] = [
    Caller::Anonymous,
    Caller::Owner,
    Caller::OtherPatient,
    Caller::Doctor,
    Caller::DoctorOfTheClinic,
    Caller::DoctorElsewhere,
    Caller::Staff,
    Caller::StaffElsewhere,
    Caller::Admin,
    Caller::LinkHolder,
    Caller::OtherLinkHolder,
    Caller::SettingUp,
];

impl Caller {
    /// Its column's head.
    pub fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "nobody",
            Self::Owner => "own patient",
            Self::OtherPatient => "other patient",
            Self::Doctor => "own doctor",
            Self::DoctorOfTheClinic => "doctor, same clinic",
            Self::DoctorElsewhere => "doctor, other clinic",
            Self::Staff => "staff",
            Self::StaffElsewhere => "staff, other clinic",
            Self::Admin => "admin",
            Self::LinkHolder => "link",
            Self::OtherLinkHolder => "other link",
            Self::SettingUp => "setting up",
        }
    }

    fn who(self) -> Option<Who> {
        Some(match self {
            Self::Owner => Who::Patient(1),
            Self::OtherPatient => Who::Patient(2),
            Self::Doctor => Who::Doctor(1),
            Self::DoctorOfTheClinic => Who::Doctor(2),
            Self::DoctorElsewhere => Who::Doctor(4),
            Self::Staff => Who::Staff(1),
            Self::StaffElsewhere => Who::Staff(2),
            Self::Admin => Who::Admin,
            Self::Anonymous | Self::LinkHolder | Self::OtherLinkHolder | Self::SettingUp => return None,
        })
    }

    /// Is nobody signed in?
    pub fn is_guest(self) -> bool {
        self.who().is_none() && self != Self::SettingUp
    }

    fn token(self) -> Option<String> {
        let visit = match self {
            Self::LinkHolder => VISIT,
            Self::OtherLinkHolder => 12110,
            _ => return None,
        };
        link(&id('a', visit), "").split_once("?token=").map(|(_, token)| token.to_owned())
    }

    /// The request as this caller sends it. A link's token goes where links are taken; elsewhere it is tried as a
    /// sign-in.
    pub fn sends(self, uri: &str, takes_links: bool) -> TestRequest {
        let bearer = |badge: &str| ("authorization", format!("Bearer {badge}"));
        match (self.token(), self.who()) {
            (Some(token), _) if takes_links => TestRequest::with_uri(&format!("{uri}?token={token}")),
            (Some(token), _) => TestRequest::with_uri(uri).insert_header(bearer(&token)),
            (None, Some(who)) => TestRequest::with_uri(uri).insert_header(who.bearer()),
            (None, None) if self == Self::SettingUp => {
                TestRequest::with_uri(uri).insert_header(bearer("half doctor.1"))
            }
            (None, None) => TestRequest::with_uri(uri),
        }
    }
}
