//! Random questions to price lists, to tax zones and to the history of a price.

use std::collections::BTreeSet;

use pricing::{BasePrice, Destination, ListPrice, Place, PriceList, PriceQuestion, TaxZone};
use primitives::{Currency, CustomerGroupId, PriceListId, Timestamp, VariantId};

use super::{Generator, NOW, id};

/// A price that is looked for, with all that [`PriceQuestion`] borrows.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The price of the variant itself.
    pub base: Option<BasePrice>,
    /// The lists.
    pub lists: Vec<PriceList>,
    /// Their prices, of this variant and another.
    pub prices: Vec<ListPrice>,
    groups: BTreeSet<CustomerGroupId>,
    question: PriceQuestion<'static>,
}

impl Wanted {
    /// The question.
    #[must_use]
    pub fn question(&self) -> PriceQuestion<'_> {
        PriceQuestion { groups: &self.groups, ..self.question }
    }
}

static NOBODY: BTreeSet<CustomerGroupId> = BTreeSet::new();

/// The question of a seed to price lists.
#[must_use]
pub fn price(seed: u64) -> Wanted {
    let mut generator = Generator::new(seed);
    let currencies = [Currency::EUR, Currency::EUR, Currency::EUR, Currency::USD];
    let lists: Vec<PriceList> = (0..generator.dice.count(0, 6))
        .map(|number| PriceList {
            id: id::<PriceListId>((number * 5 + 2) % 7),
            name: format!("L{number}"),
            currency: *generator.dice.pick(&currencies),
            includes_tax: generator.dice.percent(50),
            groups: generator.dice.percent(30).then(|| generator.groups()),
            countries: generator.dice.percent(30).then(|| generator.countries()),
            from: generator.dice.percent(50).then(|| generator.date()),
            until: generator.dice.percent(25).then(|| generator.date()),
            priority: *generator.dice.pick(&[0, 0, 1, -1]),
            active: generator.dice.percent(90),
        })
        .collect();
    let mut prices = vec![];
    for _ in 0..generator.dice.count(0, 14) {
        let price = generator.dice.between(0, 1_000);
        prices.push(ListPrice {
            variant: id::<VariantId>(generator.few(1, 2)),
            // The last number is of no list.
            list: id::<PriceListId>(generator.dice.count(0, 7)),
            min_quantity: *generator.dice.pick(&[1, 1, 2, 5, 10, 100]),
            price,
            compare_at: generator.dice.percent(50).then(|| price + generator.dice.between(-2, 2)),
        });
    }
    let base = generator.dice.percent(80).then(|| {
        let price = generator.dice.between(0, 1_000);
        BasePrice {
            price,
            compare_at: generator.dice.percent(50).then(|| price + generator.dice.between(-2, 2)),
            includes_tax: generator.dice.percent(50),
        }
    });
    let question = PriceQuestion {
        variant: id(1),
        quantity: generator.quantity(),
        currency: Currency::EUR,
        country: generator.country(),
        groups: &NOBODY,
        at: NOW,
    };
    Wanted { base, lists, prices, groups: generator.groups(), question }
}

/// Tax zones of a seed, and a place to be looked for in them.
#[must_use]
pub fn places(seed: u64) -> (Vec<TaxZone>, Destination) {
    let mut generator = Generator::new(seed);
    let zones = (0..generator.dice.count(0, 5))
        .map(|number| TaxZone {
            id: id(number + 1),
            places: (0..generator.few(0, 3)).map(|_| generator.place()).collect(),
            ..generator.zone()
        })
        .collect();
    let destination = Destination {
        country: generator.country(),
        region: generator.word(&["Antwerpen", " antwerpen ", "CA", "", " "]),
        postal_code: generator.word(&["2000", "20 00", "B-2000", "sw1a 1aa", "SW1", "--", "é20"]),
    };
    (zones, destination)
}

/// A history of prices, and the moment at which a reduction began.
#[must_use]
pub fn history(seed: u64) -> (Vec<(Timestamp, i64)>, Timestamp) {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    let mut generator = Generator::new(seed);
    let mut moment = || {
        let days = generator.dice.between(-40, 5) * DAY;
        let odd = *generator.dice.pick(&[0, 0, 0, 1, -1]);
        (Timestamp::from_millis(NOW.millis() + days + odd), generator.dice.between(1, 50))
    };
    let mut history: Vec<(Timestamp, i64)> = (0..8).map(|_| moment()).collect();
    // Changes of one moment, and moments at the edges of the window.
    history.push((history[0].0, 7));
    history.push((Timestamp::from_millis(NOW.millis() - 30 * DAY), 30));
    history.truncate(usize::try_from(seed % 11).unwrap_or(0));
    if seed.is_multiple_of(2) {
        history.reverse();
    }
    (history, NOW)
}

impl Generator {
    fn place(&mut self) -> Place {
        Place {
            country: self.country(),
            region: self.word(&["Antwerpen", "ANTWERPEN ", "ca", "", " "]),
            postal: self.word(&["2", "20", "2 0", "b-20", "SW1", "sw 1a", "-", "É2", "2000"]),
        }
    }

    fn word(&mut self, of: &[&str]) -> Option<String> {
        self.dice.percent(60).then(|| (*self.dice.pick(of)).to_owned())
    }
}
