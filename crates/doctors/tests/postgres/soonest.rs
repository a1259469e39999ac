//! The kept first free time is the one that looking at everything gives, whatever happens.

use doctors::application::{DoctorDirectory as _, Sort};
use jiff::{SignedDuration, Timestamp};
use kernel::Interval;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

use super::house::{House, booking, by, doctor_id, first, id};
use super::now;

const DOCTORS: u32 = 6;
const STEPS: u32 = 120;

/// Something that may happen, and how it was told.
struct World {
    house: House,
    dice: ChaCha8Rng,
    now: Timestamp,
    visits: Vec<(u32, u32, Interval)>,
    made: u32,
}

impl World {
    async fn new(seed: u64) -> Self {
        let house = House::with_connections(3).await;
        house.clinics().await;
        house.doctors(1, DOCTORS).await;
        // One with buffers, one of whom little notice is asked, one with a near horizon, one at two clinics, one with an odd grid.
        let (two, three, four, five) = (id('d', 2), id('d', 3), id('d', 4), id('d', 5));
        house
            .sql(&format!(
                "UPDATE doctors.visit_type SET buffer_before = 10, buffer_after = 20 WHERE doctor_id = '{two}';
                 UPDATE doctors.doctor SET minimum_notice_minutes = 0 WHERE id = '{three}';
                 UPDATE doctors.doctor SET horizon_days = 2 WHERE id = '{four}';
                 INSERT INTO doctors.weekly_hours SELECT gen_random_uuid(), doctor_id, '{}', 8 - weekday, 600, 660 FROM doctors.weekly_hours
                  WHERE doctor_id IN ('{four}', '{five}');
                 UPDATE doctors.visit_type SET duration_minutes = 45, grid_minutes = 20, buffer_after = 5 WHERE doctor_id = '{}'",
                id('c', 2),
                id('d', 6),
            ))
            .await;
        Self { house, dice: ChaCha8Rng::seed_from_u64(seed), now: now(), visits: Vec::new(), made: 0 }
    }

    fn roll(&mut self, sides: u32) -> u32 {
        self.dice.random_range(0..sides)
    }

    /// One of the next free times of a doctor, the first more often than others.
    async fn free(&mut self, doctor: u32) -> Option<(Interval, Interval)> {
        let (rules, busy) = (self.house.rules_of(doctor).await, self.house.busy(doctor, self.now).await);
        let visit_type = rules.default_visit_type()?;
        let some = rules.next_free(visit_type, &busy, self.now, self.now, 6);
        let place = self.roll(8).saturating_sub(4) as usize;
        let slot = some.get(place).or(some.first())?.interval();
        Some((slot, slot.widened(visit_type.buffer_before, visit_type.buffer_after)))
    }

    async fn step(&mut self) -> String {
        let doctor = 1 + self.roll(DOCTORS);
        let who = doctor_id(doctor);
        match self.roll(20) {
            0..=3 => self.book(doctor).await,
            4..=5 => self.hold(doctor).await,
            6..=8 => self.cancel().await,
            9..=10 => self.reschedule().await,
            11..=13 => {
                let minutes = i64::from([1, 7, 29, 30, 31, 240, 1440, 4320][self.roll(8) as usize]);
                let hair = i64::from(self.roll(2));
                self.now += SignedDuration::from_mins(minutes) + SignedDuration::from_micros(hair);
                format!("the clock moves by {minutes} minutes")
            }
            14 => {
                let (from, length) = (self.roll(200), 1 + self.roll(60));
                let start = self.now + SignedDuration::from_hours(i64::from(from) - 20);
                let end = start + SignedDuration::from_hours(i64::from(length));
                self.rule(
                    doctor,
                    format!("INSERT INTO doctors.time_off VALUES (gen_random_uuid(), '{who}', '{start}', '{end}')"),
                )
                .await
            }
            15 => self.rule(doctor, format!("DELETE FROM doctors.time_off WHERE doctor_id = '{who}'")).await,
            16 => {
                let (day, from) = (1 + self.roll(7), 60 * self.roll(20));
                let (clinic, to) = (id('c', 1 + self.roll(2)), from + 60 + self.roll(120));
                let open = format!(
                    "INSERT INTO doctors.weekly_hours VALUES (gen_random_uuid(), '{who}', '{clinic}', {day}, {from}, {to})"
                );
                let close = format!("DELETE FROM doctors.weekly_hours WHERE doctor_id = '{who}' AND weekday = {day}");
                let sql = if self.roll(2) == 0 { open } else { close };
                self.rule(doctor, sql).await
            }
            17 => {
                let day =
                    self.now.to_zoned(jiff::tz::TimeZone::UTC).date() + jiff::ToSpan::days(i64::from(self.roll(4)));
                let clinic = id('c', 1);
                let hours = if self.roll(2) == 0 {
                    "[]".into()
                } else {
                    format!(r#"[{{"clinic_id":"{clinic}","from_minute":420,"to_minute":1380}}]"#)
                };
                let sql = format!(
                    "INSERT INTO doctors.override_day VALUES ('{who}', '{day}', '{hours}') \
                                   ON CONFLICT (doctor_id, on_date) DO UPDATE SET hours = excluded.hours"
                );
                self.rule(doctor, sql).await
            }
            18 => {
                let (what, value) =
                    [("minimum_notice_minutes", [0, 60, 1500]), ("horizon_days", [1, 10, 90])][self.roll(2) as usize];
                let value = value[self.roll(3) as usize];
                self.rule(doctor, format!("UPDATE doctors.doctor SET {what} = {value} WHERE id = '{who}'")).await
            }
            _ => {
                let sql = match self.roll(4) {
                    0 => format!("UPDATE doctors.doctor SET active = NOT active WHERE id = '{who}'"),
                    1 => format!(
                        "UPDATE doctors.visit_type SET buffer_before = (buffer_before + 5) % 20 WHERE doctor_id = '{who}'"
                    ),
                    2 => format!("UPDATE doctors.visit_type SET is_default = NOT is_default WHERE doctor_id = '{who}'"),
                    // Of a clinic, which is the rule of many doctors; only a trigger can tell them all.
                    _ => {
                        let day = self.now.to_zoned(jiff::tz::TimeZone::UTC).date()
                            + jiff::ToSpan::days(i64::from(self.roll(3)));
                        let sql = format!(
                            "INSERT INTO doctors.clinic_holiday VALUES ('{}', '{day}', 'x') ON CONFLICT DO NOTHING",
                            id('c', 1)
                        );
                        self.house.sql(&sql).await;
                        return sql;
                    }
                };
                self.rule(doctor, sql).await
            }
        }
    }

    async fn rule(&mut self, doctor: u32, sql: String) -> String {
        // Told, or by somebody who knows nothing of first free times.
        if self.roll(2) == 0 {
            self.house.rules(&sql, doctor, self.now).await.unwrap();
        } else {
            self.house.sql(&sql).await;
        }
        sql
    }

    async fn book(&mut self, doctor: u32) -> String {
        let Some((visit, blocked)) = self.free(doctor).await else { return "nothing is free".into() };
        self.clear(doctor).await;
        self.made += 1;
        self.house.calendar(&booking(self.made, doctor, visit, blocked), doctor, &[blocked], self.now).await.unwrap();
        self.visits.push((self.made, doctor, blocked));
        format!("doctor {doctor} is booked at {}", visit.start)
    }

    /// What has expired still lies in the table, in the way of whoever comes next.
    async fn clear(&self, doctor: u32) {
        let (who, now) = (doctor_id(doctor), self.now);
        let over = format!("DELETE FROM appointments.appointment WHERE doctor_id = '{who}' AND held_until <= '{now}'");
        self.house.sql(&over).await;
    }

    async fn hold(&mut self, doctor: u32) -> String {
        let Some((visit, blocked)) = self.free(doctor).await else { return "nothing is free".into() };
        self.clear(doctor).await;
        let (who, until) = (doctor_id(doctor), self.now + SignedDuration::from_mins(10));
        let sql = format!(
            "INSERT INTO appointments.appointment (id, clinic_id, doctor_id, visit_type_id, mode, starts_at, ends_at, blocked_from,
                    blocked_until, time_zone, price_cents, status, held_until, created_at, updated_at)
             VALUES (gen_random_uuid(), '{}', '{who}', '{who}', 'video', '{}', '{}', '{}', '{}', 'UTC', 0, 'held', '{until}', now(), now())",
            id('c', 1), visit.start, visit.end, blocked.start, blocked.end
        );
        self.house.calendar(&sql, doctor, &[blocked], self.now).await.unwrap();
        format!("doctor {doctor} is held at {} until {until}", visit.start)
    }

    async fn cancel(&mut self) -> String {
        if self.visits.is_empty() {
            return "nothing is booked".into();
        }
        let place = self.roll(u32::try_from(self.visits.len()).unwrap()) as usize;
        let (number, doctor, blocked) = self.visits.swap_remove(place);
        let sql = format!("UPDATE appointments.appointment SET status = 'cancelled' WHERE id = '{}'", id('a', number));
        self.house.calendar(&sql, doctor, &[blocked], self.now).await.unwrap();
        format!("doctor {doctor} has {} again", blocked.start)
    }

    async fn reschedule(&mut self) -> String {
        if self.visits.is_empty() {
            return "nothing is booked".into();
        }
        let place = self.roll(u32::try_from(self.visits.len()).unwrap()) as usize;
        let (number, doctor, before) = self.visits[place];
        let Some((visit, blocked)) = self.free(doctor).await else { return "nothing is free".into() };
        self.clear(doctor).await;
        let sql = format!(
            "UPDATE appointments.appointment SET starts_at = '{}', ends_at = '{}', blocked_from = '{}', blocked_until = '{}' WHERE id = '{}'",
            visit.start,
            visit.end,
            blocked.start,
            blocked.end,
            id('a', number)
        );
        self.house.calendar(&sql, doctor, &[before, blocked], self.now).await.unwrap();
        self.visits[place].2 = blocked;
        format!("doctor {doctor} changes {} for {}", before.start, blocked.start)
    }

    /// Rows that claim to be right are right, now and until the instant they name.
    async fn rows_are_right(&mut self, story: &str) {
        let kept = self.house.kept().await;
        for doctor in 1..=DOCTORS {
            let rules = self.house.rules_of(doctor).await;
            let Some(row) = kept.get(&doctor_id(doctor).as_uuid()) else {
                assert!(!rules.active, "doctor {doctor} has no row\n{story}");
                continue;
            };
            if row.valid_until < self.now {
                continue;
            }
            assert!(rules.active, "doctor {doctor} sees nobody\n{story}");
            let whole = row.valid_until.duration_since(self.now).as_micros();
            let between = self.dice.random_range(0..=i64::try_from(whole.min(4_000_000_000_000)).unwrap());
            for instant in [self.now, self.now + SignedDuration::from_micros(between), row.valid_until] {
                let expected = first(&rules, &self.house.busy(doctor, instant).await, instant);
                let found = row.soonest_at.zip(row.blocked);
                assert_eq!(found, expected, "doctor {doctor} at {instant}, now {}\n{story}", self.now);
            }
        }
    }

    /// A search sees nothing that is taken, past, or later than need be.
    async fn search_is_right(&self, story: &str) {
        let found = self.house.pages(&by(Sort::Soonest), 4, self.now).await;
        let mut expected = Vec::new();
        for doctor in 1..=DOCTORS {
            if self.house.rules_of(doctor).await.active {
                let at = self.house.worked_out(doctor, self.now).await.map(|(at, _)| at);
                expected.push((at.is_none(), at, doctor_id(doctor)));
            }
        }
        expected.sort();
        let found: Vec<_> = found
            .iter()
            .map(|listing| (listing.next_available_at.is_none(), listing.next_available_at, listing.id))
            .collect();
        assert_eq!(found, expected, "now {}\n{story}", self.now);
    }
}

async fn history(seed: u64) {
    let mut world = World::new(seed).await;
    let mut story = format!("seed {seed}");
    for step in 0..STEPS {
        let what = world.step().await;
        story = format!("{story}\n{step}: {what}");
        world.rows_are_right(&story).await;
        // Every other time, so that rows also grow old without anybody looking.
        if world.roll(2) == 0 {
            let doctor = 1 + world.roll(DOCTORS);
            let found = world.house.directory.find(doctor_id(doctor), world.now).await.unwrap();
            if let Some(found) = found {
                let expected = world.house.worked_out(doctor, world.now).await.map(|(at, _)| at);
                assert_eq!(found.next_available_at, expected, "doctor {doctor}\n{story}");
            }
        }
        if world.roll(2) == 0 {
            world.search_is_right(&story).await;
        }
    }
    println!("seed {seed}: {STEPS} steps, {} bookings", world.made);
}

#[tokio::test]
async fn the_first_free_time_is_that_of_a_look_at_everything_after_every_change_first_history() {
    history(1).await;
}

#[tokio::test]
async fn the_first_free_time_is_that_of_a_look_at_everything_after_every_change_second_history() {
    history(2).await;
}

#[tokio::test]
async fn the_first_free_time_is_that_of_a_look_at_everything_after_every_change_third_history() {
    history(3).await;
}

#[tokio::test]
async fn a_booked_first_time_gives_way_to_the_next_and_comes_back_when_it_is_freed() {
    let house = House::with_connections(3).await;
    house.clinics().await;
    house.doctors(1, 1).await;
    let next = async || house.directory.find(doctor_id(1), now()).await.unwrap().unwrap().next_available_at.unwrap();
    let half_past = |half_hours: i64| {
        "2027-03-01T14:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(30 * half_hours)
    };
    let slot = |number: i64| Interval { start: half_past(number), end: half_past(number + 1) };
    assert_eq!(next().await, half_past(0));
    for (number, booked, expected) in [(1, 0, 1), (2, 2, 1), (3, 1, 3)] {
        house.calendar(&booking(number, 1, slot(booked), slot(booked)), 1, &[slot(booked)], now()).await.unwrap();
        assert_eq!(next().await, half_past(expected));
    }
    for (number, freed, expected) in [(2, 2, 2), (1, 0, 0), (3, 1, 0)] {
        let sql = format!("UPDATE appointments.appointment SET status = 'cancelled' WHERE id = '{}'", id('a', number));
        house.calendar(&sql, 1, &[slot(freed)], now()).await.unwrap();
        assert_eq!(next().await, half_past(expected));
    }
}
