//! What is sent, to which record.

use files::infrastructure::http::FileLinks;
use serde_json::{Value, json};

use super::callers::{Caller, VISIT};
use crate::app::{ada, doctor, id, secret, visit_type};
use crate::prescriptions::{PRESCRIBED, medicine};

/// What is there before anybody asks.
pub struct Staged {
    /// A sign-in of patient 1.
    pub session: String,
    /// The hash that stands on a prescription's paper.
    pub hash: String,
}

/// The request to one record.
#[derive(Default)]
pub struct Ask {
    /// What stands for the first parameter in the path.
    pub id: String,
    /// What stands for the second one.
    pub part: String,
    /// What stands for the third one.
    pub rest: String,
    /// The letter of such ids that belong to nobody, where somebody else's record must look like none.
    pub kind: Option<char>,
    pub body: Option<Value>,
    /// The field of the body that names the record, where the path does not; that of another one is answered with 422.
    pub field: Option<&'static str>,
    /// Even who may do it is refused, for want of a code or a password, or because of what the record is like.
    pub hindered: bool,
}

impl Ask {
    pub(super) fn of(id: String, kind: char) -> Self {
        Self { id, kind: Some(kind), ..Self::default() }
    }

    pub(super) fn with(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }
}

pub(super) fn clinic(_: &Staged, _: Caller) -> Ask {
    Ask::of(id('c', 1), 'c')
}

pub(super) fn webhook(staged: &Staged, caller: Caller) -> Ask {
    Ask { part: id('7', 6), rest: id('7', 7), ..clinic(staged, caller) }
}

pub(super) fn day(staged: &Staged, caller: Caller) -> Ask {
    Ask { part: "2027-03-16".to_owned(), ..a_doctor(staged, caller) }
}

pub(super) fn offer(staged: &Staged, caller: Caller) -> Ask {
    Ask { part: visit_type(1, 2), ..a_doctor(staged, caller) }
}

pub(super) fn new_doctor(_: &Staged, _: Caller) -> Ask {
    let body = json!({"clinic_id": id('c', 1), "specialty": "cardiology", "first_name": "Noor", "last_name": "Example",
                      "consultation_price": 100, "years_experience": 2, "languages": ["en"]});
    Ask { field: Some("clinic_id"), ..Ask::default().with(body) }
}

pub(super) fn nothing(_: &Staged, _: Caller) -> Ask {
    Ask::default()
}

pub(super) fn visit(_: &Staged, _: Caller) -> Ask {
    Ask::of(id('a', VISIT), 'a')
}

pub(super) fn patient(_: &Staged, _: Caller) -> Ask {
    Ask::of(id('b', 1), 'b')
}

pub(super) fn waitlist_offer(_: &Staged, _: Caller) -> Ask {
    Ask::of(id('8', 1), '8')
}

pub(super) fn joining(_: &Staged, caller: Caller) -> Ask {
    let body = json!({"doctor_id": doctor(1), "visit_type_id": visit_type(1, 1), "patient_id": id('b', 1),
                      "from_date": "2027-03-09", "to_date": "2027-03-31"});
    let field = if caller == Caller::OtherPatient { "patient_id" } else { "doctor_id" };
    Ask { field: Some(field), ..Ask::default().with(body) }
}

pub(super) fn series(staged: &Staged, caller: Caller) -> Ask {
    let body = json!({"doctor_id": doctor(1), "patient_id": id('b', 1), "starts_at": "2027-03-23T09:00:00-04:00",
                      "rrule": "FREQ=WEEKLY;COUNT=2"});
    joining(staged, caller).with(body)
}

pub(super) fn prescription(_: &Staged, _: Caller) -> Ask {
    Ask::of(id('6', PRESCRIBED), '6')
}

pub(super) fn medicines() -> Value {
    json!({"medicines": [medicine("Demotab 20 mg")]})
}

pub(super) fn a_doctor(_: &Staged, _: Caller) -> Ask {
    Ask::of(doctor(1), 'd')
}

/// Guests say who they are; who is signed in says whom it is for.
pub(super) fn booking(_: &Staged, caller: Caller) -> Ask {
    let free = "2027-03-09T09:00:00-05:00";
    let body = if caller.is_guest() {
        ada(1, free)
    } else {
        json!({"doctor_id": doctor(1), "starts_at": free, "patient_id": id('b', 1)})
    };
    let field = if caller == Caller::OtherPatient { "patient_id" } else { "doctor_id" };
    Ask { field: Some(field), ..Ask::default().with(body) }
}

pub(super) fn paper() -> Ask {
    Ask::of(id('7', 8), '7')
}

pub(super) fn link_to_paper() -> String {
    let links = FileLinks::new(&secret(), "");
    let link = links.link(id('7', 9).parse().unwrap(), "2027-03-08T06:00:00Z".parse().unwrap());
    link.rsplit('/').next().unwrap().to_owned()
}

/// A password that is good enough.
pub(super) const GOOD: &str = "vexing quilt over a lamp";

pub(super) fn user() -> Ask {
    Ask::of(id('9', 101), '9')
}

pub(super) fn hindered(body: Value) -> Ask {
    Ask { hindered: true, ..Ask::default().with(body) }
}
