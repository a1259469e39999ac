//! A report about a doctor, as a PDF to be printed.

use jiff::tz::TimeZone;
use kernel::PortFailure;
use platform::print::{HEIGHT, Print, WIDTH};

use crate::domain::{Report, Summary, Sums, Week};

const LEFT: f32 = 50.0;
const RIGHT: f32 = WIDTH - 50.0;
const TOP: f32 = HEIGHT - 70.0;
/// Where the chart stands on its page, and how large it is.
const CHART: (f32, f32) = (LEFT, 110.0);
const TALL: f32 = 200.0;
/// Weeks of a chart; a longer period has charts on further pages.
const WEEKS: usize = 27;
const HELD: f32 = 0.25;
const MISSED: f32 = 0.55;
const CANCELLED: f32 = 0.82;

/// The report: what it is about, its figures, and the visits week by week. The same figures make the same file.
///
/// # Errors
/// When the typeface that is built in cannot be read.
pub(super) fn report_sheet(report: &Report, summary: &Summary) -> Result<Vec<u8>, PortFailure> {
    let print = Print::new().map_err(|error| PortFailure::new("print a report", error))?;
    let mut print = print.titled(&format!("{}, {} – {}", summary.doctor_name, summary.from, summary.to));
    let charts: Vec<&[Week]> = summary.weeks.chunks(WEEKS).collect();
    let pages = charts.len().max(1);
    let asked = report.asked_at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC").to_string();
    let highest = summary.weeks.iter().map(|week| shown(&week.sums)).max().unwrap_or(0).max(4);
    for page in 0..pages {
        print.page();
        head(&mut print, summary);
        if page == 0 {
            figures(&mut print, summary);
        }
        if let Some(weeks) = charts.get(page) {
            chart(&mut print, weeks, highest);
        }
        print.text((LEFT, 40.0), 7.5, &format!("Report {}, asked for {asked}", report.id));
        print.text_up_to((RIGHT, 40.0), 7.5, &format!("{} / {pages}", page + 1));
    }
    Ok(print.finish())
}

fn head(print: &mut Print, summary: &Summary) {
    print.text((LEFT, TOP), 17.0, &summary.doctor_name);
    print.text((LEFT, TOP - 20.0), 10.0, &format!("{} to {}", summary.from, summary.to));
    let clinics = summary.clinic_names.join(", ");
    let cut: String =
        if clinics.chars().count() > 90 { clinics.chars().take(89).chain(['…']).collect() } else { clinics };
    print.text((LEFT, TOP - 35.0), 9.0, &cut);
    print.line((LEFT, TOP - 45.0), (RIGHT, TOP - 45.0), 0.0);
}

fn percent(rate: Option<f64>) -> String {
    rate.map_or_else(|| "–".to_owned(), |rate| format!("{:.1} %", rate * 100.0))
}

fn hours(minutes: u32) -> String {
    format!("{}:{:02} h", minutes / 60, minutes % 60)
}

fn figures(print: &mut Print, summary: &Summary) {
    let sums = summary.sums;
    let cancelled = format!(
        "{} (patients {}, practice {}, otherwise {})",
        sums.cancelled(),
        sums.cancelled_by_patient,
        sums.cancelled_by_practice,
        sums.cancelled_otherwise
    );
    let lines = [
        ("Visits booked", sums.booked.to_string()),
        ("held", sums.held.to_string()),
        ("missed", sums.missed.to_string()),
        ("cancelled", cancelled),
        ("not marked", sums.open.to_string()),
        ("No-show rate (missed of held and missed)", percent(sums.no_show_rate())),
        ("Time offered", hours(sums.offered_minutes)),
        ("Time booked", hours(sums.booked_minutes)),
        ("Fill rate (booked of offered)", percent(sums.fill_rate())),
        (
            "Third next available, median of the days",
            summary.third_free_median.map_or_else(|| "–".to_owned(), |days| format!("{days} days")),
        ),
        ("New patients", sums.new_patients.to_string()),
        ("Booked online / at the desk", format!("{} / {}", sums.booked_online, sums.booked_at_desk)),
        ("Reminders sent", sums.reminders_sent.to_string()),
        ("Times of the waitlist taken", sums.waitlist_taken.to_string()),
        ("Days with figures", summary.counted_days.to_string()),
    ];
    let mut y = TOP - 75.0;
    for (number, (name, value)) in lines.iter().enumerate() {
        if number % 2 == 0 {
            print.fill((LEFT, y - 5.0), (RIGHT - LEFT, 17.0), 0.95);
        }
        print.text((LEFT + 6.0, y), 9.5, name);
        print.text_up_to((RIGHT - 6.0, y), 9.5, value);
        y -= 17.0;
    }
}

/// Visits that a bar shows.
const fn shown(sums: &Sums) -> u32 {
    sums.held + sums.missed + sums.cancelled()
}

fn points(count: u32, highest: u32) -> f32 {
    let part = |number: u32| f32::from(u16::try_from(number).unwrap_or(u16::MAX));
    TALL * part(count) / part(highest).max(1.0)
}

fn chart(print: &mut Print, weeks: &[Week], highest: u32) {
    let (left, bottom) = CHART;
    let width = RIGHT - left;
    print.text((left, bottom + TALL + 32.0), 10.5, "Visits by week");
    let mut x = left + 150.0;
    for (name, shade) in [("held", HELD), ("missed", MISSED), ("cancelled", CANCELLED)] {
        print.fill((x, bottom + TALL + 31.0), (8.0, 8.0), shade);
        print.text((x + 12.0, bottom + TALL + 32.0), 8.5, name);
        x += 90.0;
    }
    for quarter in 0..=4_u32 {
        let count = highest * quarter / 4;
        let y = bottom + points(count, highest);
        print.line((left + 28.0, y), (left + width, y), 0.8);
        print.text_up_to((left + 24.0, y - 2.5), 7.5, &count.to_string());
    }
    let slots = f32::from(u16::try_from(weeks.len().max(10)).unwrap_or(u16::MAX));
    let step = (width - 28.0) / slots;
    let mut x = left + 28.0;
    for (number, week) in weeks.iter().enumerate() {
        let mut y = bottom;
        for (count, shade) in [(week.sums.held, HELD), (week.sums.missed, MISSED), (week.sums.cancelled(), CANCELLED)] {
            let tall = points(count, highest);
            if count > 0 {
                print.fill((x + step * 0.15, y), (step * 0.7, tall), shade);
            }
            y += tall;
        }
        if number % 3 == 0 {
            print.text((x, bottom - 12.0), 6.5, &week.monday.strftime("%m-%d").to_string());
        }
        x += step;
    }
    print.line((left + 28.0, bottom), (left + width, bottom), 0.0);
    print.text(
        (left, bottom - 26.0),
        7.5,
        "Weeks begin on the Monday that is shown. How figures are made: docs/reports.md",
    );
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use kernel::{ClinicId, DoctorId, UserId};
    use lopdf::Document;

    use super::*;
    use crate::domain::{DailyRow, Figures, ReportId, ReportState, Whose};

    fn sheet(from: &str, to: &str) -> Vec<u8> {
        let (from, to): (Date, Date) = (from.parse().unwrap(), to.parse().unwrap());
        let doctor = DoctorId::from_uuid(uuid::Uuid::nil());
        let mut rows = Vec::new();
        for (number, date) in (0_u32..).zip(from.series(jiff::ToSpan::day(1)).take_while(|date| *date <= to)) {
            let (held, missed) = (number % 7, u32::from(number % 5 == 0));
            rows.push(DailyRow {
                date,
                clinic: ClinicId::from_uuid(uuid::Uuid::nil()),
                clinic_name: "Harbor Health Center".to_owned(),
                whose: Whose::Doctor(doctor),
                doctor_name: "Zoë Łukasz-Nguyễn".to_owned(),
                figures: Figures {
                    booked: held + missed + 1,
                    held,
                    missed,
                    cancelled_by_patient: 1,
                    booked_minutes: 30 * (held + missed),
                    ..Figures::default()
                },
                offered_minutes: 480,
                third_free_days: Some(3),
            });
        }
        let summary = Summary::of("Zoë Łukasz-Nguyễn".to_owned(), &rows, from, to);
        let report = Report {
            id: ReportId::from_uuid(uuid::Uuid::nil()),
            doctor,
            clinics: vec![ClinicId::from_uuid(uuid::Uuid::nil())],
            from,
            to,
            asked_by: UserId::from_uuid(uuid::Uuid::nil()),
            asked_at: "2027-03-10T12:00:00Z".parse().unwrap(),
            state: ReportState::Waiting,
            object_key: "reports/x.pdf".to_owned(),
        };
        report_sheet(&report, &summary).unwrap()
    }

    #[test]
    fn a_report_names_the_doctor_and_its_figures_on_one_page_or_two() {
        let file = sheet("2027-02-01", "2027-02-28");
        assert_eq!(file, sheet("2027-02-01", "2027-02-28"), "the same figures make the same file");
        let document = Document::load_mem(&file).unwrap();
        assert_eq!(document.get_pages().len(), 1);
        let text = document.extract_text(&[1]).unwrap();
        for expected in
            ["Zoë Łukasz-Nguyễn", "2027-02-01 to 2027-02-28", "Harbor Health Center", "Fill rate", "84", "3 days"]
        {
            assert!(text.contains(expected), "{expected} is missing in {text}");
        }
        if let Some(folder) = std::env::var_os("KEEP_SHEETS") {
            std::fs::write(std::path::Path::new(&folder).join("report.pdf"), sheet("2026-03-10", "2027-03-09"))
                .unwrap();
        }
        let year = Document::load_mem(&sheet("2026-03-10", "2027-03-09")).unwrap();
        assert_eq!(year.get_pages().len(), 2);
    }
}
