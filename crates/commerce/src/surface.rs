//! Every door of this module.

use platform::Access;
use platform::surface::Entry;
use primitives::Permission;

/// Every door of this module.
pub fn surface() -> Vec<Entry> {
    vec![
        Entry::query("cart", Access::Public),
        Entry::query("checkout", Access::Public),
        Entry::query("orderByToken", Access::Public),
        Entry::query("myOrders", Access::SignedIn),
        Entry::query("myOrder", Access::SignedIn).id("id", "order"),
        Entry::query("orders", Access::Owned(Permission::ORDERS_LIST)).id("filter.customerId", "customer"),
        Entry::query("orderCounts", Access::Owned(Permission::ORDERS_LIST)),
        Entry::query("order", Access::Owned(Permission::ORDERS_READ)).id("id", "order"),
        Entry::query("customers", Access::Owned(Permission::CUSTOMERS_LIST)),
        Entry::query("customer", Access::Owned(Permission::CUSTOMERS_READ)).id("id", "customer"),
        Entry::query("dashboard", Permission::ANALYTICS_READ),
        Entry::query("commerceSettings", Permission::SETTINGS_READ),
        Entry::mutation("cartLinesAdd", Access::Public).id("input.lines.variantId", "variant"),
        Entry::mutation("cartLinesUpdate", Access::Public).id("input.lines.id", "cart_line"),
        Entry::mutation("cartLinesRemove", Access::Public).id("input.ids", "cart_line"),
        Entry::mutation("cartCodesSet", Access::Public),
        Entry::mutation("checkoutPlace", Access::Public).id("input.cart", "cart"),
        Entry::mutation("orderMarkPaid", Permission::PAYMENTS_UPDATE).id("input.id", "order"),
        Entry::mutation("orderShip", Permission::ORDERS_UPDATE).id("input.id", "order"),
        Entry::mutation("orderDeliver", Permission::ORDERS_UPDATE).id("input.id", "order"),
        Entry::mutation("orderCancel", Permission::ORDERS_UPDATE).id("input.id", "order"),
        Entry::mutation("orderNoteAdd", Permission::ORDERS_READ).id("input.id", "order"),
        Entry::mutation("orderRefund", Permission::ORDERS_REFUND).id("input.id", "order"),
        Entry::mutation("orderAttentionClear", Permission::ORDERS_UPDATE).id("input.id", "order"),
        Entry::mutation("commerceSettingsUpdate", Permission::SETTINGS_UPDATE),
        Entry::query("promotions", Permission::PROMOTIONS_LIST),
        Entry::query("promotion", Permission::PROMOTIONS_READ).id("id", "promotion"),
        Entry::query("promotionTrial", Permission::PROMOTIONS_READ)
            .id("input.action.variantId", "variant")
            .id("input.action.of.products", "product")
            .id("input.action.of.collections", "collection"),
        Entry::mutation("promotionCreate", Permission::PROMOTIONS_CREATE)
            .id("input.action.variantId", "variant")
            .id("input.action.of.products", "product")
            .id("input.action.of.collections", "collection"),
        Entry::mutation("promotionUpdate", Permission::PROMOTIONS_UPDATE).id("id", "promotion"),
        Entry::mutation("promotionDelete", Permission::PROMOTIONS_DELETE).id("id", "promotion"),
        // A gateway reports what has begun, also after the shop stopped selling.
        Entry::rest("POST", "/webhooks/payments/{provider}", Access::Public).always_open(),
    ]
}
