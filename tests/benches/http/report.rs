//! The figures as Markdown.

use std::collections::BTreeMap;

use super::load::{Latencies, Measured};
use super::{PACED, Results};

/// The median of each figure for itself.
fn median(runs: &[Measured]) -> Measured {
    let middle = |figure: &dyn Fn(&Measured) -> f64| {
        let mut figures: Vec<f64> = runs.iter().map(figure).collect();
        figures.sort_unstable_by(f64::total_cmp);
        figures[figures.len() / 2]
    };
    let latencies = |of: &dyn Fn(&Measured) -> Latencies| Latencies {
        p50: middle(&|run| of(run).p50),
        p95: middle(&|run| of(run).p95),
        p99: middle(&|run| of(run).p99),
    };
    Measured {
        per_second: middle(&|run| run.per_second),
        reads: latencies(&|run| run.reads),
        writes: latencies(&|run| run.writes),
        server_us: middle(&|run| run.server_us),
        postgres_us: middle(&|run| run.postgres_us),
        bytes: middle(&|run| run.bytes),
        unexpected: runs.iter().flat_map(|run| &run.unexpected).fold(BTreeMap::new(), |mut sum, (status, count)| {
            *sum.entry(*status).or_insert(0) += count;
            sum
        }),
    }
}

/// A table for each binary, and what the last one needs of the CPU time of the first.
pub fn size(doctors: u32, appointments: u32, results: &[Results]) {
    for result in results {
        println!("\n### {doctors} doctors, {appointments} appointments each ({})\n", result.label);
        println!("| operation | requests/s | p50 ms | p95 ms | p99 ms | server µs | PostgreSQL µs | body |");
        println!("|---|--:|--:|--:|--:|--:|--:|--:|");
        for (name, runs) in &result.operations {
            let of = median(runs);
            let both = |figure: &dyn Fn(&Latencies) -> f64| match (of.reads.p99 > 0.0, of.writes.p99 > 0.0) {
                (true, true) => format!("{:.1} / {:.1}", figure(&of.reads), figure(&of.writes)),
                (true, false) => format!("{:.1}", figure(&of.reads)),
                _ => format!("{:.1}", figure(&of.writes)),
            };
            println!(
                "| {name} | {:.0} | {} | {} | {} | {:.0} | {:.0} | {:.1} KiB |",
                of.per_second,
                both(&|times| times.p50),
                both(&|times| times.p95),
                both(&|times| times.p99),
                of.server_us,
                of.postgres_us,
                of.bytes / 1024.0
            );
            for (status, count) in &of.unexpected {
                println!("| ↳ {count} times {status} | | | | | | | |");
            }
        }
        println!("\n`{PACED}` and the row above it show reads / bookings.");
        let mut starts = result.start_up.clone();
        starts.sort_unstable();
        let start = starts.get(starts.len() / 2).copied().unwrap_or_default();
        println!(
            "Start to first healthy answer {} ms; memory {:.0} MB after the start, {:.0} MB at its highest; binary {:.1} MB.",
            start.as_millis(),
            result.memory.idle as f64 / 1024.0,
            result.memory.highest as f64 / 1024.0,
            result.binary_size as f64 / 1_000_000.0
        );
    }
    if let [before, .., after] = results {
        println!("\n### {doctors} doctors: `{}` → `{}`, CPU µs a request\n", before.label, after.label);
        ratios(before, after);
    }
}

/// What more doctors cost.
pub fn growth(sizes: &[(u32, Vec<Results>)]) {
    let ([(few, small), .., (many, large)], true) = (sizes, sizes.len() > 1) else { return };
    if let (Some(small), Some(large)) = (small.last(), large.last()) {
        println!("\n### {few} doctors → {many} doctors, CPU µs a request\n");
        ratios(small, large);
    }
}

fn ratios(before: &Results, after: &Results) {
    println!("| operation | server | PostgreSQL | both | body |\n|---|--:|--:|--:|--:|");
    for ((name, one), (_, other)) in before.operations.iter().zip(&after.operations) {
        let (one, other) = (median(one), median(other));
        let ratio = |a: f64, b: f64| if a > 0.0 { b / a } else { 1.0 };
        println!(
            "| {name} | {:.0} → {:.0} (×{:.2}) | {:.0} → {:.0} (×{:.2}) | ×{:.2} | ×{:.2} |",
            one.server_us,
            other.server_us,
            ratio(one.server_us, other.server_us),
            one.postgres_us,
            other.postgres_us,
            ratio(one.postgres_us, other.postgres_us),
            ratio(one.server_us + one.postgres_us, other.server_us + other.postgres_us),
            ratio(one.bytes, other.bytes)
        );
    }
}
