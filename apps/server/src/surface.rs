//! The manifest of the whole host, joined from the modules.

use crate::modules;
use axum::http::Method;
use platform::module::Feature;
use platform::module::graph::{self, Node};
use platform::surface::{Entry, Kind};
use platform::{Access, Ctx, Error};
use primitives::ErrorCode;
use std::collections::{HashMap, HashSet};

/// Every door by kind and name.
pub struct Surface {
    entries: Vec<Entry>,
    doors: HashMap<(Kind, String), Door>,
    /// Paths of routes, whatever the method.
    paths: HashSet<String>,
}

/// What stands in the way at one door.
struct Door {
    access: Access,
    /// The module that owns it and everything that this needs; empty where it is always open.
    modules: Vec<&'static str>,
    feature: Option<Feature>,
}

impl Door {
    fn new(entry: &Entry, nodes: &[Node<'static>]) -> Self {
        let mut modules = Vec::new();
        if !entry.always_open {
            modules.push(entry.module);
            modules.extend(graph::needs_of(nodes, entry.module));
        }
        Self { access: entry.access, modules, feature: entry.feature }
    }

    /// Refuses where the shop has switched off what the door belongs to.
    fn is_there(&self, ctx: &Ctx) -> Result<(), Error> {
        let switches = &ctx.tenant().switches;
        if !switches.all_modules() {
            self.modules.iter().try_for_each(|module| ctx.require_module(module))?;
        }
        self.feature.map_or(Ok(()), |feature| ctx.require_feature(feature))
    }

    fn admit(&self, ctx: &Ctx) -> Result<(), Error> {
        self.is_there(ctx)?;
        ctx.require(self.access)
    }
}

impl Surface {
    /// Joins what the modules list.
    pub fn new() -> Self {
        let mut entries = modules::surface();
        entries.sort_by(|a, b| (a.kind as u8, &a.name).cmp(&(b.kind as u8, &b.name)));
        let nodes = modules::nodes();
        let door = |entry: &Entry| ((entry.kind, entry.name.clone()), Door::new(entry, &nodes));
        let doors = entries.iter().map(door).collect();
        let paths =
            entries.iter().filter_map(|entry| entry.name.split_once(' ')).map(|(_, path)| path.to_owned());
        let paths = paths.collect();
        Self { entries, doors, paths }
    }

    /// Everything, sorted by kind and name.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Root fields of a schema (as SDL) that no module lists.
    pub fn missing(&self, sdl: &str) -> Vec<String> {
        let Ok(document) = async_graphql::parser::parse_schema(sdl) else {
            return vec!["(the schema cannot be read)".to_owned()];
        };
        let mut missing = Vec::new();
        for (kind, name, field) in root_fields(&document) {
            if !self.doors.contains_key(&(kind, field.clone())) {
                missing.push(format!("{name}.{field}"));
            }
        }
        missing
    }

    /// Checks one door: whether the shop has what is behind it, then the permission. A door that is not listed does not
    /// exist.
    pub fn require(&self, ctx: &Ctx, kind: Kind, name: &str) -> Result<(), Error> {
        if name.starts_with("__") {
            return Ok(());
        }
        match self.doors.get(&(kind, name.to_owned())) {
            Some(door) => door.admit(ctx),
            None => Err(Error::new(ErrorCode::BadUserInput, format!("there is no field {name:?}"))),
        }
    }
}

impl Surface {
    /// Lets a request pass to the route at `path`, as the router writes it; a route that is not listed does not exist.
    /// Pages and forms send whoever may not pass to the sign-in themselves.
    ///
    /// # Errors
    /// `NOT_FOUND` for a route that no module lists; `MODULE_DISABLED` and `FEATURE_NOT_ENABLED` for what the shop does
    /// not have; `UNAUTHENTICATED`, `FORBIDDEN`.
    pub fn admit(&self, ctx: &Ctx, method: &Method, path: &str) -> Result<(), Error> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        let name = format!("{method} {path}");
        if let Some(door) = self.doors.get(&(Kind::Rest, name.clone())) {
            return door.admit(ctx);
        }
        let place = if method == Method::GET { Kind::Page } else { Kind::Form };
        if let Some(door) = self.doors.get(&(place, name)) {
            return door.is_there(ctx);
        }
        // A method that a listed path does not take is the route's own to refuse.
        if self.paths.contains(path) {
            return Ok(());
        }
        tracing::error!(%method, path, "a route stands in no module's surface and is not served");
        Err(Error::not_found("address"))
    }

    /// Whether a page or a form is there.
    pub fn is_page(&self, method: &Method, path: &str) -> bool {
        let get = method == Method::GET || method == Method::HEAD;
        let (place, method) = if get { (Kind::Page, &Method::GET) } else { (Kind::Form, method) };
        self.doors.contains_key(&(place, format!("{method} {path}")))
    }
}

impl Default for Surface {
    fn default() -> Self {
        Self::new()
    }
}

/// Every root field of a schema.
fn root_fields(
    document: &async_graphql::parser::types::ServiceDocument,
) -> Vec<(Kind, &'static str, String)> {
    use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
    let mut fields = Vec::new();
    for definition in &document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let (kind, name) = match definition.node.name.node.as_str() {
            "Query" => (Kind::Query, "Query"),
            "Mutation" => (Kind::Mutation, "Mutation"),
            "Subscription" => (Kind::Subscription, "Subscription"),
            _ => continue,
        };
        if let TypeKind::Object(object) = &definition.node.kind {
            fields.extend(object.fields.iter().map(|field| (kind, name, field.node.name.node.to_string())));
        }
    }
    fields
}
