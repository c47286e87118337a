//! Carts.

use catalog::product::input::{VariantInput, VariantsEdit};
use commerce::cart;
use commerce::view::LineProblem;
use primitives::{CartLineId, Money, VariantId};
use testkit::on_both;

use crate::shop::{Shop, product_of, refusal};

async fn holds_what_was_added_at_todays_prices(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let guest = shop.guest(mug, 2).await;
    let change = cart::add(&guest.ctx, Some(&guest.token), &[(mug, 1)]).await.unwrap();
    assert_eq!(change.token, None);
    let view = cart::view(&guest.ctx, Some(&guest.token)).await.unwrap();
    assert_eq!(view, change.cart);
    assert_eq!((view.n_items, view.lines.len(), view.ready), (3, 1, true));
    assert_eq!(view.totals.total.minor, 3750);
    // 21 % inside the price: 3750 / 1.21 is 3099.17.
    assert_eq!(view.totals.tax.minor, 651);
    let free = view.free_shipping.unwrap();
    assert_eq!((free.from.minor, free.missing.minor, free.percent), (7500, 3750, 50));
    let line = view.lines[0].id;
    let updated = cart::update(&guest.ctx, Some(&guest.token), &[(line, 5)]).await.unwrap().cart;
    assert_eq!((updated.n_items, updated.lines[0].id), (5, line));
    assert_eq!(cart::remove(&guest.ctx, Some(&guest.token), &[line]).await.unwrap().cart.lines, []);
    let told = shop.told().await;
    assert_eq!((told["cart.created"], told["cart.updated"]), (1, 4));
    shop.holds().await;
}

async fn refuses_what_cannot_be_put_in(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let foreign = product_of(&shop.other_tenant(), "Tent", "99.00", 5).await;
    let guest = shop.guest(mug, 1).await;
    let before = shop.told().await;
    let add = async |variant: VariantId, quantity: i64| {
        refusal(cart::add(&guest.ctx, Some(&guest.token), &[(variant, quantity)]).await)
    };
    for quantity in [0, -1, 10_001, i64::MAX, i64::MIN] {
        let bad = ("BAD_USER_INPUT".to_owned(), vec!["lines.0.quantity".to_owned()]);
        assert_eq!(add(mug, quantity).await, bad, "{quantity}");
    }
    assert_eq!(add(mug, 10_000).await.0, "BAD_USER_INPUT");
    let missing = add(VariantId::new(), 1).await;
    assert_eq!(missing, ("NOT_FOUND".to_owned(), vec![]));
    assert_eq!(add(foreign, 1).await, missing);
    let update = async |token: &str, line: CartLineId, quantity: i64| {
        refusal(cart::update(&guest.ctx, Some(token), &[(line, quantity)]).await).0
    };
    let line = cart::view(&guest.ctx, Some(&guest.token)).await.unwrap().lines[0].id;
    assert_eq!(update(&guest.token, CartLineId::new(), 1).await, "NOT_FOUND");
    assert_eq!(update(&guest.token, line, -1).await, "BAD_USER_INPUT");
    // Somebody else's line is no line.
    let other = shop.guest(mug, 1).await;
    let told = shop.told().await;
    assert_eq!(update(&other.token, line, 3).await, "NOT_FOUND");
    assert_eq!(update("nonsense", line, 3).await, "NOT_FOUND");
    let elsewhere = shop.other_tenant();
    assert_eq!(refusal(cart::remove(&elsewhere, Some(&guest.token), &[line]).await).0, "NOT_FOUND");
    assert_eq!(cart::view(&elsewhere, Some(&guest.token)).await.unwrap().lines, []);
    assert_eq!(shop.told().await, told);
    assert_eq!(before["cart.updated"], 1);
    assert_eq!(cart::view(&guest.ctx, Some(&guest.token)).await.unwrap().n_items, 1);
    shop.holds().await;
}

async fn says_what_is_wrong_with_a_line(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 3).await;
    let vase = shop.product("Vase", "20.00", 1).await;
    let guest = shop.guest(mug, 5).await;
    cart::add(&guest.ctx, Some(&guest.token), &[(vase, 1)]).await.unwrap();
    // The vase goes to somebody else, the mug costs more from now on.
    shop.guest(vase, 1).await.order("manual").await;
    let boss = shop.boss();
    let rows = boss.read(platform::Access::Public).await.unwrap();
    let offer = catalog::query::offers(&rows, &[mug]).await.unwrap().remove(&mug).unwrap();
    drop(rows);
    let product = catalog::product::get(&boss, offer.product).await.unwrap();
    let dearer = VariantInput { id: Some(mug), price: Some("13.00".into()), ..VariantInput::default() };
    let edit = VariantsEdit { variants: vec![dearer], ..VariantsEdit::default() };
    catalog::product::save_variants(&boss, product.id, product.version, &edit).await.unwrap();
    let view = cart::view(&guest.ctx, Some(&guest.token)).await.unwrap();
    let was = Money::new(1250, view.totals.total.currency);
    assert_eq!(
        view.lines[0].problems,
        [LineProblem::OnlyLeft { left: 3 }, LineProblem::PriceChanged { was }]
    );
    assert_eq!(view.lines[1].problems, [LineProblem::SoldOut]);
    assert_eq!((view.ready, view.totals.subtotal.minor), (false, 6500));
    // Touching the line says that the new price was seen.
    let line = view.lines[0].id;
    let view = cart::update(&guest.ctx, Some(&guest.token), &[(line, 2)]).await.unwrap().cart;
    assert_eq!(view.lines[0].problems, []);
    shop.holds().await;
}

async fn goes_along_when_its_owner_signs_in(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let vase = shop.product("Vase", "20.00", 9).await;
    let customer = shop.customer();
    assert_eq!(cart::add(&customer, None, &[(mug, 2)]).await.unwrap().token, None);
    let guest = shop.guest(mug, 1).await;
    cart::add(&guest.ctx, Some(&guest.token), &[(vase, 1)]).await.unwrap();
    cart::merge(&customer, &guest.token).await.unwrap();
    let merged = cart::view(&customer, None).await.unwrap();
    assert_eq!(merged.lines.iter().map(|line| line.quantity).collect::<Vec<_>>(), [3, 1]);
    // The token is used up, and merging again changes nothing.
    assert_eq!(cart::view(&guest.ctx, Some(&guest.token)).await.unwrap().lines, []);
    cart::merge(&customer, &guest.token).await.unwrap();
    assert_eq!(cart::view(&customer, Some(&guest.token)).await.unwrap(), merged);
    // Without a cart of one's own the guest's becomes it.
    let (newcomer, guest) = (shop.customer(), shop.guest(vase, 2).await);
    cart::merge(&newcomer, &guest.token).await.unwrap();
    assert_eq!(cart::view(&newcomer, None).await.unwrap().n_items, 2);
    assert_eq!(cart::view(&guest.ctx, Some(&guest.token)).await.unwrap().n_items, 0);
    shop.holds().await;
}

on_both!(
    holds_what_was_added_at_todays_prices,
    refuses_what_cannot_be_put_in,
    says_what_is_wrong_with_a_line,
    goes_along_when_its_owner_signs_in,
);
