use super::*;

const HOME: &str = "America/New_York";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// From 1 March to 1 May 2027: New York's clocks change on 14 March.
fn window() -> Interval {
    Interval::new(at("2027-03-01T05:00:00Z"), at("2027-05-01T04:00:00Z")).unwrap()
}

fn read(body: &str) -> Result<BusyTimes, Unreadable> {
    let text = format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{}\r\nEND:VCALENDAR\r\n", body.replace('\n', "\r\n"));
    busy_times(&text, window(), &TimeZone::get(HOME).unwrap())
}

fn event(lines: &str) -> String {
    format!("BEGIN:VEVENT\nUID:1\n{lines}\nEND:VEVENT")
}

/// The starts of the busy times of an event.
fn starts(lines: &str) -> Vec<String> {
    let busy = read(&event(lines)).unwrap();
    assert_eq!(busy.not_understood, 0, "{lines}");
    busy.spans.iter().map(|span| span.start.to_string()).collect()
}

#[test]
fn times_with_a_zone_in_utc_floating_and_of_whole_days_are_what_they_say() {
    for (lines, start, end) in [
        ("DTSTART:20270309T140000Z\nDTEND:20270309T150000Z", "2027-03-09T14:00:00Z", "2027-03-09T15:00:00Z"),
        ("DTSTART;TZID=Europe/Paris:20270309T140000\nDURATION:PT1H30M", "2027-03-09T13:00:00Z", "2027-03-09T14:30:00Z"),
        (
            "DTSTART;TZID=\"/x.org/2005/Europe/Paris\":20270309T140000\nDURATION:PT1H",
            "2027-03-09T13:00:00Z",
            "2027-03-09T14:00:00Z",
        ),
        ("DTSTART:20270309T140000\nDTEND:20270309T143000", "2027-03-09T19:00:00Z", "2027-03-09T19:30:00Z"),
        // The day on which the clocks go forward has 23 hours.
        ("DTSTART;VALUE=DATE:20270314", "2027-03-14T05:00:00Z", "2027-03-15T04:00:00Z"),
        ("DTSTART;VALUE=DATE:20270309\nDTEND;VALUE=DATE:20270312", "2027-03-09T05:00:00Z", "2027-03-12T05:00:00Z"),
        // What began before is cut to what is wanted.
        ("DTSTART:20270228T120000Z\nDTEND:20270301T120000Z", "2027-03-01T05:00:00Z", "2027-03-01T12:00:00Z"),
    ] {
        let busy = read(&event(lines)).unwrap();
        let expected = Interval::new(at(start), at(end)).unwrap();
        assert_eq!(busy, BusyTimes { spans: vec![expected], not_understood: 0 }, "{lines}");
    }
}

#[test]
fn what_is_transparent_called_off_over_or_without_length_takes_no_time() {
    for lines in [
        "DTSTART:20270309T140000Z\nDTEND:20270309T150000Z\nTRANSP:TRANSPARENT",
        "DTSTART:20270309T140000Z\nDTEND:20270309T150000Z\nSTATUS:CANCELLED",
        "DTSTART:20270209T140000Z\nDTEND:20270209T150000Z",
        "DTSTART:20270309T140000Z",
    ] {
        assert_eq!(starts(lines), [""; 0], "{lines}");
    }
}

#[test]
fn nine_o_clock_stays_nine_o_clock_when_the_clocks_change() {
    let weekly = "DTSTART;TZID=America/New_York:20270301T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=4";
    assert_eq!(
        starts(weekly),
        ["2027-03-01T14:00:00Z", "2027-03-08T14:00:00Z", "2027-03-15T13:00:00Z", "2027-03-22T13:00:00Z"]
    );
}

#[test]
fn exceptions_additions_and_changed_instances_count() {
    let series = "DTSTART;TZID=America/New_York:20270301T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;UNTIL=20270331T000000Z\n\
                  EXDATE;TZID=America/New_York:20270308T090000\nRDATE:20270402T130000Z,20270403T130000Z";
    let moved = "BEGIN:VEVENT\nUID:1\nRECURRENCE-ID;TZID=America/New_York:20270315T090000\nDTSTART:20270316T200000Z\n\
                 DURATION:PT30M\nEND:VEVENT";
    let off =
        "BEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20270322T130000Z\nSTATUS:CANCELLED\nDTSTART:20270322T130000Z\nEND:VEVENT";
    let busy = read(&format!("{}\n{moved}\n{off}", event(series))).unwrap();
    let starts: Vec<String> = busy.spans.iter().map(|span| span.start.to_string()).collect();
    assert_eq!(
        starts,
        [
            "2027-03-01T14:00:00Z",
            "2027-03-16T20:00:00Z",
            "2027-03-29T13:00:00Z",
            "2027-04-02T13:00:00Z",
            "2027-04-03T13:00:00Z"
        ]
    );
}

#[test]
fn a_zone_that_only_the_file_knows_is_understood_from_its_rules() {
    let zone = "BEGIN:VTIMEZONE\nTZID:Eastern Standard Time\nBEGIN:STANDARD\nDTSTART:16010101T020000\nTZOFFSETFROM:-0400\n\
                TZOFFSETTO:-0500\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=1SU;BYMONTH=11\nEND:STANDARD\nBEGIN:DAYLIGHT\n\
                DTSTART:16010101T020000\nTZOFFSETFROM:-0500\nTZOFFSETTO:-0400\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=2SU;BYMONTH=3\n\
                END:DAYLIGHT\nEND:VTIMEZONE";
    let lines = "DTSTART;TZID=Eastern Standard Time:20270301T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=3";
    let busy = read(&format!("{zone}\n{}", event(lines))).unwrap();
    let starts: Vec<String> = busy.spans.iter().map(|span| span.start.to_string()).collect();
    assert_eq!(starts, ["2027-03-01T14:00:00Z", "2027-03-08T14:00:00Z", "2027-03-15T13:00:00Z"]);
    // Without the definition nobody knows it; it is counted and not guessed.
    assert_eq!(read(&event(lines)).unwrap(), BusyTimes { spans: vec![], not_understood: 1 });
}

#[test]
fn what_is_not_understood_is_counted_and_the_rest_is_read() {
    let good = event("DTSTART:20270309T140000Z\nDTEND:20270309T150000Z");
    for bad in [
        "DTSTART:nonsense",
        "SUMMARY:no start",
        "DTSTART:20270309T140000Z\nRRULE:FREQ=SECONDLY",
        "DTSTART:20270309T140000Z\nRRULE:FREQ=DAILY;BYHOUR=9,10",
    ] {
        let busy = read(&format!("{good}\n{}", event(bad).replace("UID:1", "UID:2"))).unwrap();
        assert_eq!((busy.spans.len(), busy.not_understood), (1, 1), "{bad}");
    }
}

#[test]
fn folded_lines_and_alarms_confuse_nobody() {
    let lines = "SUMMARY:a\n  b\nDTSTART:2027\n 0309T140000Z\nBEGIN:VALARM\nDTSTART:20270401T000000Z\nDURATION:P9D\nEND:VALARM\nDTEND:20270309T150000Z";
    assert_eq!(starts(lines), ["2027-03-09T14:00:00Z"]);
    assert_eq!(read(&event(lines)).unwrap().spans[0].length(), jiff::SignedDuration::from_hours(1));
}

#[test]
fn busy_times_that_touch_are_one() {
    let two = "DTSTART:20270309T140000Z\nDTEND:20270309T150000Z\nRDATE:20270309T143000Z,20270309T150000Z";
    let busy = read(&event(two)).unwrap();
    assert_eq!(busy.spans, [Interval::new(at("2027-03-09T14:00:00Z"), at("2027-03-09T16:00:00Z")).unwrap()]);
}

#[test]
fn what_is_no_calendar_or_too_large_is_refused() {
    let home = TimeZone::get(HOME).unwrap();
    for text in ["", "<html></html>", "BEGIN:VCARD\r\nEND:VCARD\r\n"] {
        assert_eq!(busy_times(text, window(), &home), Err(Unreadable::NotACalendar), "{text}");
    }
    let one = event("DTSTART:20270309T140000Z\nDTEND:20270309T150000Z");
    assert_eq!(read(&vec![one.as_str(); MOST_EVENTS + 1].join("\n")), Err(Unreadable::TooLarge));
    assert!(read(&vec![one.as_str(); MOST_EVENTS].join("\n")).is_ok());
    // Rules that never end and never come, each cheap, all together too much.
    let never = event("DTSTART:19700101T000000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=9");
    assert_eq!(read(&never).unwrap().spans, []);
    assert_eq!(read(&vec![never.as_str(); 100].join("\n")), Err(Unreadable::TooLarge));
}
