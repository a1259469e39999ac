//! Content lines and components (RFC 5545, sections 3.1 and 3.6).

/// A line: name, parameters, value. Names are in upper case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) name: String,
    parameters: Vec<(String, String)>,
    pub(super) value: String,
}

impl Line {
    /// A parameter's value, without its quotation marks.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn read(text: &str) -> Option<Self> {
        let mut quoted = false;
        let mut parts = vec![String::new()];
        let mut rest = text.char_indices();
        let value = loop {
            let (at, c) = rest.next()?;
            match c {
                '"' => quoted = !quoted,
                ':' if !quoted => break &text[at + 1..],
                ';' if !quoted => parts.push(String::new()),
                other => parts.last_mut()?.push(other),
            }
        };
        let mut parts = parts.into_iter();
        let name = parts.next()?.trim().to_ascii_uppercase();
        let parameters = parts.filter_map(|part| {
            let (name, value) = part.split_once('=')?;
            Some((name.trim().to_ascii_uppercase(), value.trim().to_owned()))
        });
        Some(Self { name, parameters: parameters.collect(), value: value.trim().to_owned() })
    }
}

/// A time zone as the file defines it.
#[derive(Debug, Default)]
pub(super) struct ZoneLines {
    pub(super) own: Vec<Line>,
    /// `STANDARD` or `DAYLIGHT`, with what it says.
    pub(super) observances: Vec<(String, Vec<Line>)>,
}

/// What of a file matters.
#[derive(Debug, Default)]
pub(super) struct Components {
    pub(super) events: Vec<Vec<Line>>,
    pub(super) zones: Vec<ZoneLines>,
}

/// Nothing when it is no calendar.
pub(super) fn components(text: &str) -> Option<Components> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    let unfolded = text.replace("\n ", "").replace("\n\t", "");
    let mut found = Components::default();
    let mut open: Vec<String> = Vec::new();
    let mut calendar = false;
    for line in unfolded.lines().filter_map(Line::read) {
        match line.name.as_str() {
            "BEGIN" => {
                let name = line.value.to_ascii_uppercase();
                let inside: Vec<&str> = open.iter().map(String::as_str).collect();
                match (inside.as_slice(), name.as_str()) {
                    ([], "VCALENDAR") => calendar = true,
                    (["VCALENDAR"], "VEVENT") => found.events.push(Vec::new()),
                    (["VCALENDAR"], "VTIMEZONE") => found.zones.push(ZoneLines::default()),
                    (["VCALENDAR", "VTIMEZONE"], _) => {
                        if let Some(zone) = found.zones.last_mut() {
                            zone.observances.push((name.clone(), Vec::new()));
                        }
                    }
                    _ => {}
                }
                open.push(name);
            }
            "END" => {
                open.pop();
            }
            _ => {
                let inside: Vec<&str> = open.iter().map(String::as_str).collect();
                let target = match inside.as_slice() {
                    ["VCALENDAR", "VEVENT"] => found.events.last_mut(),
                    ["VCALENDAR", "VTIMEZONE"] => found.zones.last_mut().map(|zone| &mut zone.own),
                    ["VCALENDAR", "VTIMEZONE", _] => {
                        found.zones.last_mut().and_then(|zone| zone.observances.last_mut()).map(|(_, lines)| lines)
                    }
                    _ => None,
                };
                if let Some(target) = target {
                    target.push(line);
                }
            }
        }
    }
    calendar.then_some(found)
}

/// The value of the first line of that name.
pub(super) fn value<'a>(lines: &'a [Line], name: &str) -> Option<&'a str> {
    lines.iter().find(|line| line.name == name).map(|line| line.value.as_str())
}
