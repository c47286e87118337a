//! Checkouts: from a cart to an order.

use catalog::product;
use catalog::product::input::{ProductEdit, VariantInput, VariantsEdit};
use catalog::product::state::Move;
use commerce::checkout::Wish;
use commerce::order::Tracking;
use commerce::order::edit::{self, Changes, LineQuantity};
use commerce::promotion::{self, PromotionDraft};
use commerce::settings::{DeliveryTax, ShippingMethod, TaxRule};
use commerce::view::{Address, NextStep, OrderState, OrderView, PaymentState};
use commerce::{CheckoutInput, cart, checkout, order, returns, settings};
use platform::Actor;
use pricing::{Action, Rounding, TaxCategory};
use primitives::{Country, OrderId, PageArgs, Permission, Rate};
use testkit::on_both;

use crate::promoting::draft;
use crate::returning::{all_of, asked};
use crate::shop::{Shop, maud, product_of, refusal};

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
    let maud = shop.anonymous().with_actor(Actor::Customer { user });
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
    let netherlands = Country::parse("NL").unwrap();
    next.shipping[0].countries.push(netherlands);
    let btw = TaxRule::of_country(netherlands, "BTW", Rate::from_ppm(90_000));
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

async fn what_is_fetched_needs_a_name_and_no_street(shop: Shop) {
    let boss = shop.boss();
    let current = settings::current(&boss).await.unwrap();
    let mut next = current.settings.clone();
    let door = next.shipping[0].id.clone();
    let place = "Kouter 12, 9000 Ghent, Tuesday to Saturday";
    next.shipping.push(ShippingMethod {
        id: "counter".into(),
        name: "In our shop".into(),
        price_minor: 100,
        pickup: true,
        tax_category: Some(TaxCategory::parse("service").unwrap()),
        free_from_minor: None,
        ..next.shipping[0].clone()
    });
    let mut low = TaxRule::of_country(next.shipping[0].countries[0], "VAT low", Rate::percent(6));
    low.category = TaxCategory::parse("service").unwrap();
    let refused = settings::update(&boss, current.version, next.clone()).await;
    assert_eq!(refusal(refused).1, ["shipping.1.pickupPlace", "shipping.1.taxCategory"]);
    next.taxes.push(low);
    next.shipping[1].pickup_place = place.into();
    settings::update(&boss, current.version, next).await.unwrap();

    let mug = shop.product("Mug", "10.90", 20).await;
    let guest = shop.guest(mug, 1).await;
    let wish = Wish { country: Some("BE"), method: Some("counter"), ..Wish::default() };
    let page = checkout::view(&guest.ctx, Some(&guest.token), wish).await.unwrap();
    let places: Vec<_> = page.methods.iter().map(|one| one.pickup_place.as_deref()).collect();
    assert_eq!(places, [None, Some(place)]);
    // 6 % in 1.00 is 0.06, beside the tax of the mug.
    let shares: Vec<_> =
        page.cart.totals.taxes.iter().map(|one| (one.name.as_str(), one.tax.minor)).collect();
    assert_eq!(shares, [("VAT", 189), ("VAT low", 6)]);
    let form = CheckoutInput {
        token: Some(guest.token.clone()),
        cart: page.cart.id,
        email: "maud@example.com".into(),
        address: Address { name: "Maud".into(), country: "BE".into(), ..Address::default() },
        shipping_method: "counter".into(),
        payment_provider: "manual".into(),
        expected_total: page.cart.totals.total.minor,
        expected_currency: None,
        expected_due: None,
        idempotency_key: page.idempotency_key,
    };
    let sent = CheckoutInput { shipping_method: door, ..form.clone() };
    let fields = ["address.line1", "address.city", "address.postalCode"];
    assert_eq!(refusal(checkout::place_order(&guest.ctx, sent).await).1, fields);
    let nobody =
        CheckoutInput { address: Address { name: " ".into(), ..form.address.clone() }, ..form.clone() };
    assert_eq!(refusal(checkout::place_order(&guest.ctx, nobody).await).1, ["address.name"]);
    let order = checkout::place_order(&guest.ctx, form).await.unwrap().order;
    assert_eq!((order.shipping_name.as_str(), order.pickup_place.as_deref()), ("In our shop", Some(place)));
    assert_eq!(order.address.lines(), ["Maud", "Belgium"]);

    // Nobody finds another counter than the one that the order says.
    let current = settings::current(&boss).await.unwrap();
    let mut next = current.settings.clone();
    next.shipping.truncate(1);
    settings::update(&boss, current.version, next).await.unwrap();
    let order = order::by_id(&boss, order.id).await.unwrap();
    assert_eq!(order.pickup_place.as_deref(), Some(place));
    // Another name needs no street either.
    let other = Address { name: "Ada".into(), ..order.address };
    let changes = Changes { address: Some(other), ..Changes::default() };
    let preview = edit::preview(&boss, order.id, &changes).await.unwrap();
    assert_eq!(preview.problems, []);
    shop.holds().await;
}

async fn tax_is_rounded_as_the_shop_says(shop: Shop) {
    let boss = shop.other_tenant();
    let plate = product_of(&boss, "Plate", "1.23", 50).await;
    let (pin, pen) = (product_of(&boss, "Pin", "0.12", 50).await, product_of(&boss, "Pen", "0.12", 50).await);
    let usa = Country::parse("US").unwrap();
    let address = Address {
        name: "Ada".into(),
        line1: "1 Road".into(),
        city: "Portland".into(),
        region: "OR".into(),
        postal_code: "97201".into(),
        country: "US".into(),
        ..Address::default()
    };
    // 20 % of three times 1.23 and twice 0.12, and of one plate less.
    for (rounding, placed, fewer) in [
        (Rounding::Line, [74, 2, 2], [49, 2, 2]),
        (Rounding::Unit, [75, 2, 2], [50, 2, 2]),
        (Rounding::Order, [74, 3, 2], [49, 3, 2]),
    ] {
        let current = settings::current(&boss).await.unwrap();
        let mut next = current.settings.clone();
        next.taxes = vec![TaxRule::of_country(usa, "Sales tax", Rate::percent(20))];
        next.delivery_tax = DeliveryTax::Untaxed;
        next.rounding = rounding;
        settings::update(&boss, current.version, next).await.unwrap();
        let tax: i64 = placed.iter().sum();
        let shopper = boss.with_actor(Actor::Anonymous);
        let added = cart::add(&shopper, None, &[(plate, 3), (pin, 1), (pen, 1)]).await.unwrap();
        assert_eq!(added.cart.totals.tax.minor, tax, "{rounding:?}");
        let wish = Wish { country: Some("US"), ..Wish::default() };
        let page = checkout::view(&shopper, added.token.as_deref(), wish).await.unwrap();
        let totals = page.cart.totals.clone();
        assert_eq!((totals.tax.minor, totals.total.minor), (tax, 393 + 500 + tax), "{rounding:?}");
        let form = CheckoutInput {
            token: added.token,
            cart: page.cart.id,
            email: "ada@example.com".into(),
            address: address.clone(),
            shipping_method: page.method.unwrap(),
            payment_provider: "manual".into(),
            expected_total: totals.total.minor,
            expected_currency: None,
            expected_due: None,
            idempotency_key: page.idempotency_key,
        };
        let order = checkout::place_order(&shopper, form).await.unwrap().order;
        assert_eq!(order.totals, totals, "{rounding:?}");
        let taxed: Vec<_> = order.lines.iter().map(|line| (line.tax.minor, line.gross.minor)).collect();
        let [plates, pins, pens] = placed;
        assert_eq!(taxed, [(plates, 369 + plates), (pins, 12 + pins), (pens, 12 + pens)], "{rounding:?}");
        let shares: Vec<_> = order.totals.taxes.iter().map(|one| (one.net.minor, one.tax.minor)).collect();
        assert_eq!(shares, [(393, tax)], "{rounding:?}");
        let quantities = vec![LineQuantity { line: order.lines[0].id, quantity: 2 }];
        let changes = Changes { quantities, ..Changes::default() };
        let preview = edit::preview(&boss, order.id, &changes).await.unwrap();
        assert_eq!(
            preview.lines.iter().map(|line| line.tax.minor).collect::<Vec<_>>(),
            fewer,
            "{rounding:?}"
        );
        let tax: i64 = fewer.iter().sum();
        assert_eq!(
            (preview.after.tax.minor, preview.after.total.minor),
            (tax, 270 + 500 + tax),
            "{rounding:?}"
        );
    }
    assert_eq!(settings::current(&shop.boss()).await.unwrap().settings.rounding, Rounding::Line, "next door");
    shop.holds().await;
}

async fn what_was_placed_outlives_what_it_came_from(shop: Shop) {
    let (boss, merchant) = (shop.boss(), shop.staff(&[Permission::PROMOTIONS_MANAGE]));
    let mug = shop.product("Mug", "12.50", 20).await;
    let off = |percent| Action::OrderPercent { off: Rate::percent(percent) };
    let summer = PromotionDraft { codes: vec!["SUN".into()], ..draft("Summer", off(10)) };
    let summer = promotion::create(&merchant, &summer).await.unwrap();
    let guest = shop.guest(mug, 3).await;
    cart::set_codes(&guest.ctx, Some(&guest.token), &["SUN".to_owned()]).await.unwrap();
    let placed = guest.order("manual").await;
    order::mark_paid(&boss, placed.id).await.unwrap();
    order::ship(&boss, placed.id, &Tracking::default()).await.unwrap();
    order::deliver(&boss, placed.id).await.unwrap();
    let back = asked(&shop, &placed, &[(placed.lines[0].id, 3)]).await.unwrap();
    returns::approve(&boss, back.id, "").await.unwrap();
    let back = returns::receive(&boss, back.id, &all_of(&back)).await.unwrap();
    assert_eq!(back.offer.map(|offer| offer.minor), Some(3_375));
    let read = async || {
        let staff = order::by_id(&boss, placed.id).await.unwrap();
        (staff, order::by_token(&guest.ctx, &placed.token).await.unwrap())
    };
    let before = read().await;

    let id = placed.lines[0].product;
    let seen = product::get(&boss, id).await.unwrap();
    let renamed =
        ProductEdit { title: Some("Cup".into()), slug: Some("cup".into()), ..ProductEdit::default() };
    let seen = product::update(&boss, id, seen.version, &renamed).await.unwrap();
    let dear = VariantInput {
        id: Some(mug),
        sku: Some("SKU-2".into()),
        price: Some("99.00".into()),
        ..VariantInput::default()
    };
    let dear = VariantsEdit { variants: vec![dear], ..VariantsEdit::default() };
    let seen = product::save_variants(&boss, id, seen.version, &dear).await.unwrap();
    let current = settings::current(&boss).await.unwrap();
    let mut next = current.settings.clone();
    (next.taxes[0].name, next.taxes[0].rate) = ("BTW".into(), Rate::percent(6));
    next.rounding = Rounding::Unit;
    settings::update(&boss, current.version, next).await.unwrap();
    let summer = promotion::get(&merchant, summer.id).await.unwrap();
    let winter = PromotionDraft { active: false, ..draft("Winter", off(50)) };
    promotion::update(&merchant, summer.id, summer.version, &winter).await.unwrap();
    // Whoever comes now buys something else.
    let today = shop.guest(mug, 1).await.form("manual").await;
    let today = checkout::place_order(&shop.anonymous(), today).await.unwrap().order;
    let line = &today.lines[0];
    assert_eq!((line.title.as_str(), line.slug.as_str(), line.sku.as_str()), ("Cup", "cup", "SKU-2"));
    assert_eq!((line.unit.minor, line.rate, line.discounts.len()), (9_900, Rate::percent(6), 0));
    product::move_to(&boss, id, seen.version, Move::Archive).await.unwrap();

    assert_eq!(read().await, before);
    let line = &before.1.lines[0];
    assert_eq!((line.title.as_str(), line.slug.as_str(), line.sku.as_str()), ("Mug", "mug", "SKU-1"));
    assert_eq!((line.unit.minor, line.rate, line.total.minor), (1_250, Rate::percent(21), 3_375));
    let source = &line.discounts[0];
    assert_eq!((source.promotion, source.words.as_str()), (summer.id, "Summer: its share of 10 % off 37.50"));
    let taxes: Vec<_> = before.1.totals.taxes.iter().map(|one| (one.name.as_str(), one.rate)).collect();
    assert_eq!(taxes, [("VAT", Rate::percent(21))]);
    assert_eq!(returns::by_id(&boss, back.id).await.unwrap().offer, back.offer);
    let given = returns::refund(&boss, back.id, None).await.unwrap();
    assert_eq!(given.refunded, back.offer);
    let done = order::refund(&boss, placed.id, "the rest").await.unwrap();
    assert_eq!((done.state, done.refunded), (OrderState::Refunded, placed.totals.total));
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
    what_is_fetched_needs_a_name_and_no_street,
    tax_is_rounded_as_the_shop_says,
    what_was_placed_outlives_what_it_came_from,
    takes_nothing_for_what_costs_nothing,
);
