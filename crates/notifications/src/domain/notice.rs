//! All that is told by mail.

use std::collections::BTreeMap;

pub use self::parts::{Duty, PlannedVisit, Reminded, Timed};
use self::parts::{NUMBERED, reminded};
use super::MOST_MAIL_CHARS;
use super::samples::{TEMPLATES, sample_values};
use super::values::{NoticeError, Values};

/// A letter that can be written: template and values fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// `sign-in-code{code,minutes}`.
    SignInCode(Timed),
    /// `register-code{code,minutes,name}`.
    RegisterCode(Timed, Option<String>),
    /// `register-known{code,minutes}`: somebody registers with an address that has an account; the code signs in.
    RegisterKnown(Timed),
    /// `no-account{}`: a code was asked for an unknown address.
    NoAccount,
    /// `staff-sign-in{}`: a code was asked for an account that signs in by password and second factor.
    StaffSignIn,
    /// `password-reset{link_code,minutes,url}`.
    PasswordReset(Timed, String),
    /// `password-changed{}`.
    PasswordChanged,
    /// `email-change-code{code,minutes}`.
    EmailChangeCode(Timed),
    /// `email-changed{}`, to the old address.
    EmailChanged,
    /// `sign-ins-ended{}`: a sign-in was copied, all were ended.
    SignInsEnded,
    /// `account-locked{}`.
    AccountLocked,
    /// `invitation{name,role,code,url,hours}`.
    Invitation {
        /// How the person is called.
        name: Option<String>,
        /// What they will do.
        role: Duty,
        /// Proves the invitation.
        code: String,
        /// Where a first password is set.
        url: String,
        /// How long it is good.
        hours: u32,
    },
    /// `guest-booking-code{name,code,minutes,doctor,when}`.
    GuestBookingCode {
        /// How the guest is called.
        name: Option<String>,
        /// Proves the address.
        code: Timed,
        /// Whom they will see.
        doctor: String,
        /// In the clinic's local time.
        when: String,
    },
    /// `booking-confirmed{name,doctor,when,clinic,manage_url}`.
    BookingConfirmed {
        /// How the patient is called.
        name: Option<String>,
        /// Whom they will see.
        doctor: String,
        /// In the clinic's local time.
        when: String,
        /// Where.
        clinic: String,
        /// The signed link of the visit.
        manage_url: String,
    },
    /// `booking-changed{name,doctor,when,was,clinic,manage_url}`.
    BookingChanged {
        /// How the patient is called.
        name: Option<String>,
        /// Whom they will see.
        doctor: String,
        /// In the clinic's local time.
        when: String,
        /// When it was before.
        was: String,
        /// Where.
        clinic: String,
        /// The signed link of the visit.
        manage_url: String,
    },
    /// `booking-cancelled{name,doctor,when,clinic}`.
    BookingCancelled {
        /// How the patient is called.
        name: Option<String>,
        /// Whom they would have seen.
        doctor: String,
        /// In the clinic's local time.
        when: String,
        /// Where.
        clinic: String,
    },
    /// `series-confirmed{name,doctor,clinic,dates,urls}`: one date and one link in each line.
    SeriesConfirmed {
        /// How the patient is called.
        name: Option<String>,
        /// Whom they will see.
        doctor: String,
        /// Where.
        clinic: String,
        /// When, in the clinic's local time, each with the signed link of the visit.
        dates: Vec<(String, String)>,
    },
    /// `series-cancelled{name,doctor,clinic,dates}`: one date in each line.
    SeriesCancelled {
        /// How the patient is called.
        name: Option<String>,
        /// Whom they would have seen.
        doctor: String,
        /// Where.
        clinic: String,
        /// When, in the clinic's local time.
        dates: Vec<String>,
    },
    /// `reminder{name,doctor,when,clinic,manage_url}`.
    Reminder {
        /// How the patient is called.
        name: Option<String>,
        /// The visit.
        visit: Reminded,
    },
    /// `reminder-several{name,visits,doctor_1,when_1,clinic_1,manage_url_1,…}`: two to six visits on a day.
    ReminderSeveral {
        /// How the patient is called.
        name: Option<String>,
        /// The visits, the first one first.
        visits: Vec<Reminded>,
    },
    /// `day-summary{name,day,times,modes,clinics}`, to a doctor: one visit in each line, without its patient.
    DaySummary {
        /// How the doctor is called.
        name: Option<String>,
        /// Which day, with the zone of its clinics.
        day: String,
        /// The visits, the first one first.
        visits: Vec<PlannedVisit>,
    },
    /// `waitlist-offer{name,doctor,when,clinic,until,url}`.
    WaitlistOffer {
        /// How the patient is called.
        name: Option<String>,
        /// Whom they could see.
        doctor: String,
        /// In the clinic's local time.
        when: String,
        /// Where.
        clinic: String,
        /// Until when the time is kept, in the clinic's local time.
        until: String,
        /// The signed link of the offer.
        url: String,
    },
    /// `emergency-access{doctor,reason_given,until}`: to a clinic's staff. The reason may be medical; it stands in the
    /// records, never in mail, so the value is not even read.
    EmergencyAccess {
        /// Who opened a record.
        doctor: String,
        /// When the access ends.
        until: String,
    },
    /// `report-ready{doctor,from,to,url}`: to whoever has asked for it.
    ReportReady {
        /// About whom.
        doctor: String,
        /// First date.
        from: String,
        /// Last date.
        to: String,
        /// Where its file is, for who is signed in.
        url: String,
    },
    /// `clinic-message{name,clinic,message}`: somebody at the clinic has written it.
    ClinicMessage {
        /// How the patient is called.
        name: Option<String>,
        /// Who writes.
        clinic: String,
        /// What, in lines.
        message: String,
    },
    /// `prescription-ready{doctor,url}`: to the patient, or who looks after them. Nothing of what was prescribed.
    PrescriptionReady {
        /// Who wrote it.
        doctor: String,
        /// Where its paper is, for who is signed in.
        url: String,
    },
    /// `account-erased{}`.
    AccountErased,
}

impl Notice {
    /// Reads template and values of a letter. Values that the template does not know are left out.
    ///
    /// # Errors
    /// See [`NoticeError`].
    pub fn parse(template: &str, given: &BTreeMap<String, String>, public_url: &str) -> Result<Self, NoticeError> {
        let found = TEMPLATES.iter().find(|(name, _)| *name == template);
        let template = found.ok_or(NoticeError::UnknownTemplate)?.0;
        let values = Values { template, given, public_url };
        let timed = |code| Ok::<_, NoticeError>(Timed { code: values.code(code)?, minutes: values.number("minutes")? });
        Ok(match template {
            "sign-in-code" => Self::SignInCode(timed("code")?),
            "register-code" => Self::RegisterCode(timed("code")?, values.name("name")?),
            "register-known" => Self::RegisterKnown(timed("code")?),
            "no-account" => Self::NoAccount,
            "staff-sign-in" => Self::StaffSignIn,
            "password-reset" => Self::PasswordReset(timed("link_code")?, values.link("url")?),
            "password-changed" => Self::PasswordChanged,
            "email-change-code" => Self::EmailChangeCode(timed("code")?),
            "email-changed" => Self::EmailChanged,
            "sign-ins-ended" => Self::SignInsEnded,
            "account-locked" => Self::AccountLocked,
            "invitation" => Self::Invitation {
                name: values.name("name")?,
                role: match values.text("role")?.as_str() {
                    "doctor" => Duty::Doctor,
                    "staff" => Duty::Staff,
                    "admin" => Duty::Admin,
                    _ => return Err(NoticeError::Unusable { template, value: "role" }),
                },
                code: values.code("code")?,
                url: values.link("url")?,
                hours: values.number("hours")?,
            },
            "guest-booking-code" => Self::GuestBookingCode {
                name: values.name("name")?,
                code: timed("code")?,
                doctor: values.text("doctor")?,
                when: values.text("when")?,
            },
            "booking-confirmed" => Self::BookingConfirmed {
                name: values.name("name")?,
                doctor: values.text("doctor")?,
                when: values.text("when")?,
                clinic: values.text("clinic")?,
                manage_url: values.link("manage_url")?,
            },
            "booking-changed" => Self::BookingChanged {
                name: values.name("name")?,
                doctor: values.text("doctor")?,
                when: values.text("when")?,
                was: values.text("was")?,
                clinic: values.text("clinic")?,
                manage_url: values.link("manage_url")?,
            },
            "booking-cancelled" => Self::BookingCancelled {
                name: values.name("name")?,
                doctor: values.text("doctor")?,
                when: values.text("when")?,
                clinic: values.text("clinic")?,
            },
            "series-confirmed" => Self::SeriesConfirmed {
                name: values.name("name")?,
                doctor: values.text("doctor")?,
                clinic: values.text("clinic")?,
                dates: {
                    let (dates, links) = (values.lines("dates")?, values.links("urls")?);
                    if dates.len() != links.len() {
                        return Err(NoticeError::Unusable { template, value: "urls" });
                    }
                    dates.into_iter().zip(links).collect()
                },
            },
            "series-cancelled" => Self::SeriesCancelled {
                name: values.name("name")?,
                doctor: values.text("doctor")?,
                clinic: values.text("clinic")?,
                dates: values.lines("dates")?,
            },
            "reminder" => Self::Reminder {
                name: values.name("name")?,
                visit: reminded(&values, ["doctor", "when", "clinic", "manage_url"])?,
            },
            "reminder-several" => {
                let visits = usize::try_from(values.number("visits")?).unwrap_or(usize::MAX);
                if visits > NUMBERED.len() {
                    return Err(NoticeError::Unusable { template, value: "visits" });
                }
                let visits = NUMBERED[..visits].iter().map(|names| reminded(&values, *names));
                Self::ReminderSeveral { name: values.name("name")?, visits: visits.collect::<Result<_, _>>()? }
            }
            "day-summary" => {
                let (times, modes, clinics) =
                    (values.lines("times")?, values.lines("modes")?, values.lines("clinics")?);
                if times.len() != modes.len() || times.len() != clinics.len() {
                    return Err(NoticeError::Unusable { template, value: "times" });
                }
                let places = modes.iter().map(|mode| mode == "video").zip(clinics);
                let visits = times.into_iter().zip(places);
                let visits = visits.map(|(time, (video, clinic))| PlannedVisit { time, video, clinic }).collect();
                Self::DaySummary { name: values.name("name")?, day: values.text("day")?, visits }
            }
            "waitlist-offer" => Self::WaitlistOffer {
                name: values.name("name")?,
                doctor: values.text("doctor")?,
                when: values.text("when")?,
                clinic: values.text("clinic")?,
                until: values.text("until")?,
                url: values.link("url")?,
            },
            "emergency-access" => {
                Self::EmergencyAccess { doctor: values.text("doctor")?, until: values.text("until")? }
            }
            "report-ready" => Self::ReportReady {
                doctor: values.text("doctor")?,
                from: values.text("from")?,
                to: values.text("to")?,
                url: values.link("url")?,
            },
            "clinic-message" => Self::ClinicMessage {
                name: values.name("name")?,
                clinic: values.text("clinic")?,
                message: values.message("message", MOST_MAIL_CHARS)?,
            },
            "prescription-ready" => {
                Self::PrescriptionReady { doctor: values.text("doctor")?, url: values.link("url")? }
            }
            "account-erased" => Self::AccountErased,
            _ => return Err(NoticeError::UnknownTemplate),
        })
    }

    /// The name of its template.
    #[must_use]
    pub const fn template(&self) -> &'static str {
        match self {
            Self::SignInCode(_) => "sign-in-code",
            Self::RegisterCode(..) => "register-code",
            Self::RegisterKnown(_) => "register-known",
            Self::NoAccount => "no-account",
            Self::StaffSignIn => "staff-sign-in",
            Self::PasswordReset(..) => "password-reset",
            Self::PasswordChanged => "password-changed",
            Self::EmailChangeCode(_) => "email-change-code",
            Self::EmailChanged => "email-changed",
            Self::SignInsEnded => "sign-ins-ended",
            Self::AccountLocked => "account-locked",
            Self::Invitation { .. } => "invitation",
            Self::GuestBookingCode { .. } => "guest-booking-code",
            Self::BookingConfirmed { .. } => "booking-confirmed",
            Self::BookingChanged { .. } => "booking-changed",
            Self::BookingCancelled { .. } => "booking-cancelled",
            Self::SeriesConfirmed { .. } => "series-confirmed",
            Self::SeriesCancelled { .. } => "series-cancelled",
            Self::Reminder { .. } => "reminder",
            Self::ReminderSeveral { .. } => "reminder-several",
            Self::DaySummary { .. } => "day-summary",
            Self::WaitlistOffer { .. } => "waitlist-offer",
            Self::EmergencyAccess { .. } => "emergency-access",
            Self::ReportReady { .. } => "report-ready",
            Self::ClinicMessage { .. } => "clinic-message",
            Self::PrescriptionReady { .. } => "prescription-ready",
            Self::AccountErased => "account-erased",
        }
    }

    /// The letter with the values of [`TEMPLATES`].
    ///
    /// # Errors
    /// [`NoticeError::UnknownTemplate`].
    pub fn sample(template: &str, public_url: &str) -> Result<Self, NoticeError> {
        Self::parse(template, &sample_values(template, public_url)?, public_url)
    }
}

mod parts;
#[cfg(test)]
mod tests;
