//! Reads the sources and holds them to the rules of `docs/architecture.md`.
//!
//! Every rule is tried twice: on a small bad example, which it must refuse by file and line, and on the
//! repository itself.

#[path = "architecture/layers.rs"]
mod layers;
#[path = "architecture/source.rs"]
mod source;
#[path = "architecture/tokens.rs"]
mod tokens;
#[path = "architecture/words.rs"]
mod words;

use source::{Broken, File, repository};

/// Fails with one line for each place where the rule is broken.
fn hold(rule: fn(&[File]) -> Vec<Broken>) {
    let broken: Vec<String> = rule(&repository()).iter().map(ToString::to_string).collect();
    assert!(broken.is_empty(), "{} places:\n{}", broken.len(), broken.join("\n"));
}

/// What a rule says about made-up files, beside two slices and a manifest that are in order.
fn judged(rule: fn(&[File]) -> Vec<Broken>, files: &[(&str, &str)]) -> Vec<String> {
    let around = [
        (
            "Cargo.toml",
            "[workspace.dependencies]\ndiesel = \"2\"\nactix-web = \"4\"\ntokio = \"1\"\njiff = \"0.2\"\nplatform = \"1\"\n",
        ),
        ("crates/doctors/src/lib.rs", "pub mod domain;"),
        ("crates/appointments/src/lib.rs", "pub mod domain;"),
        ("crates/kernel/src/lib.rs", "pub struct Clock;"),
        ("crates/platform/src/lib.rs", "pub mod pg;"),
        ("migrations/1_doctors_base/up.sql", "CREATE SCHEMA doctors;"),
        ("migrations/2_appointments_base/up.sql", "CREATE SCHEMA appointments;"),
    ];
    let files: Vec<File> = around.iter().chain(files).map(|(path, text)| File::new(path, text)).collect();
    let mut said: Vec<String> = rule(&files).iter().map(ToString::to_string).collect();
    said.sort();
    said
}

const DAY: &str = "crates/doctors/src/domain/day.rs";

#[test]
fn inner_layers_name_only_what_they_may() {
    hold(layers::inner_layers);
}

#[test]
fn a_domain_that_knows_a_database_a_clock_of_tokio_or_another_layer_is_found() {
    let bad = "use jiff::Timestamp;\nuse diesel::prelude::*;\nuse {actix_web::web, platform::pg};\nuse super::super::infrastructure::Row;\n\npub async fn day() { tokio::time::sleep(x).await }\nfn f() -> crate::application::Port { std::fs::read(x) }\n";
    assert_eq!(
        judged(layers::inner_layers, &[(DAY, bad)]),
        [
            "crates/doctors/src/domain/day.rs:2: domain names the crate diesel",
            "crates/doctors/src/domain/day.rs:3: domain names the crate actix_web",
            "crates/doctors/src/domain/day.rs:3: domain names the crate platform",
            "crates/doctors/src/domain/day.rs:4: domain names the layer infrastructure",
            "crates/doctors/src/domain/day.rs:6: domain is asynchronous",
            "crates/doctors/src/domain/day.rs:6: domain is asynchronous",
            "crates/doctors/src/domain/day.rs:6: domain names the crate tokio",
            "crates/doctors/src/domain/day.rs:7: domain names the layer application",
            "crates/doctors/src/domain/day.rs:7: domain reaches outside by std::fs",
        ]
    );
}

#[test]
fn a_use_case_that_knows_http_or_an_adapter_is_found() {
    let bad = "use crate::domain::Day;\nuse crate::{domain::Slot, infrastructure::Pg};\nuse actix_web::HttpResponse as Answer;\n";
    assert_eq!(
        judged(layers::inner_layers, &[("crates/doctors/src/application/list.rs", bad)]),
        [
            "crates/doctors/src/application/list.rs:2: application names the layer infrastructure",
            "crates/doctors/src/application/list.rs:3: application names the crate actix_web",
        ]
    );
}

#[test]
fn comments_strings_and_tests_raise_no_alarm() {
    let good = r###"
//! use diesel::prelude::*;
/* use tokio::time; /* platform::pg */ async */
/// [`crate::infrastructure::Row`] is `async`.
const A: &str = "use diesel::Row; async \" platform::pg";
const B: &str = r#"tokio::spawn("async")"#;
const C: char = '"'; // and the quote above opens nothing: async
fn life<'a>(x: &'a str) -> &'a str { x }
#[cfg_attr(test, mockall::automock, platform::x)]
pub trait T {}
#[cfg(test)]
use tokio::{time, sync};
#[cfg(test)]
#[allow(x)]
mod tests {
    use crate::infrastructure::Row;
    async fn f() { diesel::select(1) }
}
#[cfg(test)]
mod cases;
pub struct Diesel;
"###;
    let cases = ("crates/doctors/src/domain/day/cases.rs", "use tokio::time; async fn f() {}");
    assert_eq!(judged(layers::inner_layers, &[(DAY, good), cases]), [""; 0]);
}

#[test]
fn what_follows_test_code_is_looked_at_again() {
    let bad = "#[cfg(test)]\nuse diesel::{A, B};\n#[cfg(test)]\nmod tests { fn f() {} }\nuse diesel::C;\n";
    assert_eq!(
        judged(layers::inner_layers, &[(DAY, bad)]),
        ["crates/doctors/src/domain/day.rs:5: domain names the crate diesel"]
    );
}

#[test]
fn slices_never_name_each_other() {
    hold(layers::slices_apart);
}

#[test]
fn a_slice_that_names_or_depends_on_another_is_found() {
    let manifest =
        "[package]\nname = \"doctors\"\n[dependencies]\nkernel.workspace = true\nappointments.workspace = true\n";
    let code = "fn f() {\n    appointments::domain::Status::Booked;\n}\n";
    let test = "use doctors::x;\nuse appointments::infrastructure::Row;\n";
    assert_eq!(
        judged(
            layers::slices_apart,
            &[
                ("crates/doctors/Cargo.toml", manifest),
                ("crates/doctors/src/infrastructure/busy.rs", code),
                ("crates/doctors/tests/postgres.rs", test)
            ]
        ),
        [
            "crates/doctors/Cargo.toml:5: doctors depends on the slice appointments",
            "crates/doctors/src/infrastructure/busy.rs:2: doctors names the slice appointments",
            "crates/doctors/tests/postgres.rs:2: doctors names the slice appointments",
        ]
    );
}

#[test]
fn the_toolbox_lies_under_the_slices() {
    hold(layers::toolbox_below);
}

#[test]
fn a_kernel_or_a_platform_that_knows_more_of_ours_is_found() {
    assert_eq!(
        judged(
            layers::toolbox_below,
            &[
                ("crates/kernel/Cargo.toml", "[dependencies]\nplatform = { path = \"../platform\" }\n"),
                ("crates/kernel/src/id.rs", "use uuid::Uuid;\nuse platform::pg;\n"),
                ("crates/platform/src/journal.rs", "use kernel::Actor;\n\nuse doctors::domain::Slot;\n"),
            ]
        ),
        [
            "crates/kernel/Cargo.toml:2: kernel depends on our crate platform",
            "crates/kernel/src/id.rs:2: kernel names our crate platform",
            "crates/platform/src/journal.rs:3: platform names our crate doctors",
        ]
    );
}

#[test]
fn pages_talk_to_use_cases() {
    hold(layers::pages_outside);
}

#[test]
fn a_page_that_knows_the_database_or_an_adapter_is_found() {
    let bad =
        "use doctors::application::ListFreeSlots;\nuse doctors::infrastructure::PgAgendas;\nuse diesel::select;\n";
    assert_eq!(
        judged(layers::pages_outside, &[("crates/pages/src/doctors/page.rs", bad)]),
        [
            "crates/pages/src/doctors/page.rs:2: pages names doctors::infrastructure::PgAgendas",
            "crates/pages/src/doctors/page.rs:3: pages names diesel::select",
        ]
    );
}

#[test]
fn queries_are_made_in_adapters() {
    hold(layers::queries_in_adapters);
}

#[test]
fn a_query_outside_of_an_adapter_is_found() {
    let query = "use diesel_async::{AsyncPgConnection, RunQueryDsl as _};\n";
    let said = judged(
        layers::queries_in_adapters,
        &[
            ("crates/doctors/src/application/list.rs", query),
            ("crates/kernel/src/id.rs", query),
            ("crates/doctors/src/infrastructure/pg.rs", query),
            ("crates/platform/src/pg/pool.rs", query),
            ("apps/doktolib/src/system.rs", query),
        ],
    );
    assert_eq!(
        said,
        [
            "crates/doctors/src/application/list.rs:1: RunQueryDsl outside of an adapter",
            "crates/kernel/src/id.rs:1: RunQueryDsl outside of an adapter",
        ]
    );
}

#[test]
fn slices_meet_only_in_neighbours_and_the_composition_root() {
    hold(layers::slices_meet_in_neighbours);
}

#[test]
fn a_file_that_lets_two_slices_meet_elsewhere_is_found() {
    let both = "use doctors::domain::Slot;\nuse appointments::domain::Status;\n";
    let said = judged(
        layers::slices_meet_in_neighbours,
        &[
            ("apps/doktolib/src/seed/mod.rs", both),
            ("apps/doktolib/src/application.rs", both),
            ("apps/doktolib/src/server.rs", "use doctors::domain::Slot;"),
            ("apps/doktolib/src/neighbours/doctors_for_appointments.rs", both),
            ("apps/doktolib/src/neighbours/glue.rs", both),
        ],
    );
    assert_eq!(
        said,
        [
            "apps/doktolib/src/neighbours/glue.rs:1: a neighbour is named <answerer>_for_<asker>.rs",
            "apps/doktolib/src/seed/mod.rs:2: names a second slice, appointments",
        ]
    );
}

#[test]
fn a_migration_touches_one_schema() {
    hold(words::one_schema_a_migration);
}

#[test]
fn a_migration_that_reaches_into_another_schema_is_found() {
    let bad = "-- doctors.doctor is not ours\nCREATE TABLE appointments.note (\n    doctor uuid REFERENCES doctors.doctor (id),\n    t text DEFAULT 'doctors.x'\n);\n";
    assert_eq!(
        judged(words::one_schema_a_migration, &[("migrations/3_appointments_note/up.sql", bad)]),
        ["migrations/3_appointments_note/up.sql:3: a migration of appointments touches doctors.doctor"]
    );
}

#[test]
fn the_queries_of_a_slice_stay_in_its_schema() {
    hold(words::one_schema_a_slice);
}

#[test]
fn a_slice_that_queries_the_tables_of_another_is_found() {
    let schema = "diesel::table! {\n    doctors.clinic (id) {\n        id -> Uuid,\n    }\n}\ndiesel::table! {\n    appointments.patient (id) {\n        id -> Uuid,\n    }\n}\n";
    let query = "const Q: &str =\n    \"SELECT 1 FROM doctors.clinic, Appointments.patient\";\n";
    assert_eq!(
        judged(
            words::one_schema_a_slice,
            &[
                ("crates/doctors/src/infrastructure/pg.rs", query),
                ("crates/doctors/src/infrastructure/schema.rs", schema)
            ]
        ),
        [
            "crates/doctors/src/infrastructure/pg.rs:2: an SQL text names appointments.patient",
            "crates/doctors/src/infrastructure/schema.rs:7: a table of the schema appointments",
        ]
    );
}

#[test]
fn names_say_something() {
    hold(words::names);
}

#[test]
fn a_name_that_says_nothing_is_found() {
    let bad = "/// A Manager.\npub struct SlotManager;\nenum Implied {}\nmod date_utils {}\ntrait IClock {}\nstruct Interval;\nuse other::TheirManager;\ntype SlotDto = u8;\nstruct Utility;\n";
    let said =
        judged(words::names, &[(DAY, bad), ("apps/doktolib/src/helper.rs", ""), ("crates/kernel/src/services.rs", "")]);
    assert_eq!(
        said,
        [
            "apps/doktolib/src/helper.rs:1: a module called helper",
            "crates/doctors/src/domain/day.rs:2: something called SlotManager",
            "crates/doctors/src/domain/day.rs:4: something called date_utils",
            "crates/doctors/src/domain/day.rs:5: something called IClock",
            "crates/doctors/src/domain/day.rs:8: something called SlotDto",
        ]
    );
}

#[test]
fn files_are_short() {
    hold(words::lengths);
}

#[test]
fn a_file_of_more_than_400_lines_is_found() {
    let (long, short) = ("\n".repeat(401), "\n".repeat(400));
    assert_eq!(
        judged(words::lengths, &[("crates/doctors/src/domain/long.rs", &long), (DAY, &short)]),
        ["crates/doctors/src/domain/long.rs:401: 401 lines, more than 400"]
    );
}

#[test]
fn nothing_is_left_undone() {
    hold(words::nothing_left_undone);
}

#[test]
fn what_is_left_undone_is_found() {
    let (later, soon) = (concat!("TO", "DO"), concat!("FIX", "ME"));
    let bad = format!(
        "fn a() {{ {}!() }}\n// {later}: more\n/*\n {soon}(x) */\nconst S: &str = \"{later}\";\nfn todo() {{}}\n",
        "todo"
    );
    assert_eq!(
        judged(words::nothing_left_undone, &[(DAY, &bad)]),
        [
            format!("crates/doctors/src/domain/day.rs:1: {}! is left", "todo"),
            format!("crates/doctors/src/domain/day.rs:2: a comment says {later}"),
            format!("crates/doctors/src/domain/day.rs:4: a comment says {soon}"),
        ]
    );
}
