//! What there is to ask for, learnt from the server itself.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde_json::Value;

use super::client::{Connection, field};
use super::server::Outcome;

const DOCTORS: usize = 500;
/// The searches that find most, so that pages are full where the catalogue can fill them.
const BUSIEST: usize = 8;

const BUFFERS: SignedDuration = SignedDuration::from_mins(30);

#[derive(Clone)]
pub struct FreeTime {
    pub doctor: String,
    pub starts_at: String,
}

/// Targets of requests.
#[derive(Default)]
pub struct Catalogue {
    pub doctors: Vec<String>,
    pub by_id: Vec<String>,
    pub by_rating: Vec<String>,
    pub by_specialty: Vec<String>,
    pub by_pair: Vec<String>,
    pub by_name: Vec<String>,
    pub by_word: Vec<String>,
    pub week: Vec<String>,
    pub fortnight: Vec<String>,
    first_day: Option<Date>,
}

impl Catalogue {
    pub fn of(address: SocketAddr) -> Outcome<Self> {
        let mut connection = Connection::open(address)?;
        let mut found = Self { by_rating: vec!["/api/v1/doctors".to_owned()], ..Self::default() };
        let (mut specialties, mut pairs, mut words) = (HashMap::new(), HashMap::new(), BTreeMap::new());
        let mut page = Some("/api/v1/doctors?limit=100".to_owned());
        while let Some(target) = page.take().filter(|_| found.doctors.len() < DOCTORS) {
            let answer = connection.get(&target)?;
            let doctors: Vec<Value> = serde_json::from_str(answer.body)?;
            page = field(answer.head, "link").and_then(|link| link.split(['<', '>']).nth(1)).map(relative);
            for doctor in &doctors {
                let text = |name: &str| doctor[name].as_str().unwrap_or_default().to_owned();
                let (id, specialty, city) = (text("id"), slug(&text("specialty")), slug(&text("city")));
                *specialties.entry(specialty.clone()).or_insert(0) += 1;
                *pairs.entry((specialty, city)).or_insert(0) += 1;
                for word in text("bio").split(|c: char| !c.is_ascii_alphabetic()).filter(|word| word.len() > 5) {
                    words.insert(word.to_lowercase(), ());
                }
                let name = text("last_name");
                if name.chars().all(|c| c.is_ascii_alphabetic()) {
                    found.by_name.push(format!("/api/v1/doctors?q={name}"));
                }
                found.by_id.push(format!("/api/v1/doctors/{id}"));
                found.doctors.push(id);
            }
        }
        found.by_specialty = busiest(specialties).iter().map(|s| format!("/api/v1/doctors?specialty={s}")).collect();
        let soonest = |(specialty, city): &(String, String)| {
            format!("/api/v1/doctors?specialty={specialty}&city={city}&sort=soonest")
        };
        found.by_pair = busiest(pairs).iter().map(soonest).collect();
        found.by_word = words.into_keys().take(BUSIEST).map(|word| format!("/api/v1/doctors?q={word}")).collect();
        found.calendars(&mut connection)?;
        Ok(found)
    }

    fn calendars(&mut self, connection: &mut Connection) -> Outcome<()> {
        let first = connection.get(&format!("/api/v1/doctors/{}/slots", self.doctors[0]))?;
        let slots: Vec<Value> = serde_json::from_str(first.body)?;
        let date: Date = slots
            .first()
            .and_then(|slot| slot["starts_at"].as_str())
            .and_then(|at| at.get(..10))
            .ok_or("the first doctor has no free time in a week")?
            .parse()?;
        let targets = |days: i64| {
            let to = date.saturating_add((days - 1).days());
            self.doctors.iter().map(|id| format!("/api/v1/doctors/{id}/slots?from={date}&to={to}")).collect()
        };
        (self.week, self.fortnight) = (targets(7), targets(14));
        self.first_day = Some(date);
        Ok(())
    }

    /// Free times of a month, of each doctor in order.
    pub fn free_times(&self, address: SocketAddr, doctors: usize) -> Outcome<Vec<Vec<FreeTime>>> {
        let mut connection = Connection::open(address)?;
        let from = self.first_day.ok_or("no calendars were read")?;
        let to = from.saturating_add(30.days());
        let of = |doctor: &String| -> Outcome<Vec<FreeTime>> {
            let answer = connection.get(&format!("/api/v1/doctors/{doctor}/slots?from={from}&to={to}"))?;
            let slots: Vec<Value> = serde_json::from_str(answer.body)?;
            let mut times = Vec::new();
            let mut taken_until = None;
            for slot in &slots {
                let [Some(starts_at), Some(ends_at)] = [&slot["starts_at"], &slot["ends_at"]].map(Value::as_str) else {
                    continue;
                };
                // The starts may stand closer than a visit is long, and buffers keep others away.
                let [start, end]: [Timestamp; 2] = [starts_at.parse()?, ends_at.parse()?];
                if taken_until.is_none_or(|until| start >= until) {
                    taken_until = Some(end + BUFFERS);
                    times.push(FreeTime { doctor: doctor.clone(), starts_at: starts_at.to_owned() });
                }
            }
            Ok(times)
        };
        self.doctors.iter().take(doctors).map(of).collect()
    }
}

fn busiest<T: Ord + Clone>(counts: HashMap<T, u32>) -> Vec<T> {
    let mut counts: Vec<(u32, T)> = counts.into_iter().map(|(key, count)| (count, key)).collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    counts.into_iter().take(BUSIEST).map(|(_, key)| key).collect()
}

fn slug(name: &str) -> String {
    name.to_lowercase().replace(' ', "-")
}

fn relative(url: &str) -> String {
    url.find("/api/").map_or_else(|| url.to_owned(), |at| url[at..].to_owned())
}
