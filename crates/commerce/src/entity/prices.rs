//! Price lists and promotions.

use platform::tenant_table;

tenant_table! {
    /// Promotions: conditions and action as one document, what is counted beside it.
    promotion, "promotion", "promotion", Id,
    key { id: Uuid }
    columns {
        name: String,
        document: String,
        currency: String,
        active: bool,
        starts_at: Option<i64>,
        ends_at: Option<i64>,
        priority: i64,
        use_limit: Option<i64>,
        shopper_limit: Option<i64>,
        budget_minor: Option<i64>,
        uses: i64,
        spent_minor: i64,
        version: i64,
        created_at: i64,
        updated_at: i64,
    }
    audit { name, document, currency }
}

tenant_table! {
    /// Codes that open promotions.
    promotion_code, "promotion_code", "promotion", PromotionId,
    key { code: String }
    columns { promotion_id: Uuid }
    audit { code }
}

tenant_table! {
    /// Which order used which promotion.
    promotion_use, "promotion_use", "promotion", PromotionId,
    key { promotion_id: Uuid, order_id: Uuid }
    columns {
        customer_id: Uuid,
        amount_minor: i64,
        at: i64,
        released_at: Option<i64>,
    }
}

tenant_table! {
    /// Which groups a promotion names; what a group that is to be deleted is asked about.
    promotion_group, "promotion_group", "promotion", PromotionId,
    key { promotion_id: Uuid, group_id: Uuid }
    columns {}
    audit none
}

tenant_table! {
    /// Lists of prices.
    price_list, "price_list", "price list", Id,
    key { id: Uuid }
    columns {
        name: String,
        currency: String,
        includes_tax: bool,
        countries: String,
        starts_at: Option<i64>,
        ends_at: Option<i64>,
        priority: i32,
        active: bool,
        archived_at: Option<i64>,
        version: i64,
        created_at: i64,
        updated_at: i64,
    }
    audit { name, currency, countries }
}

tenant_table! {
    /// Which groups a price list is for.
    price_list_group, "price_list_group", "price list", ListId,
    key { list_id: Uuid, group_id: Uuid }
    columns {}
}

tenant_table! {
    /// Prices of a list, from some number of pieces on.
    price_list_price, "price_list_price", "price list", ListId,
    key { list_id: Uuid, variant_id: Uuid, min_quantity: i32 }
    columns {
        price_minor: i64,
        compare_at_minor: Option<i64>,
    }
}
