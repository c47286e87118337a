use std::path::PathBuf;

use catalog::import::{self, Counts, Report};
use catalog::query::admin;
use catalog::view::{ListQuery, ProductStatus};
use catalog::{export, product, query};
use platform::Ctx;
use primitives::PageArgs;
use testkit::TestApp;

use crate::support::{editor, refusal, settle, told};

fn file(name: &str) -> Vec<u8> {
    // The whole files lie beside the repository where they are to be had; excerpts of them are always here.
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let whole = here.join("../../../shared/data/shopify").join(name);
    std::fs::read(whole).or_else(|_| std::fs::read(here.join("tests/data").join(name))).unwrap()
}

async fn take_in(ctx: &Ctx, csv: &[u8]) -> Report {
    let plan = import::plan(ctx, csv).await.unwrap();
    import::apply(ctx, plan, |_| {}).await.unwrap()
}

async fn real_files_come_in_once_and_go_out_the_same(app: TestApp) {
    let ctx = editor(&app);
    for name in ["apparel.csv", "jewelry.csv", "bicycles.csv"] {
        let csv = file(name);
        let report = take_in(&ctx, &csv).await;
        assert_eq!(
            (report.updated, report.unchanged, report.failed),
            (0, 0, 0),
            "{name}: {:?}",
            report.problems
        );
        let events = told(&ctx).await.len();
        let again = take_in(&ctx, &csv).await;
        assert_eq!((again.created, again.updated, again.unchanged), (0, 0, report.created), "{name}");
        assert_eq!(told(&ctx).await.len(), events, "{name}: the second time nothing happens");
    }
    let events = told(&ctx).await.len();
    let mut out = Vec::new();
    let products = export::products(&ctx, &mut out).await.unwrap();
    let plan = import::plan(&ctx, &out).await.unwrap();
    let differing = plan.items().filter(|item| item.action != import::Action::Unchanged);
    assert_eq!(differing.map(|item| item.handle).collect::<Vec<_>>(), Vec::<&str>::new());
    let again = take_in(&ctx, &out).await;
    assert_eq!(
        (again.created, again.updated, again.unchanged, again.failed),
        (0, 0, products, 0),
        "{:?}",
        again.problems
    );
    assert_eq!(told(&ctx).await.len(), events);
    let mut second = Vec::new();
    export::products(&ctx, &mut second).await.unwrap();
    assert_eq!(second, out);
    // The layout is the one that came in.
    let header = |csv: &[u8]| String::from_utf8_lossy(csv).lines().next().unwrap().to_owned();
    assert_eq!(header(&out), header(&file("apparel.csv")));
}

async fn a_real_file_reads_as_a_shop(app: TestApp) {
    let ctx = editor(&app);
    take_in(&ctx, &file("apparel.csv")).await;
    settle(&app).await;
    let page = query::list(&app.anonymous(), &ListQuery::default()).await.unwrap();
    assert_eq!((page.total, page.pages, page.cards.len()), (25, 2, 24));
    let colours = page.facets.options.iter().find(|facet| facet.name == "Color").unwrap();
    assert!(colours.values.iter().any(|value| value.value == "Navy" && value.swatch.is_some()));
    assert!(!page.facets.options.iter().any(|facet| facet.name == "Title"), "nothing to choose is no facet");
}

async fn a_dry_run_changes_nothing(app: TestApp) {
    let ctx = editor(&app);
    let plan = import::plan(&ctx, &file("jewelry.csv")).await.unwrap();
    let counts = Counts { rows: 30, products: 19, variants: 24, images: 25, create: 19, ..Counts::default() };
    assert_eq!(plan.counts(), counts);
    assert_eq!(told(&ctx).await, Vec::<String>::new());
}

const HEAD: &str = "Handle,Title,Published,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Price\n";

async fn a_wrong_product_stays_out_whole(app: TestApp) {
    let ctx = editor(&app);
    let csv = format!(
        "{HEAD}mug,Mug,true,Size,S,M-S,shopify,3,12.50\nmug,,,,L,M-L,shopify,3,12.505\ncup,Cup,true,,,,,,3\n"
    );
    let report = take_in(&ctx, csv.as_bytes()).await;
    assert_eq!((report.created, report.failed), (1, 1));
    assert_eq!(
        report.problems.iter().map(|p| (p.line, p.column.as_str())).collect::<Vec<_>>(),
        [(3, "Variant Price")]
    );
    let rows =
        admin::list(&ctx, &Default::default(), Default::default(), &PageArgs::first(10)).await.unwrap();
    assert_eq!(rows.total, 0, "the read model follows later");
    settle(&app).await;
    let rows =
        admin::list(&ctx, &Default::default(), Default::default(), &PageArgs::first(10)).await.unwrap();
    assert_eq!(rows.items.iter().map(|(_, row)| row.slug.as_str()).collect::<Vec<_>>(), ["cup"]);
}

async fn a_changed_file_changes_only_what_differs(app: TestApp) {
    let ctx = editor(&app);
    let first = format!(
        "{HEAD}mug,Mug,true,Size,S,M-S,shopify,3,12.50\nmug,,,,L,M-L,shopify,3,14\ncup,Cup,false,,,,,,3\n"
    );
    take_in(&ctx, first.as_bytes()).await;
    let seen = told(&ctx).await.len();
    // S is dearer, L got another name and another count, XL is new, the cup is published.
    let second = format!(
        "{HEAD}mug,Mug,true,Size,S,M-S,shopify,3,13\nmug,,,,Large,M-L,shopify,5,14\nmug,,,,XL,,shopify,1,15\ncup,Cup,true,,,,,,3\n"
    );
    let report = take_in(&ctx, second.as_bytes()).await;
    assert_eq!((report.updated, report.failed), (2, 0));
    assert_eq!(
        told(&ctx).await[seen..],
        ["inventory.updated", "variant.created", "price.updated", "variant.updated", "product.published"]
    );
    settle(&app).await;
    let rows = admin::list(&ctx, &Default::default(), admin::AdminSort::TitleDesc, &PageArgs::first(10))
        .await
        .unwrap();
    let (_, mug) = &rows.items[0];
    let mug = product::get(&ctx, mug.id).await.unwrap();
    let variants: Vec<_> =
        mug.variants.iter().map(|v| (v.title.as_str(), v.price.minor, v.on_hand)).collect();
    assert_eq!(variants, [("S", 1300, 3), ("Large", 1400, 5), ("XL", 1500, 1)]);
    // A file with fewer rows leaves the others alone.
    let third = format!("{HEAD}mug,Mug,true,Size,S,M-S,shopify,3,13\n");
    assert_eq!(take_in(&ctx, third.as_bytes()).await.unchanged, 1);
    let archived = product::move_to(&ctx, mug.id, mug.version, product::state::Move::Archive).await.unwrap();
    assert_eq!(archived.status, ProductStatus::Archived);
    let hidden = format!("{HEAD}mug,Mug,false,Size,S,M-S,shopify,3,13\n");
    assert_eq!(take_in(&ctx, hidden.as_bytes()).await.unchanged, 1);
}

async fn what_is_no_product_file_is_refused(app: TestApp) {
    let ctx = editor(&app);
    for text in ["", "hello", "a,b,c\n1,2,3\n"] {
        assert_eq!(
            refusal(import::plan(&ctx, text.as_bytes()).await),
            ("BAD_USER_INPUT".into(), vec!["csv".into()]),
            "{text}"
        );
    }
    assert_eq!(refusal(import::plan(&app.customer(), b"").await).0, "FORBIDDEN");
}

testkit::on_both!(
    real_files_come_in_once_and_go_out_the_same,
    a_real_file_reads_as_a_shop,
    a_dry_run_changes_nothing,
    a_wrong_product_stays_out_whole,
    a_changed_file_changes_only_what_differs,
    what_is_no_product_file_is_refused,
);
