use std::time::Duration;

use catalog::product::input::{NewProduct, VariantInput, VariantsEdit};
use catalog::product::{self, price, state::Move};
use catalog::query;
use catalog::view::{AdminProduct, ListQuery, ProductCard, ProductPage};
use platform::{Access, Ctx};
use primitives::{Permission, VariantId};
use testkit::TestApp;

use crate::support::{editor, mug, refusal, settle, variant};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The product with another price of its first variant.
async fn cost(ctx: &Ctx, made: &AdminProduct, price: &str, compare_at: &str) -> AdminProduct {
    let changed = VariantInput {
        id: Some(made.variants[0].id),
        price: Some(price.to_owned()),
        compare_at: Some(compare_at.to_owned()),
        ..VariantInput::default()
    };
    let version = product::get(ctx, made.id).await.unwrap().version;
    let edit = VariantsEdit { variants: vec![changed], ..VariantsEdit::default() };
    product::save_variants(ctx, made.id, version, &edit).await.unwrap()
}

async fn shift(ctx: &Ctx, made: &AdminProduct, wanted: Move) {
    let version = product::get(ctx, made.id).await.unwrap().version;
    product::move_to(ctx, made.id, version, wanted).await.unwrap();
}

/// Price, compared with, lowest before and whether shoppers saw it, newest first.
async fn history(ctx: &Ctx, id: VariantId) -> Vec<(i64, Option<i64>, Option<i64>, bool)> {
    let changes = price::history(ctx, id, 100).await.unwrap().into_iter();
    let minor = |amount: primitives::Money| amount.minor;
    changes
        .map(|one| (one.price.minor, one.compare_at.map(minor), one.lowest_before.map(minor), one.offered))
        .collect()
}

async fn shown(app: &TestApp, made: &AdminProduct) -> (ProductPage, ProductCard) {
    settle(app).await;
    let anyone = app.anonymous();
    let page = query::product_by_id(&anyone, made.id).await.unwrap().unwrap();
    let list = query::list(&anyone, &ListQuery::default()).await.unwrap();
    ((*page).clone(), (*list.cards[0]).clone())
}

async fn a_reduced_price_tells_the_lowest_of_the_30_days_before(app: TestApp) {
    let ctx = editor(&app);
    let made = mug(&ctx, "Mug").await;
    app.advance(10 * DAY);
    cost(&ctx, &made, "11.00", "").await;
    app.advance(5 * DAY);
    cost(&ctx, &made, "12.00", "").await;
    app.advance(5 * DAY);
    let (page, card) = shown(&app, &made).await;
    assert_eq!((page.lowest_before, page.variants[0].lowest_before, card.lowest_before), (None, None, None));
    cost(&ctx, &made, "9.90", "15.00").await;
    let (page, card) = shown(&app, &made).await;
    let minor = |amount: Option<primitives::Money>| amount.map(|amount| amount.minor);
    assert_eq!((minor(page.variants[0].lowest_before), page.variants[1].lowest_before), (Some(1_100), None));
    assert_eq!((minor(page.lowest_before), minor(card.lowest_before)), (Some(1_100), Some(1_100)));
    // Ten per cent off the lowest price, whatever is struck out.
    assert_eq!((page.discount_percent(), card.discount_percent()), (Some(10), Some(10)));
    assert_eq!(
        history(&ctx, made.variants[0].id).await,
        [
            (990, Some(1_500), Some(1_100), true),
            (1_200, None, None, true),
            (1_100, None, None, true),
            (1_250, None, None, true),
        ]
    );
    // It goes on for as long as the price does.
    app.advance(90 * DAY);
    cost(&ctx, &made, "9.90", "16.00").await;
    assert_eq!(minor(shown(&app, &made).await.0.lowest_before), Some(1_100));
    app.advance(DAY);
    cost(&ctx, &made, "9.50", "16.00").await;
    let (page, card) = shown(&app, &made).await;
    assert_eq!((minor(page.lowest_before), card.discount_percent()), (Some(990), Some(4)));
    cost(&ctx, &made, "12.00", "").await;
    assert_eq!(shown(&app, &made).await.0.lowest_before, None);
    index::rebuild(&ctx, &*catalog::projections()[0]).await.unwrap();
    assert_eq!(shown(&app, &made).await.0.lowest_before, None);
}

async fn what_was_not_in_the_shop_was_no_price(app: TestApp) {
    let ctx = editor(&app);
    let draft =
        NewProduct { title: "Pot".into(), variants: vec![variant(&[], "0", 5)], ..NewProduct::default() };
    let made = product::create(&ctx, &draft).await.unwrap();
    app.advance(DAY);
    cost(&ctx, &made, "40", "").await;
    shift(&ctx, &made, Move::Publish).await;
    app.advance(DAY);
    cost(&ctx, &made, "30", "40").await;
    assert_eq!(shown(&app, &made).await.0.lowest_before.map(|lowest| lowest.minor), Some(4_000));
    // Out of the shop for a day, the reduction is the same.
    shift(&ctx, &made, Move::Unpublish).await;
    app.advance(DAY);
    shift(&ctx, &made, Move::Publish).await;
    assert_eq!(shown(&app, &made).await.0.lowest_before.map(|lowest| lowest.minor), Some(4_000));
    assert_eq!(
        history(&ctx, made.variants[0].id).await,
        [
            (3_000, Some(4_000), Some(4_000), true),
            (3_000, Some(4_000), Some(4_000), false),
            (3_000, Some(4_000), Some(4_000), true),
            (4_000, None, None, true),
            (4_000, None, None, false),
            (0, None, None, false),
        ]
    );
    // A name is no price.
    let named = product::input::ProductEdit { title: Some("Pan".into()), ..Default::default() };
    let version = product::get(&ctx, made.id).await.unwrap().version;
    product::update(&ctx, made.id, version, &named).await.unwrap();
    assert_eq!(history(&ctx, made.variants[0].id).await.len(), 6);
}

async fn a_file_writes_prices_down_too(app: TestApp) {
    let ctx = editor(&app);
    let take = async |csv: &str| {
        let plan = catalog::import::plan(&ctx, csv.as_bytes()).await.unwrap();
        catalog::import::apply(&ctx, plan, |_| {}).await.unwrap()
    };
    take("Handle,Title,Variant Price,Variant Compare At Price\ncup,Cup,10.00,\n").await;
    app.advance(DAY);
    take("Handle,Title,Variant Price,Variant Compare At Price\ncup,Cup,8.00,12.00\n").await;
    settle(&app).await;
    let list = query::list(&app.anonymous(), &ListQuery::default()).await.unwrap();
    assert_eq!(list.cards[0].lowest_before.map(|lowest| lowest.minor), Some(1_000));
    assert_eq!(list.cards[0].discount_percent(), Some(20));
}

async fn a_history_is_the_shops_own_and_stays(app: TestApp) {
    let ctx = editor(&app);
    let made = mug(&ctx, "Mug").await;
    let id = made.variants[0].id;
    assert_eq!(refusal(price::history(&app.other_tenant(), id, 9).await).0, "NOT_FOUND");
    assert_eq!(refusal(price::history(&app.customer(), id, 9).await).0, "FORBIDDEN");
    let reader = app.staff(&[Permission::PRODUCTS_READ]);
    let seen = price::history(&reader, id, 9).await.unwrap();
    assert_eq!((seen.len(), &seen[0].by), (1, &None), "the account of the tests is none");
    let user = ctx.user_id().unwrap().uuid();
    let account = "INSERT INTO user_account (tenant_id, id, email, name, locale, password_hash, status, created_at, \
                   updated_at) VALUES ({tenant}, ?, 'olga@hearth.example', 'Olga', 'en', '!', 'active', 0, 0)";
    let system = app.system();
    system.write(Access::System, async |tx| tx.raw_exec(account, vec![user.into()]).await).await.unwrap();
    let seen = price::history(&reader, id, 9).await.unwrap();
    assert_eq!(seen[0].by.as_deref(), Some("Olga"));
    for sql in [
        "UPDATE price_change SET price_minor = 1 WHERE tenant_id = {tenant}",
        "DELETE FROM price_change WHERE tenant_id = {tenant}",
    ] {
        let system = app.system();
        let refused = system.write(Access::System, async |tx| tx.raw_exec(sql, vec![]).await).await;
        assert!(refused.is_err(), "{sql}");
    }
    assert_eq!(history(&ctx, id).await, [(1_250, None, None, true)]);
}

async fn a_variant_says_what_it_is_for_the_tax_office(app: TestApp) {
    let ctx = editor(&app);
    let made = mug(&ctx, "Mug").await;
    let categories = async || {
        let variants = product::get(&ctx, made.id).await.unwrap().variants;
        variants.into_iter().map(|variant| variant.tax_category).collect::<Vec<_>>()
    };
    assert_eq!(categories().await, ["standard", "standard"]);
    let save = async |category: &str, version: i64| {
        let changed = VariantInput {
            id: Some(made.variants[0].id),
            tax_category: Some(category.to_owned()),
            ..VariantInput::default()
        };
        let edit = VariantsEdit { variants: vec![changed], ..VariantsEdit::default() };
        product::save_variants(&ctx, made.id, version, &edit).await
    };
    let (code, fields) = refusal(save("fine food", 1).await);
    assert_eq!((code.as_str(), fields), ("BAD_USER_INPUT", vec!["variants.0.taxCategory".to_owned()]));
    save(" Food ", 1).await.unwrap();
    assert_eq!(categories().await, ["food", "standard"]);
    let ids = made.variants.iter().map(|variant| variant.id).collect::<Vec<_>>();
    let offers = query::offers(&ctx.read(Access::Public).await.unwrap(), &ids).await.unwrap();
    let said = ids.iter().map(|id| offers[id].tax_category.as_str()).collect::<Vec<_>>();
    assert_eq!(said, ["food", "standard"]);
    // A file says it in Shopify's column for it, and only when there is something to say.
    let export = async || {
        let mut out = Vec::new();
        catalog::export::products(&ctx, &mut out).await.unwrap();
        String::from_utf8(out).unwrap()
    };
    let take = async |csv: &str| {
        let plan = catalog::import::plan(&ctx, csv.as_bytes()).await.unwrap();
        catalog::import::apply(&ctx, plan, |_| {}).await.unwrap()
    };
    let file = export().await;
    assert!(file.lines().next().unwrap().ends_with("Variant Weight Unit,Variant Tax Code"), "{file}");
    assert_eq!(take(&file).await.unchanged, 1);
    // A file without the column leaves it alone, one with an empty cell says that it is nothing special.
    let plain = "Handle,Title,Option1 Name,Option1 Value,Variant Price\nmug,Mug,Size,S,12.50\n";
    take(plain).await;
    assert_eq!(categories().await[0], "food");
    take("Handle,Title,Option1 Name,Option1 Value,Variant Price,Variant Tax Code\nmug,Mug,Size,S,12.50,\n")
        .await;
    assert_eq!(categories().await[0], "standard");
    assert!(!export().await.contains("Variant Tax Code"));
    // What is no category of ours is kept as it came.
    take("Handle,Title,Option1 Name,Option1 Value,Variant Price,Variant Tax Code\nmug,Mug,Size,S,12.50,A/B c\n").await;
    assert_eq!(categories().await[0], "standard");
    assert!(export().await.contains("A/B c"));
}

testkit::on_both!(
    a_reduced_price_tells_the_lowest_of_the_30_days_before,
    what_was_not_in_the_shop_was_no_price,
    a_file_writes_prices_down_too,
    a_history_is_the_shops_own_and_stays,
    a_variant_says_what_it_is_for_the_tax_office,
);
