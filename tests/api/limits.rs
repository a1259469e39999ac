//! Budgets of requests: whose they are, what is told about them, and what a Redis that comes and goes changes.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use actix_web::test::TestRequest;
use doktolib::limits::Rates;
use futures_util::future::join_all;
use jiff::SignedDuration;
use testkit::Redis;

use crate::app::{Answer, App, Who, Wishes};

fn rates(default: &str, auth: &str) -> Rates {
    Rates { default: Some(default.parse().unwrap()), auth: Some(auth.parse().unwrap()), uploads: None, redis: None }
}

fn shared(redis: &Redis, default: &str, auth: &str) -> Rates {
    Rates { redis: Some(redis.url().parse().unwrap()), ..rates(default, auth) }
}

async fn app(rates: Rates) -> App {
    App::reading_with(Wishes { rates, ..Wishes::default() }).await
}

fn from(address: &str, uri: &str) -> TestRequest {
    TestRequest::get().uri(uri).peer_addr(SocketAddr::new(address.parse().unwrap(), 40_000))
}

const CITIES: &str = "/api/v1/cities";
const LOGIN: &str = "/api/v1/auth/login";

async fn asks(app: &App, address: &str, uri: &str) -> u16 {
    app.send(from(address, uri)).await.status
}

fn told(answer: &Answer) -> (&str, &str) {
    let field = |name| answer.header(name).unwrap_or("nothing");
    (field("ratelimit-policy"), field("ratelimit"))
}

#[actix_web::test]
async fn every_answer_of_a_limited_operation_tells_what_is_left() {
    let app = app(rates("6/60s", "3/15m")).await;
    let policy = "\"default\";q=6;w=60";
    for (uri, status, left) in [
        (CITIES, 200, "\"default\";r=5;t=10"),
        ("/api/v1/cities?x=1", 422, "\"default\";r=4;t=20"),
        ("/api/v1/nothing", 404, "\"default\";r=3;t=30"),
        ("/api/v1/appointments/01900000-0000-7000-8000-a00000012109/cancel", 405, "\"default\";r=2;t=40"),
        ("/api/v1/appointments/01900000-0000-7000-8000-a00000099999", 401, "\"default\";r=1;t=50"),
    ] {
        let answer = app.send(from("192.0.2.1", uri)).await;
        assert_eq!((answer.status, told(&answer)), (status, (policy, left)), "{uri}");
    }
    let login = app.send(from("192.0.2.1", LOGIN)).await;
    assert_eq!(told(&login), ("\"auth\";q=3;w=900", "\"auth\";r=2;t=300"));
    for uri in ["/health", "/api/v1/health", "/metrics", "/docs/", "/problems", "/nowhere"] {
        assert_eq!(told(&app.send(from("192.0.2.1", uri)).await), ("nothing", "nothing"), "{uri}");
    }
}

#[actix_web::test]
async fn who_has_used_up_the_budget_waits_until_the_clock_has_brought_one_back() {
    let app = app(rates("3/30s", "1/15m")).await;
    for _ in 0..3 {
        assert_eq!(asks(&app, "192.0.2.1", CITIES).await, 200);
    }
    let refused = app.send(from("192.0.2.1", CITIES)).await;
    assert_eq!(refused.problem(), (429, "too-many-requests".to_owned()));
    assert_eq!(refused.header("retry-after"), Some("10"));
    assert_eq!(told(&refused), ("\"default\";q=3;w=30", "\"default\";r=0;t=30"));
    assert_eq!(asks(&app, "192.0.2.2", CITIES).await, 200);
    assert_eq!(asks(&app, "192.0.2.1", "/api/v1/health").await, 200);
    app.clock.advance(SignedDuration::from_secs(9));
    let refused = app.send(from("192.0.2.1", CITIES)).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")));
    app.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(asks(&app, "192.0.2.1", CITIES).await, 200);
    assert_eq!(asks(&app, "192.0.2.1", CITIES).await, 429);
}

#[actix_web::test]
async fn an_account_has_one_budget_wherever_it_is_and_shares_none_with_its_neighbours() {
    let app = app(rates("2/1h", "9/1h")).await;
    let as_who = async |who: Who, address: &str| app.send_as(who, from(address, CITIES)).await.status;
    assert_eq!(as_who(Who::Patient(1), "192.0.2.1").await, 200);
    assert_eq!(as_who(Who::Patient(1), "192.0.2.2").await, 200);
    assert_eq!(as_who(Who::Patient(1), "192.0.2.3").await, 429);
    assert_eq!(as_who(Who::Patient(2), "192.0.2.1").await, 200);
    assert_eq!(as_who(Who::Staff(1), "192.0.2.1").await, 200);
    // Nobody gets a budget by making up a name: such requests are their address's.
    for (badge, refused) in [("made.up", false), ("patient.x", false), ("a", true), ("b", true)] {
        let request = from("192.0.2.1", CITIES).insert_header(("authorization", format!("Bearer {badge}")));
        assert_eq!(app.send(request).await.status == 429, refused, "{badge}");
    }
    assert_eq!(asks(&app, "192.0.2.1", CITIES).await, 429);
}

#[actix_web::test]
async fn tries_at_passwords_and_codes_are_counted_by_address_however_they_are_written() {
    let app = app(rates("50/1h", "3/1h")).await;
    let paths = [LOGIN, "/api/v1/%61uth/login", "/api/v1/auth/otp/verify?x=1", "/api/v1/auth/%6cogin", LOGIN];
    let statuses = [404, 404, 404, 429, 429];
    for (path, status) in paths.into_iter().zip(statuses) {
        let answer = app.send_as(Who::Patient(1), from("192.0.2.1", path)).await;
        let limited = if answer.status == 429 { 429 } else { 404 };
        assert_eq!(limited, status, "{path}: {}", answer.status);
        assert!(told(&answer).0.starts_with("\"auth\""), "{path}");
    }
    assert_eq!(app.send_as(Who::Patient(2), from("192.0.2.1", LOGIN)).await.status, 429);
    assert_ne!(app.send_as(Who::Patient(1), from("192.0.2.2", LOGIN)).await.status, 429);
    assert_eq!(asks(&app, "192.0.2.1", CITIES).await, 200);
}

#[actix_web::test]
async fn a_subscriber_s_many_addresses_and_made_up_ones_are_one_client() {
    let wishes = || Wishes { rates: rates("2/1h", "9/1h"), ..Wishes::default() };
    let app = App::reading_with(wishes()).await;
    for (address, status) in
        [("2001:db8::1", 200), ("2001:db8::2", 200), ("2001:db8::3", 429), ("2001:db8:0:1::1", 200)]
    {
        assert_eq!(asks(&app, address, CITIES).await, status, "{address}");
    }
    let said = async |app: &App, peer: &str, client: &str| {
        app.send(from(peer, CITIES).insert_header(("x-forwarded-for", client))).await.status
    };
    for (client, status) in [("203.0.113.1", 200), ("203.0.113.2", 200), ("203.0.113.3", 429)] {
        assert_eq!(said(&app, "192.0.2.1", client).await, status, "nobody trusts this peer");
    }
    let behind = App::reading_with(Wishes { trusted_proxies: "192.0.2.0/24".parse().unwrap(), ..wishes() }).await;
    for (client, status) in [("203.0.113.1", 200), ("203.0.113.1", 200), ("203.0.113.1", 429), ("203.0.113.2", 200)] {
        assert_eq!(said(&behind, "192.0.2.1", client).await, status, "{client}");
    }
    assert_eq!(said(&behind, "192.0.2.9", "198.51.100.7, 203.0.113.1").await, 429);
}

#[actix_web::test]
async fn pages_of_other_origins_may_read_what_is_left() {
    let wishes = Wishes {
        rates: rates("2/1h", "9/1h"),
        cors_origins: vec!["https://clinic.example".into()],
        ..Wishes::default()
    };
    let app = App::reading_with(wishes).await;
    for _ in 0..3 {
        let answer = app.send(from("192.0.2.1", CITIES).insert_header(("origin", "https://clinic.example"))).await;
        let exposed = answer.header("access-control-expose-headers").unwrap().to_lowercase();
        for field in ["ratelimit-policy", "ratelimit", "retry-after"] {
            assert!(exposed.split(", ").any(|name| name == field), "{field} in {exposed}");
        }
    }
}

#[actix_web::test]
async fn without_limits_nothing_is_told_and_nobody_is_refused() {
    let app = app(Rates::default()).await;
    for _ in 0..50 {
        let answer = app.send(from("192.0.2.1", CITIES)).await;
        assert_eq!((answer.status, told(&answer)), (200, ("nothing", "nothing")));
    }
}

#[actix_web::test]
async fn two_instances_share_one_budget_over_redis_and_rivals_get_no_more_than_it_holds() {
    let redis = Redis::start();
    let one = app(shared(&redis, "20/1d", "4/1d")).await;
    let other = app(shared(&redis, "20/1d", "4/1d")).await;
    for (uri, budget) in [(CITIES, 20), (LOGIN, 4)] {
        let asked = (0..60).map(|n| asks(if n % 2 == 0 { &one } else { &other }, "192.0.2.1", uri));
        let through = join_all(asked).await.into_iter().filter(|status| *status != 429).count();
        assert_eq!(through, budget, "{uri}");
    }
    let refused = other.send(from("192.0.2.1", CITIES)).await;
    assert_eq!((refused.status, told(&refused)), (429, ("\"default\";q=20;w=86400", "\"default\";r=0;t=86400")));
    // One of twenty comes back in 72 minutes.
    let wait: u32 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((4200..=4320).contains(&wait), "{wait}");
    assert_eq!(asks(&one, "192.0.2.2", CITIES).await, 200);
    assert_eq!(one.send_as(Who::Patient(1), from("192.0.2.1", CITIES)).await.status, 200);
    let keys = redis.keys();
    assert!(keys.contains("doktolib:budget:auth:") && !keys.contains("192.0.2"), "{keys}");
    assert!(!keys.contains(&Who::Patient(1).user()), "{keys}");
}

#[actix_web::test]
async fn a_budget_in_redis_says_the_same_as_one_in_the_process_and_comes_back_too() {
    let redis = Redis::start();
    let (near, far) = (app(rates("3/1d", "3/3s")).await, app(shared(&redis, "3/1d", "3/3s")).await);
    for _ in 0..4 {
        let (near, far) = (near.send(from("192.0.2.1", CITIES)).await, far.send(from("192.0.2.1", CITIES)).await);
        assert_eq!((near.status, told(&near)), (far.status, told(&far)));
    }
    while asks(&far, "192.0.2.1", LOGIN).await != 429 {}
    let begun = Instant::now();
    while asks(&far, "192.0.2.1", LOGIN).await == 429 {
        assert!(begun.elapsed() < Duration::from_secs(20), "one comes back each second");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// How the application answers while its Redis does not: soon, at the door it keeps closed and at all others.
async fn answers_without_redis(app: &App) {
    let asked = Instant::now();
    let refused = app.send(from("192.0.2.7", LOGIN)).await;
    assert!(asked.elapsed() < Duration::from_secs(2));
    assert_eq!(refused.problem(), (503, "unavailable".to_owned()));
    assert!(refused.header("retry-after").is_some());
    let asked = Instant::now();
    // Counted in the process alone, and still counted.
    let served: Vec<u16> = join_all((0..4).map(|_| asks(app, "192.0.2.7", CITIES))).await;
    assert!(asked.elapsed() < Duration::from_secs(2));
    assert_eq!(served, [200, 200, 200, 429]);
    assert_eq!(asks(app, "192.0.2.7", "/api/v1/health").await, 200);
}

#[actix_web::test]
async fn while_redis_is_away_sign_in_is_closed_the_rest_is_served_and_it_comes_back_by_itself() {
    let mut redis = Redis::start();
    let app = app(shared(&redis, "3/1d", "3/1d")).await;
    assert_ne!(asks(&app, "192.0.2.7", LOGIN).await, 503);
    redis.stop();
    answers_without_redis(&app).await;
    redis.start_again();
    let back = Instant::now();
    while asks(&app, "192.0.2.7", LOGIN).await == 503 {
        assert!(back.elapsed() < Duration::from_secs(10), "still closed ten seconds later");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // What was held in Redis is gone with it, and is counted anew.
    assert_eq!(told(&app.send(from("192.0.2.7", CITIES)).await).1, "\"default\";r=2;t=28800");
}

#[actix_web::test]
async fn a_redis_that_takes_connections_and_never_answers_counts_as_away() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", silent.local_addr().unwrap());
    let app = app(Rates { redis: Some(url.parse().unwrap()), ..rates("3/1d", "3/1d") }).await;
    answers_without_redis(&app).await;
}
