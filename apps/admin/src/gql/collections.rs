//! Collections: the list, the editor, and the short list that pickers use.

use super::catalog::{AdminProductRow, IdVariablesFields};
use super::{DateTime, PageInfo, Picture, schema};

/// Variables of [`Collections`].
#[derive(cynic::QueryVariables, Debug)]
pub struct CollectionsVariables {
    /// Rows from the start.
    pub first: Option<i32>,
    /// Cursor in front.
    pub after: Option<String>,
    /// Rows towards the end.
    pub last: Option<i32>,
    /// Cursor behind.
    pub before: Option<String>,
}

/// One page of the list.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "CollectionsVariables")]
pub struct Collections {
    /// The rows.
    #[arguments(first: $first, after: $after, last: $last, before: $before)]
    pub admin_collections: CollectionRows,
}

/// The rows of a page.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "AdminCollectionConnection")]
pub struct CollectionRows {
    /// In order.
    pub nodes: Vec<CollectionRow>,
    /// Where the page stands.
    pub page_info: PageInfo,
    /// All of them.
    pub total_count: i32,
}

/// One line of the list.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "AdminCollection")]
pub struct CollectionRow {
    /// The collection.
    pub id: cynic::Id,
    /// Its address.
    pub slug: String,
    /// Its name.
    pub title: String,
    /// Its picture.
    pub picture: Option<Picture>,
    /// Products in it.
    pub product_count: i32,
    /// Last change.
    pub updated_at: DateTime,
}

/// Names of collections, for pickers.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query")]
pub struct CollectionNames {
    /// The first hundred.
    #[arguments(first: 100)]
    pub admin_collections: CollectionNameRows,
}

/// Names of collections.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "AdminCollectionConnection")]
pub struct CollectionNameRows {
    /// In order.
    pub nodes: Vec<CollectionName>,
}

/// A collection by name.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "AdminCollection")]
pub struct CollectionName {
    /// The collection.
    pub id: cynic::Id,
    /// Its name.
    pub title: String,
}

/// One collection, to edit.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "IdVariables")]
pub struct CollectionById {
    /// Nothing when there is none.
    #[arguments(id: $id)]
    pub admin_collection: Option<AdminCollection>,
}

/// A collection with everything that can be changed.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct AdminCollection {
    pub id: cynic::Id,
    pub slug: String,
    pub title: String,
    pub body_html: String,
    pub seo_title: String,
    pub seo_description: String,
    pub products: Vec<AdminProductRow>,
    pub version: i32,
}

/// The collection as it is after a change.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct CollectionPayload {
    /// With its new version.
    pub collection: AdminCollection,
}

/// What is gone.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct CollectionDeletePayload {
    /// Its id.
    pub deleted_id: cynic::Id,
}

/// A new collection.
#[derive(cynic::InputObject, Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct CollectionCreateInput {
    pub title: String,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub body_html: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub seo_title: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub seo_description: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub product_ids: Option<Vec<cynic::Id>>,
}

/// New texts of a collection; what is absent stays.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct CollectionUpdateInput {
    pub id: cynic::Id,
    pub version: i32,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub body_html: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub seo_title: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub seo_description: Option<String>,
}

/// Which collection in which version.
#[derive(cynic::InputObject, Clone, Debug)]
pub struct CollectionDeleteInput {
    /// The collection.
    pub id: cynic::Id,
    /// As it was seen.
    pub version: i32,
}

/// The products of a collection, in this order.
#[derive(cynic::InputObject, Clone, Debug)]
pub struct CollectionProductsSetInput {
    /// The collection.
    pub id: cynic::Id,
    /// As it was seen.
    pub version: i32,
    /// All of its products.
    pub product_ids: Vec<cynic::Id>,
}

super::mutations! {
    /// Makes a collection.
    CollectionCreate("CollectionCreateVariables", CollectionCreateVariables: CollectionCreateInput)
        -> collection_create: CollectionPayload;
    /// Changes its texts.
    CollectionUpdate("CollectionUpdateVariables", CollectionUpdateVariables: CollectionUpdateInput)
        -> collection_update: CollectionPayload;
    /// Sets its products.
    CollectionProductsSet("CollectionProductsSetVariables", CollectionProductsSetVariables: CollectionProductsSetInput)
        -> collection_products_set: CollectionPayload;
    /// Removes it; its products stay.
    CollectionDelete("CollectionDeleteVariables", CollectionDeleteVariables: CollectionDeleteInput)
        -> collection_delete: CollectionDeletePayload;
}
