use std::time::Duration;

use catalog::CatalogError;
use catalog::product;
use catalog::product::input::{NewProduct, VariantInput, VariantsEdit};
use catalog::query;
use catalog::stock::{self, CountItem, Held, MovementFilter, Place};
use catalog::view::{AdminVariant, StockPolicy};
use platform::{Access, Ctx};
use primitives::{LocationId, PageArgs, Quantity, VariantId};
use testkit::TestApp;
use uuid::Uuid;

use crate::support::{editor, mug, refusal, shared, told, variant};

fn pieces(count: i64) -> Quantity {
    Quantity::new(count).unwrap()
}

async fn reserve(
    ctx: &Ctx,
    holder: Uuid,
    lines: &[(VariantId, Quantity)],
    seconds: Option<u64>,
) -> Result<(), CatalogError> {
    let now = ctx.now();
    let until = seconds.map(|seconds| now + Duration::from_secs(seconds));
    ctx.write(Access::Public, async |tx| stock::reserve(tx, holder, lines, until, now).await).await
}

async fn levels(ctx: &Ctx, id: primitives::ProductId) -> Vec<AdminVariant> {
    product::get(ctx, id).await.unwrap().variants
}

async fn single(ctx: &Ctx, on_hand: i64, policy: StockPolicy) -> (primitives::ProductId, VariantId) {
    let variant = VariantInput { policy: Some(policy), ..variant(&[], "5", on_hand) };
    let input = NewProduct { title: "One".into(), variants: vec![variant], ..NewProduct::default() };
    let made = product::create(ctx, &input).await.unwrap();
    (made.id, made.variants[0].id)
}

async fn all_lines_are_promised_or_none(app: TestApp) {
    let ctx = editor(&app);
    let made = mug(&ctx, "Mug").await;
    let [small, large] = [made.variants[0].id, made.variants[1].id];
    let seen = told(&ctx).await.len();
    let error =
        reserve(&ctx, Uuid::now_v7(), &[(small, pieces(20)), (large, pieces(21))], None).await.unwrap_err();
    match error {
        CatalogError::OutOfStock(short) => {
            assert_eq!(
                short.iter().map(|s| (s.variant, s.wanted, s.available)).collect::<Vec<_>>(),
                [(large, 21, 20)]
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(levels(&ctx, made.id).await.iter().map(|v| v.reserved).collect::<Vec<_>>(), [0, 0]);
    assert_eq!(told(&ctx).await.len(), seen);
    reserve(&ctx, Uuid::now_v7(), &[(large, pieces(15)), (small, pieces(2)), (large, pieces(5))], None)
        .await
        .unwrap();
    assert_eq!(
        levels(&ctx, made.id).await.iter().map(|v| (v.reserved, v.available)).collect::<Vec<_>>(),
        [(2, 18), (20, 0)]
    );
    assert_eq!(told(&ctx).await[seen..], ["inventory.low", "inventory.reserved"]);
}

async fn one_piece_goes_to_one_of_two_hundred(app: TestApp) {
    let ctx = editor(&app);
    let (id, variant) = single(&ctx, 1, StockPolicy::Deny).await;
    let app = shared(app);
    let buyers = (0..200).map(|_| {
        let ctx = app.customer();
        tokio::spawn(
            async move { reserve(&ctx, Uuid::now_v7(), &[(variant, Quantity::ONE)], Some(60)).await },
        )
    });
    let (mut won, mut lost) = (0, 0);
    for buyer in buyers.collect::<Vec<_>>() {
        match buyer.await.unwrap() {
            Ok(()) => won += 1,
            Err(CatalogError::OutOfStock(_)) => lost += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!((won, lost), (1, 199));
    let level = &levels(&ctx, id).await[0];
    assert_eq!((level.on_hand, level.reserved), (1, 1));
}

async fn promises_run_out_unless_they_are_kept(app: TestApp) {
    let ctx = editor(&app);
    let (id, variant) = single(&ctx, 10, StockPolicy::Deny).await;
    let (late, paid) = (Uuid::now_v7(), Uuid::now_v7());
    reserve(&ctx, late, &[(variant, pieces(3))], Some(60)).await.unwrap();
    reserve(&ctx, paid, &[(variant, pieces(4))], Some(60)).await.unwrap();
    assert!(ctx.write(Access::Public, async |tx| stock::keep(tx, paid).await).await.unwrap());
    app.advance(Duration::from_secs(59));
    let expire = async || {
        ctx.write(Access::Public, async |tx| stock::expire_due(tx, ctx.now(), 10).await).await.unwrap()
    };
    assert_eq!(expire().await, Vec::<Uuid>::new());
    app.advance(Duration::from_secs(1));
    assert_eq!(expire().await, [late]);
    assert_eq!(expire().await, Vec::<Uuid>::new());
    assert_eq!(levels(&ctx, id).await[0].reserved, 4);
    let reader = ctx.read(Access::Public).await.unwrap();
    let location = LocationId::from_uuid(ctx.tenant_id().uuid());
    assert_eq!(
        stock::held(&reader, paid).await.unwrap(),
        [Held { variant, location, quantity: 4, expires_at: None }]
    );
    drop(reader);
    let release = async || {
        ctx.write(Access::Public, async |tx| stock::release(tx, paid, ctx.now()).await).await.unwrap()
    };
    assert_eq!(release().await, [(variant, 4)]);
    assert_eq!(release().await, []);
    assert_eq!(levels(&ctx, id).await[0].reserved, 0);
}

async fn shipping_takes_from_the_shelf_what_was_promised(app: TestApp) {
    let ctx = editor(&app);
    let (id, variant) = single(&ctx, 5, StockPolicy::Deny).await;
    let order = Uuid::now_v7();
    reserve(&ctx, order, &[(variant, pieces(3))], None).await.unwrap();
    let ship = async |count: i64| {
        let now = ctx.now();
        ctx.write(Access::Public, async |tx| stock::ship(tx, order, &[(variant, pieces(count))], now).await)
            .await
    };
    ship(2).await.unwrap();
    assert_eq!(refusal(ship(2).await).0, "CONFLICT");
    ship(1).await.unwrap();
    let level = &levels(&ctx, id).await[0];
    assert_eq!((level.on_hand, level.reserved), (2, 0));
    let of = MovementFilter { variant: Some(variant), ..MovementFilter::default() };
    let moved = stock::movements(&ctx, &of, &PageArgs::first(10)).await.unwrap().items;
    assert_eq!(
        moved.iter().map(|(_, m)| (m.delta, m.on_hand_after, m.reason.as_str())).collect::<Vec<_>>(),
        [(-1, 2, "shipment"), (-2, 3, "shipment"), (5, 5, "initial")]
    );
}

async fn backorders_go_below_nothing(app: TestApp) {
    let ctx = editor(&app);
    let (id, variant) = single(&ctx, 1, StockPolicy::Continue).await;
    let order = Uuid::now_v7();
    reserve(&ctx, order, &[(variant, pieces(4))], None).await.unwrap();
    let now = ctx.now();
    ctx.write(Access::Public, async |tx| stock::ship(tx, order, &[(variant, pieces(4))], now).await)
        .await
        .unwrap();
    assert_eq!(levels(&ctx, id).await[0].on_hand, -3);
}

async fn the_threshold_is_kept_back_or_sold_into(app: TestApp) {
    let ctx = editor(&app);
    for (threshold, offered, short) in [(0, 3, Some(3)), (2, 1, Some(1)), (-5, 8, None)] {
        let (id, variant) = single(&ctx, 3, StockPolicy::Deny).await;
        let item = CountItem { threshold: Some(threshold), ..CountItem::new(variant, 3) };
        stock::set_on_hand(&ctx, &[item], "").await.unwrap();
        let free = async || {
            let reader = ctx.read(Access::Public).await.unwrap();
            query::offers(&reader, &[variant]).await.unwrap()[&variant].available
        };
        assert_eq!((free().await, levels(&ctx, id).await[0].available), (Some(offered), offered));
        let low = stock::low(&ctx, 10).await.unwrap();
        assert_eq!(low.iter().find(|item| item.variant == variant).unwrap().available, offered);
        let order = Uuid::now_v7();
        let asked = reserve(&ctx, order, &[(variant, pieces(5))], None).await;
        let available = match asked {
            Ok(()) => None,
            Err(CatalogError::OutOfStock(short)) => Some(short[0].available),
            Err(other) => panic!("{other:?}"),
        };
        assert_eq!(available, short, "{threshold}");
        if available.is_some() {
            assert_eq!(levels(&ctx, id).await[0].reserved, 0);
            // Exactly what is offered can be had, and nothing after it.
            reserve(&ctx, order, &[(variant, pieces(offered))], None).await.unwrap();
            let more = reserve(&ctx, Uuid::now_v7(), &[(variant, Quantity::ONE)], None).await;
            assert_eq!(refusal(more).0, "OUT_OF_STOCK", "{threshold}");
            assert_eq!(free().await, Some(0));
            continue;
        }
        assert_eq!(free().await, Some(3));
        let more = reserve(&ctx, Uuid::now_v7(), &[(variant, pieces(4))], None).await;
        assert_eq!(refusal(more).0, "OUT_OF_STOCK");
        let now = ctx.now();
        ctx.write(Access::Public, async |tx| stock::ship(tx, order, &[(variant, pieces(5))], now).await)
            .await
            .unwrap();
        let level = &levels(&ctx, id).await[0];
        assert_eq!((level.on_hand, level.reserved, level.available), (-2, 0, 3));
    }
}

async fn counting_respects_promises_and_other_counters(app: TestApp) {
    let ctx = editor(&app);
    let (id, variant) = single(&ctx, 10, StockPolicy::Deny).await;
    reserve(&ctx, Uuid::now_v7(), &[(variant, pieces(4))], None).await.unwrap();
    let item = |on_hand, expected| CountItem { expected, ..CountItem::new(variant, on_hand) };
    let set = async |item: CountItem| stock::set_on_hand(&ctx, &[item], "shelf count").await;
    assert_eq!(refusal(set(item(3, None)).await), ("BAD_USER_INPUT".into(), vec!["items.0.onHand".into()]));
    assert_eq!(refusal(set(item(9, Some(11))).await), ("CONFLICT".into(), vec!["items.0.expected".into()]));
    assert_eq!(set(item(4, Some(10))).await.unwrap(), 1);
    assert_eq!(set(item(4, Some(4))).await.unwrap(), 0);
    assert_eq!(levels(&ctx, id).await[0].on_hand, 4);
    assert_eq!(stock::low(&ctx, 10).await.unwrap()[0].on_hand, 4);
    // What is promised cannot be deleted either.
    let made = product::get(&ctx, id).await.unwrap();
    assert_eq!(refusal(product::delete(&ctx, id, made.version).await).0, "CONFLICT");
    let edit = VariantsEdit { remove: vec![variant], ..VariantsEdit::default() };
    assert_eq!(refusal(product::save_variants(&ctx, id, made.version, &edit).await).0, "CONFLICT");
}

async fn an_adjustment_with_a_key_is_made_once(app: TestApp) {
    let ctx = editor(&app);
    let (id, variant) = single(&ctx, 10, StockPolicy::Deny).await;
    let there = async || levels(&ctx, id).await[0].on_hand;
    let adjust = async |delta: i64, note: &str, key: &str| {
        stock::adjust(&ctx, &[CountItem::new(variant, delta)], note, Some(key)).await
    };
    assert_eq!(adjust(-3, "broken", "k1").await.unwrap(), 1);
    assert_eq!(adjust(-3, " broken ", "k1").await.unwrap(), 1, "the same request, the same answer");
    assert_eq!(there().await, 7);
    // The default location may be named or not.
    let main = LocationId::from_uuid(ctx.tenant_id().uuid());
    let named = CountItem { place: Place::At(main), ..CountItem::new(variant, -3) };
    assert_eq!(stock::adjust(&ctx, &[named], "broken", Some("k1")).await.unwrap(), 1);
    let elsewhere = CountItem { place: Place::At(LocationId::new()), ..named };
    for reused in [
        adjust(-4, "broken", "k1").await,
        adjust(-3, "lost", "k1").await,
        stock::adjust(&ctx, &[elsewhere], "broken", Some("k1")).await,
    ] {
        assert_eq!(refusal(reused).0, "IDEMPOTENCY_KEY_REUSED");
    }
    assert_eq!(refusal(adjust(1, "", " ").await).1, ["idempotencyKey"]);
    assert_eq!(there().await, 7);
    // What was refused may be tried again under its key.
    let held = Uuid::now_v7();
    reserve(&ctx, held, &[(variant, pieces(7))], None).await.unwrap();
    assert_eq!(refusal(adjust(-1, "", "k2").await).1, ["items.0.delta"]);
    let now = ctx.now();
    ctx.write(Access::Public, async |tx| stock::release(tx, held, now).await).await.unwrap();
    assert_eq!(adjust(-1, "", "k2").await.unwrap(), 1);
    // Without a key, and with another one, it is another change.
    stock::adjust(&ctx, &[CountItem::new(variant, -1)], "", None).await.unwrap();
    assert_eq!(adjust(-1, "", "k3").await.unwrap(), 1);
    assert_eq!(there().await, 4);
    let filter = MovementFilter { variant: Some(variant), ..MovementFilter::default() };
    let moved = stock::movements(&ctx, &filter, &PageArgs::first(9)).await.unwrap();
    assert_eq!(moved.items.iter().map(|(_, row)| row.delta).collect::<Vec<_>>(), [-1, -1, -1, -3, 10]);
}

async fn history_is_never_changed(app: TestApp) {
    let ctx = editor(&app);
    single(&ctx, 10, StockPolicy::Deny).await;
    let change = ctx.write(Access::System, async |tx| {
        tx.raw_exec("UPDATE stock_movement SET delta = 1 WHERE tenant_id = {tenant}", vec![]).await
    });
    assert!(change.await.is_err());
    // The wall behind the conditional statement.
    let oversell = app.system();
    let oversell = oversell.write(Access::System, async |tx| {
        tx.raw_exec("UPDATE stock_level SET reserved = 11 WHERE tenant_id = {tenant}", vec![]).await
    });
    assert!(oversell.await.is_err());
}

async fn nothing_goes_that_is_being_promised(app: TestApp) {
    let ctx = editor(&app);
    for whole in [true, false] {
        let made = mug(&ctx, "Mug").await;
        let [small, large] = [made.variants[0].id, made.variants[1].id];
        let promised = std::sync::Arc::new(tokio::sync::Notify::new());
        let buyer = tokio::spawn({
            let (ctx, promised) = (app.customer(), promised.clone());
            async move {
                ctx.write(Access::Public, async |tx| {
                    let lines = [(small, pieces(1)), (large, pieces(1))];
                    stock::reserve(tx, Uuid::now_v7(), &lines, None, ctx.now()).await?;
                    promised.notify_one();
                    // Whoever deletes now has looked at the product before this is committed.
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    Ok::<_, CatalogError>(())
                })
                .await
            }
        });
        promised.notified().await;
        let refused = if whole {
            refusal(product::delete(&ctx, made.id, made.version).await)
        } else {
            let edit = VariantsEdit { remove: vec![large], ..VariantsEdit::default() };
            refusal(product::save_variants(&ctx, made.id, made.version, &edit).await)
        };
        assert_eq!(refused.0, "CONFLICT", "{whole}");
        buyer.await.unwrap().unwrap();
        assert_eq!(levels(&ctx, made.id).await.iter().map(|v| v.reserved).collect::<Vec<_>>(), [1, 1]);
    }
}

testkit::on_both!(
    nothing_goes_that_is_being_promised,
    all_lines_are_promised_or_none,
    one_piece_goes_to_one_of_two_hundred,
    promises_run_out_unless_they_are_kept,
    shipping_takes_from_the_shelf_what_was_promised,
    backorders_go_below_nothing,
    the_threshold_is_kept_back_or_sold_into,
    counting_respects_promises_and_other_counters,
    an_adjustment_with_a_key_is_made_once,
    history_is_never_changed,
);
