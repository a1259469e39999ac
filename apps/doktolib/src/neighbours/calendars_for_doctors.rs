use calendars::domain::{Unreadable, whole_days};
use doctors::application::{HolidayList, HolidayLists, ListedDay, UnreadableList};
use jiff::civil::Date;

/// The calendars can read the files in which holidays are published.
pub struct CalendarsForDoctors;

impl HolidayLists for CalendarsForDoctors {
    fn read(&self, file: &str, from: Date, to: Date) -> Result<HolidayList, UnreadableList> {
        let found = whole_days(file, from, to).map_err(|error| match error {
            Unreadable::NotACalendar => UnreadableList::NotACalendar,
            Unreadable::TooLarge => UnreadableList::TooLarge,
        })?;
        Ok(HolidayList {
            days: found.days.into_iter().map(|(date, name)| ListedDay { date, name }).collect(),
            outside: found.outside,
            not_understood: found.not_understood,
        })
    }
}
