use jiff::civil::{Date, Weekday};
use kernel::ClinicId;
use serde::{Deserialize, Serialize};

use super::fault::{Fault, Faults};
use super::hours::{MinuteOfDay, WeeklyHours, WeeklyHoursRow};
use super::rules::RuleError;
use super::weekly_plan::{HoursDraft, Known, clash, count, of_others, span, validity, weekday};

/// The most breaks of a doctor's week.
pub const MOST_BREAKS: usize = 50;

/// A pause that repeats each week, such as lunch: it is cut out of the weekly hours at its clinic, whatever they are.
///
/// Hours that one date has of its own are not cut: they are all that holds on that date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WeeklyHoursRow", into = "WeeklyHoursRow")]
pub struct WeeklyBreak {
    /// Where.
    pub clinic: ClinicId,
    /// Day of the week on the clinic's calendar.
    pub weekday: Weekday,
    /// Its first minute on the clinic's clock.
    pub from: MinuteOfDay,
    /// The minute after its last, later than `from`.
    pub to: MinuteOfDay,
    /// First date on which it holds; `None` is since ever.
    pub valid_from: Option<Date>,
    /// Last date on which it holds; `None` is for ever.
    pub valid_until: Option<Date>,
}

impl WeeklyBreak {
    /// Is there such a break on `date`, which is such a `weekday`?
    pub(crate) fn holds_on(&self, date: Date, weekday: Weekday) -> bool {
        self.weekday == weekday
            && self.valid_from.is_none_or(|first| first <= date)
            && self.valid_until.is_none_or(|last| date <= last)
    }
}

impl From<WeeklyHours> for WeeklyBreak {
    fn from(hours: WeeklyHours) -> Self {
        let WeeklyHours { clinic, weekday, from, to, valid_from, valid_until, visit_types: _ } = hours;
        Self { clinic, weekday, from, to, valid_from, valid_until }
    }
}

impl From<WeeklyBreak> for WeeklyHours {
    fn from(pause: WeeklyBreak) -> Self {
        let WeeklyBreak { clinic, weekday, from, to, valid_from, valid_until } = pause;
        Self { clinic, weekday, from, to, visit_types: None, valid_from, valid_until }
    }
}

impl From<WeeklyBreak> for WeeklyHoursRow {
    fn from(pause: WeeklyBreak) -> Self {
        WeeklyHours::from(pause).into()
    }
}

impl TryFrom<WeeklyHoursRow> for WeeklyBreak {
    type Error = RuleError;

    fn try_from(row: WeeklyHoursRow) -> Result<Self, Self::Error> {
        WeeklyHours::try_from(row).map(Self::from)
    }
}

/// All breaks of a week, no two of which overlap on any date, at whatever clinics, compared as times on the wall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakPlan(Vec<WeeklyBreak>);

impl BreakPlan {
    /// Reads a plan. A break may lie outside of the hours: then it takes nothing away until they grow over it.
    ///
    /// # Errors
    /// Everything that is wrong with it, by paths such as `breaks[2].to`.
    pub fn read(drafts: &[HoursDraft], known: &Known) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        count("breaks", drafts, MOST_BREAKS, &mut faults);
        let mut plan: Vec<(usize, WeeklyHours)> = Vec::new();
        for (at, draft) in drafts.iter().enumerate().take(MOST_BREAKS) {
            let path = format!("breaks[{at}]");
            let weekday = weekday(draft, &path, &mut faults);
            let span = span(draft, &path, known, &mut faults);
            let valid = validity(draft, &path, &mut faults);
            if let (Some(weekday), Some(span), Some((valid_from, valid_until))) = (weekday, span, valid) {
                let (clinic, from, to) = (span.clinic, span.from, span.to);
                let pause = WeeklyBreak { clinic, weekday, from, to, valid_from, valid_until }.into();
                if let Some((other, _)) = plan.iter().find(|(_, known)| clash(known, &pause)) {
                    faults.0.push(Fault::new(path, "overlap", format!("overlaps breaks[{other}]")));
                }
                plan.push((at, pause));
            }
        }
        faults.or(Self(plan.into_iter().map(|(_, pause)| pause.into()).collect()))
    }

    /// A plan that was one before.
    #[must_use]
    pub const fn again(breaks: Vec<WeeklyBreak>) -> Self {
        Self(breaks)
    }

    /// The breaks.
    #[must_use]
    pub fn breaks(&self) -> &[WeeklyBreak] {
        &self.0
    }

    /// Are the breaks at clinics other than `own` the same as `before`? Nobody changes those of strangers.
    #[must_use]
    pub fn leaves_others_alone(&self, before: &[WeeklyBreak], own: &[ClinicId]) -> bool {
        let clinic = |pause: &WeeklyBreak| pause.clinic;
        of_others(&self.0, clinic, own) == of_others(before, clinic, own)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{clinic, rules_in, weekly};
    use super::*;

    fn draft(weekday: &str, from: &str, to: &str) -> HoursDraft {
        HoursDraft {
            clinic: Some(clinic(1)),
            weekday: Some(weekday.into()),
            from: Some(from.into()),
            to: Some(to.into()),
            ..HoursDraft::default()
        }
    }

    fn faults(drafts: &[HoursDraft]) -> Vec<String> {
        let known = Known { clinics: vec![clinic(1)], visit_types: Vec::new() };
        let faults = BreakPlan::read(drafts, &known).err().unwrap_or_default();
        faults.into_iter().map(|fault| format!("{}:{}", fault.field, fault.code)).collect()
    }

    #[test]
    fn all_that_is_wrong_with_breaks_is_told_at_once() {
        assert_eq!(faults(&[draft("monday", "12:30", "13:00"), draft("tuesday", "12:30", "13:00")]), [""; 0]);
        let wrong = [
            draft("monday", "12:30", "13:00"),
            draft("monday", "12:45", "13:15"),
            draft("someday", "13:00", "12:00"),
            HoursDraft { clinic: Some(clinic(2)), ..draft("friday", "12:30", "25:00") },
        ];
        let told = [
            "breaks[1]:overlap",
            "breaks[2].weekday:weekday",
            "breaks[2].to:range",
            "breaks[3].clinic_id:unknown",
            "breaks[3].to:time",
        ];
        assert_eq!(faults(&wrong), told);
        let many: Vec<HoursDraft> = (0..=MOST_BREAKS)
            .map(|at| {
                draft(
                    "monday",
                    &format!("{:02}:{:02}", at / 6, at % 6 * 10),
                    &format!("{:02}:{:02}", at / 6, at % 6 * 10 + 5),
                )
            })
            .collect();
        assert_eq!(faults(&many), ["breaks:length"]);
    }

    #[test]
    fn breaks_at_clinics_of_others_stay() {
        let (own, other) = (weekly(1, Weekday::Monday, "12:00-13:00"), weekly(2, Weekday::Monday, "14:00-14:30"));
        let before = [own.clone().into(), other.clone().into()];
        let plan = |breaks: &[&WeeklyHours]| {
            BreakPlan::again(breaks.iter().map(|pause| WeeklyBreak::from((*pause).clone())).collect())
        };
        assert!(plan(&[&other]).leaves_others_alone(&before, &[clinic(1)]));
        assert!(!plan(&[&own]).leaves_others_alone(&before, &[clinic(1)]));
    }

    #[test]
    fn a_break_is_cut_out_of_the_week_from_its_first_to_its_last_day_and_slots_begin_behind_it() {
        let lunch = weekly(1, Weekday::Monday, "10:45-11:15");
        let lunch = lunch.valid(Some("2027-04-05".parse().unwrap()), Some("2027-04-12".parse().unwrap())).unwrap();
        let mut rules = rules_in("UTC").daily("09:00-11:00 11:00-12:30");
        rules.breaks.push(lunch.into());
        let whole = "09:00 09:30 10:00 10:30 11:00 11:30 12:00";
        for (day, shown) in [
            ("2027-03-29", whole),
            ("2027-04-05", "09:00 09:30 10:00 11:15 11:45"),
            ("2027-04-06", whole),
            ("2027-04-12", "09:00 09:30 10:00 11:15 11:45"),
            ("2027-04-19", whole),
        ] {
            assert_eq!(rules.shown(&rules.on(day)), shown, "{day}");
        }
    }

    #[test]
    fn hours_of_a_date_of_its_own_have_no_breaks_but_those_they_name() {
        use super::super::sample::open;
        let mut rules = rules_in("UTC").daily("09:00-12:00").with_override("2027-04-05", vec![open(1, "09:00-12:00")]);
        rules.breaks.push(weekly(1, Weekday::Monday, "09:00-11:00").into());
        assert_eq!(rules.shown(&rules.on("2027-04-05")), "09:00 09:30 10:00 10:30 11:00 11:30");
        assert_eq!(rules.shown(&rules.on("2027-04-12")), "11:00 11:30");
    }

    #[test]
    fn a_break_elsewhere_or_outside_of_the_hours_takes_nothing_away() {
        let mut rules = rules_in("UTC").daily("09:00-10:00");
        rules.breaks.push(weekly(2, Weekday::Monday, "09:00-10:00").into());
        rules.breaks.push(weekly(1, Weekday::Monday, "10:00-11:00").into());
        assert_eq!(rules.shown(&rules.on("2027-04-05")), "09:00 09:30");
        rules.breaks.push(weekly(1, Weekday::Monday, "08:00-11:00").into());
        assert!(rules.on("2027-04-05").is_empty());
    }

    #[test]
    fn a_break_is_read_as_it_was_written() {
        let pause = WeeklyBreak::from(weekly(1, Weekday::Sunday, "12:00-24:00"));
        let written = serde_json::to_string(&pause).unwrap();
        assert_eq!(serde_json::from_str::<WeeklyBreak>(&written).unwrap(), pause);
        assert!(serde_json::from_str::<WeeklyBreak>(&written.replace("1440", "720")).is_err());
    }
}
