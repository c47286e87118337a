//! A cart between two promotions: what is left of each line, and what shipping would cost now.

use num_rational::BigRational;
use pricing::{How, Line, Measure, NoDelivery, Promotion, Request, ShippingMethod};
use primitives::{Money, MoneyError, Rate};

use crate::exact::{fraction, round, whole};
use crate::prices::rate_of;

/// The lines of the request and the gifts so far, with what promotions took off.
#[derive(Clone)]
pub struct Cart<'a> {
    pub request: &'a Request<'a>,
    pub goods: Vec<Goods<'a>>,
    /// What was taken off shipping.
    pub off_shipping: Vec<Taken<'a>>,
}

/// One line.
#[derive(Clone)]
pub struct Goods<'a> {
    pub line: &'a Line,
    pub pieces: i128,
    pub gift: bool,
    /// Before promotions, in the cart's mode.
    pub amount: i128,
    /// The rate of its goods here and now, also for exempt shoppers.
    pub rate: Rate,
    pub rate_name: &'a str,
    pub taken: Vec<Taken<'a>>,
}

/// What one promotion took off.
#[derive(Clone)]
pub struct Taken<'a> {
    pub by: &'a Promotion,
    pub amount: i128,
    pub how: How,
}

/// What the chosen way of shipping says to a cart.
pub enum Offer<'a> {
    /// Nothing to ship, or no way chosen.
    Nothing,
    /// It cannot be had.
    Refused(NoDelivery),
    /// Its price before shipping promotions.
    Price(&'a ShippingMethod, i128),
}

impl<'a> Cart<'a> {
    pub fn new(request: &'a Request<'a>) -> Result<Cart<'a>, MoneyError> {
        if let Some(line) = request.lines.iter().chain(&request.gifts).find(|line| line.unit < 0) {
            return Err(MoneyError::Malformed(line.unit.to_string()));
        }
        let mut cart = Cart { request, goods: vec![], off_shipping: vec![] };
        for line in &request.lines {
            let goods = cart.priced(line, i128::from(line.quantity.get()), false)?;
            cart.goods.push(goods);
        }
        Ok(cart)
    }

    /// A line at its full amount.
    pub fn priced(&self, line: &'a Line, pieces: i128, gift: bool) -> Result<Goods<'a>, MoneyError> {
        let (rate, rate_name) = rate_of(self.request.zone, &line.tax_category, self.request.at);
        let amount = in_mode(self.request, line, pieces, rate);
        minor(amount)?;
        Ok(Goods { line, pieces, gift, amount, rate, rate_name, taken: vec![] })
    }

    /// An amount that answers can hold.
    pub fn money(&self, amount: i128) -> Result<Money, MoneyError> {
        Ok(Money { minor: minor(amount)?, currency: self.request.currency })
    }

    /// Whether anything has to be sent.
    pub fn requires_shipping(&self) -> bool {
        self.goods.iter().any(|goods| goods.line.requires_shipping)
    }

    /// What shipping costs as the cart stands, before shipping promotions.
    pub fn offer(&self) -> Result<Offer<'a>, MoneyError> {
        let Some(method) = self.request.shipping.filter(|_| self.requires_shipping()) else {
            return Ok(Offer::Nothing);
        };
        let country = self.request.destination.country;
        if !method.active {
            return Ok(Offer::Refused(NoDelivery::Off));
        }
        if method.countries.as_ref().is_some_and(|countries| !countries.contains(&country)) {
            return Ok(Offer::Refused(NoDelivery::OtherCountry(country)));
        }
        let sent = || self.goods.iter().filter(|goods| goods.line.requires_shipping);
        let grams: i128 = sent().map(|goods| i128::from(goods.line.grams.max(0)) * goods.pieces).sum();
        let value: i128 = sent().map(Goods::left).sum();
        let pieces: i128 = sent().map(|goods| goods.pieces).sum();
        let all: i128 = self.goods.iter().map(Goods::left).sum();
        minor(grams)?;
        minor(all)?;
        let table = &method.table;
        let measure = match table.by {
            Measure::Weight => grams,
            Measure::Price => value,
            Measure::Quantity => pieces,
        };
        if let Some(most) = table.up_to.filter(|most| i128::from(*most) < measure) {
            return Ok(Offer::Refused(NoDelivery::TooMuch { by: table.by, most }));
        }
        let Some(step) = table.steps.iter().rfind(|step| i128::from(step.from) <= measure) else {
            return Ok(Offer::Refused(NoDelivery::NoPrice));
        };
        let free = method.free_from.is_some_and(|from| i128::from(from) <= all);
        Ok(Offer::Price(method, if free { 0 } else { i128::from(step.price.max(0)) }))
    }
}

impl Goods<'_> {
    /// What promotions left so far, in the cart's mode.
    pub fn left(&self) -> i128 {
        self.amount - total(&self.taken)
    }

    /// What is left, piece by piece, the dearer ones last.
    pub fn each_piece(&self) -> Vec<i128> {
        let (floor, over) = (self.left() / self.pieces, self.left() % self.pieces);
        (0..self.pieces).map(|piece| if piece < self.pieces - over { floor } else { floor + 1 }).collect()
    }
}

/// All that was taken.
pub fn total(taken: &[Taken<'_>]) -> i128 {
    taken.iter().map(|taken| taken.amount).sum()
}

/// So many pieces of a line in the cart's mode, rounded once.
pub fn in_mode(request: &Request<'_>, line: &Line, pieces: i128, rate: Rate) -> i128 {
    let exact = whole(i128::from(line.unit)) * whole(pieces);
    round(&match (line.unit_includes_tax, request.includes_tax) {
        (false, true) => exact * with_tax(rate),
        (true, false) => exact / with_tax(rate),
        (true, true) | (false, false) => exact,
    })
}

/// What a net amount is multiplied by to have its tax in it.
pub fn with_tax(rate: Rate) -> BigRational {
    whole(1) + fraction(rate)
}

/// An amount as answers hold it.
pub fn minor(amount: i128) -> Result<i64, MoneyError> {
    i64::try_from(amount).map_err(|_| MoneyError::Overflow)
}
