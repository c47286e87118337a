//! The audit log from outside: every guarded door that changes something leaves its entry, refusals leave none.

use crate::sweep::{Fill, Schema, Things, ask, outcome};
use crate::world::{PASSWORD, Visitor, World};
use platform::Access;
use platform::surface::Kind;
use serde_json::{Value, json};
use server::surface::Surface;
use std::collections::BTreeSet;

/// Parts of the names of doors behind which something ends, the gravest last.
const ENDS: [&str; 14] = [
    "Resume",
    "Cancel",
    "Close",
    "Remove",
    "Drop",
    "Archive",
    "revoke",
    "Delete",
    "delete",
    "Restore",
    "toggle",
    "Erase",
    "shopDelete",
    "signOut",
];

/// What a call says besides the ids of things, by argument path.
fn more(door: &str) -> Vec<(&'static str, Value)> {
    let slug = ("input.slug", json!("northbound"));
    match door {
        "createApiKey" => vec![("input.permissions", json!(["orders:read"]))],
        "createOidcProvider" => vec![("input.issuer", json!("https://id.example.com"))],
        "currencyRateRemove" => vec![("currency", json!("GBP"))],
        "currencyRateSet" => {
            vec![("input.currency", json!("GBP")), ("input.rate", json!("0.9")), ("input.version", json!(0))]
        }
        "customerConsentSet" => vec![("input.given", json!(true))],
        "customerGroupUpdate" => vec![("input.name", json!("Regulars"))],
        "fulfilmentTrack" => vec![("input.carrier", json!("Post"))],
        "giftCardUpdate" => vec![("input.enabled", json!(false))],
        "orderEdit" => vec![("input.changes.email", json!("elsewhere@example.com"))],
        "paymentProviderSet" => vec![
            ("input.secretKey", json!("sk_test_0123456789abcdef01234567")),
            ("input.webhookSecret", json!("whsec_0123456789abcdef01234567")),
        ],
        "returnDecline" => vec![("input.words", json!("It was worn"))],
        "reviewSettingsUpdate" => vec![("input.lookFirst", json!(true)), ("input.version", json!(0))],
        "reviewWrite" => vec![("input.body", json!("It does what it says."))],
        "reviewsModerate" => vec![("input.verdict", json!("REJECT"))],
        "sellerUpdate" => vec![("input.name", json!("Hearth BV")), ("input.version", json!(0))],
        "shopDelete" => vec![("input.confirm", json!("hearth"))],
        "shopDomainAdd" | "shopDomainRemove" => vec![("input.host", json!("www.hearth.example"))],
        "storeCreditChange" => vec![("input.amount", json!("5"))],
        "tenantClone" => vec![slug, ("input.newSlug", json!("southbound"))],
        "tenantCreate" => vec![("input.currency", json!("EUR")), ("input.slug", json!("eastbound"))],
        "tenantDelete" => vec![slug, ("input.confirm", json!("northbound"))],
        "tenantDomainAdd" | "tenantDomainRemove" => vec![slug, ("input.host", json!("www.north.example"))],
        "tenantRename" | "tenantRestore" | "tenantResume" | "tenantSuspend" => vec![slug],
        "toggleModule" => vec![("input.module", json!("commerce")), ("input.cascade", json!(true))],
        _ => Vec::new(),
    }
}

/// Entries of staff that came from somewhere else than this machine's browsers.
const ELSEWHERE: &str =
    "SELECT count(*) FROM audit_entry WHERE actor_kind = 'staff' AND address <> '127.0.0.1'";

/// Doors that only look, although they are mutations.
const ONLY_LOOKS: [&str; 1] = ["importPreview"];

async fn every_guarded_mutation_leaves_its_entry(world: World) {
    let mut own = Things::of(&world, "hearth").await;
    // What the tests do without a request.
    let elsewhere = world.number(ELSEWHERE).await;
    let mut owner = world.sign_in("hearth", "owner").await;
    let mut desk = Desk { world: &world, left: BTreeSet::new() };
    desk.catalogue(&mut owner).await;
    desk.stock(&mut owner).await;
    desk.orders(&mut owner).await;
    desk.people(&mut owner).await;
    // Doors that nobody wrote a call for are called as the sweep does, about things of the shop: an entry comes with success
    // and with nothing else. What ends something comes last.
    let (schema, surface) = (Schema::read(), Surface::new());
    let ends = |name: &str| ENDS.iter().position(|word| name.contains(word)).map_or(0, |at| at + 1);
    let mut doors: Vec<_> = surface.entries().iter().filter(|entry| entry.kind == Kind::Mutation).collect();
    doors.retain(|entry| matches!(entry.access, Access::SignedIn | Access::Permission(_)));
    doors.retain(|entry| !desk.left.contains(&entry.name) && !ONLY_LOOKS.contains(&entry.name.as_str()));
    doors.sort_by_key(|entry| ends(&entry.name));
    let mut operator = world.sign_in("hearth", "super_admin").await;
    let mut untold = Vec::new();
    for entry in doors {
        own.look_again(&world).await;
        let fill = Fill::of(entry, &own).saying(more(&entry.name));
        let visitor = if entry.name.starts_with("tenant") { &mut operator } else { &mut owner };
        let before = desk.entries(&entry.name).await;
        let mut answer = ask(visitor, &schema, entry, &fill).await;
        if answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED" {
            // The one before has ended all sessions.
            *visitor = world.sign_in("hearth", "owner").await;
            answer = ask(visitor, &schema, entry, &fill).await;
        }
        let after = desk.entries(&entry.name).await;
        assert!(after <= before || answer["errors"].is_null(), "{}: {answer}", entry.name);
        if after <= before {
            untold.push(format!("{}: {}", entry.name, outcome(&answer)));
        }
    }
    insta::assert_snapshot!("doors_without_an_entry", untold.join("\n"));
    // Where from, in every one of them; and the chain over all of it holds.
    assert_eq!(world.number(ELSEWHERE).await, elsewhere);
    identity::audit::seal_all(&world.app).await.expect("sealed");
    let record = identity::tenant::find(&world.app, "hearth").await.expect("the tenant");
    let ctx = platform::Ctx::system(&world.app, record.info.clone(), "test");
    let report = identity::audit::verify(&ctx, None).await.expect("a report");
    assert_eq!((report.findings, report.waiting), (vec![], 0));
    assert!(report.entries >= 30, "{} entries", report.entries);
    world.holds().await;
}

async fn refusals_and_shoppers_without_a_name_leave_none(world: World) {
    let entries = async || world.number("SELECT count(*) FROM audit_entry").await;
    let schema = Schema::read();
    let mut support = world.sign_in("hearth", "support").await;
    let before = entries().await;
    let mut refused = 0;
    for entry in Surface::new().entries() {
        if entry.kind == Kind::Mutation && matches!(entry.access, Access::Permission(_)) {
            let answer = ask(&mut support, &schema, entry, &Fill::default()).await;
            assert!(!answer["errors"].is_null() || ONLY_LOOKS.contains(&entry.name.as_str()), "{answer}");
            refused += 1;
        }
    }
    assert!(refused > 25, "only {refused} doors");
    crate::shop::place_order(&world, "hearth").await;
    assert_eq!(entries().await, before, "a guest's order is told by events");
}

async fn the_log_is_read_by_those_who_may(world: World) {
    const LOG: &str = "query L($filter: AuditLogFilter) { auditLog(first: 5, filter: $filter) { totalCount nodes { \
        id action subjectKind subjectId address userAgent position actor { kind name email } \
        changes { kind change fields { name before after hidden } } } } }";
    let mut owner = world.sign_in("hearth", "owner").await;
    let request = owner
        .request(reqwest::Method::POST, "/api/graphql")
        .header("sec-fetch-site", "same-origin")
        .header("user-agent", "Netscape")
        .json(&json!({
            "query": "mutation S($input: UpdateShopInput!) { updateShop(input: $input) { __typename } }",
            "variables": { "input": { "name": "Hearth and more" } },
        }));
    owner.send(request).await;
    let answer = owner.graphql(LOG, json!({ "filter": { "action": "updateShop" } })).await;
    let log = &answer["data"]["auditLog"];
    assert_eq!(log["totalCount"], 1, "{answer}");
    let entry = &log["nodes"][0];
    assert_eq!(
        (&entry["action"], &entry["subjectKind"], &entry["address"], &entry["userAgent"]),
        (&json!("updateShop"), &json!("tenant"), &json!("127.0.0.1"), &json!("Netscape"))
    );
    assert_eq!((&entry["actor"]["kind"], &entry["actor"]["name"]), (&json!("staff"), &json!("Somebody")));
    let field = &entry["changes"][0]["fields"][0];
    assert_eq!((&field["name"], &field["after"]), (&json!("name"), &json!("Hearth and more")));
    // The same entry by its id, and nothing of it in the other shop.
    let one = "query E($id: ID!) { auditEntry(id: $id) { action } }";
    let id = json!({ "id": entry["id"] });
    let own = owner.graphql(one, id.clone()).await;
    assert_eq!(own["data"]["auditEntry"]["action"], "updateShop", "{own}");
    let mut stranger = world.sign_in("northbound", "owner").await;
    assert_eq!(stranger.graphql(one, id.clone()).await["data"]["auditEntry"], Value::Null);
    let mut support = world.sign_in("hearth", "support").await;
    for refused in [support.graphql(LOG, json!({})).await, support.graphql(one, id).await] {
        assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused}");
    }
    let wrong = owner.graphql(LOG, json!({ "filter": { "subjectId": "7" } })).await;
    assert_eq!(wrong["errors"][0]["extensions"]["fields"][0]["field"], "filter.subjectId", "{wrong}");
}

testkit::on_both!(
    every_guarded_mutation_leaves_its_entry,
    refusals_and_shoppers_without_a_name_leave_none,
    the_log_is_read_by_those_who_may,
);

/// Calls doors and looks what they left.
struct Desk<'w> {
    world: &'w World,
    left: BTreeSet<String>,
}

impl Desk<'_> {
    async fn entries(&self, action: &str) -> i64 {
        self.world.number(&format!("SELECT count(*) FROM audit_entry WHERE action = '{action}'")).await
    }

    /// A call that succeeds and leaves one entry at least, with somebody to answer for it.
    async fn call(&mut self, visitor: &mut Visitor, name: &str, input: Value) -> Value {
        let sdl = server::graphql::sdl();
        let field = format!("{name}(input: ");
        let at = sdl.find(&field).unwrap_or_else(|| panic!("no field {name}")) + field.len();
        let of: String = sdl[at..].chars().take_while(|letter| *letter != ')').collect();
        let document = format!("mutation M($input: {of}) {{ {name}(input: $input) {{ __typename }} }}");
        let before = self.entries(name).await;
        let answer = visitor.graphql(&document, json!({ "input": input })).await;
        assert!(answer["errors"].is_null(), "{name}: {answer}");
        let left = self.entries(name).await - before;
        assert!(left >= 1, "{name} left no entry");
        let whole = format!(
            "SELECT count(*) FROM audit_entry WHERE action = '{name}' AND (actor_id IS NULL OR subject_id IS NULL \
             OR subject_kind = '' OR changes = '[]')"
        );
        assert_eq!(self.world.number(&whole).await, 0, "{name} does not say who, which and what");
        self.left.insert(name.to_owned());
        answer["data"][name].clone()
    }

    async fn id(&self, sql: &str) -> String {
        self.world.id(sql).await.unwrap_or_else(|| panic!("{sql}")).to_string()
    }

    /// `id` and `version` of a product or collection.
    async fn target(&self, table: &str, title: &str) -> Value {
        let of = format!("FROM {table} WHERE title = '{title}'");
        let id = self.id(&format!("SELECT id {of}")).await;
        let version = self.world.number(&format!("SELECT CAST(version AS BIGINT) {of}")).await;
        json!({ "id": id, "version": version })
    }

    /// The newest row of a table of stock, as mutations name it.
    async fn newest(&self, table: &str) -> Value {
        let of = format!("FROM {table} ORDER BY id DESC LIMIT 1");
        let id = self.id(&format!("SELECT id {of}")).await;
        let version = self.world.number(&format!("SELECT CAST(version AS BIGINT) {of}")).await;
        json!({ "id": id, "version": version })
    }

    async fn stock(&mut self, owner: &mut Visitor) {
        let new = json!({ "title": "Lamp", "variants": [{ "price": "10.00", "onHand": 9 }] });
        self.call(owner, "productCreate", new).await;
        let lamp = "SELECT id FROM variant WHERE product_id = (SELECT id FROM product WHERE title = 'Lamp')";
        let variant = self.id(lamp).await;
        let main = "SELECT id FROM location WHERE is_default AND tenant_id = \
                    (SELECT id FROM tenant WHERE slug = 'hearth')";
        let main = self.id(main).await;
        self.call(owner, "locationCreate", json!({ "name": "Barn", "country": "BE" })).await;
        let mut barn = self.newest("location").await;
        barn["address"] = json!("Behind the house");
        self.call(owner, "locationUpdate", barn.clone()).await;
        let all = owner.graphql("{ locations { id } }", json!({})).await;
        let mut ids: Vec<Value> =
            all["data"]["locations"].as_array().expect("locations").iter().map(|l| l["id"].clone()).collect();
        ids.reverse();
        self.call(owner, "locationsOrder", json!({ "ids": ids })).await;
        let more = json!({ "items": [{ "variantId": variant, "delta": 2 }] });
        self.call(owner, "inventoryAdjust", more).await;
        self.call(owner, "inventoryHotSet", json!({ "variantId": variant, "hot": true })).await;
        let line = json!([{ "variantId": variant, "quantity": 2 }]);
        let plan = json!({ "fromId": main, "toId": barn["id"], "lines": line });
        self.call(owner, "stockTransferCreate", plan.clone()).await;
        let mut changed = self.newest("stock_transfer").await;
        changed.as_object_mut().expect("an object").extend(plan.as_object().cloned().unwrap_or_default());
        changed["note"] = json!("Carefully");
        self.call(owner, "stockTransferUpdate", changed).await;
        for step in ["stockTransferShip", "stockTransferReceive"] {
            let target = self.newest("stock_transfer").await;
            self.call(owner, step, target).await;
        }
        self.call(owner, "stockTransferCreate", plan).await;
        let target = self.newest("stock_transfer").await;
        self.call(owner, "stockTransferCancel", target).await;
        for last in ["stockCountApply", "stockCountCancel"] {
            let begin = json!({ "locationId": barn["id"], "variantIds": [variant] });
            self.call(owner, "stockCountBegin", begin).await;
            let mut found = self.newest("stock_count").await;
            found["lines"] = json!([{ "variantId": variant, "counted": 1 }]);
            self.call(owner, "stockCountRecord", found).await;
            let target = self.newest("stock_count").await;
            self.call(owner, last, target).await;
        }
        for last in ["stockDeliveryReceive", "stockDeliveryCancel"] {
            let awaited = json!({ "variantId": variant, "locationId": main, "quantity": 4 });
            self.call(owner, "stockDeliveryAnnounce", awaited).await;
            let target = self.newest("stock_incoming").await;
            self.call(owner, last, target).await;
        }
    }

    async fn catalogue(&mut self, owner: &mut Visitor) {
        crate::shop::upload_picture(self.world, "hearth").await;
        let picture = self.id("SELECT id FROM media WHERE file_name = 'square.png'").await;
        let new = json!({ "title": "Bowl", "variants": [{ "price": "10.00", "onHand": 3 }] });
        self.call(owner, "productCreate", new).await;
        let product = async |desk: &Self, more: Value| {
            let target = desk.target("product", "Bowl").await;
            let mut input = json!({ "productId": target["id"], "version": target["version"] });
            input.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
            input
        };
        let mut edit = self.target("product", "Bowl").await;
        edit["vendor"] = json!("Potter");
        self.call(owner, "productUpdate", edit).await;
        let variant = self
            .id("SELECT v.id FROM variant v JOIN product p ON p.id = v.product_id WHERE p.title = 'Bowl'")
            .await;
        let priced = product(self, json!({ "variants": [{ "id": variant, "price": "12.00" }] })).await;
        self.call(owner, "productVariantsSave", priced).await;
        let price = "SELECT count(*) FROM audit_entry WHERE action = 'productVariantsSave' \
             AND changes LIKE '%\"before\":{\"price_minor\":1000}%' AND changes LIKE '%\"after\":{\"price_minor\":1200}%'";
        assert_eq!(self.world.number(price).await, 1, "the price before and after");
        let attached = product(self, json!({ "media": [{ "mediaId": picture }] })).await;
        self.call(owner, "productMediaAttach", attached).await;
        let image = self
            .id("SELECT i.id FROM product_image i JOIN product p ON p.id = i.product_id WHERE p.title = 'Bowl'")
            .await;
        let described = product(self, json!({ "imageId": image, "alt": "A bowl" })).await;
        self.call(owner, "productMediaAlt", described).await;
        let emptied = product(self, json!({ "imageIds": [] })).await;
        self.call(owner, "productMediaReorder", emptied).await;
        for step in ["productPublish", "productUnpublish", "productArchive", "productRestore"] {
            let target = self.target("product", "Bowl").await;
            self.call(owner, step, target).await;
        }
        let counted = json!({ "items": [{ "variantId": variant, "onHand": 7 }] });
        self.call(owner, "inventorySet", counted).await;
        self.call(owner, "collectionCreate", json!({ "title": "Bowls" })).await;
        let mut edit = self.target("collection", "Bowls").await;
        edit["bodyHtml"] = json!("<p>Round</p>");
        self.call(owner, "collectionUpdate", edit).await;
        let mut filled = self.target("collection", "Bowls").await;
        filled["productIds"] = json!([self.target("product", "Bowl").await["id"]]);
        self.call(owner, "collectionProductsSet", filled).await;
        let target = self.target("collection", "Bowls").await;
        self.call(owner, "collectionDelete", target).await;
        let file = "Handle,Title,Variant Price\nvase,Vase,9.00\n";
        self.call(owner, "importApply", json!({ "csv": file })).await;
        let target = self.target("product", "Bowl").await;
        self.call(owner, "productDelete", target).await;
    }

    async fn orders(&mut self, owner: &mut Visitor) {
        let first = crate::shop::place_order(self.world, "hearth").await;
        let id = || json!({ "id": first["id"] });
        self.call(owner, "orderNoteAdd", json!({ "id": first["id"], "text": "Called" })).await;
        let moved = "SELECT count(*) FROM audit_entry WHERE action = 'orderMarkPaid' AND subject_kind = 'order' \
             AND changes LIKE '%\"state\":\"pending_payment\"%' AND changes LIKE '%\"state\":\"paid\"%'";
        let before = self.world.number(moved).await;
        self.call(owner, "orderMarkPaid", id()).await;
        assert_eq!(self.world.number(moved).await, before + 1, "the state before and after");
        self.call(owner, "orderShip", json!({ "id": first["id"], "carrier": "Post" })).await;
        self.call(owner, "orderDeliver", id()).await;
        self.call(owner, "orderRefund", json!({ "id": first["id"], "reason": "Broken" })).await;
        let second = crate::shop::place_order(self.world, "hearth").await;
        let looked = self.world.rows().await;
        let literal = self.world.literal(second["id"].as_str().expect("an id").parse().expect("an id"));
        let sql = format!("UPDATE orders SET attention = 'look' WHERE id = {literal}");
        sea_orm::ConnectionTrait::execute_unprepared(&looked, &sql).await.expect("marked");
        looked.close().await.expect("closing");
        self.call(owner, "orderAttentionClear", json!({ "id": second["id"] })).await;
        self.call(owner, "orderCancel", json!({ "id": second["id"], "reason": "Changed her mind" })).await;
    }

    async fn people(&mut self, owner: &mut Visitor) {
        let settings = "SELECT CAST(coalesce(max(s.version), 0) AS BIGINT) FROM commerce_settings s \
             JOIN tenant t ON t.id = s.tenant_id WHERE t.slug = 'hearth'";
        let version = self.world.number(settings).await;
        let taxes = json!({ "version": version, "taxes": [{ "country": "BE", "name": "VAT", "rate": "6" }] });
        self.call(owner, "commerceSettingsUpdate", taxes).await;
        self.call(owner, "updateShop", json!({ "theme": "plain" })).await;
        self.call(owner, "shopRename", json!({ "name": "Hearth and home" })).await;
        let new =
            json!({ "email": "bob@example.com", "name": "Bob", "password": PASSWORD, "roles": ["editor"] });
        self.call(owner, "createUser", new).await;
        let bob = self.id("SELECT id FROM user_account WHERE email = 'bob@example.com'").await;
        self.call(owner, "setUserRoles", json!({ "id": bob, "roles": ["manager"] })).await;
        self.call(owner, "setUserStatus", json!({ "id": bob, "status": "DISABLED" })).await;
        self.call(owner, "updateProfile", json!({ "name": "Olga" })).await;
        let session = self
            .id("SELECT id FROM session WHERE revoked_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 1")
            .await;
        let mut other = self.world.sign_in("hearth", "owner").await;
        let own = self
            .id("SELECT id FROM session WHERE revoked_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 1")
            .await;
        assert_ne!(session, own);
        self.call(
            &mut other,
            "changePassword",
            json!({ "current": PASSWORD, "new": "another horse battery" }),
        )
        .await;
        self.call(&mut other, "revokeSession", json!({ "id": own })).await;
        let signed_in = "SELECT count(*) FROM audit_entry WHERE action = 'signIn' AND actor_kind = 'staff'";
        assert!(self.world.number(signed_in).await >= 2);
        let secrets = "SELECT count(*) FROM audit_entry WHERE changes LIKE '%argon2%' OR changes LIKE '%example.com%' \
             OR changes LIKE '%horse%' OR changes LIKE '%Long Street%' OR changes LIKE '%Lovelace%'";
        assert_eq!(self.world.number(secrets).await, 0, "no secret and nobody's name in the log");
    }
}
