//! What this module announces. The wire form of each event is pinned by a test.

use events::{Aggregate, DomainEvent, EventError, validate};
use primitives::{CollectionId, Currency, LocationId, MediaId, ProductId, VariantId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Something that happened in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
#[allow(missing_docs, reason = "the field names are the documentation of the wire form")]
pub enum CatalogEvent {
    /// `product.created`
    ProductCreated { product_id: ProductId, slug: String, variant_ids: Vec<VariantId> },
    /// `product.updated`
    ProductUpdated { product_id: ProductId, changed: Vec<String> },
    /// `product.published`
    ProductPublished { product_id: ProductId, slug: String },
    /// `product.unpublished`
    ProductUnpublished { product_id: ProductId },
    /// `product.archived`
    ProductArchived { product_id: ProductId },
    /// `product.deleted`
    ProductDeleted { product_id: ProductId, slug: String },
    /// `product.rated`: other stars, or other words beside them.
    ProductRated { product_id: ProductId },
    /// `variant.created`
    VariantCreated { product_id: ProductId, variant_id: VariantId, sku: String },
    /// `variant.updated`
    VariantUpdated { product_id: ProductId, variant_id: VariantId },
    /// `variant.deleted`
    VariantDeleted { product_id: ProductId, variant_id: VariantId },
    /// `price.updated`
    PriceUpdated {
        product_id: ProductId,
        variant_id: VariantId,
        currency: Currency,
        old: PriceFact,
        new: PriceFact,
    },
    /// `category.created`: a collection.
    CategoryCreated { collection_id: CollectionId, slug: String },
    /// `category.updated`
    CategoryUpdated { collection_id: CollectionId, changed: Vec<String> },
    /// `category.deleted`
    CategoryDeleted { collection_id: CollectionId, slug: String },
    /// `inventory.updated`: the count of all locations together is another one.
    InventoryUpdated { variant_id: VariantId, old: i64, new: i64, reason: String },
    /// `inventory.low`: it fell to the low mark or under it.
    InventoryLow { variant_id: VariantId, available: i64 },
    /// `inventory.reserved`
    InventoryReserved { holder: Uuid, lines: Vec<StockLine> },
    /// `inventory.released`: promised pieces are free again, or left the shelf with a shipment.
    InventoryReleased { holder: Uuid, lines: Vec<StockLine> },
    /// `location.created`
    LocationCreated { location_id: LocationId },
    /// `location.updated`
    LocationUpdated { location_id: LocationId, changed: Vec<String> },
}

impl DomainEvent for CatalogEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::ProductCreated { .. } => "product.created",
            Self::ProductUpdated { .. } => "product.updated",
            Self::ProductPublished { .. } => "product.published",
            Self::ProductUnpublished { .. } => "product.unpublished",
            Self::ProductArchived { .. } => "product.archived",
            Self::ProductDeleted { .. } => "product.deleted",
            Self::ProductRated { .. } => "product.rated",
            Self::VariantCreated { .. } => "variant.created",
            Self::VariantUpdated { .. } => "variant.updated",
            Self::VariantDeleted { .. } => "variant.deleted",
            Self::PriceUpdated { .. } => "price.updated",
            Self::CategoryCreated { .. } => "category.created",
            Self::CategoryUpdated { .. } => "category.updated",
            Self::CategoryDeleted { .. } => "category.deleted",
            Self::InventoryUpdated { .. } => "inventory.updated",
            Self::InventoryLow { .. } => "inventory.low",
            Self::InventoryReserved { .. } => "inventory.reserved",
            Self::InventoryReleased { .. } => "inventory.released",
            Self::LocationCreated { .. } => "location.created",
            Self::LocationUpdated { .. } => "location.updated",
        }
    }

    fn aggregate(&self) -> Aggregate {
        match self {
            Self::ProductCreated { product_id, .. }
            | Self::ProductUpdated { product_id, .. }
            | Self::ProductPublished { product_id, .. }
            | Self::ProductUnpublished { product_id }
            | Self::ProductArchived { product_id }
            | Self::ProductDeleted { product_id, .. }
            | Self::ProductRated { product_id }
            | Self::VariantCreated { product_id, .. }
            | Self::VariantUpdated { product_id, .. }
            | Self::VariantDeleted { product_id, .. }
            | Self::PriceUpdated { product_id, .. } => Aggregate::new("product", *product_id),
            Self::CategoryCreated { collection_id, .. }
            | Self::CategoryUpdated { collection_id, .. }
            | Self::CategoryDeleted { collection_id, .. } => Aggregate::new("category", *collection_id),
            Self::InventoryUpdated { variant_id, .. } | Self::InventoryLow { variant_id, .. } => {
                Aggregate::new("variant", *variant_id)
            }
            // Each holder is its own aggregate: buyers of one thing do not queue behind each other.
            Self::InventoryReserved { holder, .. } | Self::InventoryReleased { holder, .. } => {
                Aggregate::new("reservation", *holder)
            }
            Self::LocationCreated { location_id } | Self::LocationUpdated { location_id, .. } => {
                Aggregate::new("location", *location_id)
            }
        }
    }

    fn is_audited(&self) -> bool {
        // Whoever judged the review is in the log with that.
        !matches!(self, Self::ProductRated { .. })
    }

    fn validate(&self) -> Result<(), EventError> {
        match self {
            Self::VariantCreated { variant_id, .. }
            | Self::VariantUpdated { variant_id, .. }
            | Self::VariantDeleted { variant_id, .. } => validate::id("variant_id", *variant_id),
            Self::PriceUpdated { variant_id, old, new, .. } => {
                validate::id("variant_id", *variant_id)?;
                validate::not_negative("new", new.price_minor)?;
                validate::not_negative("new", new.compare_at_minor.unwrap_or(0))?;
                validate::changed("new", old, new)
            }
            Self::InventoryUpdated { old, new, reason, .. } => {
                validate::reason("reason", reason)?;
                validate::changed("new", old, new)
            }
            Self::InventoryReserved { lines, .. } | Self::InventoryReleased { lines, .. } => {
                lines.iter().try_for_each(|line| {
                    validate::id("variant_id", line.variant_id)?;
                    validate::not_negative("quantity", line.quantity)
                })
            }
            _ => Ok(()),
        }
    }
}

/// A price in minor units with its struck-out price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PriceFact {
    /// What it costs.
    pub price_minor: i64,
    /// The struck-out price.
    pub compare_at_minor: Option<i64>,
}

/// So many pieces of one variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StockLine {
    /// Which one.
    pub variant_id: VariantId,
    /// How many.
    pub quantity: i64,
}

/// What the projection reads from any of our payloads: which documents may look different now.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Touched {
    pub product_id: Option<ProductId>,
    pub collection_id: Option<CollectionId>,
    pub media_id: Option<MediaId>,
    pub variant_id: Option<VariantId>,
    pub location_id: Option<LocationId>,
    pub changed: Vec<String>,
    pub lines: Vec<StockLine>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The wire form that other systems read; changing a line here needs a new schema version.
    #[test]
    fn the_wire_form_is_pinned() {
        let nil = Uuid::nil();
        let (product_id, variant_id, collection_id) = (nil.into(), VariantId::from_uuid(nil), nil.into());
        let location_id = LocationId::from_uuid(nil);
        let fact = |price_minor| PriceFact { price_minor, compare_at_minor: None };
        let lines = || vec![StockLine { variant_id, quantity: 2 }];
        let events = [
            CatalogEvent::ProductCreated { product_id, slug: "a".into(), variant_ids: vec![variant_id] },
            CatalogEvent::ProductUpdated { product_id, changed: vec!["title".into()] },
            CatalogEvent::ProductPublished { product_id, slug: "a".into() },
            CatalogEvent::ProductUnpublished { product_id },
            CatalogEvent::ProductArchived { product_id },
            CatalogEvent::ProductDeleted { product_id, slug: "a".into() },
            CatalogEvent::ProductRated { product_id },
            CatalogEvent::VariantCreated { product_id, variant_id, sku: "S".into() },
            CatalogEvent::VariantUpdated { product_id, variant_id },
            CatalogEvent::VariantDeleted { product_id, variant_id },
            CatalogEvent::PriceUpdated {
                product_id,
                variant_id,
                currency: Currency::EUR,
                old: fact(1),
                new: fact(2),
            },
            CatalogEvent::CategoryCreated { collection_id, slug: "a".into() },
            CatalogEvent::CategoryUpdated { collection_id, changed: vec!["products".into()] },
            CatalogEvent::CategoryDeleted { collection_id, slug: "a".into() },
            CatalogEvent::InventoryUpdated { variant_id, old: 1, new: 2, reason: "count".into() },
            CatalogEvent::InventoryLow { variant_id, available: 3 },
            CatalogEvent::InventoryReserved { holder: nil, lines: lines() },
            CatalogEvent::InventoryReleased { holder: nil, lines: lines() },
            CatalogEvent::LocationCreated { location_id },
            CatalogEvent::LocationUpdated { location_id, changed: vec!["active".into()] },
        ];
        let id = nil.to_string();
        let wire = events.map(|event| {
            let payload = serde_json::to_string(&event).unwrap().replace(&id, "0");
            format!("{} {} {payload}", event.kind(), event.aggregate().kind)
        });
        assert_eq!(
            wire,
            [
                r#"product.created product {"productId":"0","slug":"a","variantIds":["0"]}"#,
                r#"product.updated product {"productId":"0","changed":["title"]}"#,
                r#"product.published product {"productId":"0","slug":"a"}"#,
                r#"product.unpublished product {"productId":"0"}"#,
                r#"product.archived product {"productId":"0"}"#,
                r#"product.deleted product {"productId":"0","slug":"a"}"#,
                r#"product.rated product {"productId":"0"}"#,
                r#"variant.created product {"productId":"0","variantId":"0","sku":"S"}"#,
                r#"variant.updated product {"productId":"0","variantId":"0"}"#,
                r#"variant.deleted product {"productId":"0","variantId":"0"}"#,
                r#"price.updated product {"productId":"0","variantId":"0","currency":"EUR","old":{"priceMinor":1,"compareAtMinor":null},"new":{"priceMinor":2,"compareAtMinor":null}}"#,
                r#"category.created category {"collectionId":"0","slug":"a"}"#,
                r#"category.updated category {"collectionId":"0","changed":["products"]}"#,
                r#"category.deleted category {"collectionId":"0","slug":"a"}"#,
                r#"inventory.updated variant {"variantId":"0","old":1,"new":2,"reason":"count"}"#,
                r#"inventory.low variant {"variantId":"0","available":3}"#,
                r#"inventory.reserved reservation {"holder":"0","lines":[{"variantId":"0","quantity":2}]}"#,
                r#"inventory.released reservation {"holder":"0","lines":[{"variantId":"0","quantity":2}]}"#,
                r#"location.created location {"locationId":"0"}"#,
                r#"location.updated location {"locationId":"0","changed":["active"]}"#,
            ]
        );
    }

    #[test]
    fn a_change_to_the_same_value_is_refused() {
        let variant_id = VariantId::new();
        let same = CatalogEvent::InventoryUpdated { variant_id, old: 2, new: 2, reason: "count".into() };
        assert!(same.validate().is_err());
        let back = CatalogEvent::InventoryUpdated { variant_id, old: 0, new: -2, reason: "count".into() };
        assert!(back.validate().is_ok(), "a shelf may owe pieces");
    }
}
