//! What a booking says, by who books: each has fields of its own, and the others' are unknown to it.

use actix_web::dev::Payload;
use actix_web::{FromRequest as _, HttpRequest};
use kernel::{Caller, ClinicId, DoctorId, PatientId, Role, VisitTypeId};
use platform::http::{Body, FieldError, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::bodies::{Instant, When};
use crate::application::{Ask, Booking, OutsideHours, RequestedStart, Whom};
use crate::domain::Particulars;

/// A booking. Guests name themselves; a patient who is signed in books for oneself or a relative by id; those who run
/// the calendar book for a known patient by id, or take somebody down by name and address or phone.
macro_rules! book_bodies {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* })+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Deserialize, Serialize, Validate)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            #[validate(required)]
            doctor_id: Option<Uuid>,
            visit_type_id: Option<VisitTypeId>,
            starts_at: Option<Instant>,
            date_time: Option<When>,
            #[validate(range(min = 5, max = 240))]
            duration_minutes: Option<u16>,
            $($(#[$field_meta])* $field: $type,)*
            #[validate(length(max = 2000))]
            notes: Option<String>,
            #[validate(length(max = 200))]
            hold: Option<String>,
        }

        impl $name {
            fn booking(self, whom: Whom) -> Result<Booking, Problem> {
                let start = start(self.starts_at, self.date_time).map_err(|error| Problem::invalid(vec![error]))?;
                // Required where the body was read.
                let doctor = DoctorId::from_uuid(self.doctor_id.unwrap_or_default());
                Ok(Booking {
                    ask: Ask { doctor, visit_type: self.visit_type_id, start, duration_minutes: self.duration_minutes },
                    whom,
                    notes: self.notes.filter(|notes| !notes.trim().is_empty()),
                    hold: None,
                    outside: None,
                })
            }
        }
    )+};
}

book_bodies! {
    /// By somebody who is not signed in.
    GuestBody {
        #[validate(required, length(min = 1, max = 200))]
        patient_name: Option<String>,
        #[validate(required, email, length(max = 320))]
        patient_email: Option<String>,
    }
    /// By a patient who is signed in.
    PatientBody {
        patient_id: Option<PatientId>,
    }
    /// By those who run calendars.
    TeamBody {
        patient_id: Option<PatientId>,
        #[validate(length(min = 1, max = 200))]
        patient_name: Option<String>,
        #[validate(email, length(max = 320))]
        patient_email: Option<String>,
        #[validate(length(max = 40))]
        patient_phone: Option<String>,
        #[validate(length(max = 500))]
        outside_hours_reason: Option<String>,
        clinic_id: Option<ClinicId>,
    }
}

/// A booking, as the description shows it: all fields of all who book.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewAppointment)]
pub struct BookBody {
    /// With whom.
    doctor_id: Uuid,
    /// What; the doctor's default when left out.
    visit_type_id: Option<Uuid>,
    /// When: a start from the list of slots, with its offset. Either this or `date_time` is needed.
    #[schema(value_type = Option<String>, format = DateTime, example = "2027-03-01T09:00:00-05:00")]
    starts_at: Option<String>,
    /// In place of `starts_at`: may come without an offset, and is then read on the clinic's wall clock.
    #[schema(example = "2027-03-01T09:00:00")]
    date_time: Option<String>,
    /// Picks the visit type that lasts so long.
    #[schema(minimum = 5, maximum = 240)]
    duration_minutes: Option<u16>,
    /// Signed in: who comes, for a patient a relative; left out by a patient it is oneself.
    patient_id: Option<Uuid>,
    /// Guests, and front desk or doctor in place of `patient_id`: who comes.
    #[schema(min_length = 1, max_length = 200, example = "Ada Example")]
    patient_name: Option<String>,
    /// Guests, and front desk or doctor (this or a phone number): where mail reaches the patient.
    #[schema(format = Email, max_length = 320, example = "ada@example.org")]
    patient_email: Option<String>,
    /// Front desk or doctor: the patient's phone number, 5 to 15 digits.
    #[schema(max_length = 40, example = "+1 212 555 0100")]
    patient_phone: Option<String>,
    /// Front desk or doctor: leave to book a time outside the doctor's hours, and why. Kept with the visit, for the
    /// team, where the hours do not offer the time.
    #[schema(max_length = 500, example = "Emergency, agreed with the doctor")]
    outside_hours_reason: Option<String>,
    /// With `outside_hours_reason`: at which of the doctor's clinics; where the doctor is listed when left out.
    clinic_id: Option<Uuid>,
    /// What the doctor should know.
    #[schema(max_length = 2000)]
    notes: Option<String>,
    /// The token of a hold of this time, which is given up for the visit. Who is signed in needs none.
    #[schema(max_length = 200)]
    hold: Option<String>,
}

/// What was asked, and by what it is told from another request.
pub(super) struct Asked {
    pub(super) booking: Result<Booking, Problem>,
    /// The token of a hold that is given up for it.
    pub(super) hold: Option<String>,
    pub(super) fingerprint: [u8; 32],
}

/// Reads the body that fits the caller.
pub(super) async fn read(caller: &Caller, request: &HttpRequest, payload: &mut Payload) -> Result<Asked, Problem> {
    match caller.role() {
        None => {
            let Body { value, fingerprint } = Body::<GuestBody>::from_request(request, payload).await?;
            let whom = Whom::Person(Particulars {
                name: value.patient_name.clone().unwrap_or_default(),
                email: Some(value.patient_email.clone().unwrap_or_default()),
                ..Particulars::default()
            });
            let hold = value.hold.clone();
            Ok(Asked { booking: value.booking(whom), hold, fingerprint })
        }
        Some(Role::Patient) => {
            let Body { value, fingerprint } = Body::<PatientBody>::from_request(request, payload).await?;
            let whom = value.patient_id.map_or(Whom::Oneself, Whom::Patient);
            let hold = value.hold.clone();
            Ok(Asked { booking: value.booking(whom), hold, fingerprint })
        }
        Some(Role::Doctor | Role::Staff | Role::Admin) => {
            let Body { value, fingerprint } = Body::<TeamBody>::from_request(request, payload).await?;
            let TeamBody { patient_id, patient_name, patient_email, patient_phone, hold, .. } = value.clone();
            let whom = named(patient_id, patient_name, patient_email, patient_phone);
            let outside = outside_hours(value.outside_hours_reason.clone(), value.clinic_id);
            let booking = whom.and_then(|whom| Ok(Booking { outside: outside?, ..value.booking(whom)? }));
            Ok(Asked { booking, hold, fingerprint })
        }
    }
}

/// Leave to go beyond the hours, where there is a reason.
pub(super) fn outside_hours(reason: Option<String>, clinic: Option<ClinicId>) -> Result<Option<OutsideHours>, Problem> {
    match (reason.filter(|reason| !reason.trim().is_empty()), clinic) {
        (Some(reason), clinic) => Ok(Some(OutsideHours { reason, clinic })),
        (None, None) => Ok(None),
        (None, Some(_)) => {
            let message = "comes together with outside_hours_reason";
            Err(Problem::invalid(vec![FieldError::new("clinic_id", "either-or", message)]))
        }
    }
}

/// Whom a front desk or a doctor names: a known patient, or somebody to be taken down.
pub(super) fn named(
    id: Option<PatientId>,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
) -> Result<Whom, Problem> {
    let told =
        [("patient_name", name.is_some()), ("patient_email", email.is_some()), ("patient_phone", phone.is_some())];
    if let Some(id) = id {
        let both = told.into_iter().filter(|(_, given)| *given);
        let errors: Vec<FieldError> = both
            .map(|(field, _)| FieldError::new(field, "either-or", "must not come together with patient_id"))
            .collect();
        return if errors.is_empty() { Ok(Whom::Patient(id)) } else { Err(Problem::invalid(errors)) };
    }
    let Some(name) = name else {
        let field = if told.iter().any(|(_, given)| *given) { "patient_name" } else { "patient_id" };
        return Err(Problem::invalid(vec![FieldError::new(field, "required", "is required")]));
    };
    Ok(Whom::Person(Particulars { name, email, phone, ..Particulars::default() }))
}

/// The start that is asked for; exactly one of the two fields has to name it.
pub(super) fn start(starts_at: Option<Instant>, date_time: Option<When>) -> Result<RequestedStart, FieldError> {
    match (starts_at, date_time) {
        (Some(Instant(at)), None) | (None, Some(When::Instant(at))) => Ok(RequestedStart::Instant(at)),
        (None, Some(When::Local(reading))) => Ok(RequestedStart::Local(reading)),
        (None, None) => Err(FieldError::new("starts_at", "required", "is required")),
        (Some(_), Some(_)) => Err(FieldError::new("date_time", "either-or", "must not come together with starts_at")),
    }
}
