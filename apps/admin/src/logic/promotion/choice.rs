//! Which things a promotion means.

use crate::gql::promotions::{Selection, SelectionInput};

/// Which things are meant.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Choice {
    /// Not everything, only what is named.
    pub some: bool,
    pub products: Vec<String>,
    pub variants: Vec<String>,
    pub collections: Vec<String>,
    pub tags: Vec<String>,
    pub not_products: Vec<String>,
    pub not_collections: Vec<String>,
    pub not_tags: Vec<String>,
}

/// One of the lists of a [`Choice`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Things {
    Products,
    Variants,
    Collections,
    Tags,
    NotProducts,
    NotCollections,
    NotTags,
}

impl Choice {
    /// What is saved.
    pub(super) fn of(saved: Option<&Selection>) -> Self {
        let Some(saved) = saved else { return Self::default() };
        let ids = |ids: &[cynic::Id]| ids.iter().map(|id| id.inner().to_owned()).collect::<Vec<_>>();
        let mut choice = Self {
            some: false,
            products: ids(&saved.products),
            variants: ids(&saved.variants),
            collections: ids(&saved.collections),
            tags: saved.tags.clone(),
            not_products: ids(&saved.not_products),
            not_collections: ids(&saved.not_collections),
            not_tags: saved.not_tags.clone(),
        };
        choice.some = !choice.names_nothing();
        choice
    }

    /// One of its lists.
    pub fn list(&self, set: Things) -> &Vec<String> {
        match set {
            Things::Products => &self.products,
            Things::Variants => &self.variants,
            Things::Collections => &self.collections,
            Things::Tags => &self.tags,
            Things::NotProducts => &self.not_products,
            Things::NotCollections => &self.not_collections,
            Things::NotTags => &self.not_tags,
        }
    }

    /// The same choice with another list.
    #[must_use]
    pub fn with(mut self, set: Things, list: Vec<String>) -> Self {
        let place = match set {
            Things::Products => &mut self.products,
            Things::Variants => &mut self.variants,
            Things::Collections => &mut self.collections,
            Things::Tags => &mut self.tags,
            Things::NotProducts => &mut self.not_products,
            Things::NotCollections => &mut self.not_collections,
            Things::NotTags => &mut self.not_tags,
        };
        *place = list;
        self
    }

    /// Whether something is left out.
    pub fn excludes(&self) -> bool {
        [&self.not_products, &self.not_collections, &self.not_tags].iter().any(|list| !list.is_empty())
    }

    pub(super) fn names_nothing(&self) -> bool {
        [&self.products, &self.variants, &self.collections, &self.tags].iter().all(|list| list.is_empty())
    }

    /// Without what is not meant: with everything, no single things.
    pub(super) fn meant(&self) -> Self {
        let everything = Self {
            not_products: self.not_products.clone(),
            not_collections: self.not_collections.clone(),
            not_tags: self.not_tags.clone(),
            ..Self::default()
        };
        if self.some { self.clone() } else { everything }
    }

    pub(super) fn input(&self) -> Option<SelectionInput> {
        let meant = self.meant();
        let ids = |ids: &[String]| ids.iter().map(cynic::Id::new).collect::<Vec<_>>();
        (!meant.names_nothing() || meant.excludes()).then(|| SelectionInput {
            products: ids(&meant.products),
            variants: ids(&meant.variants),
            collections: ids(&meant.collections),
            tags: meant.tags.clone(),
            not_products: ids(&meant.not_products),
            not_collections: ids(&meant.not_collections),
            not_tags: meant.not_tags.clone(),
        })
    }
}
