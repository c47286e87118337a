//! From rows and offers to what shoppers see.

use std::collections::HashMap;

use catalog::view::Offer;
use platform::{Access, Ctx, TenantDb, TenantInfo};
use primitives::{CartId, CartLineId, Country, Money, ProductId, Rate, VariantId};

use super::store::{lines, locate};
use crate::entity::{cart, cart_line};
use crate::error::{CommerceError, Result};
use crate::settings::{self, CommerceSettings};
use crate::totals::{LineInput, Priced, price};
use crate::view::{CartLineView, CartView, FreeShipping, LineProblem};
use crate::who::Who;

/// A cart with everything that its price depends on, read at one moment.
pub(crate) struct Basket {
    pub cart: Option<cart::Model>,
    pub lines: Vec<cart_line::Model>,
    pub offers: HashMap<VariantId, Offer>,
}

/// What the catalogue offers for these variants now; variants that do not exist are left out.
pub(super) async fn offers(rows: &TenantDb, variants: &[VariantId]) -> Result<HashMap<VariantId, Offer>> {
    if variants.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(catalog::query::offers(rows, variants).await?)
}

/// The open cart of `who`.
pub(crate) async fn basket(ctx: &Ctx, who: &Who) -> Result<Basket> {
    let rows = ctx.read(Access::Public).await?;
    basket_in(&rows, who).await
}

/// The open cart of `who`, read together with other things.
pub(crate) async fn basket_in(rows: &TenantDb, who: &Who) -> Result<Basket> {
    let Some(cart) = locate(rows, who).await? else {
        return Ok(Basket { cart: None, lines: Vec::new(), offers: HashMap::new() });
    };
    let lines = lines(rows, cart.id).await?;
    let variants: Vec<VariantId> = lines.iter().map(|line| VariantId::from_uuid(line.variant_id)).collect();
    let offers = offers(rows, &variants).await?;
    Ok(Basket { cart: Some(cart), lines, offers })
}

impl Basket {
    /// What the catalogue offers for a line of this cart.
    pub fn offer_of(&self, line: CartLineId) -> Option<&Offer> {
        let line = self.lines.iter().find(|row| row.id == line.uuid())?;
        self.offers.get(&VariantId::from_uuid(line.variant_id))
    }

    /// What its shopper sees, without a delivery.
    pub async fn view(&self, ctx: &Ctx) -> Result<CartView> {
        let settings = settings::current(ctx).await?;
        Ok(self.price(ctx.tenant(), &settings.settings, ctx.tenant().country, None)?.0)
    }

    /// What its shopper sees when it is sent to `country` at `shipping` minor units; with the exact amounts of the
    /// counted lines.
    pub fn price(
        &self,
        tenant: &TenantInfo,
        settings: &CommerceSettings,
        country: Country,
        shipping: Option<&dyn Fn(i64) -> i64>,
    ) -> Result<(CartView, Priced)> {
        let (tax_name, rate) = settings.tax(country, tenant.country);
        let lines: Vec<CartLineView> =
            self.lines.iter().map(|line| self.line_view(line, tenant)).collect::<Result<_>>()?;
        let inputs: Vec<LineInput> =
            lines.iter().filter(|line| line.counted()).map(|line| self.input(line, rate)).collect();
        let goods = price(&inputs, None, tenant.prices_include_tax, tax_name, tenant.currency)?;
        let subtotal = goods.totals.subtotal;
        let priced = match shipping {
            None => goods,
            Some(shipping) => price(
                &inputs,
                Some((shipping(subtotal.minor), rate)),
                tenant.prices_include_tax,
                tax_name,
                tenant.currency,
            )?,
        };
        let n_items = lines.iter().fold(0_u32, |n, line| n.saturating_add(line.quantity));
        let view = CartView {
            id: self.cart.as_ref().map(|cart| CartId::from_uuid(cart.id)),
            n_items,
            free_shipping: free_shipping(settings, country, subtotal),
            ready: !lines.is_empty() && lines.iter().all(|line| !line.blocks()),
            totals: priced.totals.clone(),
            lines,
        };
        Ok((view, priced))
    }

    fn input(&self, line: &CartLineView, rate: Rate) -> LineInput {
        let taxable = self.offers.get(&line.variant).is_none_or(|offer| offer.taxable);
        let rate = if taxable { rate } else { Rate::ZERO };
        LineInput { unit: line.unit.minor, quantity: line.quantity, rate }
    }

    fn line_view(&self, row: &cart_line::Model, tenant: &TenantInfo) -> Result<CartLineView> {
        let variant = VariantId::from_uuid(row.variant_id);
        let quantity = u32::try_from(row.quantity).unwrap_or(u32::MAX);
        let seen = Money::new(row.unit_seen_minor, tenant.currency);
        let offer = self.offers.get(&variant).filter(|offer| offer.published);
        let Some(offer) = offer else {
            let known = self.offers.get(&variant);
            return Ok(CartLineView {
                id: CartLineId::from_uuid(row.id),
                variant,
                product: known.map_or(ProductId::from_uuid(uuid::Uuid::nil()), |offer| offer.product),
                slug: String::new(),
                title: known.map_or_else(|| "No longer available".to_owned(), |offer| offer.title.clone()),
                variant_title: known.map_or_else(String::new, |offer| offer.variant_title.clone()),
                sku: String::new(),
                picture: known.and_then(|offer| offer.picture.clone()),
                quantity,
                unit: seen,
                compare_at: None,
                total: times(seen, quantity)?,
                problems: vec![LineProblem::Gone],
            });
        };
        let mut problems = Vec::new();
        match offer.available {
            Some(left) if left <= 0 => problems.push(LineProblem::SoldOut),
            Some(left) if left < row.quantity => {
                problems.push(LineProblem::OnlyLeft { left: u32::try_from(left).unwrap_or(u32::MAX) });
            }
            _ => {}
        }
        if offer.price != seen {
            problems.push(LineProblem::PriceChanged { was: seen });
        }
        Ok(CartLineView {
            id: CartLineId::from_uuid(row.id),
            variant,
            product: offer.product,
            slug: offer.slug.clone(),
            title: offer.title.clone(),
            variant_title: offer.variant_title.clone(),
            sku: offer.sku.clone(),
            picture: offer.picture.clone(),
            quantity,
            unit: offer.price,
            compare_at: offer.compare_at,
            total: times(offer.price, quantity)?,
            problems,
        })
    }
}

fn times(unit: Money, quantity: u32) -> Result<Money> {
    let minor = unit.minor.checked_mul(i64::from(quantity));
    Ok(Money::new(minor.ok_or(CommerceError::Amount(primitives::MoneyError::Overflow))?, unit.currency))
}

fn free_shipping(settings: &CommerceSettings, country: Country, subtotal: Money) -> Option<FreeShipping> {
    let from = settings.methods(country).filter_map(|method| method.free_from_minor).min()?;
    let missing = from.saturating_sub(subtotal.minor).max(0);
    let percent = match from {
        ..=0 => 100,
        from => i128::from(subtotal.minor.clamp(0, from)) * 100 / i128::from(from),
    };
    Some(FreeShipping {
        from: Money::new(from, subtotal.currency),
        missing: Money::new(missing, subtotal.currency),
        percent: u8::try_from(percent).unwrap_or(100),
        country,
    })
}
