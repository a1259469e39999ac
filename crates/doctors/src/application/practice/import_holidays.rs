use std::sync::Arc;

use jiff::civil::Date;
use kernel::{Caller, ClinicId, Once};

use super::preview_change::ChangeParts;
use super::wanted::MOST_HOLIDAYS;
use super::{
    ApplyChange, Asked, Changing, Decision, PracticeError, Preview, PreviewChange, Subject, Wanted, WantedHoliday,
    today_in,
};
use crate::domain::{CalendarChange, FARTHEST_AHEAD, Fault, LONGEST_HOLIDAY_NAME, Reversal};

/// A day of a list of holidays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedDay {
    /// Local date.
    pub date: Date,
    /// What people call it.
    pub name: String,
}

/// The days that a list names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HolidayList {
    /// By date; one may be named twice.
    pub days: Vec<ListedDay>,
    /// How many entries have no day inside of what was asked for.
    pub outside: usize,
    /// How many entries are no whole days, or could not be understood.
    pub not_understood: usize,
}

/// Why a list of holidays was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableList {
    /// It is no calendar.
    #[error("not a calendar")]
    NotACalendar,
    /// It names more than can be looked at.
    #[error("too large")]
    TooLarge,
}

/// Reads lists of holidays. Another slice knows.
#[cfg_attr(test, mockall::automock)]
pub trait HolidayLists: Send + Sync {
    /// The days that an iCalendar file (RFC 5545) names, from one date to another, both included.
    ///
    /// # Errors
    /// See [`UnreadableList`].
    fn read(&self, file: &str, from: Date, to: Date) -> Result<HolidayList, UnreadableList>;
}

/// A list of holidays, and from when to when it is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Importing {
    /// An iCalendar file.
    pub file: String,
    /// First date; that of today at the clinic when left out or earlier.
    pub from: Option<Date>,
    /// Last date; three years ahead when left out or later.
    pub to: Option<Date>,
}

/// Why a day of the list is not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skipped {
    /// The clinic is closed on that date already.
    Closed,
    /// The list has the date twice; the first name counts.
    Twice,
}

impl Skipped {
    /// The word in the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Closed => "closed-already",
            Self::Twice => "named-twice",
        }
    }
}

/// What a list of holidays adds to those of a clinic, and what not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sorted {
    /// To be added, by date.
    pub added: Vec<ListedDay>,
    /// Left out, by date.
    pub skipped: Vec<(ListedDay, Skipped)>,
    /// How many entries have no day inside of the time.
    pub outside: usize,
    /// How many entries are no whole days, or could not be understood.
    pub not_understood: usize,
}

impl Sorted {
    /// The same as the change has left it: a rival may have closed one of the dates meanwhile.
    #[must_use]
    pub fn made(&self, change: &CalendarChange) -> Self {
        let Reversal::Holidays { dates } = &change.reversal else { return self.clone() };
        let (added, late): (Vec<_>, Vec<_>) =
            self.added.iter().cloned().partition(|holiday| dates.contains(&holiday.date));
        let mut skipped = self.skipped.clone();
        skipped.extend(late.into_iter().map(|holiday| (holiday, Skipped::Closed)));
        skipped.sort_by_key(|(holiday, _)| holiday.date);
        Self { added, skipped, ..*self }
    }

    fn wanted(&self) -> Wanted {
        let day = |day: &ListedDay| WantedHoliday { date: Some(day.date), name: day.name.clone() };
        Wanted::Holidays(self.added.iter().map(day).collect())
    }
}

/// Closes a clinic on the days of a list, such as a government publishes: one change with its visits.
pub struct ImportHolidays {
    /// What the change needs.
    pub parts: ChangeParts,
    /// Who reads lists.
    pub lists: Arc<dyn HolidayLists>,
}

impl ImportHolidays {
    /// What of the list would be added.
    ///
    /// # Errors
    /// See [`PracticeError`]: out of reach, no list, more days than one change may have.
    pub async fn sort(&self, caller: &Caller, clinic: ClinicId, wish: &Importing) -> Result<Sorted, PracticeError> {
        let practice = &self.parts.practice;
        let found = practice.clinic_of(caller, clinic).await?;
        let today = today_in(&found.card.time_zone, practice.clock.now());
        let last = today.checked_add(FARTHEST_AHEAD).unwrap_or(today);
        let (from, to) = (wish.from.unwrap_or(today).max(today), wish.to.unwrap_or(last).min(last));
        if wish.from.zip(wish.to).is_some_and(|(from, to)| to < from) {
            return Err(vec![Fault::new("to", "range", "must not lie before from")].into());
        }
        let list = self.lists.read(&wish.file, from, to).map_err(|error| {
            let (code, message) = match error {
                UnreadableList::NotACalendar => ("calendar", "is not an iCalendar file"),
                UnreadableList::TooLarge => ("length", "names more days than can be read; ask for a shorter time"),
            };
            vec![Fault::new("body", code, message)]
        })?;
        let closed = practice.practice.holidays(clinic, today).await?;
        let mut sorted = Sorted {
            added: Vec::new(),
            skipped: Vec::new(),
            outside: list.outside,
            not_understood: list.not_understood,
        };
        for day in list.days {
            let day = ListedDay { name: plain(&day.name), ..day };
            if closed.iter().any(|known| known.date == day.date) {
                sorted.skipped.push((day, Skipped::Closed));
            } else if sorted.added.last().is_some_and(|known| known.date == day.date) {
                sorted.skipped.push((day, Skipped::Twice));
            } else {
                sorted.added.push(day);
            }
        }
        if sorted.added.len() > MOST_HOLIDAYS {
            let message = format!("names more than {MOST_HOLIDAYS} days to add; ask for a shorter time by from and to");
            return Err(vec![Fault::new("body", "length", message)].into());
        }
        Ok(sorted)
    }

    /// What the import would do to booked visits; `None` where there is nothing to add.
    ///
    /// # Errors
    /// See [`PracticeError`].
    pub async fn preview(
        &self,
        caller: &Caller,
        clinic: ClinicId,
        sorted: &Sorted,
    ) -> Result<Option<Preview>, PracticeError> {
        if sorted.added.is_empty() {
            return Ok(None);
        }
        let preview = PreviewChange(self.parts.clone());
        match preview.run(caller, Subject::Clinic(clinic), &sorted.wanted()).await {
            Ok(preview) => Ok(Some(preview)),
            Err(PracticeError::Unchanged) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Imports: one change, which is taken back as one; `None` where there is nothing to add.
    ///
    /// # Errors
    /// See [`PracticeError`].
    pub async fn run(
        &self,
        caller: &Caller,
        clinic: ClinicId,
        sorted: &Sorted,
        (otherwise, plan): (Option<Decision>, Option<String>),
        asked: Asked,
        once: Option<Once<CalendarChange>>,
    ) -> Result<Option<CalendarChange>, PracticeError> {
        if sorted.added.is_empty() {
            return Ok(None);
        }
        let changing = Changing { wanted: sorted.wanted(), decisions: Vec::new(), otherwise, plan };
        let apply = ApplyChange(self.parts.clone());
        match apply.run(caller, Subject::Clinic(clinic), &changing, asked, once).await {
            Ok(made) => Ok(Some(made)),
            Err(PracticeError::Unchanged) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A name as holidays have them: single spaces, no control characters, not too long, never none.
fn plain(name: &str) -> String {
    let words: Vec<&str> =
        name.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    let name: String = words.join(" ").chars().take(LONGEST_HOLIDAY_NAME).collect();
    if name.is_empty() { "Holiday".to_owned() } else { name.trim_end().to_owned() }
}

#[cfg(test)]
mod tests {
    use kernel::UserId;

    use super::super::MockPractice;
    use super::super::change_ports::{MockCalendarChanges, MockPatientNames};
    use super::super::test_data::{change_parts, clinic_record};
    use super::*;
    use crate::domain::ClinicHoliday;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    /// The clinic is closed on 5 July already.
    fn importing(
        read: impl Fn(Date, Date) -> Result<HolidayList, UnreadableList> + Send + Sync + 'static,
    ) -> ImportHolidays {
        let mut practice = MockPractice::new();
        practice.expect_clinic().returning(|id| Ok(Some(clinic_record(id))));
        practice.expect_holidays().returning(|clinic, _| {
            Ok(vec![ClinicHoliday { clinic, date: date("2027-07-05"), name: "Independence Day".into() }])
        });
        let mut lists = MockHolidayLists::new();
        lists.expect_read().returning(move |_, from, to| read(from, to));
        let mut changes = MockCalendarChanges::new();
        changes.expect_apply().never();
        let parts = change_parts(practice, changes, MockPatientNames::new());
        ImportHolidays { parts, lists: Arc::new(lists) }
    }

    fn list(days: &[(&str, &str)]) -> HolidayList {
        let day = |(day, name): &(&str, &str)| ListedDay { date: date(day), name: (*name).to_owned() };
        HolidayList { days: days.iter().map(day).collect(), ..HolidayList::default() }
    }

    fn all_of(file: &str) -> Importing {
        Importing { file: file.to_owned(), from: None, to: None }
    }

    #[tokio::test]
    async fn a_date_is_added_once_under_its_first_name_and_what_is_closed_stays_as_it_is() {
        let clinic = ClinicId::mint();
        let desk = Caller::staff(UserId::mint(), vec![clinic]);
        let long = "x".repeat(200);
        let import = importing(move |_, _| {
            Ok(list(&[
                ("2027-05-31", " Memorial\u{7}  Day"),
                ("2027-05-31", "Another name"),
                ("2027-07-05", "Fourth of July"),
                ("2027-09-06", ""),
                ("2027-11-25", &long),
            ]))
        });
        let sorted = import.sort(&desk, clinic, &all_of("x")).await.unwrap();
        let names: Vec<(String, usize)> =
            sorted.added.iter().map(|day| (day.name.chars().take(12).collect(), day.name.chars().count())).collect();
        assert_eq!(names, [("Memorial Day".into(), 12), ("Holiday".into(), 7), ("x".repeat(12), 100)]);
        let skipped: Vec<Skipped> = sorted.skipped.iter().map(|(_, why)| *why).collect();
        assert_eq!(skipped, [Skipped::Twice, Skipped::Closed]);
    }

    #[tokio::test]
    async fn only_days_from_today_to_three_years_ahead_are_asked_for_and_a_hundred_at_most() {
        let clinic = ClinicId::mint();
        let desk = Caller::staff(UserId::mint(), vec![clinic]);
        let import = importing(|from, to| {
            // Today at the clinic is 1 March 2027.
            assert_eq!((from, to), (date("2027-03-01"), date("2030-03-03")));
            let days: Vec<ListedDay> = (0..101)
                .map(|n| ListedDay { date: from.saturating_add(jiff::Span::new().days(n)), name: "x".into() })
                .collect();
            Ok(HolidayList { days, ..HolidayList::default() })
        });
        let wide = Importing { from: Some(date("2020-01-01")), to: Some(date("2090-01-01")), ..all_of("x") };
        let refused = import.sort(&desk, clinic, &wide).await;
        let Err(PracticeError::Invalid(faults)) = refused else { panic!("{refused:?}") };
        assert_eq!((faults[0].field.as_str(), faults[0].code), ("body", "length"));
    }

    #[tokio::test]
    async fn no_calendar_a_turned_time_and_a_stranger_are_refused_and_nothing_to_add_changes_nothing() {
        let clinic = ClinicId::mint();
        let desk = Caller::staff(UserId::mint(), vec![clinic]);
        let refused = importing(|_, _| Err(UnreadableList::NotACalendar)).sort(&desk, clinic, &all_of("x")).await;
        assert!(matches!(&refused, Err(PracticeError::Invalid(faults)) if faults[0].code == "calendar"), "{refused:?}");
        let turned = Importing { from: Some(date("2027-09-01")), to: Some(date("2027-08-31")), ..all_of("x") };
        let refused = importing(|_, _| Ok(HolidayList::default())).sort(&desk, clinic, &turned).await;
        assert!(matches!(refused, Err(PracticeError::Invalid(_))), "{refused:?}");
        let stranger = Caller::staff(UserId::mint(), vec![ClinicId::mint()]);
        let refused = importing(|_, _| Ok(HolidayList::default())).sort(&stranger, clinic, &all_of("x")).await;
        assert!(matches!(refused, Err(PracticeError::NotFound)), "{refused:?}");

        let import = importing(|_, _| Ok(list(&[("2027-07-05", "Fourth of July")])));
        let sorted = import.sort(&desk, clinic, &all_of("x")).await.unwrap();
        let made = import.run(&desk, clinic, &sorted, (None, None), Asked::default(), None).await.unwrap();
        assert_eq!((sorted.added.len(), made), (0, None));
        assert_eq!(import.preview(&desk, clinic, &sorted).await.unwrap(), None);
    }
}
