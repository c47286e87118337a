//! What a look at a tenant's books comes to: each module looks at its own, `rustok verify` puts the reports together.

use serde::Serialize;
use std::collections::BTreeMap;

/// Findings that are listed; the rest is counted.
const LISTED: usize = 100;

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which rule, such as `order.stream`.
    pub check: &'static str,
    /// What it is about, with the id by which it is found: `order 1001 (0190…)`.
    pub about: String,
    /// What is wrong, in words.
    pub text: String,
    /// What to do about it.
    pub remedy: &'static str,
}

/// What was looked at, and what does not hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How many things each check has looked at.
    pub checks: BTreeMap<&'static str, u64>,
    /// What does not hold, in the order in which it was found; at most 100.
    pub findings: Vec<Finding>,
    /// How many more there are.
    pub more: u64,
}

impl Report {
    /// Notes that `check` has looked at `things` more.
    pub fn looked(&mut self, check: &'static str, things: usize) {
        *self.checks.entry(check).or_default() += things as u64;
    }

    /// Notes what does not hold.
    pub fn find(&mut self, finding: Finding) {
        if self.findings.len() < LISTED {
            self.findings.push(finding);
        } else {
            self.more += 1;
        }
    }

    /// Takes over what another module has found.
    pub fn add(&mut self, other: Self) {
        for (check, things) in other.checks {
            *self.checks.entry(check).or_default() += things;
        }
        other.findings.into_iter().for_each(|finding| self.find(finding));
        self.more += other.more;
    }

    /// Whether everything holds.
    pub fn holds(&self) -> bool {
        self.findings.is_empty() && self.more == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_the_first_and_counts_the_rest() {
        let mut report = Report::default();
        assert!(report.holds());
        let finding = |n: usize| Finding {
            check: "order.stream",
            about: format!("order {n}"),
            text: "is wrong".to_owned(),
            remedy: "look",
        };
        (0..90).for_each(|n| report.find(finding(n)));
        report.looked("order.stream", 90);
        let mut other = Report::default();
        (90..120).for_each(|n| other.find(finding(n)));
        other.looked("order.stream", 30);
        other.looked("stock.level", 2);
        report.add(other);
        assert_eq!((report.findings.len(), report.more, report.holds()), (100, 20, false));
        assert_eq!(report.findings[99].about, "order 99");
        assert_eq!(report.checks, BTreeMap::from([("order.stream", 120), ("stock.level", 2)]));
    }
}
