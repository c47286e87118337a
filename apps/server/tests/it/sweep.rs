//! The isolation sweep, generated from the surface manifest: a foreign id answers exactly as an id that does not exist,
//! and a guarded door refuses whoever is not signed in.

use crate::world::{Visitor, World};
use async_graphql::parser::types::{
    BaseType, ServiceDocument, Type, TypeDefinition, TypeKind, TypeSystemDefinition,
};
use platform::Access;
use platform::surface::{Entry, Kind};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Map, Value, json};
use server::surface::Surface;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Where the id of a thing of each kind is found.
const TABLES: &[(&str, &str)] = &[
    ("cart_line", "cart_line"),
    ("collection", "collection"),
    ("customer", "customer"),
    ("media", "media"),
    ("order", "shop_order"),
    ("product", "product"),
    ("session", "session"),
    ("user", "user_account"),
    ("variant", "variant"),
];

async fn a_foreign_id_answers_as_a_missing_one(world: World) {
    let foreign = buy_something(&world, "northbound").await;
    buy_something(&world, "hearth").await;
    let schema = Schema::read();
    let mut owner = world.sign_in("hearth", "owner").await;
    let mut customer = world.sign_in("hearth", "customer").await;
    let before = fingerprint(&world, foreign).await;
    let mut swept = 0;
    let mut open = Vec::new();
    for entry in Surface::new().entries() {
        for argument in &entry.ids {
            let Some(theirs) = foreign_id(&world, foreign, &argument.of).await else {
                open.push(format!("{}: no {} in the other shop", entry.name, argument.of));
                continue;
            };
            for (who, visitor) in [("owner", &mut owner), ("customer", &mut customer)] {
                let missing = ask(visitor, &schema, entry, &argument.argument, Uuid::now_v7()).await;
                let foreign = ask(visitor, &schema, entry, &argument.argument, theirs).await;
                assert_eq!(
                    foreign, missing,
                    "{who} tells a foreign {} from a missing one through {} ({})",
                    argument.of, entry.name, argument.argument
                );
                swept += 1;
            }
        }
    }
    assert_eq!(open, Vec::<String>::new(), "every kind of id needs an example");
    assert_eq!(fingerprint(&world, foreign).await, before, "the other shop changed");
    assert!(swept > 40, "only {swept} calls were swept");
}

async fn a_guarded_door_refuses_whoever_is_not_signed_in(world: World) {
    let schema = Schema::read();
    let mut visitor = world.visitor("hearth");
    let mut guarded = 0;
    for entry in Surface::new().entries() {
        if matches!(entry.access, Access::Public) {
            continue;
        }
        let answer = ask(&mut visitor, &schema, entry, "", Uuid::now_v7()).await;
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

/// Puts an order, a customer and a media row into a shop; gives back its tenant id.
async fn buy_something(world: &World, tenant: &str) -> Uuid {
    crate::shop::place_order(world, tenant).await;
    crate::shop::upload_picture(world, tenant).await;
    world.sign_in(tenant, "customer").await;
    identity::tenant::find(&world.app, tenant).await.expect("the tenant").info.id.uuid()
}

async fn foreign_id(world: &World, tenant: Uuid, kind: &str) -> Option<Uuid> {
    let (_, table) =
        TABLES.iter().find(|(known, _)| *known == kind).unwrap_or_else(|| panic!("no table for {kind}"));
    let hex = tenant.simple();
    let literal = match world.database.backend() {
        testkit::Backend::Sqlite => format!("x'{hex}'"),
        testkit::Backend::Postgres => format!("'{tenant}'"),
    };
    world.id(&format!("SELECT id FROM {table} WHERE tenant_id = {literal} LIMIT 1")).await
}

/// Row counts and the newest change of everything that the tenant owns.
async fn fingerprint(world: &World, tenant: Uuid) -> BTreeMap<String, String> {
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

/// Calls a door with `id` in `argument`; what comes back, without what differs between any two calls.
async fn ask(visitor: &mut Visitor, schema: &Schema, entry: &Entry, argument: &str, id: Uuid) -> Value {
    match entry.kind {
        Kind::Query | Kind::Mutation | Kind::Subscription => {
            let (document, variables) = schema.call(entry, argument, id);
            let mut answer = visitor.graphql(&document, variables).await;
            scrub(&mut answer, id);
            answer
        }
        Kind::Rest | Kind::Page | Kind::Form => {
            let (method, path) = entry.name.split_once(' ').expect("a method and a path");
            let path = path
                .split('/')
                .map(|part| if part.starts_with('{') { id.to_string() } else { part.to_owned() })
                .collect::<Vec<_>>()
                .join("/");
            let path =
                if entry.kind == Kind::Rest && !path.starts_with('/') { format!("/{path}") } else { path };
            let name = argument.trim_start_matches("input.").trim_start_matches("form.");
            let answer = if method == "GET" {
                visitor.get(&path).await
            } else if entry.kind == Kind::Form {
                visitor.post(&path, &[(name, &id.to_string()), ("quantity", "1")]).await
            } else {
                let request = visitor
                    .request(method.parse().expect("a method"), &path)
                    .header("sec-fetch-site", "same-origin")
                    .json(&json!({ name: id }));
                visitor.send(request).await
            };
            let mut body = serde_json::from_str(&answer.body).unwrap_or(Value::Null);
            scrub(&mut body, id);
            json!({ "status": answer.status, "body": body })
        }
    }
}

/// Takes out the trace id and the id that was asked for.
fn scrub(value: &mut Value, id: Uuid) {
    match value {
        Value::Object(fields) => {
            fields.remove("trace_id");
            fields.values_mut().for_each(|value| scrub(value, id));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| scrub(value, id)),
        Value::String(text) => *text = text.replace(&id.to_string(), "ID"),
        _ => {}
    }
}

/// The schema's types, to write a valid call of any root field.
struct Schema {
    document: ServiceDocument,
}

impl Schema {
    fn read() -> Self {
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

    /// A document that calls `entry` with every required argument, and `id` where `path` says.
    fn call(&self, entry: &Entry, path: &str, id: Uuid) -> (String, Value) {
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
        let mut path: Vec<&str> = path.split('.').filter(|part| !part.is_empty()).collect();
        path.iter_mut().for_each(|part| *part = part.trim_end_matches("[]"));
        let mut variables = Map::new();
        let (mut declared, mut passed) = (Vec::new(), Vec::new());
        for argument in &field.node.arguments {
            let (name, ty) = (argument.node.name.node.as_str(), &argument.node.ty.node);
            let wanted = path.first() == Some(&name);
            if !wanted && (ty.nullable || argument.node.default_value.is_some()) {
                continue;
            }
            let rest = if wanted { &path[1..] } else { &[][..] };
            variables.insert(name.to_owned(), self.value(ty, wanted.then_some((rest, id)), 0));
            declared.push(format!("${name}: {ty}"));
            passed.push(format!("{name}: ${name}"));
        }
        let selection = match self.definition(base(&field.node.ty.node)).map(|definition| &definition.kind) {
            Some(TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_)) => " { __typename }",
            _ => "",
        };
        let wrap = |items: Vec<String>| {
            if items.is_empty() { String::new() } else { format!("({})", items.join(", ")) }
        };
        let document =
            format!("{keyword} Sweep{} {{ {}{}{selection} }}", wrap(declared), entry.name, wrap(passed));
        (document, Value::Object(variables))
    }

    /// A value of a type: as small as it may be, with the id at the end of `wanted`.
    fn value(&self, ty: &Type, wanted: Option<(&[&str], Uuid)>, depth: usize) -> Value {
        let name = match &ty.base {
            BaseType::List(inner) => return json!([self.value(inner, wanted, depth)]),
            BaseType::Named(name) => name.as_str(),
        };
        match self.definition(name).map(|definition| &definition.kind) {
            Some(TypeKind::InputObject(object)) => {
                let mut fields = Map::new();
                for field in &object.fields {
                    let own = field.node.name.node.as_str();
                    let inner = wanted
                        .filter(|(path, _)| path.first() == Some(&own))
                        .map(|(path, id)| (&path[1..], id));
                    let required = !field.node.ty.node.nullable && field.node.default_value.is_none();
                    if inner.is_some() || required && depth < 6 {
                        fields.insert(own.to_owned(), self.value(&field.node.ty.node, inner, depth + 1));
                    }
                }
                Value::Object(fields)
            }
            Some(TypeKind::Enum(values)) => json!(values.values[0].node.value.node.as_str()),
            _ => match name {
                "ID" => {
                    json!(wanted.map_or_else(|| Uuid::from_u128(7).to_string(), |(_, id)| id.to_string()))
                }
                "Int" | "Long" => json!(1),
                "Float" => json!(1.0),
                "Boolean" => json!(false),
                "DateTime" => json!("2026-01-01T00:00:00Z"),
                _ => json!(wanted.map_or_else(|| "x".to_owned(), |(_, id)| id.to_string())),
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
