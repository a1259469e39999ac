//! Who may import whom.

use std::collections::BTreeSet;

use crate::source::{Broken, File, named, product};
use crate::tokens::Token;

/// Crates of ours that are no slice.
const TOOLBOX: [&str; 4] = ["kernel", "platform", "testkit", "pages"];
const LAYERS: [&str; 3] = ["domain", "application", "infrastructure"];

/// What the inner layers may name of all crates there are; the time library, ids, errors, and for the domain
/// a table of letters that search compares by.
const DOMAIN_MAY: [&str; 6] = ["kernel", "jiff", "uuid", "thiserror", "serde", "unicode_normalization"];
const APPLICATION_MAY: [&str; 6] = ["kernel", "jiff", "uuid", "thiserror", "serde", "async_trait"];
/// Parts of the standard library that reach outside.
const OUTSIDE: [&str; 6] = ["fs", "net", "io", "process", "env", "thread"];

/// The files of the composition root that may know several slices besides `neighbours/`.
const KNOW_ALL_SLICES: [&str; 7] = [
    "apps/doktolib/src/application.rs",
    "apps/doktolib/src/routes.rs",
    "apps/doktolib/src/system.rs",
    "apps/doktolib/src/config.rs",
    "apps/doktolib/src/worker.rs",
    // Every slice keeps something for a while, and it is forgotten in one place.
    "apps/doktolib/src/upkeep.rs",
    // One list of everything that is done at set times.
    "apps/doktolib/src/timetable.rs",
];
const NEIGHBOURS: &str = "apps/doktolib/src/neighbours/";

/// Names of the slices: crates that are no tools.
fn slices(files: &[File]) -> BTreeSet<&str> {
    let crates = files.iter().filter(|file| file.path.starts_with("crates/")).filter_map(File::package);
    crates.filter(|name| !TOOLBOX.contains(name)).collect()
}

/// Every crate a source could name: ours, and those of the workspace's manifest.
fn known_crates(files: &[File]) -> BTreeSet<String> {
    let manifest = files.iter().find(|file| file.path == "Cargo.toml").map_or("", |file| file.text.as_str());
    let listed = dependencies(manifest).into_iter().map(|(_, name)| name.replace('-', "_"));
    listed.chain(files.iter().filter_map(File::package).map(str::to_owned)).collect()
}

/// Line and name of each dependency in a manifest.
fn dependencies(manifest: &str) -> Vec<(usize, &str)> {
    let mut inside = false;
    let mut found = Vec::new();
    for (line, text) in (1..).zip(manifest.lines()) {
        if let Some(section) = text.trim().strip_prefix('[') {
            inside = section.trim_end_matches(']').ends_with("dependencies");
        } else if inside && !text.trim_start().starts_with('#') {
            let name = text.split(['=', '.', ' ']).next().unwrap_or_default().trim();
            if !name.is_empty() {
                found.push((line, name));
            }
        }
    }
    found
}

/// `domain` and `application` name only what their layer may.
pub fn inner_layers(files: &[File]) -> Vec<Broken> {
    let crates = known_crates(files);
    let slices = slices(files);
    let mut broken = Vec::new();
    for (file, code) in product(files) {
        let layer = file.layer();
        let (may, below): (&[&str], &[&str]) = match layer {
            "domain" => (&DOMAIN_MAY, &["application", "infrastructure"]),
            "application" => (&APPLICATION_MAY, &["infrastructure"]),
            _ => continue,
        };
        if !file.package().is_some_and(|package| slices.contains(package)) {
            continue;
        }
        for path in named(file, &code) {
            let first = path.segments[0].as_str();
            let second = path.segments.get(1).map_or("", String::as_str);
            if crates.contains(first) && !may.contains(&first) {
                broken.push(file.broken(path.line, format!("{layer} names the crate {first}")));
            }
            if first == "std" && OUTSIDE.contains(&second) {
                broken.push(file.broken(path.line, format!("{layer} reaches outside by std::{second}")));
            }
            if first == "crate" && below.contains(&second) {
                broken.push(file.broken(path.line, format!("{layer} names the layer {second}")));
            }
        }
        if layer == "domain" {
            let asynchronous = |token: &&Token| token.is_word("async") || token.is_word("await");
            broken.extend(
                code.iter().filter(asynchronous).map(|token| file.broken(token.line, "domain is asynchronous")),
            );
        }
    }
    broken
}

/// No slice names another one, neither in code nor in its manifest.
pub fn slices_apart(files: &[File]) -> Vec<Broken> {
    let slices = slices(files);
    let mut broken = Vec::new();
    for file in files.iter().filter(|file| file.path.starts_with("crates/") && file.path.ends_with(".rs")) {
        let own = file.package().unwrap_or_default();
        if !slices.contains(own) {
            continue;
        }
        // Tests of a slice have no business with another one either.
        for path in named(file, &crate::tokens::without_comments(&file.text)) {
            let first = path.segments[0].as_str();
            if first != own && slices.contains(first) {
                broken.push(file.broken(path.line, format!("{own} names the slice {first}")));
            }
        }
    }
    for (file, line, name) in manifests(files) {
        let own = file.package().unwrap_or_default();
        if slices.contains(own) && own != name && slices.contains(name) {
            broken.push(file.broken(line, format!("{own} depends on the slice {name}")));
        }
    }
    broken
}

/// The toolbox lies under the slices: `kernel` knows nothing of ours, `platform` the kernel alone.
pub fn toolbox_below(files: &[File]) -> Vec<Broken> {
    let may = |own: &str| -> Option<&[&str]> {
        match own {
            "kernel" => Some(&[]),
            "platform" => Some(&["kernel"]),
            "testkit" => Some(&["kernel", "platform"]),
            _ => None,
        }
    };
    let ours: BTreeSet<&str> = files.iter().filter_map(File::package).collect();
    let foreign =
        |own: &str, name: &str| ours.contains(name) && name != own && may(own).is_some_and(|may| !may.contains(&name));
    let mut broken = Vec::new();
    for (file, code) in product(files) {
        let own = file.package().unwrap_or_default();
        for path in named(file, &code).iter().filter(|path| foreign(own, &path.segments[0])) {
            broken.push(file.broken(path.line, format!("{own} names our crate {}", path.segments[0])));
        }
    }
    for (file, line, name) in manifests(files) {
        let own = file.package().unwrap_or_default();
        // What its tests are built with is no matter of layers.
        if foreign(own, name) && !(own == "platform" && name == "testkit") {
            broken.push(file.broken(line, format!("{own} depends on our crate {name}")));
        }
    }
    broken
}

fn manifests(files: &[File]) -> Vec<(&File, usize, &str)> {
    let manifests = files.iter().filter(|file| file.path.starts_with("crates/") && file.path.ends_with("/Cargo.toml"));
    manifests
        .flat_map(|file| dependencies(&file.text).into_iter().map(move |(line, name)| (file, line, name)))
        .collect()
}

/// `pages` talks to use cases: no database, no adapter of a slice.
pub fn pages_outside(files: &[File]) -> Vec<Broken> {
    let mut broken = Vec::new();
    for (file, code) in product(files).into_iter().filter(|(file, _)| file.package() == Some("pages")) {
        for path in named(file, &code) {
            let database = matches!(path.segments[0].as_str(), "diesel" | "diesel_async" | "tokio_postgres");
            if database || path.segments.get(1).is_some_and(|layer| layer == "infrastructure") {
                broken.push(file.broken(path.line, format!("pages names {}", path.segments.join("::"))));
            }
        }
    }
    broken
}

/// `RunQueryDsl` gives every type `.load()` and `.execute()`; it stays where queries are.
pub fn queries_in_adapters(files: &[File]) -> Vec<Broken> {
    let mut broken = Vec::new();
    for (file, code) in product(files) {
        let is_adapter =
            file.path.starts_with("apps/") || file.package() == Some("platform") || file.layer() == LAYERS[2];
        if !is_adapter {
            let named = code.iter().filter(|token| token.is_word("RunQueryDsl"));
            broken.extend(named.map(|token| file.broken(token.line, "RunQueryDsl outside of an adapter")));
        }
    }
    broken
}

/// Two slices meet in `neighbours/` and in the listed files of the composition root, nowhere else.
pub fn slices_meet_in_neighbours(files: &[File]) -> Vec<Broken> {
    let slices = slices(files);
    let mut broken = Vec::new();
    for (file, code) in product(files).into_iter().filter(|(file, _)| file.path.starts_with("apps/")) {
        if let Some(name) = file.path.strip_prefix(NEIGHBOURS) {
            // A long one has a folder of the same name.
            let pair = name.split('/').next().unwrap_or_default();
            let pair = pair.strip_suffix(".rs").unwrap_or(pair).split_once("_for_");
            let is_pair = pair.is_some_and(|(answerer, asker)| slices.contains(answerer) && slices.contains(asker));
            if name != "mod.rs" && !is_pair {
                broken.push(file.broken(1, "a neighbour is named <answerer>_for_<asker>.rs"));
            }
            continue;
        }
        let mut met = BTreeSet::new();
        for path in named(file, &code) {
            if let Some(slice) = slices.get(path.segments[0].as_str())
                && met.insert(*slice)
                && met.len() > 1
                && !KNOW_ALL_SLICES.contains(&file.path.as_str())
            {
                broken.push(file.broken(path.line, format!("names a second slice, {slice}")));
            }
        }
    }
    broken
}
