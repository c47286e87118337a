//! Orders that staff writes for customers.

use commerce::customer;
use commerce::draft::{
    self, Completion, Draft, DraftFilter, DraftLine, DraftState, DraftView, Off, Reduction, Which,
};
use commerce::settings::{self, TaxRule};
use commerce::view::{Address, NextStep, OrderState, PaymentState, Placed};
use commerce::{CommerceError, order};
use platform::Ctx;
use primitives::{Country, CustomerId, DraftOrderId, PageArgs, Permission, Rate, VariantId};
use testkit::on_both;

use crate::gateway::Mood;
use crate::people::known;
use crate::shop::{Shop, maud, product_of, refusal};

pub fn line(variant: VariantId, quantity: i64) -> DraftLine {
    DraftLine { variant, quantity, price: None, price_reason: String::new(), discount: None }
}

pub fn off(off: Off, reason: &str) -> Option<Reduction> {
    Some(Reduction { off, reason: reason.into() })
}

/// A draft with everything that placing it needs.
pub fn written(lines: Vec<DraftLine>) -> Draft {
    Draft {
        email: "maud@example.com".into(),
        address: maud(),
        shipping_method: "standard".into(),
        lines,
        ..Draft::default()
    }
}

/// A draft of these pieces with the first delivery that is offered.
pub async fn drafted(ctx: &Ctx, draft: Draft) -> DraftView {
    let made = draft::create(ctx, &draft).await.unwrap();
    let shipping_method = made.deliveries[0].id.clone();
    let (email, address) = (made.email, made.address);
    draft::update(ctx, made.id, &Draft { shipping_method, email, address, ..draft }).await.unwrap()
}

pub async fn complete(ctx: &Ctx, id: DraftOrderId, key: &str) -> Result<Placed, CommerceError> {
    draft::complete(ctx, id, &Completion { key, ..Completion::default() }).await
}

pub fn fields(draft: &DraftView) -> Vec<&str> {
    draft.problems.iter().map(|problem| problem.field.as_str()).collect()
}

async fn orders(shop: &Shop) -> i64 {
    shop.number("SELECT COUNT(*) FROM orders").await
}

async fn becomes_an_order_at_the_prices_that_were_agreed(shop: Shop) {
    let (mug, bowl) = (shop.product("Mug", "12.50", 20).await, shop.product("Bowl", "20.00", 20).await);
    let boss = shop.boss();
    let empty = draft::create(&boss, &Draft::default()).await.unwrap();
    assert_eq!(
        fields(&empty),
        ["email", "address.name", "address.line1", "address.city", "address.country", "lines"]
    );
    let mugs = DraftLine { price: Some(1_000), price_reason: "as last year".into(), ..line(mug, 2) };
    let bowls = DraftLine { discount: off(Off::Share(Rate::percent(10)), "Scratched"), ..line(bowl, 1) };
    let wanted = Draft {
        customer_note: "Thank you for calling.".into(),
        internal_note: "Calls again on Monday".into(),
        tags: vec!["Telephone".into()],
        discount: off(Off::Amount(500), "Regular"),
        ..written(vec![mugs, bowls])
    };
    let unsent = Draft { shipping_method: String::new(), ..wanted.clone() };
    let first = draft::update(&boss, empty.id, &unsent).await.unwrap();
    assert_eq!((fields(&first), first.version), (vec!["shippingMethod"], 2));
    assert_eq!((first.totals.subtotal.minor, first.totals.total.minor), (4_000, 3_300));
    let wanted = Draft { shipping_method: first.deliveries[0].id.clone(), ..wanted };
    let ready = draft::update(&boss, Which { id: first.id, version: Some(2) }, &wanted).await.unwrap();
    assert_eq!((fields(&ready), ready.state, ready.made_by), (vec![], DraftState::Open, boss.user_id()));
    // Lines of 20.00 and 18.00 share 5.00: 2.63 and 2.37. The delivery costs 5.00, of all of it 21 % are inside.
    assert_eq!((ready.totals.discount.minor, ready.totals.total.minor), (700, 3_800));
    assert_eq!(ready.totals.tax.minor, 301 + 271 + 87);
    let words: Vec<_> = ready.lines[1].discounts.iter().map(|one| one.words.as_str()).collect();
    assert_eq!(words, ["Scratched: 10 % off 20.00", "Regular: its share of 5.00 off 38.00"]);
    assert_eq!(shop.stock().await, (40, 0), "nothing is promised before it is placed");
    let told = shop.told().await;
    assert!(!told.contains_key("order.placed") && !told.contains_key("cart.created"));
    let placed = complete(&boss, ready.id, "one").await.unwrap();
    let order = placed.order;
    assert_eq!((placed.next, placed.replayed), (NextStep::PayByHand, false));
    assert_eq!((order.state, order.totals.total.minor), (OrderState::PendingPayment, 3_800));
    let cost: Vec<_> = order
        .lines
        .iter()
        .map(|line| (line.unit.minor, line.total.minor, line.tax.minor, line.discounts.len()))
        .collect();
    assert_eq!(cost, [(1_000, 1_737, 301, 1), (2_000, 1_563, 271, 2)]);
    assert_eq!(
        (order.note.as_str(), order.tags.as_slice()),
        ("Thank you for calling.", &["telephone".into()][..])
    );
    assert_eq!(
        order.notes[0].text,
        "Calls again on Monday\nMug: 10.00 EUR agreed instead of 12.50 EUR (as last year)"
    );
    let story: Vec<_> =
        order.timeline.iter().map(|entry| (entry.kind.as_str(), entry.actor.as_str())).collect();
    assert_eq!(
        story,
        [
            ("order.placed", "staff"),
            ("order.drafted", "staff"),
            ("order.note_added", "staff"),
            ("order.tagged", "staff")
        ]
    );
    assert_eq!(order.timeline[1].user, boss.user_id());
    let seen = order::by_token(&shop.anonymous(), &order.token).await.unwrap();
    assert_eq!((seen.note.as_str(), seen.notes.len()), ("Thank you for calling.", 0));
    assert!(!seen.payment_instructions.is_empty());
    assert_eq!(shop.stock().await, (40, 3));
    // The cart of it is nobody's.
    let nobodys =
        "SELECT COUNT(*) FROM cart WHERE state = 'ordered' AND token_hash IS NULL AND user_id IS NULL";
    assert_eq!((shop.number(nobodys).await, shop.number("SELECT COUNT(*) FROM cart").await), (1, 1));
    let done = draft::by_id(&boss, ready.id).await.unwrap();
    assert_eq!((done.state, done.order), (DraftState::Completed, Some((order.id, order.number))));
    for refused in [
        draft::update(&boss, done.id, &wanted).await.map(|_| ()),
        draft::delete(&boss, done.id).await,
        complete(&boss, done.id, "other").await.map(|_| ()),
    ] {
        let error = refused.unwrap_err().to_string();
        assert_eq!(error, "this draft was placed already, as order 1001");
    }
    shop.holds().await;
    order::mark_paid(&boss, order.id).await.unwrap();
    let back = order::refund(&boss, order.id, "changed their mind").await.unwrap();
    assert_eq!((back.state, back.refunded, shop.stock().await), (OrderState::Refunded, back.paid, (40, 0)));
    shop.holds().await;
}

async fn prices_without_tax_hold_as_well(shop: Shop) {
    let ctx = shop.other_tenant();
    let mug = product_of(&ctx, "Mug", "100.00", 20).await;
    let now = settings::current(&ctx).await.unwrap();
    let usa = Country::parse("US").unwrap();
    let mut next = now.settings.clone();
    next.taxes = vec![TaxRule::of_country(usa, "Sales tax", Rate::percent(10))];
    settings::update(&ctx, now.version, next).await.unwrap();
    let address = Address {
        name: "Ada".into(),
        line1: "1 Road".into(),
        city: "Portland".into(),
        region: "OR".into(),
        postal_code: "97201".into(),
        country: "US".into(),
        ..Address::default()
    };
    let lines = vec![DraftLine { price: Some(8_000), ..line(mug, 3) }];
    let wanted = Draft { address, discount: off(Off::Share(Rate::percent(10)), "Trade"), ..written(lines) };
    let draft = drafted(&ctx, wanted).await;
    assert_eq!((draft.totals.includes_tax, draft.totals.subtotal.minor), (false, 24_000));
    let paid = Completion { key: "one", mark_paid: true, expected_total: Some(draft.totals.total.minor) };
    let order = draft::complete(&ctx, draft.id, &paid).await.unwrap().order;
    let line = &order.lines[0];
    assert_eq!(
        (line.unit.minor, line.net.minor, line.tax.minor, line.gross.minor),
        (8_000, 21_600, 2_160, 23_760)
    );
    assert_eq!(
        (order.state, order.payment, order.paid),
        (OrderState::Paid, PaymentState::Paid, order.totals.total)
    );
    assert_eq!(order.totals.total, draft.totals.total);
    shop.holds().await;
}

async fn promotions_count_unless_staff_says_otherwise(shop: Shop) {
    let mug = shop.product("Mug", "10.00", 20).await;
    let merchant = shop.staff(&[Permission::PROMOTIONS_MANAGE]);
    let sale = pricing::Action::OrderPercent { off: Rate::percent(50) };
    commerce::promotion::create(&merchant, &crate::promoting::draft("Sale", sale)).await.unwrap();
    let boss = shop.boss();
    let draft = drafted(&boss, written(vec![line(mug, 2)])).await;
    assert_eq!(draft.totals.discount.minor, 1_000);
    let by_hand = off(Off::Share(Rate::percent(10)), "Regular");
    let mut wanted = Draft {
        shipping_method: draft.shipping_method.clone(),
        discount: by_hand,
        ..written(vec![line(mug, 2)])
    };
    let both = draft::update(&boss, draft.id, &wanted).await.unwrap();
    assert_eq!(both.totals.discount.minor, 1_100, "after the sale, on what is left");
    wanted.use_promotions = false;
    let alone = draft::update(&boss, draft.id, &wanted).await.unwrap();
    assert_eq!(alone.totals.discount.minor, 200);
    let order = complete(&boss, draft.id, "one").await.unwrap().order;
    assert_eq!(order.totals.discount.minor, 200);
    assert_eq!(shop.number("SELECT COUNT(*) FROM promotion_use").await, 0);
    shop.holds().await;
}

async fn is_placed_once(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let boss = shop.boss();
    let draft = drafted(&boss, written(vec![line(mug, 1)])).await;
    let (one, two) = tokio::join!(complete(&boss, draft.id, "key"), complete(&boss, draft.id, "key"));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!((one.order.id, u8::from(one.replayed) + u8::from(two.replayed)), (two.order.id, 1));
    let again = complete(&boss, draft.id, "key").await.unwrap();
    assert_eq!((again.order.id, again.replayed, orders(&shop).await), (one.order.id, true, 1));
    let other = Completion { key: "key", mark_paid: true, expected_total: None };
    assert_eq!(refusal(draft::complete(&boss, draft.id, &other).await).0, "IDEMPOTENCY_KEY_REUSED");
    let second = drafted(&boss, written(vec![line(mug, 1)])).await;
    let (one, two) = tokio::join!(complete(&boss, second.id, "a"), complete(&boss, second.id, "b"));
    assert_eq!(u8::from(one.is_ok()) + u8::from(two.is_ok()), 1);
    assert_eq!((orders(&shop).await, shop.stock().await), (2, (20, 2)));
    shop.holds().await;
}

async fn what_is_sold_out_meanwhile_changes_nothing(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 2).await;
    let boss = shop.boss();
    let draft = drafted(&boss, written(vec![line(mug, 2)])).await;
    shop.guest(mug, 1).await.order("manual").await;
    let before = (shop.told().await, shop.stock().await, orders(&shop).await);
    let refused = refusal(complete(&boss, draft.id, "one").await);
    assert_eq!(refused.0, "OUT_OF_STOCK");
    let seen = draft::by_id(&boss, draft.id).await.unwrap();
    assert_eq!((seen.state, seen.version, fields(&seen)), (DraftState::Open, draft.version, vec!["lines.0"]));
    assert_eq!((shop.told().await, shop.stock().await, orders(&shop).await), before);
    assert_eq!(shop.number("SELECT COUNT(*) FROM cart").await, 1, "that of the guest");
    let fewer = Draft { shipping_method: seen.shipping_method, ..written(vec![line(mug, 1)]) };
    draft::update(&boss, draft.id, &fewer).await.unwrap();
    let order = complete(&boss, draft.id, "one").await.unwrap().order;
    assert_eq!((order.number, shop.stock().await), (1002, (2, 2)));
    shop.holds().await;
}

async fn is_not_what_it_was(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let boss = shop.boss();
    let draft = drafted(&boss, written(vec![line(mug, 2)])).await;
    let stale = Which { id: draft.id, version: Some(draft.version - 1) };
    let wanted = written(vec![line(mug, 3)]);
    assert_eq!(refusal(draft::update(&boss, stale, &wanted).await).0, "CONFLICT");
    assert_eq!(refusal(draft::delete(&boss, stale).await).0, "CONFLICT");
    let key = Completion { key: "one", ..Completion::default() };
    assert_eq!(refusal(draft::complete(&boss, stale, &key).await).0, "CONFLICT");
    let seen = Completion { expected_total: Some(1), ..key };
    let (code, at) = refusal(draft::complete(&boss, draft.id, &seen).await);
    assert_eq!((code.as_str(), at), ("CONFLICT", vec!["expectedTotal".to_owned()]));
    for key in ["", "k\u{e9}y", &"x".repeat(101)] {
        assert_eq!(refusal(complete(&boss, draft.id, key).await).1, ["idempotencyKey"]);
    }
    for (wrong, field) in [
        (Draft { email: "nobody".into(), ..wanted.clone() }, "email"),
        (written(vec![line(mug, 0)]), "lines.0.quantity"),
        (written(vec![line(mug, 1), line(mug, 1)]), "lines.1.variantId"),
        (written(vec![DraftLine { price: Some(-1), ..line(mug, 1) }]), "lines.0.price"),
        (
            written(vec![DraftLine { discount: off(Off::Amount(1), ""), ..line(mug, 1) }]),
            "lines.0.discount.reason",
        ),
        (Draft { discount: off(Off::Amount(0), "x"), ..wanted.clone() }, "discount.amount"),
        (Draft { tags: vec![String::new()], ..wanted.clone() }, "tags.0"),
        (Draft { customer_note: "x".repeat(2_001), ..wanted.clone() }, "customerNote"),
    ] {
        assert_eq!(refusal(draft::create(&boss, &wrong).await).1, [field]);
    }
    let unsaid =
        draft::create(&boss, &Draft { address: Address::default(), ..wanted.clone() }).await.unwrap();
    let refused = refusal(complete(&boss, unsaid.id, "two").await);
    assert_eq!((refused.0.as_str(), refused.1[0].as_str()), ("BAD_USER_INPUT", "address.name"));
    draft::delete(&boss, unsaid.id).await.unwrap();
    assert_eq!(refusal(draft::by_id(&boss, unsaid.id).await).0, "NOT_FOUND");
    assert_eq!((orders(&shop).await, shop.stock().await), (0, (20, 0)));
    shop.holds().await;
}

async fn is_the_staffs_and_the_shops_own(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let (boss, elsewhere) = (shop.boss(), shop.other_tenant());
    let draft = drafted(&boss, written(vec![line(mug, 1)])).await;
    let theirs = product_of(&elsewhere, "Mug", "12.50", 20).await;
    assert_eq!(refusal(draft::create(&boss, &written(vec![line(theirs, 1)])).await).0, "NOT_FOUND");
    let nobody = Draft { customer: Some(CustomerId::new()), ..written(vec![line(mug, 1)]) };
    assert_eq!(refusal(draft::create(&boss, &nobody).await).0, "NOT_FOUND");
    let wanted = written(vec![line(theirs, 1)]);
    assert_eq!(refusal(draft::by_id(&elsewhere, draft.id).await).0, "NOT_FOUND");
    assert_eq!(refusal(draft::update(&elsewhere, draft.id, &wanted).await).0, "NOT_FOUND");
    assert_eq!(refusal(draft::delete(&elsewhere, draft.id).await).0, "NOT_FOUND");
    assert_eq!(refusal(complete(&elsewhere, draft.id, "one").await).0, "NOT_FOUND");
    let reader = shop.staff(&[Permission::ORDERS_READ, Permission::ORDERS_LIST]);
    draft::by_id(&reader, draft.id).await.unwrap();
    for (ctx, code) in
        [(&reader, "FORBIDDEN"), (&shop.customer(), "FORBIDDEN"), (&shop.anonymous(), "UNAUTHENTICATED")]
    {
        let wanted = written(vec![line(mug, 1)]);
        assert_eq!(refusal(draft::create(ctx, &wanted).await).0, code);
        assert_eq!(refusal(draft::update(ctx, draft.id, &wanted).await).0, code);
        assert_eq!(refusal(draft::delete(ctx, draft.id).await).0, code);
        assert_eq!(refusal(complete(ctx, draft.id, "one").await).0, code);
    }
    let clerk = shop.staff(&[Permission::ORDERS_CREATE]);
    let paid = Completion { key: "one", mark_paid: true, expected_total: None };
    assert_eq!(refusal(draft::complete(&clerk, draft.id, &paid).await).0, "FORBIDDEN");
    assert_eq!(orders(&shop).await, 0);
    complete(&clerk, draft.id, "one").await.unwrap();
    for n in 0..3 {
        draft::create(&boss, &written(vec![line(mug, n + 1)])).await.unwrap();
    }
    let page = draft::list(&boss, &DraftFilter::default(), &PageArgs::first(2)).await.unwrap();
    let pieces: Vec<_> = page.items.iter().map(|row| row.n_items).collect();
    assert_eq!((pieces, page.total, page.has_next), (vec![3, 2], 4, true));
    let next = PageArgs::new(Some(5), page.cursors.last().cloned(), None, None).unwrap();
    let rest = draft::list(&boss, &DraftFilter::default(), &next).await.unwrap();
    let orders: Vec<_> = rest.items.iter().map(|row| row.order.map(|(_, number)| number)).collect();
    assert_eq!((orders, rest.has_next), (vec![None, Some(1001)], false));
    let open = DraftFilter { state: Some(DraftState::Open), ..DraftFilter::default() };
    assert_eq!(draft::list(&boss, &open, &PageArgs::first(5)).await.unwrap().total, 3);
    let other = draft::list(&elsewhere, &DraftFilter::default(), &PageArgs::first(5)).await.unwrap();
    assert_eq!(other.total, 0);
    shop.holds().await;
}

async fn a_refused_payment_gives_no_cart_back(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let boss = shop.boss();
    let wanted = Draft { payment_provider: "http".into(), ..written(vec![line(mug, 1)]) };
    let draft = drafted(&boss, wanted).await;
    shop.gateway.next("authorize", &[Mood::Decline]);
    let placed = complete(&boss, draft.id, "one").await.unwrap();
    assert_eq!((placed.next, placed.order.state), (NextStep::TryAgain, OrderState::Cancelled));
    assert_eq!((shop.number("SELECT COUNT(*) FROM cart").await, shop.stock().await), (1, (20, 0)));
    shop.holds().await;
}

async fn is_known_to_its_customer_and_forgotten_with_them(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let (maud_ctx, maud) = known(&shop, mug).await;
    let boss = shop.boss();
    let first = order::my_orders(&maud_ctx, &PageArgs::first(5)).await.unwrap().items[0].id;
    order::cancel(&boss, first, "not wanted").await.unwrap();
    shop.settle().await;
    let made = Draft { customer: Some(maud), lines: vec![line(mug, 1)], ..Draft::default() };
    let draft = drafted(&boss, made).await;
    assert_eq!((draft.email.as_str(), draft.problems.len()), ("maud@example.com", 0), "{:?}", draft.problems);
    let file = customer::data(&boss, maud).await.unwrap();
    assert_eq!((file.drafts.len(), file.drafts[0].pieces[0].quantity), (1, 1));
    let order = complete(&boss, draft.id, "one").await.unwrap().order;
    let own = order::my_order(&maud_ctx, order.id).await.unwrap();
    assert_eq!((own.id, own.timeline[0].actor.as_str()), (order.id, "staff"));
    order::cancel(&boss, order.id, "not wanted").await.unwrap();
    shop.settle().await;
    draft::create(&boss, &written(vec![line(mug, 1)])).await.unwrap();
    customer::erase(&boss, maud, "maud@example.com").await.unwrap();
    assert_eq!(shop.number("SELECT COUNT(*) FROM draft_order").await, 0);
    let gone = Draft { customer: Some(maud), ..Draft::default() };
    assert_eq!(refusal(draft::create(&boss, &gone).await).0, "CONFLICT");
    shop.holds().await;
}

on_both!(
    becomes_an_order_at_the_prices_that_were_agreed,
    prices_without_tax_hold_as_well,
    promotions_count_unless_staff_says_otherwise,
    is_placed_once,
    what_is_sold_out_meanwhile_changes_nothing,
    is_not_what_it_was,
    is_the_staffs_and_the_shops_own,
    a_refused_payment_gives_no_cart_back,
    is_known_to_its_customer_and_forgotten_with_them,
);
