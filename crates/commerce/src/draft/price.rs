//! What a draft costs now: a basket with what was agreed, for the calculation that prices carts.

use std::collections::BTreeSet;
use std::sync::Arc;

use platform::{Access, Ctx};
use pricing::{Action, Destination, Per, Promotion, Quote, Selector, ShippingMethod, Usage};
use primitives::{Country, CustomerId, Exchange, FieldError, PromotionId, VariantId};
use uuid::Uuid;

use super::input::{Off, reduction};
use crate::address::{self, Needs};
use crate::cart::{Agreed, Basket, Buyer, filled};
use crate::checkout::{self, staff};
use crate::customer::{self, Standing};
use crate::entity::{cart_line, draft_line, draft_order};
use crate::error::Result;
use crate::promotion::book;
use crate::settings::{self, Versioned};
use crate::view::{Address, CartView, LineProblem, PaymentChoice, ShippingChoice};

/// A draft with what it costs at this moment.
pub(super) struct Priced {
    pub view: CartView,
    pub deliveries: Vec<ShippingChoice>,
    pub payments: Vec<PaymentChoice>,
    /// What stands in the way of placing it, each at its field.
    pub problems: Vec<FieldError>,
}

/// The lines of a draft with everything that their price depends on.
pub(super) async fn basket(
    ctx: &Ctx,
    row: &draft_order::Model,
    lines: &[draft_line::Model],
) -> Result<Basket> {
    let book = book::current(ctx).await?;
    let rows = ctx.read(Access::Public).await?;
    let standing = match row.customer_id {
        Some(id) if book.standing => customer::standing_of(&rows, CustomerId::from_uuid(id)).await?,
        _ => Standing::default(),
    };
    let pieces = lines.iter().map(|line| cart_line::Model {
        tenant_id: line.tenant_id,
        id: line.id,
        cart_id: row.id,
        variant_id: line.variant_id,
        quantity: line.quantity,
        unit_seen_minor: line.unit_minor.unwrap_or_default(),
        seen_currency: String::new(),
        created_at: row.created_at,
    });
    // What staff agrees on is in the shop's own currency.
    let exchange = Exchange::none(ctx.tenant().currency);
    filled(&rows, pieces.collect(), book, standing, exchange, agreed(row, lines)).await
}

/// What staff has agreed, as the calculation sees it.
fn agreed(row: &draft_order::Model, lines: &[draft_line::Model]) -> Agreed {
    let units =
        lines.iter().filter_map(|line| Some((VariantId::from_uuid(line.variant_id), line.unit_minor?)));
    let mut discounts = Vec::new();
    for line in lines {
        let Some(found) = reduction(line.discount_minor, line.discount_ppm, &line.discount_reason) else {
            continue;
        };
        let variants = BTreeSet::from([VariantId::from_uuid(line.variant_id)]);
        let of = Selector { variants, ..Selector::default() };
        let action = match found.off {
            Off::Amount(off) => Action::Fixed { of, off, per: Per::Order },
            Off::Share(off) => Action::Percent { of, off },
        };
        discounts.push(by_hand(line.id, found.reason, action));
    }
    if let Some(found) = reduction(row.discount_minor, row.discount_ppm, &row.discount_reason) {
        let action = match found.off {
            Off::Amount(off) => Action::OrderFixed { off },
            Off::Share(off) => Action::OrderPercent { off },
        };
        discounts.push(by_hand(row.id, found.reason, action));
    }
    Agreed { units: units.collect(), discounts, alone: !row.use_promotions }
}

/// A discount of the staff; works after all others of its stage, on what is left.
fn by_hand(id: Uuid, name: String, action: Action) -> Promotion {
    Promotion {
        id: PromotionId::from_uuid(id),
        name,
        active: true,
        from: None,
        until: None,
        priority: i32::MIN,
        exclusive: false,
        group: None,
        codes: Vec::new(),
        conditions: Vec::new(),
        action,
        usage: Usage::default(),
    }
}

/// Prices a draft for people to look at.
pub(super) async fn priced(
    ctx: &Ctx,
    row: &draft_order::Model,
    lines: &[draft_line::Model],
    address: &Address,
) -> Result<Priced> {
    let current: Arc<Versioned> = settings::current(ctx).await?;
    let home = ctx.tenant().country;
    let countries = current.settings.countries(home);
    let basket = basket(ctx, row, lines).await?;
    let country = Country::parse(&address.country).ok().filter(|country| countries.contains(country));
    let country = country.or_else(|| countries.first().copied()).unwrap_or(home);
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let destination =
        Destination { country, region: some(&address.region), postal_code: some(&address.postal_code) };
    let customer = row.customer_id.map(CustomerId::from_uuid);
    let buyer = staff::buyer(ctx, &basket, customer, &row.email, destination).await?;
    let bare = basket.price(ctx, &current, &buyer, None)?;
    let measures = basket.measures(&bare.1, country);
    let offered: Vec<&ShippingMethod> = match bare.1.requires_shipping {
        true => current.methods(country).filter(|method| method.price_for(&measures).is_some()).collect(),
        false => Vec::new(),
    };
    let payments = checkout::payments(ctx, &current);
    let fetched = current.settings.fetched_at(&row.shipping_method).is_some();
    let needs = if fetched { Needs::Name } else { Needs::Address };
    let mut problems = address::check(&row.email, address, &countries, needs).err().unwrap_or_default();
    problems.extend(missing(row, &bare, &offered));
    if !row.provider.is_empty() && payments.iter().all(|choice| choice.id != row.provider) {
        problems.push(FieldError::new("paymentProvider", "is not offered now, choose another one"));
    }
    let view = with_delivery(ctx, &current, (&basket, &buyer), &row.shipping_method, (&offered, bare))?;
    for (n, line) in view.lines.iter().enumerate().filter(|(_, line)| line.blocks()) {
        problems.push(FieldError::new(format!("lines.{n}"), checkout::problem(line)));
    }
    let deliveries = checkout::choices(&current.settings, basket.exchange.to(), &offered, &measures);
    Ok(Priced { view, deliveries, payments, problems })
}

fn with_delivery(
    ctx: &Ctx,
    current: &Versioned,
    (basket, buyer): (&Basket, &Buyer),
    wanted: &str,
    (offered, bare): (&[&ShippingMethod], (CartView, Quote)),
) -> Result<CartView> {
    let chosen = offered.iter().find(|method| method.id == wanted);
    let (mut view, quote) = match chosen {
        Some(method) => basket.price(ctx, current, buyer, Some(method))?,
        None => bare,
    };
    view.promotions = basket.promotions_for_staff(ctx, &quote);
    // Nobody has seen another price: it is the draft that says what it costs.
    for line in &mut view.lines {
        line.problems.retain(|problem| !matches!(problem, LineProblem::PriceChanged { .. }));
    }
    Ok(view)
}

/// What is still to be written before it can be placed.
fn missing(
    row: &draft_order::Model,
    (view, quote): &(CartView, Quote),
    offered: &[&ShippingMethod],
) -> Vec<FieldError> {
    let mut problems = Vec::new();
    if view.lines.is_empty() {
        problems.push(FieldError::new("lines", "say what is bought"));
    }
    if quote.requires_shipping && offered.iter().all(|method| method.id != row.shipping_method) {
        problems.push(FieldError::new("shippingMethod", "choose one of the deliveries"));
    }
    problems
}
