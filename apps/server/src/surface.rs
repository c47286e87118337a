//! The manifest of the whole host, joined from the modules.

use crate::host;
use axum::http::Method;
use platform::surface::{Entry, Kind, owned_by};
use platform::{Access, Ctx, Error};
use primitives::ErrorCode;
use std::collections::{HashMap, HashSet};

/// Every door by kind and name.
pub struct Surface {
    entries: Vec<Entry>,
    access: HashMap<(Kind, String), Access>,
    /// Paths of routes, whatever the method.
    paths: HashSet<String>,
}

impl Surface {
    /// Joins what the modules list.
    pub fn new() -> Self {
        let mut entries = [
            owned_by("catalog", catalog::surface()),
            owned_by("commerce", commerce::surface()),
            owned_by("content", content::surface()),
            owned_by("identity", identity::surface()),
            owned_by("storefront", storefront::surface()),
            owned_by("server", host::surface()),
        ]
        .concat();
        entries.sort_by(|a, b| (a.kind as u8, &a.name).cmp(&(b.kind as u8, &b.name)));
        let access = entries.iter().map(|entry| ((entry.kind, entry.name.clone()), entry.access)).collect();
        let paths =
            entries.iter().filter_map(|entry| entry.name.split_once(' ')).map(|(_, path)| path.to_owned());
        let paths = paths.collect();
        Self { entries, access, paths }
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
            if !self.access.contains_key(&(kind, field.clone())) {
                missing.push(format!("{name}.{field}"));
            }
        }
        missing
    }

    /// Checks the permission of one door; a door that is not listed does not exist.
    pub fn require(&self, ctx: &Ctx, kind: Kind, name: &str) -> Result<(), Error> {
        if name.starts_with("__") {
            return Ok(());
        }
        match self.access.get(&(kind, name.to_owned())) {
            Some(access) => ctx.require(*access),
            None => Err(Error::new(ErrorCode::BadUserInput, format!("there is no field {name:?}"))),
        }
    }
}

impl Surface {
    /// Lets a request pass to the route at `path`, as the router writes it; a route that is not listed does not exist.
    /// Pages and forms send whoever may not pass to the sign-in themselves.
    ///
    /// # Errors
    /// `NOT_FOUND` for a route that no module lists; `UNAUTHENTICATED`, `FORBIDDEN`.
    pub fn admit(&self, ctx: &Ctx, method: &Method, path: &str) -> Result<(), Error> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        let name = format!("{method} {path}");
        if let Some(access) = self.access.get(&(Kind::Rest, name.clone())) {
            return ctx.require(*access);
        }
        let place = if method == Method::GET { Kind::Page } else { Kind::Form };
        // A method that a listed path does not take is the route's own to refuse.
        if self.access.contains_key(&(place, name)) || self.paths.contains(path) {
            return Ok(());
        }
        tracing::error!(%method, path, "a route stands in no module's surface and is not served");
        Err(Error::not_found("address"))
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
