//! Whatever a shop answers, nothing of another shop is in it: ids, names, addresses, keys of the one are looked for in
//! the answers of the other, through every door, with every argument, and around the doors (caches, cursors, exports,
//! media, error texts).

use crate::letters;
use crate::shop;
use crate::sweep::{Fill, Schema, Things, Watch, ask, call, reached, settle};
use crate::world::{Visitor, World};
use aho_corasick::AhoCorasick;
use platform::Access;
use platform::surface::Kind;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use server::surface::Surface;
use std::collections::BTreeSet;
use uuid::Uuid;

/// What belongs to one shop and to no other, to be looked for in answers.
struct Canaries {
    values: Vec<String>,
    finder: AhoCorasick,
}

impl Canaries {
    /// Every id and every text that stands in the rows of `theirs` and in none of `ours`.
    async fn of(world: &World, theirs: Uuid, ours: Uuid) -> Self {
        let common = values(world, ours).await;
        let values: Vec<String> = values(world, theirs).await.difference(&common).cloned().collect();
        assert!(values.len() > 500, "only {} canaries", values.len());
        let finder = AhoCorasick::new(&values).expect("a finder");
        Self { values, finder }
    }

    /// The first canary in `answer`; `asked` is the id that the caller named himself.
    fn find(&self, answer: &Value, asked: &str) -> Option<&str> {
        let text = answer.to_string();
        let mut found =
            self.finder.find_iter(&text).map(|found| self.values[found.pattern().as_usize()].as_str());
        found.find(|value| *value != asked)
    }
}

/// Ids and texts of all rows of a tenant, as they stand in answers; short ones and documents are left out.
async fn values(world: &World, tenant: Uuid) -> BTreeSet<String> {
    let rows = world.rows().await;
    let backend = rows.get_database_backend();
    let columns = match world.database.backend() {
        testkit::Backend::Sqlite => {
            "SELECT m.name, c.name, lower(c.type) FROM sqlite_master m JOIN pragma_table_info(m.name) t ON t.name = 'tenant_id' \
             JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
        }
        testkit::Backend::Postgres => {
            "SELECT c.table_name::text, c.column_name::text, c.data_type::text FROM information_schema.columns c \
             JOIN information_schema.columns t ON t.table_name = c.table_name AND t.column_name = 'tenant_id' \
               AND t.table_schema = 'public' \
             WHERE c.table_schema = 'public'"
        }
    };
    let literal = world.literal(tenant);
    let mut values = BTreeSet::from([tenant.to_string()]);
    for column in rows.query_all_raw(Statement::from_string(backend, columns)).await.expect("columns") {
        let at = |index| column.try_get_by_index::<String>(index).expect("a name");
        let (table, name, kind) = (at(0), at(1), at(2));
        let value = match kind.as_str() {
            "blob" => format!("lower(hex({name}))"),
            "uuid" | "text" => format!("{name}::text"),
            _ => continue,
        };
        let value = if kind == "text" { name.clone() } else { value };
        let sql = format!(
            "SELECT DISTINCT {value} FROM {table} WHERE tenant_id = {literal} AND {name} IS NOT NULL"
        );
        for row in rows.query_all_raw(Statement::from_string(backend, sql)).await.expect("values") {
            let Ok(text) = row.try_get_by_index::<String>(0) else { continue };
            let text = match Uuid::try_parse(&text) {
                Ok(id) => id.to_string(),
                Err(_) => text,
            };
            if (8..=200).contains(&text.len())
                && !text.starts_with(['{', '['])
                && text.parse::<f64>().is_err()
            {
                values.insert(text);
            }
        }
    }
    rows.close().await.expect("closing");
    values
}

/// A host whose limits let one document ask for everything.
pub struct Wide(World);

impl testkit::Fixture for Wide {
    async fn create(backend: testkit::Backend) -> Self {
        Self(
            World::configured(backend, |config| {
                config.graphql.depth = 100;
                config.graphql.complexity = usize::MAX / 1_000;
                config.graphql.document_bytes = 1024 * 1024;
            })
            .await,
        )
    }
}

async fn no_answer_holds_anything_of_another_shop(Wide(world): Wide) {
    let theirs = Things::of(&world, "northbound").await;
    let own = Things::of(&world, "hearth").await;
    settle(&world).await;
    let canaries = Canaries::of(&world, theirs.tenant, own.tenant).await;
    let schema = Schema::read();
    let mut people = [
        ("owner", world.sign_in("hearth", "owner").await),
        ("customer", world.sign_in("hearth", "customer").await),
        ("visitor", world.visitor("hearth")),
    ];
    // Their pages are in the caches when ours are asked for.
    visit(&mut world.visitor("northbound")).await;
    let mut rows = Watch::begin(&world, &[theirs.tenant], &[]).await;
    let mut asked = 0;
    let surface = Surface::new();
    for entry in surface.entries() {
        for (who, person) in &mut people {
            let mut fill = Fill::of(entry, &own);
            fill.deep = true;
            // What reads, with things of our own; what writes, only with things that are not ours.
            if matches!(entry.kind, Kind::Query) || entry.name.starts_with("GET ") {
                let answer = call(person, &schema, entry, &fill).await;
                assert_eq!(canaries.find(&answer, ""), None, "{who} through {}: {answer}", entry.name);
                asked += 1;
            }
            for argument in &entry.ids {
                let foreign = theirs.id(&argument.of);
                fill.want(&argument.argument, foreign);
                let answer = call(person, &schema, entry, &fill).await;
                let leaked = canaries.find(&answer, &foreign.to_string());
                assert_eq!(leaked, None, "{who} through {} by {}: {answer}", entry.name, argument.argument);
                asked += 1;
            }
        }
    }
    settle(&world).await;
    assert_eq!(rows.changes().await, [""; 0], "the other shop changed");
    assert!(asked > 200, "only {asked} questions");
}

/// Looks at the pages that everybody shares; their text.
async fn visit(visitor: &mut Visitor) -> Vec<(String, String)> {
    let listed = visitor.graphql("{ products(first: 5) { nodes { slug } } }", json!({})).await;
    let slugs = listed["data"]["products"]["nodes"].as_array().expect("products");
    let products =
        slugs.iter().filter_map(|node| node["slug"].as_str()).map(|slug| format!("/products/{slug}"));
    let usual = ["/", "/products", "/products?page=2", "/search?q=a", "/sitemap.xml", "/robots.txt", "/cart"];
    let mut seen = Vec::new();
    for path in usual.into_iter().map(str::to_owned).chain(products) {
        let page = visitor.get(&path).await.body;
        seen.push((path, page));
    }
    seen
}

async fn caches_keep_shops_apart(world: World) {
    let shop =
        async |slug: &str| identity::tenant::find(&world.app, slug).await.expect("a tenant").info.id.uuid();
    let (hearth, northbound) = (shop("hearth").await, shop("northbound").await);
    let of_hearth = Canaries::of(&world, hearth, northbound).await;
    let of_northbound = Canaries::of(&world, northbound, hearth).await;
    let (mut one, mut other) = (world.visitor("hearth"), world.visitor("northbound"));
    let paths: Vec<String> =
        visit(&mut one).await.into_iter().chain(visit(&mut other).await).map(|(path, _)| path).collect();
    // Every page of both at both, twice, in turn: the second time from the cache.
    for path in paths.iter().chain(&paths) {
        let (ours, theirs) = (one.get(path).await, other.get(path).await);
        assert_eq!(of_northbound.find(&json!(ours.body), ""), None, "{path} at hearth");
        assert_eq!(of_hearth.find(&json!(theirs.body), ""), None, "{path} at northbound");
        // The third way to the same shop has other addresses in it.
        let below = one.get(&format!("/t/northbound{path}")).await;
        assert_eq!(of_hearth.find(&json!(below.body), ""), None, "{path} below /t/northbound");
    }
}

async fn a_cursor_of_another_shop_opens_nothing(world: World) {
    let theirs = Things::of(&world, "northbound").await;
    let own = Things::of(&world, "hearth").await;
    settle(&world).await;
    let canaries = Canaries::of(&world, theirs.tenant, own.tenant).await;
    let schema = Schema::read();
    let (mut owner, mut stranger) =
        (world.sign_in("hearth", "owner").await, world.sign_in("northbound", "owner").await);
    let surface = Surface::new();
    let mut crossed = 0;
    for entry in surface.entries() {
        if entry.kind != Kind::Query || !schema.pages(entry) {
            continue;
        }
        // One at the other shop, whose cursor stands near the beginning; then as many as there can be behind it.
        let ask = |after: Value| {
            let first = if after.is_null() { 1 } else { 100 };
            let document = format!(
                "query C($after: String) {{ {}(first: {first}, after: $after) {{ nodes {{ __typename {} }} pageInfo {{ endCursor }} }} }}",
                entry.name, "id"
            );
            (document, json!({ "after": after }))
        };
        let (document, variables) = ask(Value::Null);
        let answer = stranger.graphql(&document, variables).await;
        let cursor = answer["data"][&entry.name]["pageInfo"]["endCursor"].clone();
        if cursor.is_null() {
            continue;
        }
        let (document, variables) = ask(cursor);
        let answer = owner.graphql(&document, variables).await;
        assert_eq!(canaries.find(&answer, ""), None, "{}: {answer}", entry.name);
        crossed += 1;
    }
    assert!(crossed > 4, "only {crossed} lists gave a cursor");
}

async fn a_picture_is_found_under_its_own_shop_only(world: World) {
    let (theirs, own) = (Things::of(&world, "northbound").await, Things::of(&world, "hearth").await);
    let rows = world.rows().await;
    let literal = world.literal(theirs.tenant);
    let sql = format!(
        "SELECT url_base, widths FROM media WHERE tenant_id = {literal} AND url_base LIKE '/media/%' LIMIT 1"
    );
    let row =
        rows.query_one_raw(Statement::from_string(rows.get_database_backend(), sql)).await.expect("media");
    let row = row.expect("an upload");
    let base: String = row.try_get_by_index(0).expect("an address");
    let widths: String = row.try_get_by_index(1).expect("widths");
    rows.close().await.expect("closing");
    let widths: Vec<u32> = serde_json::from_str(&widths).expect("a list of widths");
    assert!(!widths.is_empty(), "no renditions");
    let mut visitor = world.visitor("hearth");
    let crossed = base.replace(&theirs.tenant.to_string(), &own.tenant.to_string());
    assert_ne!(crossed, base);
    for width in widths {
        assert_eq!(visitor.get(&format!("{base}-{width}.webp")).await.status, 200, "{base}");
        assert_eq!(visitor.get(&format!("{crossed}-{width}.webp")).await.status, 404, "{crossed}");
    }
}

async fn somebody_elses_things_are_not_there_for_a_customer(world: World) {
    let own = Things::of(&world, "hearth").await;
    let schema = Schema::read();
    let mut customer = world.sign_in("hearth", "customer").await;
    shop::fill_own_cart(&mut customer).await;
    letters::confirm(&mut customer).await;
    settle(&world).await;
    let mut rows = Watch::begin(&world, &[own.tenant], &[]).await;
    let (mut kinds, mut unreached, mut changed) = (BTreeSet::new(), Vec::new(), Vec::new());
    let surface = Surface::new();
    for entry in surface.entries() {
        if !matches!(entry.access, Access::SignedIn | Access::Public) {
            continue;
        }
        for argument in entry.ids.iter().filter(|argument| PRIVATE.contains(&argument.of.as_str())) {
            let mut fill = Fill::of(entry, &own);
            fill.want(&argument.argument, Uuid::now_v7());
            let missing = ask(&mut customer, &schema, entry, &fill).await;
            fill.want(&argument.argument, own.id(&argument.of));
            let somebodys = ask(&mut customer, &schema, entry, &fill).await;
            assert_eq!(
                somebodys, missing,
                "somebody's {} through {} ({})",
                argument.of, entry.name, argument.argument
            );
            if !reached(entry, argument, &missing) {
                unreached.push(format!("{} {}: {missing}", entry.name, argument.argument));
            }
            kinds.insert(argument.of.as_str());
        }
        settle(&world).await;
        changed.extend(rows.changes().await.into_iter().map(|row| format!("{}: {row}", entry.name)));
    }
    assert_eq!(changed, [""; 0], "something changed");
    assert_eq!(unreached, [""; 0], "the id was not what was refused");
    let unasked: Vec<_> = PRIVATE.into_iter().filter(|kind| !kinds.contains(kind)).collect();
    assert_eq!(unasked, UNREACHABLE, "kinds that no door of customers takes");
}

/// Things that belong to a person.
const PRIVATE: [&str; 12] = [
    "address",
    "cart",
    "cart_line",
    "customer",
    "gift_card",
    "oidc_link",
    "order",
    "order_line",
    "return",
    "saved_line",
    "session",
    "user",
];

/// Those of them that no door of customers takes by an id.
const UNREACHABLE: [&str; 2] = ["customer", "user"];

testkit::on_both!(
    no_answer_holds_anything_of_another_shop,
    caches_keep_shops_apart,
    a_cursor_of_another_shop_opens_nothing,
    a_picture_is_found_under_its_own_shop_only,
    somebody_elses_things_are_not_there_for_a_customer,
);
