//! The isolation sweep, generated from the surface manifest: a foreign id answers exactly as an id that does not exist,
//! changes nothing and tells nobody, and a guarded door refuses whoever is not signed in.

mod prints;
mod schema;
mod things;

pub use prints::Watch;
pub use schema::Schema;
pub use things::Things;

use crate::letters;
use crate::shop;
use crate::world::{Visitor, World};
use platform::Access;
use platform::surface::{Entry, IdArgument, Kind};
use serde_json::{Value, json};
use server::surface::Surface;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Doors that say nothing of an id that nobody has: what was to go away is not there, a page shows what there is now.
const QUIET: &[(&str, &str)] = &[
    ("customersExport", "groupId"),
    ("POST /account/wishlist/remove", "variant"),
    ("POST /cart/add", "variant"),
    ("POST /cart/remove", "line"),
    ("POST /cart/saved", "back"),
    ("POST /cart/saved", "forget"),
    ("POST /cart/saved", "later"),
    ("POST /cart/update", "quantity-{}"),
    ("POST /cart/update", "remove"),
    ("POST /checkout/refresh", "drop_card"),
];

async fn a_foreign_id_answers_as_a_missing_one(world: World) {
    let theirs = Things::of(&world, "northbound").await;
    let own = Things::of(&world, "hearth").await;
    let schema = Schema::read();
    let mut owner = world.sign_in("hearth", "owner").await;
    let mut customer = world.sign_in("hearth", "customer").await;
    for shopper in [&mut owner, &mut customer] {
        shop::fill_own_cart(shopper).await;
    }
    letters::confirm(&mut customer).await;
    settle(&world).await;
    let mut foreign_rows = Watch::begin(&world, &[theirs.tenant], &[]).await;
    let mut own_rows = Watch::begin(&world, &[own.tenant], &[]).await;
    let (mut swept, mut wrong) = (Vec::new(), Vec::new());
    for entry in Surface::new().entries() {
        for argument in &entry.ids {
            let mut unreached = Vec::new();
            for (who, visitor) in [("owner", &mut owner), ("customer", &mut customer)] {
                let mut fill = Fill::of(entry, &own);
                fill.want(&argument.argument, Uuid::now_v7());
                let missing = ask(visitor, &schema, entry, &fill).await;
                fill.want(&argument.argument, theirs.id(&argument.of));
                let foreign = ask(visitor, &schema, entry, &fill).await;
                let line = format!("{who} {} {}: {}", entry.name, argument.argument, outcome(&missing));
                if foreign != missing {
                    wrong.push(format!("{line}, but to a foreign {}: {foreign}", argument.of));
                }
                if !reached(entry, argument, &missing) {
                    unreached.push(format!("{line}, which is not about the id"));
                }
                swept.push(line);
            }
            // One of them comes as far as the id.
            if 1 < unreached.len() {
                wrong.append(&mut unreached);
            }
        }
        if !entry.ids.is_empty() {
            settle(&world).await;
            let rows = [("their", foreign_rows.changes().await), ("own", own_rows.changes().await)];
            for (whose, rows) in rows {
                wrong.extend(rows.into_iter().map(|row| format!("{} changes {whose} {row}", entry.name)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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

#[test]
fn every_id_of_the_schema_stands_in_the_surface() {
    let (schema, surface) = (Schema::read(), Surface::new());
    let listed = |kind: Kind, name: &str, path: &str| {
        surface.entries().iter().any(|entry| {
            entry.kind == kind && entry.name == name && entry.ids.iter().any(|id| id.argument == path)
        })
    };
    let (mut n_ids, mut missing) = (0, Vec::new());
    for (kind, field, paths) in schema.ids() {
        n_ids += paths.len();
        let paths = paths.into_iter().filter(|path| !listed(kind, field, path));
        missing.extend(paths.map(|path| format!("{field} {path}")));
    }
    assert_eq!(missing, [""; 0], "ids that no surface() lists");
    assert!(n_ids > 250, "only {n_ids} ids");
}

testkit::on_both!(a_foreign_id_answers_as_a_missing_one, a_guarded_door_refuses_whoever_is_not_signed_in);

/// Which ids a call carries.
#[derive(Default)]
pub struct Fill<'t> {
    entry: &'t str,
    things: Option<&'t Things>,
    /// By argument path: things of the caller's own shop.
    own: BTreeMap<String, Uuid>,
    /// The argument under test.
    wanted: Option<(String, Uuid)>,
    /// What else has to be said so that it is looked at.
    besides: Vec<(&'static str, Value)>,
    /// Of the thing that is changed.
    version: i64,
    /// Asks for everything that the answer can hold, not only whether there is one.
    pub deep: bool,
}

impl<'t> Fill<'t> {
    pub fn of(entry: &'t Entry, own: &'t Things) -> Self {
        let ids = entry.ids.iter().map(|argument| (argument.argument.clone(), own.id(&argument.of)));
        let version = entry.ids.first().map_or(1, |argument| own.version(&argument.of));
        Self { entry: &entry.name, things: Some(own), own: ids.collect(), version, ..Self::default() }
    }

    pub fn want(&mut self, argument: &str, id: Uuid) {
        self.wanted = Some((argument.to_owned(), id));
        let besides = self.things.map(|things| things.besides(self.entry, argument));
        self.besides = besides.unwrap_or_default();
    }

    /// What else the call says, by argument path.
    pub fn saying(mut self, besides: Vec<(&'static str, Value)>) -> Self {
        self.besides = besides;
        self
    }

    /// The id for `path`, whoever asked for it.
    fn id(&self, path: &str) -> Uuid {
        match &self.wanted {
            Some((wanted, id)) if wanted == path => *id,
            _ => self.own.get(path).copied().unwrap_or(Uuid::from_u128(7)),
        }
    }

    /// What is said at `path` besides.
    fn given(&self, path: &str) -> Option<&Value> {
        self.besides.iter().find(|(given, _)| *given == path).map(|(_, value)| value)
    }

    /// What a path or a form says at `path`.
    fn text(&self, path: &str) -> String {
        match self.given(path) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => self.id(path).to_string(),
        }
    }

    /// Whether the argument under test, or something that goes with it, is at `path` or below it.
    fn leads_to(&self, path: &str) -> bool {
        let wanted = self.wanted.iter().map(|(wanted, _)| wanted.as_str());
        wanted.chain(self.besides.iter().map(|(given, _)| *given)).any(|named| {
            named.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }

    /// Whether the argument under test is at `path`.
    fn wants(&self, path: &str) -> bool {
        self.wanted.as_ref().is_some_and(|(wanted, _)| wanted == path)
    }
}

/// Whether it is the id under test that was looked at: it is what was not found or is wrong, or nothing is found by it.
pub fn reached(entry: &Entry, argument: &IdArgument, answer: &Value) -> bool {
    if QUIET.contains(&(entry.name.as_str(), argument.argument.as_str())) {
        return true;
    }
    if let Some(error) = answer["errors"].get(0) {
        let path = argument.argument.strip_prefix("input.").unwrap_or(&argument.argument);
        let is_named = |field: &Value| {
            let field = field["field"].as_str().unwrap_or_default().split('.');
            field.filter(|part| part.parse::<usize>().is_err()).eq(path.split('.'))
        };
        let missing = format!("{} not found", words(&entry.name, &argument.of));
        return error["message"] == missing.as_str()
            || error["extensions"]["fields"].as_array().is_some_and(|fields| fields.iter().any(is_named));
    }
    match (answer.get("data"), answer["status"].as_u64()) {
        (Some(data), _) => match &data[&entry.name] {
            Value::Null => true,
            Value::Array(found) => found.is_empty(),
            Value::Object(found) => found.get("totalCount") == Some(&json!(0)),
            other => *other == json!(0),
        },
        (None, status) => status == Some(404),
    }
}

/// What errors call a thing of a kind.
fn words(entry: &str, kind: &str) -> String {
    match (entry, kind) {
        // By the product, it is the caller's review that is meant.
        ("reviewWithdraw", "product") => "review".to_owned(),
        (_, "api_key") => "API key".to_owned(),
        (_, "oidc_provider") => "sign-in provider".to_owned(),
        (_, "oidc_link") => "linked sign-in".to_owned(),
        (_, other) => other.replace('_', " "),
    }
}

/// An answer in a few words.
pub fn outcome(answer: &Value) -> String {
    if let Some(error) = answer["errors"].get(0) {
        let fields: Vec<&str> = error["extensions"]["fields"]
            .as_array()
            .map(|fields| fields.iter().filter_map(|field| field["field"].as_str()).collect())
            .unwrap_or_default();
        let code = error["extensions"]["code"].as_str().unwrap_or("?");
        let what = match code {
            "NOT_FOUND" => {
                error["message"].as_str().unwrap_or_default().trim_end_matches(" not found").to_owned()
            }
            _ => fields.join(" "),
        };
        return format!("{code} {what}").trim_end().to_owned();
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

/// Calls a door; what comes back, without what differs between any two calls.
pub async fn ask(visitor: &mut Visitor, schema: &Schema, entry: &Entry, fill: &Fill<'_>) -> Value {
    let mut answer = call(visitor, schema, entry, fill).await;
    scrub(&mut answer);
    answer
}

/// Calls a door; what comes back.
pub async fn call(visitor: &mut Visitor, schema: &Schema, entry: &Entry, fill: &Fill<'_>) -> Value {
    match entry.kind {
        Kind::Query | Kind::Mutation | Kind::Subscription => {
            let (document, variables) = schema.call(entry, fill);
            visitor.graphql(&document, variables).await
        }
        Kind::Rest | Kind::Page | Kind::Form => {
            let (method, path) = entry.name.split_once(' ').expect("a method and a path");
            let part = |part: &str| if part.starts_with('{') { fill.text(part) } else { part.to_owned() };
            let path: Vec<String> = path.split('/').map(part).collect();
            let path = path.join("/");
            // A form has one button that was pressed: only what the argument under test needs goes with it.
            let wanted = fill.wanted.iter().map(|(wanted, _)| wanted.as_str());
            let named = wanted.chain(fill.besides.iter().map(|(name, _)| *name));
            let named = named.filter(|name| !name.starts_with('{')).map(|name| match name.contains("{}") {
                true => (name.replace("{}", &fill.text(name)), "1".to_owned()),
                false => (name.to_owned(), fill.text(name)),
            });
            let form: Vec<_> = [("quantity".to_owned(), "1".to_owned())].into_iter().chain(named).collect();
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

/// Every page has others: nonces, and keys of forms.
fn without_nonces(text: &str) -> String {
    [" nonce=\"", " name=\"key\" value=\""].iter().fold(text.to_owned(), |text, attribute| {
        let mut parts = text.split(attribute);
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |page, part| page + part.split_once('"').map_or(part, |(_, rest)| rest))
    })
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
