//! Carts from a seed: wide, odd, and again the same for the same seed.
//!
//! Prices of a cart come from a small purse, so that pieces of equal price meet, and amounts that conditions ask for
//! lie near what the cart is worth, so that they hold and fail about equally often.

pub mod questions;

use std::collections::BTreeSet;

use pricing::{
    Action, Condition, Destination, Group, Line, Measure, Per, Pick, Promotion, Request, Rounding, Selector,
    ShippingMethod, ShippingTax, Shopper, Step, Table, TaxCategory, TaxRate, TaxZone, Usage,
};
use primitives::{
    CollectionId, Country, Currency, CustomerGroupId, PromotionId, Quantity, Rate, TaxZoneId, Timestamp,
    VariantId,
};
use uuid::Uuid;

use crate::Dice;

/// The moment at which random carts are priced.
pub const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const TAGS: [&str; 4] = ["sale", "new", "heavy", "Sale"];
const CODES: [&str; 4] = ["SUMMER", "VIP", "WELCOME10", "GRÜN"];
const METHODS: [&str; 3] = ["post", "courier", "pickup"];
const CATEGORIES: [&str; 5] = ["standard", "reduced", "books", "none", "unheard-of"];

/// A request with all that it borrows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// See [`Request::currency`].
    pub currency: Currency,
    /// See [`Request::includes_tax`].
    pub includes_tax: bool,
    /// See [`Request::rounding`].
    pub rounding: Rounding,
    /// See [`Request::at`].
    pub at: Timestamp,
    /// See [`Request::destination`].
    pub destination: Destination,
    /// See [`Request::shopper`].
    pub shopper: Shopper,
    /// See [`Request::lines`].
    pub lines: Vec<Line>,
    /// See [`Request::gifts`].
    pub gifts: Vec<Line>,
    /// See [`Request::codes`].
    pub codes: Vec<String>,
    /// See [`Request::zone`].
    pub zone: Option<TaxZone>,
    /// See [`Request::promotions`].
    pub promotions: Vec<Promotion>,
    /// See [`Request::shipping`].
    pub shipping: Option<ShippingMethod>,
}

impl Case {
    /// The request.
    #[must_use]
    pub fn request(&self) -> Request<'_> {
        Request {
            currency: self.currency,
            includes_tax: self.includes_tax,
            rounding: self.rounding,
            at: self.at,
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

    /// A plain cart without tax, promotions and shipping, to begin a written case with.
    #[must_use]
    pub fn plain(includes_tax: bool, lines: Vec<Line>) -> Case {
        Case {
            currency: Currency::EUR,
            includes_tax,
            rounding: Rounding::Line,
            at: NOW,
            destination: Destination::country(country("BE")),
            shopper: Shopper::default(),
            lines,
            gifts: vec![],
            codes: vec![],
            zone: None,
            promotions: vec![],
            shipping: None,
        }
    }
}

/// The id with a number; the same for every run.
#[must_use]
pub fn id<T: From<Uuid>>(number: u32) -> T {
    T::from(Uuid::from_u128(u128::from(number)))
}

/// A country by its code.
///
/// # Panics
/// If there is none.
#[must_use]
#[expect(clippy::expect_used, reason = "the codes stand in this crate")]
pub fn country(code: &str) -> Country {
    Country::parse(code).expect("a country")
}

/// A tax category by its key.
///
/// # Panics
/// If it is no key.
#[must_use]
#[expect(clippy::expect_used, reason = "the keys stand in this crate")]
pub fn category(key: &str) -> TaxCategory {
    TaxCategory::parse(key).expect("a tax category")
}

/// So many pieces.
///
/// # Panics
/// If it is not 1 to 10,000.
#[must_use]
#[expect(clippy::expect_used, reason = "the numbers stand in this crate")]
pub fn pieces(count: u32) -> Quantity {
    Quantity::new(i64::from(count)).expect("1 to 10,000 pieces")
}

/// The cart of a seed.
#[must_use]
pub fn case(seed: u64) -> Case {
    Generator::new(seed).case()
}

struct Generator {
    dice: Dice,
    /// The prices of this cart.
    purse: Vec<i64>,
    /// About what the cart is worth.
    worth: i64,
    /// The codes of its promotions.
    codes: Vec<String>,
    /// What may be given.
    gifts: Vec<VariantId>,
}

impl Generator {
    fn new(seed: u64) -> Generator {
        Generator { dice: Dice::new(seed), purse: vec![], worth: 1, codes: vec![], gifts: vec![] }
    }

    fn case(mut self) -> Case {
        for _ in 0..3 {
            let unit = self.unit();
            self.purse.push(unit);
        }
        let includes_tax = self.dice.percent(50);
        let mixed = self.dice.percent(30);
        let count = if self.dice.percent(1) { 0 } else { self.few(1, 12) };
        let lines: Vec<Line> = (0..count).map(|_| self.line(includes_tax, mixed)).collect();
        let worth: i128 =
            lines.iter().map(|line| i128::from(line.unit) * i128::from(line.quantity.get())).sum();
        self.worth = i64::try_from(worth).unwrap_or(i64::MAX / 4).max(1);
        let gifts: Vec<Line> = (0..self.dice.count(0, 3)).map(|_| self.line(includes_tax, mixed)).collect();
        self.gifts = gifts.iter().map(|line| line.variant).collect();
        let zone = self.dice.percent(93).then(|| self.zone());
        let count = if self.dice.percent(20) { self.dice.count(4, 10) } else { self.few(0, 8) };
        let pick = [self.pick(), self.pick()];
        let grouped = *self.dice.pick(&[0, 10, 50, 90]);
        let promotions = (0..count).map(|index| self.promotion(index, pick, grouped)).collect();
        let shipping = self.dice.percent(80).then(|| self.method());
        let currencies = [Currency::EUR, Currency::USD, Currency::JPY, Currency::KWD];
        Case {
            currency: *self.dice.pick(&currencies),
            includes_tax,
            rounding: *self.dice.pick(&[Rounding::Line, Rounding::Unit, Rounding::Order]),
            at: NOW,
            destination: Destination::country(self.country()),
            shopper: Shopper {
                groups: self.groups(),
                orders_before: self.dice.count(0, 2),
                exempt: self.dice.percent(15),
            },
            lines,
            gifts,
            codes: self.given_codes(),
            zone,
            promotions,
            shipping,
        }
    }

    /// A number of `from..=to`, mostly small.
    fn few(&mut self, from: u32, to: u32) -> u32 {
        let (one, other) = (self.dice.count(from, to), self.dice.count(from, to));
        one.min(other)
    }

    fn unit(&mut self) -> i64 {
        match self.dice.below(1000) {
            0..40 => 0,
            40..200 => self.dice.between(1, 20),
            200..600 => self.dice.between(1, 2_000),
            600..900 => self.dice.between(1, 100_000),
            900..980 => self.dice.between(1, 1_000_000_000),
            980..999 => self.dice.between(1, 1_000_000_000_000),
            // Where sums leave 64 bits.
            _ => self.dice.between(i64::MAX / 20_000, i64::MAX),
        }
    }

    /// An amount in the order of the cart's: round, near its worth, or a part of it.
    fn amount(&mut self) -> i64 {
        let worth = self.worth;
        if self.dice.below(300) == 0 {
            return self.dice.between(i64::MAX / 20_000, i64::MAX);
        }
        match self.dice.below(6) {
            0 => worth.saturating_add(self.dice.between(-2, 2)).max(1),
            1 => self.dice.between(1, worth),
            2 => self.dice.between(1, worth.saturating_mul(2)),
            3 => (worth / 10).max(1),
            4 => self.dice.between(1, (worth / 20).max(1)),
            _ => *self.dice.pick(&[1, 5, 100, 500, 1_000, 10_000]),
        }
    }

    /// An amount in the order of one piece.
    fn piece_amount(&mut self) -> i64 {
        let purse = self.purse.clone();
        let unit = (*self.dice.pick(&purse)).max(1);
        if self.dice.below(300) == 0 {
            return self.dice.between(i64::MAX / 20_000, i64::MAX);
        }
        match self.dice.below(3) {
            0 => unit.saturating_add(self.dice.between(-1, 1)).max(1),
            1 => self.dice.between(1, unit),
            _ => self.dice.between(1, (unit / 4).max(1)),
        }
    }

    fn quantity(&mut self) -> Quantity {
        pieces(match self.dice.below(1000) {
            0..350 => 1,
            350..800 => self.dice.count(1, 5),
            800..970 => self.dice.count(1, 25),
            970..996 => self.dice.count(1, 200),
            996..999 => self.dice.count(1_000, 9_999),
            _ => 10_000,
        })
    }

    fn line(&mut self, includes_tax: bool, mixed: bool) -> Line {
        let purse = self.purse.clone();
        let product = self.dice.count(1, 5);
        let collections = (1..=3).filter(|_| self.dice.percent(30)).map(id::<CollectionId>).collect();
        let tags = TAGS.iter().filter(|_| self.dice.percent(25)).map(|tag| (*tag).to_owned()).collect();
        Line {
            variant: id(product * 10 + self.dice.count(0, 1)),
            product: id(product),
            collections,
            tags,
            unit: if self.dice.percent(60) { *self.dice.pick(&purse) } else { self.unit() },
            unit_includes_tax: includes_tax != (mixed && self.dice.percent(50)),
            quantity: self.quantity(),
            tax_category: self.category(),
            grams: match self.dice.below(10) {
                0 => 0,
                1 => -5,
                2 => self.dice.between(1, 1_000_000_000),
                _ => self.dice.between(1, 3_000),
            },
            requires_shipping: self.dice.percent(80),
            discountable: self.dice.percent(88),
        }
    }

    fn category(&mut self) -> TaxCategory {
        let key = if self.dice.percent(50) { "standard" } else { *self.dice.pick(&CATEGORIES) };
        category(key)
    }

    fn country(&mut self) -> Country {
        country(self.dice.pick::<&str>(&["BE", "BE", "NL", "US"]))
    }

    fn countries(&mut self) -> BTreeSet<Country> {
        ["BE", "NL", "US"].into_iter().filter(|_| self.dice.percent(60)).map(country).collect()
    }

    fn groups(&mut self) -> BTreeSet<CustomerGroupId> {
        (1..=3).filter(|_| self.dice.percent(40)).map(id).collect()
    }

    fn rate(&mut self) -> Rate {
        match self.dice.below(10) {
            0 => Rate::ZERO,
            1..6 => Rate::percent(*self.dice.pick(&[4, 6, 10, 19, 20, 21, 23])),
            6 => Rate::from_ppm(107_500),
            7 => Rate::from_ppm(self.dice.between(1, 300_000)),
            8 => *self.dice.pick(&[Rate::percent(100), Rate::percent(25), Rate::percent(50)]),
            _ => Rate::from_ppm(self.dice.between(-10_000, 10_000_000)),
        }
    }

    /// A date around now, often now itself.
    fn date(&mut self) -> Timestamp {
        Timestamp::from_millis(NOW.millis() + *self.dice.pick(&[-5_000, -1, 0, 0, 1, 5_000]))
    }

    fn zone(&mut self) -> TaxZone {
        let mut rates = vec![];
        for _ in 0..self.few(0, 7) {
            rates.push(TaxRate {
                category: self.category(),
                name: (*self.dice.pick(&["VAT", "GST", "Levy"])).to_owned(),
                rate: self.rate(),
                from: self.dice.percent(30).then(|| self.date()),
                until: self.dice.percent(15).then(|| self.date()),
            });
        }
        TaxZone {
            id: id::<TaxZoneId>(1),
            name: "Zone".to_owned(),
            places: vec![],
            rates,
            shipping: match self.dice.below(10) {
                0..3 => ShippingTax::Category(self.category()),
                3 => ShippingTax::Untaxed,
                _ => ShippingTax::Weighted,
            },
        }
    }

    fn method(&mut self) -> ShippingMethod {
        let by = *self.dice.pick(&[Measure::Weight, Measure::Price, Measure::Quantity]);
        let typical = |generator: &mut Generator| match by {
            Measure::Weight => generator.dice.between(1, 20_000),
            Measure::Price => generator.amount(),
            Measure::Quantity => generator.dice.between(1, 30),
        };
        let first = if self.dice.percent(5) { typical(self) } else { 0 };
        let mut from: BTreeSet<i64> = [first].into();
        from.extend((0..self.dice.count(0, 3)).map(|_| typical(self)));
        let steps = from.into_iter().map(|from| Step { from, price: self.shipping_price() }).collect();
        ShippingMethod {
            id: (*self.dice.pick(&METHODS)).to_owned(),
            name: "Delivery".to_owned(),
            window: String::new(),
            countries: self.dice.percent(20).then(|| self.countries()),
            table: Table { by, steps, up_to: self.dice.percent(15).then(|| typical(self)) },
            free_from: self.dice.percent(30).then(|| self.amount()),
            pickup: self.dice.percent(10),
            tax_category: self.dice.percent(15).then(|| self.category()),
            active: self.dice.percent(97),
        }
    }

    fn shipping_price(&mut self) -> i64 {
        match self.dice.below(20) {
            0 => 0,
            1 => -1,
            2 => self.dice.between(1, 1_000_000),
            _ => self.dice.between(1, 2_000),
        }
    }

    fn pick(&mut self) -> Pick {
        *self.dice.pick(&[Pick::First, Pick::Best])
    }

    fn promotion(&mut self, index: u32, picks: [Pick; 2], grouped: u64) -> Promotion {
        // Ids in another order than the list, now and then one twice.
        let number = if self.dice.percent(2) { 50 } else { (index * 7 + 3) % 11 + 1 };
        let group = self.dice.percent(grouped).then(|| {
            let which = usize::from(self.dice.percent(30));
            let pick = if self.dice.percent(4) { self.pick() } else { picks[which] };
            Group { name: ["A", "B"][which].to_owned(), pick }
        });
        let mut codes = vec![];
        if self.dice.percent(20) {
            for _ in 0..self.dice.count(1, 2) {
                codes.push(self.code());
            }
            self.codes.extend(codes.iter().cloned());
        }
        Promotion {
            id: id::<PromotionId>(number),
            name: format!("P{index}"),
            active: self.dice.percent(95),
            from: self.dice.percent(12).then(|| self.date()),
            until: self.dice.percent(12).then(|| self.date()),
            priority: *self.dice.pick(&[0, 0, 0, 1, 2, -1]),
            exclusive: self.dice.percent(5),
            group,
            codes,
            conditions: (0..self.few(0, 3)).map(|_| self.condition()).collect(),
            action: self.action(),
            usage: Usage {
                left: self.dice.percent(10).then(|| self.dice.below(4)),
                left_for_shopper: self.dice.percent(10).then(|| self.dice.below(4)),
                budget_left: self
                    .dice
                    .percent(15)
                    .then(|| if self.dice.percent(5) { 0 } else { self.amount() }),
            },
        }
    }

    /// A code as somebody may type it.
    fn code(&mut self) -> String {
        let code = *self.dice.pick(&CODES);
        match self.dice.below(4) {
            0 => code.to_lowercase(),
            1 => format!(" {code}\t"),
            _ => code.to_owned(),
        }
    }

    fn given_codes(&mut self) -> Vec<String> {
        let mut given = vec![];
        let known = self.codes.clone();
        for code in known {
            if self.dice.percent(60) {
                given.push(if self.dice.percent(30) { code.trim().to_lowercase() } else { code });
            }
        }
        if self.dice.percent(20) {
            for _ in 0..self.dice.count(1, 3) {
                let odd = *self.dice.pick(&["NOPE", " nope", "", "  ", "straße", "x"]);
                given.push(odd.to_owned());
                given.push(self.code());
            }
        }
        given
    }

    fn selector(&mut self) -> Selector {
        let mut of = Selector::default();
        if self.dice.percent(40) {
            return of;
        }
        match self.dice.below(6) {
            0 => of.products = self.some(1, 5),
            1 => {
                of.variants =
                    (1..=5).filter(|_| self.dice.percent(40)).map(|number| id(number * 10)).collect()
            }
            2 => of.collections = self.some(1, 3),
            3 => of.tags = self.tags(),
            4 => {
                of.products = self.some(1, 5);
                of.collections = self.some(1, 3);
                of.tags = self.tags();
            }
            _ => {}
        }
        if self.dice.percent(30) {
            match self.dice.below(4) {
                0 => of.not_products = self.some(1, 5),
                1 => of.not_variants = [id(self.dice.count(1, 5) * 10 + 1)].into(),
                2 => of.not_collections = self.some(1, 3),
                _ => of.not_tags = self.tags(),
            }
        }
        of
    }

    fn some<T: From<Uuid> + Ord>(&mut self, from: u32, to: u32) -> BTreeSet<T> {
        (from..=to).filter(|_| self.dice.percent(45)).map(id).collect()
    }

    fn tags(&mut self) -> BTreeSet<String> {
        TAGS.iter().filter(|_| self.dice.percent(50)).map(|tag| (*tag).to_owned()).collect()
    }

    fn condition(&mut self) -> Condition {
        match self.dice.below(10) {
            0..3 => Condition::Has { of: self.selector(), at_least: self.few(1, 12) },
            3..7 => Condition::Subtotal { of: self.selector(), at_least: self.amount() },
            7 => Condition::Groups { any_of: self.groups() },
            8 => Condition::FirstOrder,
            _ => Condition::Countries { any_of: self.countries() },
        }
    }

    /// Above 0, at most 100 %.
    fn off(&mut self) -> Rate {
        match self.dice.below(10) {
            0..5 => Rate::percent(*self.dice.pick(&[5, 10, 15, 20, 25, 30])),
            5 => Rate::percent(50),
            6 => Rate::percent(100),
            7 => Rate::from_ppm(333_333),
            8 => Rate::from_ppm(self.dice.between(1, 100)),
            _ => Rate::from_ppm(self.dice.between(1, Rate::ONE)),
        }
    }

    fn most(&mut self) -> Option<u32> {
        self.dice.percent(35).then(|| self.few(1, 6))
    }

    fn action(&mut self) -> Action {
        match self.dice.below(20) {
            0..4 => Action::Percent { of: self.selector(), off: self.off() },
            4..6 => Action::Fixed { of: self.selector(), off: self.piece_amount(), per: Per::Piece },
            6..8 => Action::Fixed { of: self.selector(), off: self.amount(), per: Per::Order },
            8..10 => Action::FixedPrice {
                of: self.selector(),
                price: if self.dice.percent(10) { 0 } else { self.piece_amount() },
            },
            10..13 => {
                let buy_of = self.selector();
                let get_of = if self.dice.percent(40) { buy_of.clone() } else { self.selector() };
                Action::BuyGet {
                    buy: self.few(1, 6),
                    buy_of,
                    get: self.few(1, 4),
                    get_of,
                    off: self.off(),
                    most: self.most(),
                }
            }
            13..15 => {
                Action::CheapestFree { of: self.selector(), of_each: self.few(2, 6), most: self.most() }
            }
            15 => Action::OrderPercent { off: self.off() },
            16 => Action::OrderFixed { off: self.amount() },
            17 => {
                let mut offered = self.gifts.clone();
                if offered.is_empty() || self.dice.percent(15) {
                    offered = (1..=5).map(|product| id(product * 10)).collect();
                }
                Action::FreeGift { variant: *self.dice.pick(&offered), quantity: self.quantity() }
            }
            _ => Action::FreeShipping {
                methods: self.dice.percent(40).then(|| {
                    METHODS.iter().filter(|_| self.dice.percent(60)).map(|name| (*name).to_owned()).collect()
                }),
                most: self.dice.percent(40).then(|| self.dice.between(1, 1_500)),
            },
        }
    }
}
