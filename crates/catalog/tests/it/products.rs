use catalog::collection::{self, NewCollection};
use catalog::product::input::{NewProduct, ProductEdit, VariantInput, VariantsEdit};
use catalog::product::{self, state::Move};
use catalog::query::{self, admin};
use catalog::view::{ProductLookup, ProductStatus};
use primitives::{PageArgs, Permission, ProductId};
use testkit::TestApp;

use crate::support::{editor, mug, refusal, settle, told, variant};

async fn makes_publishes_and_deletes(app: TestApp) {
    let ctx = editor(&app);
    let made = mug(&ctx, "Fold mug").await;
    assert_eq!((made.slug.as_str(), made.status, made.version), ("fold-mug", ProductStatus::Published, 1));
    assert_eq!(
        made.variants.iter().map(|v| (v.title.as_str(), v.price.minor)).collect::<Vec<_>>(),
        [("S", 1250), ("L", 1400)]
    );
    assert_eq!(
        told(&ctx).await,
        ["product.created", "product.published", "variant.created", "variant.created"]
    );
    let draft = product::move_to(&ctx, made.id, 1, Move::Unpublish).await.unwrap();
    assert_eq!((draft.status, draft.version), (ProductStatus::Draft, 2));
    let archived = product::move_to(&ctx, made.id, 2, Move::Archive).await.unwrap();
    assert_eq!(archived.status, ProductStatus::Archived);
    assert_eq!(refusal(product::move_to(&ctx, made.id, 3, Move::Publish).await).0, "CONFLICT");
    product::delete(&ctx, made.id, 3).await.unwrap();
    assert_eq!(refusal(product::get(&ctx, made.id).await).0, "NOT_FOUND");
    assert_eq!(told(&ctx).await[4..], ["product.unpublished", "product.archived", "product.deleted"]);
}

async fn refuses_wrong_input_at_its_field_and_changes_nothing(app: TestApp) {
    let ctx = editor(&app);
    let input = NewProduct {
        title: "  ".into(),
        slug: Some("🚲".into()),
        options: ["A", "B", "C", "D"].map(String::from).to_vec(),
        variants: vec![variant(&["x"], "1.005", 1), variant(&["1", "2", "3", "4"], "-2", i64::MAX)],
        ..NewProduct::default()
    };
    let (code, fields) = refusal(product::create(&ctx, &input).await);
    assert_eq!(code, "BAD_USER_INPUT");
    for field in [
        "title",
        "slug",
        "options",
        "variants.0.price",
        "variants.0.optionValues",
        "variants.1.price",
        "variants.1.onHand",
    ] {
        assert!(fields.contains(&field.to_owned()), "{field} in {fields:?}");
    }
    assert_eq!(told(&ctx).await, Vec::<String>::new());
    let emoji = NewProduct { title: "🚲".into(), ..NewProduct::default() };
    assert_eq!(refusal(product::create(&ctx, &emoji).await), ("BAD_USER_INPUT".into(), vec!["slug".into()]));
}

async fn a_second_editor_is_told(app: TestApp) {
    let ctx = editor(&app);
    let made = mug(&ctx, "Mug").await;
    let rename = |title: &str| ProductEdit { title: Some(title.to_owned()), ..ProductEdit::default() };
    product::update(&ctx, made.id, 1, &rename("Cup")).await.unwrap();
    let (code, fields) = refusal(product::update(&ctx, made.id, 1, &rename("Pot")).await);
    assert_eq!((code.as_str(), &fields[..]), ("CONFLICT", &["version".to_owned()][..]));
    assert_eq!(product::get(&ctx, made.id).await.unwrap().title, "Cup");
    // Nothing different is nothing: no version, no event.
    let before = told(&ctx).await;
    assert_eq!(product::update(&ctx, made.id, 2, &rename("Cup")).await.unwrap().version, 2);
    assert_eq!(told(&ctx).await, before);
}

async fn an_old_address_forwards_until_somebody_takes_it(app: TestApp) {
    let ctx = editor(&app);
    let first = mug(&ctx, "Mug").await;
    let second = mug(&ctx, "Mug").await;
    assert_eq!((first.slug.as_str(), second.slug.as_str()), ("mug", "mug-2"));
    let edit = |slug: &str| ProductEdit { slug: Some(slug.to_owned()), ..ProductEdit::default() };
    assert_eq!(
        refusal(product::update(&ctx, first.id, 1, &edit("mug-2")).await),
        ("CONFLICT".into(), vec!["slug".into()])
    );
    let moved = product::update(&ctx, first.id, 1, &edit("cup")).await.unwrap();
    assert_eq!(moved.old_slugs, ["mug"]);
    settle(&app).await;
    let anyone = app.anonymous();
    assert!(
        matches!(query::product(&anyone, "mug").await.unwrap(), ProductLookup::Moved { slug } if slug == "cup")
    );
    product::update(&ctx, second.id, 1, &edit("mug")).await.unwrap();
    settle(&app).await;
    match query::product(&anyone, "mug").await.unwrap() {
        ProductLookup::Found(page) => assert_eq!(page.id, second.id),
        other => panic!("{other:?}"),
    }
}

async fn variants_are_saved_all_or_none(app: TestApp) {
    let ctx = editor(&app);
    let made = mug(&ctx, "Mug").await;
    let edit = VariantsEdit {
        variants: vec![
            VariantInput {
                id: Some(made.variants[0].id),
                price: Some("13.00".into()),
                ..VariantInput::default()
            },
            variant(&["l"], "9", 1),
        ],
        ..VariantsEdit::default()
    };
    let (code, fields) = refusal(product::save_variants(&ctx, made.id, 1, &edit).await);
    assert_eq!((code.as_str(), &fields[..]), ("BAD_USER_INPUT", &["variants.2.optionValues".to_owned()][..]));
    assert_eq!(product::get(&ctx, made.id).await.unwrap(), made);
    let edit = VariantsEdit {
        variants: vec![
            VariantInput {
                id: Some(made.variants[0].id),
                price: Some("13.00".into()),
                ..VariantInput::default()
            },
            variant(&["XL"], "19", 1),
        ],
        remove: vec![made.variants[1].id],
        ..VariantsEdit::default()
    };
    let seen = told(&ctx).await.len();
    let saved = product::save_variants(&ctx, made.id, 1, &edit).await.unwrap();
    assert_eq!(
        saved.variants.iter().map(|v| (v.title.as_str(), v.price.minor)).collect::<Vec<_>>(),
        [("S", 1300), ("XL", 1900)]
    );
    assert_eq!(told(&ctx).await[seen..], ["variant.created", "price.updated", "variant.deleted"]);
}

async fn opens_a_product_with_two_thousand_variants(app: TestApp) {
    let ctx = editor(&app);
    let values = |n: usize| [format!("c{}", n / 100), format!("s{}", n % 100)];
    let variants = (0..2_000).map(|n| {
        let [color, size] = values(n);
        variant(&[&color, &size], "10", 1)
    });
    let input = NewProduct {
        title: "Everything".into(),
        options: vec!["Colour".into(), "Size".into()],
        variants: variants.collect(),
        publish: true,
        ..NewProduct::default()
    };
    let made = product::create(&ctx, &input).await.unwrap();
    settle(&app).await;
    let page = query::product_by_id(&app.anonymous(), made.id).await.unwrap().unwrap();
    assert_eq!(
        (page.variants.len(), page.options[0].values.len(), page.options[1].values.len()),
        (2_000, 20, 100)
    );
    assert_eq!(page.variant_for(&["c19", "s99"]).map(|v| v.id), Some(made.variants[1_999].id));
}

async fn everything_asks_for_its_permission(app: TestApp) {
    let ctx = editor(&app);
    let made = mug(&ctx, "Mug").await;
    let reader = app.staff(&[Permission::PRODUCTS_READ]);
    assert_eq!(refusal(product::move_to(&reader, made.id, 1, Move::Unpublish).await).0, "FORBIDDEN");
    assert_eq!(refusal(product::get(&app.anonymous(), made.id).await).0, "UNAUTHENTICATED");
    assert_eq!(refusal(product::delete(&app.customer(), made.id, 1).await).0, "FORBIDDEN");
    let writer = app.staff(&[Permission::PRODUCTS_CREATE]);
    let published = NewProduct { title: "Mug".into(), publish: true, ..NewProduct::default() };
    assert_eq!(refusal(product::create(&writer, &published).await).0, "FORBIDDEN");
}

async fn another_tenant_sees_and_changes_nothing(app: TestApp) {
    let ctx = editor(&app);
    let made = mug(&ctx, "Mug").await;
    let shelf =
        collection::create(&ctx, &NewCollection { title: "Shelf".into(), ..NewCollection::default() })
            .await
            .unwrap();
    settle(&app).await;
    let other = app.other_tenant();
    assert_eq!(refusal(product::get(&other, made.id).await).0, "NOT_FOUND");
    assert_eq!(refusal(product::update(&other, made.id, 1, &ProductEdit::default()).await).0, "NOT_FOUND");
    assert_eq!(refusal(product::delete(&other, made.id, 1).await).0, "NOT_FOUND");
    assert_eq!(refusal(collection::get(&other, shelf.id).await).0, "NOT_FOUND");
    assert_eq!(refusal(collection::set_products(&other, shelf.id, 1, &[made.id]).await).0, "NOT_FOUND");
    let own = collection::create(&other, &NewCollection { title: "Own".into(), ..NewCollection::default() })
        .await
        .unwrap();
    assert_eq!(refusal(collection::set_products(&other, own.id, 1, &[made.id]).await).0, "NOT_FOUND");
    assert!(query::product_by_id(&other, made.id).await.unwrap().is_none());
    let rows =
        admin::list(&other, &Default::default(), Default::default(), &PageArgs::first(10)).await.unwrap();
    assert_eq!(rows.total, 0);
    assert_eq!(product::get(&ctx, made.id).await.unwrap(), made);
}

async fn a_collection_shows_its_products_in_its_order(app: TestApp) {
    let ctx = editor(&app);
    let (a, b, c) = (mug(&ctx, "A").await, mug(&ctx, "B").await, mug(&ctx, "C").await);
    let new = NewCollection { title: "Table".into(), products: vec![c.id, a.id], ..NewCollection::default() };
    let made = collection::create(&ctx, &new).await.unwrap();
    settle(&app).await;
    let titles = async || {
        let query = catalog::view::ListQuery { collection: Some("table".into()), ..Default::default() };
        let page = query::list(&app.anonymous(), &query).await.unwrap();
        page.cards.iter().map(|card| card.title.clone()).collect::<Vec<_>>()
    };
    assert_eq!(titles().await, ["C", "A"]);
    collection::set_products(&ctx, made.id, 1, &[b.id, a.id, c.id]).await.unwrap();
    settle(&app).await;
    assert_eq!(titles().await, ["B", "A", "C"]);
    product::delete(&ctx, a.id, 1).await.unwrap();
    product::move_to(&ctx, b.id, 1, Move::Unpublish).await.unwrap();
    settle(&app).await;
    assert_eq!(titles().await, ["C"]);
    let view = query::collection_by_id(&app.anonymous(), made.id).await.unwrap().unwrap();
    assert_eq!(view.product_count, 1);
    let (code, fields) = refusal(collection::set_products(&ctx, made.id, 2, &[c.id, c.id]).await);
    assert_eq!((code.as_str(), &fields[..]), ("BAD_USER_INPUT", &["productIds".to_owned()][..]));
    assert_eq!(refusal(collection::set_products(&ctx, made.id, 2, &[ProductId::new()]).await).0, "NOT_FOUND");
}

testkit::on_both!(
    makes_publishes_and_deletes,
    refuses_wrong_input_at_its_field_and_changes_nothing,
    a_second_editor_is_told,
    an_old_address_forwards_until_somebody_takes_it,
    variants_are_saved_all_or_none,
    opens_a_product_with_two_thousand_variants,
    everything_asks_for_its_permission,
    another_tenant_sees_and_changes_nothing,
    a_collection_shows_its_products_in_its_order,
);
