//! The isolation sweep, generated from the surface manifest: a foreign id answers exactly as an id that does not exist,
//! and a guarded door refuses whoever is not signed in.

use crate::world::{Visitor, World};
use async_graphql::Positioned;
use async_graphql::parser::types::{
    BaseType, InputValueDefinition, ServiceDocument, Type, TypeDefinition, TypeKind, TypeSystemDefinition,
};
use platform::Access;
use platform::surface::{Entry, Kind};
use primitives::Permission;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Map, Value, json};
use server::surface::Surface;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Where the id of a thing of each kind is found.
const TABLES: &[(&str, &str)] = &[
    ("address", "customer_address"),
    ("api_key", "api_key"),
    ("audit_entry", "audit_entry"),
    ("cart", "cart"),
    ("cart_line", "cart_line"),
    ("collection", "collection"),
    ("customer", "customer"),
    ("customer_group", "customer_group"),
    ("delivery", "stock_incoming"),
    ("draft_order", "draft_order"),
    ("fulfilment", "fulfilment"),
    ("gift_card", "tender_account"),
    ("image", "product_image"),
    ("invitation", "invitation"),
    ("location", "location"),
    ("mail", "mail_job"),
    ("media", "media"),
    ("oidc_link", "oidc_link"),
    ("oidc_provider", "oidc_provider"),
    ("order", "orders"),
    ("order_line", "order_line"),
    ("price_list", "price_list"),
    ("product", "product"),
    ("promotion", "promotion"),
    ("return", "return_request"),
    ("review", "review"),
    ("role", "custom_role"),
    ("saved_line", "saved_line"),
    ("session", "session"),
    ("stock_count", "stock_count"),
    ("transfer", "stock_transfer"),
    ("user", "user_account"),
    ("variant", "variant"),
];

async fn a_foreign_id_answers_as_a_missing_one(world: World) {
    let theirs = Things::of(&world, "northbound").await;
    let own = Things::of(&world, "hearth").await;
    let schema = Schema::read();
    let mut owner = world.sign_in("hearth", "owner").await;
    let mut customer = world.sign_in("hearth", "customer").await;
    settle(&world).await;
    let before = fingerprint(&world, theirs.tenant).await;
    let mut swept = Vec::new();
    for entry in Surface::new().entries() {
        for argument in &entry.ids {
            for (who, visitor) in [("owner", &mut owner), ("customer", &mut customer)] {
                let mut fill = Fill::of(entry, &own);
                fill.want(&argument.argument, Uuid::now_v7());
                let missing = ask(visitor, &schema, entry, &fill).await;
                fill.want(&argument.argument, theirs.id(&argument.of));
                let foreign = ask(visitor, &schema, entry, &fill).await;
                assert_eq!(
                    foreign, missing,
                    "{who} tells a foreign {} from a missing one through {} ({})",
                    argument.of, entry.name, argument.argument
                );
                swept.push(format!("{who} {} {}: {}", entry.name, argument.argument, outcome(&missing)));
            }
        }
    }
    settle(&world).await;
    assert_eq!(fingerprint(&world, theirs.tenant).await, before, "the other shop changed");
    insta::assert_snapshot!("answers_to_missing_ids", swept.join("\n"));
}

async fn a_guarded_door_refuses_whoever_is_not_signed_in(world: World) {
    let schema = Schema::read();
    let mut visitor = world.visitor("hearth");
    let mut guarded = 0;
    for entry in Surface::new().entries() {
        if matches!(entry.access, Access::Public) {
            continue;
        }
        let answer = ask(&mut visitor, &schema, entry, &Fill::default()).await;
        match entry.kind {
            Kind::Query | Kind::Mutation | Kind::Subscription => {
                assert_eq!(
                    answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED",
                    "{}: {answer}",
                    entry.name
                );
                assert_eq!(answer["data"], Value::Null, "{}", entry.name);
            }
            Kind::Rest => assert_eq!(answer["status"], 401, "{}: {answer}", entry.name),
            // Pages send the shopper to the sign-in.
            Kind::Page | Kind::Form => assert_eq!(answer["status"], 303, "{}: {answer}", entry.name),
        }
        guarded += 1;
    }
    assert!(guarded > 30, "only {guarded} guarded doors");
}

testkit::on_both!(a_foreign_id_answers_as_a_missing_one, a_guarded_door_refuses_whoever_is_not_signed_in);

/// One thing of every kind in one shop.
pub struct Things {
    pub tenant: Uuid,
    ids: BTreeMap<&'static str, Uuid>,
    versions: BTreeMap<&'static str, i64>,
}

impl Things {
    /// Puts an order, a customer, an upload and a cart into a shop, and looks up what there is then.
    pub async fn of(world: &World, tenant: &str) -> Self {
        crate::shop::place_order(world, tenant).await;
        crate::shop::send_parcel(world, tenant).await;
        crate::shop::upload_picture(world, tenant).await;
        crate::shop::invite(world, tenant).await;
        crate::shop::collect(world, tenant).await;
        crate::shop::stock_up(world, tenant).await;
        crate::oidc::link(world, tenant).await;
        let mut shopper = world.visitor(tenant);
        crate::shop::put_aside(&mut shopper).await;
        crate::shop::fill_cart(&mut shopper).await;
        crate::shop::promote(world, tenant).await;
        crate::shop::group(world, tenant).await;
        crate::shop::list_prices(world, tenant).await;
        crate::shop::give_a_card(world, tenant).await;
        crate::shop::draft(world, tenant).await;
        world.role(tenant, &[Permission::ORDERS_READ.into()]).await;
        world.api_key(tenant, &[Permission::ORDERS_READ]).await;
        // Addresses are kept a moment after their orders.
        settle(world).await;
        let tenant = identity::tenant::find(&world.app, tenant).await.expect("the tenant").info.id.uuid();
        let literal = world.literal(tenant);
        let (mut ids, mut versions) = (BTreeMap::new(), BTreeMap::new());
        for (kind, table) in TABLES {
            let of_tenant = match *kind {
                // The thing that the cart line belongs to is a published product with pictures and variants.
                "product" | "cart_line" | "media" | "customer" | "user" | "session" => {
                    format!("FROM {table} WHERE tenant_id = {literal} ORDER BY id LIMIT 1")
                }
                "image" | "variant" => format!(
                    "FROM {table} WHERE tenant_id = {literal} \
                     AND product_id = (SELECT id FROM product WHERE tenant_id = {literal} ORDER BY id LIMIT 1) LIMIT 1"
                ),
                _ => format!("FROM {table} WHERE tenant_id = {literal} LIMIT 1"),
            };
            let id = world.id(&format!("SELECT id {of_tenant}")).await;
            ids.insert(*kind, id.unwrap_or_else(|| panic!("the sweep needs a {kind} in each shop")));
            if matches!(*kind, "collection" | "product") {
                versions.insert(
                    *kind,
                    world.number(&format!("SELECT CAST(version AS BIGINT) {of_tenant}")).await,
                );
            }
        }
        Self { tenant, ids, versions }
    }

    pub fn id(&self, kind: &str) -> Uuid {
        *self.ids.get(kind).unwrap_or_else(|| panic!("no table for {kind}"))
    }
}

/// Which ids a call carries.
#[derive(Default)]
pub struct Fill {
    /// By argument path: things of the caller's own shop.
    own: BTreeMap<String, Uuid>,
    /// The argument under test.
    wanted: Option<(String, Uuid)>,
    /// Of the thing that is changed.
    version: i64,
    /// Asks for everything that the answer can hold, not only whether there is one.
    pub deep: bool,
}

impl Fill {
    pub fn of(entry: &Entry, own: &Things) -> Self {
        let ids =
            entry.ids.iter().map(|argument| (argument.argument.clone(), own.id(&argument.of))).collect();
        let version = entry.ids.first().and_then(|argument| own.versions.get(argument.of.as_str()));
        Self { own: ids, wanted: None, version: version.copied().unwrap_or(1), deep: false }
    }

    pub fn want(&mut self, argument: &str, id: Uuid) {
        self.wanted = Some((argument.to_owned(), id));
    }

    /// The id for `path`, whoever asked for it.
    fn id(&self, path: &str) -> Uuid {
        match &self.wanted {
            Some((wanted, id)) if wanted == path => *id,
            _ => self.own.get(path).copied().unwrap_or(Uuid::from_u128(7)),
        }
    }

    /// Whether the argument under test is at `path` or below it.
    fn leads_to(&self, path: &str) -> bool {
        self.wanted.as_ref().is_some_and(|(wanted, _)| {
            wanted.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }
}

/// An answer in a few words.
fn outcome(answer: &Value) -> String {
    if let Some(error) = answer["errors"].get(0) {
        let fields: Vec<&str> = error["extensions"]["fields"]
            .as_array()
            .map(|fields| fields.iter().filter_map(|field| field["field"].as_str()).collect())
            .unwrap_or_default();
        return format!("{} {}", error["extensions"]["code"].as_str().unwrap_or("?"), fields.join(" "))
            .trim_end()
            .to_owned();
    }
    match (answer.get("data"), answer.get("status")) {
        (Some(data), _) => data.to_string(),
        (None, Some(status)) => status.to_string(),
        (None, None) => "?".to_owned(),
    }
}

/// Waits until nothing is on its way any more.
pub async fn settle(world: &World) {
    for _ in 0..200 {
        if world.number("SELECT count(*) FROM outbox_waiting").await == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the relay does not come to rest");
}

/// Row counts and the newest change of everything that the tenant owns.
pub async fn fingerprint(world: &World, tenant: Uuid) -> BTreeMap<String, String> {
    let rows = world.rows().await;
    let backend = rows.get_database_backend();
    let (tables, literal) = match world.database.backend() {
        testkit::Backend::Sqlite => (
            "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c ON c.name = 'tenant_id' WHERE m.type = 'table'",
            format!("x'{}'", tenant.simple()),
        ),
        testkit::Backend::Postgres => (
            "SELECT table_name::text FROM information_schema.columns WHERE column_name = 'tenant_id' AND table_schema = 'public'",
            format!("'{tenant}'"),
        ),
    };
    let mut prints = BTreeMap::new();
    for row in rows.query_all_raw(Statement::from_string(backend, tables)).await.expect("tables") {
        let table: String = row.try_get_by_index(0).expect("a name");
        let sql = match world.database.backend() {
            testkit::Backend::Sqlite => format!("SELECT count(*) FROM {table} WHERE tenant_id = {literal}"),
            testkit::Backend::Postgres => format!(
                "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {table} t WHERE tenant_id = {literal}"
            ),
        };
        let row =
            rows.query_one_raw(Statement::from_string(backend, sql)).await.expect("a print").expect("a row");
        let print = match world.database.backend() {
            testkit::Backend::Sqlite => row.try_get_by_index::<i64>(0).expect("a count").to_string(),
            testkit::Backend::Postgres => row.try_get_by_index(0).expect("a print"),
        };
        prints.insert(table, print);
    }
    rows.close().await.expect("closing");
    prints
}

/// Calls a door; what comes back, without what differs between any two calls.
pub async fn ask(visitor: &mut Visitor, schema: &Schema, entry: &Entry, fill: &Fill) -> Value {
    let mut answer = call(visitor, schema, entry, fill).await;
    scrub(&mut answer);
    answer
}

/// Calls a door; what comes back.
pub async fn call(visitor: &mut Visitor, schema: &Schema, entry: &Entry, fill: &Fill) -> Value {
    match entry.kind {
        Kind::Query | Kind::Mutation | Kind::Subscription => {
            let (document, variables) = schema.call(entry, fill);
            visitor.graphql(&document, variables).await
        }
        Kind::Rest | Kind::Page | Kind::Form => {
            let (method, path) = entry.name.split_once(' ').expect("a method and a path");
            let path: Vec<String> = path
                .split('/')
                .map(|part| if part.starts_with('{') { fill.id(part).to_string() } else { part.to_owned() })
                .collect();
            let path = path.join("/");
            let mut form: Vec<(String, String)> = vec![("quantity".to_owned(), "1".to_owned())];
            let wanted = fill.wanted.iter().map(|(wanted, _)| wanted);
            for argument in fill.own.keys().chain(wanted).filter(|argument| !argument.starts_with('{')) {
                form.retain(|(known, _)| known != argument);
                form.push((argument.clone(), fill.id(argument).to_string()));
            }
            let form: Vec<(&str, &str)> =
                form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let answer =
                if method == "GET" { visitor.get(&path).await } else { visitor.post(&path, &form).await };
            json!({ "status": answer.status, "location": answer.header("location"), "body": answer.body })
        }
    }
}

/// Takes out every nonce and id: the trace's, the one that was asked for, a form's key.
fn scrub(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(scrub),
        Value::Array(items) => items.iter_mut().for_each(scrub),
        Value::String(text) => *text = without_ids(&without_nonces(text)),
        _ => {}
    }
}

/// Every page has others.
fn without_nonces(text: &str) -> String {
    let mut parts = text.split(" nonce=\"");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |page, part| page + part.split_once('"').map_or(part, |(_, rest)| rest))
}

fn without_ids(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        if rest.get(..36).is_some_and(|part| Uuid::try_parse(part).is_ok()) {
            out.push_str("ID");
            rest = &rest[36..];
            continue;
        }
        let next = rest.chars().next().map_or(1, char::len_utf8);
        out.push_str(&rest[..next]);
        rest = &rest[next..];
    }
    out
}

/// The schema's types, to write a valid call of any root field.
pub struct Schema {
    document: ServiceDocument,
}

impl Schema {
    pub fn read() -> Self {
        let document = async_graphql::parser::parse_schema(server::graphql::sdl()).expect("a schema");
        Self { document }
    }

    fn definition(&self, name: &str) -> Option<&TypeDefinition> {
        self.document.definitions.iter().find_map(|definition| match definition {
            TypeSystemDefinition::Type(definition) if definition.node.name.node == name => {
                Some(&definition.node)
            }
            _ => None,
        })
    }

    /// A document that calls `entry` with every required argument and the one under test.
    fn call(&self, entry: &Entry, fill: &Fill) -> (String, Value) {
        let (root, keyword) = match entry.kind {
            Kind::Mutation => ("Mutation", "mutation"),
            _ => ("Query", "query"),
        };
        let TypeKind::Object(object) = &self.definition(root).expect("a root").kind else {
            panic!("{root} is no object")
        };
        let field = object
            .fields
            .iter()
            .find(|field| field.node.name.node == entry.name.as_str())
            .unwrap_or_else(|| panic!("{} stands in the surface and not in the schema", entry.name));
        let mut variables = Map::new();
        let (mut declared, mut passed) = (Vec::new(), Vec::new());
        for argument in &field.node.arguments {
            let (name, ty) = (argument.node.name.node.as_str(), &argument.node.ty.node);
            if !fill.leads_to(name) && (ty.nullable || argument.node.default_value.is_some()) {
                continue;
            }
            variables.insert(name.to_owned(), self.value(ty, name, fill));
            declared.push(format!("${name}: {ty}"));
            passed.push(format!("{name}: ${name}"));
        }
        let below = base(&field.node.ty.node);
        let selection = match self.definition(below).map(|definition| &definition.kind) {
            _ if fill.deep => self.everything(below, 5),
            Some(TypeKind::Object(object))
                if object.fields.iter().any(|field| field.node.name.node == "totalCount") =>
            {
                " { totalCount }".to_owned()
            }
            Some(TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_)) => {
                " { __typename }".to_owned()
            }
            _ => String::new(),
        };
        let wrap = |items: Vec<String>| {
            if items.is_empty() { String::new() } else { format!("({})", items.join(", ")) }
        };
        let document =
            format!("{keyword} Sweep{} {{ {}{}{selection} }}", wrap(declared), entry.name, wrap(passed));
        (document, Value::Object(variables))
    }

    /// Every field of a type that needs no argument, so many levels down; lists by their nodes.
    fn everything(&self, ty: &str, levels: usize) -> String {
        let Some(TypeKind::Object(object)) = self.definition(ty).map(|definition| &definition.kind) else {
            return match self.definition(ty).map(|definition| &definition.kind) {
                Some(TypeKind::Interface(_) | TypeKind::Union(_)) => " { __typename }".to_owned(),
                _ => String::new(),
            };
        };
        let mut selection = String::from(" { __typename");
        for field in &object.fields {
            let name = field.node.name.node.as_str();
            let required = |argument: &Positioned<InputValueDefinition>| {
                !argument.node.ty.node.nullable && argument.node.default_value.is_none()
            };
            let below = base(&field.node.ty.node);
            let leaf = !matches!(
                self.definition(below).map(|definition| &definition.kind),
                Some(TypeKind::Object(_))
            );
            if field.node.arguments.iter().any(required) || name == "edges" || (levels == 0 && !leaf) {
                continue;
            }
            selection.push(' ');
            selection.push_str(name);
            selection.push_str(&self.everything(below, levels.saturating_sub(1)));
        }
        selection.push_str(" }");
        selection
    }

    /// Root fields that page, by the arguments of a Relay connection.
    pub fn pages(&self, entry: &Entry) -> bool {
        let Some(TypeKind::Object(object)) = self.definition("Query").map(|definition| &definition.kind)
        else {
            return false;
        };
        let field = object.fields.iter().find(|field| field.node.name.node == entry.name.as_str());
        field.is_some_and(|field| {
            field.node.arguments.iter().any(|argument| argument.node.name.node == "after")
        })
    }

    /// A value of a type, as small as it may be.
    fn value(&self, ty: &Type, path: &str, fill: &Fill) -> Value {
        let name = match &ty.base {
            BaseType::List(inner) => return json!([self.value(inner, path, fill)]),
            BaseType::Named(name) => name.as_str(),
        };
        match self.definition(name).map(|definition| &definition.kind) {
            Some(TypeKind::InputObject(object)) => {
                let mut fields = Map::new();
                for field in &object.fields {
                    let own = field.node.name.node.as_str();
                    let below = format!("{path}.{own}");
                    let required = !field.node.ty.node.nullable && field.node.default_value.is_none();
                    if required || fill.leads_to(&below) {
                        fields.insert(own.to_owned(), self.value(&field.node.ty.node, &below, fill));
                    }
                }
                Value::Object(fields)
            }
            Some(TypeKind::Enum(values)) => json!(values.values[0].node.value.node.as_str()),
            _ => match name {
                "ID" => json!(fill.id(path)),
                "Int" | "Long" if path.ends_with(".version") => json!(fill.version),
                "Int" | "Long" => json!(1),
                "Float" => json!(1.0),
                "Boolean" => json!(false),
                "DateTime" => json!("2026-01-01T00:00:00Z"),
                // A role is named or an id.
                "String" if fill.leads_to(path) => json!(fill.id(path)),
                _ if path.ends_with(".roles") => json!("customer"),
                _ if path.ends_with(".permission") => json!("orders:read"),
                _ if path.ends_with(".email") => json!("nobody@example.com"),
                _ if path == "input.amount" => json!("1"),
                _ if path.ends_with(".password") => json!("correct horse battery staple"),
                _ => json!("x"),
            },
        }
    }
}

fn base(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(inner) => base(inner),
    }
}
