//! Collects what is wrong with something a merchant configures, and writes moments for people.

use std::fmt;

use primitives::{FieldError, Timestamp};

/// A moment in words for people: `2026-08-01 00:00 UTC`.
pub(crate) fn moment(at: Timestamp) -> impl fmt::Display {
    at.date_time().format("%Y-%m-%d %H:%M UTC").to_string()
}

/// Every wrong field at once.
#[derive(Default)]
pub(crate) struct Check(Vec<FieldError>);

impl Check {
    pub fn wrong(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError::new(field, message));
    }

    /// Some visible text of at most so many characters, without control characters.
    pub fn text(&mut self, field: impl Into<String>, text: &str, longest: usize) {
        let field = field.into();
        if text.trim().is_empty() {
            self.wrong(field, "is empty");
        } else {
            self.length(field, text, longest);
        }
    }

    /// Perhaps empty text of at most so many characters, without control characters.
    pub fn length(&mut self, field: impl Into<String>, text: &str, longest: usize) {
        if text.chars().count() > longest {
            self.wrong(field, format!("is longer than {longest} characters"));
        } else if text.chars().any(char::is_control) {
            self.wrong(field, "holds a control character");
        }
    }

    pub fn at_most(&mut self, field: impl Into<String>, count: usize, most: usize) {
        if count > most {
            self.wrong(field, format!("has more than {most} entries"));
        }
    }

    pub fn dates(&mut self, prefix: &str, from: Option<Timestamp>, until: Option<Timestamp>) {
        if let (Some(from), Some(until)) = (from, until)
            && until <= from
        {
            self.wrong(format!("{prefix}until"), "is not after the beginning");
        }
    }

    /// An amount that may not be below a bound.
    pub fn at_least(&mut self, field: impl Into<String>, amount: i64, least: i64) {
        if amount < least {
            let message = if least == 0 { "is below zero" } else { "is not above zero" };
            self.wrong(field, message);
        }
    }

    pub fn done(self) -> Vec<FieldError> {
        self.0
    }
}
