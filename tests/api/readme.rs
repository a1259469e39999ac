//! What the README promises about the configuration.

use std::collections::BTreeSet;
use std::path::Path;

/// Names in the rows `| `NAME` | …` of the first table that has such rows.
fn listed(readme: &str) -> Vec<&str> {
    readme
        .lines()
        .skip_while(|line| variable(line).is_none())
        .take_while(|line| line.starts_with('|'))
        .filter_map(variable)
        .collect()
}

fn variable(line: &str) -> Option<&str> {
    let name = line.strip_prefix("| `")?.split_once("` |")?.0;
    name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_').then_some(name)
}

#[test]
fn the_table_of_the_configuration_names_every_variable_once_and_no_other() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
    let names = listed(&readme);
    let (written, read): (BTreeSet<&str>, BTreeSet<&str>) =
        (names.iter().copied().collect(), doktolib::config::VARIABLES.iter().copied().collect());
    assert_eq!(written.difference(&read).collect::<Vec<_>>(), Vec::<&&str>::new(), "nobody reads these");
    assert_eq!(read.difference(&written).collect::<Vec<_>>(), Vec::<&&str>::new(), "these are not described");
    assert_eq!(names.len(), written.len(), "one stands there twice");
}

#[test]
fn a_row_that_is_no_variable_is_not_counted() {
    let readme = "| `doktolib all` | x |\n\n| variable | y |\n|---|---|\n| `HOST` | a |\n| `PORT`, `X` | b |\n| `PORT` | c |\n\n| `DOKTOLIB_PG_BIN` | d |\n";
    assert_eq!(listed(readme), ["HOST", "PORT"]);
}
