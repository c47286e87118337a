//! What customers wish for.

use catalog::product::state::Move;
use commerce::{cart, wish};
use primitives::{Permission, ProductId, VariantId};
use testkit::on_both;

use crate::shop::{Shop, refusal};

async fn product_of(shop: &Shop, variant: VariantId) -> ProductId {
    let boss = shop.boss();
    let rows = boss.read(platform::Access::Public).await.unwrap();
    catalog::query::offers(&rows, &[variant]).await.unwrap()[&variant].product
}

async fn what_is_wished_for_is_kept_once_and_moves_to_the_cart(shop: Shop) {
    let (mug, vase) = (shop.product("Mug", "12.50", 20).await, shop.product("Vase", "20.00", 0).await);
    let (vera, maud) = (shop.somebody("vera@example.com").await, shop.somebody("maud@example.com").await);
    wish::keep(&vera, mug).await.unwrap();
    wish::keep(&vera, mug).await.unwrap();
    shop.advance(std::time::Duration::from_secs(1));
    wish::keep(&vera, vase).await.unwrap();
    wish::keep(&maud, mug).await.unwrap();
    let seen = wish::mine(&vera).await.unwrap();
    let seen: Vec<_> = seen
        .iter()
        .map(|one| (one.title.as_str(), one.price.map(|price| price.minor), one.sold_out))
        .collect();
    assert_eq!(seen, [("Vase", Some(2000), true), ("Mug", Some(1250), false)]);
    let product = product_of(&shop, mug).await;
    assert_eq!(wish::wishing(&shop.boss(), product).await.unwrap(), 2);

    let moved = wish::to_cart(&vera, None, mug).await.unwrap().cart;
    assert_eq!((moved.lines.len(), moved.lines[0].variant, moved.lines[0].quantity), (1, mug, 1));
    // It has moved: the second time there is nothing to move, and nothing more is in the cart.
    assert_eq!(refusal(wish::to_cart(&vera, None, mug).await).0, "NOT_FOUND");
    assert_eq!(cart::view(&vera, None).await.unwrap().n_items, 1);
    assert_eq!(wish::mine(&vera).await.unwrap().len(), 1);
    assert_eq!(wish::wishing(&shop.boss(), product).await.unwrap(), 1);
    wish::drop(&vera, vase).await.unwrap();
    wish::drop(&vera, vase).await.unwrap();
    assert_eq!(wish::mine(&vera).await.unwrap(), []);
    assert_eq!(wish::mine(&maud).await.unwrap().len(), 1);
    shop.holds().await;
}

async fn what_is_not_sold_any_more_is_shown_as_that(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let vera = shop.somebody("vera@example.com").await;
    wish::keep(&vera, mug).await.unwrap();
    let boss = shop.boss();
    let product = catalog::product::get(&boss, product_of(&shop, mug).await).await.unwrap();
    catalog::product::move_to(&boss, product.id, product.version, Move::Unpublish).await.unwrap();
    let seen = wish::mine(&vera).await.unwrap();
    assert_eq!((seen[0].price, seen[0].slug.as_str()), (None, ""));
    assert_eq!(refusal(wish::to_cart(&vera, None, mug).await).0, "NOT_FOUND");
    assert_eq!(wish::mine(&vera).await.unwrap().len(), 1);
    assert_eq!(refusal(wish::keep(&vera, mug).await).0, "NOT_FOUND");
    shop.holds().await;
}

async fn wishes_are_bounded_and_nobody_elses(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let vera = shop.somebody("vera@example.com").await;
    for nobody in [wish::keep(&shop.anonymous(), mug).await, wish::drop(&shop.anonymous(), mug).await] {
        assert_eq!(refusal(nobody).0, "UNAUTHENTICATED");
    }
    assert_eq!(refusal(wish::mine(&shop.anonymous()).await).0, "UNAUTHENTICATED");
    assert_eq!(refusal(wish::keep(&vera, VariantId::new()).await).0, "NOT_FOUND");
    let product = product_of(&shop, mug).await;
    let others = shop.staff(&[Permission::ORDERS_READ]);
    assert_eq!(refusal(wish::wishing(&others, product).await).0, "FORBIDDEN");
    let user = vera.user_id().unwrap().uuid();
    let literal = match shop.database().backend() {
        testkit::Backend::Sqlite => format!("x'{}'", user.simple()),
        testkit::Backend::Postgres => format!("'{user}'"),
    };
    let full: Vec<String> = (0..wish::MAX_WISHES)
        .map(|n| {
            format!(
                "INSERT INTO wish (tenant_id, user_id, variant_id, product_id, at) \
                 SELECT tenant_id, {literal}, {{new id}}, {{new id}}, {n} FROM user_account WHERE id = {literal}"
            )
        })
        .collect();
    shop.force(&full.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert_eq!(
        refusal(wish::keep(&vera, mug).await),
        ("BAD_USER_INPUT".to_owned(), vec!["variantId".to_owned()])
    );
    assert_eq!(wish::mine(&vera).await.unwrap().len(), 200);
    shop.holds().await;
}

on_both!(
    what_is_wished_for_is_kept_once_and_moves_to_the_cart,
    what_is_not_sold_any_more_is_shown_as_that,
    wishes_are_bounded_and_nobody_elses,
);
