//! The vectors in `docs/dst-vectors.json`, for anybody who computes slots.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

use super::oracle::{Readings, changes, starts};
use super::{Plan, zone};

/// Zones on both hemispheres, with jumps of 30, 60 and 120 minutes, at midnight, at night, and twice in Ramadan.
const ZONES: [&str; 34] = [
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/El_Aaiun",
    "America/Anchorage",
    "America/Chicago",
    "America/Denver",
    "America/Halifax",
    "America/Havana",
    "America/Los_Angeles",
    "America/Miquelon",
    "America/New_York",
    "America/Nuuk",
    "America/Port-au-Prince",
    "America/Santiago",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Jerusalem",
    "Atlantic/Azores",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Europe/Berlin",
    "Europe/Chisinau",
    "Europe/Dublin",
    "Europe/Lisbon",
    "Europe/London",
    "Europe/Paris",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Easter",
    "Pacific/Norfolk",
    "US/Pacific",
];

/// Zones whose clocks do not jump, some far from UTC or off the whole hour.
const STEADY: [&str; 6] = [
    "America/Asuncion",
    "America/Phoenix",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
];

#[derive(Serialize, Deserialize)]
struct Vectors {
    about: Vec<String>,
    time_zone_database: String,
    vectors: Vec<Vector>,
}

#[derive(Serialize, Deserialize)]
struct Vector {
    zone: String,
    date: Date,
    /// `gap`, `fold` or `none`.
    change: String,
    hours: Vec<(String, String)>,
    duration_minutes: u16,
    grid_minutes: u16,
    slots: Vec<Timestamp>,
}

impl Vector {
    fn new(name: &str, day: Date, change: &str, readings: &Readings, plan: &Plan) -> Self {
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        Self {
            zone: name.to_owned(),
            date: day,
            change: change.to_owned(),
            hours: plan.hours.iter().map(|(from, to)| (clock(*from), clock(*to))).collect(),
            duration_minutes: plan.duration,
            grid_minutes: plan.grid,
            slots: starts(readings, day, plan),
        }
    }

    fn plan(&self) -> Plan {
        let minute = |text: &str| text.parse::<doctors::domain::MinuteOfDay>().expect("a time of day").get();
        let hours = self.hours.iter().map(|(from, to)| (minute(from), minute(to)));
        Plan { hours: hours.collect(), duration: self.duration_minutes, grid: self.grid_minutes }
    }
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/dst-vectors.json")
}

#[test]
fn the_published_vectors_hold() {
    let text = std::fs::read_to_string(file()).expect("docs/dst-vectors.json");
    let published: Vectors = serde_json::from_str(&text).expect("vectors");
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for vector in &published.vectors {
        *kinds.entry(&vector.change).or_default() += 1;
        let slots = vector.plan().slots(&zone(&vector.zone), vector.date, vector.date);
        let found: Vec<Timestamp> = slots.iter().map(|slot| slot.starts_at).collect();
        assert_eq!(
            found, vector.slots,
            "{} {} {:?}; if the time zone database has changed its mind, write the file anew",
            vector.zone, vector.date, vector.hours
        );
    }
    assert!(kinds["gap"] >= 100 && kinds["fold"] >= 100 && kinds["none"] >= 10, "{kinds:?}");
    assert!(text.len() < 200_000, "{} bytes", text.len());
}

/// `cargo test -p doctors --test time_zones -- --ignored` writes the file from what the oracle finds.
#[test]
#[ignore = "writes docs/dst-vectors.json anew"]
fn the_vectors_are_written_from_the_oracle() {
    let mut vectors = Vec::new();
    for name in ZONES {
        let zone = zone(name);
        for (at, change) in changes(&zone, 2026..=2030).iter().enumerate() {
            let readings = Readings::around(&zone, change.at);
            let plans: Vec<Plan> = Plan::around(change).into_iter().filter(|plan| plan.duration != 15).collect();
            // Each zone starts with another plan, and each plan meets jumps forth and back.
            let plan = &plans[(at / 2 + vectors.len()) % plans.len()];
            let kind = if change.is_gap() { "gap" } else { "fold" };
            vectors.push(Vector::new(name, change.days()[1], kind, &readings, plan));
        }
    }
    for name in STEADY {
        for day in [date(2028, 2, 29), date(2026, 12, 31)] {
            let readings = Readings::around(&zone(name), day.to_zoned(zone(name)).expect("a day").timestamp());
            let plan = Plan::new(&[(540, 720), (780, 1020)], 30, 30);
            vectors.push(Vector::new(name, day, "none", &readings, &plan));
        }
    }
    let about = [
        "Where visits may start on a local date, for checking programs that compute free slots.",
        "hours: opening hours on the clock of the zone, the closing time excluded; hours that overlap or touch are one opening; 24:00 is the end of the day.",
        "Starts lie every grid_minutes of local time after the opening time. A local time that does not exist gives no slot, one that happens twice gives one, the earlier.",
        "A visit lasts duration_minutes of real time; the clock of the zone shows a time of the opening for as long as it lasts.",
        "Two starts of one opening are at least grid_minutes of real time apart: after a jump forward the later one is left out.",
        "change: what the clock does around that date: gap (it jumps forward), fold (it is set back) or none. slots: the starts in UTC.",
    ];
    let mut text = String::from("{\n\"about\": [\n");
    let lines: Vec<String> = about.iter().map(|line| format!("  {}", serde_json::json!(line))).collect();
    let rows: Vec<String> = vectors.iter().map(|vector| serde_json::to_string(vector).expect("JSON")).collect();
    write!(
        text,
        "{}\n],\n\"time_zone_database\": \"IANA 2026e\",\n\"vectors\": [\n{}\n]\n}}\n",
        lines.join(",\n"),
        rows.join(",\n")
    )
    .expect("text");
    std::fs::write(file(), text).expect("a file");
}
