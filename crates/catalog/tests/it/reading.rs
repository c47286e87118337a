use catalog::product::input::{NewProduct, ProductEdit, VariantInput};
use catalog::query::admin::{self, AdminFilter, AdminSort, StockFilter};
use catalog::stock::{self, CountItem};
use catalog::view::{Availability, Facets, ListQuery, ListSort, OptionFilter, StockPolicy};
use catalog::{product, projection, query};
use platform::hub::Key;
use platform::{Access, Ctx};
use primitives::{PageArgs, Quantity};
use testkit::TestApp;
use uuid::Uuid;

use crate::support::{editor, mug, settle, variant};

/// Six shirts in colours and sizes.
async fn shirts(app: &TestApp) -> Ctx {
    let ctx = editor(app);
    let shirts = [
        ("Alpha 100%", "10", &[("Red", "S", 5), ("Red", "M", 0)][..]),
        ("Beta_one", "20", &[("Red", "L", 20), ("Blue", "L", 20)]),
        ("Gamma Crème", "30", &[("Blue", "S", 0)]),
        ("Delta", "40", &[("Green", "S", 20), ("Green", "M", 20)]),
        ("Epsilon", "50", &[("blue", "M", 20)]),
        ("Zeta", "60", &[("Red", "S", 20)]),
    ];
    for (title, price, variants) in shirts {
        let input = NewProduct {
            title: title.to_owned(),
            vendor: "Loom 9".to_owned(),
            options: vec!["Color".to_owned(), "Size".to_owned()],
            variants: variants.iter().map(|(color, size, n)| variant(&[color, size], price, *n)).collect(),
            publish: true,
            ..NewProduct::default()
        };
        product::create(&ctx, &input).await.unwrap();
        app.advance(std::time::Duration::from_secs(1));
    }
    settle(app).await;
    ctx
}

fn option(name: &str, values: &[&str]) -> OptionFilter {
    OptionFilter { name: name.to_owned(), values: values.iter().map(|v| (*v).to_owned()).collect() }
}

async fn titles(ctx: &Ctx, query: ListQuery) -> Vec<String> {
    let page = query::list(ctx, &query).await.unwrap();
    assert_eq!(page.total as usize, page.cards.len());
    page.cards.iter().map(|card| card.title.clone()).collect()
}

fn counts(facets: &Facets, name: &str) -> Vec<(String, u64, bool)> {
    let facet = facets.options.iter().find(|facet| facet.name == name).unwrap();
    facet.values.iter().map(|value| (value.value.to_lowercase(), value.count, value.selected)).collect()
}

async fn lists_are_narrowed_sorted_and_searched(app: TestApp) {
    shirts(&app).await;
    let anyone = app.anonymous();
    let ask = |query: ListQuery| titles(&anyone, query);
    let all = || ListQuery::default();
    assert_eq!(ask(all()).await, ["Zeta", "Epsilon", "Delta", "Beta_one", "Alpha 100%", "Gamma Crème"]);
    assert_eq!(
        ask(ListQuery { sort: ListSort::PriceAsc, price_max: Some(3_000), ..all() }).await,
        ["Alpha 100%", "Beta_one", "Gamma Crème"]
    );
    assert_eq!(
        ask(ListQuery { sort: ListSort::PriceDesc, price_min: Some(5_000), ..all() }).await,
        ["Zeta", "Epsilon"]
    );
    assert_eq!(
        ask(ListQuery { sort: ListSort::Name, in_stock: true, ..all() }).await,
        ["Alpha 100%", "Beta_one", "Delta", "Epsilon", "Zeta"]
    );
    assert_eq!(
        ask(ListQuery { sort: ListSort::Newest, options: vec![option("color", &["BLUE"])], ..all() }).await,
        ["Epsilon", "Gamma Crème", "Beta_one"]
    );
    for (text, found) in
        [("creme", "Gamma Crème"), ("100%", "Alpha 100%"), ("a_o", "Beta_one"), ("loom zeta", "Zeta")]
    {
        assert_eq!(ask(ListQuery { q: Some(text.to_owned()), ..all() }).await, [found], "{text}");
    }
    assert_eq!(ask(ListQuery { q: Some("%".to_owned()), ..all() }).await, ["Alpha 100%"]);
    assert_eq!(
        ask(ListQuery { q: Some("'; DROP TABLE product; --".to_owned()), ..all() }).await,
        Vec::<String>::new()
    );
    let last = query::list(&anyone, &ListQuery { page: 9, ..all() }).await.unwrap();
    assert_eq!((last.cards.len(), last.total, last.pages), (0, 6, 1));
}

async fn each_facet_is_counted_without_itself(app: TestApp) {
    shirts(&app).await;
    let anyone = app.anonymous();
    let query = ListQuery {
        options: vec![option("Color", &["red"]), option("Size", &["s"])],
        ..ListQuery::default()
    };
    let (total, facets) = query::facets(&anyone, &query).await.unwrap();
    assert_eq!(total, 2);
    // With size S chosen: red alpha and zeta, blue gamma, green delta.
    assert_eq!(
        counts(&facets, "Color"),
        [("red".into(), 2, true), ("blue".into(), 1, false), ("green".into(), 1, false)]
    );
    // With red chosen: alpha in S and M, beta in L, zeta in S.
    assert_eq!(
        counts(&facets, "Size"),
        [("s".into(), 2, true), ("l".into(), 1, false), ("m".into(), 1, false)]
    );
    let query =
        ListQuery { price_min: Some(2_000), price_max: Some(3_000), in_stock: true, ..ListQuery::default() };
    let (total, facets) = query::facets(&anyone, &query).await.unwrap();
    let price = facets.price.map(|(low, high)| (low.minor, high.minor));
    assert_eq!((total, facets.all, facets.in_stock, price), (1, 2, 1, Some((1_000, 6_000))));
}

async fn keyset_pages_meet_without_gap(app: TestApp) {
    shirts(&app).await;
    let anyone = app.anonymous();
    for sort in ListSort::ALL {
        let query = ListQuery { sort, ..ListQuery::default() };
        let whole = query::products(&anyone, &query, &PageArgs::first(100)).await.unwrap();
        let ids: Vec<_> = whole.items.iter().map(|(_, card)| card.id).collect();
        let (mut forward, mut after) = (Vec::new(), None);
        loop {
            let args = PageArgs::new(Some(4), after, None, None).unwrap();
            let page = query::products(&anyone, &query, &args).await.unwrap();
            forward.extend(page.items.iter().map(|(_, card)| card.id));
            after = page.items.last().map(|(at, _)| at.to_string());
            assert_eq!(page.total, 6);
            if !page.has_next {
                break;
            }
        }
        assert_eq!(forward, ids, "{sort}");
        let before = whole.items[4].0.to_string();
        let args = PageArgs::new(None, None, Some(2), Some(before)).unwrap();
        let page = query::products(&anyone, &query, &args).await.unwrap();
        assert_eq!(page.items.iter().map(|(_, card)| card.id).collect::<Vec<_>>(), ids[2..4], "{sort}");
        assert!(page.has_previous && page.has_next);
    }
    let args = PageArgs::new(Some(2), Some("eyJ4".into()), None, None).unwrap();
    let error: platform::Error =
        query::products(&anyone, &ListQuery::default(), &args).await.unwrap_err().into();
    assert_eq!(error.code().as_str(), "BAD_USER_INPUT");
}

async fn stock_shows_in_words_and_only_words_wake_caches(app: TestApp) {
    let ctx = editor(&app);
    let made = mug(&ctx, "Mug").await;
    settle(&app).await;
    let anyone = app.anonymous();
    let words = async || {
        let page = query::product_by_id(&anyone, made.id).await.unwrap().unwrap();
        page.variants.iter().map(|v| v.availability).collect::<Vec<_>>()
    };
    let key = Key::new(ctx.tenant_id(), projection::CATALOG);
    let sell = async |count: i64| {
        let line = [(made.variants[0].id, Quantity::new(count).unwrap())];
        let now = ctx.now();
        ctx.write(Access::Public, async |tx| stock::reserve(tx, Uuid::now_v7(), &line, None, now).await)
            .await
            .unwrap();
        settle(&app).await;
    };
    assert_eq!(words().await, [Availability::InStock, Availability::InStock]);
    let before = app.app().hub().generation(key);
    sell(9).await;
    assert_eq!(app.app().hub().generation(key), before, "eleven left are as good as twenty");
    let rows = admin::list(&ctx, &Default::default(), Default::default(), &PageArgs::first(1)).await.unwrap();
    assert_eq!(rows.items[0].1.stock, Some(31));
    sell(4).await;
    assert!(before < app.app().hub().generation(key));
    assert_eq!(words().await, [Availability::Low { left: 7 }, Availability::InStock]);
    sell(7).await;
    assert_eq!(words().await, [Availability::SoldOut, Availability::InStock]);
    let count = CountItem::new(made.variants[0].id, 100);
    stock::set_on_hand(&ctx, &[count], "").await.unwrap();
    settle(&app).await;
    assert_eq!(words().await, [Availability::InStock, Availability::InStock]);
}

async fn documents(ctx: &Ctx) -> Vec<Vec<String>> {
    let reader = ctx.read(Access::Public).await.unwrap();
    let mut all = Vec::new();
    for (columns, table) in [
        (
            "slug || status || title_sort || search || tag_keys || stock_state || card || \
          price_min || '-' || price_max || '-' || featured || '-' || updated_at || '-' || version || '-' || \
          COALESCE(stock, -1)",
            "product_doc",
        ),
        ("page || staff", "product_text"),
        ("availability", "variant_doc"),
        ("name_key || '=' || value_key || name || value", "product_facet"),
        ("slug || view || position || '-' || product_count", "collection_doc"),
    ] {
        let sql = format!("SELECT {columns} AS line FROM {table} WHERE tenant_id = {{tenant}} ORDER BY 1");
        let rows = reader.raw_all(&sql, vec![]).await.unwrap();
        all.push(rows.iter().map(|row| row.try_get::<String>("", "line").unwrap()).collect());
    }
    all
}

async fn a_rebuild_gives_what_the_events_gave(app: TestApp) {
    let ctx = shirts(&app).await;
    let made = mug(&ctx, "Mug").await;
    let shelf = catalog::collection::NewCollection {
        title: "Shelf".into(),
        products: vec![made.id],
        ..Default::default()
    };
    catalog::collection::create(&ctx, &shelf).await.unwrap();
    product::update(
        &ctx,
        made.id,
        1,
        &ProductEdit { tags: Some(vec!["New".into(), "Clay".into()]), ..ProductEdit::default() },
    )
    .await
    .unwrap();
    let line = [(made.variants[1].id, Quantity::new(15).unwrap())];
    let now = ctx.now();
    ctx.write(Access::Public, async |tx| stock::reserve(tx, Uuid::now_v7(), &line, None, now).await)
        .await
        .unwrap();
    settle(&app).await;
    let by_events = documents(&ctx).await;
    assert_eq!(by_events.iter().map(Vec::len).collect::<Vec<_>>(), [7, 7, 11, 17, 1]);
    let damage = async |sql: &str| {
        app.system().write(Access::System, async |tx| tx.raw_exec(sql, vec![]).await).await.unwrap();
    };
    damage("UPDATE product_doc SET card = '{}', stock = 9 WHERE tenant_id = {tenant} AND slug = 'mug'").await;
    damage("DELETE FROM product_doc WHERE tenant_id = {tenant} AND slug = 'zeta'").await;
    damage("DELETE FROM collection_doc WHERE tenant_id = {tenant}").await;
    index::rebuild(&ctx, &*catalog::projections()[0]).await.unwrap();
    assert_eq!(documents(&ctx).await, by_events);
}

async fn the_table_of_the_staff_filters_and_sorts(app: TestApp) {
    let ctx = shirts(&app).await;
    let draft = NewProduct {
        title: "Draft".into(),
        tags: vec!["Summer sale".into()],
        variants: vec![VariantInput {
            policy: Some(StockPolicy::Continue),
            tracked: Some(false),
            ..variant(&[], "1", 0)
        }],
        ..NewProduct::default()
    };
    product::create(&ctx, &draft).await.unwrap();
    settle(&app).await;
    let ask = async |filter: AdminFilter, sort: AdminSort| {
        let slice = admin::list(&ctx, &filter, sort, &PageArgs::first(100)).await.unwrap();
        assert_eq!(slice.total as usize, slice.items.len());
        slice.items.into_iter().map(|(_, row)| row.title).collect::<Vec<_>>()
    };
    let by = AdminFilter::default;
    assert_eq!(ask(AdminFilter { q: Some("draft".into()), ..by() }, AdminSort::TitleAsc).await, ["Draft"]);
    assert_eq!(
        ask(AdminFilter { tag: Some("summer SALE".into()), ..by() }, AdminSort::TitleAsc).await,
        ["Draft"]
    );
    assert_eq!(
        ask(AdminFilter { stock: Some(StockFilter::SoldOut), ..by() }, AdminSort::TitleAsc).await,
        ["Gamma Crème"]
    );
    assert_eq!(
        ask(AdminFilter { stock: Some(StockFilter::Low), ..by() }, AdminSort::TitleAsc).await,
        ["Alpha 100%"]
    );
    assert_eq!(
        ask(AdminFilter { vendor: Some("LOOM 9".into()), ..by() }, AdminSort::PriceDesc).await[0],
        "Zeta"
    );
    assert_eq!(ask(by(), AdminSort::StockAsc).await[..3], ["Gamma Crème", "Alpha 100%", "Epsilon"]);
    assert_eq!(ask(by(), AdminSort::StockAsc).await[6], "Draft");
    let counts = admin::counts(&ctx).await.unwrap();
    assert_eq!((counts.draft, counts.published, counts.archived, counts.variants), (1, 6, 0, 10));
    assert!(admin::list(&app.anonymous(), &by(), AdminSort::TitleAsc, &PageArgs::first(1)).await.is_err());
}

async fn offers_tell_the_truth_of_now(app: TestApp) {
    let ctx = editor(&app);
    let made = mug(&ctx, "Mug").await;
    let reader = ctx.read(Access::Public).await.unwrap();
    let offers = query::offers(&reader, &[made.variants[1].id, primitives::VariantId::new()]).await.unwrap();
    assert_eq!(offers.len(), 1);
    let offer = &offers[&made.variants[1].id];
    assert_eq!(
        (offer.title.as_str(), offer.variant_title.as_str(), offer.price.minor, offer.available),
        ("Mug", "L", 1_400, Some(20))
    );
    assert!(offer.published && offer.tax_category.as_str() == "standard");
}

async fn the_sitemap_names_what_is_public(app: TestApp) {
    let ctx = editor(&app);
    let made = mug(&ctx, "Mug").await;
    mug(&ctx, "Cup").await;
    product::move_to(&ctx, made.id, 1, product::state::Move::Unpublish).await.unwrap();
    catalog::collection::create(
        &ctx,
        &catalog::collection::NewCollection { title: "Table".into(), ..Default::default() },
    )
    .await
    .unwrap();
    settle(&app).await;
    let map = query::sitemap(&app.anonymous()).await.unwrap();
    assert_eq!(
        map.iter().map(|entry| entry.path.as_str()).collect::<Vec<_>>(),
        ["/collections/table", "/products/cup"]
    );
}

testkit::on_both!(
    lists_are_narrowed_sorted_and_searched,
    each_facet_is_counted_without_itself,
    keyset_pages_meet_without_gap,
    stock_shows_in_words_and_only_words_wake_caches,
    a_rebuild_gives_what_the_events_gave,
    the_table_of_the_staff_filters_and_sorts,
    offers_tell_the_truth_of_now,
    the_sitemap_names_what_is_public,
);
