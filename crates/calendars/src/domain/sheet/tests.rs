use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn entry(zone: &str, start: &str, end: &str) -> Entry {
    Entry {
        id: "01900000-0000-7000-8000-a00000000001".parse().unwrap(),
        span: Interval::new(at(start), at(end)).unwrap(),
        time_zone: zone.into(),
        standing: Standing::Confirmed,
        sequence: 3,
        created_at: at("2027-03-01T12:00:00Z"),
        changed_at: at("2027-03-02T08:30:00Z"),
        summary: "Appointment with Amara Okafor".into(),
        place: Some("Riverside Clinic, 5 Main Street; New York".into()),
        organizer: Some(Organizer { name: "Riverside Clinic".into(), email: "no-reply@clinic.example".into() }),
        attendee: Some(Attendee { name: "Ada \"A\" Example".into(), email: "ada@example.org".into() }),
    }
}

fn sheet(method: Method, entries: &[Entry]) -> String {
    Sheet { method, host: "doktolib.example", name: None, refresh: None, entries }.text().replace("\r\n ", "")
}

#[test]
fn a_file_says_who_when_where_and_nothing_more() {
    let text =
        sheet(Method::Request, &[entry("America/New_York", "2027-03-09T09:00:00-05:00", "2027-03-09T09:30:00-05:00")]);
    assert_eq!(
        text.lines().collect::<Vec<_>>(),
        [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Doktolib//Doktolib//EN",
            "CALSCALE:GREGORIAN",
            "METHOD:REQUEST",
            "BEGIN:VTIMEZONE",
            "TZID:America/New_York",
            "X-LIC-LOCATION:America/New_York",
            "BEGIN:STANDARD",
            "DTSTART:20261101T020000",
            "TZOFFSETFROM:-0400",
            "TZOFFSETTO:-0500",
            "TZNAME:EST",
            "END:STANDARD",
            "BEGIN:DAYLIGHT",
            "DTSTART:20270314T020000",
            "TZOFFSETFROM:-0500",
            "TZOFFSETTO:-0400",
            "TZNAME:EDT",
            "END:DAYLIGHT",
            "BEGIN:STANDARD",
            "DTSTART:20271107T020000",
            "TZOFFSETFROM:-0400",
            "TZOFFSETTO:-0500",
            "TZNAME:EST",
            "END:STANDARD",
            "END:VTIMEZONE",
            "BEGIN:VEVENT",
            "UID:01900000-0000-7000-8000-a00000000001@doktolib.example",
            "SEQUENCE:3",
            "DTSTAMP:20270302T083000Z",
            "CREATED:20270301T120000Z",
            "LAST-MODIFIED:20270302T083000Z",
            "DTSTART;TZID=America/New_York:20270309T090000",
            "DTEND;TZID=America/New_York:20270309T093000",
            "SUMMARY:Appointment with Amara Okafor",
            "LOCATION:Riverside Clinic\\, 5 Main Street\\; New York",
            "STATUS:CONFIRMED",
            "TRANSP:OPAQUE",
            "CLASS:PRIVATE",
            "ORGANIZER;CN=\"Riverside Clinic\":mailto:no-reply@clinic.example",
            "ATTENDEE;CN=\"Ada 'A' Example\";ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:ada@example.org",
            "END:VEVENT",
            "END:VCALENDAR",
        ]
    );
}

#[test]
fn a_visit_that_was_called_off_takes_nobody_s_time() {
    let cancelled = Entry {
        standing: Standing::Cancelled,
        ..entry("America/Chicago", "2027-03-09T15:00:00Z", "2027-03-09T15:30:00Z")
    };
    let text = sheet(Method::Cancel, &[cancelled]);
    for line in ["METHOD:CANCEL", "STATUS:CANCELLED", "TRANSP:TRANSPARENT"] {
        assert!(text.contains(&format!("\r\n{line}\r\n")), "{line} is missing in {text}");
    }
}

#[test]
fn a_time_that_the_clocks_show_twice_is_never_the_wrong_one() {
    // On 7 November 2027 New York's clocks go from 2 a.m. back to 1 a.m.
    let text = sheet(Method::Publish, &[entry("America/New_York", "2027-11-07T05:30:00Z", "2027-11-07T06:30:00Z")]);
    assert!(text.contains("DTSTART:20271107T053000Z\r\nDTEND:20271107T063000Z\r\n"), "{text}");
    let text = sheet(Method::Publish, &[entry("America/New_York", "2027-11-07T06:30:00Z", "2027-11-07T07:00:00Z")]);
    assert!(text.contains("DTSTART:20271107T063000Z\r\nDTEND;TZID=America/New_York:20271107T020000\r\n"), "{text}");
}

#[test]
fn a_zone_without_changes_has_one_observance_and_utc_needs_none() {
    for (zone, defined, start) in [
        ("Asia/Kolkata", 1, "DTSTART;TZID=Asia/Kolkata:20270309T143000"),
        ("Etc/UTC", 0, "DTSTART:20270309T090000Z"),
        ("Nowhere/At_All", 0, "DTSTART:20270309T090000Z"),
        ("Etc/GMT-3", 1, "DTSTART;TZID=Etc/GMT-3:20270309T120000"),
    ] {
        let text = sheet(Method::Publish, &[entry(zone, "2027-03-09T09:00:00Z", "2027-03-09T09:30:00Z")]);
        assert_eq!(text.matches("TZOFFSETTO").count(), defined, "{text}");
        assert!(text.contains(&format!("\r\n{start}\r\n")), "{text}");
    }
}

#[test]
fn each_zone_is_defined_once_and_over_all_years_it_is_used_in() {
    let entries = [
        entry("America/New_York", "2028-12-09T09:00:00Z", "2028-12-09T09:30:00Z"),
        entry("Australia/Sydney", "2027-03-09T09:00:00Z", "2027-03-09T09:30:00Z"),
        entry("America/New_York", "2027-03-09T09:00:00Z", "2027-03-09T09:30:00Z"),
    ];
    let text = sheet(Method::Publish, &entries);
    assert_eq!(text.matches("BEGIN:VTIMEZONE").count(), 2);
    let new_york = text.split("END:VTIMEZONE").next().unwrap();
    for change in ["20261101T020000", "20270314T020000", "20271107T020000", "20280312T020000", "20281105T020000"] {
        assert_eq!(new_york.matches(change).count(), 1, "{change} in {new_york}");
    }
}
