//! Sending things back.

use std::time::Duration;

use catalog::stock;
use commerce::order::{self, Piece};
use commerce::returns::{self, Arrived, Ask, Door, ReturnFilter, ReturnReason, ReturnState, Which};
use commerce::tender::Issued;
use commerce::view::{OrderState, OrderView, PaymentState, ReturnView};
use commerce::{CommerceError, cart, settings};
use primitives::{LocationId, OrderLineId, PageArgs, Permission, ReturnId};
use testkit::on_both;

use crate::gateway::Mood;
use crate::parcels::{parcel, two_lines};
use crate::shop::{Shop, refusal, verified};
use crate::tendering::{balance, issued, with_card};

pub fn ask(key: &str, pieces: &[(OrderLineId, i64)]) -> Ask {
    let piece = |(line, quantity): &(OrderLineId, i64)| Piece { line: *line, quantity: *quantity };
    Ask {
        key: key.into(),
        lines: pieces.iter().map(piece).collect(),
        reason: ReturnReason::DoesNotFit,
        words: "too small".into(),
        exchange: false,
    }
}

/// Three mugs at 12.50 and two bowls at 20.00, sent and arrived.
pub async fn delivered(shop: &Shop) -> OrderView {
    let order = two_lines(shop).await;
    order::ship(&shop.boss(), order.id, &parcel("DHL")).await.unwrap();
    order::deliver(&shop.boss(), order.id).await.unwrap()
}

pub async fn asked(
    shop: &Shop,
    order: &OrderView,
    pieces: &[(OrderLineId, i64)],
) -> Result<ReturnView, CommerceError> {
    let key = uuid::Uuid::new_v4().to_string();
    returns::request(&shop.anonymous(), Door::Token(&order.token), &ask(&key, pieces)).await
}

pub fn all_of(found: &ReturnView) -> Vec<Arrived> {
    let arrived = |line: &commerce::view::ReturnLineView| Arrived {
        line: line.line,
        quantity: i64::from(line.quantity),
        restock: true,
        location: None,
    };
    found.lines.iter().map(arrived).collect()
}

async fn returnable(shop: &Shop, order: &OrderView) -> Vec<u32> {
    let seen = order::by_token(&shop.anonymous(), &order.token).await.unwrap();
    seen.lines.iter().map(|line| line.returnable).collect()
}

async fn comes_back_and_is_refunded_piece_by_piece(shop: Shop) {
    let order = delivered(&shop).await;
    let boss = shop.boss();
    let (mugs, bowls) = (order.lines[0].id, order.lines[1].id);
    assert_eq!(returnable(&shop, &order).await, [3, 2]);
    let found = asked(&shop, &order, &[(mugs, 2), (bowls, 1)]).await.unwrap();
    assert_eq!((found.number.as_str(), found.state), ("R-1001-1", ReturnState::Requested));
    assert_eq!((found.moves.len(), found.offer), (0, None), "the shopper sees no moves");
    assert_eq!(returnable(&shop, &order).await, [1, 1]);
    let approved = returns::approve(&boss, found.id, "Send it to Ghent").await.unwrap();
    assert_eq!((approved.state, approved.answer.as_str()), (ReturnState::Approved, "Send it to Ghent"));
    // One of the two mugs came, and is broken.
    let arrived = [
        Arrived { line: mugs, quantity: 1, restock: false, location: None },
        Arrived { line: bowls, quantity: 1, restock: true, location: None },
    ];
    let received = returns::receive(&boss, found.id, &arrived).await.unwrap();
    assert_eq!(received.state, ReturnState::Received);
    assert_eq!(received.offer.map(|offer| offer.minor), Some(1_250 + 2_000));
    assert_eq!(shop.stock().await, (36, 0), "the bowl lies on the shelf again");
    assert_eq!(returnable(&shop, &order).await, [2, 1], "the mug that did not come is free");
    for wrong in [0, 3_251, -1, i64::MAX] {
        assert_eq!(refusal(returns::refund(&boss, found.id, Some(wrong)).await).1, ["amount"], "{wrong}");
    }
    let back = returns::refund(&boss, found.id, Some(3_000)).await.unwrap();
    assert_eq!((back.state, back.refunded.map(|money| money.minor)), (ReturnState::Refunded, Some(3_000)));
    let now = order::by_id(&boss, order.id).await.unwrap();
    assert_eq!((now.state, now.payment), (OrderState::Delivered, PaymentState::PartlyRefunded));
    assert_eq!((now.refunded.minor, now.returns.len()), (3_000, 1));
    assert_eq!(refusal(returns::refund(&boss, found.id, None).await).0, "CONFLICT");
    let story: Vec<_> = now.timeline.iter().skip(5).map(|entry| entry.text.clone()).collect();
    assert_eq!(
        story,
        [
            "Return R-1001-1 asked for",
            "Return R-1001-1 approved",
            "Return R-1001-1 received",
            "Money given back: return R-1001-1",
            "Return R-1001-1 refunded",
        ]
    );
    let told = shop.told().await;
    for kind in ["requested", "approved", "received", "refunded"] {
        assert_eq!(told[&format!("return.{kind}")], 1, "{kind}");
    }
    shop.holds().await;
    // Everything else comes back, too: the sum is what the goods have cost, and the rest ends at zero.
    let rest = asked(&shop, &order, &[(mugs, 2), (bowls, 1)]).await.unwrap();
    assert_eq!(rest.number, "R-1001-2");
    returns::approve(&boss, rest.id, "").await.unwrap();
    let rest = returns::receive(&boss, rest.id, &all_of(&rest)).await.unwrap();
    assert_eq!(rest.offer.map(|offer| offer.minor), Some(2 * 1_250 + 2_000));
    returns::refund(&boss, rest.id, None).await.unwrap();
    assert_eq!(returnable(&shop, &order).await, [0, 0]);
    let done = order::refund(&boss, order.id, "the delivery as well").await.unwrap();
    assert_eq!((done.state, done.refunded), (OrderState::Refunded, done.paid));
    shop.holds().await;
}

async fn gives_back_what_pieces_cost_after_discounts(shop: Shop) {
    let mug = shop.product("Mug", "10.01", 20).await;
    let off = pricing::Action::OrderFixed { off: 200 };
    let merchant = shop.staff(&[Permission::PROMOTIONS_MANAGE]);
    commerce::promotion::create(&merchant, &crate::promoting::draft("Sale", off)).await.unwrap();
    let placed = shop.guest(mug, 3).await.order("manual").await;
    let boss = shop.boss();
    order::mark_paid(&boss, placed.id).await.unwrap();
    let order = order::ship(&boss, placed.id, &parcel("")).await.unwrap();
    let line = &order.lines[0];
    assert_eq!(line.total.minor, 3_003 - 200);
    let mut sum = 0;
    for (n, pieces) in [(1, 1), (2, 1), (3, 1)] {
        let found = asked(&shop, &order, &[(line.id, pieces)]).await.unwrap();
        returns::approve(&boss, found.id, "").await.unwrap();
        let received = returns::receive(&boss, found.id, &all_of(&found)).await.unwrap();
        let offer = received.offer.unwrap().minor;
        assert!((934..=935).contains(&offer), "piece {n}: {offer}");
        returns::refund(&boss, found.id, None).await.unwrap();
        sum += offer;
    }
    assert_eq!(sum, 2_803, "all pieces sum to the line");
    shop.holds().await;
}

async fn says_what_cannot_come_back(shop: Shop) {
    let order = two_lines(&shop).await;
    let boss = shop.boss();
    let (mugs, bowls) = (order.lines[0].id, order.lines[1].id);
    let early = asked(&shop, &order, &[(mugs, 1)]).await;
    assert_eq!(early.unwrap_err().to_string(), "nothing of this order has been sent yet");
    order::ship_pieces(&boss, order.id, &[Piece { line: mugs, quantity: 2 }], &parcel("")).await.unwrap();
    let before = shop.told().await;
    let fields = async |pieces: &[(OrderLineId, i64)]| refusal(asked(&shop, &order, pieces).await).1;
    assert_eq!(fields(&[]).await, ["lines"]);
    assert_eq!(fields(&[(mugs, 3)]).await, ["lines.0.quantity"], "the third is not sent yet");
    assert_eq!(fields(&[(mugs, 1), (bowls, 1)]).await, ["lines.1.quantity"]);
    assert_eq!(fields(&[(mugs, 0)]).await, ["lines.0.quantity"]);
    assert_eq!(fields(&[(mugs, i64::MAX), (mugs, i64::MAX)]).await, ["lines.0.quantity"]);
    assert_eq!(refusal(asked(&shop, &order, &[(OrderLineId::new(), 1)]).await).0, "NOT_FOUND");
    let guest = shop.anonymous();
    let door = Door::Token(&order.token);
    for (wrong, field) in [
        (Ask { key: String::new(), ..ask("k", &[(mugs, 1)]) }, "key"),
        (Ask { key: "k\u{e9}y".into(), ..ask("k", &[(mugs, 1)]) }, "key"),
        (Ask { words: "x".repeat(1_001), ..ask("k", &[(mugs, 1)]) }, "words"),
        (Ask { words: " ".into(), reason: ReturnReason::Other, ..ask("k", &[(mugs, 1)]) }, "words"),
        (Ask { words: " ".into(), exchange: true, ..ask("k", &[(mugs, 1)]) }, "words"),
    ] {
        assert_eq!(refusal(returns::request(&guest, door, &wrong).await).1, [field]);
    }
    let token = "x".repeat(40);
    for (ctx, door) in [
        (guest.clone(), Door::Token(&token)),
        (shop.customer(), Door::Own(order.id)),
        (shop.other_tenant(), Door::Token(&order.token)),
    ] {
        assert_eq!(refusal(returns::request(&ctx, door, &ask("k", &[(mugs, 1)])).await).0, "NOT_FOUND");
    }
    let nobody = returns::request(&guest, Door::Own(order.id), &ask("k", &[(mugs, 1)])).await;
    assert_eq!(refusal(nobody).0, "UNAUTHENTICATED");
    assert_eq!(shop.told().await, before);
    shop.holds().await;
}

async fn the_window_is_the_shops(shop: Shop) {
    let order = delivered(&shop).await;
    let boss = shop.boss();
    let mugs = order.lines[0].id;
    shop.advance(Duration::from_secs(30 * 86_400));
    let last = asked(&shop, &order, &[(mugs, 1)]).await.unwrap();
    returns::withdraw(&shop.anonymous(), Door::Token(&order.token), last.id).await.unwrap();
    shop.advance(Duration::from_secs(1));
    assert_eq!(refusal(asked(&shop, &order, &[(mugs, 1)]).await).0, "CONFLICT");
    let seen = order::by_token(&shop.anonymous(), &order.token).await.unwrap();
    assert_eq!(seen.return_until, None);
    let now = settings::current(&boss).await.unwrap();
    let with = |return_days| settings::CommerceSettings { return_days, ..now.settings.clone() };
    settings::update(&boss, now.version, with(31)).await.unwrap();
    asked(&shop, &order, &[(mugs, 1)]).await.unwrap();
    settings::update(&boss, now.version + 1, with(0)).await.unwrap();
    let off = asked(&shop, &order, &[(mugs, 1)]).await.unwrap_err().to_string();
    assert_eq!(off, "this shop offers no returns here: write to it instead");
    let wrong = settings::update(&boss, now.version + 2, with(366)).await;
    assert_eq!(refusal(wrong).1, ["returnDays"]);
    shop.holds().await;
}

async fn is_asked_for_once_and_can_be_withdrawn(shop: Shop) {
    let order = delivered(&shop).await;
    let boss = shop.boss();
    let (guest, door) = (shop.anonymous(), Door::Token(&order.token));
    let mugs = order.lines[0].id;
    let first = returns::request(&guest, door, &ask("one", &[(mugs, 3)])).await.unwrap();
    let again = returns::request(&guest, door, &ask("one", &[(mugs, 3)])).await.unwrap();
    assert_eq!((again.id, shop.told().await["return.requested"]), (first.id, 1));
    assert_eq!(refusal(asked(&shop, &order, &[(mugs, 1)]).await).1, ["lines.0.quantity"]);
    let kept = returns::withdraw(&guest, door, first.id).await.unwrap();
    assert_eq!((kept.state, returnable(&shop, &order).await), (ReturnState::Withdrawn, vec![3, 2]));
    assert_eq!(refusal(returns::withdraw(&guest, door, first.id).await).0, "CONFLICT");
    let other = shop.guest(shop.product("Cup", "5.00", 5).await, 1).await.order("manual").await;
    let theirs = returns::withdraw(&guest, Door::Token(&other.token), first.id).await;
    assert_eq!(refusal(theirs).0, "NOT_FOUND");
    let second = asked(&shop, &order, &[(mugs, 1)]).await.unwrap();
    assert_eq!(refusal(returns::decline(&boss, second.id, " ").await).1, ["words"]);
    let no = returns::decline(&boss, second.id, "It was worn").await.unwrap();
    assert_eq!((no.state, returnable(&shop, &order).await), (ReturnState::Declined, vec![3, 2]));
    let third = asked(&shop, &order, &[(mugs, 2)]).await.unwrap();
    returns::approve(&boss, third.id, "").await.unwrap();
    let closed = returns::close(&boss, third.id, "It never came").await.unwrap();
    assert_eq!((closed.state, returnable(&shop, &order).await), (ReturnState::Closed, vec![3, 2]));
    shop.holds().await;
}

async fn the_same_piece_comes_back_once(shop: Shop) {
    let order = delivered(&shop).await;
    let pieces = [(order.lines[0].id, 2)];
    let (one, two, three) = tokio::join!(
        asked(&shop, &order, &pieces),
        asked(&shop, &order, &pieces),
        asked(&shop, &order, &pieces)
    );
    assert_eq!([one, two, three].into_iter().filter(Result::is_ok).count(), 1);
    assert_eq!(returnable(&shop, &order).await, [1, 2]);
    let boss = shop.boss();
    let found = returns::list(&boss, &ReturnFilter::default(), &PageArgs::first(5)).await.unwrap();
    let id = found.items[0].id;
    returns::approve(&boss, id, "").await.unwrap();
    let arrived = all_of(&found.items[0]);
    let receive = || returns::receive(&boss, id, &arrived);
    let (one, two) = tokio::join!(receive(), receive());
    assert_eq!(u8::from(one.is_ok()) + u8::from(two.is_ok()), 1);
    assert_eq!(shop.stock().await, (37, 0), "put on the shelf once");
    let refund = || returns::refund(&boss, id, None);
    let (one, two) = tokio::join!(refund(), refund());
    assert_eq!(u8::from(one.is_ok()) + u8::from(two.is_ok()), 1);
    assert_eq!(order::by_id(&boss, order.id).await.unwrap().refunded.minor, 2_500);
    shop.holds().await;
}

async fn staff_says_what_came_and_where_it_goes(shop: Shop) {
    let order = delivered(&shop).await;
    let boss = shop.boss();
    let (mugs, bowls) = (order.lines[0].id, order.lines[1].id);
    let found = asked(&shop, &order, &[(mugs, 2), (bowls, 1)]).await.unwrap();
    let one = |line, quantity| Arrived { line, quantity, restock: true, location: None };
    assert_eq!(refusal(returns::receive(&boss, found.id, &[one(mugs, 1)]).await).0, "CONFLICT");
    returns::approve(&boss, found.id, "").await.unwrap();
    let fields = async |arrived: &[Arrived]| refusal(returns::receive(&boss, found.id, arrived).await);
    assert_eq!(fields(&[]).await.1, ["lines"]);
    assert_eq!(fields(&[one(mugs, 0), one(bowls, 0)]).await.1, ["lines"]);
    assert_eq!(fields(&[one(mugs, 3)]).await.1, ["lines.0.quantity"]);
    assert_eq!(fields(&[one(mugs, 1), one(mugs, 1)]).await.1, ["lines.1.quantity"]);
    assert_eq!(fields(&[one(OrderLineId::new(), 1)]).await.0, "NOT_FOUND");
    let nowhere = Arrived { location: Some(LocationId::new()), ..one(mugs, 1) };
    assert_eq!(fields(&[nowhere]).await.0, "NOT_FOUND");
    let stale = Which { id: found.id, version: Some(found.version) };
    assert_eq!(refusal(returns::receive(&boss, stale, &[one(mugs, 1)]).await).0, "CONFLICT");
    let elsewhere = shop.other_tenant();
    assert_eq!(refusal(returns::approve(&elsewhere, found.id, "").await).0, "NOT_FOUND");
    assert_eq!(refusal(returns::by_id(&elsewhere, found.id).await).0, "NOT_FOUND");
    assert_eq!(refusal(returns::by_id(&boss, ReturnId::new()).await).0, "NOT_FOUND");
    let reader = shop.staff(&[Permission::ORDERS_READ]);
    assert_eq!(refusal(returns::receive(&reader, found.id, &[one(mugs, 1)]).await).0, "FORBIDDEN");
    assert_eq!(shop.stock().await, (35, 0));
    let country = primitives::Country::parse("BE").unwrap();
    let depot = stock::NewLocation { name: "Depot".into(), country, address: String::new() };
    let depot = stock::create_location(&boss, &depot).await.unwrap().id;
    let there = Arrived { location: Some(depot), ..one(mugs, 2) };
    let received = returns::receive(&boss, found.id, &[there]).await.unwrap();
    let line = &received.lines[0];
    assert_eq!((line.received, line.restocked, line.location), (2, 2, Some(depot)));
    let at_depot = "SELECT CAST(SUM(on_hand) AS bigint) FROM stock_level l JOIN location o ON o.id = l.location_id \
                    WHERE o.name = 'Depot'";
    assert_eq!((shop.number(at_depot).await, shop.stock().await), (2, (37, 0)));
    assert_eq!(returnable(&shop, &order).await, [1, 2]);
    let closed = returns::close(&boss, found.id, "No receipt").await.unwrap();
    assert_eq!((closed.state, closed.refunded), (ReturnState::Closed, None));
    assert_eq!(refusal(returns::refund(&boss, found.id, None).await).0, "CONFLICT");
    shop.holds().await;
}

async fn waits_for_the_gateways_answer(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let boss = shop.boss();
    let placed = shop.guest(mug, 2).await.order("http").await;
    let order = order::ship(&boss, placed.id, &parcel("")).await.unwrap();
    let mut found = Vec::new();
    for _ in 0..2 {
        let one = asked(&shop, &order, &[(order.lines[0].id, 1)]).await.unwrap();
        returns::approve(&boss, one.id, "").await.unwrap();
        found.push(returns::receive(&boss, one.id, &all_of(&one)).await.unwrap());
    }
    shop.gateway.next("refund", &[Mood::Cut]);
    let lost = returns::refund(&boss, found[0].id, None).await.unwrap();
    assert_eq!((lost.state, lost.money_is_coming), (ReturnState::Received, true));
    assert_eq!(refusal(returns::refund(&boss, found[0].id, None).await).0, "CONFLICT");
    assert_eq!(refusal(returns::close(&boss, found[0].id, "").await).0, "CONFLICT");
    assert_eq!(refusal(returns::refund(&boss, found[1].id, None).await).0, "CONFLICT");
    shop.advance(Duration::from_secs(2));
    shop.sweep().await;
    let settled = returns::by_id(&boss, found[0].id).await.unwrap();
    assert_eq!((settled.state, settled.money_is_coming), (ReturnState::Refunded, false));
    shop.gateway.next("refund", &[Mood::Decline]);
    let refused = returns::refund(&boss, found[1].id, None).await.unwrap();
    assert_eq!((refused.state, refused.money_is_coming), (ReturnState::Received, false));
    let done = returns::refund(&boss, found[1].id, None).await.unwrap();
    assert_eq!((done.state, done.refunded.map(|money| money.minor)), (ReturnState::Refunded, Some(1_250)));
    assert_eq!(shop.gateway.effects("refund"), 2);
    let order = order::by_id(&boss, order.id).await.unwrap();
    assert_eq!((order.refunded.minor, order.payment), (2_500, PaymentState::PartlyRefunded));
    shop.holds().await;
}

/// Four mugs of 50.00 and a delivery of 5.00, for 35.00 of which a gift card paid, sent; a return of all of them has
/// arrived.
async fn paid_by_two(shop: &Shop) -> (OrderView, Issued, ReturnView) {
    let (boss, mug) = (shop.boss(), shop.product("Mug", "12.50", 20).await);
    let card = issued(shop, 3_500).await;
    let guest = shop.guest(mug, 4).await;
    with_card(&guest, &card).await;
    let placed = guest.order("http").await;
    let order = order::ship(&boss, placed.id, &parcel("")).await.unwrap();
    let found = asked(shop, &order, &[(order.lines[0].id, 4)]).await.unwrap();
    returns::approve(&boss, found.id, "").await.unwrap();
    let received = returns::receive(&boss, found.id, &all_of(&found)).await.unwrap();
    assert_eq!(received.offer.map(|offer| offer.minor), Some(5_000));
    (order, card, received)
}

async fn what_a_card_got_is_not_given_again_when_the_gateway_refuses(shop: Shop) {
    let boss = shop.boss();
    let (order, card, found) = paid_by_two(&shop).await;
    shop.gateway.next("refund", &[Mood::Decline]);
    let refused = returns::refund(&boss, found.id, None).await.unwrap();
    assert_eq!((refused.state, balance(&shop, &card).await), (ReturnState::Received, 3_000));
    assert_eq!(refused.offer.map(|offer| offer.minor), Some(2_000), "what the gateway has not given");
    let now = order::by_id(&boss, order.id).await.unwrap();
    assert!(now.attention.unwrap().contains("20.00"));
    shop.holds().await;
    assert_eq!(refusal(returns::refund(&boss, found.id, Some(2_001)).await).1, ["amount"]);
    let done = returns::refund(&boss, found.id, None).await.unwrap();
    assert_eq!((done.state, done.refunded.map(|money| money.minor)), (ReturnState::Refunded, Some(5_000)));
    assert_eq!((balance(&shop, &card).await, shop.gateway.effects("refund")), (3_000, 1));
    assert_eq!(order::by_id(&boss, order.id).await.unwrap().refunded.minor, 5_000);
    shop.holds().await;
    // `verify` knows both parts.
    let report = async |broken: &str, mended: &str| {
        shop.force(&[&format!("UPDATE return_request SET {broken}")]).await;
        let report = verified(&shop.system()).await;
        shop.force(&[&format!("UPDATE return_request SET {mended}")]).await;
        report.findings.into_iter().map(|finding| finding.text).collect::<Vec<_>>()
    };
    assert_eq!(
        report("given_minor = 2999", "given_minor = 3000").await,
        ["it is refunded with 5000, the ledger has 2000 for it and gift cards and store credit got 2999"]
    );
    shop.holds().await;
}

async fn ends_with_what_a_card_got_when_no_more_is_to_go_back(shop: Shop) {
    let boss = shop.boss();
    let (order, card, found) = paid_by_two(&shop).await;
    shop.gateway.next("refund", &[Mood::Decline]);
    returns::refund(&boss, found.id, None).await.unwrap();
    let ended = returns::close(&boss, found.id, "The rest in cash").await.unwrap();
    assert_eq!((ended.state, ended.refunded.map(|money| money.minor)), (ReturnState::Refunded, Some(3_000)));
    assert_eq!((balance(&shop, &card).await, returnable(&shop, &order).await), (3_000, vec![0]));
    assert_eq!(refusal(returns::refund(&boss, found.id, None).await).0, "CONFLICT");
    shop.holds().await;
}

async fn what_only_a_card_paid_goes_back_to_it(shop: Shop) {
    let (boss, mug) = (shop.boss(), shop.product("Mug", "12.50", 20).await);
    let card = issued(&shop, 5_000).await;
    let guest = shop.guest(mug, 2).await;
    with_card(&guest, &card).await;
    let placed = guest.order("").await;
    let order = order::ship(&boss, placed.id, &parcel("")).await.unwrap();
    let found = asked(&shop, &order, &[(order.lines[0].id, 1)]).await.unwrap();
    returns::approve(&boss, found.id, "").await.unwrap();
    returns::receive(&boss, found.id, &all_of(&found)).await.unwrap();
    let done = returns::refund(&boss, found.id, None).await.unwrap();
    assert_eq!((done.state, done.refunded.map(|money| money.minor)), (ReturnState::Refunded, Some(1_250)));
    assert_eq!(balance(&shop, &card).await, 2_000 + 1_250);
    shop.holds().await;
}

async fn goes_back_to_the_shelves_in_the_order_of_the_variants(shop: Shop) {
    let (boss, mug) = (shop.boss(), shop.product("Mug", "12.50", 20).await);
    let bowl = shop.product("Bowl", "20.00", 20).await;
    assert!(mug < bowl);
    // The order has them the other way round.
    let guest = shop.guest(bowl, 1).await;
    cart::add(&guest.ctx, Some(&guest.token), &[(mug, 1)]).await.unwrap();
    let order = guest.order("http").await;
    assert_eq!(order.lines[0].title, "Bowl");
    let order = order::ship(&boss, order.id, &parcel("")).await.unwrap();
    let lines: Vec<_> = order.lines.iter().map(|line| (line.id, 1)).collect();
    let found = asked(&shop, &order, &lines).await.unwrap();
    returns::approve(&boss, found.id, "").await.unwrap();
    returns::receive(&boss, found.id, &all_of(&found)).await.unwrap();
    let first = "SELECT COUNT(*) FROM stock_movement m JOIN variant v ON v.id = m.variant_id \
                 JOIN product p ON p.id = v.product_id WHERE m.reason = 'return' AND p.title = 'Mug' \
                 AND m.id = (SELECT id FROM stock_movement WHERE reason = 'return' ORDER BY id LIMIT 1)";
    assert_eq!(shop.number(first).await, 1);
    shop.holds().await;
}

async fn open_ones_come_first(shop: Shop) {
    let order = delivered(&shop).await;
    let boss = shop.boss();
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(asked(&shop, &order, &[(order.lines[0].id, 1)]).await.unwrap().id);
    }
    returns::decline(&boss, ids[2], "no").await.unwrap();
    let page = async |filter: &ReturnFilter, after: Option<String>| {
        let args = PageArgs::new(Some(2), after, None, None).unwrap();
        returns::list(&boss, filter, &args).await.unwrap()
    };
    let all = ReturnFilter::default();
    let first = page(&all, None).await;
    assert_eq!(first.items.iter().map(|found| found.id).collect::<Vec<_>>(), [ids[1], ids[0]]);
    let second = page(&all, first.cursors.last().cloned()).await;
    assert_eq!((second.items[0].id, second.total, second.has_next), (ids[2], 3, false));
    let open = page(&ReturnFilter { open: true, states: Vec::new() }, None).await;
    assert_eq!((open.total, open.items.len()), (2, 2));
    let declined = ReturnFilter { open: false, states: vec![ReturnState::Declined] };
    assert_eq!(page(&declined, None).await.items[0].id, ids[2]);
    assert_eq!(refusal(returns::list(&shop.customer(), &all, &PageArgs::first(2)).await).0, "FORBIDDEN");
    shop.holds().await;
}

async fn what_comes_back_agrees_with_its_order(shop: Shop) {
    let order = delivered(&shop).await;
    let boss = shop.boss();
    let found = asked(&shop, &order, &[(order.lines[0].id, 2)]).await.unwrap();
    returns::approve(&boss, found.id, "").await.unwrap();
    returns::receive(&boss, found.id, &all_of(&found)).await.unwrap();
    returns::refund(&boss, found.id, None).await.unwrap();
    shop.holds().await;
    let found = async |broken: &str, mended: &str| {
        shop.force(&[broken]).await;
        let report = verified(&shop.system()).await;
        shop.force(&[mended]).await;
        shop.holds().await;
        let found = report.findings.into_iter().filter(|finding| finding.check.starts_with("return."));
        found.map(|finding| finding.text).collect::<Vec<_>>()
    };
    let mugs = "WHERE quantity = 3";
    assert_eq!(
        found(
            &format!("UPDATE order_line SET returned = 1 {mugs}"),
            &format!("UPDATE order_line SET returned = 2 {mugs}")
        )
        .await,
        ["1 pieces of line 1 count as coming back, its returns hold 2"]
    );
    assert_eq!(
        found(
            &format!("UPDATE order_line SET refunded = 3 {mugs}"),
            &format!("UPDATE order_line SET refunded = 2 {mugs}")
        )
        .await,
        ["3 pieces of line 1 count as given back, its returns say 2"]
    );
    assert_eq!(
        found("UPDATE return_request SET refund_minor = 1", "UPDATE return_request SET refund_minor = 2500")
            .await,
        ["it is refunded with 1, the ledger has 2500 for it"]
    );
}

on_both!(
    comes_back_and_is_refunded_piece_by_piece,
    gives_back_what_pieces_cost_after_discounts,
    says_what_cannot_come_back,
    the_window_is_the_shops,
    is_asked_for_once_and_can_be_withdrawn,
    the_same_piece_comes_back_once,
    staff_says_what_came_and_where_it_goes,
    waits_for_the_gateways_answer,
    what_a_card_got_is_not_given_again_when_the_gateway_refuses,
    ends_with_what_a_card_got_when_no_more_is_to_go_back,
    what_only_a_card_paid_goes_back_to_it,
    goes_back_to_the_shelves_in_the_order_of_the_variants,
    open_ones_come_first,
    what_comes_back_agrees_with_its_order,
);
