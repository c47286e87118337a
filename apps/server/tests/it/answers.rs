//! What every answer carries, of whatever kind; the built files; pictures of shops that are closed.

use crate::shop::upload_picture;
use crate::world::{Answer, World};
use reqwest::Method;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;
use std::io::{Read, Write};
use testkit::Backend;

/// A shop on HTTPS with the files of a build.
struct Published {
    world: World,
    _site: tempfile::TempDir,
}

/// As cargo-leptos names files.
const HASH: &str = "Zk3yX8aQpL2mN4vB7cR1tw";

fn content(kind: &str) -> Vec<u8> {
    format!("/* {kind} of a build */").repeat(50).into_bytes()
}

impl testkit::Fixture for Published {
    async fn create(backend: Backend) -> Self {
        let site = tempfile::tempdir().expect("a folder");
        let pkg = site.path().join("pkg");
        std::fs::create_dir(&pkg).expect("a folder");
        std::fs::create_dir(site.path().join("demo")).expect("a folder");
        for kind in ["js", "css", "wasm"] {
            let plain = content(kind);
            let name = format!("rustok.{HASH}.{kind}");
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            gzip.write_all(&plain).expect("squeezing");
            let mut br = brotli::CompressorWriter::new(Vec::new(), 4096, 9, 20);
            br.write_all(&plain).expect("squeezing");
            for (file, bytes) in [
                (format!("{name}.gz"), gzip.finish().expect("squeezing")),
                (format!("{name}.br"), br.into_inner()),
                (format!("plain.{kind}"), plain.clone()),
                (name, plain),
            ] {
                std::fs::write(pkg.join(file), bytes).expect("writing");
            }
        }
        for (file, bytes) in [("favicon.svg", "<svg/>"), ("demo/mug-480.webp", "RIFF"), ("hash.txt", "js: x")]
        {
            std::fs::write(site.path().join(file), bytes).expect("writing");
        }
        let folder = site.path().to_owned();
        let world = World::configured(backend, |config| {
            config.server.public_url = Some("https://shops.example".to_owned());
            config.server.site_dir = Some(folder);
        });
        Self { world: world.await, _site: site }
    }
}

/// What every answer carries beside its policy and its id.
const HEADERS: [(&str, &str); 5] = [
    ("strict-transport-security", "max-age=31536000"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=()"),
    ("cross-origin-opener-policy", "same-origin"),
];

fn is_sealed(what: &str, status: u16, answer: &Answer) {
    assert_eq!(answer.status, status, "{what}: {}", answer.body);
    for (name, value) in HEADERS {
        assert_eq!(answer.header(name), value, "{what}: {name}");
    }
    assert!(uuid::Uuid::parse_str(answer.header("x-request-id")).is_ok(), "{what}");
    assert_eq!(answer.header("x-rustok-deps"), "", "{what} shows its parts");
    let policy = answer.header("content-security-policy");
    let parts = |parts: &[&str]| parts.iter().all(|part| policy.split("; ").any(|found| found == *part));
    // One that did not change keeps the policy that its browser has.
    if status == 304 {
        assert_eq!(policy, "", "{what}");
    } else if answer.header("content-type").starts_with("text/html") {
        assert!(
            policy.contains("script-src 'nonce-") && policy.contains("' 'strict-dynamic' "),
            "{what}: {policy}"
        );
        assert!(!policy.contains("unsafe-inline"), "{what}: {policy}");
        let expected = ["object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "style-src 'self'"];
        assert!(parts(&expected), "{what}: {policy}");
    } else {
        assert!(
            parts(&["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"]),
            "{what}: {policy}"
        );
    }
}

async fn every_kind_of_answer_carries_the_headers(published: Published) {
    let world = &published.world;
    upload_picture(world, "hearth").await;
    let picture = picture(world, "hearth").await;
    let mut shopper = world.visitor("hearth");
    let etag = shopper.get("/products").await.header("etag").to_owned();
    let hashed = format!("/pkg/rustok.{HASH}.js");
    let json = "application/json";
    let get = |path: &str| shopper.request(Method::GET, path).header("accept", "text/html,*/*");
    let post = |path: &str| shopper.request(Method::POST, path).header("sec-fetch-site", "same-origin");
    let form = |path: &str, body: &'static str| {
        post(path).header("content-type", "application/x-www-form-urlencoded").body(body)
    };
    let foreign = |path: &str| shopper.request(Method::POST, path).header("sec-fetch-site", "cross-site");
    let cases = [
        ("a page", 200, get("/")),
        ("a page that is kept", 200, get("/")),
        ("a page that has not changed", 304, get("/products").header("if-none-match", &etag)),
        ("a page of one visitor", 200, get("/cart")),
        ("a redirect", 303, get("/account")),
        ("a page that is not there", 404, get("/no-such-page")),
        ("a shop that is not there", 404, get("/t/nobody/")),
        ("an address of no shop", 400, get("/t/-a-/")),
        ("a form that comes back", 422, form("/sign-in", "email=a&password=b")),
        ("a form that names nothing", 404, form("/cart/add", "%")),
        ("a form of another site", 403, foreign("/sign-in")),
        ("the admin", 200, get("/admin/orders")),
        ("the console", 200, get("/api/graphiql")),
        ("an error of the API", 404, get("/api/v1/no-such-thing")),
        ("nobody at the API", 401, get("/api/v1/me").bearer_auth("x.y.z")),
        ("an answer of the API", 200, post("/api/graphql").json(&json!({ "query": "{ shop { name } }" }))),
        ("a query that cannot be read", 400, post("/api/graphql").header("content-type", json).body("{")),
        ("a request that is too large", 413, form("/sign-in", &TOO_LARGE)),
        ("a method that is not taken", 405, shopper.request(Method::DELETE, "/cart")),
        ("a file", 200, get(&hashed)),
        ("a file that is packed", 200, get(&hashed).header("accept-encoding", "br")),
        ("a file that is not there", 404, get("/pkg/nothing.js")),
        ("a picture", 200, get(&picture)),
        ("a picture that is not there", 404, get(&picture.replace(".webp", "9.webp"))),
        ("health", 200, get("/health/ready")),
        ("metrics", 200, get("/metrics")),
        ("the map for search engines", 200, get("/sitemap.xml")),
        ("a call-back to nobody", 404, post("/webhooks/payments/http").body("{}")),
    ];
    let mut asking = shopper.clone();
    for (what, status, request) in cases {
        is_sealed(what, status, &asking.send(request).await);
    }
    let broken = "ALTER TABLE product_doc RENAME TO elsewhere";
    let rows = world.rows().await;
    rows.execute_unprepared(broken).await.expect("renaming");
    rows.close().await.expect("closing");
    let page = shopper.request(Method::GET, "/products?sort=price-asc").header("accept", "text/html");
    is_sealed("a page that breaks", 500, &asking.send(page).await);
    let query = json!({ "query": "{ products(first: 1) { nodes { id } } }" });
    let asked =
        shopper.request(Method::POST, "/api/graphql").header("sec-fetch-site", "same-origin").json(&query);
    let answer = asking.send(asked).await;
    is_sealed("a query that breaks", 200, &answer);
    let extensions = &answer.json()["errors"][0]["extensions"];
    assert_eq!(extensions["code"], "INTERNAL_SERVER_ERROR", "{}", answer.body);
    assert_eq!(extensions["trace_id"], answer.header("x-request-id"), "{}", answer.body);
    assert!(!answer.body.contains("product_doc"), "{}", answer.body);
}

/// More than a form may have.
static TOO_LARGE: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| "x".repeat(1024 * 1024));

async fn guessing_is_refused_with_its_rule(world: World) {
    let mut guesser = world.visitor("hearth");
    for (path, program) in [("/api/v1/auth/sign-in", true), ("/sign-in", false)] {
        let account = format!("somebody-{program}@example.com");
        let mut refusals = Vec::new();
        for _ in 0..8 {
            let answer = match program {
                true => {
                    let body = json!({ "email": account, "password": "wrong horse battery" });
                    let request = guesser.request(Method::POST, path).header("sec-fetch-site", "same-origin");
                    guesser.send(request.json(&body)).await
                }
                false => {
                    guesser.post(path, &[("email", &account), ("password", "wrong horse battery")]).await
                }
            };
            match answer.status {
                429 => refusals.push(answer),
                _ => assert_eq!(answer.header("ratelimit"), "", "{path}"),
            }
        }
        assert!(!refusals.is_empty(), "{path} lets anybody guess");
        for answer in refusals {
            let seconds: u64 = answer.header("retry-after").parse().expect("seconds");
            assert!(0 < seconds && seconds <= 300, "{path}: {seconds}");
            assert_eq!(answer.header("ratelimit-policy"), format!("\"attempts\";q=1;w={seconds}"), "{path}");
            assert_eq!(answer.header("ratelimit"), format!("\"attempts\";r=0;t={seconds}"), "{path}");
        }
    }
}

#[test]
fn built_files_are_kept_for_ever_and_sent_packed() {
    testkit::run(Backend::Sqlite, async |published: Published| {
        let mut visitor = published.world.visitor("hearth");
        for (kind, name) in [("js", "text/javascript"), ("css", "text/css"), ("wasm", "application/wasm")] {
            let path = format!("/pkg/rustok.{HASH}.{kind}");
            for (accepted, coding) in [
                ("gzip, deflate, br, zstd", "br"),
                ("br", "br"),
                ("gzip", "gzip"),
                ("identity", ""),
                ("br;q=0, gzip;q=0", ""),
            ] {
                let ask = |method| visitor.request(method, &path).header("accept-encoding", accepted);
                let answer = ask(Method::GET).send().await.expect("an answer");
                let what = format!("{kind} as {accepted}");
                let header = |name: &str| {
                    let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
                    value.unwrap_or_default().to_owned()
                };
                assert_eq!(
                    (answer.status().as_u16(), header("content-encoding")),
                    (200, coding.to_owned()),
                    "{what}"
                );
                assert_eq!(header("content-type"), name, "{what}");
                assert_eq!(header("cache-control"), "public, max-age=31536000, immutable", "{what}");
                assert_eq!(header("vary"), "accept-encoding", "{what}");
                assert_eq!(header("cross-origin-resource-policy"), "same-origin", "{what}");
                let (length, changed) = (header("content-length"), header("last-modified"));
                let body = answer.bytes().await.expect("a body");
                assert_eq!(length, body.len().to_string(), "{what}");
                assert_eq!(unpacked(coding, &body), content(kind), "{what}");
                let head = ask(Method::HEAD).send().await.expect("an answer");
                assert_eq!(head.headers()["content-length"], *length, "{what}");
                assert_eq!(head.bytes().await.expect("nothing").len(), 0, "{what}");
                let again = ask(Method::GET).header("if-modified-since", &changed);
                let again = again.send().await.expect("an answer");
                assert_eq!(again.status(), 304, "{what}");
                assert_eq!(again.headers()["cache-control"], "public, max-age=31536000, immutable", "{what}");
            }
        }
        for (path, status, rule) in [
            ("/pkg/plain.js", 200, "no-cache"),
            ("/favicon.svg", 200, "public, max-age=86400"),
            ("/demo/mug-480.webp", 200, "public, max-age=86400"),
            ("/pkg/rustok.Zk3yX8aQpL2mN4vB7cR1tx.js", 404, ""),
            ("/pkg/../hash.txt", 404, "private, no-store"),
            ("/hash.txt", 404, "private, no-store"),
        ] {
            let answer = visitor.get(path).await;
            assert_eq!((answer.status, answer.header("cache-control")), (status, rule), "{path}");
        }
    });
}

fn unpacked(coding: &str, body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match coding {
        "br" => brotli::Decompressor::new(body, 4096).read_to_end(&mut plain),
        "gzip" => flate2::read::GzDecoder::new(body).read_to_end(&mut plain),
        _ => (&mut &*body).read_to_end(&mut plain),
    }
    .expect("a whole answer");
    plain
}

/// Each time it is asked for, the first time and when it is remembered, by many at once as by one.
#[test]
fn a_page_is_the_same_however_it_is_packed() {
    testkit::run(Backend::Sqlite, async |world: World| {
        let visitor = world.visitor("hearth");
        let ask = async |accepted: &str| {
            let request = visitor.request(Method::GET, "/products").header("accept-encoding", accepted);
            let answer = request.send().await.expect("an answer");
            let header = |name: &str| {
                let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
                value.unwrap_or_default().to_owned()
            };
            let (coding, etag, vary) = (header("content-encoding"), header("etag"), header("vary"));
            let nonce = header("content-security-policy");
            let (_, nonce) = nonce.split_once("'nonce-").expect("a nonce");
            let (nonce, _) = nonce.split_once('\'').expect("its end");
            let nonce = nonce.to_owned();
            let body = answer.bytes().await.expect("a body");
            let page = String::from_utf8(unpacked(&coding, &body)).expect("text");
            assert!(page.contains(&format!("nonce=\"{nonce}\"")), "{accepted}");
            (coding, etag, vary, page.replace(&nonce, ""))
        };
        let wanted = ["gzip, deflate, br", "gzip", "", "br;q=0, gzip", "identity", "br"];
        let (_, etag, _, page) = ask("").await;
        assert!(!etag.is_empty() && page.ends_with("</html>"));
        for _ in 0..2 {
            let answers =
                futures::future::join_all(wanted.iter().cycle().take(24).map(|wanted| ask(wanted))).await;
            for (answer, coding) in answers.iter().zip(["br", "gzip", "", "gzip", "", "br"].iter().cycle()) {
                let expected = ((*coding).to_owned(), etag.clone(), "accept-encoding".to_owned());
                assert_eq!((&answer.0, &answer.1, &answer.2), (&expected.0, &expected.1, &expected.2));
                assert!(answer.3 == page, "{coding}: another page");
            }
        }
    });
}

/// The address of a picture that was uploaded to a shop.
async fn picture(world: &World, tenant: &str) -> String {
    let record = identity::tenant::find(&world.app, tenant).await.expect("the shop");
    let sql = format!(
        "SELECT url_base, widths FROM media WHERE tenant_id = {} AND url_base LIKE '/media/%' LIMIT 1",
        world.literal(record.info.id.uuid())
    );
    let rows = world.rows().await;
    let row = rows.query_one_raw(Statement::from_string(rows.get_database_backend(), sql)).await;
    let row = row.expect("media").expect("an upload");
    let base: String = row.try_get_by_index(0).expect("an address");
    let widths: String = row.try_get_by_index(1).expect("widths");
    rows.close().await.expect("closing");
    let widths: Vec<u32> = serde_json::from_str(&widths).expect("a list of widths");
    format!("{base}-{}.webp", widths[0])
}

async fn pictures_of_a_shop_go_with_it(world: World) {
    upload_picture(&world, "northbound").await;
    let path = picture(&world, "northbound").await;
    let mut anybody = world.visitor("hearth");
    let mut ask = async |etag: &str| {
        let request = anybody.request(Method::GET, &path).header("if-none-match", etag);
        anybody.send(request).await
    };
    let shown = ask("").await;
    assert_eq!(shown.status, 200);
    let etag = shown.header("etag").to_owned();
    assert_eq!(ask(&etag).await.status, 304);
    identity::tenant::suspend(&world.app, "northbound", "a test").await.expect("suspending");
    for known in ["", &etag] {
        let closed = ask(known).await;
        assert_eq!((closed.status, closed.json()["code"].as_str()), (403, Some("FORBIDDEN")));
        assert_eq!(closed.header("cache-control"), "no-store");
    }
    identity::tenant::resume(&world.app, "northbound").await.expect("resuming");
    assert_eq!(ask("").await.status, 200);
    let operator = identity::tenant::operator(&world.app, "northbound", "a test").await.expect("the shop");
    identity::tenant::life::delete(&operator, "northbound").await.expect("deleting");
    for known in ["", &etag] {
        let gone = ask(known).await;
        assert_eq!((gone.status, gone.json()["code"].as_str()), (404, Some("NOT_FOUND")));
    }
    identity::tenant::life::restore(&operator).await.expect("having it back");
    assert_eq!(ask("").await.status, 200);
}

testkit::on_both!(
    every_kind_of_answer_carries_the_headers,
    guessing_is_refused_with_its_rule,
    pictures_of_a_shop_go_with_it,
);
