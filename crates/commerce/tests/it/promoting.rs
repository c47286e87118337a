//! Promotions: what they take off, how often, and what is kept of it.

use std::time::Duration;

use commerce::checkout::Wish;
use commerce::promotion::{self, PromotionDraft, PromotionState};
use commerce::view::OrderState;
use commerce::{CheckoutInput, cart, checkout, order};
use futures::future::join_all;
use platform::{Ctx, Error};
use pricing::{Action, Condition, Per, Selector};
use primitives::{PageArgs, Permission, Quantity, Rate, VariantId};
use testkit::on_both;

use crate::gateway::Mood;
use crate::shop::{Guest, Shop, refusal};

pub fn draft(name: &str, action: Action) -> PromotionDraft {
    PromotionDraft {
        name: name.to_owned(),
        active: true,
        from: None,
        until: None,
        priority: 0,
        exclusive: false,
        group: None,
        codes: Vec::new(),
        conditions: Vec::new(),
        action,
        use_limit: None,
        shopper_limit: None,
        budget_minor: None,
    }
}

fn percent(off: i32) -> Action {
    Action::OrderPercent { off: Rate::percent(off) }
}

fn merchant(shop: &Shop) -> Ctx {
    shop.staff(&[Permission::PROMOTIONS_MANAGE])
}

async fn with_code(guest: &Guest, code: &str) {
    cart::set_codes(&guest.ctx, Some(&guest.token), &[code.to_owned()]).await.unwrap();
}

async fn is_found_by_its_name_and_by_its_codes(shop: Shop) {
    let staff = merchant(&shop);
    for (name, code) in [("Summer sale", "SUN"), ("Spring", "BLOSSOM")] {
        let codes = vec![code.to_owned()];
        promotion::create(&staff, &PromotionDraft { codes, ..draft(name, percent(10)) }).await.unwrap();
    }
    let found = async |q: &str| {
        let page = promotion::list(&staff, q, None, &PageArgs::first(5)).await.unwrap();
        page.items.into_iter().map(|one| one.draft.name).collect::<Vec<_>>()
    };
    assert_eq!(found("summer").await, ["Summer sale"]);
    assert_eq!(found(" blossom ").await, ["Spring"]);
    assert_eq!(found("sun").await, ["Summer sale"]);
    assert!(found("bloss").await.is_empty(), "a code is given as a whole");
    shop.holds().await;
}

async fn takes_off_what_it_says_and_the_order_keeps_it(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let summer = PromotionDraft { codes: vec![" summer ".into()], ..draft("Summer", percent(10)) };
    let made = promotion::create(&merchant(&shop), &summer).await.unwrap();
    assert_eq!((made.draft.codes.clone(), made.state), (vec!["SUMMER".to_owned()], PromotionState::Running));
    let guest = shop.guest(mug, 2).await;
    assert_eq!(cart::view(&guest.ctx, Some(&guest.token)).await.unwrap().totals.discount.minor, 0);
    let codes = ["summer".to_owned(), "winter".to_owned()];
    let seen = cart::set_codes(&guest.ctx, Some(&guest.token), &codes).await.unwrap().cart;
    let said: Vec<_> = seen.codes.iter().map(|code| (code.code.as_str(), code.problem.is_none())).collect();
    assert_eq!(said, [("SUMMER", true), ("WINTER", false)]);
    assert_eq!((seen.totals.subtotal.minor, seen.totals.discount.minor), (2500, 250));
    assert_eq!((seen.lines[0].total.minor, seen.lines[0].left.minor), (2500, 2250));
    let placed = guest.order("manual").await;
    assert_eq!((placed.totals.discount.minor, placed.lines[0].full.minor), (250, 2500));
    assert_eq!(placed.lines[0].discounts[0].words, "Summer: its share of 10 % off 25.00");
    assert_eq!(placed.totals.discounts[0].name, "Summer");
    let read = order::by_token(&guest.ctx, &placed.token).await.unwrap();
    assert_eq!((&read.lines, &read.totals), (&placed.lines, &placed.totals));
    let used = promotion::get(&merchant(&shop), made.id).await.unwrap();
    assert_eq!((used.uses, used.spent.minor), (1, 250));
    // What was given up has used nothing.
    order::cancel(&shop.boss(), placed.id, "changed her mind").await.unwrap();
    let free = promotion::get(&merchant(&shop), made.id).await.unwrap();
    assert_eq!((free.uses, free.spent.minor), (0, 0));
    assert_eq!(refusal(promotion::delete(&merchant(&shop), made.id, free.version).await).0, "CONFLICT");
    shop.holds().await;
}

async fn a_code_for_one_order_makes_one_order_cheaper(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 2_000).await;
    let once = PromotionDraft {
        codes: vec!["ONCE".into()],
        use_limit: Some(1),
        ..draft("Once", Action::OrderFixed { off: 500 })
    };
    let made = promotion::create(&merchant(&shop), &once).await.unwrap();
    // A thousand carts that all saw the lower total; the first fifty are clicked twice.
    let mut forms = Vec::new();
    let mut first = None;
    for n in 0..1_000 {
        let guest = shop.guest(mug, 1).await;
        with_code(&guest, "ONCE").await;
        let seen = match &first {
            Some(seen) => seen,
            None => first.insert(guest.form("manual").await),
        };
        let key = format!("{}-{n}", seen.idempotency_key);
        let (token, cart) = (Some(guest.token.clone()), None);
        forms.push((guest.ctx.clone(), CheckoutInput { token, cart, idempotency_key: key, ..seen.clone() }));
    }
    forms.extend_from_within(..50);
    let tries = forms
        .into_iter()
        .map(|(ctx, form)| tokio::spawn(async move { checkout::place_order(&ctx, form).await }));
    let mut cheaper = Vec::new();
    for result in join_all(tries).await {
        match result.unwrap() {
            Ok(placed) => cheaper.push((placed.order.id, placed.order.totals.discount.minor)),
            Err(error) => {
                let error: Error = error.into();
                assert_eq!(error.code().as_str(), "CONFLICT", "{}", error.report());
            }
        }
    }
    cheaper.sort_unstable();
    cheaper.dedup();
    assert_eq!(cheaper.len(), 1);
    assert_eq!(cheaper[0].1, 500);
    assert_eq!(shop.number("SELECT COUNT(*) FROM orders").await, 1);
    assert_eq!(shop.number("SELECT CAST(SUM(reserved) AS bigint) FROM stock_level").await, 1);
    let used = promotion::get(&merchant(&shop), made.id).await.unwrap();
    assert_eq!((used.uses, used.state), (1, PromotionState::UsedUp));
    shop.holds().await;
}

async fn a_budget_is_never_overspent(shop: Shop) {
    let mug = shop.product("Mug", "10.00", 500).await;
    let budget =
        PromotionDraft { budget_minor: Some(700), ..draft("Thousand", Action::OrderFixed { off: 200 }) };
    let made = promotion::create(&merchant(&shop), &budget).await.unwrap();
    let mut forms = Vec::new();
    for _ in 0..12 {
        let guest = shop.guest(mug, 1).await;
        forms.push((guest.ctx.clone(), guest.form("manual").await));
    }
    let tries = forms
        .into_iter()
        .map(|(ctx, form)| tokio::spawn(async move { checkout::place_order(&ctx, form).await }));
    let won = join_all(tries).await.into_iter().filter(|result| result.as_ref().unwrap().is_ok()).count();
    assert_eq!(won, 3, "the fourth would have gone beyond 7.00");
    let used = promotion::get(&merchant(&shop), made.id).await.unwrap();
    assert_eq!((used.uses, used.spent.minor), (3, 600));
    shop.holds().await;
}

async fn knows_the_first_order_and_how_often_somebody_had_it(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let welcome = PromotionDraft { conditions: vec![Condition::FirstOrder], ..draft("Welcome", percent(20)) };
    promotion::create(&merchant(&shop), &welcome).await.unwrap();
    let twice = PromotionDraft {
        shopper_limit: Some(2),
        ..draft("Twice", Action::Fixed { of: Selector::default(), off: 100, per: Per::Order })
    };
    promotion::create(&merchant(&shop), &twice).await.unwrap();
    let mut taken = Vec::new();
    for _ in 0..3 {
        let guest = shop.guest(mug, 1).await;
        let view = |email| {
            checkout::view(
                &guest.ctx,
                Some(&guest.token),
                Wish { country: Some("BE"), email, ..Wish::default() },
            )
        };
        let known = view(Some("maud@example.com")).await.unwrap();
        let form = CheckoutInput {
            expected_total: known.cart.totals.total.minor,
            expected_due: None,
            ..guest.form("manual").await
        };
        // Whoever is new in the shop sees both.
        assert_eq!(view(Some("else@example.com")).await.unwrap().cart.totals.discount.minor, 330);
        let placed = checkout::place_order(&guest.ctx, form).await.unwrap();
        taken.push(placed.order.totals.discount.minor);
    }
    assert_eq!(taken, [330, 100, 0]);
    shop.holds().await;
}

async fn what_was_not_paid_has_used_nothing(shop: Shop) {
    let mug = shop.product("Mug", "10.00", 50).await;
    let once = PromotionDraft {
        use_limit: Some(1),
        budget_minor: Some(200),
        ..draft("Once", Action::OrderFixed { off: 200 })
    };
    let made = promotion::create(&merchant(&shop), &once).await.unwrap();
    let stands = async || {
        let seen = promotion::get(&merchant(&shop), made.id).await.unwrap();
        (seen.uses, seen.spent.minor, seen.state)
    };
    let (free, used) = ((0, 0, PromotionState::Running), (1, 200, PromotionState::UsedUp));
    // Nobody pays in time, and meanwhile nobody else has it.
    let other = shop.guest(mug, 1).await;
    let form = other.form("manual").await;
    let late = shop.guest(mug, 1).await.order("manual").await;
    assert_eq!((late.totals.discount.minor, stands().await), (200, used));
    assert_eq!(refusal(checkout::place_order(&other.ctx, form).await).0, "CONFLICT");
    shop.advance(Duration::from_secs(7 * 24 * 3600));
    assert_eq!((shop.sweep().await.expired, stands().await), (1, free));
    assert_eq!(order::by_id(&shop.boss(), late.id).await.unwrap().state, OrderState::Cancelled);
    // The bank says no, at either step. What a cart shows of promotions may be a second old.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    for step in ["authorize", "capture"] {
        shop.gateway.next(step, &[Mood::Decline]);
        let declined = shop.guest(mug, 1).await.order("http").await;
        assert_eq!((declined.state, declined.totals.discount.minor), (OrderState::Cancelled, 200), "{step}");
        assert_eq!(stands().await, free, "{step}");
    }
    // The next one gets it, and keeps it.
    let form = other.form("http").await;
    let paid = shop.guest(mug, 1).await.order("http").await;
    assert_eq!((paid.state, paid.totals.discount.minor, stands().await), (OrderState::Paid, 200, used));
    assert_eq!(refusal(checkout::place_order(&other.ctx, form).await).0, "CONFLICT");
    assert_eq!((stands().await, shop.number("SELECT COUNT(*) FROM orders").await), (used, 4));
    shop.holds().await;
}

async fn one_customer_has_it_once_in_a_race_of_carts(shop: Shop) {
    let mug = shop.product("Mug", "10.00", 50).await;
    let once =
        PromotionDraft { shopper_limit: Some(1), ..draft("Once each", Action::OrderFixed { off: 200 }) };
    let made = promotion::create(&merchant(&shop), &once).await.unwrap();
    let mut forms = Vec::new();
    for _ in 0..8 {
        let guest = shop.guest(mug, 1).await;
        forms.push((guest.ctx.clone(), guest.form("manual").await));
    }
    // All of them name the same address, and all have seen the lower total.
    let tries = forms
        .into_iter()
        .map(|(ctx, form)| tokio::spawn(async move { checkout::place_order(&ctx, form).await }));
    let won = join_all(tries).await.into_iter().filter(|result| result.as_ref().unwrap().is_ok()).count();
    assert_eq!((won, shop.number("SELECT COUNT(*) FROM orders").await), (1, 1));
    assert_eq!(promotion::get(&merchant(&shop), made.id).await.unwrap().uses, 1);
    shop.holds().await;
}

async fn gives_something_away_that_is_there(shop: Shop) {
    let (mug, spoon) = (shop.product("Mug", "12.50", 20).await, shop.product("Spoon", "3.00", 1).await);
    let gift = PromotionDraft {
        conditions: vec![Condition::Has { of: Selector::default(), at_least: 2 }],
        ..draft("A spoon", Action::FreeGift { variant: spoon, quantity: Quantity::ONE })
    };
    let made = promotion::create(&merchant(&shop), &gift).await.unwrap();
    assert_eq!(made.gift.map(|gift| gift.title).as_deref(), Some("Spoon"));
    let one = shop.guest(mug, 1).await;
    let near = cart::view(&one.ctx, Some(&one.token)).await.unwrap();
    assert_eq!(
        (near.gifts.len(), near.hints[0].name.as_str(), near.hints[0].pieces),
        (0, "A spoon", Some(1))
    );
    let guest = shop.guest(mug, 2).await;
    let seen = cart::view(&guest.ctx, Some(&guest.token)).await.unwrap();
    assert_eq!((seen.gifts[0].title.as_str(), seen.gifts[0].reason.as_str()), ("Spoon", "A spoon"));
    assert_eq!((seen.totals.subtotal.minor, seen.totals.discount.minor), (2800, 300));
    let placed = guest.order("manual").await;
    assert_eq!(
        placed.lines.iter().map(|line| (line.gift, line.total.minor)).collect::<Vec<_>>(),
        [(false, 2500), (true, 0)]
    );
    assert_eq!(shop.stock().await, (21, 3));
    // The only spoon is promised.
    let late = shop.guest(mug, 2).await;
    assert_eq!(cart::view(&late.ctx, Some(&late.token)).await.unwrap().gifts.len(), 0);
    shop.holds().await;
}

async fn sends_for_nothing(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let free = draft("Post is on us", Action::FreeShipping { methods: None, most: None });
    promotion::create(&merchant(&shop), &free).await.unwrap();
    let guest = shop.guest(mug, 1).await;
    let placed = guest.order("manual").await;
    assert_eq!(placed.totals.shipping.map(|money| money.minor), Some(0));
    assert_eq!((placed.totals.discount.minor, placed.totals.discounts[0].amount.minor), (0, 500));
    assert!(placed.totals.discounts[0].delivery);
    assert_eq!(placed.state, OrderState::PendingPayment);
    shop.holds().await;
}

async fn refuses_what_makes_no_sense_and_changes_nothing(shop: Shop) {
    let merchant = merchant(&shop);
    let wrong = PromotionDraft {
        name: " ".into(),
        codes: vec!["TWO WORDS".into(), "A".into(), "a".into()],
        use_limit: Some(0),
        ..draft("", Action::OrderPercent { off: Rate::percent(101) })
    };
    let (code, fields) = refusal(promotion::create(&merchant, &wrong).await);
    assert_eq!(code, "BAD_USER_INPUT");
    for field in ["name", "codes.0", "codes.2", "useLimit", "action.percent"] {
        assert!(fields.iter().any(|found| found == field), "{field} is missing in {fields:?}");
    }
    assert_eq!(shop.number("SELECT COUNT(*) FROM promotion").await, 0);
    let taken = PromotionDraft { codes: vec!["ONE".into()], ..draft("First", percent(5)) };
    let first = promotion::create(&merchant, &taken).await.unwrap();
    let (code, fields) = refusal(promotion::create(&merchant, &taken).await);
    assert_eq!((code.as_str(), fields), ("CONFLICT", vec!["codes.0".to_owned()]));
    let other = draft("Second", percent(6));
    let nowhere = draft("Gift", Action::FreeGift { variant: VariantId::new(), quantity: Quantity::ONE });
    assert_eq!(refusal(promotion::create(&merchant, &nowhere).await).0, "NOT_FOUND");
    let stale = promotion::update(&merchant, first.id, first.version + 1, &other).await;
    assert_eq!(refusal(stale).0, "CONFLICT");
    assert_eq!(refusal(promotion::create(&shop.customer(), &other).await).0, "FORBIDDEN");
    let changed = promotion::update(&merchant, first.id, first.version, &other).await.unwrap();
    assert_eq!((changed.draft.name.as_str(), changed.draft.codes.len(), changed.version), ("Second", 0, 2));
    promotion::delete(&merchant, first.id, 2).await.unwrap();
    assert_eq!(promotion::list(&merchant, "", None, &PageArgs::first(10)).await.unwrap().total, 0);
    assert_eq!(refusal(promotion::get(&merchant, first.id).await).0, "NOT_FOUND");
    shop.holds().await;
}

async fn opens_nothing_in_another_shop(shop: Shop) {
    let coded = PromotionDraft { codes: vec!["OURS".into()], ..draft("Ours", percent(50)) };
    let made = promotion::create(&merchant(&shop), &coded).await.unwrap();
    let stranger = shop.other_tenant();
    let seen = cart::set_codes(&stranger, None, &["OURS".to_owned()]).await.unwrap().cart;
    assert!(seen.codes[0].problem.is_some());
    assert_eq!(refusal(promotion::get(&stranger, made.id).await).0, "NOT_FOUND");
    shop.holds().await;
}

async fn is_tried_on_the_past_without_changing_it(shop: Shop) {
    let (mug, vase) = (shop.product("Mug", "12.50", 50).await, shop.product("Vase", "40.00", 50).await);
    for (variant, quantity) in [(mug, 1), (mug, 4), (vase, 1), (vase, 2)] {
        shop.guest(variant, quantity).await.order("manual").await;
    }
    let big = PromotionDraft {
        conditions: vec![Condition::Subtotal { of: Selector::default(), at_least: 4000 }],
        use_limit: Some(2),
        ..draft("Big orders", percent(10))
    };
    let told = shop.told().await;
    let trial = promotion::trial(&merchant(&shop), &big, 30).await.unwrap();
    assert_eq!((trial.n_orders, trial.n_applied), (4, 2));
    assert_eq!((trial.goods.minor, trial.discount.minor), (1250 + 5000 + 4000 + 8000, 500 + 400));
    assert_eq!(trial.orders.iter().map(|order| order.number).collect::<Vec<_>>(), [1003, 1002]);
    assert_eq!(trial.reasons, [("too small an amount".to_owned(), 1), ("used up".to_owned(), 1)]);
    // From 45.00 on, at what deliveries cost; that of 80.00 was sent for nothing anyway.
    let sent = PromotionDraft {
        conditions: vec![Condition::Subtotal { of: Selector::default(), at_least: 4500 }],
        ..draft("Sent for nothing", Action::FreeShipping { methods: None, most: None })
    };
    let trial = promotion::trial(&merchant(&shop), &sent, 30).await.unwrap();
    let fee = shop.number("SELECT shipping_minor FROM orders WHERE number = 1002").await;
    assert_eq!((trial.n_applied, trial.discount.minor, fee), (1, 500, 500));
    assert_eq!(trial.reasons[0], ("too small an amount".to_owned(), 2));
    assert_eq!(shop.told().await, told);
    assert_eq!(shop.number("SELECT COUNT(*) FROM promotion").await, 0);
    assert_eq!(refusal(promotion::trial(&merchant(&shop), &big, 0).await).1, ["days"]);
    shop.holds().await;
}

on_both!(
    a_budget_is_never_overspent,
    a_code_for_one_order_makes_one_order_cheaper,
    gives_something_away_that_is_there,
    is_found_by_its_name_and_by_its_codes,
    is_tried_on_the_past_without_changing_it,
    one_customer_has_it_once_in_a_race_of_carts,
    knows_the_first_order_and_how_often_somebody_had_it,
    opens_nothing_in_another_shop,
    refuses_what_makes_no_sense_and_changes_nothing,
    sends_for_nothing,
    takes_off_what_it_says_and_the_order_keeps_it,
    what_was_not_paid_has_used_nothing,
);
