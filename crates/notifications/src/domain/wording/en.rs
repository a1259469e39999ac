//! English.

use super::{Part, Wording, say};
use crate::domain::{Duty, Notice, PlannedVisit, Reminded, Timed};

const IGNORE: &str = "If you did not ask for this, you can ignore this message; nothing happens without the code.";
const NOT_YOU: &str = "If this was not you, set a new password at once and look through the list of your sign-ins.";

fn hello(name: Option<&String>) -> String {
    name.map_or_else(|| "Hello,".to_owned(), |name| format!("Hello {name},"))
}

fn minutes(count: u32) -> String {
    if count == 1 { "1 minute".to_owned() } else { format!("{count} minutes") }
}

fn hours(count: u32) -> String {
    if count == 1 { "1 hour".to_owned() } else { format!("{count} hours") }
}

/// A sentence, the code, how long it is good, and what to do when it was not asked for.
fn with_code(sentence: &str, timed: &Timed) -> Vec<Part> {
    vec![
        say(sentence),
        Part::Code(timed.code.clone()),
        say(format!(
            "It can be used once, within {}. Tell it to nobody: we never ask for it by phone or mail.",
            minutes(timed.minutes)
        )),
        say(IGNORE),
    ]
}

const IF_NOT: &str = "Whoever has this link can do so, so keep it to yourself. If you cannot come, please cancel: somebody else is glad of the time.";

fn reminded(visit: &Reminded) -> [Part; 2] {
    let Reminded { doctor, when, clinic, manage_url } = visit;
    [
        Part::Facts(vec![("With", doctor.clone()), ("When", when.clone()), ("Where", clinic.clone())]),
        Part::Link { label: "Look at it, move it or cancel it", url: manage_url.clone() },
    ]
}

pub fn wording(notice: &Notice) -> Wording {
    let (subject, name, parts) = content(notice);
    let closing = ["Doktolib", "This message was sent automatically. Answers to it are not read."];
    Wording { subject, greeting: hello(name), parts, closing }
}

fn content(notice: &Notice) -> (&'static str, Option<&String>, Vec<Part>) {
    match notice {
        Notice::SignInCode(timed) => {
            ("Your code to sign in to Doktolib", None, with_code("This is your code to sign in:", timed))
        }
        Notice::RegisterCode(timed, name) => (
            "Confirm your address for Doktolib",
            name.as_ref(),
            with_code("Welcome. This code confirms that the address is yours and completes your registration:", timed),
        ),
        Notice::RegisterKnown(timed) => (
            "You already have an account with Doktolib",
            None,
            with_code(
                "Somebody, probably you, wanted to register with this address. It has an account already. \
                 With this code you can sign in to it:",
                timed,
            ),
        ),
        Notice::NoAccount => (
            "There is no account for this address",
            None,
            vec![
                say(
                    "Somebody, probably you, asked for a code to sign in to Doktolib. There is no account for this address.",
                ),
                say(
                    "You may have used another address, or you can register with this one. If you did not ask for anything, you can ignore this message.",
                ),
            ],
        ),
        Notice::StaffSignIn => (
            "How to sign in to your Doktolib account",
            None,
            vec![
                say(
                    "Somebody, probably you, asked for a code to sign in. Your account signs in with password and authenticator app, so no code was sent.",
                ),
                say(
                    "If you have lost one of them, ask for a new password or use a recovery code. If you did not ask for anything, you can ignore this message.",
                ),
            ],
        ),
        Notice::PasswordReset(timed, url) => (
            "Set a new password for Doktolib",
            None,
            vec![
                say("You can set a new password here:"),
                Part::Link { label: "Set a new password", url: url.clone() },
                say("If the page asks for a code, it is this one:"),
                Part::Code(timed.code.clone()),
                say(format!("It can be used once, within {}. Tell it to nobody.", minutes(timed.minutes))),
                say("If you did not ask for this, you can ignore this message; your password stays as it is."),
            ],
        ),
        Notice::PasswordChanged => (
            "Your Doktolib password was changed",
            None,
            vec![
                say("The password of your account has just been changed. All other sign-ins were ended."),
                say(NOT_YOU),
            ],
        ),
        Notice::EmailChangeCode(timed) => (
            "Confirm your new address for Doktolib",
            None,
            with_code("This code confirms that this is the new address of your account:", timed),
        ),
        Notice::EmailChanged => (
            "The address of your Doktolib account was changed",
            None,
            vec![
                say("Your account now has another e-mail address. From now on, messages go there."),
                say("If this was not you, get in touch with your clinic or the operator of this site at once."),
            ],
        ),
        Notice::SignInsEnded => (
            "You were signed out of Doktolib everywhere",
            None,
            vec![
                say(
                    "A sign-in to your account was used from two places at once, which can mean that it was copied. To be safe, we have ended it. Please sign in again.",
                ),
                say(
                    "If you notice anything that you did not do yourself, set a new password and look through the list of your sign-ins.",
                ),
            ],
        ),
        Notice::AccountLocked => (
            "Too many failed sign-ins to your Doktolib account",
            None,
            vec![
                say(
                    "There were too many failed tries to sign in to your account, so it is locked for a while. It opens again by itself.",
                ),
                say(
                    "If these tries were not yours, somebody may be guessing your password. A new, long one keeps them out.",
                ),
            ],
        ),
        Notice::Invitation { name, role, code, url, hours: count } => {
            let role = match role {
                Duty::Doctor => "a doctor",
                Duty::Staff => "a member of staff",
                Duty::Admin => "an administrator",
            };
            (
                "You are invited to Doktolib",
                name.as_ref(),
                vec![
                    say(format!("An account was made for you as {role}. To begin, set your first password:")),
                    Part::Link { label: "Set your password", url: url.clone() },
                    say("If the page asks for a code, it is this one:"),
                    Part::Code(code.clone()),
                    say(format!("It can be used once, within {}. Tell it to nobody.", hours(*count))),
                    say("If you do not know what this is about, you can ignore this message."),
                ],
            )
        }
        Notice::GuestBookingCode { name, code, doctor, when } => (
            "Confirm your appointment",
            name.as_ref(),
            vec![
                say("You would like to book this appointment:"),
                Part::Facts(vec![("With", doctor.clone()), ("When", when.clone())]),
                say("This code confirms that the address is yours, and books it if the time is still free:"),
                Part::Code(code.code.clone()),
                say(format!("It can be used once, within {}.", minutes(code.minutes))),
                say(IGNORE),
            ],
        ),
        Notice::BookingConfirmed { name, doctor, when, clinic, manage_url } => (
            "Your appointment is booked",
            name.as_ref(),
            vec![
                say("Your appointment is booked:"),
                Part::Facts(vec![("With", doctor.clone()), ("When", when.clone()), ("Where", clinic.clone())]),
                Part::Link { label: "Look at it, move it or cancel it", url: manage_url.clone() },
                say(
                    "Whoever has this link can do so, so keep it to yourself. If you cannot come, please cancel: somebody else is glad of the time.",
                ),
            ],
        ),
        Notice::BookingChanged { name, doctor, when, was, clinic, manage_url } => (
            "Your appointment was moved",
            name.as_ref(),
            vec![
                say("Your appointment takes place at another time:"),
                Part::Facts(vec![
                    ("With", doctor.clone()),
                    ("When", when.clone()),
                    ("Before", was.clone()),
                    ("Where", clinic.clone()),
                ]),
                Part::Link { label: "Look at it, move it or cancel it", url: manage_url.clone() },
                say("If the new time does not suit you, choose another there, or cancel."),
            ],
        ),
        Notice::BookingCancelled { name, doctor, when, clinic } => (
            "Your appointment was cancelled",
            name.as_ref(),
            vec![
                say("This appointment does not take place:"),
                Part::Facts(vec![("With", doctor.clone()), ("When", when.clone()), ("Where", clinic.clone())]),
                say("If you still need one, you can book another time. With questions, please ask the clinic."),
            ],
        ),
        Notice::SeriesConfirmed { name, doctor, clinic, dates } => (
            "Your appointments are booked",
            name.as_ref(),
            vec![
                say("These appointments are booked:"),
                Part::Facts(vec![("With", doctor.clone()), ("Where", clinic.clone())]),
                Part::List(dates.iter().map(|(date, url)| (date.clone(), Some(url.clone()))).collect()),
                say(
                    "Each line leads to its appointment, where you can move or cancel it. Whoever has such a link can do so, so keep this letter to yourself. The file with this letter puts all of them into your calendar.",
                ),
            ],
        ),
        Notice::SeriesCancelled { name, doctor, clinic, dates } => (
            "Several appointments were cancelled",
            name.as_ref(),
            vec![
                say("These appointments do not take place:"),
                Part::Facts(vec![("With", doctor.clone()), ("Where", clinic.clone())]),
                Part::List(dates.iter().map(|date| (date.clone(), None)).collect()),
                say("If you still need them, you can book other times. With questions, please ask the clinic."),
            ],
        ),
        Notice::Reminder { name, visit } => {
            let mut parts = vec![say("This is a reminder of your appointment:")];
            parts.extend(reminded(visit));
            parts.push(say(IF_NOT));
            ("Your appointment is near", name.as_ref(), parts)
        }
        Notice::ReminderSeveral { name, visits } => {
            let mut parts = vec![say(format!("This is a reminder of your {} appointments on one day:", visits.len()))];
            parts.extend(visits.iter().flat_map(reminded));
            parts.push(say(IF_NOT));
            ("Your appointments of a day are near", name.as_ref(), parts)
        }
        Notice::DaySummary { name, day, visits } => {
            let head = match visits.len() {
                1 => format!("You have one visit on {day}:"),
                many => format!("You have {many} visits on {day}:"),
            };
            let line = |visit: &PlannedVisit| {
                let video = if visit.video { ", by video" } else { "" };
                (format!("{} · {}{video}", visit.time, visit.clinic), None)
            };
            let list = Part::List(visits.iter().map(line).collect());
            (
                "Your visits today",
                name.as_ref(),
                vec![say(head), list, say("Patients do not stand in mail. You see them in your calendar.")],
            )
        }
        Notice::WaitlistOffer { name, doctor, when, clinic, until, url } => (
            "A time you are waiting for is free",
            name.as_ref(),
            vec![
                say("A time that you wait for is free. It is kept for you:"),
                Part::Facts(vec![
                    ("With", doctor.clone()),
                    ("When", when.clone()),
                    ("Where", clinic.clone()),
                    ("Kept until", until.clone()),
                ]),
                Part::Link { label: "Take it, or give it back", url: url.clone() },
                say(
                    "Whoever has this link can do so, so keep it to yourself. If it does not suit you, please give it back: the next in line is asked, and you keep your place. Without an answer in time it goes on to the next as well.",
                ),
            ],
        ),
        Notice::EmergencyAccess { doctor, until } => (
            "Emergency access to a patient's record",
            None,
            vec![
                say("A doctor has opened a record of your clinic by emergency access:"),
                Part::Facts(vec![("By", doctor.clone()), ("Ends", until.clone())]),
                say(
                    "Patient and reason stand in the list of accesses, for those who may see them. Please look at it there and ask if the access is not clear to you.",
                ),
            ],
        ),
        Notice::ReportReady { doctor, from, to, url } => (
            "A report is ready",
            None,
            vec![
                say("The report that you have asked for is ready:"),
                Part::Facts(vec![("About", doctor.clone()), ("Period", format!("{from} to {to}"))]),
                say("Sign in to fetch it. It is kept for 90 days."),
                Part::Link { label: "Fetch it", url: url.clone() },
            ],
        ),
        Notice::ClinicMessage { name, clinic, message } => (
            "A message from your clinic",
            name.as_ref(),
            [say(format!("{clinic} writes to you:"))]
                .into_iter()
                .chain(message.lines().filter(|line| !line.is_empty()).map(say))
                .chain([say("Please answer by phone, or when you are there: nobody reads answers to this mail.")])
                .collect(),
        ),
        Notice::PrescriptionReady { doctor, url } => (
            "A prescription is ready",
            None,
            vec![
                say("There is a prescription for you, or for somebody you look after:"),
                Part::Facts(vec![("From", doctor.clone())]),
                say(
                    "Sign in to read and print it. Where you have printed an earlier version, only the new one is good.",
                ),
                Part::Link { label: "Open it", url: url.clone() },
            ],
        ),
        Notice::AccountErased => (
            "Your Doktolib account was erased",
            None,
            vec![
                say(
                    "Your account and your personal data were erased, as you asked. What the law makes us keep no longer bears your name, and goes when its time is over.",
                ),
                say("This is the last message you get from us. We wish you well."),
            ],
        ),
    }
}
