//! A row of figures as it leaves the house: the same names and values in answers, files and tables.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::DailyRow;

/// Names of a table's columns, in the order of [`cells`].
pub(crate) const HEAD: [&str; 26] = [
    "date",
    "clinic_id",
    "clinic_name",
    "doctor_id",
    "doctor_name",
    "booked",
    "held",
    "missed",
    "open",
    "cancelled",
    "cancelled_by_patient",
    "cancelled_by_practice",
    "cancelled_otherwise",
    "no_show_rate",
    "booked_minutes",
    "offered_minutes",
    "fill_rate",
    "lead_time_median_minutes",
    "lead_time_p90_minutes",
    "third_next_available_days",
    "new_patients",
    "booked_online",
    "booked_at_desk",
    "reminders_sent",
    "waitlist_offers_taken",
    "with_account",
];

/// The figures of one date at one clinic.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DailyFigures)]
pub struct DailyBody {
    /// Date of the clinic's calendar.
    #[schema(format = Date, example = "2027-03-01")]
    date: String,
    clinic_id: Uuid,
    #[schema(example = "Harbor Health Center")]
    clinic_name: String,
    /// Null: of the whole clinic.
    doctor_id: Option<Uuid>,
    /// Null for the whole clinic.
    #[schema(example = "Amara Okafor")]
    doctor_name: Option<String>,
    /// Visits that begin on the date, whatever became of them.
    #[schema(example = 14)]
    booked: u32,
    /// The patient was there.
    #[schema(example = 11)]
    held: u32,
    /// The patient did not come.
    #[schema(example = 1)]
    missed: u32,
    /// Nobody has marked them.
    #[schema(example = 0)]
    open: u32,
    /// By whomever.
    #[schema(example = 2)]
    cancelled: u32,
    #[schema(example = 1)]
    cancelled_by_patient: u32,
    #[schema(example = 1)]
    cancelled_by_practice: u32,
    /// Called off by the installation, or nobody knows by whom.
    #[schema(example = 0)]
    cancelled_otherwise: u32,
    /// Missed ones, of those held or missed; null of none.
    #[schema(example = 0.0833)]
    no_show_rate: Option<f64>,
    /// Minutes of those that were not called off.
    #[schema(example = 360)]
    booked_minutes: u32,
    /// Minutes of the opening hours, less breaks, holidays and time off.
    #[schema(example = 480)]
    offered_minutes: u32,
    /// Booked minutes of offered ones; more than 1 where visits lie outside the hours. Null where nothing was offered.
    #[schema(example = 0.75)]
    fill_rate: Option<f64>,
    /// Half of those that were not called off were booked at most so long ahead.
    #[schema(example = 8_640)]
    lead_time_median_minutes: Option<u32>,
    /// Nine tenths of them.
    #[schema(example = 40_320)]
    lead_time_p90_minutes: Option<u32>,
    /// Days from the date's end to the third free time; null where there is none, or it was counted too late.
    #[schema(example = 2)]
    third_next_available_days: Option<u32>,
    /// Held, and the first that was held of its patient: with the doctor, or at the clinic.
    #[schema(example = 3)]
    new_patients: u32,
    /// Booked by patients, those who look after them, and guests.
    #[schema(example = 9)]
    booked_online: u32,
    /// Booked by the practice.
    #[schema(example = 5)]
    booked_at_desk: u32,
    /// For these visits.
    #[schema(example = 12)]
    reminders_sent: u32,
    /// Visits that somebody who waited has taken.
    #[schema(example = 1)]
    waitlist_offers_taken: u32,
    /// Visits whose patient has an account, or is looked after by somebody with one.
    #[schema(example = 8)]
    with_account: u32,
}

impl DailyBody {
    pub(crate) fn new(row: &DailyRow) -> Self {
        let figures = row.figures;
        let doctor = row.whose.doctor();
        Self {
            date: row.date.to_string(),
            clinic_id: row.clinic.as_uuid(),
            clinic_name: row.clinic_name.clone(),
            doctor_id: doctor.map(|doctor| doctor.as_uuid()),
            doctor_name: doctor.map(|_| row.doctor_name.clone()),
            booked: figures.booked,
            held: figures.held,
            missed: figures.missed,
            open: figures.open,
            cancelled: figures.cancelled(),
            cancelled_by_patient: figures.cancelled_by_patient,
            cancelled_by_practice: figures.cancelled_by_practice,
            cancelled_otherwise: figures.cancelled_otherwise,
            no_show_rate: figures.no_show_rate(),
            booked_minutes: figures.booked_minutes,
            offered_minutes: row.offered_minutes,
            fill_rate: row.fill_rate(),
            lead_time_median_minutes: figures.lead_median_minutes,
            lead_time_p90_minutes: figures.lead_p90_minutes,
            third_next_available_days: row.third_free_days,
            new_patients: figures.new_patients,
            booked_online: figures.booked_online,
            booked_at_desk: figures.booked_at_desk,
            reminders_sent: figures.reminders_sent,
            waitlist_offers_taken: figures.waitlist_taken,
            with_account: figures.with_account,
        }
    }
}

/// The cells of a row; what is not known is empty.
pub(crate) fn cells(row: &DailyRow) -> [String; HEAD.len()] {
    let body = serde_json::to_value(DailyBody::new(row)).unwrap_or_default();
    HEAD.map(|name| match &body[name] {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, DoctorId};

    use super::*;
    use crate::domain::{Figures, Whose};

    #[test]
    fn a_table_has_every_value_of_an_answer_and_no_more() {
        let row = DailyRow {
            date: "2027-03-01".parse().unwrap(),
            clinic: ClinicId::mint(),
            clinic_name: "Harbor".to_owned(),
            whose: Whose::Doctor(DoctorId::mint()),
            doctor_name: "Amara Okafor".to_owned(),
            figures: Figures { booked: 4, held: 3, missed: 1, booked_minutes: 90, ..Figures::default() },
            offered_minutes: 480,
            third_free_days: None,
        };
        let body = serde_json::to_value(DailyBody::new(&row)).unwrap();
        let mut names: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
        let mut head = HEAD.to_vec();
        names.sort_unstable();
        head.sort_unstable();
        assert_eq!(names, head);
        let cells = cells(&row);
        let cell = |name| cells[HEAD.iter().position(|other| *other == name).unwrap()].as_str();
        assert_eq!((cell("doctor_name"), cell("no_show_rate"), cell("fill_rate")), ("Amara Okafor", "0.25", "0.1875"));
        assert_eq!((cell("third_next_available_days"), cell("booked")), ("", "4"));
    }
}
