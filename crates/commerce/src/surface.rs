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
        Entry::query("orderPapers", Access::Owned(Permission::ORDERS_READ)).id("id", "order"),
        Entry::query("myOrderPapers", Access::SignedIn).id("id", "order"),
        Entry::query("orderPapersByToken", Access::Public),
        Entry::mutation("orderInvoiceIssue", Permission::ORDERS_READ).id("id", "order"),
        Entry::query("seller", Permission::SETTINGS_READ),
        Entry::mutation("sellerUpdate", Permission::SETTINGS_UPDATE),
        Entry::rest("GET", "/api/v1/orders/{id}/papers/{paper}", Access::Owned(Permission::ORDERS_READ))
            .id("{id}", "order"),
        Entry::query("orders", Access::Owned(Permission::ORDERS_LIST)).id("filter.customerId", "customer"),
        Entry::query("orderCounts", Access::Owned(Permission::ORDERS_LIST)),
        Entry::query("order", Access::Owned(Permission::ORDERS_READ)).id("id", "order"),
        Entry::query("draftOrders", Permission::ORDERS_LIST).id("customerId", "customer"),
        Entry::query("draftOrder", Permission::ORDERS_READ).id("id", "draft_order"),
        Entry::query("draftOrderPreview", Permission::ORDERS_READ)
            .id("id", "draft_order")
            .id("input.customerId", "customer")
            .id("input.lines.variantId", "variant"),
        Entry::mutation("draftOrderCreate", Permission::ORDERS_CREATE)
            .id("input.customerId", "customer")
            .id("input.lines.variantId", "variant"),
        Entry::mutation("draftOrderUpdate", Permission::ORDERS_UPDATE)
            .id("id", "draft_order")
            .id("input.customerId", "customer")
            .id("input.lines.variantId", "variant"),
        Entry::mutation("draftOrderDelete", Permission::ORDERS_DELETE).id("id", "draft_order"),
        Entry::mutation("draftOrderSend", Permission::ORDERS_UPDATE).id("id", "draft_order"),
        Entry::mutation("draftOrderComplete", Permission::ORDERS_CREATE).id("input.id", "draft_order"),
        Entry::query("customers", Access::Owned(Permission::CUSTOMERS_LIST)).id("groupId", "customer_group"),
        Entry::query("customer", Access::Owned(Permission::CUSTOMERS_READ)).id("id", "customer"),
        Entry::query("customerGroups", Permission::CUSTOMERS_LIST),
        Entry::query("customerGroup", Permission::CUSTOMERS_READ).id("id", "customer_group"),
        Entry::mutation("customerGroupCreate", Permission::CUSTOMERS_CREATE),
        Entry::mutation("customerGroupUpdate", Permission::CUSTOMERS_UPDATE).id("id", "customer_group"),
        Entry::mutation("customerGroupDelete", Permission::CUSTOMERS_DELETE).id("id", "customer_group"),
        Entry::mutation("customerGroupMembersAdd", Permission::CUSTOMERS_UPDATE)
            .id("input.id", "customer_group")
            .id("input.customerIds", "customer"),
        Entry::mutation("customerGroupMembersRemove", Permission::CUSTOMERS_UPDATE)
            .id("input.id", "customer_group")
            .id("input.customerIds", "customer"),
        Entry::mutation("customerCreate", Permission::CUSTOMERS_CREATE)
            .id("input.groupIds", "customer_group"),
        Entry::mutation("customerRename", Permission::CUSTOMERS_UPDATE).id("input.id", "customer"),
        Entry::mutation("customerTaxSet", Permission::CUSTOMERS_UPDATE).id("input.id", "customer"),
        Entry::query("customerData", Permission::CUSTOMERS_EXPORT).id("id", "customer"),
        Entry::query("myData", Access::SignedIn),
        Entry::mutation("customerErase", Permission::CUSTOMERS_DELETE).id("input.id", "customer"),
        Entry::mutation("myAccountErase", Access::SignedIn),
        Entry::query("customersExport", Permission::CUSTOMERS_EXPORT).id("groupId", "customer_group"),
        Entry::query("myConsent", Access::SignedIn),
        Entry::mutation("customerNoteAdd", Permission::CUSTOMERS_READ).id("input.id", "customer"),
        Entry::mutation("customerConsentSet", Permission::CUSTOMERS_UPDATE).id("input.id", "customer"),
        Entry::mutation("myConsentSet", Access::SignedIn),
        Entry::mutation("orderConsentGive", Access::Public),
        Entry::query("myAddresses", Access::SignedIn),
        Entry::mutation("myAddressPut", Access::SignedIn).id("input.id", "address"),
        Entry::mutation("myAddressPrefer", Access::SignedIn).id("id", "address"),
        Entry::mutation("myAddressDelete", Access::SignedIn).id("id", "address"),
        Entry::query("dashboard", Permission::ANALYTICS_READ),
        Entry::query("commerceSettings", Permission::SETTINGS_READ),
        Entry::query("taxCategories", Permission::PRODUCTS_READ),
        Entry::mutation("cartLinesAdd", Access::Public).id("input.lines.variantId", "variant"),
        Entry::mutation("cartLinesUpdate", Access::Public).id("input.lines.id", "cart_line"),
        Entry::mutation("cartLinesRemove", Access::Public).id("input.ids", "cart_line"),
        Entry::mutation("cartCodesSet", Access::Public),
        Entry::mutation("cartLineSave", Access::Public).id("input.id", "cart_line"),
        Entry::mutation("cartSavedTakeBack", Access::Public).id("input.id", "saved_line"),
        Entry::mutation("cartSavedRemove", Access::Public).id("input.id", "saved_line"),
        Entry::mutation("orderAgain", Access::Public).id("input.orderId", "order"),
        Entry::mutation("checkoutPlace", Access::Public).id("input.cart", "cart"),
        Entry::mutation("orderMarkPaid", Permission::PAYMENTS_UPDATE).id("input.id", "order"),
        Entry::query("paymentProviders", Permission::SETTINGS_READ),
        Entry::mutation("paymentProviderSet", Permission::SETTINGS_UPDATE),
        Entry::mutation("paymentProviderRemove", Permission::SETTINGS_UPDATE),
        Entry::query("paymentDisputes", Permission::PAYMENTS_LIST),
        Entry::query("paymentDiscrepancies", Permission::PAYMENTS_LIST),
        Entry::mutation("paymentCheck", Permission::PAYMENTS_UPDATE).id("input.id", "order"),
        Entry::mutation("orderCapture", Permission::PAYMENTS_UPDATE).id("input.id", "order"),
        Entry::mutation("orderRelease", Permission::PAYMENTS_UPDATE).id("input.id", "order"),
        Entry::mutation("orderShip", Permission::ORDERS_UPDATE)
            .id("input.id", "order")
            .id("input.lines.lineId", "order_line"),
        Entry::mutation("fulfilmentTrack", Permission::ORDERS_UPDATE).id("input.id", "fulfilment"),
        Entry::mutation("fulfilmentDeliver", Permission::ORDERS_UPDATE).id("input.id", "fulfilment"),
        Entry::mutation("orderDeliver", Permission::ORDERS_UPDATE).id("input.id", "order"),
        Entry::query("returns", Permission::ORDERS_LIST),
        Entry::query("return", Permission::ORDERS_READ).id("id", "return"),
        Entry::mutation("returnRequest", Access::Public)
            .id("input.orderId", "order")
            .id("input.lines.lineId", "order_line"),
        Entry::mutation("returnWithdraw", Access::Public)
            .id("input.orderId", "order")
            .id("input.id", "return"),
        Entry::mutation("returnApprove", Permission::ORDERS_UPDATE).id("input.id", "return"),
        Entry::mutation("returnDecline", Permission::ORDERS_UPDATE).id("input.id", "return"),
        Entry::mutation("returnReceive", Permission::ORDERS_UPDATE)
            .id("input.id", "return")
            .id("input.lines.lineId", "order_line")
            .id("input.lines.locationId", "location"),
        Entry::mutation("returnRefund", Permission::ORDERS_REFUND).id("input.id", "return"),
        Entry::mutation("returnExchange", Permission::ORDERS_REFUND)
            .id("input.id", "return")
            .id("input.lines.variantId", "variant"),
        Entry::mutation("returnClose", Permission::ORDERS_UPDATE).id("input.id", "return"),
        Entry::query("orderEditPreview", Permission::ORDERS_UPDATE)
            .id("id", "order")
            .id("changes.quantities.lineId", "order_line")
            .id("changes.discounts.lineId", "order_line")
            .id("changes.add.variantId", "variant"),
        Entry::mutation("orderEdit", Permission::ORDERS_UPDATE)
            .id("input.id", "order")
            .id("input.changes.quantities.lineId", "order_line")
            .id("input.changes.discounts.lineId", "order_line")
            .id("input.changes.add.variantId", "variant"),
        Entry::mutation("orderCancel", Permission::ORDERS_UPDATE).id("input.id", "order"),
        Entry::mutation("orderNoteAdd", Permission::ORDERS_READ).id("input.id", "order"),
        Entry::mutation("orderTagsSet", Permission::ORDERS_UPDATE).id("input.id", "order"),
        Entry::query("orderTags", Permission::ORDERS_LIST),
        Entry::mutation("orderRefund", Permission::ORDERS_REFUND).id("input.id", "order"),
        Entry::mutation("orderAttentionClear", Permission::ORDERS_UPDATE).id("input.id", "order"),
        Entry::mutation("commerceSettingsUpdate", Permission::SETTINGS_UPDATE),
        Entry::query("promotions", Permission::PROMOTIONS_LIST),
        Entry::query("promotion", Permission::PROMOTIONS_READ).id("id", "promotion"),
        of_promotion(Entry::query("promotionTrial", Permission::PROMOTIONS_READ)),
        of_promotion(Entry::mutation("promotionCreate", Permission::PROMOTIONS_CREATE)),
        of_promotion(Entry::mutation("promotionUpdate", Permission::PROMOTIONS_UPDATE).id("id", "promotion")),
        Entry::mutation("promotionDelete", Permission::PROMOTIONS_DELETE).id("id", "promotion"),
        Entry::query("priceLists", Permission::PRICES_LIST),
        Entry::query("priceList", Permission::PRICES_READ).id("id", "price_list"),
        Entry::query("priceListPrices", Permission::PRICES_READ).id("id", "price_list"),
        Entry::query("priceExplain", Permission::PRICES_READ)
            .id("input.variantId", "variant")
            .id("input.groupIds", "customer_group"),
        Entry::query("currencies", Access::Public),
        Entry::query("currencyRates", Permission::SETTINGS_READ),
        Entry::mutation("currencyRateSet", Permission::SETTINGS_UPDATE),
        Entry::mutation("currencyRateRemove", Permission::SETTINGS_UPDATE),
        Entry::mutation("currencySet", Access::Public),
        Entry::query("listedPrices", Access::Public).id("variantIds", "variant"),
        Entry::mutation("priceListCreate", Permission::PRICES_CREATE).id("input.groupIds", "customer_group"),
        Entry::mutation("priceListUpdate", Permission::PRICES_UPDATE)
            .id("id", "price_list")
            .id("input.groupIds", "customer_group"),
        Entry::mutation("priceListArchive", Permission::PRICES_DELETE).id("id", "price_list"),
        Entry::mutation("priceListPricesSet", Permission::PRICES_UPDATE)
            .id("input.id", "price_list")
            .id("input.prices.variantId", "variant"),
        Entry::query("productReviews", Access::Public).id("productId", "product"),
        Entry::query("myReview", Access::SignedIn).id("productId", "product"),
        Entry::query("reviews", Permission::COMMENTS_LIST).id("filter.productId", "product"),
        Entry::query("review", Permission::COMMENTS_READ).id("id", "review"),
        Entry::query("reviewCounts", Permission::COMMENTS_LIST),
        Entry::query("reviewSettings", Permission::SETTINGS_READ),
        Entry::mutation("reviewWrite", Access::SignedIn).id("input.productId", "product"),
        Entry::mutation("reviewWithdraw", Access::SignedIn).id("productId", "product"),
        Entry::mutation("reviewsModerate", Permission::COMMENTS_MODERATE).id("input.reviews.id", "review"),
        Entry::mutation("reviewAnswer", Permission::COMMENTS_MODERATE).id("input.id", "review"),
        Entry::mutation("reviewsDelete", Permission::COMMENTS_DELETE).id("ids", "review"),
        Entry::mutation("reviewSettingsUpdate", Permission::SETTINGS_UPDATE),
        Entry::query("myWishlist", Access::SignedIn),
        Entry::query("productWishes", Permission::PRODUCTS_READ).id("productId", "product"),
        Entry::mutation("wishKeep", Access::SignedIn).id("variantId", "variant"),
        Entry::mutation("wishDrop", Access::SignedIn).id("variantId", "variant"),
        Entry::mutation("wishToCart", Access::SignedIn).id("variantId", "variant"),
        Entry::query("giftCards", Permission::PAYMENTS_LIST),
        Entry::query("giftCard", Permission::PAYMENTS_READ).id("id", "gift_card"),
        Entry::query("storeCredit", Permission::PAYMENTS_READ).id("customerId", "customer"),
        Entry::query("myStoreCredit", Access::SignedIn),
        Entry::mutation("giftCardIssue", Permission::PAYMENTS_CREATE),
        Entry::mutation("giftCardUpdate", Permission::PAYMENTS_UPDATE).id("input.id", "gift_card"),
        Entry::mutation("storeCreditChange", Permission::PAYMENTS_UPDATE).id("input.customerId", "customer"),
        Entry::mutation("cartGiftCardAdd", Access::Public),
        Entry::mutation("cartGiftCardRemove", Access::Public).id("input.id", "gift_card"),
        Entry::mutation("cartStoreCreditSet", Access::SignedIn),
        // A gateway reports what has begun, also after the shop stopped selling.
        Entry::rest("POST", "/webhooks/payments/{provider}", Access::Public).always_open(),
    ]
}

/// The ids in a promotion as staff writes it.
fn of_promotion(entry: Entry) -> Entry {
    let mut entry =
        entry.id("input.action.variantId", "variant").id("input.conditions.groups", "customer_group");
    for selection in ["input.action.of", "input.action.getOf", "input.conditions.of"] {
        for (field, of) in [
            ("products", "product"),
            ("variants", "variant"),
            ("collections", "collection"),
            ("notProducts", "product"),
            ("notCollections", "collection"),
        ] {
            entry = entry.id(&format!("{selection}.{field}"), of);
        }
    }
    entry
}
