//! Saved for later, and guests' carts that nobody comes back to.

use std::time::Duration;

use catalog::product::input::{VariantInput, VariantsEdit};
use catalog::product::state::Move;
use commerce::view::CartView;
use commerce::{cart, jobs};
use futures::future::join_all;
use primitives::{Quantity, VariantId};
use testkit::on_both;

use crate::gateway::Mood;
use crate::shop::{Guest, Shop, refusal};

async fn look(guest: &Guest) -> CartView {
    cart::view(&guest.ctx, Some(&guest.token)).await.unwrap()
}

/// Pieces in the cart and pieces aside, line by line.
fn pieces(cart: &CartView) -> (Vec<u32>, Vec<u32>) {
    (
        cart.lines.iter().map(|line| line.quantity).collect(),
        cart.saved.iter().map(|line| line.quantity).collect(),
    )
}

async fn reprice(shop: &Shop, variant: VariantId, price: &str) {
    let boss = shop.boss();
    let rows = boss.read(platform::Access::Public).await.unwrap();
    let offer = catalog::query::offers(&rows, &[variant]).await.unwrap().remove(&variant).unwrap();
    drop(rows);
    let product = catalog::product::get(&boss, offer.product).await.unwrap();
    let other = VariantInput { id: Some(variant), price: Some(price.into()), ..VariantInput::default() };
    let edit = VariantsEdit { variants: vec![other], ..VariantsEdit::default() };
    catalog::product::save_variants(&boss, product.id, product.version, &edit).await.unwrap();
}

async fn lies_aside_in_no_total_and_comes_back(shop: Shop) {
    let (mug, vase) = (shop.product("Mug", "12.50", 20).await, shop.product("Vase", "20.00", 1).await);
    let guest = shop.guest(mug, 3).await;
    cart::add(&guest.ctx, Some(&guest.token), &[(vase, 1)]).await.unwrap();
    let line = look(&guest).await.lines[0].id;
    let aside = cart::save_for_later(&guest.ctx, Some(&guest.token), line).await.unwrap().cart;
    assert_eq!(pieces(&aside), (vec![1], vec![3]));
    assert_eq!((aside.n_items, aside.totals.subtotal.minor, aside.ready), (1, 2000, true));
    let saved = &aside.saved[0];
    assert_eq!((saved.title.as_str(), saved.unit.minor, saved.was, saved.gone), ("Mug", 1250, None, false));
    // The price of when it was put aside is told here and in the cart.
    reprice(&shop, mug, "13.00").await;
    let dearer = look(&guest).await;
    assert_eq!((dearer.saved[0].unit.minor, dearer.saved[0].was.map(|was| was.minor)), (1300, Some(1250)));
    // Somebody else's, and twice the same.
    let other = shop.guest(vase, 1).await;
    let told = shop.told().await;
    for (ctx, token) in [(&other.ctx, &other.token), (&shop.other_tenant(), &guest.token)] {
        assert_eq!(refusal(cart::take_back(ctx, Some(token), saved.id).await).0, "NOT_FOUND");
        assert_eq!(refusal(cart::forget(ctx, Some(token), saved.id).await).0, "NOT_FOUND");
        assert_eq!(refusal(cart::save_for_later(ctx, Some(token), aside.lines[0].id).await).0, "NOT_FOUND");
    }
    assert_eq!(refusal(cart::save_for_later(&guest.ctx, Some(&guest.token), line).await).0, "NOT_FOUND");
    assert_eq!(shop.told().await, told);
    assert_eq!(look(&guest).await, dearer);
    // Two tabs at once put it back once.
    let tabs = (0..2).map(|_| {
        let (ctx, token, id) = (guest.ctx.clone(), guest.token.clone(), saved.id);
        tokio::spawn(async move { cart::take_back(&ctx, Some(&token), id).await.map(drop) })
    });
    let done = join_all(tabs).await.into_iter().filter(|done| done.as_ref().unwrap().is_ok()).count();
    let back = look(&guest).await;
    assert_eq!((done, pieces(&back)), (1, (vec![1, 3], vec![])));
    assert_eq!(back.lines[1].problems.len(), 1, "its price is another one than it was");
    // Added once more it is one line; more than a line holds is refused and stays aside.
    let mug_line = back.lines[1].id;
    cart::save_for_later(&guest.ctx, Some(&guest.token), mug_line).await.unwrap();
    cart::add(&guest.ctx, Some(&guest.token), &[(mug, i64::from(Quantity::MAX))]).await.unwrap();
    let id = look(&guest).await.saved[0].id;
    assert_eq!(refusal(cart::take_back(&guest.ctx, Some(&guest.token), id).await).0, "BAD_USER_INPUT");
    assert_eq!(pieces(&look(&guest).await).1, [3]);
    cart::forget(&guest.ctx, Some(&guest.token), id).await.unwrap();
    assert_eq!(pieces(&look(&guest).await).1, Vec::<u32>::new());
    shop.holds().await;
}

async fn goes_along_with_its_owner(shop: Shop) {
    let (mug, vase) = (shop.product("Mug", "12.50", 20).await, shop.product("Vase", "20.00", 9).await);
    let maud = shop.customer();
    cart::add(&maud, None, &[(mug, 2)]).await.unwrap();
    let line = cart::view(&maud, None).await.unwrap().lines[0].id;
    cart::save_for_later(&maud, None, line).await.unwrap();
    let guest = shop.guest(mug, 1).await;
    cart::add(&guest.ctx, Some(&guest.token), &[(vase, 1)]).await.unwrap();
    for line in look(&guest).await.lines {
        cart::save_for_later(&guest.ctx, Some(&guest.token), line.id).await.unwrap();
    }
    assert_eq!(pieces(&look(&guest).await), (vec![], vec![1, 1]));
    cart::merge(&maud, &guest.token).await.unwrap();
    let merged = cart::view(&maud, None).await.unwrap();
    assert_eq!(pieces(&merged), (vec![], vec![3, 1]));
    assert_eq!(look(&guest).await.saved, []);
    // Nothing of it is ordered, and the cart of a payment that was declined comes back with it.
    let buyer = shop.guest(mug, 1).await;
    let aside = cart::add(&buyer.ctx, Some(&buyer.token), &[(vase, 1)]).await.unwrap().cart.lines[1].id;
    cart::save_for_later(&buyer.ctx, Some(&buyer.token), aside).await.unwrap();
    shop.gateway.next("authorize", &[Mood::Decline]);
    assert_eq!(buyer.order("http").await.lines.len(), 1);
    assert_eq!(pieces(&look(&buyer).await), (vec![1], vec![1]));
    // What is not sold any more stays where it is.
    let vase_saved = merged.saved[1].id;
    let (boss, product) = (shop.boss(), merged.saved[1].product);
    let version = catalog::product::get(&boss, product).await.unwrap().version;
    catalog::product::move_to(&boss, product, version, Move::Unpublish).await.unwrap();
    assert_eq!(
        refusal(cart::take_back(&maud, None, vase_saved).await),
        ("BAD_USER_INPUT".into(), vec!["id".into()])
    );
    let seen = cart::view(&maud, None).await.unwrap();
    assert_eq!((pieces(&seen), seen.saved[1].gone), ((vec![], vec![3, 1]), true));
    let back = cart::take_back(&maud, None, seen.saved[0].id).await.unwrap().cart;
    assert_eq!(pieces(&back), (vec![3], vec![1]));
    shop.holds().await;
}

async fn a_guests_cart_is_forgotten_and_an_accounts_is_not(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let (left, kept) = (shop.guest(mug, 1).await, shop.guest(mug, 2).await);
    let line = look(&left).await.lines[0].id;
    cart::save_for_later(&left.ctx, Some(&left.token), line).await.unwrap();
    let maud = shop.customer();
    cart::add(&maud, None, &[(mug, 1)]).await.unwrap();
    let ordered = shop.guest(mug, 1).await;
    ordered.order("manual").await;
    let day = Duration::from_secs(24 * 3600);
    shop.advance(day * 29);
    cart::add(&kept.ctx, Some(&kept.token), &[(mug, 1)]).await.unwrap();
    let expire = async || jobs::expire_carts(&shop.system()).await.unwrap();
    assert_eq!(expire().await, 0);
    shop.advance(day);
    assert_eq!(jobs::expire_carts(&shop.other_system()).await.unwrap(), 0);
    assert_eq!((expire().await, expire().await), (1, 0));
    assert_eq!(look(&left).await.id, None);
    assert_eq!((look(&kept).await.n_items, cart::view(&maud, None).await.unwrap().n_items), (3, 1));
    assert_eq!(shop.number("SELECT COUNT(*) FROM saved_line").await, 0);
    assert_eq!(shop.number("SELECT COUNT(*) FROM cart WHERE state = 'ordered'").await, 1);
    shop.holds().await;
}

on_both!(
    lies_aside_in_no_total_and_comes_back,
    goes_along_with_its_owner,
    a_guests_cart_is_forgotten_and_an_accounts_is_not,
);
