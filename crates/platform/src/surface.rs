//! The manifest of everything that the outside can reach, each entry with its permission.
//!
//! The GraphQL guard, the REST routers, the isolation sweep and `rustok surface --json` all read this one table;
//! a root field or route that is not in it does not exist.

use crate::Access;
use crate::module::Feature;
use serde::{Serialize, Serializer};

/// What kind of door an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A field of the GraphQL query root.
    Query,
    /// A field of the GraphQL mutation root.
    Mutation,
    /// A field of the GraphQL subscription root.
    Subscription,
    /// A REST route.
    Rest,
    /// A page of the storefront.
    Page,
    /// A form of the storefront.
    Form,
}

/// An argument that is the id of a tenant-owned thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IdArgument {
    /// Path of the argument: `id`, `input.productId`, `{id}` in a route.
    pub argument: String,
    /// The kind of thing: `product`, `order`.
    pub of: String,
}

/// One door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Kind of door.
    pub kind: Kind,
    /// Field name, or method and path (`GET /api/v1/me`).
    pub name: String,
    /// Who may pass.
    #[serde(serialize_with = "access_name")]
    pub access: Access,
    /// Whether the permission suffices for the own things alone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub own: bool,
    /// Arguments that are ids of tenant-owned things.
    pub ids: Vec<IdArgument>,
    /// The module that owns it: the door is shut in shops that have switched it off. Said by [`Entry::of`], else filled
    /// by [`owned_by`].
    pub module: &'static str,
    /// The feature that it belongs to: the door is shut in shops without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feature: Option<Feature>,
    /// Open even where its module is switched off.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub always_open: bool,
}

impl Entry {
    fn new(kind: Kind, name: impl Into<String>, access: impl Into<Access>) -> Self {
        let access = access.into();
        let own = matches!(access, Access::Owned(_));
        Self {
            kind,
            name: name.into(),
            access,
            own,
            ids: Vec::new(),
            module: "",
            feature: None,
            always_open: false,
        }
    }

    /// A field of the query root.
    pub fn query(name: &str, access: impl Into<Access>) -> Self {
        Self::new(Kind::Query, name, access)
    }

    /// A field of the mutation root.
    pub fn mutation(name: &str, access: impl Into<Access>) -> Self {
        Self::new(Kind::Mutation, name, access)
    }

    /// A field of the subscription root.
    pub fn subscription(name: &str, access: impl Into<Access>) -> Self {
        Self::new(Kind::Subscription, name, access)
    }

    /// A REST route.
    pub fn rest(method: &str, path: &str, access: impl Into<Access>) -> Self {
        Self::new(Kind::Rest, format!("{method} {path}"), access)
    }

    /// A storefront page.
    pub fn page(path: &str, access: impl Into<Access>) -> Self {
        Self::new(Kind::Page, format!("GET {path}"), access)
    }

    /// A storefront form.
    pub fn form(path: &str, access: impl Into<Access>) -> Self {
        Self::new(Kind::Form, format!("POST {path}"), access)
    }

    /// Says which module owns it, where that is not the one that lists it: a page of the storefront belongs to the
    /// module whose things it shows.
    pub fn of(mut self, module: &'static str) -> Self {
        self.module = module;
        self
    }

    /// Says that it belongs to a feature.
    pub fn feature(mut self, feature: Feature) -> Self {
        self.feature = Some(feature);
        self
    }

    /// Keeps it open where its module is switched off: for what outside parties bring to an end that has begun.
    pub fn always_open(mut self) -> Self {
        self.always_open = true;
        self
    }

    /// Says that `argument` is the id of a tenant's `of`.
    pub fn id(mut self, argument: &str, of: &str) -> Self {
        self.ids.push(IdArgument { argument: argument.to_owned(), of: of.to_owned() });
        self
    }
}

/// Names the module that owns those of `entries` that do not say so themselves.
pub fn owned_by(module: &'static str, mut entries: Vec<Entry>) -> Vec<Entry> {
    for entry in entries.iter_mut().filter(|entry| entry.module.is_empty()) {
        entry.module = module;
    }
    entries
}

impl Access {
    /// `public`, `signed_in`, `system` or the permission's name.
    pub fn name(self) -> String {
        match self {
            Self::Public => "public".to_owned(),
            Self::SignedIn => "signed_in".to_owned(),
            Self::System => "system".to_owned(),
            Self::Permission(permission) | Self::Owned(permission) => permission.name(),
        }
    }
}

fn access_name<S: Serializer>(access: &Access, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&access.name())
}
