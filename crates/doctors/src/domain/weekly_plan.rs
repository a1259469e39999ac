use std::fmt::Debug;

use jiff::civil::{Date, Weekday};
use kernel::{ClinicId, VisitTypeId};

use super::fault::{Fault, Faults};
use super::hours::{MinuteOfDay, OpenHours, WeeklyHours};

/// The most entries of a doctor's week.
pub const MOST_WEEKLY_HOURS: usize = 100;
/// The most openings of one date.
pub const MOST_DAY_HOURS: usize = 20;

/// Opening hours as somebody wants them; nothing of it is checked yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HoursDraft {
    /// Where.
    pub clinic: Option<ClinicId>,
    /// `monday` … `sunday`; not used for one date.
    pub weekday: Option<String>,
    /// `HH:MM`.
    pub from: Option<String>,
    /// `HH:MM`, at most `24:00`.
    pub to: Option<String>,
    /// The only visit types, or all.
    pub visit_types: Option<Vec<VisitTypeId>>,
    /// First day they hold.
    pub valid_from: Option<String>,
    /// Last day they hold.
    pub valid_until: Option<String>,
}

/// What hours may refer to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// Open clinics that may be named.
    pub clinics: Vec<ClinicId>,
    /// The doctor's visit types.
    pub visit_types: Vec<VisitTypeId>,
}

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// A whole week without contradictions: no two hours of a weekday overlap on any date, at whatever clinics, compared
/// as times on the wall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeeklyPlan(Vec<WeeklyHours>);

impl WeeklyPlan {
    /// Reads a plan.
    ///
    /// # Errors
    /// Everything that is wrong with it, by paths such as `hours[2].to`.
    pub fn read(drafts: &[HoursDraft], known: &Known) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        count("hours", drafts, MOST_WEEKLY_HOURS, &mut faults);
        let mut plan: Vec<(usize, WeeklyHours)> = Vec::new();
        for (at, draft) in drafts.iter().enumerate().take(MOST_WEEKLY_HOURS) {
            let path = format!("hours[{at}]");
            let weekday = weekday(draft, &path, &mut faults);
            let span = span(draft, &path, known, &mut faults);
            let visit_types = visit_types(draft, &path, known, &mut faults);
            let valid = validity(draft, &path, &mut faults);
            if let (Some(weekday), Some(span), Some((from, until))) = (weekday, span, valid) {
                let hours = WeeklyHours {
                    clinic: span.clinic,
                    weekday,
                    from: span.from,
                    to: span.to,
                    visit_types,
                    valid_from: from,
                    valid_until: until,
                };
                if let Some((other, _)) = plan.iter().find(|(_, known)| clash(known, &hours)) {
                    faults.0.push(Fault::new(path, "overlap", format!("overlaps hours[{other}]")));
                }
                plan.push((at, hours));
            }
        }
        faults.or(Self(plan.into_iter().map(|(_, hours)| hours).collect()))
    }

    /// A plan that was one before.
    #[must_use]
    pub const fn again(hours: Vec<WeeklyHours>) -> Self {
        Self(hours)
    }

    /// The hours.
    #[must_use]
    pub fn hours(&self) -> &[WeeklyHours] {
        &self.0
    }

    /// Are the hours at clinics other than `own` the same as `before`? Nobody changes those of strangers.
    #[must_use]
    pub fn leaves_others_alone(&self, before: &[WeeklyHours], own: &[ClinicId]) -> bool {
        let clinic = |hours: &WeeklyHours| hours.clinic;
        of_others(&self.0, clinic, own) == of_others(before, clinic, own)
    }
}

/// Reads the hours of one date.
///
/// # Errors
/// Everything that is wrong with them, by paths such as `hours[0].from`.
pub fn read_day(drafts: &[HoursDraft], known: &Known) -> Result<Vec<OpenHours>, Vec<Fault>> {
    let mut faults = Faults::default();
    count("hours", drafts, MOST_DAY_HOURS, &mut faults);
    let mut day: Vec<(usize, OpenHours)> = Vec::new();
    for (at, draft) in drafts.iter().enumerate().take(MOST_DAY_HOURS) {
        let path = format!("hours[{at}]");
        let Some(hours) = span(draft, &path, known, &mut faults) else { continue };
        if let Some((other, _)) = day.iter().find(|(_, known)| known.from < hours.to && hours.from < known.to) {
            faults.0.push(Fault::new(path, "overlap", format!("overlaps hours[{other}]")));
        }
        day.push((at, hours));
    }
    faults.or(day.into_iter().map(|(_, hours)| hours).collect())
}

/// The longest reason of a date's hours, in characters.
pub const LONGEST_REASON: usize = 200;

/// Reads why a date has hours of its own: a line for the team.
///
/// # Errors
/// What is wrong with it.
pub fn read_reason(text: &str) -> Result<String, Vec<Fault>> {
    let mut faults = Faults::default();
    let line = faults.line("reason", text, 1, LONGEST_REASON);
    faults.or(line)
}

pub(super) fn count(list: &str, drafts: &[HoursDraft], most: usize, faults: &mut Faults) {
    if drafts.len() > most {
        faults.0.push(Fault::new(list, "length", format!("must have at most {most} entries")));
    }
}

pub(super) fn weekday(draft: &HoursDraft, path: &str, faults: &mut Faults) -> Option<Weekday> {
    let field = format!("{path}.weekday");
    let Some(word) = &draft.weekday else {
        faults.0.push(Fault::required(field));
        return None;
    };
    let found = WEEKDAYS.iter().find(|(name, _)| name == word).map(|(_, weekday)| *weekday);
    if found.is_none() {
        faults.0.push(Fault::new(field, "weekday", "must be one of monday to sunday"));
    }
    found
}

pub(super) fn span(draft: &HoursDraft, path: &str, known: &Known, faults: &mut Faults) -> Option<OpenHours> {
    let clinic = match draft.clinic {
        None => {
            faults.0.push(Fault::required(format!("{path}.clinic_id")));
            None
        }
        Some(clinic) if !known.clinics.contains(&clinic) => {
            faults.0.push(Fault::new(format!("{path}.clinic_id"), "unknown", "is no clinic you can open hours at"));
            None
        }
        found => found,
    };
    let from = minute(draft.from.as_deref(), format!("{path}.from"), faults);
    let to = minute(draft.to.as_deref(), format!("{path}.to"), faults);
    if let (Some(from), Some(to)) = (from, to)
        && to <= from
    {
        faults.0.push(Fault::new(format!("{path}.to"), "range", "must be later than from"));
        return None;
    }
    OpenHours::new(clinic?, from?, to?).ok()
}

fn minute(text: Option<&str>, field: String, faults: &mut Faults) -> Option<MinuteOfDay> {
    let Some(text) = text else {
        faults.0.push(Fault::required(field));
        return None;
    };
    let read = text.parse().ok();
    if read.is_none() {
        faults.0.push(Fault::new(field, "time", "must be a time of day from 00:00 to 24:00"));
    }
    read
}

fn visit_types(draft: &HoursDraft, path: &str, known: &Known, faults: &mut Faults) -> Option<Vec<VisitTypeId>> {
    let named = draft.visit_types.as_ref()?;
    if named.is_empty() {
        let message = "must name a visit type, or be null for all";
        faults.0.push(Fault::new(format!("{path}.visit_type_ids"), "length", message));
    }
    for (at, id) in named.iter().enumerate() {
        let field = format!("{path}.visit_type_ids[{at}]");
        if !known.visit_types.contains(id) {
            faults.0.push(Fault::new(field, "unknown", "is not offered by this doctor"));
        } else if named[..at].contains(id) {
            faults.0.push(Fault::new(field, "duplicate", "is named twice"));
        }
    }
    Some(named.clone())
}

pub(super) fn validity(draft: &HoursDraft, path: &str, faults: &mut Faults) -> Option<(Option<Date>, Option<Date>)> {
    let mut date = |text: &Option<String>, field: &str| match text {
        None => Some(None),
        Some(text) => {
            let read = plain_date(text);
            if read.is_none() {
                let message = "must be a date such as 2027-03-01";
                faults.0.push(Fault::new(format!("{path}.{field}"), "date", message));
            }
            read.map(Some)
        }
    };
    let (from, until) = (date(&draft.valid_from, "valid_from"), date(&draft.valid_until, "valid_until"));
    let (from, until) = (from?, until?);
    if let (Some(from), Some(until)) = (from, until)
        && until < from
    {
        faults.0.push(Fault::new(format!("{path}.valid_until"), "range", "must not lie before valid_from"));
        return None;
    }
    Some((from, until))
}

/// A date and nothing behind it.
#[must_use]
pub fn plain_date(text: &str) -> Option<Date> {
    let plain = matches!(text.as_bytes(), [_, _, _, _, b'-', _, _, b'-', _, _]);
    text.parse().ok().filter(|_| plain)
}

/// The entries at clinics other than `own`, in an order of their own.
pub(super) fn of_others<T: Debug>(entries: &[T], clinic: fn(&T) -> ClinicId, own: &[ClinicId]) -> Vec<String> {
    let theirs = entries.iter().filter(|entry| !own.contains(&clinic(entry)));
    let mut others: Vec<String> = theirs.map(|entry| format!("{entry:?}")).collect();
    others.sort();
    others
}

/// Do they meet on some date?
pub(super) fn clash(one: &WeeklyHours, two: &WeeklyHours) -> bool {
    let begins = |hours: &WeeklyHours| hours.valid_from.unwrap_or(Date::MIN);
    let ends = |hours: &WeeklyHours| hours.valid_until.unwrap_or(Date::MAX);
    one.weekday == two.weekday
        && one.from < two.to
        && two.from < one.to
        && begins(one) <= ends(two)
        && begins(two) <= ends(one)
}

#[cfg(test)]
mod tests;
