//! Jobs on a real database.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "jobs/house.rs"]
mod house;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use kernel::{Clock as _, PortFailure};
use platform::jobs::{self, InZone, JobError, JobState, LEASE, NewJob, Schedule};
use platform::pg::{self, Abort};
use serde_json::{Value, json};
use uuid::Uuid;

use house::{Does, Hands, House, now};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_workers_racing_over_200_jobs_do_each_once_and_leave_a_run_of_each() {
    let house = House::new().await;
    let mut all = BTreeSet::new();
    for number in 0..200 {
        all.insert(house.add(number).await);
    }
    let hands = Hands::new(Does::Well);
    let workers = (0..4).map(|_| {
        let (worker, stop) = (house.worker(&hands).another(), house.going());
        tokio::spawn(async move { while worker.step(&stop).await.unwrap() {} })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.unwrap();
    }
    assert_eq!(hands.done().len(), 200);
    assert_eq!(hands.done().into_iter().map(|(id, ..)| id).collect::<BTreeSet<_>>(), all);
    assert_eq!(house.outcomes().await, vec!["done"; 200]);
    assert_eq!(house.jobs.last_run(*all.first().unwrap()).await.unwrap().unwrap().said.unwrap(), "swept 1");
    assert!(house.jobs.queues(now()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_job_of_a_transaction_that_was_rolled_back_never_was() {
    let house = House::new().await;
    let job = NewJob::new("upkeep", "sweep", &json!({})).unwrap();
    let undone = pg::transaction(&house.db.pool, "try", async |conn| {
        jobs::enqueue(conn, &job, now()).await?;
        pg::refuse::<(), _>(PortFailure::new("try", "changed our mind"))
    });
    assert!(undone.await.is_err());
    let kept = pg::transaction(&house.db.pool, "try", async |conn| {
        Ok::<_, Abort<PortFailure>>(jobs::enqueue(conn, &job, now()).await?)
    });
    let kept = kept.await.unwrap().unwrap();
    let hands = Hands::new(Does::Well);
    house.work(&house.worker(&hands)).await;
    assert_eq!(hands.done(), [(kept, 1, json!({}))]);
}

#[tokio::test]
async fn a_job_is_tried_three_times_with_growing_pauses_then_waits_for_a_person() {
    let house = House::new().await;
    let hands = Hands::new(Does::Fails(JobError::Later("away".into())));
    let worker = house.worker(&hands);
    let id = house.add(1).await;
    house.work(&worker).await;
    house.later(1);
    house.work(&worker).await;
    assert_eq!(hands.attempts(), [1], "the first pause is 1.5 seconds at least");
    house.later(2);
    house.work(&worker).await;
    house.later(2);
    house.work(&worker).await;
    assert_eq!(hands.attempts(), [1, 2], "the second is 3 at least");
    house.later(3);
    house.work(&worker).await;
    house.later(3_600);
    house.work(&worker).await;
    assert_eq!(hands.attempts(), [1, 2, 3]);
    assert_eq!(house.outcomes().await, ["failed", "failed", "given_up"]);
    let dead = house.jobs.list(JobState::Failed, 10).await.unwrap();
    assert_eq!((dead[0].id, dead[0].attempts, dead[0].last_error.as_deref()), (id, 3, Some("away")));

    *hands.does.lock().unwrap() = Does::Well;
    assert_eq!(house.retry(Uuid::now_v7()).await, 0);
    assert_eq!(house.retry(id).await, 1);
    house.work(&worker).await;
    assert_eq!(hands.attempts(), [1, 2, 3, 1]);
    assert_eq!((house.count(JobState::Failed).await, house.count(JobState::Waiting).await), (0, 0));
}

#[tokio::test]
async fn what_will_never_work_is_given_up_at_once_and_a_defect_counts_as_a_try() {
    let house = House::new().await;
    let hands = Hands::new(Does::Fails(JobError::Never("nonsense".into())));
    let worker = house.worker(&hands);
    house.add(1).await;
    house.work(&worker).await;
    assert_eq!(house.outcomes().await, ["given_up"]);
    *hands.does.lock().unwrap() = Does::Panics;
    house.add(2).await;
    house.work(&worker).await;
    let waits = house.jobs.list(JobState::Waiting, 10).await.unwrap();
    assert_eq!((waits[0].attempts, waits[0].last_error.as_deref()), (1, Some("a defect")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_job_of_a_worker_that_is_gone_is_taken_over_after_its_lease_and_not_for_ever() {
    let house = House::new().await;
    let hands = Hands::new(Does::Hangs);
    house.add(1).await;
    for round in 1..=3 {
        let (worker, stop) = (house.worker(&hands), house.going());
        let lost = tokio::spawn(async move { worker.step(&stop).await });
        while hands.done().len() < round {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // As `kill -9` does: nothing is written any more.
        lost.abort();
        let other = house.worker(&hands);
        assert!(!other.step(&house.going()).await.unwrap(), "the lease still runs");
        house.later(LEASE.as_secs() + 1);
    }
    let last = house.worker(&hands);
    assert!(!last.step(&house.going()).await.unwrap(), "its tries are used up");
    last.give_up_lost().await.unwrap();
    assert_eq!(hands.attempts(), [1, 2, 3]);
    assert_eq!(house.outcomes().await, ["lost", "lost", "lost"]);
    let dead = house.jobs.list(JobState::Failed, 10).await.unwrap();
    assert_eq!(dead[0].last_error.as_deref(), Some("its worker was lost"));
}

#[tokio::test]
async fn a_worker_that_comes_back_too_late_changes_nothing() {
    let house = House::new().await;
    let hands = Hands::new(Does::WaitsForStop);
    house.add(1).await;
    let (slow, stop) = (house.worker(&hands), house.going());
    let slow = tokio::spawn(async move { slow.step(&stop).await });
    while hands.done().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    house.later(LEASE.as_secs() + 1);
    let quick = Hands::new(Does::Well);
    house.work(&house.worker(&quick)).await;
    assert_eq!(quick.attempts(), [2]);
    house.stop.send_replace(true);
    slow.await.unwrap().unwrap();
    assert_eq!(house.outcomes().await, ["lost", "done"]);
    assert_eq!(house.count(JobState::Waiting).await, 0, "what is done does not come back");
}

#[tokio::test]
async fn a_job_that_hangs_is_ended_and_tried_again() {
    let house = House::new().await;
    let hands = Hands { patience: Duration::from_millis(20), ..Arc::into_inner(Hands::new(Does::Hangs)).unwrap() };
    let hands = Arc::new(hands);
    house.add(1).await;
    house.work(&house.worker(&hands)).await;
    let waits = house.jobs.list(JobState::Waiting, 10).await.unwrap();
    assert_eq!((waits[0].attempts, waits[0].last_error.as_deref()), (1, Some("took too long")));
}

#[tokio::test]
async fn who_is_stopped_gives_the_job_back_untried() {
    let house = House::new().await;
    let hands = Hands::new(Does::WaitsForStop);
    house.add(1).await;
    let (worker, stop) = (house.worker(&hands), house.going());
    let running = tokio::spawn(async move { worker.run(stop).await });
    while hands.done().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(house.count(JobState::Running).await, 1);
    house.stop.send_replace(true);
    running.await.unwrap();
    // A hand that was reaching for a job when the stop came may get it as well, and gives it back.
    assert!(house.outcomes().await.iter().all(|outcome| outcome == "interrupted"));
    assert_eq!(house.jobs.list(JobState::Waiting, 10).await.unwrap()[0].attempts, 0);
}

#[tokio::test]
async fn the_urgent_goes_first_the_late_waits_and_a_paused_queue_stands_still() {
    let house = House::new().await;
    let job = |number: u32| NewJob::new("upkeep", "sweep", &json!(number)).unwrap();
    for new in [
        job(1),
        job(2).priority(-5),
        job(3).not_before(now() + SignedDuration::from_hours(1)),
        NewJob::new("reports", "sweep", &json!(4)).unwrap(),
    ] {
        house.jobs.add(&new, now()).await.unwrap().unwrap();
        house.later(1);
    }
    let mut conn = pg::conn(&house.db.pool).await.unwrap();
    assert!(jobs::pause(&mut conn, "reports", now()).await.unwrap());
    assert!(!jobs::pause(&mut conn, "reports", now()).await.unwrap());
    let hands = Hands::new(Does::Well);
    let worker = house.worker(&hands);
    house.work(&worker).await;
    let done = |hands: &Hands| hands.done().into_iter().map(|(_, _, number)| number).collect::<Vec<_>>();
    assert_eq!(done(&hands), [json!(2), json!(1)]);
    let queues = house.jobs.queues(house.clock.now()).await.unwrap();
    assert_eq!(queues.iter().map(|queue| queue.name.as_str()).collect::<Vec<_>>(), ["reports", "upkeep"]);
    assert_eq!((queues[0].waiting, queues[0].paused_at), (1, Some(now())));
    assert_eq!((queues[0].oldest_due, queues[1].oldest_due), (Some(now()), None));
    assert!(jobs::resume(&mut conn, "reports").await.unwrap() && !jobs::resume(&mut conn, "reports").await.unwrap());
    house.later(3_600);
    house.work(&worker).await;
    assert_eq!(done(&hands)[2..], [json!(4), json!(3)]);
}

#[tokio::test]
async fn of_the_same_key_one_waits_until_it_is_done_or_given_up() {
    let house = House::new().await;
    let job = NewJob::new("upkeep", "sweep", &json!(1)).unwrap().once("sweep of today");
    let first = house.jobs.add(&job, now()).await.unwrap().unwrap();
    assert_eq!(house.jobs.add(&job, now()).await.unwrap(), None);
    let hands = Hands::new(Does::Fails(JobError::Never("nonsense".into())));
    house.work(&house.worker(&hands)).await;
    assert!(house.jobs.add(&job, now()).await.unwrap().is_some(), "a dead one is not in the way");
    assert_eq!(house.retry(first).await, 1, "nor the other way round");
    assert_eq!(house.count(JobState::Waiting).await, 2);
}

fn nightly() -> Vec<Schedule> {
    let schedule = |name, rhythm: &str, zone| {
        let rhythm = rhythm.parse().unwrap();
        Schedule { name, queue: "upkeep", rhythm, zone, priority: 0 }
    };
    vec![schedule("sweep", "0 3 * * *", InZone::EachInUse), schedule("other", "0 * * * *", InZone::Utc)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_look_at_once_one_puts_the_job_in() {
    let mut house = House::new().await;
    house.schedules = nightly();
    house.timetable().prepare(now()).await.unwrap();
    assert_eq!(house.timetable().tick(now()).await.unwrap(), 0, "nothing is due when it is new");
    for _ in 0..10 {
        house.later(24 * 3_600);
        let at = house.clock.now();
        let looks = (0..6).map(|_| {
            let timetable = house.timetable();
            tokio::spawn(async move { timetable.tick(at).await.unwrap() })
        });
        let mut due = 0;
        for look in looks.collect::<Vec<_>>() {
            due += look.await.unwrap();
        }
        assert_eq!(due, 3, "two clocks at three, and the hour");
        let hands = Hands::new(Does::Well);
        house.work(&house.worker(&hands)).await;
        assert_eq!(hands.done().len(), 2);
    }
}

#[tokio::test]
async fn three_in_the_morning_comes_once_a_day_over_a_change_of_the_clocks_and_what_was_missed_once() {
    let mut house = House::new().await;
    house.schedules = nightly();
    let timetable = house.timetable();
    timetable.prepare(now()).await.unwrap();
    let hands = Hands::new(Does::Well);
    let worker = house.worker(&hands);
    // The clocks of both zones go forward on 14 March 2027; a minute-wise walk through 48 hours.
    for _ in 0..(48 * 60) {
        house.later(60);
        timetable.tick(house.clock.now()).await.unwrap();
        house.work(&worker).await;
    }
    let told = |hands: &Hands| {
        let of =
            |payload: &Value| format!("{} {}", payload["due"].as_str().unwrap(), payload["zone"].as_str().unwrap());
        hands.done().iter().map(|(_, _, payload)| of(payload)).collect::<Vec<_>>()
    };
    assert_eq!(
        told(&hands),
        [
            "2027-03-14T07:00:00Z America/New_York",
            "2027-03-14T10:00:00Z America/Los_Angeles",
            "2027-03-15T07:00:00Z America/New_York",
            "2027-03-15T10:00:00Z America/Los_Angeles",
        ]
    );
    // Nobody looked for four days.
    house.later(4 * 24 * 3_600);
    assert_eq!(timetable.tick(house.clock.now()).await.unwrap(), 3);
    assert_eq!(timetable.tick(house.clock.now()).await.unwrap(), 0);
    house.work(&worker).await;
    assert_eq!(hands.done().len(), 6);
    let listed = timetable.list().await.unwrap();
    assert_eq!(listed.len(), 3);
    assert_eq!((listed[0].name.as_str(), listed[0].zone.as_str()), ("other", "UTC"));
    assert!(listed.iter().all(|schedule| schedule.next_at > house.clock.now() && schedule.last_at.is_some()));
    // Another rhythm counts from now on.
    house.schedules[0].rhythm = "0 4 * * *".parse().unwrap();
    house.timetable().prepare(house.clock.now()).await.unwrap();
    let next = house.timetable().list().await.unwrap()[2].next_at;
    assert_eq!(next, "2027-03-20T08:00:00Z".parse().unwrap());
}

#[tokio::test]
async fn old_runs_are_forgotten() {
    let house = House::new().await;
    let hands = Hands::new(Does::Fails(JobError::Never("nonsense".into())));
    house.add(1).await;
    house.work(&house.worker(&hands)).await;
    assert_eq!(house.jobs.purge(now() + SignedDuration::from_hours(30 * 24)).await.unwrap(), 0);
    assert_eq!(house.jobs.purge(now() + SignedDuration::from_hours(31 * 24)).await.unwrap(), 1);
    assert_eq!(house.jobs.purge(now() + SignedDuration::from_hours(91 * 24)).await.unwrap(), 1);
    assert_eq!((house.outcomes().await.len(), house.count(JobState::Failed).await), (0, 0));
}
