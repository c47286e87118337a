//! Names of what a promotion points at, for pickers that know ids.

use std::collections::BTreeMap;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api;
use crate::gql::Document;
use crate::gql::catalog::IdVariables;
use crate::gql::collections::{Collections, CollectionsVariables};
use crate::gql::promotions::ProductNameById;
use crate::session::use_session;

/// Products that are asked for at the same time.
const LANES: usize = 4;
/// Pages of collections that are read, of a hundred each.
const MOST_PAGES: usize = 10;

/// Names by id; a context of the editor.
#[derive(Clone, Copy)]
pub struct Names {
    products: RwSignal<BTreeMap<String, Option<String>>>,
    variants: RwSignal<BTreeMap<String, String>>,
    collections: RwSignal<Option<Vec<(String, String)>>>,
    may_read_products: bool,
}

impl Names {
    /// Without a name of a product; the collections are asked for.
    pub fn new() -> Self {
        let session = use_session();
        let names = Self {
            products: RwSignal::new(BTreeMap::new()),
            variants: RwSignal::new(BTreeMap::new()),
            collections: RwSignal::new(None),
            may_read_products: untrack(|| session.may("products:read")),
        };
        if untrack(|| session.may("categories:list")) {
            spawn_local(async move {
                if let Some(found) = collections().await {
                    let _ = names.collections.try_set(Some(found));
                }
            });
        }
        names
    }

    /// Asks for the names of products that are not known yet.
    pub fn need(self, ids: &[String]) {
        if !self.may_read_products {
            return;
        }
        let new: Vec<String> = self
            .products
            .with_untracked(|known| ids.iter().filter(|id| !known.contains_key(*id)).cloned().collect());
        if new.is_empty() {
            return;
        }
        self.products.update(|known| known.extend(new.iter().map(|id| (id.clone(), None))));
        for lane in 0..LANES.min(new.len()) {
            let ids: Vec<String> = new.iter().skip(lane).step_by(LANES).cloned().collect();
            spawn_local(async move {
                for id in ids {
                    let question = ProductNameById::build(IdVariables { id: cynic::Id::new(&id) });
                    let name = match api::ask(question).await {
                        Ok(answer) => answer.admin_product.title,
                        Err(failure) if failure.code == "NOT_FOUND" => "A product that is gone".to_owned(),
                        Err(_) => nameless("Product", &id),
                    };
                    if self.products.try_update(|known| known.insert(id, Some(name))).is_none() {
                        return;
                    }
                }
            });
        }
    }

    /// Keeps the name of a product.
    pub fn learn_product(self, id: &str, name: String) {
        self.products.update(|known| {
            known.insert(id.to_owned(), Some(name));
        });
    }

    /// Keeps the name of a variant.
    pub fn learn_variant(self, id: &str, name: String) {
        self.variants.update(|known| {
            known.insert(id.to_owned(), name);
        });
    }

    /// Name of a product; tracks what is learned.
    pub fn product(self, id: &str) -> String {
        self.products.with(|known| match known.get(id) {
            Some(Some(name)) => name.clone(),
            Some(None) => "…".to_owned(),
            None => nameless("Product", id),
        })
    }

    /// Name of a variant, as far as somebody chose it on this page; tracks what is learned.
    pub fn variant(self, id: &str) -> Option<String> {
        self.variants.with(|known| known.get(id).cloned())
    }

    /// Every collection; tracks what is learned.
    pub fn collections(self) -> Vec<(String, String)> {
        self.collections.get().unwrap_or_default()
    }

    /// Collections by id; tracks what is learned.
    pub fn named_collections(self, ids: &[String]) -> Vec<(String, String)> {
        self.collections.with(|known| {
            let name = |id: &String| match known {
                Some(known) => known
                    .iter()
                    .find(|(own, _)| own == id)
                    .map_or_else(|| "A collection that is gone".to_owned(), |(_, name)| name.clone()),
                None => nameless("Collection", id),
            };
            ids.iter().map(|id| (id.clone(), name(id))).collect()
        })
    }
}

/// Something that is known by its id alone.
pub fn nameless(what: &str, id: &str) -> String {
    let end: String = id.chars().skip(id.chars().count().saturating_sub(6)).collect();
    format!("{what} …{end}")
}

async fn collections() -> Option<Vec<(String, String)>> {
    let mut all = Vec::new();
    let mut after = None;
    for _ in 0..MOST_PAGES {
        let variables = CollectionsVariables { first: Some(100), after, last: None, before: None };
        let page = api::ask(Collections::build(variables)).await.ok()?.admin_collections;
        all.extend(page.nodes.into_iter().map(|row| (row.id.inner().to_owned(), row.title)));
        after = page.page_info.end_cursor.filter(|_| page.page_info.has_next_page);
        if after.is_none() {
            break;
        }
    }
    Some(all)
}
