//! Whether a promotion applies to a cart as it stands, and what it takes off then.

use pricing::{Action, Condition, How, Line, Per, Promotion, Reason, Selector, Stage};
use primitives::{MoneyError, Quantity, Rate, Timestamp};

use crate::cart::{Cart, Goods, Offer, Taken, total};
use crate::exact::{discount, spread};

/// The cart with the promotion applied and what it took off, or why not.
pub type Attempt<'a> = Result<(Cart<'a>, i128), Reason>;

/// Why a promotion does not run at a moment.
pub fn idle(promotion: &Promotion, at: Timestamp) -> Option<Reason> {
    if !promotion.active {
        return Some(Reason::Off);
    }
    if let Some(from) = promotion.from.filter(|from| at < *from) {
        return Some(Reason::NotYet { from });
    }
    promotion.until.filter(|until| *until <= at).map(|at| Reason::Expired { at })
}

/// Tries a promotion that runs on a copy of the cart.
pub fn attempt<'a>(cart: &Cart<'a>, promotion: &'a Promotion) -> Result<Attempt<'a>, MoneyError> {
    let given: Vec<String> = cart.request.codes.iter().map(|code| capitals(code)).collect();
    let fits = |code: &String| !capitals(code).is_empty() && given.contains(&capitals(code));
    if !promotion.codes.is_empty() && !promotion.codes.iter().any(fits) {
        return Ok(Err(Reason::NeedsCode));
    }
    if promotion.usage.left == Some(0) {
        return Ok(Err(Reason::UsedUp));
    }
    if promotion.usage.left_for_shopper == Some(0) {
        return Ok(Err(Reason::UsedUpByShopper));
    }
    for condition in &promotion.conditions {
        if let Some(reason) = failing(cart, condition)? {
            return Ok(Err(reason));
        }
    }
    let mut after = cart.clone();
    if let Err(reason) = act(&mut after, promotion)? {
        return Ok(Err(reason));
    }
    let amount = taken_off(&after) - taken_off(cart);
    let gift = matches!(promotion.action, Action::FreeGift { .. });
    if amount == 0 && !gift {
        return Ok(Err(Reason::NothingToTakeOff));
    }
    if promotion.usage.budget_left.is_some_and(|budget| i128::from(budget) < amount) {
        return Ok(Err(Reason::BudgetUsedUp));
    }
    Ok(Ok((after, amount)))
}

/// When an action works.
pub fn stage(action: &Action) -> Stage {
    match action {
        Action::OrderPercent { .. } | Action::OrderFixed { .. } => Stage::Order,
        Action::FreeShipping { .. } => Stage::Shipping,
        Action::Percent { .. }
        | Action::Fixed { .. }
        | Action::FixedPrice { .. }
        | Action::BuyGet { .. }
        | Action::CheapestFree { .. }
        | Action::FreeGift { .. } => Stage::Item,
    }
}

/// A code as it is compared.
pub fn capitals(code: &str) -> String {
    code.trim().to_uppercase()
}

fn taken_off(cart: &Cart<'_>) -> i128 {
    cart.goods.iter().map(|goods| total(&goods.taken)).sum::<i128>() + total(&cart.off_shipping)
}

/// Why a condition does not hold.
fn failing(cart: &Cart<'_>, condition: &Condition) -> Result<Option<Reason>, MoneyError> {
    let request = cart.request;
    let among = |of: &Selector| -> Vec<&Goods<'_>> {
        cart.goods.iter().filter(|goods| !goods.gift && names(of, goods.line)).collect()
    };
    Ok(match condition {
        Condition::Has { of, at_least } => {
            let pieces: i128 = among(of).iter().map(|goods| goods.pieces).sum();
            missing_pieces(i128::from(*at_least) - pieces)
        }
        Condition::Groups { any_of } => {
            any_of.is_disjoint(&request.shopper.groups).then_some(Reason::OtherCustomers)
        }
        Condition::Subtotal { of, at_least } => {
            let left: i128 = among(of).iter().map(|goods| goods.left()).sum();
            let missing = i128::from(*at_least) - left;
            if missing > 0 { Some(Reason::Missing { amount: cart.money(missing)? }) } else { None }
        }
        Condition::FirstOrder => (request.shopper.orders_before != 0).then_some(Reason::NotFirstOrder),
        Condition::Countries { any_of } => {
            (!any_of.contains(&request.destination.country)).then_some(Reason::OtherCountry)
        }
    })
}

fn missing_pieces(missing: i128) -> Option<Reason> {
    let missing = u32::try_from(missing).unwrap_or(0);
    (missing > 0).then_some(Reason::Pieces { missing })
}

/// Whether a selector names a line.
fn names(of: &Selector, line: &Line) -> bool {
    let mut wanted = vec![];
    wanted.extend(of.products.iter().map(|product| *product == line.product));
    wanted.extend(of.variants.iter().map(|variant| *variant == line.variant));
    wanted.extend(of.collections.iter().map(|collection| line.collections.contains(collection)));
    wanted.extend(of.tags.iter().map(|tag| line.tags.contains(tag)));
    let mut unwanted = vec![];
    unwanted.extend(of.not_products.iter().map(|product| *product == line.product));
    unwanted.extend(of.not_variants.iter().map(|variant| *variant == line.variant));
    unwanted.extend(of.not_collections.iter().map(|collection| line.collections.contains(collection)));
    unwanted.extend(of.not_tags.iter().map(|tag| line.tags.contains(tag)));
    (wanted.is_empty() || wanted.contains(&true)) && !unwanted.contains(&true)
}

/// The lines that an action may touch.
fn touched(cart: &Cart<'_>, of: &Selector) -> Vec<usize> {
    (0..cart.goods.len())
        .filter(|index| {
            let goods = &cart.goods[*index];
            !goods.gift && goods.line.discountable && names(of, goods.line)
        })
        .collect()
}

/// Does what the action says.
fn act<'a>(cart: &mut Cart<'a>, promotion: &'a Promotion) -> Result<Result<(), Reason>, MoneyError> {
    match &promotion.action {
        Action::Percent { of, off } => {
            for index in touched(cart, of) {
                let left = cart.goods[index].left();
                let how = How::Percent { off: *off, of: cart.money(left)? };
                take(cart, index, promotion, discount(*off, left), how);
            }
        }
        Action::Fixed { of, off, per: Per::Piece } => {
            for index in touched(cart, of) {
                let goods = &cart.goods[index];
                let amount = goods.left().min(i128::from(*off) * goods.pieces);
                let how = How::PerPiece { off: cart.money(i128::from(*off))?, pieces: goods.line.quantity };
                take(cart, index, promotion, amount, how);
            }
        }
        Action::Fixed { of, off, per: Per::Order } => {
            let lines = touched(cart, of);
            spread_fixed(cart, promotion, &lines, i128::from(*off))?;
        }
        Action::FixedPrice { of, price } => {
            for index in touched(cart, of) {
                let goods = &cart.goods[index];
                let above = goods.left() - i128::from(*price) * goods.pieces;
                let how = How::FixedPrice {
                    price: cart.money(i128::from(*price))?,
                    pieces: goods.line.quantity,
                    instead_of: cart.money(goods.left())?,
                };
                take(cart, index, promotion, above.max(0), how);
            }
        }
        Action::BuyGet { buy, buy_of, get, get_of, off, most } => {
            let (buy, get) = (i128::from(*buy), i128::from(*get));
            let pieces = pieces_in_roles(cart, buy_of, get_of);
            let times = most_times(&pieces, buy, get);
            if times == 0 {
                return Ok(Err(missing_in_roles(&pieces, buy, get)));
            }
            let times = most.map_or(times, |most| times.min(i128::from(most)));
            let given = given_pieces(&pieces, times * buy, times * get);
            give(cart, promotion, &given, *off)?;
        }
        Action::CheapestFree { of, of_each, most } => {
            let mut pieces: Vec<Piece> = vec![];
            for line in touched(cart, of) {
                for amount in cart.goods[line].each_piece() {
                    pieces.push(Piece { amount, line, buys: false, gets: true });
                }
            }
            let of_each = i128::from(*of_each);
            let free = pieces.len() as i128 / of_each;
            if free == 0 {
                let missing = missing_pieces(of_each - pieces.len() as i128);
                return Ok(Err(missing.unwrap_or(Reason::NothingToTakeOff)));
            }
            let free = most.map_or(free, |most| free.min(i128::from(most)));
            sort_cheapest_first(&mut pieces);
            pieces.truncate(usize::try_from(free).unwrap_or(0));
            give(cart, promotion, &pieces, Rate::percent(100))?;
        }
        Action::OrderPercent { off } => {
            let lines = touched(cart, &Selector::default());
            let lefts: Vec<i128> = lines.iter().map(|index| cart.goods[*index].left()).collect();
            let sum: i128 = lefts.iter().sum();
            let how = How::SharePercent { off: *off, of: cart.money(sum)? };
            for (index, part) in lines.into_iter().zip(spread(discount(*off, sum), &lefts)) {
                take(cart, index, promotion, part, how.clone());
            }
        }
        Action::OrderFixed { off } => {
            let lines = touched(cart, &Selector::default());
            spread_fixed(cart, promotion, &lines, i128::from(*off))?;
        }
        Action::FreeGift { variant, quantity } => {
            let Some(line) = cart.request.gifts.iter().find(|line| line.variant == *variant) else {
                return Ok(Err(Reason::NoGift));
            };
            let mut goods = cart.priced(line, i128::from(quantity.get()), true)?;
            goods.taken.push(Taken { by: promotion, amount: goods.amount, how: How::Gift });
            cart.goods.push(goods);
        }
        Action::FreeShipping { methods, most } => {
            let Offer::Price(method, full) = cart.offer()? else {
                return Ok(Err(Reason::NothingToTakeOff));
            };
            if methods.as_ref().is_some_and(|methods| !methods.contains(&method.id)) {
                return Ok(Err(Reason::OtherDelivery));
            }
            let left = full - total(&cart.off_shipping);
            let amount = most.map_or(left, |most| left.min(i128::from(most)));
            if amount > 0 {
                let how = How::Shipping { off: cart.money(amount)?, of: cart.money(left)? };
                cart.off_shipping.push(Taken { by: promotion, amount, how });
            }
        }
    }
    Ok(Ok(()))
}

/// Takes an amount off a line; nothing is not noted.
fn take<'a>(cart: &mut Cart<'a>, index: usize, by: &'a Promotion, amount: i128, how: How) {
    if amount > 0 {
        cart.goods[index].taken.push(Taken { by, amount, how });
    }
}

/// Takes a fixed amount off some lines together, at most what is left of them.
fn spread_fixed<'a>(
    cart: &mut Cart<'a>,
    by: &'a Promotion,
    lines: &[usize],
    off: i128,
) -> Result<(), MoneyError> {
    let lefts: Vec<i128> = lines.iter().map(|index| cart.goods[*index].left()).collect();
    let sum: i128 = lefts.iter().sum();
    let capped = off.min(sum);
    let how = How::Share { off: cart.money(capped)?, of: cart.money(sum)? };
    for (index, part) in lines.iter().zip(spread(capped, &lefts)) {
        take(cart, *index, by, part, how.clone());
    }
    Ok(())
}

/// One piece of a line.
#[derive(Clone)]
struct Piece {
    amount: i128,
    line: usize,
    buys: bool,
    gets: bool,
}

/// Every single piece that can be bought or given.
fn pieces_in_roles(cart: &Cart<'_>, buy_of: &Selector, get_of: &Selector) -> Vec<Piece> {
    let (buying, getting) = (touched(cart, buy_of), touched(cart, get_of));
    let mut pieces = vec![];
    for (line, goods) in cart.goods.iter().enumerate() {
        let (buys, gets) = (buying.contains(&line), getting.contains(&line));
        if buys || gets {
            for amount in goods.each_piece() {
                pieces.push(Piece { amount, line, buys, gets });
            }
        }
    }
    pieces
}

/// How many pieces only buy, only get, do both.
fn roles(pieces: &[Piece]) -> (i128, i128, i128) {
    let count = |buys: bool, gets: bool| {
        pieces.iter().filter(|piece| piece.buys == buys && piece.gets == gets).count() as i128
    };
    (count(true, false), count(false, true), count(true, true))
}

/// The greatest number of times that it works: one after the other is tried.
fn most_times(pieces: &[Piece], buy: i128, get: i128) -> i128 {
    let (only_buy, only_get, both) = roles(pieces);
    // So many of those that do both are bought, the others are given: some split has to be enough for both.
    let works = |times: i128| {
        (0..=both).any(|bought| times * buy <= only_buy + bought && times * get <= only_get + both - bought)
    };
    let mut times = 0;
    while works(times + 1) {
        times += 1;
    }
    times
}

/// How many pieces are missing to work once.
fn missing_in_roles(pieces: &[Piece], buy: i128, get: i128) -> Reason {
    let (only_buy, only_get, both) = roles(pieces);
    // The fewest pieces of both roles that would have to be added.
    let missing = (1..=buy + get).find(|more| {
        (0..=both + more).any(|bought| buy <= only_buy + bought && get <= only_get + both + more - bought)
    });
    missing.and_then(missing_pieces).unwrap_or(Reason::NothingToTakeOff)
}

/// The cheapest pieces that can be given when so many are bought.
fn given_pieces(pieces: &[Piece], bought: i128, given: i128) -> Vec<Piece> {
    let (only_buy, _, both) = roles(pieces);
    let mut free_of_both = both - (bought - only_buy).max(0);
    let mut candidates: Vec<Piece> = pieces.iter().filter(|piece| piece.gets).cloned().collect();
    sort_cheapest_first(&mut candidates);
    let mut taken = vec![];
    for piece in candidates {
        if taken.len() as i128 == given {
            break;
        }
        if piece.buys {
            if free_of_both == 0 {
                continue;
            }
            free_of_both -= 1;
        }
        taken.push(piece);
    }
    taken
}

/// The cheapest first, of equals those of the later line.
fn sort_cheapest_first(pieces: &mut [Piece]) {
    pieces.sort_by_key(|piece| (piece.amount, std::cmp::Reverse(piece.line)));
}

/// Each line loses its share of the sum of its given pieces.
fn give<'a>(cart: &mut Cart<'a>, by: &'a Promotion, given: &[Piece], off: Rate) -> Result<(), MoneyError> {
    for index in 0..cart.goods.len() {
        let of_line: Vec<&Piece> = given.iter().filter(|piece| piece.line == index).collect();
        let worth: i128 = of_line.iter().map(|piece| piece.amount).sum();
        let pieces: Quantity = cart.goods[index].line.quantity;
        let how = How::Pieces { off, given: of_line.len() as u32, pieces, worth: cart.money(worth)? };
        take(cart, index, by, discount(off, worth), how);
    }
    Ok(())
}
