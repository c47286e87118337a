//! Every door of the catalogue with its permission.

use platform::Access;
use platform::module::Feature;
use platform::surface::{Entry, owned_by};
use primitives::Permission as P;

/// What the outside can reach here.
pub fn surface() -> Vec<Entry> {
    owned_by(
        "catalog",
        vec![
            Entry::query("products", Access::Public),
            Entry::query("productFacets", Access::Public),
            Entry::query("product", Access::Public).id("id", "product"),
            Entry::query("collections", Access::Public),
            Entry::query("collection", Access::Public).id("id", "collection"),
            Entry::query("adminProducts", P::PRODUCTS_LIST).id("filter.collectionId", "collection"),
            Entry::query("adminProduct", P::PRODUCTS_READ).id("id", "product"),
            Entry::query("adminProductCounts", P::PRODUCTS_LIST),
            Entry::query("priceHistory", P::PRODUCTS_READ).id("variantId", "variant"),
            Entry::query("adminCollections", P::CATEGORIES_LIST),
            Entry::query("adminCollection", P::CATEGORIES_READ).id("id", "collection"),
            Entry::query("lowStock", P::INVENTORY_READ),
            Entry::query("inventory", P::INVENTORY_READ).id("locationId", "location"),
            Entry::query("stockShelves", P::INVENTORY_READ).id("variantId", "variant"),
            Entry::query("stockMovements", P::INVENTORY_READ)
                .id("filter.variantId", "variant")
                .id("filter.locationId", "location"),
            Entry::query("locations", P::INVENTORY_READ),
            Entry::query("location", P::INVENTORY_READ).id("id", "location"),
            Entry::query("stockTransfers", P::INVENTORY_READ),
            Entry::query("stockTransfer", P::INVENTORY_READ).id("id", "transfer"),
            Entry::query("stockCounts", P::INVENTORY_READ),
            Entry::query("stockCount", P::INVENTORY_READ).id("id", "stock_count"),
            Entry::query("stockDeliveries", P::INVENTORY_READ).id("variantId", "variant"),
            Entry::query("productExport", P::PRODUCTS_EXPORT).feature(Feature::CatalogFiles),
            Entry::mutation("productCreate", P::PRODUCTS_CREATE)
                .id("input.collectionIds", "collection")
                .id("input.media.mediaId", "media")
                .id("input.variants.id", "variant")
                .id("input.variants.imageId", "image"),
            Entry::mutation("productUpdate", P::PRODUCTS_UPDATE)
                .id("input.id", "product")
                .id("input.collectionIds", "collection"),
            Entry::mutation("productPublish", P::PRODUCTS_PUBLISH).id("input.id", "product"),
            Entry::mutation("productUnpublish", P::PRODUCTS_PUBLISH).id("input.id", "product"),
            Entry::mutation("productArchive", P::PRODUCTS_UPDATE).id("input.id", "product"),
            Entry::mutation("productRestore", P::PRODUCTS_UPDATE).id("input.id", "product"),
            Entry::mutation("productDelete", P::PRODUCTS_DELETE).id("input.id", "product"),
            Entry::mutation("productVariantsSave", P::PRODUCTS_UPDATE)
                .id("input.productId", "product")
                .id("input.variants.id", "variant")
                .id("input.variants.imageId", "image")
                .id("input.remove", "variant"),
            Entry::mutation("productMediaAttach", P::PRODUCTS_UPDATE)
                .id("input.productId", "product")
                .id("input.media.mediaId", "media"),
            Entry::mutation("productMediaReorder", P::PRODUCTS_UPDATE)
                .id("input.productId", "product")
                .id("input.imageIds", "image"),
            Entry::mutation("productMediaAlt", P::PRODUCTS_UPDATE)
                .id("input.productId", "product")
                .id("input.imageId", "image"),
            Entry::mutation("inventorySet", P::INVENTORY_UPDATE)
                .id("input.items.variantId", "variant")
                .id("input.items.locationId", "location"),
            Entry::mutation("inventoryAdjust", P::INVENTORY_UPDATE)
                .id("input.items.variantId", "variant")
                .id("input.items.locationId", "location"),
            Entry::mutation("inventoryHotSet", P::INVENTORY_MANAGE).id("input.variantId", "variant"),
            Entry::mutation("locationCreate", P::INVENTORY_CREATE),
            Entry::mutation("locationUpdate", P::INVENTORY_UPDATE).id("input.id", "location"),
            Entry::mutation("locationsOrder", P::INVENTORY_UPDATE).id("input.ids", "location"),
            Entry::mutation("stockTransferCreate", P::INVENTORY_CREATE)
                .id("input.fromId", "location")
                .id("input.toId", "location")
                .id("input.lines.variantId", "variant"),
            Entry::mutation("stockTransferUpdate", P::INVENTORY_UPDATE)
                .id("input.id", "transfer")
                .id("input.fromId", "location")
                .id("input.toId", "location")
                .id("input.lines.variantId", "variant"),
            Entry::mutation("stockTransferShip", P::INVENTORY_UPDATE).id("input.id", "transfer"),
            Entry::mutation("stockTransferReceive", P::INVENTORY_UPDATE)
                .id("input.id", "transfer")
                .id("input.lines.variantId", "variant"),
            Entry::mutation("stockTransferCancel", P::INVENTORY_UPDATE).id("input.id", "transfer"),
            Entry::mutation("stockCountBegin", P::INVENTORY_CREATE)
                .id("input.locationId", "location")
                .id("input.variantIds", "variant"),
            Entry::mutation("stockCountRecord", P::INVENTORY_UPDATE)
                .id("input.id", "stock_count")
                .id("input.lines.variantId", "variant"),
            Entry::mutation("stockCountApply", P::INVENTORY_UPDATE).id("input.id", "stock_count"),
            Entry::mutation("stockCountCancel", P::INVENTORY_UPDATE).id("input.id", "stock_count"),
            Entry::mutation("stockDeliveryAnnounce", P::INVENTORY_CREATE)
                .id("input.variantId", "variant")
                .id("input.locationId", "location"),
            Entry::mutation("stockDeliveryReceive", P::INVENTORY_UPDATE).id("input.id", "delivery"),
            Entry::mutation("stockDeliveryCancel", P::INVENTORY_UPDATE).id("input.id", "delivery"),
            Entry::mutation("collectionCreate", P::CATEGORIES_CREATE)
                .id("input.mediaId", "media")
                .id("input.productIds", "product"),
            Entry::mutation("collectionUpdate", P::CATEGORIES_UPDATE)
                .id("input.id", "collection")
                .id("input.mediaId", "media"),
            Entry::mutation("collectionDelete", P::CATEGORIES_DELETE).id("input.id", "collection"),
            Entry::mutation("collectionProductsSet", P::CATEGORIES_UPDATE)
                .id("input.id", "collection")
                .id("input.productIds", "product"),
            Entry::mutation("importPreview", P::PRODUCTS_IMPORT).feature(Feature::CatalogFiles),
            Entry::mutation("importApply", P::PRODUCTS_IMPORT).feature(Feature::CatalogFiles),
            Entry::rest("POST", "/api/v1/import/shopify", P::PRODUCTS_IMPORT).feature(Feature::CatalogFiles),
            Entry::rest("GET", "/api/v1/export/shopify", P::PRODUCTS_EXPORT).feature(Feature::CatalogFiles),
        ],
    )
}
