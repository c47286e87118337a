//! Rows. They stay in this crate; readers get [`crate::view`]s.

use platform::tenant_table;

tenant_table! {
    /// Products.
    product, "product", "product", Id,
    key { id: Uuid }
    columns {
        slug: String,
        title: String,
        body: String,
        vendor: String,
        product_type: String,
        tags: String,
        seo_title: String,
        seo_description: String,
        option_names: String,
        status: String,
        source_columns: String,
        version: i64,
        created_at: i64,
        updated_at: i64,
        published_at: Option<i64>,
    }
    audit { slug, title, body, vendor, product_type, tags, seo_title, seo_description, option_names, status }
}

tenant_table! {
    /// How many published reviews give how many stars.
    product_rating, "product_rating", "product", ProductId,
    key { product_id: Uuid }
    columns {
        stars_1: i64,
        stars_2: i64,
        stars_3: i64,
        stars_4: i64,
        stars_5: i64,
        version: i64,
    }
    audit none
}

tenant_table! {
    /// Addresses that products had before.
    product_slug, "product_slug", "product", ProductId,
    key { slug: String }
    columns {
        product_id: Uuid,
        created_at: i64,
    }
    audit { slug }
}

tenant_table! {
    /// What can be sold.
    variant, "variant", "variant", Id,
    key { id: Uuid }
    columns {
        product_id: Uuid,
        position: i32,
        option_values: String,
        sku: String,
        barcode: String,
        currency: String,
        price_minor: i64,
        compare_at_minor: Option<i64>,
        weight_grams: i64,
        weight_unit: String,
        requires_shipping: bool,
        taxable: bool,
        tax_category: String,
        image_id: Option<Uuid>,
        source_columns: String,
    }
    audit { option_values, sku, barcode, currency, weight_unit, tax_category }
}

tenant_table! {
    /// Every change of a variant's price; append-only.
    price_change, "price_change", "variant", VariantId,
    key { variant_id: Uuid, seq: i64 }
    columns {
        currency: String,
        price_minor: i64,
        compare_at_minor: Option<i64>,
        prior_minor: Option<i64>,
        offered: bool,
        at: i64,
        actor_id: Option<Uuid>,
    }
    audit none
}

tenant_table! {
    /// Pictures of products, in order.
    product_image, "product_image", "image", Id,
    key { id: Uuid }
    columns {
        product_id: Uuid,
        media_id: Uuid,
        position: i32,
        alt: String,
        source_url: String,
    }
    audit { alt, source_url }
}

tenant_table! {
    /// Collections.
    collection, "collection", "collection", Id,
    key { id: Uuid }
    columns {
        slug: String,
        title: String,
        body: String,
        seo_title: String,
        seo_description: String,
        position: i32,
        media_id: Option<Uuid>,
        version: i64,
        created_at: i64,
        updated_at: i64,
    }
    audit { slug, title, body, seo_title, seo_description }
}

tenant_table! {
    /// Addresses that collections had before.
    collection_slug, "collection_slug", "collection", CollectionId,
    key { slug: String }
    columns {
        collection_id: Uuid,
        created_at: i64,
    }
    audit { slug }
}

tenant_table! {
    /// Which products a collection shows, in which order.
    collection_product, "collection_product", "product", ProductId,
    key { collection_id: Uuid, product_id: Uuid }
    columns {
        position: i64,
    }
}

tenant_table! {
    /// Places where stock lies.
    location, "location", "location", Id,
    key { id: Uuid }
    columns {
        name: String,
        country: String,
        address: String,
        active: bool,
        priority: i32,
        is_default: bool,
        version: i64,
        created_at: i64,
        updated_at: i64,
    }
    audit { name, country, address }
}

tenant_table! {
    /// Pieces on the shelf and promised pieces, a row per variant, location and bucket.
    stock_level, "stock_level", "variant", VariantId,
    key { variant_id: Uuid, location_id: Uuid, bucket: i32 }
    columns {
        on_hand: i64,
        reserved: i64,
        threshold: i64,
        tracked: bool,
        policy: String,
        sells: bool,
        updated_at: i64,
    }
    audit { policy }
}

tenant_table! {
    /// Who holds how many promised pieces of which shelf until when.
    stock_reservation, "stock_reservation", "reservation", Holder,
    key { holder: Uuid, variant_id: Uuid, location_id: Uuid, bucket: i32 }
    columns {
        quantity: i64,
        created_at: i64,
        expires_at: Option<i64>,
    }
    audit none
}

tenant_table! {
    /// Every change of the count on a shelf; append-only.
    stock_movement, "stock_movement", "movement", Id,
    key { id: Uuid }
    columns {
        variant_id: Uuid,
        location_id: Uuid,
        delta: i64,
        on_hand_after: i64,
        reason: String,
        reference: Option<Uuid>,
        note: String,
        actor_id: Option<Uuid>,
        at: i64,
    }
    audit { reason, note }
}

tenant_table! {
    /// Pieces that a supplier is to bring.
    stock_incoming, "stock_incoming", "delivery", Id,
    key { id: Uuid }
    columns {
        variant_id: Uuid,
        location_id: Uuid,
        quantity: i64,
        received: i64,
        expected_at: Option<i64>,
        note: String,
        state: String,
        version: i64,
        created_at: i64,
        updated_at: i64,
    }
    audit { note, state }
}

tenant_table! {
    /// Pieces on their way from one location to another.
    stock_transfer, "stock_transfer", "transfer", Id,
    key { id: Uuid }
    columns {
        from_id: Uuid,
        to_id: Uuid,
        state: String,
        note: String,
        version: i64,
        created_at: i64,
        shipped_at: Option<i64>,
        closed_at: Option<i64>,
    }
    audit { state, note }
}

tenant_table! {
    /// What a transfer moves.
    stock_transfer_line, "stock_transfer_line", "transfer", TransferId,
    key { transfer_id: Uuid, variant_id: Uuid }
    columns {
        quantity: i64,
        received: i64,
    }
}

tenant_table! {
    /// Somebody counts a location.
    stock_count, "stock_count", "stock count", Id,
    key { id: Uuid }
    columns {
        location_id: Uuid,
        state: String,
        note: String,
        version: i64,
        created_at: i64,
        closed_at: Option<i64>,
    }
    audit { state, note }
}

tenant_table! {
    /// What was on a shelf and what was found there.
    stock_count_line, "stock_count_line", "stock count", CountId,
    key { count_id: Uuid, variant_id: Uuid }
    columns {
        expected: i64,
        counted: Option<i64>,
    }
}

tenant_table! {
    /// Read model: a product as lists find and show it.
    product_doc, "product_doc", "product", ProductId,
    key { product_id: Uuid }
    columns {
        slug: String,
        status: String,
        title_sort: String,
        vendor_key: String,
        type_key: String,
        tag_keys: String,
        search: String,
        price_min: i64,
        price_max: i64,
        currency: String,
        in_stock: bool,
        stock_state: String,
        stock: Option<i64>,
        variant_count: i32,
        featured: i64,
        published_at: i64,
        updated_at: i64,
        version: i64,
        card: String,
    }
    audit none
}

tenant_table! {
    /// Read model: a product as its page and the staff's table show it.
    product_text, "product_text", "product", ProductId,
    key { product_id: Uuid }
    columns {
        page: String,
        staff: String,
    }
    audit none
}

tenant_table! {
    /// Read model: the stock word that a document shows for a variant.
    variant_doc, "variant_doc", "variant", VariantId,
    key { variant_id: Uuid }
    columns {
        product_id: Uuid,
        availability: String,
    }
    audit none
}

tenant_table! {
    /// Read model: option values by which lists are narrowed.
    product_facet, "product_facet", "product", ProductId,
    key { product_id: Uuid, name_key: String, value_key: String }
    columns {
        name: String,
        value: String,
    }
    audit none
}

tenant_table! {
    /// Read model: collections as readers see them.
    collection_doc, "collection_doc", "collection", CollectionId,
    key { collection_id: Uuid }
    columns {
        slug: String,
        position: i32,
        product_count: i32,
        view: String,
    }
    audit none
}
