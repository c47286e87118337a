//! What pages show of price lists: products as they cost whoever looks, and what more pieces cost.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use catalog::view::{Offer, PriceTier, ProductCard, ProductPage};
use platform::{Access, Ctx};
use pricing::{Destination, ListPrice, PriceList};
use primitives::{CustomerGroupId, Exchange, Money, PriceListId, ProductId, Timestamp, VariantId};

use super::ask::Asking;
use super::rows;
use crate::currency;
use crate::customer;
use crate::error::Result;
use crate::promotion::book;
use crate::settings::{self, Versioned};
use crate::view::ListedPrice;

/// A page that is kept for everybody is forgotten after this.
const KEPT: Duration = Duration::from_secs(600);
/// Most steps of a price that are shown.
const MAX_TIERS: usize = 20;

/// What a variant costs whoever asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// What one piece costs, as the shop writes prices.
    pub price: Money,
    /// What that is compared with, always higher.
    pub compare_at: Option<Money>,
    /// The list that the price is from.
    pub listed: Option<ListedPrice>,
    /// What a piece costs from more pieces on, rising; only numbers from which on it costs something else.
    pub tiers: Vec<PriceTier>,
}

/// Whether the shop has a price list for some group only, so that pages may look different for whoever has signed in.
pub async fn of_group(ctx: &Ctx) -> Result<bool> {
    Ok(book::lists(ctx).await?.iter().any(|list| list.groups.is_some()))
}

/// Whether a page with prices that is made for the caller may be kept and shown to everybody: not when a list could make it
/// look different for others, or begins or ends while the page is kept; and not when it says that the shop does not offer the
/// currency of the session.
pub async fn may_be_kept(ctx: &Ctx) -> Result<bool> {
    if let Some(wanted) = ctx.wanted_currency()
        && currency::current(ctx).await?.find(wanted).is_none()
    {
        return Ok(false);
    }
    let (lists, now) = (book::lists(ctx).await?, ctx.now());
    let soon = |at: Option<Timestamp>| at.is_some_and(|at| now < at && at <= now + KEPT);
    let turns = lists.iter().any(|list| soon(list.from) || soon(list.until));
    Ok(!turns && (ctx.user_id().is_none() || lists.iter().all(|list| list.groups.is_none())))
}

/// What variants cost the caller, where that is something else than they cost by themselves: in the shop's own currency those
/// that no list has a price for are left out, and so is everything while nothing is sold. At most five statements for some
/// hundred variants, none without lists in the shop's own currency.
pub async fn of_variants(ctx: &Ctx, variants: &[VariantId]) -> Result<HashMap<VariantId, Shown>> {
    let exchange = in_session(ctx).await?;
    let mut found = find(ctx, &exchange, Of::Variants(variants)).await?;
    if !exchange.is_none() {
        let rows = ctx.read(Access::Public).await?;
        let missing: Vec<VariantId> =
            variants.iter().filter(|variant| !found.contains_key(variant)).copied().collect();
        for some in missing.chunks(500) {
            for (variant, offer) in catalog::query::offers(&rows, some).await? {
                if offer.published {
                    let price = exchange.price(offer.price)?;
                    let compare_at = compared(&exchange, offer.compare_at, price)?;
                    found.insert(variant, Shown { price, compare_at, listed: None, tiers: Vec::new() });
                }
            }
        }
    }
    Ok(found)
}

/// The pages as they look to the caller, in the currency of the session and with the steps of its variants' prices; in the
/// shop's own currency a page without list prices is the one that was given. As many statements for many pages as for one.
pub async fn pages(ctx: &Ctx, pages: Vec<Arc<ProductPage>>) -> Result<Vec<Arc<ProductPage>>> {
    let exchange = in_session(ctx).await?;
    let products: Vec<ProductId> = pages.iter().map(|page| page.id).collect();
    let mut found = find(ctx, &exchange, Of::Products(&products)).await?;
    if found.is_empty() && exchange.is_none() {
        return Ok(pages);
    }
    let priced = pages.into_iter().map(|mut page| -> Result<_> {
        if !exchange.is_none() {
            let page = Arc::make_mut(&mut page);
            for variant in &mut page.variants {
                variant.price = exchange.price(variant.price)?;
                variant.compare_at = compared(&exchange, variant.compare_at, variant.price)?;
                variant.lowest_before =
                    variant.lowest_before.map(|lowest| exchange.price(lowest)).transpose()?;
            }
            // Without a variant they are nothing, in that currency.
            page.price = exchange.price(page.price)?;
            page.price_max = exchange.price(page.price_max)?;
            page.compare_at = compared(&exchange, page.compare_at, page.price)?;
            page.lowest_before = page.lowest_before.map(|lowest| exchange.price(lowest)).transpose()?;
        }
        if page.variants.iter().any(|variant| found.contains_key(&variant.id)) {
            let page = Arc::make_mut(&mut page);
            for variant in &mut page.variants {
                let Some(shown) = found.remove(&variant.id) else { continue };
                if shown.listed.is_some() {
                    (variant.price, variant.compare_at) = (shown.price, shown.compare_at);
                    // What the variant cost by itself says nothing about this price.
                    variant.lowest_before = None;
                }
                variant.tiers = shown.tiers;
            }
            page.sum_up_prices();
        }
        Ok(page)
    });
    priced.collect()
}

/// What prices are in for the caller; the shop's own currency while nothing is sold.
async fn in_session(ctx: &Ctx) -> Result<Exchange> {
    if !ctx.has_module("commerce") {
        return Ok(Exchange::none(ctx.tenant().currency));
    }
    currency::exchange(ctx).await
}

/// What a price is compared with, while that is still more.
fn compared(exchange: &Exchange, compare_at: Option<Money>, price: Money) -> Result<Option<Money>> {
    let compare_at = compare_at.map(|compared| exchange.price(compared)).transpose()?;
    Ok(compare_at.filter(|compared| price.minor < compared.minor))
}

/// The cards as they look to the caller; nothing when they are as they were given.
pub async fn cards(ctx: &Ctx, cards: &[Arc<ProductCard>]) -> Result<Option<Vec<Arc<ProductCard>>>> {
    if !ctx.has_module("commerce") {
        return Ok(None);
    }
    let exchange = currency::exchange(ctx).await?;
    if book::lists(ctx).await?.is_empty() {
        if exchange.is_none() {
            return Ok(None);
        }
        let converted = cards.iter().map(|card| -> Result<_> {
            let price = exchange.price(card.price)?;
            Ok(Arc::new(ProductCard {
                price,
                price_max: exchange.price(card.price_max)?,
                compare_at: compared(&exchange, card.compare_at, price)?,
                lowest_before: card.lowest_before.map(|lowest| exchange.price(lowest)).transpose()?,
                ..(**card).clone()
            }))
        });
        return converted.collect::<Result<_>>().map(Some);
    }
    let products: Vec<ProductId> = cards.iter().map(|card| card.id).collect();
    let before = catalog::query::pages(ctx, &products).await?;
    let after = pages(ctx, before.values().cloned().collect()).await?;
    let changed: HashMap<ProductId, &Arc<ProductPage>> = after
        .iter()
        .filter(|page| before.get(&page.id).is_some_and(|before| !Arc::ptr_eq(before, page)))
        .map(|page| (page.id, page))
        .collect();
    if changed.is_empty() {
        return Ok(None);
    }
    let priced = cards.iter().map(|card| match changed.get(&card.id) {
        None => Arc::clone(card),
        Some(page) => Arc::new(ProductCard {
            price: page.price,
            price_max: page.price_max,
            compare_at: page.compare_at,
            lowest_before: page.lowest_before,
            ..(**card).clone()
        }),
    });
    Ok(Some(priced.collect()))
}

/// Of what prices are asked for.
#[derive(Clone, Copy)]
enum Of<'a> {
    Variants(&'a [VariantId]),
    Products(&'a [ProductId]),
}

async fn find(ctx: &Ctx, exchange: &Exchange, of: Of<'_>) -> Result<HashMap<VariantId, Shown>> {
    if !ctx.has_module("commerce") {
        return Ok(HashMap::new());
    }
    let lists = book::lists(ctx).await?;
    if lists.is_empty() {
        return Ok(HashMap::new());
    }
    let settings = settings::current(ctx).await?;
    let rows = ctx.read(Access::Public).await?;
    let standing = match ctx.user_id() {
        Some(user) if lists.iter().any(|list| list.groups.is_some()) => {
            customer::standing(&rows, user).await?
        }
        _ => customer::Standing::default(),
    };
    let lists = for_groups(&lists, &standing.groups);
    let ids: Vec<PriceListId> = lists.iter().map(|list| list.id).collect();
    let prices = match of {
        Of::Variants(variants) => rows::of_variants(&rows, &ids, variants).await?,
        Of::Products(products) => rows::of_products(&rows, &ids, products).await?,
    };
    let mut by_variant: BTreeMap<VariantId, Vec<ListPrice>> = BTreeMap::new();
    for price in prices {
        by_variant.entry(price.variant).or_default().push(price);
    }
    let priced: Vec<VariantId> = by_variant.keys().copied().collect();
    let mut offers = HashMap::with_capacity(priced.len());
    for some in priced.chunks(500) {
        offers.extend(catalog::query::offers(&rows, some).await?);
    }
    drop(rows);
    let mut found = HashMap::with_capacity(offers.len());
    for (variant, prices) in &by_variant {
        if let Some(offer) = offers.get(variant) {
            found.insert(
                *variant,
                shown(ctx, exchange, &settings, (&lists, prices), &standing.groups, offer)?,
            );
        }
    }
    Ok(found)
}

fn for_groups(lists: &[PriceList], groups: &BTreeSet<CustomerGroupId>) -> Vec<PriceList> {
    let fits = |list: &&PriceList| list.groups.as_ref().is_none_or(|own| !own.is_disjoint(groups));
    lists.iter().filter(fits).cloned().collect()
}

fn shown(
    ctx: &Ctx,
    exchange: &Exchange,
    settings: &Versioned,
    (lists, prices): (&[PriceList], &[ListPrice]),
    groups: &BTreeSet<CustomerGroupId>,
    offer: &Offer,
) -> Result<Shown> {
    let destination = Destination::country(ctx.tenant().country);
    let asking = Asking {
        tenant: ctx.tenant(),
        settings,
        lists,
        prices,
        groups,
        destination: &destination,
        at: ctx.now(),
        exchange: *exchange,
    };
    let one = asking.unit(offer, 1)?;
    let steps: BTreeSet<u32> =
        prices.iter().map(|price| price.min_quantity).filter(|from| 1 < *from).collect();
    let mut tiers: Vec<PriceTier> = Vec::new();
    for from in steps {
        let unit = asking.unit(offer, from)?.shown;
        if tiers.last().map_or(one.shown, |last| last.unit) != unit && tiers.len() < MAX_TIERS {
            tiers.push(PriceTier { from, unit });
        }
    }
    Ok(Shown { price: one.shown, compare_at: one.compare_at, listed: one.listed, tiers })
}
