//! Carts as clients see them.

use async_graphql::{Enum, ID, SimpleObject};
use catalog::graphql::Picture;
use platform::Ctx;
use platform::graphql::Money;

use super::price::ListedPrice;
use super::verdict::{CartPromotion, WhyNot};
use crate::{cart, view};

/// A cart at today's prices.
#[derive(SimpleObject)]
pub struct Cart {
    /// Missing until something was added.
    id: Option<ID>,
    /// In the order in which they were added.
    lines: Vec<CartLine>,
    /// Pieces over all lines.
    n_items: u32,
    /// Sums over the lines that can be bought.
    totals: Totals,
    /// How far it is to free delivery.
    free_shipping: Option<FreeShipping>,
    /// The codes that were put in, and what they do.
    codes: Vec<CartCode>,
    /// What is missing for promotions that need no code.
    hints: Vec<PromotionHint>,
    /// What became of each promotion that needs no code and runs now, and of each that a code opens that was put in;
    /// those that apply come first.
    promotions: Vec<CartPromotion>,
    /// What promotions add; in the totals at its full price and as a discount.
    gifts: Vec<CartGift>,
    /// What lies aside: in no sum.
    saved: Vec<SavedLine>,
    /// There are lines, and none stands in the way of a checkout.
    ready: bool,
}

impl Cart {
    pub(super) fn of(cart: view::CartView, ctx: &Ctx) -> Self {
        Self {
            id: cart.id.map(|id| ID(id.to_string())),
            lines: cart.lines.into_iter().map(|line| CartLine::of(line, ctx)).collect(),
            n_items: cart.n_items,
            totals: Totals::of(cart.totals, ctx),
            free_shipping: cart.free_shipping.map(|free| FreeShipping {
                from: Money::of(free.from, ctx.locale()),
                missing: Money::of(free.missing, ctx.locale()),
                percent: u32::from(free.percent),
                country: free.country.as_str().to_owned(),
            }),
            codes: cart
                .codes
                .into_iter()
                .map(|code| CartCode {
                    code: code.code,
                    name: code.name,
                    problem: code.problem.as_ref().map(view::WhyNot::to_string),
                    why_not: code.problem.map(|why| WhyNot::of(why, ctx)),
                })
                .collect(),
            hints: cart
                .hints
                .into_iter()
                .map(|hint| PromotionHint {
                    name: hint.name,
                    amount: hint.amount.map(|amount| Money::of(amount, ctx.locale())),
                    pieces: hint.pieces,
                })
                .collect(),
            promotions: CartPromotion::all(cart.promotions, ctx),
            gifts: cart
                .gifts
                .into_iter()
                .map(|gift| CartGift {
                    variant_id: ID(gift.variant.to_string()),
                    product_id: ID(gift.product.to_string()),
                    picture: gift.picture.as_ref().map(Picture::of),
                    slug: gift.slug,
                    title: gift.title,
                    variant_title: gift.variant_title,
                    quantity: gift.quantity,
                    unit: Money::of(gift.unit, ctx.locale()),
                    reason: gift.reason,
                })
                .collect(),
            saved: cart
                .saved
                .into_iter()
                .map(|saved| SavedLine {
                    id: ID(saved.id.to_string()),
                    variant_id: ID(saved.variant.to_string()),
                    product_id: ID(saved.product.to_string()),
                    picture: saved.picture.as_ref().map(Picture::of),
                    slug: saved.slug,
                    title: saved.title,
                    variant_title: saved.variant_title,
                    quantity: saved.quantity,
                    unit: Money::of(saved.unit, ctx.locale()),
                    was: saved.was.map(|was| Money::of(was, ctx.locale())),
                    gone: saved.gone,
                    sold_out: saved.sold_out,
                })
                .collect(),
            ready: cart.ready,
        }
    }
}

/// Something that was put aside.
#[derive(SimpleObject)]
pub struct SavedLine {
    /// Identity.
    id: ID,
    /// What it is.
    variant_id: ID,
    /// Its product.
    product_id: ID,
    /// Last part of the product's address; empty for what is not sold any more.
    slug: String,
    /// Name of the product.
    title: String,
    /// Name of the variant, may be empty.
    variant_title: String,
    /// Its picture.
    picture: Option<Picture>,
    /// 1 to 10,000.
    quantity: u32,
    /// Price of one piece now.
    unit: Money,
    /// Price of one piece when it was put aside, when that was another one.
    was: Option<Money>,
    /// Not sold any more.
    gone: bool,
    /// None left now.
    sold_out: bool,
}

/// A code in a cart.
#[derive(SimpleObject)]
pub struct CartCode {
    /// The code, upper case.
    code: String,
    /// The promotion that it opens; empty when there is none.
    name: String,
    /// Why it does nothing now, in words.
    problem: Option<String>,
    /// Why it does nothing now.
    why_not: Option<WhyNot>,
}

/// What is missing for a promotion; one of the two is there.
#[derive(SimpleObject)]
pub struct PromotionHint {
    /// What shoppers call the promotion.
    name: String,
    /// So much more has to be bought.
    amount: Option<Money>,
    /// So many more pieces have to be bought.
    pieces: Option<u32>,
}

/// Something that is given away with a cart.
#[derive(SimpleObject)]
pub struct CartGift {
    /// What it is.
    variant_id: ID,
    /// Its product.
    product_id: ID,
    /// Last part of the product's address.
    slug: String,
    /// Name of the product.
    title: String,
    /// Name of the variant, may be empty.
    variant_title: String,
    /// Its picture.
    picture: Option<Picture>,
    /// Pieces.
    quantity: u32,
    /// What one piece costs otherwise.
    unit: Money,
    /// The promotion that gives it.
    reason: String,
}

/// What a promotion takes off.
#[derive(SimpleObject, Clone)]
pub struct Discount {
    /// What shoppers call the promotion.
    name: String,
    /// What it takes off.
    amount: Money,
    /// How that came about.
    words: String,
    /// Off the delivery, whose amount is shown without it; else off the goods.
    delivery: bool,
}

impl Discount {
    pub(super) fn all(discounts: Vec<view::DiscountView>, ctx: &Ctx) -> Vec<Self> {
        let of = |one: view::DiscountView| Self {
            name: one.name,
            amount: Money::of(one.amount, ctx.locale()),
            words: one.words,
            delivery: one.delivery,
        };
        discounts.into_iter().map(of).collect()
    }
}

/// One line of a cart.
#[derive(SimpleObject)]
pub struct CartLine {
    /// Identity.
    id: ID,
    /// What is bought.
    variant_id: ID,
    /// Its product.
    product_id: ID,
    /// Last part of the product's address.
    slug: String,
    /// Name of the product.
    title: String,
    /// Name of the variant, may be empty.
    variant_title: String,
    /// May be empty.
    sku: String,
    /// Its picture.
    picture: Option<Picture>,
    /// 1 to 10,000.
    quantity: u32,
    /// Price of one piece now.
    unit: Money,
    /// Struck-out price of one piece.
    compare_at: Option<Money>,
    /// The price list that the price is from; nothing for the variant's own price.
    listed: Option<ListedPrice>,
    /// Price of all pieces.
    total: Money,
    /// What promotions take off this line.
    discounts: Vec<Discount>,
    /// Price of all pieces, less what promotions take off.
    discounted: Money,
    /// What the shopper has to know.
    problems: Vec<LineProblem>,
    /// Whether it is in the totals.
    counted: bool,
    /// Whether a checkout has to wait for it.
    blocks: bool,
}

impl CartLine {
    fn of(line: view::CartLineView, ctx: &Ctx) -> Self {
        Self {
            id: ID(line.id.to_string()),
            variant_id: ID(line.variant.to_string()),
            product_id: ID(line.product.to_string()),
            counted: line.counted(),
            blocks: line.blocks(),
            problems: line.problems.iter().map(|problem| LineProblem::of(problem, ctx)).collect(),
            picture: line.picture.as_ref().map(Picture::of),
            slug: line.slug,
            title: line.title,
            variant_title: line.variant_title,
            sku: line.sku,
            quantity: line.quantity,
            unit: Money::of(line.unit, ctx.locale()),
            compare_at: line.compare_at.map(|price| Money::of(price, ctx.locale())),
            listed: line.listed.map(ListedPrice::of),
            total: Money::of(line.total, ctx.locale()),
            discounts: Discount::all(line.discounts, ctx),
            discounted: Money::of(line.left, ctx.locale()),
        }
    }
}

/// What is wrong with a line.
#[derive(SimpleObject)]
pub struct LineProblem {
    /// What.
    kind: LineProblemKind,
    /// Pieces that can be had, with `ONLY_LEFT`.
    left: Option<u32>,
    /// Price of one piece before, with `PRICE_CHANGED`.
    was: Option<Money>,
}

/// Kinds of problems.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum LineProblemKind {
    /// None left.
    SoldOut,
    /// Not sold any more.
    Gone,
    /// Fewer left than wanted.
    OnlyLeft,
    /// The price is another one than when the line was added.
    PriceChanged,
}

impl LineProblem {
    fn of(problem: &view::LineProblem, ctx: &Ctx) -> Self {
        let plain = |kind| Self { kind, left: None, was: None };
        match problem {
            view::LineProblem::SoldOut => plain(LineProblemKind::SoldOut),
            view::LineProblem::Gone => plain(LineProblemKind::Gone),
            view::LineProblem::OnlyLeft { left } => {
                Self { left: Some(*left), ..plain(LineProblemKind::OnlyLeft) }
            }
            view::LineProblem::PriceChanged { was } => {
                Self { was: Some(Money::of(*was, ctx.locale())), ..plain(LineProblemKind::PriceChanged) }
            }
        }
    }
}

/// Sums: subtotal, less discount and relief, plus shipping, plus tax when prices are shown without it, is the total.
#[derive(SimpleObject, Clone)]
pub struct Totals {
    /// Sum of the lines as the shop writes prices.
    subtotal: Money,
    /// Taken off the goods.
    discount: Money,
    /// What promotions took off, goods and delivery.
    discounts: Vec<Discount>,
    /// Delivery after its discounts; missing until one is chosen.
    shipping: Option<Money>,
    /// All tax in or on the total.
    tax: Money,
    /// Tax by rate.
    taxes: Vec<TaxShare>,
    /// What is to be paid.
    total: Money,
    /// Whether subtotal and shipping hold the tax already.
    includes_tax: bool,
    /// Why no tax is asked for; missing for whoever is taxed as usual.
    exemption: Option<TaxExemption>,
}

/// Why no tax is asked for, and what that saves.
#[derive(SimpleObject, Clone)]
pub struct TaxExemption {
    /// In words.
    reason: String,
    /// The customer's tax number; may be empty.
    number: String,
    /// Taken off because prices hold the tax; zero where they do not.
    relief: Money,
}

impl Totals {
    pub(super) fn of(totals: view::Totals, ctx: &Ctx) -> Self {
        let money = |amount| Money::of(amount, ctx.locale());
        Self {
            subtotal: money(totals.subtotal),
            discount: money(totals.discount),
            discounts: Discount::all(totals.discounts, ctx),
            shipping: totals.shipping.map(money),
            tax: money(totals.tax),
            taxes: totals
                .taxes
                .into_iter()
                .map(|share| TaxShare {
                    name: share.name,
                    rate: share.rate.ppm(),
                    net: money(share.net),
                    tax: money(share.tax),
                })
                .collect(),
            total: money(totals.total),
            includes_tax: totals.includes_tax,
            exemption: totals.exemption.map(|exemption| TaxExemption {
                relief: money(exemption.relief),
                reason: exemption.reason,
                number: exemption.number,
            }),
        }
    }
}

/// Tax of one rate.
#[derive(SimpleObject, Clone)]
pub struct TaxShare {
    /// What it is called.
    name: String,
    /// Parts per million: 210000 is 21 %.
    rate: i64,
    /// What it was computed on.
    net: Money,
    /// The tax.
    tax: Money,
}

/// How far it is to free delivery.
#[derive(SimpleObject)]
pub struct FreeShipping {
    /// From this sum on delivery is free.
    from: Money,
    /// What is missing.
    missing: Money,
    /// 0 to 100.
    percent: u32,
    /// Where it holds.
    country: String,
}

/// A cart after a change.
#[derive(SimpleObject)]
pub struct CartPayload {
    /// The cart.
    cart: Cart,
    /// Only when this call made a guest's cart: the key to it, to be kept and sent as `token` or `X-Cart-Token`.
    token: Option<String>,
}

impl CartPayload {
    pub(super) fn of(change: cart::CartChange, ctx: &Ctx) -> Self {
        Self { cart: Cart::of(change.cart, ctx), token: change.token }
    }
}
