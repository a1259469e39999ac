use jiff::{SignedDuration, Timestamp, Unit};
use maud::{DOCTYPE, Markup, html};
use platform::jobs::{JobView, QueueView, RunView, ScheduleView};
use platform::outbox::{Depth, Failed};

/// What the page shows.
pub(super) struct Shown {
    pub now: Timestamp,
    pub csrf: String,
    pub queues: Vec<QueueView>,
    pub schedules: Vec<ScheduleView>,
    pub running: Vec<JobView>,
    pub waiting: Vec<JobView>,
    pub failed: Vec<JobView>,
    pub depth: Depth,
    pub given_up: Vec<Failed>,
    pub runs: Vec<RunView>,
}

fn frame(title: &str, csrf: Option<&str>, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                @if let Some(csrf) = csrf { meta name="csrf-token" content=(csrf); }
                link rel="stylesheet" href="/queue-dashboard.css";
                script src="/queue-dashboard.js" defer {}
                title { (title) " · Doktolib" }
            }
            body {
                header { span.name { "Doktolib" } span.muted { "Operations" } }
                main { (content) }
                p.status role="status" data-testid="operations-status" {}
            }
        }
    }
}

/// The page for who is not signed in as an administrator.
pub(super) fn sign_in() -> Markup {
    let content = html! {
        h1 { "Jobs and queues" }
        p { "For administrators. Sign in to see them." }
        form.card #sign-in data-testid="operations-sign-in-form" {
            label for="email" { "E-mail" }
            input #email name="email" type="email" autocomplete="username" required data-testid="operations-sign-in-email";
            label for="password" { "Password" }
            input #password name="password" type="password" autocomplete="current-password" required data-testid="operations-sign-in-password";
            label for="totp" { "Code of your authenticator app" }
            input #totp name="totp" inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{6}" required data-testid="operations-sign-in-totp";
            button type="submit" data-testid="operations-sign-in-submit" { "Sign in" }
        }
        noscript { p { "Signing in on this page needs JavaScript. The same is to be had by " code { "doktolib jobs" } " and by the API." } }
    };
    frame("Jobs and queues", None, &content)
}

/// The page.
pub(super) fn dashboard(shown: &Shown) -> Markup {
    let now = shown.now;
    let content = html! {
        h1 { "Jobs and queues" }
        p.muted { "As of " (instant(now)) ". The page refreshes itself." }
        (figures(shown))
        section aria-labelledby="queues" {
            h2 #queues { "Queues" }
            (queues(&shown.queues, now))
        }
        section aria-labelledby="failed" {
            h2 #failed { "Given up" }
            (failed(&shown.failed))
        }
        section aria-labelledby="messages" {
            h2 #messages { "Messages" }
            (messages(shown.depth.waiting, &shown.given_up))
        }
        section aria-labelledby="busy" {
            h2 #busy { "Running and waiting" }
            (jobs(&shown.running, &shown.waiting, now))
        }
        section aria-labelledby="schedules" {
            h2 #schedules { "Set times" }
            (schedules(&shown.schedules, now))
        }
        section aria-labelledby="history" {
            h2 #history { "History" }
            (history(&shown.runs))
        }
    };
    frame("Jobs and queues", Some(&shown.csrf), &content)
}

fn figures(shown: &Shown) -> Markup {
    let sum = |of: fn(&QueueView) -> i64| shown.queues.iter().map(of).sum::<i64>();
    let oldest =
        shown.queues.iter().filter(|queue| queue.paused_at.is_none()).filter_map(|queue| queue.oldest_due).min();
    let figure = |name: &str, value: &str, bad: bool| {
        html! { div.figure.bad[bad] { dt { (name) } dd { (value) } } }
    };
    let failed = sum(|queue| queue.failed);
    html! {
        dl.figures {
            (figure("Waiting", &sum(|queue| queue.waiting).to_string(), false))
            (figure("Running", &sum(|queue| queue.running).to_string(), false))
            (figure("Given up", &failed.to_string(), failed > 0))
            (figure("Longest wait", &oldest.map_or_else(|| "none".to_owned(), |at| span(shown.now.duration_since(at))), false))
            (figure("Messages waiting", &shown.depth.waiting.to_string(), false))
            (figure("Messages given up", &shown.depth.failed.to_string(), shown.depth.failed > 0))
        }
    }
}

/// A button that posts to an operation of the API.
fn act(path: &str, label: &str, about: &str, test_id: &str) -> Markup {
    html! {
        button type="button" data-post=(path) data-testid=(test_id) aria-label={ (label) " " (about) } { (label) }
    }
}

fn queues(queues: &[QueueView], now: Timestamp) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-labelledby="queues" {
            table {
                thead { tr { th { "Queue" } th.n { "Waiting" } th.n { "Running" } th.n { "Given up" } th { "Longest wait" } th { "State" } th { span.hidden { "Action" } } } }
                tbody {
                    @for queue in queues {
                        tr data-testid="operations-queue-row" {
                            th scope="row" { (queue.name) }
                            td.n { (queue.waiting) } td.n { (queue.running) } td.n { (queue.failed) }
                            td { @if let Some(at) = queue.oldest_due { (span(now.duration_since(at))) } }
                            @if let Some(at) = queue.paused_at {
                                td { span.chip.warn { "Paused" } " " span.muted { (instant(at)) } }
                                td { (act(&format!("/api/v1/jobs/queues/{}/resume", queue.name), "Resume", &queue.name, "operations-queue-resume")) }
                            } @else {
                                td { span.chip.good { "Active" } }
                                td { (act(&format!("/api/v1/jobs/queues/{}/pause", queue.name), "Pause", &queue.name, "operations-queue-pause")) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn failed(jobs: &[JobView]) -> Markup {
    html! {
        @if jobs.is_empty() { p.empty { "No job waits for a person." } } @else {
            p { (act("/api/v1/jobs/retry", "Try all again", "jobs", "operations-failed-retry-all")) }
            div.scroll tabindex="0" role="region" aria-labelledby="failed" {
                table {
                    thead { tr { th { "Job" } th { "Given up" } th.n { "Tries" } th { "Last failure" } th { "Id" } th { span.hidden { "Action" } } } }
                    tbody {
                        @for job in jobs {
                            tr data-testid="operations-failed-row" {
                                th scope="row" { (job.name) }
                                td { (instant(job.failed_at.unwrap_or(job.created_at))) }
                                td.n { (job.attempts) }
                                td { (job.last_error.as_deref().unwrap_or_default()) }
                                td { code { (job.id) } }
                                td { (act(&format!("/api/v1/jobs/{}/retry", job.id), "Try again", &job.name, "operations-failed-retry")) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn messages(waiting: i64, given_up: &[Failed]) -> Markup {
    html! {
        @if given_up.is_empty() { p.empty { (waiting) " wait to go out, none was given up." } } @else {
            p { (act("/api/v1/outbox/retry", "Try all again", "messages", "operations-messages-retry-all")) }
            div.scroll tabindex="0" role="region" aria-labelledby="messages" {
                table {
                    thead { tr { th { "Sort" } th { "Written" } th { "Given up" } th.n { "Tries" } th { "Last failure" } th { "Id" } th { span.hidden { "Action" } } } }
                    tbody {
                        @for message in given_up.iter().take(50) {
                            tr data-testid="operations-message-row" {
                                th scope="row" { (message.topic) }
                                td { (instant(message.created_at)) } td { (instant(message.failed_at)) }
                                td.n { (message.attempts) } td { (message.last_error) }
                                td { code { (message.id) } }
                                td { (act(&format!("/api/v1/outbox/{}/retry", message.id), "Try again", &message.topic, "operations-message-retry")) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn jobs(running: &[JobView], waiting: &[JobView], now: Timestamp) -> Markup {
    html! {
        @if running.is_empty() && waiting.is_empty() { p.empty { "Nothing is to be done." } } @else {
            div.scroll tabindex="0" role="region" aria-labelledby="busy" {
                table {
                    thead { tr { th { "Job" } th { "Queue" } th { "State" } th { "When" } th.n { "Tries" } th { "Last failure" } } }
                    tbody {
                        @for job in running {
                            tr { th scope="row" { (job.name) } td { (job.queue) } td { span.chip.good { "Running" } } td {} td.n { (job.attempts) } td { (job.last_error.as_deref().unwrap_or_default()) } }
                        }
                        @for job in waiting {
                            tr {
                                th scope="row" { (job.name) } td { (job.queue) } td { span.chip { "Waiting" } }
                                td { @if job.available_at > now { "in " (span(job.available_at.duration_since(now))) } @else { "due" } }
                                td.n { (job.attempts) } td { (job.last_error.as_deref().unwrap_or_default()) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn schedules(schedules: &[ScheduleView], now: Timestamp) -> Markup {
    let mut seen = "";
    html! {
        @if schedules.is_empty() { p.empty { "No worker has started yet." } } @else {
            div.scroll tabindex="0" role="region" aria-labelledby="schedules" {
                table {
                    thead { tr { th { "Job" } th { "Zone" } th { "Rhythm" } th { "Next" } th { "Last" } th { span.hidden { "Action" } } } }
                    tbody {
                        @for schedule in schedules {
                            @let first = std::mem::replace(&mut seen, &schedule.name) != schedule.name;
                            tr data-testid="operations-schedule-row" {
                                th scope="row" { (schedule.name) }
                                td { (schedule.zone) } td { code { (schedule.rhythm) } }
                                td { (instant(schedule.next_at)) " " span.muted { "in " (span(schedule.next_at.duration_since(now))) } }
                                td { @if let Some(at) = schedule.last_at { (instant(at)) } @else { span.muted { "never" } } }
                                // One run is for all zones, so that one button is enough.
                                td { @if first { (act(&format!("/api/v1/jobs/schedules/{}/run", schedule.name), "Run now", &schedule.name, "operations-schedule-run")) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn history(runs: &[RunView]) -> Markup {
    html! {
        @if runs.is_empty() { p.empty { "Nothing was done yet." } } @else {
            div.scroll tabindex="0" role="region" aria-labelledby="history" {
                table {
                    thead { tr { th { "Job" } th { "From" } th.n { "Took" } th.n { "Try" } th { "Outcome" } th { "What was done" } } }
                    tbody {
                        @for run in runs {
                            tr data-testid="operations-run-row" {
                                th scope="row" { (run.name) }
                                td { (instant(run.started_at)) }
                                td.n { @if let Some(end) = run.ended_at { (span(end.duration_since(run.started_at))) } }
                                td.n { (run.attempt) }
                                td { (outcome(run.outcome.as_deref())) }
                                td { (run.said.as_deref().unwrap_or_default()) }
                            }
                        }
                    }
                }
            }
            @if let Some(last) = runs.last() {
                p { a href={ "/queue-dashboard?before=" (last.id) "#history" } data-testid="operations-history-older" { "Older" } }
            }
        }
    }
}

fn outcome(outcome: Option<&str>) -> Markup {
    let (class, word) = match outcome {
        None => ("chip", "Running"),
        Some("done") => ("chip good", "Done"),
        Some("failed") => ("chip warn", "Failed, tried again"),
        Some("given_up") => ("chip bad", "Given up"),
        Some("interrupted") => ("chip", "Interrupted"),
        Some(_) => ("chip warn", "Worker lost"),
    };
    html! { span class=(class) { (word) } }
}

/// An instant in UTC, as logs have it.
fn instant(at: Timestamp) -> Markup {
    let exact = at.round(Unit::Second).unwrap_or(at);
    html! { time datetime=(exact) { (at.strftime("%Y-%m-%d %H:%M:%S")) " UTC" } }
}

/// How long, in the largest unit that says enough.
fn span(length: SignedDuration) -> String {
    let ms = length.as_millis().max(0);
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..120_000 => format!("{} s", ms / 1_000),
        120_000..7_200_000 => format!("{} min", ms / 60_000),
        7_200_000..172_800_000 => format!("{} h", ms / 3_600_000),
        _ => format!("{} days", ms / 86_400_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_told_in_a_unit_that_says_enough() {
        for (seconds, told) in [
            (0, "0 ms"),
            (59, "59 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7_199, "119 min"),
            (7_200, "2 h"),
            (172_800, "2 days"),
        ] {
            assert_eq!(span(SignedDuration::from_secs(seconds)), told);
        }
        assert_eq!(span(SignedDuration::from_secs(-5)), "0 ms");
    }

    #[test]
    fn what_a_job_says_is_no_markup() {
        let now: Timestamp = "2027-03-01T12:00:00Z".parse().unwrap();
        let run = RunView {
            id: 1,
            job_id: uuid::Uuid::nil(),
            queue: "q".into(),
            name: "n".into(),
            attempt: 1,
            started_at: now,
            ended_at: Some(now),
            outcome: Some("done".into()),
            said: Some("<script>alert(1)</script>".into()),
        };
        let page = history(&[run]).into_string();
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script>"), "{page}");
    }
}
