//! What an edited order costs: pure, exact, in minor units.
//!
//! Lines keep the unit price, the rate and the discounts that they were placed with. Of fewer pieces a line has so much less
//! of each discount, spread over its pieces by largest remainder (MONEY rules 4 and 6); more pieces cost the unit price and
//! do not make a discount larger. Tax is computed anew on what is left of a line that changed (rules 2 and 3), with the
//! shop's rounding; where that is by rate, on all lines of the rate. The delivery keeps its price and its tax unless it is
//! given another one.

use pricing::{Left, Rounding, tax_of};
use primitives::tax::{TaxedLine, on_gross, on_net};
use primitives::{Currency, Money, MoneyError, PromotionId, Quantity, Rate, distribute, round_half_away};
use uuid::Uuid;

use crate::view::{DiscountView, TaxShare};

/// What customers call what staff takes off by hand.
const BY_HAND: &str = "Discount";

/// The discount that staff gives is of no promotion.
pub(super) fn by_hand() -> PromotionId {
    PromotionId::from_uuid(Uuid::nil())
}

/// A line while an order is edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Work {
    /// Zero takes it away.
    pub quantity: i64,
    /// All its pieces before discounts, in the order's mode.
    pub full: i64,
    /// What is taken off, each at least 1.
    pub discounts: Vec<DiscountView>,
    pub rate: Rate,
    /// What the tax is called; unknown for a line that was placed, where the first of its rate counts.
    pub rate_name: Option<String>,
    pub taxed: TaxedLine,
    /// What an exempt customer saves of it.
    pub relief: i64,
    /// Whether it has to be taxed anew.
    pub changed: bool,
}

impl Work {
    /// What is taken off.
    pub fn discount(&self) -> Result<i64, MoneyError> {
        sum(self.discounts.iter().map(|one| one.amount.minor))
    }

    /// What is left of it, in the order's mode.
    pub fn left(&self) -> Result<i64, MoneyError> {
        self.full.checked_sub(self.discount()?).ok_or(MoneyError::Overflow)
    }

    /// Gives it so many pieces; `unit` is the price of one in the order's mode.
    pub fn resize(&mut self, quantity: i64, unit: i64) -> Result<(), MoneyError> {
        let before = self.quantity;
        if quantity == before || before < 1 {
            return Ok(());
        }
        // The price of a list that writes its prices in the other mode is not a multiple of the unit as it is shown.
        let whole = unit.checked_mul(before).ok_or(MoneyError::Overflow)?;
        self.full = match whole == self.full {
            true => unit.checked_mul(quantity).ok_or(MoneyError::Overflow)?,
            false => round_half_away(i128::from(self.full) * i128::from(quantity), i128::from(before))?,
        };
        if quantity < before {
            for one in &mut self.discounts {
                one.amount.minor = of_first(one.amount.minor, quantity, before);
                one.words.clone_from(&one.name);
            }
            self.discounts.retain(|one| 0 < one.amount.minor);
            // Rounding of the whole line may leave one unit less than is taken off.
            let mut over = self.discount()?.saturating_sub(self.full).max(0);
            for one in self.discounts.iter_mut().rev() {
                let less = over.min(one.amount.minor);
                one.amount.minor -= less;
                over -= less;
            }
            self.discounts.retain(|one| 0 < one.amount.minor);
        }
        self.quantity = quantity;
        self.changed = true;
        Ok(())
    }

    /// What staff has taken off by hand.
    pub fn given(&self) -> i64 {
        self.discounts.iter().filter(|one| one.promotion == by_hand()).map(|one| one.amount.minor).sum()
    }

    /// The most that staff may take off by hand.
    pub fn givable(&self) -> Result<i64, MoneyError> {
        self.left()?.checked_add(self.given()).ok_or(MoneyError::Overflow)
    }

    /// Takes so much off by hand, instead of what was before.
    pub fn give(&mut self, amount: i64, currency: Currency) {
        if self.given() == amount {
            return;
        }
        self.discounts.retain(|one| one.promotion != by_hand());
        if 0 < amount {
            self.discounts.push(DiscountView {
                promotion: by_hand(),
                name: BY_HAND.to_owned(),
                amount: Money::new(amount, currency),
                words: BY_HAND.to_owned(),
                delivery: false,
            });
        }
        self.changed = true;
    }
}

/// The delivery, by rate: what it costs in the order's mode, its tax, and what an exempt customer saves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Delivery {
    pub amount: i64,
    pub parts: Vec<Part>,
    pub relief: i64,
}

/// A part of the delivery at one rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub rate: Rate,
    /// What the tax is called, as [`Work::rate_name`].
    pub name: Option<String>,
    pub taxed: TaxedLine,
}

/// A rate, what its tax is called, and what of an amount it is for.
pub(super) type Rated = (Rate, Option<String>, i64);

/// How an order writes and rounds its amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mode {
    pub includes_tax: bool,
    pub exempt: bool,
    pub rounding: Rounding,
}

/// The first `pieces` of `of` pieces' share of an amount: the first ones have one minor unit more.
fn of_first(whole: i64, pieces: i64, of: i64) -> i64 {
    whole / of * pieces + (whole % of).min(pieces)
}

pub(super) fn sum(amounts: impl IntoIterator<Item = i64>) -> Result<i64, MoneyError> {
    amounts.into_iter().try_fold(0_i64, |sum, amount| sum.checked_add(amount)).ok_or(MoneyError::Overflow)
}

/// An amount of which `part` of `whole` is left, rounded half away from zero.
fn prorated(amount: i64, part: i64, whole: i64) -> Result<i64, MoneyError> {
    match whole {
        0 => Ok(0),
        _ => round_half_away(i128::from(amount) * i128::from(part), i128::from(whole)),
    }
}

impl Mode {
    fn on(self, amount: i64, rate: Rate) -> Result<TaxedLine, MoneyError> {
        if self.includes_tax { on_gross(amount, rate) } else { on_net(amount, rate) }
    }

    /// An amount of which `relief` is not asked for.
    fn spared(amount: i64, relief: i64) -> TaxedLine {
        let net = amount - relief;
        TaxedLine { net, tax: 0, gross: net }
    }

    /// Taxes the lines that changed. `before` is what was left of each line that was placed.
    pub fn tax(self, works: &mut [Work], before: &[i64]) -> Result<(), MoneyError> {
        let together = self.rounding == Rounding::Order && !self.exempt;
        let again: Vec<usize> = (0..works.len())
            .filter(|at| {
                let work = &works[*at];
                let beside = || works.iter().any(|other| other.changed && other.rate == work.rate);
                0 < work.quantity && (work.changed || together && beside())
            })
            .collect();
        if self.exempt {
            for at in again {
                let left = works[at].left()?;
                let work = &mut works[at];
                if let Some(before) = before.get(at) {
                    work.relief = prorated(work.relief, left, *before)?.clamp(0, left);
                }
                work.taxed = Self::spared(left, work.relief);
            }
            return Ok(());
        }
        let left = |at: &usize| -> Result<Left, MoneyError> {
            let work = &works[*at];
            let quantity = Quantity::new(work.quantity).map_err(|_| MoneyError::Overflow)?;
            Ok(Left { amount: work.left()?, quantity, rate: work.rate })
        };
        let lefts = again.iter().map(left).collect::<Result<Vec<_>, _>>()?;
        let taxed = tax_of(self.includes_tax, self.rounding, &lefts)?;
        for (at, taxed) in again.into_iter().zip(taxed) {
            works[at].taxed = taxed;
        }
        Ok(())
    }

    /// The delivery of an order, from what its lines leave of its tax.
    pub fn delivery(
        self,
        works: &[Work],
        taxes: &[TaxShare],
        amount: i64,
        relief: i64,
    ) -> Result<Delivery, MoneyError> {
        let mut parts: Vec<Part> = Vec::new();
        for share in taxes {
            let (net, tax) = (share.net.minor, share.tax.minor);
            match parts.iter_mut().find(|part| part.rate == share.rate) {
                Some(part) => {
                    part.taxed = part.taxed.checked_add(TaxedLine { net, tax, gross: net + tax })?
                }
                None => {
                    let taxed = TaxedLine { net, tax, gross: net + tax };
                    parts.push(Part { rate: share.rate, name: None, taxed });
                }
            }
        }
        for part in &mut parts {
            for work in works.iter().filter(|work| work.rate == part.rate) {
                part.taxed.net -= work.taxed.net;
                part.taxed.tax -= work.taxed.tax;
                part.taxed.gross -= work.taxed.gross;
            }
        }
        Ok(Delivery { amount, parts, relief })
    }

    /// The delivery at another price. `today` is how the shop would tax it now: what counts when it cost nothing.
    pub fn redeliver(
        self,
        delivery: &Delivery,
        amount: i64,
        today: &[Rated],
    ) -> Result<Delivery, MoneyError> {
        if self.exempt {
            let relief = match delivery.amount {
                0 if self.includes_tax => {
                    let highest = today.iter().max_by_key(|(_, _, weight)| *weight);
                    amount - on_gross(amount, highest.map_or(Rate::ZERO, |(rate, ..)| *rate))?.net
                }
                whole => prorated(delivery.relief, amount, whole)?,
            };
            return Ok(Delivery { amount, parts: Vec::new(), relief });
        }
        let in_mode = |part: &Part| if self.includes_tax { part.taxed.gross } else { part.taxed.net };
        let weighed = |part: &Part| (part.rate, part.name.clone(), in_mode(part).max(0));
        let mut rates: Vec<Rated> = delivery.parts.iter().map(weighed).collect();
        let untaxed = delivery.amount - sum(rates.iter().map(|(_, _, weight)| *weight))?;
        rates.push((Rate::ZERO, None, untaxed.max(0)));
        if rates.iter().all(|(_, _, weight)| *weight == 0) {
            rates = today.to_vec();
        }
        let weights: Vec<i64> = rates.iter().map(|(_, _, weight)| *weight).collect();
        let mut parts = Vec::with_capacity(rates.len());
        for ((rate, name, _), amount) in rates.into_iter().zip(distribute(amount, &weights)) {
            parts.push(Part { rate, name, taxed: self.on(amount, rate)? });
        }
        parts.retain(|part| part.rate != Rate::ZERO);
        Ok(Delivery { amount, parts, relief: 0 })
    }
}

/// The tax by name and rate, from what it was and what has changed.
pub(super) fn shares(
    before: &[TaxShare],
    (old, new): (&[Work], &[Work]),
    (was, is): (&Delivery, &Delivery),
    currency: Currency,
) -> Result<Vec<TaxShare>, MoneyError> {
    let mut shares = before.to_vec();
    let mut add = |rate: Rate, name: Option<&str>, net: i64, tax: i64| -> Result<(), MoneyError> {
        let same = |share: &&mut TaxShare| share.rate == rate && name.is_none_or(|name| share.name == name);
        let share = match shares.iter_mut().find(same) {
            Some(share) => share,
            None => {
                let zero = Money::new(0, currency);
                let name = name.unwrap_or("Tax").to_owned();
                shares.push(TaxShare { name, rate, net: zero, tax: zero });
                let Some(last) = shares.last_mut() else { return Ok(()) };
                last
            }
        };
        share.net.minor = share.net.minor.checked_add(net).ok_or(MoneyError::Overflow)?;
        share.tax.minor = share.tax.minor.checked_add(tax).ok_or(MoneyError::Overflow)?;
        Ok(())
    };
    for work in old.iter().filter(|work| work.rate != Rate::ZERO) {
        add(work.rate, None, -work.taxed.net, -work.taxed.tax)?;
    }
    for work in new.iter().filter(|work| work.rate != Rate::ZERO && 0 < work.quantity) {
        add(work.rate, work.rate_name.as_deref(), work.taxed.net, work.taxed.tax)?;
    }
    for (delivery, sign) in [(was, -1), (is, 1)] {
        for part in delivery.parts.iter().filter(|part| part.taxed.gross != 0) {
            add(part.rate, part.name.as_deref(), sign * part.taxed.net, sign * part.taxed.tax)?;
        }
    }
    let held = |rate: Rate| new.iter().any(|work| work.rate == rate && 0 < work.quantity);
    shares.retain(|share| (share.net.minor, share.tax.minor) != (0, 0) || held(share.rate));
    shares.sort_by(|one, other| other.rate.cmp(&one.rate).then_with(|| one.name.cmp(&other.name)));
    Ok(shares)
}

/// What was taken off the whole order by promotion, from what it was and what has changed. A delivery that is given another
/// price keeps no discount.
pub(super) fn discounts(
    before: &[DiscountView],
    (old, new): (&[Work], &[Work]),
    redelivered: bool,
) -> Result<Vec<DiscountView>, MoneyError> {
    let of = |works: &[Work], promotion: PromotionId| {
        let all = works.iter().filter(|work| 0 < work.quantity).flat_map(|work| &work.discounts);
        sum(all.filter(|one| one.promotion == promotion).map(|one| one.amount.minor))
    };
    let mut all = Vec::new();
    for one in before {
        // Of one that is for goods and delivery, what the lines do not have is off the delivery.
        let delivery = match one.delivery {
            true => one.amount.minor,
            false => one.amount.minor.saturating_sub(of(old, one.promotion)?).max(0),
        };
        let delivery = if redelivered { 0 } else { delivery };
        let goods = if one.delivery { 0 } else { of(new, one.promotion)? };
        let amount = goods.checked_add(delivery).ok_or(MoneyError::Overflow)?;
        let same = amount == one.amount.minor;
        if 0 < amount {
            let words = if same { one.words.clone() } else { one.name.clone() };
            let amount = Money::new(amount, one.amount.currency);
            all.push(DiscountView { amount, words, ..one.clone() });
        }
    }
    let given = of(new, by_hand())?;
    let known = |one: &DiscountView| one.promotion == by_hand();
    if 0 < given && !all.iter().any(known) {
        let found = new.iter().flat_map(|work| &work.discounts).find(|one| known(one));
        all.extend(
            found.map(|one| DiscountView { amount: Money::new(given, one.amount.currency), ..one.clone() }),
        );
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TWENTY: Rate = Rate::percent(20);

    fn discount(promotion: u128, amount: i64) -> DiscountView {
        DiscountView {
            promotion: PromotionId::from_uuid(Uuid::from_u128(promotion)),
            name: "Summer".into(),
            amount: Money::new(amount, Currency::EUR),
            words: "10 % off".into(),
            delivery: false,
        }
    }

    fn work(mode: Mode, quantity: i64, unit: i64, off: i64, rate: Rate) -> Work {
        let discounts = if off == 0 { Vec::new() } else { vec![discount(1, off)] };
        let full = unit * quantity;
        let taxed = tax_of(
            mode.includes_tax,
            Rounding::Line,
            &[Left { amount: full - off, quantity: Quantity::new(quantity).unwrap(), rate }],
        )
        .unwrap()[0];
        Work { quantity, full, discounts, rate, rate_name: None, taxed, relief: 0, changed: false }
    }

    fn mode(includes_tax: bool, rounding: Rounding) -> Mode {
        Mode { includes_tax, exempt: false, rounding }
    }

    fn retaxed(mode: Mode, work: &Work) -> Work {
        let mut works = [work.clone()];
        let before = [work.left().unwrap()];
        mode.tax(&mut works, &before).unwrap();
        works[0].clone()
    }

    #[test]
    fn fewer_pieces_cost_what_they_would_have_cost() {
        let ex = mode(false, Rounding::Line);
        let mut line = work(ex, 3, 123, 0, TWENTY);
        assert_eq!((line.taxed.net, line.taxed.gross), (369, 443));
        line.resize(2, 123).unwrap();
        let line = retaxed(ex, &line);
        // Two at once, not two of three.
        assert_eq!((line.taxed.net, line.taxed.tax, line.taxed.gross), (246, 49, 295));
    }

    #[test]
    fn a_discount_goes_with_its_pieces_and_does_not_grow() {
        let inc = mode(true, Rounding::Line);
        let mut line = work(inc, 3, 1_000, 100, TWENTY);
        line.resize(2, 1_000).unwrap();
        assert_eq!((line.discount().unwrap(), line.left().unwrap()), (67, 1_933));
        line.resize(4, 1_000).unwrap();
        assert_eq!((line.discount().unwrap(), line.left().unwrap()), (67, 3_933));
        line.resize(0, 1_000).unwrap();
        assert_eq!((line.discount().unwrap(), line.left().unwrap()), (0, 0));
    }

    #[test]
    fn what_staff_takes_off_replaces_what_it_took_off() {
        let mut line = work(mode(true, Rounding::Line), 2, 1_000, 100, TWENTY);
        assert_eq!(line.givable(), Ok(1_900));
        line.give(400, Currency::EUR);
        line.give(300, Currency::EUR);
        assert_eq!((line.given(), line.left().unwrap(), line.givable().unwrap()), (300, 1_600, 1_900));
        line.give(0, Currency::EUR);
        assert_eq!((line.given(), line.left().unwrap()), (0, 1_900));
    }

    #[test]
    fn an_exempt_customer_saves_as_much_of_less() {
        let exempt = Mode { includes_tax: true, exempt: true, rounding: Rounding::Line };
        let mut line = work(exempt, 2, 1_200, 0, Rate::ZERO);
        line.relief = 400;
        line.taxed = Mode::spared(2_400, 400);
        line.resize(1, 1_200).unwrap();
        let mut works = [line];
        exempt.tax(&mut works, &[2_400]).unwrap();
        assert_eq!((works[0].taxed.net, works[0].relief), (1_000, 200));
    }

    #[test]
    fn a_delivery_is_split_as_it_was() {
        let ex = mode(false, Rounding::Line);
        let (high, low) = (Rate::percent(23), Rate::percent(3));
        let works = [work(ex, 4, 1_000, 0, high), work(ex, 1, 3_000, 0, low)];
        let money = |minor| Money::new(minor, Currency::EUR);
        let taxes = [
            TaxShare { name: "VAT".into(), rate: high, net: money(5_000), tax: money(1_150) },
            TaxShare { name: "VAT".into(), rate: low, net: money(3_000), tax: money(90) },
        ];
        let was = ex.delivery(&works, &taxes, 1_000, 0).unwrap();
        let parts: Vec<_> = was.parts.iter().map(|part| (part.taxed.net, part.taxed.tax)).collect();
        assert_eq!(parts, [(1_000, 230), (0, 0)]);
        let is = ex.redeliver(&was, 500, &[]).unwrap();
        assert_eq!(sum(is.parts.iter().map(|part| part.taxed.tax)), Ok(115));
        let shares = shares(&taxes, (&works, &works), (&was, &is), Currency::EUR).unwrap();
        assert_eq!((shares[0].net.minor, shares[0].tax.minor, shares[1].net.minor), (4_500, 1_035, 3_000));
        // Free before: taxed as the shop does today.
        let free = ex.delivery(&works, &[], 0, 0).unwrap();
        let is = ex.redeliver(&free, 100, &[(high, None, 1)]).unwrap();
        assert_eq!(is.parts[0].taxed, TaxedLine { net: 100, tax: 23, gross: 123 });
    }

    proptest! {
        #[test]
        fn the_tax_summary_is_the_tax(
            lines in prop::collection::vec((1_i64..9, 0_i64..5_000, 0_i64..100, 0_usize..3, 0_i64..12, 0_i64..500), 1..8),
            includes_tax: bool,
            rounding in prop::sample::select(vec![Rounding::Line, Rounding::Unit, Rounding::Order]),
            shipping in 0_i64..900,
            next in prop::option::of(0_i64..900),
        ) {
            let rates = [Rate::ZERO, Rate::percent(7), TWENTY];
            let mode = mode(includes_tax, rounding);
            let mut old: Vec<Work> = lines
                .iter()
                .map(|(quantity, unit, off, rate, ..)| {
                    work(mode, *quantity, *unit, (*off).min(unit * quantity), rates[*rate])
                })
                .collect();
            old.iter_mut().for_each(|work| work.changed = true);
            let before: Vec<i64> = old.iter().map(|work| work.left().unwrap()).collect();
            mode.tax(&mut old, &before).unwrap();
            old.iter_mut().for_each(|work| work.changed = false);
            let money = |minor| Money::new(minor, Currency::EUR);
            let part = mode.on(shipping, TWENTY).unwrap();
            let share = |rate: Rate| {
                let of = |of: fn(&Work) -> i64| old.iter().filter(|w| w.rate == rate).map(of).sum::<i64>();
                let (net, tax) = (of(|w| w.taxed.net), of(|w| w.taxed.tax));
                let (more, more_tax) = if rate == TWENTY { (part.net, part.tax) } else { (0, 0) };
                TaxShare { name: "VAT".into(), rate, net: money(net + more), tax: money(tax + more_tax) }
            };
            let taxes: Vec<TaxShare> = vec![share(TWENTY), share(rates[1])];
            let mut new = old.clone();
            for (work, (_, unit, _, _, quantity, given)) in new.iter_mut().zip(&lines) {
                work.resize(*quantity, *unit).unwrap();
                prop_assert!(0 <= work.left().unwrap());
                if 0 < *quantity {
                    work.give((*given).min(work.givable().unwrap()), Currency::EUR);
                }
                prop_assert!(0 <= work.left().unwrap());
            }
            mode.tax(&mut new, &before).unwrap();
            let was = mode.delivery(&old, &taxes, shipping, 0).unwrap();
            let is = match next {
                Some(amount) => mode.redeliver(&was, amount, &[(TWENTY, None, 1)]).unwrap(),
                None => was.clone(),
            };
            let shares = shares(&taxes, (&old, &new), (&was, &is), Currency::EUR).unwrap();
            let kept = || new.iter().filter(|work| 0 < work.quantity);
            let of_lines: i64 = kept().map(|work| work.taxed.tax).sum();
            let of_delivery: i64 = is.parts.iter().map(|part| part.taxed.tax).sum();
            prop_assert_eq!(shares.iter().map(|share| share.tax.minor).sum::<i64>(), of_lines + of_delivery);
            prop_assert!(shares.iter().all(|share| 0 <= share.net.minor && 0 <= share.tax.minor));
            for work in kept() {
                let in_mode = if includes_tax { work.taxed.gross } else { work.taxed.net };
                prop_assert_eq!(in_mode, work.left().unwrap());
                prop_assert_eq!(work.taxed.net + work.taxed.tax, work.taxed.gross);
            }
        }
    }
}
