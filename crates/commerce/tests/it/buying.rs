//! Checkouts: from a cart to an order.

use commerce::checkout::Wish;
use commerce::view::{NextStep, OrderState, OrderView, PaymentState};
use commerce::{CheckoutInput, cart, checkout, order, settings};
use primitives::{OrderId, PageArgs};
use testkit::on_both;

use crate::shop::{Shop, maud, refusal};

async fn makes_one_order_with_everything_as_it_was(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let guest = shop.guest(mug, 2).await;
    let placed = guest.buy("manual").await.unwrap();
    let order = &placed.order;
    assert_eq!((placed.next, placed.replayed), (NextStep::PayByHand, false));
    assert_eq!(
        (order.state, order.payment, order.number),
        (OrderState::PendingPayment, PaymentState::Unpaid, 1001)
    );
    assert_eq!((order.totals.subtotal.minor, order.totals.total.minor), (2500, 3000));
    assert_eq!(order.lines[0].sku, "SKU-1");
    assert_eq!(order.lines[0].gross.minor, order.lines[0].net.minor + order.lines[0].tax.minor);
    assert!(!order.payment_instructions.is_empty() && order.pay_until.is_some());
    assert_eq!((order.attention.clone(), order.customer, order.moves.len()), (None, None, 0));
    assert_eq!(shop.stock().await, (20, 2));
    let read = order::by_token(&guest.ctx, &placed.token).await.unwrap();
    assert_eq!(read.timeline.len(), 1);
    assert_eq!(OrderView { timeline: Vec::new(), ..read }, *order);
    assert_eq!(cart::view(&guest.ctx, Some(&guest.token)).await.unwrap().lines, []);
    let told = shop.told().await;
    assert_eq!((told["order.placed"], told["inventory.reserved"], told["customer.created"]), (1, 1, 1));
    // What was bought stays as it was.
    assert_eq!(shop.guest(mug, 1).await.order("manual").await.number, 1002);
    for token in ["", "x", &"x".repeat(43), &"y".repeat(5_000)] {
        assert_eq!(refusal(order::by_token(&guest.ctx, token).await).0, "NOT_FOUND");
    }
    shop.holds().await;
}

async fn names_every_wrong_field_and_changes_nothing(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let guest = shop.guest(mug, 1).await;
    let good = guest.form("manual").await;
    let before = shop.told().await;
    let mut wrong = good.clone();
    wrong.email = "maud@".into();
    wrong.address.name = " ".into();
    wrong.address.postal_code = "90".into();
    wrong.shipping_method = "rocket".into();
    wrong.payment_provider = "shells".into();
    wrong.idempotency_key = String::new();
    let (code, fields) = refusal(checkout::place_order(&guest.ctx, wrong).await);
    assert_eq!(code, "BAD_USER_INPUT");
    assert_eq!(
        fields,
        ["idempotencyKey", "email", "address.name", "address.postalCode", "paymentProvider"],
        "the delivery is judged once the country is known to be right"
    );
    let wrong = CheckoutInput { shipping_method: "rocket".into(), ..good.clone() };
    assert_eq!(refusal(checkout::place_order(&guest.ctx, wrong).await).1, ["shippingMethod"]);
    let mut elsewhere = good.clone();
    elsewhere.address.country = "US".into();
    assert_eq!(refusal(checkout::place_order(&guest.ctx, elsewhere).await).1, ["address.country"]);
    let dear = CheckoutInput { expected_total: 1, ..good.clone() };
    let (code, fields) = refusal(checkout::place_order(&guest.ctx, dear).await);
    assert_eq!((code.as_str(), fields), ("CONFLICT", vec!["expectedTotal".to_owned()]));
    let nobody = CheckoutInput { token: None, ..good.clone() };
    assert_eq!(refusal(checkout::place_order(&guest.ctx, nobody).await).0, "NOT_FOUND");
    let foreign = checkout::place_order(&shop.other_tenant(), good.clone()).await;
    assert_eq!(refusal(foreign).0, "NOT_FOUND");
    assert_eq!(shop.told().await, before);
    assert_eq!(shop.stock().await, (20, 0));
    assert_eq!(shop.number("SELECT COUNT(*) FROM orders").await, 0);
    assert!(checkout::place_order(&guest.ctx, good).await.is_ok());
    shop.holds().await;
}

async fn refuses_more_than_there_is(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 2).await;
    let guest = shop.guest(mug, 3).await;
    let (code, fields) = refusal(guest.buy("manual").await);
    let line = cart::view(&guest.ctx, Some(&guest.token)).await.unwrap().lines[0].id;
    assert_eq!((code.as_str(), fields), ("OUT_OF_STOCK", vec![format!("lines.{line}")]));
    assert_eq!(shop.stock().await, (2, 0));
    shop.holds().await;
}

async fn gives_the_first_order_to_the_second_click(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let guest = shop.guest(mug, 1).await;
    let form = guest.form("http").await;
    let first = checkout::place_order(&guest.ctx, form.clone()).await.unwrap();
    let second = checkout::place_order(&guest.ctx, form.clone()).await.unwrap();
    assert!(!first.replayed && second.replayed);
    assert_eq!((first.order.id, first.token), (second.order.id, second.token));
    // Another key, the same cart: still that order.
    let again = CheckoutInput { idempotency_key: "another".into(), ..form.clone() };
    assert_eq!(checkout::place_order(&guest.ctx, again).await.unwrap().order.id, first.order.id);
    // The same key, another wish.
    let mut other = form.clone();
    other.address.name = "Somebody Else".into();
    assert_eq!(refusal(checkout::place_order(&guest.ctx, other).await).0, "IDEMPOTENCY_KEY_REUSED");
    // The same key of somebody else is another key.
    let stranger = shop.guest(mug, 1).await;
    let mut theirs = stranger.form("http").await;
    theirs.idempotency_key = form.idempotency_key;
    let placed = checkout::place_order(&stranger.ctx, theirs).await.unwrap();
    assert!(!placed.replayed && placed.order.id != first.order.id);
    assert_eq!(shop.gateway.effects("capture"), 2);
    shop.holds().await;
}

async fn the_form_of_an_account_starts_with_what_the_account_knows(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let system = shop.system();
    let account =
        identity::people::create(&system, "maud@example.com", "Maud V.", "correct horse", "customer");
    let user = account.await.unwrap().id;
    let maud = shop.anonymous().with_actor(platform::Actor::Customer { user });
    cart::add(&maud, None, &[(mug, 1)]).await.unwrap();
    let page = checkout::view(&maud, None, Wish::default()).await.unwrap();
    assert_eq!(
        (page.contact.email.as_str(), page.contact.address.name.as_str()),
        ("maud@example.com", "Maud V.")
    );
    assert!(page.signed_in);
    let guest = shop.guest(mug, 1).await;
    let page = checkout::view(&guest.ctx, Some(&guest.token), Wish::default()).await.unwrap();
    assert_eq!((page.contact.email.as_str(), page.signed_in), ("", false));
    shop.holds().await;
}

async fn keeps_an_accounts_orders_to_the_account(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let (customer, stranger) = (shop.customer(), shop.customer());
    let mut ids = Vec::new();
    for n in 0..3 {
        cart::add(&customer, None, &[(mug, n + 1)]).await.unwrap();
        let page =
            checkout::view(&customer, None, Wish { country: Some("BE"), ..Wish::default() }).await.unwrap();
        assert_eq!(page.contact.email.is_empty(), n == 0, "the form starts with the last order's address");
        let input = CheckoutInput {
            token: None,
            cart: page.cart.id,
            email: "maud@example.com".into(),
            address: maud(),
            shipping_method: "standard".into(),
            payment_provider: "manual".into(),
            expected_total: page.cart.totals.total.minor,
            expected_currency: None,
            expected_due: None,
            idempotency_key: page.idempotency_key,
        };
        let placed = checkout::place_order(&customer, input.clone()).await.unwrap();
        let again = CheckoutInput { idempotency_key: "other".into(), ..input };
        let again = checkout::place_order(&customer, again).await;
        assert_eq!(again.unwrap().order.id, placed.order.id, "the cart is that order, whatever the key");
        ids.insert(0, placed.order.id);
    }
    let all = order::my_orders(&customer, &PageArgs::first(10)).await.unwrap();
    assert_eq!(all.items.iter().map(|row| row.id).collect::<Vec<_>>(), ids);
    let first = order::my_orders(&customer, &PageArgs::first(2)).await.unwrap();
    assert_eq!((first.items.len(), first.has_next, first.total), (2, true, 3));
    let rest = PageArgs::new(Some(2), first.cursors.last().cloned(), None, None).unwrap();
    assert_eq!(order::my_orders(&customer, &rest).await.unwrap().items[0].id, ids[2]);
    assert_eq!(order::my_order(&customer, ids[0]).await.unwrap().id, ids[0]);
    assert_eq!(order::my_orders(&stranger, &PageArgs::first(10)).await.unwrap().items, []);
    for id in [ids[0], OrderId::new()] {
        assert_eq!(refusal(order::my_order(&stranger, id).await).0, "NOT_FOUND");
        assert_eq!(refusal(order::by_id(&shop.other_tenant(), id).await).0, "NOT_FOUND");
    }
    assert_eq!(refusal(order::my_order(&shop.anonymous(), ids[0]).await).0, "UNAUTHENTICATED");
    assert_eq!(refusal(order::by_id(&customer, ids[0]).await).0, "FORBIDDEN");
    shop.holds().await;
}

async fn taxes_and_sends_as_the_settings_say(shop: Shop) {
    let boss = shop.boss();
    let current = settings::current(&boss).await.unwrap();
    let mut next = current.settings.clone();
    let netherlands = primitives::Country::parse("NL").unwrap();
    next.shipping[0].countries.push(netherlands);
    let btw = settings::TaxRule::of_country(netherlands, "BTW", primitives::Rate::from_ppm(90_000));
    next.taxes.push(btw);
    let saved = settings::update(&boss, current.version, next.clone()).await.unwrap();
    assert_eq!(saved.version, 1);
    let stale = settings::update(&boss, current.version, next.clone()).await;
    assert_eq!(refusal(stale).0, "CONFLICT");
    next.shipping[0].price_minor = -1;
    assert_eq!(refusal(settings::update(&boss, 1, next).await).1, ["shipping.0.price"]);
    assert_eq!(refusal(settings::update(&shop.customer(), 1, saved.settings.clone()).await).0, "FORBIDDEN");
    let mug = shop.product("Mug", "10.90", 20).await;
    let guest = shop.guest(mug, 1).await;
    let page =
        checkout::view(&guest.ctx, Some(&guest.token), Wish { country: Some("NL"), ..Wish::default() })
            .await
            .unwrap();
    assert_eq!(page.countries.iter().map(|c| c.as_str()).collect::<Vec<_>>(), ["BE", "NL"]);
    let totals = &page.cart.totals;
    assert_eq!((totals.total.minor, totals.taxes[0].name.as_str()), (1590, "BTW"));
    // 9 % in 10.90 is 0.90, in 5.00 it is 0.41.
    assert_eq!(totals.tax.minor, 131);
    let free = shop.guest(mug, 7).await;
    let page = checkout::view(
        &free.ctx,
        Some(&free.token),
        Wish { country: Some("BE"), method: Some("standard"), ..Wish::default() },
    )
    .await
    .unwrap();
    assert_eq!((page.methods[0].price.minor, page.methods[0].full_price.minor), (0, 500));
    shop.holds().await;
}

async fn takes_nothing_for_what_costs_nothing(shop: Shop) {
    let boss = shop.boss();
    let mut free = settings::current(&boss).await.unwrap().settings.clone();
    free.shipping[0].price_minor = 0;
    settings::update(&boss, 0, free).await.unwrap();
    let leaflet = shop.product("Leaflet", "0.00", 5).await;
    let placed = shop.guest(leaflet, 1).await.buy("http").await.unwrap();
    assert_eq!((placed.next, placed.order.state), (NextStep::Done, OrderState::Paid));
    assert_eq!(shop.gateway.calls().len(), 0);
    assert_eq!(placed.order.payment, PaymentState::Paid);
    shop.holds().await;
}

on_both!(
    makes_one_order_with_everything_as_it_was,
    names_every_wrong_field_and_changes_nothing,
    refuses_more_than_there_is,
    gives_the_first_order_to_the_second_click,
    the_form_of_an_account_starts_with_what_the_account_knows,
    keeps_an_accounts_orders_to_the_account,
    taxes_and_sends_as_the_settings_say,
    takes_nothing_for_what_costs_nothing,
);
