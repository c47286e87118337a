//! A promotion as clients write it, and what could not be read of it.

use std::collections::BTreeSet;

use async_graphql::{ID, InputObject, Result};
use platform::Error;
use platform::graphql::{DateTime, Long, failure};
use pricing::{Action, Condition, Group, Per, Pick, Selector};
use primitives::{Country, Currency, FieldError, Quantity, Rate};

use super::{GroupPick, PromotionActionKind, PromotionConditionKind};
use crate::promotion::PromotionDraft;

/// A promotion as it shall be.
#[derive(InputObject)]
pub struct PromotionInput {
    /// What shoppers read beside the discount, 1 to 100 characters.
    name: String,
    /// Switched on.
    #[graphql(default = true)]
    active: bool,
    /// From then on.
    starts_at: Option<DateTime>,
    /// Until then.
    ends_at: Option<DateTime>,
    /// Higher comes first.
    #[graphql(default)]
    priority: i32,
    /// Applies alone.
    #[graphql(default)]
    exclusive: bool,
    /// Name of its group.
    group: Option<String>,
    /// Which one of the group applies.
    group_pick: Option<GroupPick>,
    /// Codes that open it; none: no code needed.
    #[graphql(default)]
    codes: Vec<String>,
    /// All have to hold.
    #[graphql(default)]
    conditions: Vec<PromotionConditionInput>,
    /// What it does.
    action: PromotionActionInput,
    /// Most orders.
    use_limit: Option<Long>,
    /// Most orders of one customer.
    shopper_limit: Option<Long>,
    /// Most that it may take off in all, decimal text.
    budget: Option<String>,
}

/// Which things are meant; all of them when nothing is named.
#[derive(InputObject, Default)]
pub struct SelectionInput {
    /// These products.
    #[graphql(default)]
    products: Vec<ID>,
    /// These variants.
    #[graphql(default)]
    variants: Vec<ID>,
    /// Everything in these collections.
    #[graphql(default)]
    collections: Vec<ID>,
    /// Everything with one of these tags.
    #[graphql(default)]
    tags: Vec<String>,
    /// None of these products.
    #[graphql(default)]
    not_products: Vec<ID>,
    /// Nothing in these collections.
    #[graphql(default)]
    not_collections: Vec<ID>,
    /// Nothing with one of these tags.
    #[graphql(default)]
    not_tags: Vec<String>,
}

/// Something that has to hold.
#[derive(InputObject)]
pub struct PromotionConditionInput {
    /// What.
    kind: PromotionConditionKind,
    /// Of which things.
    of: Option<SelectionInput>,
    /// How many pieces.
    pieces: Option<u32>,
    /// How much, decimal text.
    amount: Option<String>,
    /// Where it goes, ISO 3166-1 alpha-2.
    #[graphql(default)]
    countries: Vec<String>,
    /// Ids of groups of customers.
    #[graphql(default)]
    groups: Vec<ID>,
}

/// What a promotion does.
#[derive(InputObject)]
pub struct PromotionActionInput {
    /// What.
    kind: PromotionActionKind,
    /// Which things.
    of: Option<SelectionInput>,
    /// Which things are given.
    get_of: Option<SelectionInput>,
    /// Per cent as text: `10` or `12.5`.
    percent: Option<String>,
    /// An amount, decimal text.
    amount: Option<String>,
    /// The amount once, not per piece.
    #[graphql(default)]
    once: bool,
    /// Pieces to buy.
    buy: Option<u32>,
    /// Pieces that are given.
    get: Option<u32>,
    /// At most so many times.
    most: Option<u32>,
    /// What is given away.
    variant_id: Option<ID>,
    /// Ids of deliveries; none: all.
    #[graphql(default)]
    methods: Vec<String>,
}

/// Reads inputs and remembers what could not be read.
struct Reading {
    currency: Currency,
    errors: Vec<FieldError>,
}

impl Reading {
    fn take<T, E: std::fmt::Display>(&mut self, field: &str, read: Result<T, E>) -> Option<T> {
        read.map_err(|error| self.errors.push(FieldError::new(field, error.to_string()))).ok()
    }

    fn needed<T>(&mut self, field: &str, value: Option<T>) -> Option<T> {
        self.take(field, value.ok_or("has to be given here"))
    }

    fn money(&mut self, field: &str, text: &str) -> Option<i64> {
        let read = primitives::Money::parse_decimal(text, self.currency);
        self.take(field, read).map(|money| money.minor)
    }

    fn needed_money(&mut self, field: &str, text: Option<&String>) -> Option<i64> {
        let text = self.needed(field, text)?;
        self.money(field, text)
    }

    fn rate(&mut self, field: &str, text: Option<&String>) -> Option<Rate> {
        let text = self.needed(field, text)?;
        self.take(field, Rate::parse_percent(text))
    }

    fn ids<T: Ord + std::str::FromStr<Err: std::fmt::Display>>(
        &mut self,
        field: &str,
        ids: &[ID],
    ) -> BTreeSet<T> {
        let read = ids.iter().enumerate().map(|(i, id)| (format!("{field}.{i}"), id.parse::<T>()));
        read.filter_map(|(field, id)| self.take(&field, id)).collect()
    }

    fn selector(&mut self, field: &str, input: Option<&SelectionInput>) -> Selector {
        let Some(input) = input else { return Selector::default() };
        let tags = |tags: &[String]| {
            tags.iter().map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()).collect()
        };
        Selector {
            products: self.ids(&format!("{field}.products"), &input.products),
            variants: self.ids(&format!("{field}.variants"), &input.variants),
            collections: self.ids(&format!("{field}.collections"), &input.collections),
            tags: tags(&input.tags),
            not_products: self.ids(&format!("{field}.notProducts"), &input.not_products),
            not_variants: BTreeSet::new(),
            not_collections: self.ids(&format!("{field}.notCollections"), &input.not_collections),
            not_tags: tags(&input.not_tags),
        }
    }

    fn condition(&mut self, i: usize, input: &PromotionConditionInput) -> Option<Condition> {
        let at = |field: &str| format!("conditions.{i}.{field}");
        Some(match input.kind {
            PromotionConditionKind::Has => Condition::Has {
                of: self.selector(&at("of"), input.of.as_ref()),
                at_least: self.needed(&at("pieces"), input.pieces)?,
            },
            PromotionConditionKind::Subtotal => Condition::Subtotal {
                of: self.selector(&at("of"), input.of.as_ref()),
                at_least: self.needed_money(&at("amount"), input.amount.as_ref())?,
            },
            PromotionConditionKind::FirstOrder => Condition::FirstOrder,
            PromotionConditionKind::Countries => {
                let read = input.countries.iter().map(|code| Country::parse(code.trim()));
                let any_of: BTreeSet<Country> =
                    read.filter_map(|country| self.take(&at("countries"), country)).collect();
                Condition::Countries { any_of }
            }
            PromotionConditionKind::Groups => {
                Condition::Groups { any_of: self.ids(&at("groups"), &input.groups) }
            }
        })
    }

    fn action(&mut self, input: &PromotionActionInput) -> Option<Action> {
        use PromotionActionKind as Kind;
        let of = self.selector("action.of", input.of.as_ref());
        Some(match input.kind {
            Kind::Percent => {
                Action::Percent { of, off: self.rate("action.percent", input.percent.as_ref())? }
            }
            Kind::Fixed => Action::Fixed {
                of,
                off: self.needed_money("action.amount", input.amount.as_ref())?,
                per: if input.once { Per::Order } else { Per::Piece },
            },
            Kind::FixedPrice => {
                Action::FixedPrice { of, price: self.needed_money("action.amount", input.amount.as_ref())? }
            }
            // One for one, for nothing, unless something else is said.
            Kind::BuyGet => Action::BuyGet {
                buy: input.buy.unwrap_or(1),
                buy_of: of,
                get: input.get.unwrap_or(1),
                get_of: self.selector("action.getOf", input.get_of.as_ref()),
                off: match &input.percent {
                    Some(_) => self.rate("action.percent", input.percent.as_ref())?,
                    None => Rate::percent(100),
                },
                most: input.most,
            },
            Kind::CheapestFree => {
                Action::CheapestFree { of, of_each: self.needed("action.buy", input.buy)?, most: input.most }
            }
            Kind::OrderPercent => {
                Action::OrderPercent { off: self.rate("action.percent", input.percent.as_ref())? }
            }
            Kind::OrderFixed => {
                Action::OrderFixed { off: self.needed_money("action.amount", input.amount.as_ref())? }
            }
            Kind::FreeGift => {
                let variant = self.needed("action.variantId", input.variant_id.as_ref());
                let variant = variant.and_then(|id| self.take("action.variantId", id.parse()));
                let quantity = Quantity::new(input.get.unwrap_or(1).into());
                Action::FreeGift { quantity: self.take("action.get", quantity)?, variant: variant? }
            }
            Kind::FreeShipping => Action::FreeShipping {
                methods: (!input.methods.is_empty()).then(|| input.methods.iter().cloned().collect()),
                most: match &input.amount {
                    Some(text) => Some(self.money("action.amount", text)?),
                    None => None,
                },
            },
        })
    }
}

impl PromotionInput {
    pub(super) fn draft(self, currency: Currency) -> Result<PromotionDraft> {
        let mut reading = Reading { currency, errors: Vec::new() };
        let conditions: Vec<Condition> = self
            .conditions
            .iter()
            .enumerate()
            .filter_map(|(i, condition)| reading.condition(i, condition))
            .collect();
        let action = reading.action(&self.action);
        let budget = self.budget.as_ref().map(|text| reading.money("budget", text));
        let (Some(action), true) = (action, reading.errors.is_empty()) else {
            return Err(failure(Error::invalid_fields(reading.errors)));
        };
        let group = self.group.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        let pick = match self.group_pick {
            Some(GroupPick::Best) => Pick::Best,
            _ => Pick::First,
        };
        Ok(PromotionDraft {
            name: self.name,
            active: self.active,
            from: self.starts_at.map(|at| at.0),
            until: self.ends_at.map(|at| at.0),
            priority: self.priority,
            exclusive: self.exclusive,
            group: group.map(|name| Group { name, pick }),
            codes: self.codes,
            conditions,
            action,
            use_limit: self.use_limit.map(|limit| limit.0),
            shopper_limit: self.shopper_limit.map(|limit| limit.0),
            budget_minor: budget.flatten(),
        })
    }
}
