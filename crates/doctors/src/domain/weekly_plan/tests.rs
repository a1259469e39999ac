use super::super::sample::{clinic, visit};
use super::*;

fn known() -> Known {
    Known { clinics: vec![clinic(1), clinic(2)], visit_types: vec![visit(1, 30).id] }
}

fn draft(number: u128, weekday: &str, from: &str, to: &str) -> HoursDraft {
    HoursDraft {
        clinic: Some(clinic(number)),
        weekday: Some(weekday.into()),
        from: Some(from.into()),
        to: Some(to.into()),
        ..HoursDraft::default()
    }
}

fn told(drafts: &[HoursDraft]) -> Vec<String> {
    let faults = WeeklyPlan::read(drafts, &known()).err().unwrap_or_default();
    faults.into_iter().map(|fault| format!("{}:{}", fault.field, fault.code)).collect()
}

#[test]
fn hours_that_touch_do_not_overlap_and_those_that_overlap_are_told_wherever_they_are() {
    assert!(told(&[draft(1, "monday", "09:00", "12:00"), draft(2, "monday", "12:00", "24:00")]).is_empty());
    assert!(told(&[draft(1, "monday", "09:00", "12:00"), draft(1, "tuesday", "09:00", "12:00")]).is_empty());
    assert_eq!(
        told(&[draft(1, "monday", "09:00", "12:00"), draft(2, "monday", "11:59", "13:00")]),
        ["hours[1]:overlap"]
    );
}

#[test]
fn hours_of_different_seasons_do_not_overlap() {
    let valid = |from: Option<&str>, until: Option<&str>| HoursDraft {
        valid_from: from.map(str::to_owned),
        valid_until: until.map(str::to_owned),
        ..draft(1, "monday", "09:00", "12:00")
    };
    assert!(told(&[valid(None, Some("2027-06-30")), valid(Some("2027-07-01"), None)]).is_empty());
    assert_eq!(told(&[valid(None, Some("2027-07-01")), valid(Some("2027-07-01"), None)]), ["hours[1]:overlap"]);
    assert_eq!(told(&[valid(Some("2027-07-01"), Some("2027-06-30"))]), ["hours[0].valid_until:range"]);
}

#[test]
fn everything_that_is_wrong_is_told_at_once_by_its_path() {
    let stranger = HoursDraft { visit_types: Some(vec![visit(9, 30).id]), ..draft(9, "moonday", "9:00", "24:01") };
    let backwards = HoursDraft { visit_types: Some(Vec::new()), ..draft(1, "sunday", "17:00", "09:00") };
    assert_eq!(
        told(&[stranger, draft(1, "friday", "24:00", "24:00"), backwards, HoursDraft::default()]),
        [
            "hours[0].weekday:weekday",
            "hours[0].clinic_id:unknown",
            "hours[0].from:time",
            "hours[0].to:time",
            "hours[0].visit_type_ids[0]:unknown",
            "hours[1].to:range",
            "hours[2].to:range",
            "hours[2].visit_type_ids:length",
            "hours[3].weekday:required",
            "hours[3].clinic_id:required",
            "hours[3].from:required",
            "hours[3].to:required",
        ]
    );
    let many = vec![draft(1, "monday", "09:00", "10:00"); MOST_WEEKLY_HOURS + 1];
    assert_eq!(told(&many)[0], "hours:length");
}

#[test]
fn hours_of_strangers_have_to_stay_as_they_are() {
    let plan = |drafts: &[HoursDraft]| WeeklyPlan::read(drafts, &known()).unwrap();
    let before = plan(&[draft(1, "monday", "09:00", "12:00"), draft(2, "monday", "13:00", "17:00")]);
    let own = [clinic(1)];
    let moved = plan(&[draft(2, "monday", "13:00", "17:00"), draft(1, "monday", "08:00", "12:00")]);
    assert!(moved.leaves_others_alone(before.hours(), &own));
    assert!(!plan(&[draft(1, "monday", "09:00", "12:00")]).leaves_others_alone(before.hours(), &own));
    let longer = plan(&[draft(2, "monday", "13:00", "18:00")]);
    assert!(!longer.leaves_others_alone(before.hours(), &own));
}

#[test]
fn the_hours_of_a_date_do_not_overlap_either() {
    let read = |drafts: &[HoursDraft]| read_day(drafts, &known());
    assert_eq!(read(&[]).unwrap(), []);
    assert_eq!(read(&[draft(1, "", "09:00", "10:00"), draft(2, "", "10:00", "11:00")]).unwrap().len(), 2);
    let faults = read(&[draft(1, "", "09:00", "10:00"), draft(2, "", "09:30", "11:00")]).unwrap_err();
    assert_eq!((faults[0].field.as_str(), faults[0].code), ("hours[1]", "overlap"));
}
