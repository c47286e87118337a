//! Buying the same again, and tags.

use catalog::product::state::Move;
use catalog::stock::CountItem;
use commerce::cart;
use commerce::order::{self, OrderFilter, OrderSort, Target};
use commerce::returns::Door;
use platform::Actor;
use primitives::{OrderId, PageArgs, Permission, PermissionSet, Quantity, UserId};
use testkit::on_both;

use crate::parcels::two_lines;
use crate::people::member;
use crate::shop::{Shop, refusal};

async fn puts_into_the_cart_what_is_still_sold(shop: Shop) {
    let order = two_lines(&shop).await;
    let guest = shop.anonymous();
    let all = cart::again(&guest, None, Door::Token(&order.token)).await.unwrap();
    let change = all.change.unwrap();
    let pieces: Vec<_> = change.cart.lines.iter().map(|line| (line.title.clone(), line.quantity)).collect();
    let mut sorted = pieces.clone();
    sorted.sort();
    assert_eq!(sorted, [("Bowl".to_owned(), 2), ("Mug".to_owned(), 3)]);
    assert_eq!(all.missing, []);
    // Into a cart that there is: on top of it.
    let more = cart::again(&guest, change.token.as_deref(), Door::Token(&order.token)).await.unwrap();
    assert_eq!(more.change.unwrap().cart.n_items, 10);
    let mug = order.lines[0].variant;
    let boss = shop.boss();
    catalog::stock::set_on_hand(&boss, &[CountItem::new(mug, 3)], "").await.unwrap();
    let bowl = catalog::product::get(&boss, order.lines[1].product).await.unwrap();
    catalog::product::move_to(&boss, bowl.id, bowl.version, Move::Archive).await.unwrap();
    let none = cart::again(&guest, None, Door::Token(&order.token)).await.unwrap();
    assert_eq!(none.change, None);
    let said: Vec<_> = none.missing.iter().map(|one| (one.title.as_str(), one.sold_out)).collect();
    assert_eq!(said, [("Mug", true), ("Bowl", false)]);
    assert_eq!(cart::missing(&guest, Door::Token(&order.token)).await.unwrap(), none.missing);
    assert_eq!(refusal(cart::again(&shop.customer(), None, Door::Own(order.id)).await).0, "NOT_FOUND");
    let elsewhere = cart::again(&shop.other_tenant(), None, Door::Token(&order.token)).await;
    assert_eq!(refusal(elsewhere).0, "NOT_FOUND");
    shop.holds().await;
}

async fn an_account_buys_its_own_again_and_never_too_much(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let (vera, other) = (shop.customer(), shop.customer());
    let order = member(&vera, mug, 2).await.order("manual").await;
    let again = cart::again(&vera, None, Door::Own(order.id)).await.unwrap();
    let change = again.change.unwrap();
    assert_eq!((change.cart.n_items, change.token, again.missing), (2, None, vec![]));
    for ctx in [&other, &shop.boss(), &shop.other_tenant()] {
        assert_eq!(refusal(cart::again(ctx, None, Door::Own(order.id)).await).0, "NOT_FOUND");
        assert_eq!(refusal(cart::missing(ctx, Door::Own(order.id)).await).0, "NOT_FOUND");
    }
    let nobody = cart::again(&shop.anonymous(), None, Door::Own(order.id)).await;
    assert_eq!(refusal(nobody).0, "UNAUTHENTICATED");
    for token in ["", "x", &"x".repeat(40)] {
        assert_eq!(refusal(cart::again(&vera, None, Door::Token(token)).await).0, "NOT_FOUND");
    }
    // A cart that would hold too much stays as it is.
    let line = change.cart.lines[0].id;
    let most = i64::from(Quantity::MAX);
    cart::update(&vera, None, &[(line, most - 1)]).await.unwrap();
    let full = cart::again(&vera, None, Door::Own(order.id)).await;
    assert_eq!(refusal(full).0, "BAD_USER_INPUT");
    assert_eq!(i64::from(cart::view(&vera, None).await.unwrap().n_items), most - 1);
    // The order is what it was.
    let read = order::my_order(&vera, order.id).await.unwrap();
    assert_eq!((read.version, read.lines), (order.version, order.lines));
    shop.holds().await;
}

async fn tags_are_of_the_staff_and_find_orders(shop: Shop) {
    let order = two_lines(&shop).await;
    let boss = shop.boss();
    let tags = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
    let tagged = order::set_tags(&boss, order.id, &tags(&["VIP", " gift  wrap", "vip"])).await.unwrap();
    assert_eq!(tagged.tags, ["gift wrap", "vip"]);
    let same = order::set_tags(&boss, order.id, &tags(&["gift wrap", "vip"])).await.unwrap();
    assert_eq!((same.version, shop.told().await["order.tagged"]), (tagged.version, 1));
    assert_eq!(refusal(order::set_tags(&boss, order.id, &tags(&["ok", ""])).await).1, ["tags.1"]);
    let stale = Target { id: order.id, version: Some(1) };
    assert_eq!(refusal(order::set_tags(&boss, stale, &[]).await).0, "CONFLICT");
    assert_eq!(refusal(order::set_tags(&boss, OrderId::new(), &[]).await).0, "NOT_FOUND");
    assert_eq!(refusal(order::set_tags(&shop.other_tenant(), order.id, &[]).await).0, "NOT_FOUND");
    let reader = shop.staff(&[Permission::ORDERS_READ]);
    assert_eq!(refusal(order::set_tags(&reader, order.id, &[]).await).0, "FORBIDDEN");
    let shopper = order::by_token(&shop.anonymous(), &order.token).await.unwrap();
    assert!(shopper.tags.is_empty());
    assert!(shopper.timeline.iter().all(|entry| entry.kind != "order.tagged"));
    shop.settle().await;
    let found = async |tag: &str| {
        let filter = OrderFilter { tag: tag.to_owned(), ..OrderFilter::default() };
        order::list(&boss, &filter, OrderSort::PlacedDesc, &PageArgs::first(5)).await.unwrap().total
    };
    assert_eq!((found("VIP").await, found("vi").await, found("").await), (1, 0, 1));
    assert_eq!(order::known_tags(&boss).await.unwrap(), [("gift wrap".to_owned(), 1), ("vip".to_owned(), 1)]);
    let less = order::set_tags(&boss, order.id, &tags(&["vip"])).await.unwrap();
    assert_eq!((less.tags, less.version), (vec!["vip".to_owned()], tagged.version + 1));
    assert_eq!(order::known_tags(&boss).await.unwrap(), [("vip".to_owned(), 1)]);
    assert_eq!((found("gift wrap").await, found("vip").await), (0, 1));
    let none = order::set_tags(&boss, order.id, &[]).await.unwrap();
    assert_eq!((none.tags, found("vip").await), (vec![], 0));
    let said: Vec<_> = none.timeline.iter().filter(|entry| entry.kind == "order.tagged").collect();
    let said: Vec<_> = said.into_iter().map(|entry| (entry.text.as_str(), entry.actor.as_str())).collect();
    assert_eq!(said, [("Has 2 tags now", "staff"), ("Has 1 tag now", "staff"), ("Tags taken off", "staff")]);
    assert_eq!(order::known_tags(&shop.other_tenant()).await.map(|tags| tags.len()).unwrap_or(0), 0);
    shop.holds().await;
}

/// Whoever may see the own orders alone: those, and nothing by tags.
async fn nobody_finds_the_tags_of_the_own_orders(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let user = UserId::new();
    let vera = shop.anonymous().with_actor(Actor::Customer { user });
    let order = member(&vera, mug, 1).await.order("manual").await;
    order::set_tags(&shop.boss(), order.id, &["difficult".to_owned()]).await.unwrap();
    shop.settle().await;
    let permissions =
        PermissionSet::EMPTY.with_own(Permission::ORDERS_LIST).with_own(Permission::ORDERS_READ);
    let ctx = vera.with_actor(Actor::Staff { user, permissions });
    let found = async |tag: &str| {
        let filter = OrderFilter { tag: tag.to_owned(), ..OrderFilter::default() };
        order::list(&ctx, &filter, OrderSort::PlacedDesc, &PageArgs::first(5)).await.unwrap().total
    };
    assert_eq!((found("").await, found("difficult").await), (1, 0));
    assert_eq!(refusal(order::known_tags(&ctx).await).0, "FORBIDDEN");
    assert_eq!(refusal(order::set_tags(&ctx, order.id, &[]).await).0, "FORBIDDEN");
    for read in [order::by_id(&ctx, order.id).await, order::my_order(&vera, order.id).await] {
        let read = read.unwrap();
        assert!(read.tags.is_empty() && read.timeline.iter().all(|entry| entry.kind != "order.tagged"));
    }
    shop.holds().await;
}

on_both!(
    puts_into_the_cart_what_is_still_sold,
    an_account_buys_its_own_again_and_never_too_much,
    tags_are_of_the_staff_and_find_orders,
    nobody_finds_the_tags_of_the_own_orders
);
