//! Dates in texts.

use files::infrastructure::inspection::dates_in;

fn told(text: &str) -> Vec<String> {
    dates_in(text).iter().map(ToString::to_string).collect()
}

#[test]
fn dates_are_read_as_people_write_them() {
    for way in [
        "2026-03-14",
        "on 2026-03-14T09:30:00Z",
        "14/03/2026",
        "03/14/2026",
        "3/14/2026",
        "14.03.2026",
        "14 mars 2026",
        "14 March 2026",
        "14 MARS 2026",
        "March 14, 2026",
        "Mar. 14, 2026",
        "the 14th of March 2026",
        "March 14th 2026",
    ] {
        assert_eq!(told(way), ["2026-03-14"], "{way}");
    }
    for (way, date) in [
        ("1er août 2025", "2025-08-01"),
        ("1 aout 2025", "2025-08-01"),
        ("le 28 février 2024", "2024-02-28"),
        ("5 déc. 2023", "2023-12-05"),
        ("December 5, 2023", "2023-12-05"),
        ("07/07/2026", "2026-07-07"),
        ("03.04.2026", "2026-04-03"),
        ("6 juil. 2026", "2026-07-06"),
    ] {
        assert_eq!(told(way), [date], "{way}");
    }
}

#[test]
fn what_may_be_two_dates_or_is_none_is_left_out() {
    for text in [
        "03/04/2026",
        "2026-02-30",
        "31/02/2026",
        "14/03/26",
        "14/03/1850",
        "3014-01-01",
        "14 brumaire 2026",
        "call 0612-03-1420",
        "12026-03-145",
        "version 1.2.3",
    ] {
        assert_eq!(told(text), [""; 0], "{text}");
    }
}

#[test]
fn each_date_comes_once_the_latest_first_fifty_at_most() {
    assert_eq!(told("2020-01-02, 2026-03-14, 2 January 2020, 14/03/2026"), ["2026-03-14", "2020-01-02"]);
    let many: String = (1900..2000).map(|year| format!("{year}-05-06 ")).collect();
    let found = told(&many);
    assert_eq!((found.len(), found[0].as_str()), (50, "1999-05-06"));
}
