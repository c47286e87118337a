//! A promotion as it is being edited; amounts, rates and counts are what was typed.

use std::collections::BTreeMap;

use primitives::{Country, Quantity};

use super::moment::{self, Zone};
use super::{amount, settings};
use crate::gql::promotions::{
    GroupPick, Promotion, PromotionActionInput, PromotionActionKind as Kind, PromotionConditionInput,
    PromotionConditionKind as Needs, PromotionInput,
};
use crate::gql::{DateTime, Long};

mod choice;
pub mod words;

pub use choice::{Choice, Things};

/// Most codes of one promotion.
const MOST_CODES: usize = 1_000;
/// Most characters of a code.
const MOST_CODE: usize = 40;
/// Most conditions.
pub const MOST_CONDITIONS: usize = 20;
/// Letters and digits of codes that are drawn; none of them looks like another one.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Everything in the editor.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Draft {
    pub name: String,
    pub active: bool,
    /// Text of a `datetime-local` field.
    pub from: String,
    /// Text of a `datetime-local` field.
    pub until: String,
    pub action: ActionDraft,
    pub conditions: Vec<ConditionDraft>,
    pub codes: Vec<String>,
    pub use_limit: String,
    pub shopper_limit: String,
    pub budget: String,
    pub priority: String,
    pub exclusive: bool,
    pub group: String,
    pub best: bool,
    next: u32,
}

/// What it does. What belongs to other kinds stays as it was typed, and is neither compared nor sent.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct ActionDraft {
    pub kind: Kind,
    pub of: Choice,
    pub get_of: Choice,
    pub percent: String,
    pub amount: String,
    pub once: bool,
    pub buy: String,
    pub get: String,
    pub most: String,
    pub variant: Option<String>,
    pub methods: Vec<String>,
}

/// Something that has to hold.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct ConditionDraft {
    pub key: u32,
    pub kind: Needs,
    pub of: Choice,
    pub pieces: String,
    pub amount: String,
    pub countries: Vec<String>,
    pub groups: Vec<String>,
}

/// Fields of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Part {
    Of,
    GetOf,
    Percent,
    Amount,
    Once,
    Buy,
    Get,
    Most,
    Variant,
    Methods,
}

/// Whether a field belongs to a kind of action.
pub fn has(kind: Kind, part: Part) -> bool {
    let parts: &[Part] = match kind {
        Kind::Percent => &[Part::Of, Part::Percent],
        Kind::Fixed => &[Part::Of, Part::Amount, Part::Once],
        Kind::FixedPrice => &[Part::Of, Part::Amount],
        Kind::BuyGet => &[Part::Of, Part::GetOf, Part::Percent, Part::Buy, Part::Get, Part::Most],
        Kind::CheapestFree => &[Part::Of, Part::Buy, Part::Most],
        Kind::OrderPercent => &[Part::Percent],
        Kind::OrderFixed => &[Part::Amount],
        Kind::FreeGift => &[Part::Get, Part::Variant],
        Kind::FreeShipping => &[Part::Amount, Part::Methods],
    };
    parts.contains(&part)
}

impl ActionDraft {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            of: Choice::default(),
            get_of: Choice::default(),
            percent: String::new(),
            amount: String::new(),
            once: false,
            buy: String::new(),
            get: String::new(),
            most: String::new(),
            variant: None,
            methods: Vec::new(),
        }
    }

    /// Changes the kind, and fills in what most people mean by it where nothing was typed.
    pub fn become_kind(&mut self, kind: Kind) {
        self.kind = kind;
        let mut usual = |field: fn(&mut Self) -> &mut String, text: &str| {
            let field = field(self);
            if field.trim().is_empty() {
                text.clone_into(field);
            }
        };
        match kind {
            Kind::BuyGet => {
                usual(|it| &mut it.buy, "2");
                usual(|it| &mut it.get, "1");
                usual(|it| &mut it.percent, "100");
            }
            Kind::CheapestFree => usual(|it| &mut it.buy, "3"),
            Kind::FreeGift => usual(|it| &mut it.get, "1"),
            _ => {}
        }
    }

    /// Only what belongs to its kind.
    fn meant(&self) -> Self {
        let text = |part, text: &String| if has(self.kind, part) { text.clone() } else { String::new() };
        let choice = |part, choice: &Choice| match has(self.kind, part) {
            true => choice.meant(),
            false => Choice::default(),
        };
        Self {
            kind: self.kind,
            of: choice(Part::Of, &self.of),
            get_of: choice(Part::GetOf, &self.get_of),
            percent: text(Part::Percent, &self.percent),
            amount: text(Part::Amount, &self.amount),
            once: self.once && has(self.kind, Part::Once),
            buy: text(Part::Buy, &self.buy),
            get: text(Part::Get, &self.get),
            most: text(Part::Most, &self.most),
            variant: self.variant.clone().filter(|_| has(self.kind, Part::Variant)),
            methods: if has(self.kind, Part::Methods) { self.methods.clone() } else { Vec::new() },
        }
    }

    fn input(&self, exponent: u32) -> PromotionActionInput {
        let meant = self.meant();
        PromotionActionInput {
            kind: meant.kind,
            of: meant.of.input(),
            get_of: meant.get_of.input(),
            percent: settings::rate(&meant.percent),
            amount: money(&meant.amount, exponent),
            once: meant.once,
            buy: number(&meant.buy),
            get: number(&meant.get),
            most: number(&meant.most),
            variant_id: meant.variant.map(cynic::Id::new),
            methods: meant.methods,
        }
    }

    fn faults(&self, exponent: u32, fault: &mut impl FnMut(&str, &str)) {
        let kind = self.kind;
        let here = |part| has(kind, part);
        if here(Part::Of) && self.of.some && self.of.names_nothing() {
            fault("of", NOTHING_NAMED);
        }
        if here(Part::GetOf) && self.get_of.some && self.get_of.names_nothing() {
            fault("getOf", NOTHING_NAMED);
        }
        if here(Part::Percent) && settings::rate(&self.percent).is_none_or(|rate| rate == "0") {
            fault("percent", "Write more than 0 and at most 100, with at most 4 decimals");
        }
        if here(Part::Amount) {
            let optional = kind == Kind::FreeShipping;
            match amount::parse(&self.amount, exponent) {
                Err(_) if self.amount.trim().is_empty() => {
                    if !optional {
                        fault("amount", "Write an amount");
                    }
                }
                Err(error) => fault("amount", &error.to_string()),
                Ok(0) if kind != Kind::FixedPrice => fault("amount", "Write more than zero"),
                Ok(_) => {}
            }
        }
        let most = Quantity::MAX as i32;
        let mut pieces = |part, field: &str, typed: &str, least: i32| {
            if here(part) && !number(typed).is_some_and(|n| (least..=most).contains(&n)) {
                fault(field, &format!("Write a whole number from {least} to {most}"));
            }
        };
        pieces(Part::Buy, "buy", &self.buy, if kind == Kind::CheapestFree { 2 } else { 1 });
        pieces(Part::Get, "get", &self.get, 1);
        if here(Part::Most) && !self.most.trim().is_empty() && number(&self.most).is_none_or(|n| n < 1) {
            fault("most", NO_LIMIT);
        }
        if here(Part::Variant) && self.variant.is_none() {
            fault("variantId", "Choose what is given away");
        }
    }
}

const NOTHING_NAMED: &str = "Choose at least one product, collection or tag, or take everything";
const NO_LIMIT: &str = "Write a whole number above zero, or nothing for no limit";

impl ConditionDraft {
    fn meant(&self) -> Self {
        let blank = Self { countries: Vec::new(), ..Self::new(self.key, self.kind) };
        match self.kind {
            Needs::Has => Self { of: self.of.meant(), pieces: self.pieces.clone(), ..blank },
            Needs::Subtotal => Self { of: self.of.meant(), amount: self.amount.clone(), ..blank },
            Needs::FirstOrder => blank,
            Needs::Countries => Self { countries: self.countries.clone(), ..blank },
            Needs::Groups => Self { groups: self.groups.clone(), ..blank },
        }
    }

    fn new(key: u32, kind: Needs) -> Self {
        Self {
            key,
            kind,
            of: Choice::default(),
            pieces: String::new(),
            amount: String::new(),
            countries: Vec::new(),
            groups: Vec::new(),
        }
    }

    fn input(&self, exponent: u32) -> PromotionConditionInput {
        let meant = self.meant();
        PromotionConditionInput {
            kind: meant.kind,
            of: meant.of.input(),
            pieces: number(&meant.pieces),
            amount: money(&meant.amount, exponent),
            countries: meant.countries,
            groups: meant.groups.into_iter().map(cynic::Id::new).collect(),
        }
    }

    fn faults(&self, exponent: u32, fault: &mut impl FnMut(&str, &str)) {
        let chooses = matches!(self.kind, Needs::Has | Needs::Subtotal);
        if chooses && self.of.some && self.of.names_nothing() {
            fault("of", NOTHING_NAMED);
        }
        match self.kind {
            Needs::Has if number(&self.pieces).is_none_or(|n| n < 1) => {
                fault("pieces", "Write a whole number above zero");
            }
            Needs::Subtotal => match amount::parse(&self.amount, exponent) {
                Err(_) if self.amount.trim().is_empty() => fault("amount", "Write an amount"),
                Err(error) => fault("amount", &error.to_string()),
                Ok(0) => fault("amount", "Write more than zero"),
                Ok(_) => {}
            },
            Needs::Countries if self.countries.is_empty() => fault("countries", "Choose a country"),
            Needs::Countries => {
                if let Some(code) = self.countries.iter().find(|code| Country::parse(code).is_err()) {
                    fault("countries", &format!("{code} is not the code of a country"));
                }
            }
            Needs::Groups if self.groups.is_empty() => fault("groups", "Choose a group"),
            Needs::Has | Needs::FirstOrder | Needs::Groups => {}
        }
    }
}

impl Draft {
    /// A new one: a percentage off everything, for everybody.
    pub fn new() -> Self {
        Self {
            name: String::new(),
            active: true,
            from: String::new(),
            until: String::new(),
            action: ActionDraft::new(Kind::OrderPercent),
            conditions: Vec::new(),
            codes: Vec::new(),
            use_limit: String::new(),
            shopper_limit: String::new(),
            budget: String::new(),
            priority: "0".to_owned(),
            exclusive: false,
            group: String::new(),
            best: false,
            next: 0,
        }
    }

    /// What is saved, on the reader's clock.
    pub fn of(saved: &Promotion, zone: Zone) -> Self {
        let local = |at: &Option<DateTime>| {
            at.as_ref().and_then(|at| moment::to_local(&at.0, zone)).unwrap_or_default()
        };
        let limit = |limit: Option<Long>| limit.map(|limit| limit.0.to_string()).unwrap_or_default();
        let count = |count: Option<i32>| count.map(|count| count.to_string()).unwrap_or_default();
        let action = &saved.action;
        let conditions: Vec<_> = saved
            .conditions
            .iter()
            .zip(0..)
            .map(|(condition, key)| ConditionDraft {
                key,
                kind: condition.kind,
                of: Choice::of(condition.of.as_ref()),
                pieces: count(condition.pieces),
                amount: condition.amount.as_ref().map(|money| money.decimal.clone()).unwrap_or_default(),
                countries: condition.countries.clone(),
                groups: condition.groups.iter().map(|id| id.inner().to_owned()).collect(),
            })
            .collect();
        Self {
            name: saved.name.clone(),
            active: saved.active,
            from: local(&saved.starts_at),
            until: local(&saved.ends_at),
            action: ActionDraft {
                kind: action.kind,
                of: Choice::of(action.of.as_ref()),
                get_of: Choice::of(action.get_of.as_ref()),
                percent: action.percent.clone().unwrap_or_default(),
                amount: action.amount.as_ref().map(|money| money.decimal.clone()).unwrap_or_default(),
                once: action.once,
                buy: count(action.buy),
                get: count(action.get),
                most: count(action.most),
                variant: action.variant_id.as_ref().map(|id| id.inner().to_owned()),
                methods: action.methods.clone(),
            },
            next: conditions.len() as u32,
            conditions,
            codes: saved.codes.clone(),
            use_limit: limit(saved.use_limit),
            shopper_limit: limit(saved.shopper_limit),
            budget: saved.budget.as_ref().map(|money| money.decimal.clone()).unwrap_or_default(),
            priority: saved.priority.to_string(),
            exclusive: saved.exclusive,
            group: saved.group.clone().unwrap_or_default(),
            best: saved.group_pick == Some(GroupPick::Best),
        }
    }

    /// Another condition.
    pub fn add_condition(&mut self, kind: Needs) {
        self.conditions.push(ConditionDraft::new(self.next, kind));
        self.next += 1;
    }

    /// A condition by its key.
    pub fn condition(&self, key: u32) -> Option<&ConditionDraft> {
        self.conditions.iter().find(|condition| condition.key == key)
    }

    /// Changes a condition.
    pub fn condition_mut(&mut self, key: u32, change: impl FnOnce(&mut ConditionDraft)) {
        if let Some(condition) = self.conditions.iter_mut().find(|condition| condition.key == key) {
            change(condition);
        }
    }

    /// The path of a field of a condition, as the server names it: by its place.
    pub fn path_of(&self, key: u32, field: &str) -> String {
        let place = self.conditions.iter().position(|condition| condition.key == key);
        place.map_or_else(String::new, |place| format!("conditions.{place}.{field}"))
    }

    /// Names of what differs from what is saved.
    pub fn changes(&self, saved: &Self) -> Vec<String> {
        let conditions = |draft: &Self| {
            draft.conditions.iter().map(|it| ConditionDraft { key: 0, ..it.meant() }).collect::<Vec<_>>()
        };
        let limits = |draft: &Self| {
            [&draft.use_limit, &draft.shopper_limit, &draft.budget].map(|text| text.trim().to_owned())
        };
        let others = |draft: &Self| {
            let group = draft.group.trim().to_owned();
            let best = draft.best && !group.is_empty();
            (draft.priority.trim().to_owned(), draft.exclusive, group, best)
        };
        let parts = [
            ("name", self.name != saved.name),
            (if self.active { "switched on" } else { "switched off" }, self.active != saved.active),
            ("time", (&self.from, &self.until) != (&saved.from, &saved.until)),
            ("what it does", self.action.meant() != saved.action.meant()),
            ("conditions", conditions(self) != conditions(saved)),
            ("codes", self.codes != saved.codes),
            ("limits", limits(self) != limits(saved)),
            ("how it works with others", others(self) != others(saved)),
        ];
        parts.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name.to_owned()).collect()
    }

    /// What cannot be sent, by the path that the server would name too.
    pub fn faults(&self, exponent: u32, zone: Zone) -> BTreeMap<String, String> {
        let mut faults = BTreeMap::new();
        let mut fault = |path: &str, text: &str| {
            faults.entry(path.to_owned()).or_insert_with(|| text.to_owned());
        };
        match self.name.trim().chars().count() {
            0 => fault("name", "Give it a name: shoppers read it beside the discount"),
            101.. => fault("name", "Use at most 100 characters"),
            _ => {}
        }
        let at = |typed: &str| moment::from_local(typed, zone).as_deref().and_then(moment::millis);
        let (from, until) = (at(&self.from), at(&self.until));
        for (field, typed, read) in [("startsAt", &self.from, from), ("endsAt", &self.until, until)] {
            if !typed.is_empty() && read.is_none() {
                fault(field, "Choose a date and a time");
            }
        }
        if from.zip(until).is_some_and(|(from, until)| until <= from) {
            fault("endsAt", "It has to end after it has begun");
        }
        self.action.faults(exponent, &mut |field, text| fault(&format!("action.{field}"), text));
        if MOST_CONDITIONS < self.conditions.len() {
            fault("conditions", &format!("Use at most {MOST_CONDITIONS} conditions"));
        }
        for (place, condition) in self.conditions.iter().enumerate() {
            let mut at = |field: &str, text: &str| fault(&format!("conditions.{place}.{field}"), text);
            condition.faults(exponent, &mut at);
        }
        if MOST_CODES < self.codes.len() {
            fault("codes", &format!("Use at most {MOST_CODES} codes"));
        }
        for (place, code) in self.codes.iter().enumerate() {
            if let Some(wrong) = wrong_code(code) {
                fault(&format!("codes.{place}"), &format!("{code}: {wrong}"));
            }
        }
        for (field, typed) in [("useLimit", &self.use_limit), ("shopperLimit", &self.shopper_limit)] {
            if !typed.trim().is_empty() && long(typed).is_none_or(|limit| limit < 1) {
                fault(field, NO_LIMIT);
            }
        }
        match amount::wire(&self.budget, exponent) {
            Err(error) => fault("budget", &error.to_string()),
            Ok(_) if amount::parse(&self.budget, exponent) == Ok(0) => {
                fault("budget", "Write more than zero, or nothing for no limit");
            }
            Ok(_) => {}
        }
        if self.priority.trim().parse::<i32>().is_err() {
            fault("priority", "Write a whole number; 0 is the usual one");
        }
        if 60 < self.group.trim().chars().count() {
            fault("group", "Use at most 60 characters");
        }
        faults
    }

    /// What to send; what has a fault is left out.
    pub fn input(&self, exponent: u32, zone: Zone) -> PromotionInput {
        let at = |typed: &str| moment::from_local(typed, zone).map(DateTime);
        let group = Some(self.group.trim().to_owned()).filter(|group| !group.is_empty());
        let pick = if self.best { GroupPick::Best } else { GroupPick::First };
        PromotionInput {
            name: self.name.trim().to_owned(),
            active: self.active,
            starts_at: at(&self.from),
            ends_at: at(&self.until),
            priority: self.priority.trim().parse().unwrap_or_default(),
            exclusive: self.exclusive,
            group_pick: group.as_ref().map(|_| pick),
            group,
            codes: self.codes.clone(),
            conditions: self.conditions.iter().map(|condition| condition.input(exponent)).collect(),
            action: self.action.input(exponent),
            use_limit: long(&self.use_limit).map(Long),
            shopper_limit: long(&self.shopper_limit).map(Long),
            budget: money(&self.budget, exponent),
        }
    }
}

impl Default for Draft {
    fn default() -> Self {
        Self::new()
    }
}

/// Codes out of typed or pasted words: each once, in capitals, without blanks.
pub fn codes(typed: &[String]) -> Vec<String> {
    let mut codes: Vec<String> = Vec::new();
    for code in typed.iter().flat_map(|words| words.split_whitespace()).map(str::to_uppercase) {
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes
}

/// A code that people can read to each other, from bytes that nobody can guess.
pub fn drawn_code(random: [u8; 8]) -> String {
    random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
}

/// A part of a whole in per cent with one decimal, rounded half up: `3.2 %`. Of nothing it is `0 %`.
pub fn share(part: i64, whole: i64) -> String {
    if whole <= 0 {
        return "0 %".to_owned();
    }
    let (part, whole) = (i128::from(part.max(0)), i128::from(whole));
    let tenths = (part * 2000 + whole) / (whole * 2);
    if tenths % 10 == 0 { format!("{} %", tenths / 10) } else { format!("{}.{} %", tenths / 10, tenths % 10) }
}

/// Why a code cannot be one.
fn wrong_code(code: &str) -> Option<String> {
    if MOST_CODE < code.chars().count() {
        return Some(format!("use at most {MOST_CODE} characters"));
    }
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '%' | '+');
    (!code.chars().all(plain)).then(|| "use letters, digits and - _ . % +".to_owned())
}

fn number(typed: &str) -> Option<i32> {
    typed.trim().parse().ok()
}

fn long(typed: &str) -> Option<i64> {
    typed.trim().parse().ok()
}

fn money(typed: &str, exponent: u32) -> Option<String> {
    amount::wire(typed, exponent).ok().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
