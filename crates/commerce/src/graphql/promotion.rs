//! Promotions for staff: what they are, how they are written, what they would have cost.

mod input;

pub use input::PromotionInput;

use std::collections::BTreeSet;

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use platform::Ctx;
use platform::graphql::{DateTime, Long, Money, ctx_of, failure, parse_id};
use pricing::{Action, Condition, Per, Pick, Selector};
use primitives::{PromotionId, Rate};

use super::{connection, nodes, page_args};
use crate::promotion::{self, PromotionView};

/// Promotions, for staff.
#[derive(Default)]
pub struct PromotionsQuery;

#[Object]
impl PromotionsQuery {
    /// Promotions of the shop, newest first. `q` looks in names, and for a code.
    #[graphql(complexity = "10 + nodes(first, last) * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection and its filter")]
    async fn promotions(
        &self,
        context: &Context<'_>,
        #[graphql(default)] q: String,
        active: Option<bool>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<PromotionConnection> {
        let ctx = ctx_of(context)?;
        let page = page_args(first, after, last, before)?;
        let found = promotion::list(ctx, &q, active, &page).await.map_err(failure)?;
        Ok(PromotionConnection::of(found, |view| Promotion::of(view, ctx)))
    }

    /// One promotion.
    async fn promotion(&self, context: &Context<'_>, id: ID) -> Result<Promotion> {
        let ctx = ctx_of(context)?;
        let id = parse_id(&id, PromotionId::KIND)?;
        Ok(Promotion::of(promotion::get(ctx, id).await.map_err(failure)?, ctx))
    }

    /// What a promotion would have taken off the orders of the last days; changes nothing.
    #[graphql(complexity = "200")]
    async fn promotion_trial(
        &self,
        context: &Context<'_>,
        input: PromotionInput,
        #[graphql(default = 30)] days: u32,
    ) -> Result<PromotionTrial> {
        let ctx = ctx_of(context)?;
        let draft = input.draft(ctx.tenant().currency)?;
        let trial = Box::pin(promotion::trial(ctx, &draft, days)).await.map_err(failure)?;
        let money = |amount| Money::of(amount, ctx.locale());
        Ok(PromotionTrial {
            n_orders: trial.n_orders,
            n_applied: trial.n_applied,
            goods: money(trial.goods),
            discount: money(trial.discount),
            reasons: trial
                .reasons
                .into_iter()
                .map(|(reason, orders)| TrialReason { reason, orders })
                .collect(),
            orders: trial
                .orders
                .into_iter()
                .map(|order| TrialOrder {
                    id: ID(order.id.to_string()),
                    number: Long(order.number),
                    goods: money(order.goods),
                    discount: money(order.discount),
                    placed_at: DateTime(order.placed_at),
                })
                .collect(),
        })
    }
}

/// Making and changing promotions, for staff.
#[derive(Default)]
pub struct PromotionsMutation;

#[Object]
impl PromotionsMutation {
    /// Makes a promotion.
    async fn promotion_create(
        &self,
        context: &Context<'_>,
        input: PromotionInput,
    ) -> Result<PromotionPayload> {
        let ctx = ctx_of(context)?;
        let draft = input.draft(ctx.tenant().currency)?;
        let view = Box::pin(promotion::create(ctx, &draft)).await.map_err(failure)?;
        Ok(PromotionPayload { promotion: Promotion::of(view, ctx) })
    }

    /// Changes a promotion; what it has done stays counted.
    async fn promotion_update(
        &self,
        context: &Context<'_>,
        id: ID,
        version: Long,
        input: PromotionInput,
    ) -> Result<PromotionPayload> {
        let ctx = ctx_of(context)?;
        let id = parse_id(&id, PromotionId::KIND)?;
        let draft = input.draft(ctx.tenant().currency)?;
        let view = Box::pin(promotion::update(ctx, id, version.0, &draft)).await.map_err(failure)?;
        Ok(PromotionPayload { promotion: Promotion::of(view, ctx) })
    }

    /// Deletes a promotion that no order has used.
    async fn promotion_delete(&self, context: &Context<'_>, id: ID, version: Long) -> Result<bool> {
        let ctx = ctx_of(context)?;
        let id = parse_id(&id, PromotionId::KIND)?;
        Box::pin(promotion::delete(ctx, id, version.0)).await.map_err(failure)?;
        Ok(true)
    }
}

connection!(PromotionConnection, PromotionEdge, Promotion);

/// A promotion after a change.
#[derive(SimpleObject)]
pub struct PromotionPayload {
    /// With its new version.
    promotion: Promotion,
}

/// What a promotion would have done.
#[derive(SimpleObject)]
pub struct PromotionTrial {
    /// Orders that were looked at, at most the newest 1,000.
    n_orders: u32,
    /// Orders that would have been cheaper.
    n_applied: u32,
    /// Goods of all of them, before any discount.
    goods: Money,
    /// What it would have taken off.
    discount: Money,
    /// Why it would not have applied.
    reasons: Vec<TrialReason>,
    /// Up to 20 orders that would have been cheaper, newest first.
    orders: Vec<TrialOrder>,
}

/// A reason not to apply.
#[derive(SimpleObject)]
pub struct TrialReason {
    /// In words.
    reason: String,
    /// How many orders.
    orders: u32,
}

/// An order that would have been cheaper.
#[derive(SimpleObject)]
pub struct TrialOrder {
    /// Identity.
    id: ID,
    /// Number that people say.
    number: Long,
    /// Goods before any discount.
    goods: Money,
    /// What it would have taken off.
    discount: Money,
    /// When it was placed.
    placed_at: DateTime,
}

/// How a promotion stands now.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "promotion::PromotionState")]
pub enum PromotionState {
    /// Switched off.
    Off,
    /// Begins later.
    Scheduled,
    /// Counts now.
    Running,
    /// Its time is over.
    Over,
    /// Its uses or its budget are used up.
    UsedUp,
}

/// Which promotion of a group applies.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum GroupPick {
    /// The first that can.
    First,
    /// The one that takes off most.
    Best,
}

/// Kinds of conditions; which fields belong to each is said there.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum PromotionConditionKind {
    /// At least `pieces` of `of`.
    Has,
    /// At least `amount` of `of`, less what other promotions took off.
    Subtotal,
    /// It is the customer's first order.
    FirstOrder,
    /// It goes to one of `countries`.
    Countries,
    /// The customer has signed in and is in one of `groups`.
    Groups,
}

/// Kinds of actions; which fields belong to each is said there.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum PromotionActionKind {
    /// Delivery costs nothing, or up to `amount` less; with `methods` only those.
    FreeShipping,
    /// `percent` off `of`.
    Percent,
    /// `amount` off each piece of `of`, or once off all of them (`once`).
    Fixed,
    /// Each piece of `of` costs `amount`.
    FixedPrice,
    /// Who buys `buy` (1) pieces of `of` gets `get` (1) of `getOf` at `percent` (100) off, at most `most` times.
    BuyGet,
    /// Of each `buy` pieces of `of` the cheapest is free, at most `most` times.
    CheapestFree,
    /// `percent` off everything.
    OrderPercent,
    /// `amount` off everything.
    OrderFixed,
    /// `get` pieces of `variantId` for nothing.
    FreeGift,
}

/// A promotion.
#[derive(SimpleObject, Clone)]
pub struct Promotion {
    /// Identity.
    id: ID,
    /// What shoppers read beside the discount.
    name: String,
    /// Switched on.
    active: bool,
    /// How it stands now.
    state: PromotionState,
    /// From then on.
    starts_at: Option<DateTime>,
    /// Until then.
    ends_at: Option<DateTime>,
    /// Higher comes first.
    priority: i32,
    /// Applies alone.
    exclusive: bool,
    /// Name of its group.
    group: Option<String>,
    /// Which one of the group applies.
    group_pick: Option<GroupPick>,
    /// One of them has to be in the cart; none: no code needed.
    codes: Vec<String>,
    /// All have to hold.
    conditions: Vec<PromotionCondition>,
    /// What it does.
    action: PromotionAction,
    /// What it gives away, as it is called now.
    gift: Option<PromotionGift>,
    /// Most orders.
    use_limit: Option<Long>,
    /// Most orders of one customer.
    shopper_limit: Option<Long>,
    /// Most that it may take off in all.
    budget: Option<Money>,
    /// Orders that used it.
    uses: Long,
    /// What it took off them.
    spent: Money,
    /// For the next change.
    version: Long,
    /// When it was made.
    created_at: DateTime,
    /// When it was changed.
    updated_at: DateTime,
}

/// Which things are meant; all of them when nothing is named.
#[derive(SimpleObject, Clone, Default)]
pub struct Selection {
    /// These products.
    products: Vec<ID>,
    /// These variants.
    variants: Vec<ID>,
    /// Everything in these collections.
    collections: Vec<ID>,
    /// Everything with one of these tags.
    tags: Vec<String>,
    /// None of these products.
    not_products: Vec<ID>,
    /// Nothing in these collections.
    not_collections: Vec<ID>,
    /// Nothing with one of these tags.
    not_tags: Vec<String>,
}

/// What a promotion gives away.
#[derive(SimpleObject, Clone)]
pub struct PromotionGift {
    /// Its product.
    product_id: ID,
    /// Name of the product.
    title: String,
    /// Name of the variant, may be empty.
    variant_title: String,
}

/// Something that has to hold.
#[derive(SimpleObject, Clone)]
pub struct PromotionCondition {
    /// What.
    kind: PromotionConditionKind,
    /// Of which things.
    of: Option<Selection>,
    /// How many pieces.
    pieces: Option<u32>,
    /// How much.
    amount: Option<Money>,
    /// Where it goes.
    countries: Vec<String>,
    /// Ids of groups of customers.
    groups: Vec<ID>,
}

/// What a promotion does.
#[derive(SimpleObject, Clone)]
pub struct PromotionAction {
    /// What.
    kind: PromotionActionKind,
    /// Which things.
    of: Option<Selection>,
    /// Which things are given.
    get_of: Option<Selection>,
    /// Per cent as text: `10` or `12.5`.
    percent: Option<String>,
    /// An amount.
    amount: Option<Money>,
    /// The amount once, not per piece.
    once: bool,
    /// Pieces to buy.
    buy: Option<u32>,
    /// Pieces that are given.
    get: Option<u32>,
    /// At most so many times.
    most: Option<u32>,
    /// What is given away.
    variant_id: Option<ID>,
    /// Ids of deliveries; empty: all.
    methods: Vec<String>,
}

impl Promotion {
    fn of(view: PromotionView, ctx: &Ctx) -> Self {
        let money = |minor| Money::of(primitives::Money::new(minor, ctx.tenant().currency), ctx.locale());
        let draft = view.draft;
        Self {
            id: ID(view.id.to_string()),
            name: draft.name,
            active: draft.active,
            state: view.state.into(),
            starts_at: draft.from.map(DateTime),
            ends_at: draft.until.map(DateTime),
            priority: draft.priority,
            exclusive: draft.exclusive,
            group_pick: draft.group.as_ref().map(|group| match group.pick {
                Pick::First => GroupPick::First,
                Pick::Best => GroupPick::Best,
            }),
            group: draft.group.map(|group| group.name),
            codes: draft.codes,
            conditions: draft.conditions.iter().map(|one| PromotionCondition::shown(one, &money)).collect(),
            action: PromotionAction::shown(&draft.action, &money),
            gift: view.gift.map(|gift| PromotionGift {
                product_id: ID(gift.product.to_string()),
                title: gift.title,
                variant_title: gift.variant_title,
            }),
            use_limit: draft.use_limit.map(Long),
            shopper_limit: draft.shopper_limit.map(Long),
            budget: draft.budget_minor.map(money),
            uses: Long(view.uses),
            spent: Money::of(view.spent, ctx.locale()),
            version: Long(view.version),
            created_at: DateTime(view.created_at),
            updated_at: DateTime(view.updated_at),
        }
    }
}

impl Selection {
    fn of(selector: &Selector) -> Option<Self> {
        fn ids<T: ToString>(of: &BTreeSet<T>) -> Vec<ID> {
            of.iter().map(|id| ID(id.to_string())).collect()
        }
        (*selector != Selector::default()).then(|| Self {
            products: ids(&selector.products),
            variants: ids(&selector.variants),
            collections: ids(&selector.collections),
            tags: selector.tags.iter().cloned().collect(),
            not_products: ids(&selector.not_products),
            not_collections: ids(&selector.not_collections),
            not_tags: selector.not_tags.iter().cloned().collect(),
        })
    }
}

impl PromotionCondition {
    fn shown(condition: &Condition, money: &impl Fn(i64) -> Money) -> Self {
        use PromotionConditionKind as Kind;
        let plain = |kind| Self {
            kind,
            of: None,
            pieces: None,
            amount: None,
            countries: Vec::new(),
            groups: Vec::new(),
        };
        match condition {
            Condition::Has { of, at_least } => {
                Self { of: Selection::of(of), pieces: Some(*at_least), ..plain(Kind::Has) }
            }
            Condition::Subtotal { of, at_least } => {
                Self { of: Selection::of(of), amount: Some(money(*at_least)), ..plain(Kind::Subtotal) }
            }
            Condition::FirstOrder => plain(Kind::FirstOrder),
            Condition::Countries { any_of } => {
                let countries = any_of.iter().map(|country| country.as_str().to_owned()).collect();
                Self { countries, ..plain(Kind::Countries) }
            }
            Condition::Groups { any_of } => {
                let groups = any_of.iter().map(|group| ID(group.to_string())).collect();
                Self { groups, ..plain(Kind::Groups) }
            }
        }
    }
}

impl PromotionAction {
    fn shown(action: &Action, money: &impl Fn(i64) -> Money) -> Self {
        use PromotionActionKind as Kind;
        let plain = |kind| Self {
            kind,
            of: None,
            get_of: None,
            percent: None,
            amount: None,
            once: false,
            buy: None,
            get: None,
            most: None,
            variant_id: None,
            methods: Vec::new(),
        };
        let percent = |rate: &Rate| Some(rate.percent_text());
        match action {
            Action::Percent { of, off } => {
                Self { of: Selection::of(of), percent: percent(off), ..plain(Kind::Percent) }
            }
            Action::Fixed { of, off, per } => Self {
                of: Selection::of(of),
                amount: Some(money(*off)),
                once: *per == Per::Order,
                ..plain(Kind::Fixed)
            },
            Action::FixedPrice { of, price } => {
                Self { of: Selection::of(of), amount: Some(money(*price)), ..plain(Kind::FixedPrice) }
            }
            Action::BuyGet { buy, buy_of, get, get_of, off, most } => Self {
                of: Selection::of(buy_of),
                get_of: Selection::of(get_of),
                percent: percent(off),
                buy: Some(*buy),
                get: Some(*get),
                most: *most,
                ..plain(Kind::BuyGet)
            },
            Action::CheapestFree { of, of_each, most } => {
                Self { of: Selection::of(of), buy: Some(*of_each), most: *most, ..plain(Kind::CheapestFree) }
            }
            Action::OrderPercent { off } => Self { percent: percent(off), ..plain(Kind::OrderPercent) },
            Action::OrderFixed { off } => Self { amount: Some(money(*off)), ..plain(Kind::OrderFixed) },
            Action::FreeGift { variant, quantity } => Self {
                variant_id: Some(ID(variant.to_string())),
                get: u32::try_from(i64::from(*quantity)).ok(),
                ..plain(Kind::FreeGift)
            },
            Action::FreeShipping { methods, most } => Self {
                methods: methods.iter().flatten().cloned().collect(),
                amount: most.map(money),
                ..plain(Kind::FreeShipping)
            },
        }
    }
}
