//! What templates are written in: classes that the style has, words that both languages have, ids for tests.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn here(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(below)
}

fn sources(folder: &Path, all: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            all.push((path.clone(), fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The names after a dot in the style, backslashes taken out.
fn classes_of_the_style() -> BTreeSet<String> {
    let style = fs::read_to_string(here("assets/dist/app.css")).unwrap();
    let mut found = BTreeSet::new();
    for (at, _) in style.match_indices('.') {
        let mut name = String::new();
        let mut signs = style[at + 1..].chars();
        while let Some(sign) = signs.next() {
            match sign {
                '\\' => name.extend(signs.next()),
                'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' => name.push(sign),
                _ => break,
            }
        }
        found.insert(name);
    }
    found
}

/// The texts in quotes of the value that begins here: one in quotes, or several in braces.
fn literals(value: &str) -> Vec<&str> {
    match value.chars().next() {
        Some('"') => value[1..].split('"').take(1).collect(),
        Some('{') => value.split_once(" }").unwrap().0.split('"').skip(1).step_by(2).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn every_class_of_a_template_is_in_the_style() {
    let known = classes_of_the_style();
    let (mut all, mut unknown, mut seen) = (Vec::new(), Vec::new(), 0);
    sources(&here("src"), &mut all);
    for (path, source) in &all {
        for (at, _) in source.match_indices("class=") {
            for class in literals(&source[at + "class=".len()..]).iter().flat_map(|text| text.split_whitespace()) {
                seen += 1;
                if !known.contains(class) {
                    unknown.push(format!("{}: {class}", path.display()));
                }
            }
        }
    }
    assert!(seen > 100, "{seen}");
    assert!(unknown.is_empty(), "unknown classes:\n{}", unknown.join("\n"));
}

/// Name of each message, with the values that stand in it.
fn messages(language: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(here("locales").join(language)).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let mut name = String::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some((id, _)) = line.split_once(" = ").filter(|_| !line.starts_with(' ')) {
                name = id.to_owned();
                assert!(all.insert(name.clone(), BTreeSet::new()).is_none(), "{language}: {name} stands there twice");
            }
            let values = line
                .split('$')
                .skip(1)
                .map(|rest| rest.chars().take_while(|sign| sign.is_ascii_alphanumeric()).collect::<String>());
            all.entry(name.clone()).or_default().extend(values);
        }
    }
    all.retain(|name, _| !name.is_empty());
    all
}

#[test]
fn both_languages_have_the_same_messages_with_the_same_values() {
    let (english, french) = (messages("en"), messages("fr"));
    assert!(english.len() > 200, "{}", english.len());
    let names = |all: &BTreeMap<String, BTreeSet<String>>| all.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&english), names(&french));
    for (name, values) in &english {
        assert_eq!(values, &french[name], "{name}");
    }
}

#[test]
fn every_message_that_a_template_names_is_there() {
    let known = messages("en");
    let (mut all, mut missing) = (Vec::new(), Vec::new());
    sources(&here("src"), &mut all);
    for (path, source) in &all {
        for call in ["say(\"", "say_with(\""] {
            for (at, _) in source.match_indices(call) {
                let name = source[at + call.len()..].split('"').next().unwrap();
                if !known.contains_key(name) {
                    missing.push(format!("{}: {name}", path.display()));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn everything_that_can_be_touched_has_an_id_for_tests() {
    let (mut all, mut without, mut seen) = (Vec::new(), Vec::new(), 0);
    sources(&here("src"), &mut all);
    for (path, source) in &all {
        let elements =
            ["a class=", "a href=", "button class=", "select class=", "textarea class=", "form ", "summary "];
        for element in elements.into_iter().chain(["input class=", "input type=\"checkbox\""]) {
            for (at, _) in source.match_indices(element) {
                let stands_alone = source[..at].ends_with([' ', '\n']);
                // Up to its content: a brace that does not open a value, or the end of an empty element.
                let head = source[at..].split(" {\n").next().unwrap().split(";\n").next().unwrap();
                let is_markup = head.contains('=') && !head.contains("let ") && !head.starts_with("form (");
                if stands_alone && is_markup {
                    seen += 1;
                    if !head.contains("data-testid=") {
                        without.push(format!("{}: {}", path.display(), head.lines().next().unwrap()));
                    }
                }
            }
        }
    }
    assert!(seen > 25, "{seen}");
    assert!(without.is_empty(), "without data-testid:\n{}", without.join("\n"));
}
