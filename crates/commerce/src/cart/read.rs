//! From rows and offers to what shoppers see.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use catalog::view::Offer;
use platform::{Access, Ctx, Error, TenantDb, TenantInfo};
use pricing::{Destination, Line, ListPrice, Measures, Promotion, Quote, Request, Shopper};
use primitives::{
    CartId, CartLineId, CollectionId, Country, Currency, Exchange, Money, PriceListId, ProductId,
    PromotionId, Quantity, VariantId,
};

use super::saved;
use super::store::{Filled, locate_filled};
use super::verdicts::{self, Ended};
use crate::currency::{self, exchange};
use crate::customer::{self, Standing};
use crate::entity::{cart, cart_line};
use crate::error::{CommerceError, Result};
use crate::price::{
    self,
    ask::{Asking, Unit},
};
use crate::promotion::book::{self, Book};
use crate::settings::{self, Versioned};
use crate::view::{
    CartLineView, CartView, DiscountView, ExemptionView, FreeShipping, GiftView, LineProblem, SavedLineView,
    TaxShare, Totals,
};
use crate::who::Who;

/// A cart with everything that its price depends on, read at one moment.
pub(crate) struct Basket {
    pub cart: Option<cart::Model>,
    pub lines: Vec<cart_line::Model>,
    /// Of the lines, and of what promotions may give away.
    pub offers: HashMap<VariantId, Offer>,
    /// The collections of what is in it, when a promotion asks for them.
    pub collections: HashMap<ProductId, Vec<CollectionId>>,
    pub book: Arc<Book>,
    /// What price lists say about them.
    pub prices: Vec<ListPrice>,
    /// That of the account whose cart it is, when it matters; else that of a stranger.
    pub standing: Standing,
    /// From the shop's currency into the one that all its amounts are in.
    pub exchange: Exchange,
    /// Whether anything lies aside.
    pub aside: bool,
    /// What lies aside; empty for a checkout, which does not ask.
    pub saved: Vec<SavedLineView>,
    /// What staff has agreed with the customer; nothing for a shopper's own cart.
    pub agreed: Agreed,
    /// What its codes opened until it was over; empty for a checkout, which does not ask.
    pub ended: Vec<Ended>,
}

/// What staff has agreed with a customer, beside what the shop offers everybody: seen by the same calculation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Agreed {
    /// Price of one piece as the shop writes prices, minor units, instead of every other.
    pub units: HashMap<VariantId, i64>,
    /// What is taken off by hand. These work after the shop's own, on what is left; beside them no promotion that
    /// applies alone can apply.
    pub discounts: Vec<Promotion>,
    /// The shop's own promotions do not count.
    pub alone: bool,
}

/// Who buys and where it goes, as far as that is known.
#[derive(Clone, Debug)]
pub(crate) struct Buyer {
    pub destination: Destination,
    pub past: Past,
}

/// What promotions ask of whoever buys. Nothing for somebody who is new here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Past {
    /// Orders before this one.
    pub orders_before: u32,
    /// Orders of this customer by promotion, where that is limited.
    pub used: HashMap<PromotionId, i64>,
}

impl Buyer {
    /// Somebody of whom only the country is known.
    pub fn somebody(country: Country) -> Self {
        Self { destination: Destination::country(country), past: Past::default() }
    }
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
    // Before the door opens: nobody waits for a second connection while holding one.
    let (book, exchange) = (book::current(ctx).await?, exchange(ctx).await?);
    let rows = ctx.read(Access::Public).await?;
    let mut basket = basket_in(&rows, who, book, exchange).await?;
    let unknown = basket.unknown_codes()?;
    if !unknown.is_empty() {
        basket.ended = verdicts::ended(&rows, &unknown, ctx.now()).await?;
    }
    if !basket.aside {
        return Ok(basket);
    }
    let saved = saved::load(&rows, who, basket.cart.as_ref()).await?;
    let variants: Vec<VariantId> = saved.iter().map(|row| VariantId::from_uuid(row.variant_id)).collect();
    // Not among the offers of the cart: nothing of this is bought or given away.
    let offers = offers(&rows, &variants).await?;
    let prices = listed(&rows, &basket.book, &variants).await?;
    drop(rows);
    let (settings, home) = (settings::current(ctx).await?, Destination::country(ctx.tenant().country));
    let asking = Asking { prices: &prices, ..basket.asking(ctx, &settings, &home) };
    let views = saved.iter().map(|row| saved::view(row, &offers, &asking)).collect::<Result<_>>()?;
    basket.saved = views;
    Ok(basket)
}

/// What price lists that count now say about variants. No statement without lists.
pub(super) async fn listed(rows: &TenantDb, book: &Book, variants: &[VariantId]) -> Result<Vec<ListPrice>> {
    let lists: Vec<PriceListId> = book.lists.iter().map(|list| list.id).collect();
    price::rows::of_variants(rows, &lists, variants).await
}

/// The open cart of `who`, read together with other things, in the currency that `exchange` leads to.
pub(crate) async fn basket_in(
    rows: &TenantDb,
    who: &Who,
    book: Arc<Book>,
    exchange: Exchange,
) -> Result<Basket> {
    // Also without a cart: what is put into a new one has the prices of whoever does.
    let standing = match who.user {
        Some(user) if book.standing => customer::standing(rows, user).await?,
        _ => Standing::default(),
    };
    let Some(Filled { cart, lines, aside }) = Box::pin(locate_filled(rows, who)).await? else {
        return Ok(Basket {
            // What lies aside of an account needs no cart.
            aside: who.user.is_some(),
            cart: None,
            lines: Vec::new(),
            offers: HashMap::new(),
            collections: HashMap::new(),
            book,
            prices: Vec::new(),
            standing,
            exchange,
            saved: Vec::new(),
            agreed: Agreed::default(),
            ended: Vec::new(),
        });
    };
    let filled = filled(rows, lines, book, standing, exchange, Agreed::default()).await?;
    Ok(Basket { cart: Some(cart), aside, ..filled })
}

/// Lines with everything that their price depends on; no cart is stored for them.
pub(crate) async fn filled(
    rows: &TenantDb,
    lines: Vec<cart_line::Model>,
    book: Arc<Book>,
    standing: Standing,
    exchange: Exchange,
    agreed: Agreed,
) -> Result<Basket> {
    let mut variants: Vec<VariantId> =
        lines.iter().map(|line| VariantId::from_uuid(line.variant_id)).collect();
    if !variants.is_empty() {
        variants.extend(&book.gifts);
    }
    let offers = offers(rows, &variants).await?;
    let prices = listed(rows, &book, &variants).await?;
    let collections = if book.collections {
        let products: Vec<ProductId> = offers.values().map(|offer| offer.product).collect();
        catalog::query::collections_of(rows, &products).await?
    } else {
        HashMap::new()
    };
    let cart = None;
    Ok(Basket {
        cart,
        lines,
        offers,
        collections,
        book,
        prices,
        standing,
        exchange,
        aside: false,
        saved: Vec::new(),
        agreed,
        ended: Vec::new(),
    })
}

impl Basket {
    /// What the catalogue offers for a line of this cart.
    pub fn offer_of(&self, line: CartLineId) -> Option<&Offer> {
        let line = self.lines.iter().find(|row| row.id == line.uuid())?;
        self.offers.get(&VariantId::from_uuid(line.variant_id))
    }

    /// Whoever asks for the prices of this cart, when it goes to `destination`.
    pub fn asking<'a>(
        &'a self,
        ctx: &'a Ctx,
        settings: &'a Versioned,
        destination: &'a Destination,
    ) -> Asking<'a> {
        Asking {
            tenant: ctx.tenant(),
            settings,
            lists: &self.book.lists,
            prices: &self.prices,
            groups: &self.standing.groups,
            destination,
            at: ctx.now(),
            exchange: self.exchange,
        }
    }

    /// The codes that the shopper has put in.
    pub fn codes(&self) -> Result<Vec<String>> {
        match &self.cart {
            Some(cart) => super::codes::read(cart),
            None => Ok(Vec::new()),
        }
    }

    /// Whether gift cards or store credit were chosen for it.
    pub fn has_tenders(&self) -> bool {
        self.cart.as_ref().is_some_and(|cart| cart.tenders != "[]")
    }

    /// What its shopper sees, without a delivery.
    pub async fn view(&self, ctx: &Ctx) -> Result<CartView> {
        let settings = settings::current(ctx).await?;
        Ok(self.price(ctx, &settings, &Buyer::somebody(ctx.tenant().country), None)?.0)
    }

    /// Deliveries into `country` as they cost in the currency of this cart.
    pub fn methods<'s>(
        &self,
        settings: &'s Versioned,
        country: Country,
    ) -> Result<Vec<Cow<'s, pricing::ShippingMethod>>> {
        settings.methods(country).map(|method| Ok(currency::method(&self.exchange, method)?)).collect()
    }

    /// What its shopper sees when it is sent to `buyer` by `method`, one of [`Basket::methods`]; with the exact amounts of
    /// the counted lines.
    pub fn price(
        &self,
        ctx: &Ctx,
        settings: &Versioned,
        buyer: &Buyer,
        method: Option<&pricing::ShippingMethod>,
    ) -> Result<(CartView, Quote)> {
        let (tenant, currency) = (ctx.tenant(), self.exchange.to());
        let asking = self.asking(ctx, settings, &buyer.destination);
        let mut lines: Vec<CartLineView> =
            self.lines.iter().map(|line| self.line_view(line, &asking)).collect::<Result<_>>()?;
        let counted = lines.iter().filter(|line| line.counted());
        let wanted = counted.map(|line| self.line(&asking, line.variant, line.quantity));
        let country = buyer.destination.country;
        let request = Request {
            currency,
            includes_tax: tenant.prices_include_tax,
            rounding: settings.settings.rounding,
            at: ctx.now(),
            destination: buyer.destination.clone(),
            shopper: Shopper {
                groups: self.standing.groups.clone(),
                orders_before: buyer.past.orders_before,
                exempt: self.standing.exemption.is_some(),
            },
            lines: wanted.collect::<Result<_>>()?,
            gifts: self.gifts(&asking)?,
            codes: self.codes()?,
            zone: settings.zone(&buyer.destination, tenant.country),
            promotions: &self.promotions(buyer)?,
            shipping: method,
        };
        let quote = pricing::quote(&request)?;
        let money = |minor| Money::new(minor, currency);
        for (line, quoted) in lines.iter_mut().filter(|line| line.counted()).zip(&quote.lines) {
            line.discounts = discounts(quoted.discounts.iter(), currency);
            line.total = money(quoted.amount);
            line.left = money(quoted.left);
        }
        let n_items = lines.iter().fold(0_u32, |n, line| n.saturating_add(line.quantity));
        let view = CartView {
            id: self.cart.as_ref().map(|cart| CartId::from_uuid(cart.id)),
            n_items,
            free_shipping: free_shipping(&self.methods(settings, country)?, country, money(goods(&quote))),
            ready: !lines.is_empty() && lines.iter().all(|line| !line.blocks()),
            totals: Totals { exemption: self.exemption(&quote), ..totals(&quote, tenant) },
            codes: self.code_views(&quote)?,
            hints: self.hints(&quote),
            promotions: self.promotion_views(&quote)?,
            gifts: self.gift_views(&quote),
            saved: self.saved.clone(),
            lines,
        };
        Ok((view, quote))
    }

    /// What a delivery of this cart is measured by.
    pub fn measures(&self, quote: &Quote, country: Country) -> Measures {
        let mut measures = Measures { country, grams: 0, value: 0, pieces: 0, goods: goods(quote) };
        for line in &quote.lines {
            let Some(offer) = self.offers.get(&line.variant).filter(|offer| offer.requires_shipping) else {
                continue;
            };
            let pieces = i64::from(line.quantity);
            measures.pieces = measures.pieces.saturating_add(pieces);
            measures.grams = measures.grams.saturating_add(offer.weight_grams.saturating_mul(pieces));
            measures.value = measures.value.saturating_add(line.left);
        }
        measures
    }

    /// The promotions with what is left of them for this buyer, in the currency of the cart.
    fn promotions(&self, buyer: &Buyer) -> Result<Cow<'_, [Promotion]>> {
        let agreed = &self.agreed;
        if agreed.discounts.is_empty() && !agreed.alone {
            return self.of_shop(buyer);
        }
        let mut promotions = match agreed.alone {
            true => Vec::new(),
            false => self.of_shop(buyer)?.into_owned(),
        };
        promotions.retain(|promotion| agreed.discounts.is_empty() || !promotion.exclusive);
        promotions.extend(agreed.discounts.iter().cloned());
        Ok(Cow::Owned(promotions))
    }

    fn of_shop(&self, buyer: &Buyer) -> Result<Cow<'_, [Promotion]>> {
        let book = &self.book;
        if book.shopper_limits.is_empty() && self.exchange.is_none() {
            return Ok(Cow::Borrowed(&book.promotions));
        }
        let mut promotions = book.promotions.clone();
        for promotion in &mut promotions {
            if let Some(limit) = book.shopper_limits.get(&promotion.id) {
                let used = buyer.past.used.get(&promotion.id).copied().unwrap_or_default();
                promotion.usage.left_for_shopper = Some(limit.saturating_sub(used).max(0).unsigned_abs());
            }
        }
        if !self.exchange.is_none() {
            currency::promotions(&self.exchange, &mut promotions)?;
        }
        Ok(Cow::Owned(promotions))
    }

    fn exemption(&self, quote: &Quote) -> Option<ExemptionView> {
        self.standing.exemption.as_ref().map(|exemption| ExemptionView {
            reason: exemption.reason.clone(),
            number: exemption.number.clone(),
            relief: Money::new(quote.totals.relief, quote.currency),
        })
    }

    fn line(&self, asking: &Asking<'_>, variant: VariantId, quantity: u32) -> Result<Line> {
        let offer = self.offers.get(&variant).ok_or_else(|| Error::not_found(VariantId::KIND))?;
        let unit = self.unit(asking, offer, quantity)?;
        Ok(Line {
            variant,
            product: offer.product,
            collections: self.collections.get(&offer.product).cloned().unwrap_or_default(),
            tags: offer.tags.clone(),
            unit: unit.written,
            unit_includes_tax: unit.includes_tax,
            quantity: Quantity::new(i64::from(quantity)).map_err(Error::internal)?,
            tax_category: offer.tax_category.clone(),
            grams: offer.weight_grams,
            requires_shipping: offer.requires_shipping,
            discountable: true,
        })
    }

    /// What a piece costs: what was agreed, else what the shop asks for.
    fn unit(&self, asking: &Asking<'_>, offer: &Offer, quantity: u32) -> Result<Unit> {
        let Some(minor) = self.agreed.units.get(&offer.variant) else { return asking.unit(offer, quantity) };
        Ok(Unit {
            written: *minor,
            includes_tax: asking.tenant.prices_include_tax,
            shown: Money::new(*minor, asking.tenant.currency),
            compare_at: None,
            listed: None,
            converted: None,
        })
    }

    /// What can be given away now.
    fn gifts(&self, asking: &Asking<'_>) -> Result<Vec<Line>> {
        let there = self.book.gifts.iter().filter_map(|variant| self.offers.get(variant));
        let there = there.filter(|offer| offer.published && offer.available.is_none_or(|left| 0 < left));
        there.map(|offer| self.line(asking, offer.variant, 1)).collect()
    }

    fn gift_views(&self, quote: &Quote) -> Vec<GiftView> {
        let gifts = quote.lines.iter().filter(|line| line.gift);
        let shown = gifts.filter_map(|line| {
            let offer = self.offers.get(&line.variant)?;
            Some(GiftView {
                variant: line.variant,
                product: offer.product,
                slug: offer.slug.clone(),
                title: offer.title.clone(),
                variant_title: offer.variant_title.clone(),
                sku: offer.sku.clone(),
                picture: offer.picture.clone(),
                quantity: u32::try_from(i64::from(line.quantity)).unwrap_or(u32::MAX),
                unit: Money::new(line.unit, quote.currency),
                reason: line.discounts.first().map_or_else(String::new, |discount| discount.name.clone()),
            })
        });
        shown.collect()
    }

    fn line_view(&self, row: &cart_line::Model, asking: &Asking<'_>) -> Result<CartLineView> {
        let variant = VariantId::from_uuid(row.variant_id);
        let quantity = u32::try_from(row.quantity).unwrap_or(u32::MAX);
        let seen = seen_price(row.unit_seen_minor, &row.seen_currency, asking.tenant)?;
        let offer = self.offers.get(&variant).filter(|offer| offer.published);
        let Some(offer) = offer else {
            // It is in no sum; what was seen in a third currency stays what was seen.
            let seen = asking.exchange.price(seen).unwrap_or(seen);
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
                listed: None,
                total: times(seen, quantity)?,
                discounts: Vec::new(),
                left: times(seen, quantity)?,
                problems: vec![LineProblem::Gone],
            });
        };
        let unit = self.unit(asking, offer, quantity)?;
        let mut problems = Vec::new();
        match offer.available {
            Some(left) if left <= 0 => problems.push(LineProblem::SoldOut),
            Some(left) if left < row.quantity => {
                problems.push(LineProblem::OnlyLeft { left: u32::try_from(left).unwrap_or(u32::MAX) });
            }
            _ => {}
        }
        if unit.shown != seen {
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
            unit: unit.shown,
            compare_at: unit.compare_at,
            listed: unit.listed,
            total: times(unit.shown, quantity)?,
            discounts: Vec::new(),
            left: times(unit.shown, quantity)?,
            problems,
        })
    }
}

/// A price that a shopper has seen; empty stands for the shop's own currency.
pub(super) fn seen_price(minor: i64, currency: &str, tenant: &TenantInfo) -> Result<Money> {
    let currency = match currency {
        "" => tenant.currency,
        code => Currency::parse(code).map_err(Error::internal)?,
    };
    Ok(Money::new(minor, currency))
}

/// How the currency in which a price was seen is kept.
pub(super) fn seen_in(price: Money, tenant: &TenantInfo) -> &'static str {
    if price.currency == tenant.currency { "" } else { price.currency.code() }
}

fn times(unit: Money, quantity: u32) -> Result<Money> {
    let minor = unit.minor.checked_mul(i64::from(quantity));
    Ok(Money::new(minor.ok_or(CommerceError::Amount(primitives::MoneyError::Overflow))?, unit.currency))
}

/// What is left of all goods, as the shop writes prices.
pub(crate) fn goods(quote: &Quote) -> i64 {
    quote.totals.subtotal.saturating_sub(quote.totals.discount)
}

/// The sums as shoppers see them.
pub(crate) fn totals(quote: &Quote, tenant: &TenantInfo) -> Totals {
    let money = |minor| Money::new(minor, quote.currency);
    let of_lines = discounts(quote.lines.iter().flat_map(|line| &line.discounts), quote.currency);
    let of_delivery = quote.shipping.iter().flat_map(|shipping| &shipping.discounts);
    let of_delivery = discounts(of_delivery, quote.currency).into_iter();
    let of_delivery = of_delivery.map(|discount| DiscountView { delivery: true, ..discount });
    let mut all: Vec<DiscountView> = Vec::new();
    for one in of_lines.into_iter().chain(of_delivery) {
        match all.iter_mut().find(|known| known.promotion == one.promotion) {
            Some(known) => {
                known.amount.minor = known.amount.minor.saturating_add(one.amount.minor);
                known.words.clone_from(&known.name);
            }
            None => all.push(one),
        }
    }
    Totals {
        subtotal: money(quote.totals.subtotal),
        discount: money(quote.totals.discount),
        discounts: all,
        shipping: quote.shipping.as_ref().map(|shipping| money(shipping.amount)),
        tax: money(quote.totals.tax),
        taxes: quote
            .taxes
            .iter()
            .map(|share| TaxShare {
                name: share.name.clone(),
                rate: share.rate,
                net: money(share.net),
                tax: money(share.tax),
            })
            .collect(),
        total: money(quote.totals.total),
        includes_tax: tenant.prices_include_tax,
        exemption: None,
    }
}

pub(crate) fn discounts<'a>(
    found: impl Iterator<Item = &'a pricing::Discount>,
    currency: Currency,
) -> Vec<DiscountView> {
    let views = found.map(|discount| DiscountView {
        promotion: discount.promotion,
        name: discount.name.clone(),
        amount: Money::new(discount.amount, currency),
        words: discount.words(),
        delivery: false,
    });
    views.collect()
}

fn free_shipping(
    methods: &[Cow<'_, pricing::ShippingMethod>],
    country: Country,
    goods: Money,
) -> Option<FreeShipping> {
    let from = methods.iter().filter_map(|method| method.free_from).min()?;
    let missing = from.saturating_sub(goods.minor).max(0);
    let percent = match from {
        ..=0 => 100,
        from => i128::from(goods.minor.clamp(0, from)) * 100 / i128::from(from),
    };
    Some(FreeShipping {
        from: Money::new(from, goods.currency),
        missing: Money::new(missing, goods.currency),
        percent: u8::try_from(percent).unwrap_or(100),
        country,
    })
}
