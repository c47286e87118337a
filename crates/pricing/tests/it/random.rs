//! Random carts: whatever is configured, the sums agree and nothing goes below zero.

use pricing::{
    Action, Condition, Group, Line, Per, Pick, Promotion, Rounding, Selector, ShippingTax, Usage, refund_of,
};
use primitives::tax::TaxedLine;
use primitives::{Currency, Rate};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::world::*;

fn currencies() -> impl Strategy<Value = Currency> {
    prop::sample::select(vec![Currency::JPY, Currency::EUR, Currency::KWD])
}

fn roundings() -> impl Strategy<Value = Rounding> {
    prop::sample::select(vec![Rounding::Line, Rounding::Unit, Rounding::Order])
}

fn lines() -> impl Strategy<Value = Line> {
    let categories = prop::sample::select(vec!["standard", "low", "odd", "zero", "none", "unknown"]);
    let tags = vec(prop::sample::select(vec!["a", "b", "c"]), 0..3);
    let flags = (any::<bool>(), prop::bool::weighted(0.8), prop::bool::weighted(0.8));
    let amounts = prop_oneof![Just(0_i64), 1..200_i64, 1..1_000_000_i64];
    let counts = prop_oneof![4 => 1..8_u32, 1 => 1..=10_000_u32];
    (1..6_u32, amounts, counts, categories, tags, flags, 0..5000_i64).prop_map(
        |(number, unit, quantity, key, tags, (unit_includes_tax, requires_shipping, discountable), grams)| {
            Line {
                tags: tags.into_iter().map(str::to_owned).collect(),
                unit_includes_tax,
                tax_category: category(key),
                grams,
                requires_shipping,
                discountable,
                ..line(number, unit, quantity)
            }
        },
    )
}

fn selectors() -> impl Strategy<Value = Selector> {
    let tags = |most| vec(prop::sample::select(vec!["a", "b", "c"]), 0..most);
    let products = prop_oneof![3 => Just(vec![]), 1 => vec(1..6_u32, 1..3)];
    (products, tags(2), tags(2)).prop_map(|(products, tags, not_tags)| Selector {
        products: products.into_iter().map(product).collect(),
        tags: tags.into_iter().map(str::to_owned).collect(),
        not_tags: not_tags.into_iter().map(str::to_owned).collect(),
        ..Selector::default()
    })
}

fn offs() -> impl Strategy<Value = Rate> {
    prop_oneof![(1..=100_i32).prop_map(Rate::percent), (1..=1_000_000_i64).prop_map(Rate::from_ppm)]
}

fn actions() -> impl Strategy<Value = Action> {
    let most = || option::of(1..5_u32);
    let per = prop::sample::select(vec![Per::Piece, Per::Order]);
    prop_oneof![
        (selectors(), offs()).prop_map(|(of, off)| Action::Percent { of, off }),
        (selectors(), 1..5000_i64, per).prop_map(|(of, off, per)| Action::Fixed { of, off, per }),
        (selectors(), 0..1000_i64).prop_map(|(of, price)| Action::FixedPrice { of, price }),
        ((1..4_u32, selectors()), (1..4_u32, selectors()), offs(), most()).prop_map(
            |((buy, buy_of), (get, get_of), off, most)| Action::BuyGet {
                buy,
                buy_of,
                get,
                get_of,
                off,
                most
            }
        ),
        (selectors(), 2..5_u32, most()).prop_map(|(of, of_each, most)| Action::CheapestFree {
            of,
            of_each,
            most
        }),
        offs().prop_map(|off| Action::OrderPercent { off }),
        (1..10_000_i64).prop_map(order_fixed),
        (1..4_u32).prop_map(free_gift),
        option::of(1..800_i64).prop_map(|most| Action::FreeShipping { methods: None, most }),
    ]
}

fn conditions() -> impl Strategy<Value = Condition> {
    prop_oneof![
        (selectors(), 1..6_u32).prop_map(|(of, at_least)| Condition::Has { of, at_least }),
        (selectors(), 1..5000_i64).prop_map(|(of, at_least)| Condition::Subtotal { of, at_least }),
        Just(Condition::FirstOrder),
    ]
}

fn promotions() -> impl Strategy<Value = Promotion> {
    let groups = option::weighted(
        0.4,
        (prop::sample::select(vec!["one", "two"]), prop::sample::select(vec![Pick::First, Pick::Best])),
    );
    let rest = (-1..2_i32, prop::bool::weighted(0.05), prop::bool::weighted(0.9), groups);
    (actions(), vec(conditions(), 0..2), rest, option::weighted(0.2, 0..5000_i64)).prop_map(
        |(action, conditions, (priority, exclusive, active, group), budget_left)| Promotion {
            conditions,
            priority,
            exclusive,
            active,
            group: group.map(|(name, pick)| Group { name: name.to_owned(), pick }),
            usage: Usage { budget_left, ..Usage::default() },
            ..promotion(0, "", action)
        },
    )
}

fn worlds() -> impl Strategy<Value = World> {
    let modes = (currencies(), any::<bool>(), roundings(), prop::bool::weighted(0.2));
    let taxes = prop_oneof![
        Just(None),
        Just(Some(ShippingTax::Untaxed)),
        Just(Some(ShippingTax::Weighted)),
        Just(Some(ShippingTax::Category(category("low")))),
    ];
    let shipping = option::of((0..1500_i64, option::of(0..20_000_i64)));
    let gifts = option::of(0..500_i64);
    (modes, vec(lines(), 0..8), vec(promotions(), 0..7), taxes, shipping, gifts).prop_map(
        |((currency, includes_tax, rounding, exempt), lines, promotions, tax, shipping, gift)| {
            let mut world = World { currency, includes_tax, rounding, lines, promotions, ..World::ex() };
            let rates = [("standard", "21"), ("low", "6"), ("odd", "10.75"), ("zero", "0")];
            world.zone = tax.map(|tax| pricing::TaxZone { shipping: tax, ..zone(&rates) });
            world.shopper.exempt = exempt;
            for (index, promotion) in world.promotions.iter_mut().enumerate() {
                let number = u32::try_from(index).unwrap();
                promotion.id = promotion_id(number);
                promotion.name = format!("P{index}");
            }
            if let Some(unit) = gift {
                world = world.gift(unit);
            }
            match shipping {
                Some((price, free_from)) => world.shipping_with(price, |it| it.free_from = free_from),
                None => world,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// The parts of each discount sum to it, nothing goes below zero, the summary sums to the tax and what is shown
    /// sums to the total: all of it is asserted by `World::quote`.
    #[test]
    fn what_is_shown_adds_up(world in worlds()) {
        let quote = world.quote();
        prop_assert_eq!(quote.promotions.len(), world.promotions.len());
        for (line, asked) in quote.lines.iter().zip(&world.lines) {
            prop_assert!(line.quantity == asked.quantity && !line.gift);
            if asked.unit_includes_tax == world.includes_tax {
                prop_assert_eq!(line.amount, asked.unit * i64::from(asked.quantity.get()));
            }
            if !asked.discountable {
                prop_assert_eq!(&line.discounts, &[]);
            }
        }
        prop_assert!(quote.lines[world.lines.len()..].iter().all(|line| line.gift && line.left == 0));
        let (sum, shares) = (quote.totals.tax, &quote.taxes);
        prop_assert!(shares.is_sorted_by(|one, other| one.rate >= other.rate));
        prop_assert!(!world.shopper.exempt || sum == 0 && shares.is_empty());
    }

    #[test]
    fn giving_everything_back_piece_by_piece_ends_at_zero(world in worlds(), portion in 1..5_u32) {
        let quote = world.quote();
        let mut left = quote.totals.total;
        for line in &quote.lines {
            let (mut already, mut sum) = (0, TaxedLine::default());
            while already < line.quantity.get() {
                let pieces = portion.min(line.quantity.get() - already);
                let refund = refund_of(line, already, pieces).unwrap();
                prop_assert!(0 <= refund.net && 0 <= refund.tax);
                if pieces == 1 {
                    let fair = line.taxed.gross / i64::from(line.quantity.get());
                    prop_assert!((fair..=fair + 1).contains(&refund.gross));
                }
                sum = sum.checked_add(refund).unwrap();
                already += pieces;
            }
            prop_assert_eq!(sum, line.taxed);
            left -= sum.gross;
        }
        for part in quote.shipping.iter().flat_map(|shipping| &shipping.parts) {
            left -= part.taxed.gross;
        }
        prop_assert_eq!(left, 0);
    }

    #[test]
    fn the_order_of_the_promotions_in_the_request_does_not_matter(world in worlds()) {
        let mut turned = world.clone();
        turned.promotions.reverse();
        prop_assert_eq!(turned.quote(), world.quote());
    }

    #[test]
    fn who_is_exempt_pays_the_same_net(world in worlds()) {
        let mut exempt = world.clone();
        exempt.shopper.exempt = true;
        let mut pays = world;
        pays.shopper.exempt = false;
        let (exempt, pays) = (exempt.quote(), pays.quote());
        prop_assert_eq!(exempt.totals.total, pays.totals.total - pays.totals.tax);
    }

    #[test]
    fn huge_amounts_are_errors_and_not_panics(
        world in worlds(),
        units in vec(any::<i64>(), 8),
        rate: i64,
        prices: [i64; 3],
    ) {
        let mut world = world;
        for (line, unit) in world.lines.iter_mut().zip(units) {
            (line.unit, line.grams) = (unit, unit);
        }
        if let Some(zone) = &mut world.zone {
            zone.rates[0].rate = Rate::from_ppm(rate);
        }
        if let Some(method) = &mut world.shipping {
            method.table.steps[0].price = prices[0];
        }
        for promotion in &mut world.promotions {
            match &mut promotion.action {
                Action::Fixed { off, .. } | Action::OrderFixed { off } => *off = prices[1],
                Action::FixedPrice { price, .. } => *price = prices[1],
                Action::Percent { off, .. } | Action::OrderPercent { off } => *off = Rate::from_ppm(prices[1]),
                Action::FreeShipping { most, .. } => *most = Some(prices[1]),
                _ => {}
            }
        }
        if let Some(gift) = world.gifts.first_mut() {
            gift.unit = prices[2];
        }
        if let Ok(quote) = world.try_quote() {
            adds_up(&quote);
        }
    }
}
