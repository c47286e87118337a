//! A small world to price carts in: an order of 20 % VAT unless said otherwise.

use std::collections::BTreeSet;

use pricing::{
    Action, Destination, Line, Measure, Outcome, Place, Promotion, Quote, Reason, Request, Rounding,
    Selector, ShippingMethod, ShippingTax, Shopper, Step, Table, TaxCategory, TaxRate, TaxZone, Usage,
    Verdict,
};
use primitives::{
    CollectionId, Country, Currency, CustomerGroupId, MoneyError, PriceListId, ProductId, PromotionId,
    Quantity, Rate, TaxZoneId, Timestamp, VariantId,
};

/// 2026-07-31T09:30:00Z.
pub const AT: Timestamp = Timestamp::from_millis(1_785_490_200_000);

macro_rules! numbered {
    ($($name:ident $id:ident)*) => {$(
        pub fn $name(number: u32) -> $id {
            $id::parse(&format!("00000000-0000-7000-8000-{number:012}")).unwrap()
        }
    )*};
}
numbered! {
    variant VariantId
    product ProductId
    collection CollectionId
    promotion_id PromotionId
    list_id PriceListId
    group CustomerGroupId
    zone_id TaxZoneId
}

pub fn country(code: &str) -> Country {
    Country::parse(code).unwrap()
}

pub fn pieces(count: u32) -> Quantity {
    Quantity::new(i64::from(count)).unwrap()
}

pub fn category(name: &str) -> TaxCategory {
    TaxCategory::parse(name).unwrap()
}

/// Everything that a request needs, owned.
#[derive(Clone, Debug)]
pub struct World {
    pub currency: Currency,
    pub includes_tax: bool,
    pub rounding: Rounding,
    pub destination: Destination,
    pub shopper: Shopper,
    pub lines: Vec<Line>,
    pub gifts: Vec<Line>,
    pub codes: Vec<String>,
    pub zone: Option<TaxZone>,
    pub promotions: Vec<Promotion>,
    pub shipping: Option<ShippingMethod>,
}

impl World {
    /// Prices without tax, VAT of 20 %.
    pub fn ex() -> World {
        World {
            currency: Currency::EUR,
            includes_tax: false,
            rounding: Rounding::Line,
            destination: Destination::country(country("BE")),
            shopper: Shopper::default(),
            lines: vec![],
            gifts: vec![],
            codes: vec![],
            zone: Some(zone(&[("standard", "20")])),
            promotions: vec![],
            shipping: None,
        }
    }

    /// Prices with tax, VAT of 20 %.
    pub fn inclusive() -> World {
        World { includes_tax: true, ..World::ex() }
    }

    /// Prices that nobody taxes, for promotions alone.
    pub fn untaxed() -> World {
        World { zone: None, ..World::ex() }
    }

    /// Rates in percent by category.
    pub fn rates(mut self, rates: &[(&str, &str)]) -> World {
        let shipping = self.zone.map(|zone| zone.shipping);
        self.zone = Some(zone(rates));
        if let (Some(zone), Some(shipping)) = (&mut self.zone, shipping) {
            zone.shipping = shipping;
        }
        self
    }

    pub fn shipping_tax(mut self, tax: ShippingTax) -> World {
        self.zone.as_mut().unwrap().shipping = tax;
        self
    }

    pub fn rounding(self, rounding: Rounding) -> World {
        World { rounding, ..self }
    }

    pub fn exempt(mut self) -> World {
        self.shopper.exempt = true;
        self
    }

    /// A line of the standard category; variant and product are numbered from 1.
    pub fn line(self, unit: i64, quantity: u32) -> World {
        self.line_with(unit, quantity, |_| {})
    }

    pub fn line_with(mut self, unit: i64, quantity: u32, change: impl FnOnce(&mut Line)) -> World {
        let number = u32::try_from(self.lines.len()).unwrap() + 1;
        let mut line = line(number, unit, quantity);
        line.unit_includes_tax = self.includes_tax;
        change(&mut line);
        self.lines.push(line);
        self
    }

    /// A gift: variant 100.
    pub fn gift(mut self, unit: i64) -> World {
        let mut gift = line(100, unit, 1);
        gift.unit_includes_tax = self.includes_tax;
        self.gifts.push(gift);
        self
    }

    /// A promotion; numbered from 1, so that later ones work later.
    pub fn promotion(self, name: &str, action: Action) -> World {
        self.promotion_with(name, action, |_| {})
    }

    pub fn promotion_with(
        mut self,
        name: &str,
        action: Action,
        change: impl FnOnce(&mut Promotion),
    ) -> World {
        let number = u32::try_from(self.promotions.len()).unwrap() + 1;
        let mut promotion = promotion(number, name, action);
        change(&mut promotion);
        self.promotions.push(promotion);
        self
    }

    pub fn code(mut self, code: &str) -> World {
        self.codes.push(code.to_owned());
        self
    }

    /// A way of shipping at one price.
    pub fn shipping(mut self, price: i64) -> World {
        self.shipping = Some(method(price));
        self
    }

    pub fn shipping_with(mut self, price: i64, change: impl FnOnce(&mut ShippingMethod)) -> World {
        let mut method = method(price);
        change(&mut method);
        self.shipping = Some(method);
        self
    }

    pub fn request(&self) -> Request<'_> {
        Request {
            currency: self.currency,
            includes_tax: self.includes_tax,
            rounding: self.rounding,
            at: AT,
            destination: self.destination.clone(),
            shopper: self.shopper.clone(),
            lines: self.lines.clone(),
            gifts: self.gifts.clone(),
            codes: self.codes.clone(),
            zone: self.zone.as_ref(),
            promotions: &self.promotions,
            shipping: self.shipping.as_ref(),
        }
    }

    pub fn try_quote(&self) -> Result<Quote, MoneyError> {
        pricing::quote(&self.request())
    }

    /// The quote, whose sums are checked on the way.
    pub fn quote(&self) -> Quote {
        let quote = self.try_quote().unwrap();
        adds_up(&quote);
        quote
    }

    /// Net and gross of the goods.
    pub fn net_and_gross(&self) -> (i64, i64) {
        let quote = self.quote();
        (
            quote.lines.iter().map(|line| line.taxed.net).sum(),
            quote.lines.iter().map(|line| line.taxed.gross).sum(),
        )
    }

    /// What each promotion took off, or why not, in words.
    pub fn verdicts(&self) -> Vec<String> {
        verdicts(&self.quote())
    }

    /// What is left of each line.
    pub fn left(&self) -> Vec<i64> {
        self.quote().lines.iter().map(|line| line.left).collect()
    }
}

/// What each promotion took off, or why not, in words, in working order.
pub fn verdicts(quote: &Quote) -> Vec<String> {
    let words = |Outcome { name, verdict, .. }: &Outcome| match verdict {
        Verdict::Applied { amount } => format!("{name} {amount}"),
        Verdict::Not(reason) => format!("{name}: {reason}"),
    };
    quote.promotions.iter().map(words).collect()
}

/// Why a promotion does not apply.
pub fn reason(quote: &Quote, name: &str) -> Reason {
    let outcome = quote.promotions.iter().find(|outcome| outcome.name == name).unwrap();
    match &outcome.verdict {
        Verdict::Not(reason) => reason.clone(),
        Verdict::Applied { amount } => panic!("{name} took off {amount}"),
    }
}

/// What every quote promises about its sums.
pub fn adds_up(quote: &Quote) {
    let totals = &quote.totals;
    let mut gross = 0;
    let (mut tax, mut relief, mut discount, mut subtotal) = (0, 0, 0, 0);
    for line in &quote.lines {
        let off: i64 = line.discounts.iter().map(|discount| discount.amount).sum();
        assert_eq!(line.amount - off, line.left);
        assert!(0 <= line.left && line.left <= line.amount, "{line:?}");
        assert!(0 <= line.taxed.net && 0 <= line.taxed.tax && 0 <= line.relief, "{line:?}");
        assert_eq!(line.taxed.net + line.taxed.tax, line.taxed.gross);
        let shown = if quote.includes_tax { line.taxed.gross } else { line.taxed.net };
        assert_eq!(shown, line.left - line.relief);
        (gross, tax, relief) = (gross + line.taxed.gross, tax + line.taxed.tax, relief + line.relief);
        (discount, subtotal) = (discount + off, subtotal + line.amount);
    }
    if let Some(shipping) = &quote.shipping {
        let off: i64 = shipping.discounts.iter().map(|discount| discount.amount).sum();
        assert_eq!(shipping.full - off, shipping.amount);
        assert!(0 <= shipping.amount && !shipping.parts.is_empty());
        let mut shown = 0;
        for part in &shipping.parts {
            assert_eq!(part.taxed.net + part.taxed.tax, part.taxed.gross);
            gross += part.taxed.gross;
            tax += part.taxed.tax;
            shown += if quote.includes_tax { part.taxed.gross } else { part.taxed.net };
        }
        assert_eq!(shown, shipping.amount - shipping.relief);
        relief += shipping.relief;
    }
    assert_eq!(totals.shipping, quote.shipping.as_ref().map_or(0, |shipping| shipping.amount));
    assert_eq!((totals.subtotal, totals.discount), (subtotal, discount));
    assert_eq!((totals.tax, totals.relief, totals.total), (tax, relief, gross));
    assert_eq!(quote.taxes.iter().map(|share| share.tax).sum::<i64>(), totals.tax);
    let on_top = if quote.includes_tax { 0 } else { totals.tax };
    assert_eq!(totals.subtotal - totals.discount + totals.shipping - totals.relief + on_top, totals.total);
    for outcome in &quote.promotions {
        let on_lines = quote.lines.iter().flat_map(|line| &line.discounts);
        let all = on_lines.chain(quote.shipping.iter().flat_map(|shipping| &shipping.discounts));
        let parts = all.filter(|discount| discount.promotion == outcome.promotion);
        let applied = match outcome.verdict {
            Verdict::Applied { amount } => amount,
            Verdict::Not(_) => 0,
        };
        assert_eq!(parts.map(|discount| discount.amount).sum::<i64>(), applied, "{outcome:?}");
    }
}

pub fn line(number: u32, unit: i64, quantity: u32) -> Line {
    Line {
        variant: variant(number),
        product: product(number),
        collections: vec![],
        tags: vec![],
        unit,
        unit_includes_tax: false,
        quantity: pieces(quantity),
        tax_category: TaxCategory::STANDARD,
        grams: 100,
        requires_shipping: true,
        discountable: true,
    }
}

pub fn promotion(number: u32, name: &str, action: Action) -> Promotion {
    Promotion {
        id: promotion_id(number),
        name: name.to_owned(),
        active: true,
        from: None,
        until: None,
        priority: 0,
        exclusive: false,
        group: None,
        codes: vec![],
        conditions: vec![],
        action,
        usage: Usage::default(),
    }
}

/// Rates in percent by category, all called VAT, for Belgium.
pub fn zone(rates: &[(&str, &str)]) -> TaxZone {
    let rate = |(key, percent): &(&str, &str)| TaxRate {
        category: category(key),
        name: "VAT".to_owned(),
        rate: Rate::parse_percent(percent).unwrap(),
        from: None,
        until: None,
    };
    TaxZone {
        id: zone_id(1),
        name: "Belgium".to_owned(),
        places: vec![Place { country: country("BE"), region: None, postal: None }],
        rates: rates.iter().map(rate).collect(),
        shipping: ShippingTax::Category(TaxCategory::STANDARD),
    }
}

pub fn method(price: i64) -> ShippingMethod {
    ShippingMethod {
        id: "post".to_owned(),
        name: "Parcel".to_owned(),
        window: "2 to 4 days".to_owned(),
        countries: None,
        table: Table { by: Measure::Weight, steps: vec![Step { from: 0, price }], up_to: None },
        free_from: None,
        pickup: false,
        tax_category: None,
        active: true,
    }
}

/// The lines with these numbers.
pub fn only(numbers: &[u32]) -> Selector {
    Selector { products: numbers.iter().map(|number| product(*number)).collect(), ..Selector::default() }
}

pub fn everything() -> Selector {
    Selector::everything()
}

pub fn percent(percent: i32) -> Action {
    Action::Percent { of: everything(), off: Rate::percent(percent) }
}

pub fn order_percent(percent: i32) -> Action {
    Action::OrderPercent { off: Rate::percent(percent) }
}

pub fn order_fixed(off: i64) -> Action {
    Action::OrderFixed { off }
}

pub fn free_shipping() -> Action {
    Action::FreeShipping { methods: None, most: None }
}

pub fn free_gift(quantity: u32) -> Action {
    Action::FreeGift { variant: variant(100), quantity: pieces(quantity) }
}

pub fn set<T: Ord>(items: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    items.into_iter().collect()
}
