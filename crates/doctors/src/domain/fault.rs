/// A value that cannot be accepted, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Path of the field, e.g. `hours[2].to`.
    pub field: String,
    /// Stable word for programs.
    pub code: &'static str,
    /// A sentence for a person; never repeats the value.
    pub message: String,
}

impl Fault {
    /// What is wrong with `field`.
    #[must_use]
    pub fn new(field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self { field: field.into(), code, message: message.into() }
    }

    /// Nothing stands where something has to.
    #[must_use]
    pub fn required(field: impl Into<String>) -> Self {
        Self::new(field, "required", "is required")
    }
}

/// Looks at one value after the other and remembers all that is wrong.
#[derive(Debug, Default)]
pub(super) struct Faults(pub(super) Vec<Fault>);

impl Faults {
    /// A text of `least` to `most` characters in single spaces and without control characters.
    pub(super) fn line(&mut self, field: &str, text: &str, least: usize, most: usize) -> String {
        let plain = text.split_whitespace().collect::<Vec<_>>().join(" ");
        self.characters(field, &plain, least, most, char::is_control);
        plain
    }

    /// The same of several lines, which stay as they are.
    pub(super) fn lines(&mut self, field: &str, text: &str, most: usize) -> String {
        let plain = text.trim().to_owned();
        self.characters(field, &plain, 0, most, |c| c.is_control() && c != '\n' && c != '\r' && c != '\t');
        plain
    }

    fn characters(&mut self, field: &str, text: &str, least: usize, most: usize, bad: fn(char) -> bool) {
        if !(least..=most).contains(&text.chars().count()) {
            self.0.push(Fault::new(field, "length", format!("must have {least} to {most} characters")));
        } else if text.contains(bad) {
            self.0.push(Fault::new(field, "characters", "must not hold control characters"));
        }
    }

    /// A number within bounds, both included.
    pub(super) fn within<T: PartialOrd + Copy + std::fmt::Display>(
        &mut self,
        field: &str,
        value: T,
        least: T,
        most: T,
    ) {
        if value < least || value > most {
            self.0.push(Fault::new(field, "range", format!("must be between {least} and {most}")));
        }
    }

    /// The value, when nothing was wrong.
    pub(super) fn or<T>(self, value: T) -> Result<T, Vec<Fault>> {
        if self.0.is_empty() { Ok(value) } else { Err(self.0) }
    }
}
