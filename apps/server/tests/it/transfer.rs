//! A whole shop as a file, and what becomes of it.

use crate::shop::{place_order, upload_picture};
use crate::world::{PASSWORD, World};
use identity::tenant::{self, NewOwner, life};
use migrations::{Migrator, MigratorTrait};
use platform::Ctx;
use platform::db::schema::Kind;
use serde_json::{Map, Value, json};
use server::transfer::archive::Checked;
use server::transfer::{self, ImportOptions, shape};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use testkit::{Backend, Fixture};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

fn other(world: &World) -> Backend {
    match world.database.backend() {
        Backend::Sqlite => Backend::Postgres,
        Backend::Postgres => Backend::Sqlite,
    }
}

async fn export(world: &World, slug: &str, name: &str, credentials: bool) -> PathBuf {
    let path = world.database.folder().join(name);
    let ctx = tenant::system(&world.app, slug).await.unwrap();
    transfer::export(&ctx, &path, credentials, |_| {}).await.unwrap();
    path
}

async fn import(world: &World, path: &Path, into: ImportOptions) -> anyhow::Result<()> {
    let file = transfer::check(&world.app, path).await?;
    // Nobody whom the log would name: it has to be that of the file.
    let by = |info| Ctx::system(&world.app, info, "test");
    transfer::import(&world.app, &file, into, by, |_| {}).await?;
    Ok(())
}

/// A shop with something of everything: goods, a picture, an order, people, a domain.
async fn lived_in(world: &World) {
    upload_picture(world, "hearth").await;
    place_order(world, "hearth").await;
    let ctx = tenant::system(&world.app, "hearth").await.unwrap();
    tenant::domain::add(&ctx, "hearth.example").await.unwrap();
    settled(world).await;
}

/// Waits until everything that was told has arrived.
async fn settled(world: &World) {
    let begun = std::time::Instant::now();
    while world.number("SELECT count(*) FROM outbox_waiting").await > 0 {
        assert!(begun.elapsed().as_secs() < 60, "events are stuck");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// Every row of a file, by table.
async fn rows(file: &Checked) -> BTreeMap<String, Vec<Map<String, Value>>> {
    let mut all = BTreeMap::new();
    for table in file.manifest.tables.keys() {
        let mut rows = Vec::new();
        let mut parts = file.rows(table);
        while let Some(part) = parts.recv().await {
            rows.extend(part.unwrap());
        }
        all.insert(table.clone(), rows);
    }
    all
}

/// Rows without what is another place's by right.
fn comparable(mut all: BTreeMap<String, Vec<Map<String, Value>>>) -> BTreeMap<String, Vec<String>> {
    all.remove("tenant_domain");
    let text = |table: &str, mut row: Map<String, Value>| {
        if table == "tenant" {
            for own in ["slug", "revision", "updated_at"] {
                row.remove(own);
            }
        }
        let kind = row.get("kind").and_then(Value::as_str).unwrap_or_default();
        let told_here = table == "outbox" && (kind.starts_with("index.") || kind.starts_with("tenant."));
        (!told_here).then(|| Value::Object(row).to_string())
    };
    all.into_iter()
        .map(|(table, rows)| {
            let rows = rows.into_iter().filter_map(|row| text(&table, row)).collect();
            (table, rows)
        })
        .collect()
}

async fn a_shop_that_moves_to_the_other_database_is_the_same_shop(world: World) {
    lived_in(&world).await;
    let there = World::create(other(&world)).await;
    let path = export(&world, "hearth", "hearth.zip", true).await;
    let file = transfer::check(&there.app, &path).await.unwrap();
    let before = tenant::find(&world.app, "hearth").await.unwrap();
    assert_eq!((file.manifest.tenant.id, file.manifest.files > 0), (before.info.id.uuid(), true));
    import(&there, &path, ImportOptions { slug: Some("moved".into()), ..ImportOptions::default() })
        .await
        .unwrap();

    let moved = tenant::find(&there.app, "moved").await.unwrap();
    assert_eq!(moved.info.id, before.info.id, "a shop that moves keeps its ids");
    let back = export(&there, "moved", "moved.zip", true).await;
    let again = transfer::check(&world.app, &back).await.unwrap();
    let (ours, theirs) = (comparable(rows(&file).await), comparable(rows(&again).await));
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
    let mut total = 0;
    for (table, rows) in &ours {
        assert_eq!(rows, &theirs[table], "{table}");
        total += rows.len();
    }
    assert!(total > 300 && !ours["orders"].is_empty() && !ours["outbox"].is_empty(), "{total}");
    assert!(!ours["stream_event"].is_empty());
    assert_eq!(file.manifest.files, again.manifest.files);

    // The read models are made anew and show the same.
    for page in ["/products", "/products?sort=price-asc", "/collections/kitchen"] {
        let (one, two) = (world.visitor("hearth").get(page).await, there.visitor("moved").get(page).await);
        assert_eq!(one.status, two.status, "{page}");
        let plain = |body: &str| {
            let nonce = body.split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("-");
            body.replace(nonce, "")
                .replace("moved", "hearth")
                .replace(&there.address.port().to_string(), "port")
                .replace(&world.address.port().to_string(), "port")
                .replace("hearth.localhost", "localhost")
        };
        assert_eq!(plain(&one.body), plain(&two.body), "{page}");
    }
    for table in ["order_row", "sales_day", "product_doc", "product_facet", "collection_doc"] {
        let sql = |slug: &str| {
            format!(
                "SELECT count(*) FROM {table} x JOIN tenant t ON t.id = x.tenant_id WHERE t.slug = '{slug}'"
            )
        };
        assert_eq!(world.number(&sql("hearth")).await, there.number(&sql("moved")).await, "{table}");
    }
    there.holds_in("moved").await;
    // Its people come along with the credentials, and its domain waits for its proof here.
    let mut person = there.visitor("moved");
    let signed_in = person
        .graphql(
            "mutation S($input: SignInInput!) { signIn(input: $input) { __typename } }",
            json!({ "input": { "email": "owner@hearth.example", "password": "demo-password" } }),
        )
        .await;
    let known = world
        .visitor("hearth")
        .graphql(
            "mutation S($input: SignInInput!) { signIn(input: $input) { __typename } }",
            json!({ "input": { "email": "owner@hearth.example", "password": "demo-password" } }),
        )
        .await;
    assert_eq!(signed_in["data"], known["data"]);
    let ctx = tenant::system(&there.app, "moved").await.unwrap();
    assert_eq!(tenant::domain::list(&ctx).await.unwrap()[0].verified_at, None);
    // Life goes on: the next order has the next number, and its events come after those of the file.
    let number = |order: &Value| order["number"].as_i64().unwrap();
    let next = place_order(&there, "moved").await;
    let last = world.number("SELECT max(number) FROM orders").await;
    assert_eq!(number(&next), last + 1);
    there.holds_in("moved").await;
    // The same file a second time is the same shop.
    let twice = import(&there, &path, ImportOptions::default()).await.unwrap_err();
    assert!(twice.to_string().contains("is here already"), "{twice:#}");
}

async fn a_copy_sells_the_same_and_knows_nobody(world: World) {
    lived_in(&world).await;
    let original = tenant::system(&world.app, "hearth").await.unwrap();
    let before = comparable(
        rows(&transfer::check(&world.app, &export(&world, "hearth", "a.zip", false).await).await.unwrap())
            .await,
    );
    let owner =
        NewOwner { email: "new@copy.example".into(), name: String::new(), password: Some(PASSWORD.into()) };
    let into = ImportOptions { slug: Some("copy".into()), copy: true, owner: Some(owner) };
    let info = transfer::clone_tenant(&original, world.database.folder(), into).await.unwrap();
    assert_ne!(info.id, original.tenant_id());

    let path = export(&world, "copy", "copy.zip", true).await;
    let copied = rows(&transfer::check(&world.app, &path).await.unwrap()).await;
    for empty in [
        "orders",
        "customer",
        "cart",
        "payment",
        "money_ledger",
        "stream_event",
        "stock_reservation",
        "tenant_domain",
    ] {
        assert!(copied[empty].is_empty(), "{empty}");
    }
    assert_eq!(copied["user_account"].len(), 1);
    world.holds_in("copy").await;
    let ids = |rows: &[Map<String, Value>]| -> BTreeSet<String> {
        rows.iter().filter_map(|row| row["id"].as_str().map(str::to_owned)).collect()
    };
    let file = transfer::check(&world.app, &world.database.folder().join("a.zip")).await.unwrap();
    let originals = rows(&file).await;
    for table in ["product", "variant", "collection", "media", "product_image"] {
        assert_eq!(copied[table].len(), originals[table].len(), "{table}");
        assert!(ids(&copied[table]).is_disjoint(&ids(&originals[table])), "{table}");
    }
    let old = original.tenant_id().to_string();
    for (table, rows) in &copied {
        assert!(!serde_json::to_string(rows).unwrap().contains(&old), "{table} names the original");
    }
    // Pictures lie under the copy's own address, and are there.
    let uploaded =
        copied["media"].iter().find(|row| row["url_base"].as_str().unwrap().starts_with("/media/"));
    let base = uploaded.unwrap()["url_base"].as_str().unwrap().to_owned();
    assert!(base.contains(&info.id.to_string()));
    let widths: Vec<i64> = serde_json::from_str(uploaded.unwrap()["widths"].as_str().unwrap()).unwrap();
    let picture = world.visitor("copy").get(&format!("{base}-{}.webp", widths[0])).await;
    assert_eq!(picture.status, 200);
    assert_eq!(world.visitor("copy").get("/products").await.status, 200);
    // Nobody of the original signs in; the new owner does.
    let sign_in = async |email: &str, password: &str| {
        let input = json!({ "input": { "email": email, "password": password } });
        let query = "mutation S($input: SignInInput!) { signIn(input: $input) { __typename } }";
        world.visitor("copy").graphql(query, input).await["errors"].is_null()
    };
    assert!(
        sign_in("new@copy.example", PASSWORD).await
            && !sign_in("owner@hearth.example", "demo-password").await
    );
    // What the copy sells is the copy's: the original does not change.
    place_order(&world, "copy").await;
    settled(&world).await;
    std::fs::remove_file(world.database.folder().join("a.zip")).unwrap();
    let after = export(&world, "hearth", "a.zip", false).await;
    let after = comparable(rows(&transfer::check(&world.app, &after).await.unwrap()).await);
    assert_eq!(before, after);
    let taken = transfer::clone_tenant(
        &original,
        world.database.folder(),
        ImportOptions { slug: Some("copy".into()), ..ImportOptions::default() },
    );
    assert!(taken.await.unwrap_err().to_string().contains("is taken"));
}

async fn a_file_without_credentials_lets_nobody_in(world: World) {
    let path = export(&world, "hearth", "bare.zip", false).await;
    let mut text = String::new();
    let mut zip = ZipArchive::new(std::fs::File::open(&path).unwrap()).unwrap();
    zip.by_name("tables/user_account.ndjson").unwrap().read_to_string(&mut text).unwrap();
    assert!(text.lines().count() > 0 && !text.contains("argon2"), "{text}");
    let there = World::create(world.database.backend()).await;
    import(&there, &path, ImportOptions { slug: Some("bare".into()), ..ImportOptions::default() })
        .await
        .unwrap();
    let input = json!({ "input": { "email": "owner@hearth.example", "password": "!" } });
    let query = "mutation S($input: SignInInput!) { signIn(input: $input) { __typename } }";
    let answer = there.visitor("bare").graphql(query, input).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert!(export_is_refused(&world, &path).await);
}

async fn export_is_refused(world: &World, path: &Path) -> bool {
    let ctx = tenant::system(&world.app, "hearth").await.unwrap();
    let again = transfer::export(&ctx, path, false, |_| {}).await;
    again.is_err_and(|error| error.to_string().contains("is there already"))
}

/// The same file with other entries; the manifest counts and hashes them unless `stale`.
fn rewritten(
    path: &Path,
    stale: bool,
    edit: impl Fn(&str, Vec<u8>) -> Option<Vec<u8>>,
    more: &[(&str, &[u8])],
) -> PathBuf {
    let to = path.with_extension(format!("{}.zip", uuid::Uuid::new_v4().simple()));
    let mut from = ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    let mut zip = ZipWriter::new(std::fs::File::create(&to).unwrap());
    let options = SimpleFileOptions::default();
    let mut manifest = Value::Null;
    for index in 0..from.len() {
        let mut entry = from.by_index(index).unwrap();
        let (name, mut bytes) = (entry.name().unwrap().into_owned(), Vec::new());
        entry.read_to_end(&mut bytes).unwrap();
        if name == "manifest.json" {
            let edited = edit(&name, bytes);
            manifest = edited.map_or(Value::Null, |bytes| serde_json::from_slice(&bytes).unwrap());
            continue;
        }
        if let Some(bytes) = edit(&name, bytes) {
            zip.start_file(&name, options).unwrap();
            zip.write_all(&bytes).unwrap();
        }
    }
    for (name, bytes) in more {
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    if !manifest.is_null() {
        zip.start_file("manifest.json", options).unwrap();
        zip.write_all(manifest.to_string().as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    if stale { to } else { recounted(&to) }
}

/// Has the manifest say what is in the file.
fn recounted(path: &Path) -> PathBuf {
    let mut tables = Map::new();
    let mut zip = ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).unwrap();
        let name = entry.name().unwrap().into_owned();
        let Some(table) = name.strip_prefix("tables/").and_then(|name| name.strip_suffix(".ndjson")) else {
            continue;
        };
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        let rows = bytes.iter().filter(|byte| **byte == b'\n').count();
        let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        tables.insert(table.to_owned(), json!({ "rows": rows, "sha256": hash }));
    }
    let edit = |name: &str, bytes: Vec<u8>| {
        if name != "manifest.json" {
            return Some(bytes);
        }
        let mut manifest: Value = serde_json::from_slice(&bytes).unwrap();
        manifest["tables"] = Value::Object(tables.clone());
        Some(manifest.to_string().into_bytes())
    };
    rewritten(path, true, edit, &[])
}

async fn a_file_that_is_not_what_it_should_be_changes_nothing(world: World) {
    upload_picture(&world, "hearth").await;
    settled(&world).await;
    let path = export(&world, "hearth", "good.zip", true).await;
    let good = std::fs::read(&path).unwrap();
    let folder = world.database.folder().to_owned();
    let written = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let same = |_: &str, bytes: Vec<u8>| Some(bytes);
    let replaced = |table: &'static str, from: &'static str, to: &'static str, stale: bool| {
        let edit = move |name: &str, bytes: Vec<u8>| {
            if name != format!("tables/{table}.ndjson") && name != table {
                return Some(bytes);
            }
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.contains(from), "{table} has no {from}");
            Some(text.replacen(from, to, 1).into_bytes())
        };
        rewritten(&path, stale, edit, &[])
    };
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x10;
    let zeros = vec![b' '; 70 * 1024 * 1024];
    let last: &'static str = Migrator::migrations().last().unwrap().name().to_owned().leak();
    let wrong: Vec<(PathBuf, &str)> = vec![
        (folder.join("nowhere.zip"), "cannot be read"),
        (written("empty.zip", b""), "is no export"),
        (written("text.zip", b"Handle,Title\nmug,Mug\n"), "is no export"),
        (written("cut.zip", &good[..good.len() - 40]), "is no export"),
        (written("half.zip", &good[..good.len() / 2]), "is no export"),
        (written("flipped.zip", &flipped), ""),
        (
            rewritten(&path, true, |name, bytes| (name != "manifest.json").then_some(bytes), &[]),
            "no manifest",
        ),
        (replaced("manifest.json", "rustok-tenant", "another-thing", true), "another program's"),
        (replaced("manifest.json", "\"version\": 1", "\"version\": 9", true), "layout 9"),
        (replaced("manifest.json", last, "m99_later", true), "m99_later"),
        (replaced("product", "stoneware", "stonewar3", true), "was changed or damaged"),
        (replaced("product", "\"title\":", "\"tittle\":", false), "no column tittle"),
        (replaced("product", "\"version\":", "\"version\":\"x\",\"id\":", false), "is no id"),
        (replaced("variant", "\"price_minor\":", "\"price_minor\":1.5,\"position\":", false), "whole number"),
        (replaced("product", "{", "[", false), "is no object"),
        (rewritten(&path, true, same, &[("evil.sh", b"x")]), "nothing of a shop"),
        (rewritten(&path, true, same, &[("files/../../evil.webp", b"x")]), "no picture"),
        (rewritten(&path, true, same, &[("tables/relay_lease.ndjson", b"{}\n")]), "does not name"),
        (rewritten(&path, false, same, &[("tables/relay_lease.ndjson", b"{}\n")]), "no table relay_lease"),
        (rewritten(&path, false, same, &[("tables/session.ndjson", b"{}\n")]), "no table session"),
        (
            rewritten(&path, true, |name, bytes| (name != "tables/product.ndjson").then_some(bytes), &[]),
            "not in the file",
        ),
        // A row of 70 MiB in a few kilobytes, and as much in pictures.
        (
            rewritten(
                &path,
                false,
                |name, bytes| (name != "tables/product.ndjson").then_some(bytes),
                &[("tables/product.ndjson", &zeros)],
            ),
            "longer than 8 MiB",
        ),
        (rewritten(&path, true, same, &[("files/ab-1.webp", &zeros)]), "unpacks to more"),
        // Rows that are well formed and do not fit together.
        (
            rewritten(
                &path,
                false,
                |name, bytes| Some(if name == "tables/product.ndjson" { Vec::new() } else { bytes }),
                &[],
            ),
            "do not fit together",
        ),
        (
            replaced("variant", "\"price_minor\":", "\"price_minor\":-5,\"tenant_id\":", false),
            "no column tenant_id",
        ),
    ];
    let before = fingerprint(&world).await;
    for (file, told) in wrong {
        let error =
            import(&world, &file, ImportOptions { slug: Some("evil".into()), ..ImportOptions::default() })
                .await;
        let error = format!("{:#}", error.expect_err(told));
        assert!(error.contains(told), "{}: {error}", file.display());
        assert_eq!(fingerprint(&world).await, before, "{told}");
        assert!(tenant::find(&world.app, "evil").await.is_err(), "{told}");
    }
    for slug in ["admin", "\u{212a}iosk", "h\u{43e}use", "northbound", ""] {
        assert!(
            import(&world, &path, ImportOptions { slug: Some(slug.into()), ..ImportOptions::default() })
                .await
                .is_err(),
            "{slug}"
        );
    }
    assert_eq!(fingerprint(&world).await, before);
    assert_eq!(
        std::fs::read_dir(&world.app.config().media.dir).unwrap().count(),
        1,
        "no pictures are left behind"
    );
}

/// How many rows every tenant has of everything that an import may write.
async fn fingerprint(world: &World) -> Vec<(String, i64)> {
    let mut counts = Vec::new();
    for table in world.app.db().tenant_tables().await.unwrap() {
        // Settings of the planner's own and events of others go on meanwhile.
        let sql = format!("SELECT count(*) FROM {}", table.name);
        counts.push((table.name.clone(), world.number(&sql).await));
    }
    counts
}

async fn nobody_brings_a_super_admin_along(world: World) {
    let path = export(&world, "hearth", "people.zip", true).await;
    let edit = |name: &str, bytes: Vec<u8>| {
        Some(match name {
            "tables/user_role.ndjson" => {
                String::from_utf8(bytes).unwrap().replace("\"owner\"", "\"super_admin\"").into_bytes()
            }
            _ => bytes,
        })
    };
    let evil = rewritten(&path, false, edit, &[]);
    let there = World::create(world.database.backend()).await;
    import(&there, &evil, ImportOptions { slug: Some("evil".into()), ..ImportOptions::default() })
        .await
        .unwrap();
    let mighty = there.number("SELECT count(*) FROM user_role WHERE role = 'super_admin'").await;
    assert_eq!(mighty, 0);
}

async fn a_half_filled_tenant_is_nobody_s_and_goes_away(world: World) {
    // As after a crash in the middle.
    let path = export(&world, "hearth", "half.zip", false).await;
    import(&world, &path, ImportOptions { slug: Some("half".into()), ..ImportOptions::default() })
        .await
        .unwrap();
    let ctx = tenant::system(&world.app, "half").await.unwrap();
    let rows = world.rows().await;
    use sea_orm::ConnectionTrait;
    rows.execute_unprepared(
        "UPDATE tenant SET life = 'filling', purge_at = 0, revision = revision + 1 WHERE slug = 'half'",
    )
    .await
    .unwrap();
    rows.close().await.unwrap();
    identity::directory::Directory::of(&world.app).unwrap().invalidate();
    assert_eq!(world.visitor("half").get("/products").await.status, 404);
    assert!(life::restore(&ctx).await.is_err());
    assert_eq!(tenant::purge::purge_due(&world.app).await.unwrap(), 1);
    for table in world.app.db().tenant_tables().await.unwrap().iter().filter(|table| table.name != "tenant") {
        let id = world.literal(ctx.tenant_id().uuid());
        let sql = format!("SELECT count(*) FROM {} WHERE tenant_id = {id}", table.name);
        assert_eq!(world.number(&sql).await, 0, "{}", table.name);
    }
}

/// A shop that has sold something goes for good, its ledger with it.
async fn a_shop_with_a_history_goes_for_good(world: World) {
    lived_in(&world).await;
    let mut owner = world.sign_in("hearth", "owner").await;
    let order = place_order(&world, "hearth").await;
    let paid = owner
        .graphql(
            "mutation M($input: OrderMoveInput!) { orderMarkPaid(input: $input) { order { state } } }",
            json!({ "input": { "id": order["id"] } }),
        )
        .await;
    assert!(paid["errors"].is_null(), "{paid}");
    assert!(world.number("SELECT count(*) FROM money_ledger").await > 0);
    assert!(world.number("SELECT count(*) FROM stream_event").await > 0);
    world.holds().await;
    let rows = world.rows().await;
    use sea_orm::ConnectionTrait;
    assert!(
        rows.execute_unprepared("DELETE FROM money_ledger").await.is_err(),
        "history stays while its shop does"
    );
    assert!(rows.execute_unprepared("DELETE FROM stream_event").await.is_err());
    rows.close().await.unwrap();
    let ctx = tenant::system(&world.app, "hearth").await.unwrap();
    life::delete(&ctx, "hearth").await.unwrap();
    assert_eq!(world.visitor("hearth").get("/products").await.status, 200, "another shop answers by default");
    assert_eq!(world.visitor("hearth").get("/t/hearth/products").await.status, 404);
    assert!(tenant::purge::purge(&world.app, ctx.tenant_id()).await.unwrap());
    for table in world.app.db().tenant_tables().await.unwrap().iter().filter(|table| table.name != "tenant") {
        let id = world.literal(ctx.tenant_id().uuid());
        let sql = format!("SELECT count(*) FROM {} WHERE tenant_id = {id}", table.name);
        assert_eq!(world.number(&sql).await, 0, "{}", table.name);
    }
    assert!(world.number("SELECT count(*) FROM product").await > 0, "the other shop stays");
}

#[test]
fn every_table_goes_into_the_file_or_stays_for_a_reason() {
    let tables = |backend| {
        testkit::run(backend, async |app: testkit::TestApp| app.app().db().tenant_tables().await.unwrap())
    };
    let (sqlite, postgres) = (tables(Backend::Sqlite), tables(Backend::Postgres));
    // Both databases tell the same of every table, so a file of one fits the other.
    for table in &sqlite {
        let twin = postgres.iter().find(|twin| twin.name == table.name).unwrap();
        let shape = |table: &platform::db::schema::Table| {
            let mut columns: Vec<(String, Kind, bool)> =
                table.columns.iter().map(|c| (c.name.clone(), c.kind, c.required)).collect();
            columns.sort_by(|a, b| a.0.cmp(&b.0));
            (columns, table.key.clone(), table.parents.clone())
        };
        assert_eq!(shape(table), shape(twin), "{} differs: see Kind::of_blob", table.name);
    }
    let goes = shape::shapes(postgres.clone(), true);
    assert!(goes.len() > 20);
    for shape in &goes {
        for column in shape.columns.iter().filter(|column| shape::sounds_secret(column)) {
            let (table, column) = (shape.table.name.as_str(), column.name.as_str());
            assert!(
                shape::is_secret(table, column) || shape::HARMLESS.contains(&(table, column)),
                "{table}.{column} sounds like a secret: say in transfer/shape.rs what becomes of it in an export"
            );
        }
    }
    for (table, reason) in shape::STAYS {
        assert!(!reason.is_empty(), "{table} stays, but why?");
    }
    // A copy takes nothing that points at what it leaves out.
    let copied = shape::copied(goes);
    let names: BTreeSet<&str> = copied.iter().map(|shape| shape.table.name.as_str()).collect();
    for shape in &copied {
        for parent in &shape.table.parents {
            assert!(names.contains(parent.as_str()), "{} needs {parent}", shape.table.name);
        }
    }
    assert!(
        names.contains("product") && names.contains("commerce_settings") && !names.contains("money_ledger")
    );
}

testkit::on_both!(
    a_shop_that_moves_to_the_other_database_is_the_same_shop,
    a_copy_sells_the_same_and_knows_nobody,
    a_file_without_credentials_lets_nobody_in,
    a_file_that_is_not_what_it_should_be_changes_nothing,
    nobody_brings_a_super_admin_along,
    a_half_filled_tenant_is_nobody_s_and_goes_away,
    a_shop_with_a_history_goes_for_good,
);
