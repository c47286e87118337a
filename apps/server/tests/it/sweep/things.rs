//! One thing of every kind in one shop, and what calls about them have to say besides.

use crate::shop;
use crate::world::{Visitor, World};
use primitives::Permission;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Where the id of a thing of each kind is found.
const TABLES: &[(&str, &str)] = &[
    ("address", "customer_address"),
    ("api_key", "api_key"),
    ("audit_entry", "audit_entry"),
    ("cart", "cart"),
    ("cart_line", "cart_line"),
    ("collection", "collection"),
    ("customer", "customer"),
    ("customer_group", "customer_group"),
    ("delivery", "stock_incoming"),
    ("draft_order", "draft_order"),
    ("fulfilment", "fulfilment"),
    ("gift_card", "tender_account"),
    ("image", "product_image"),
    ("invitation", "invitation"),
    ("location", "location"),
    ("mail", "mail_job"),
    ("media", "media"),
    ("oidc_link", "oidc_link"),
    ("oidc_provider", "oidc_provider"),
    ("order", "orders"),
    ("order_line", "order_line"),
    ("price_list", "price_list"),
    ("product", "product"),
    ("promotion", "promotion"),
    ("return", "return_request"),
    ("review", "review"),
    ("role", "custom_role"),
    ("saved_line", "saved_line"),
    ("session", "session"),
    ("stock_count", "stock_count"),
    ("transfer", "stock_transfer"),
    ("user", "user_account"),
    ("variant", "variant"),
];

/// Kinds whose changes name the version that was seen.
const VERSIONED: [&str; 15] = [
    "collection",
    "customer_group",
    "delivery",
    "draft_order",
    "gift_card",
    "location",
    "oidc_provider",
    "order",
    "price_list",
    "product",
    "promotion",
    "return",
    "review",
    "stock_count",
    "transfer",
];

/// One thing of every kind in one shop.
pub struct Things {
    pub tenant: Uuid,
    ids: BTreeMap<&'static str, Uuid>,
    versions: BTreeMap<&'static str, i64>,
    way: Way,
}

/// Things somewhere on their way, for calls that are only possible there.
struct Way {
    /// An order of which nothing was sent.
    paid: Value,
    /// An order of which everything was sent.
    sent: Value,
    /// The order of a return that nobody has answered.
    asked: Value,
    /// A return that is awaited, with the line that comes.
    approved: (Value, Value),
    /// A return that has come.
    received: Value,
    /// A transfer that has left.
    transfer: Value,
}

impl Things {
    /// Puts an order, a customer, an upload and a cart into a shop, and looks up what there is then.
    pub async fn of(world: &World, tenant: &str) -> Self {
        shop::place_order(world, tenant).await;
        shop::send_parcel(world, tenant).await;
        shop::upload_picture(world, tenant).await;
        shop::invite(world, tenant).await;
        shop::collect(world, tenant).await;
        shop::stock_up(world, tenant).await;
        crate::oidc::link(world, tenant).await;
        let mut shopper = world.visitor(tenant);
        shop::put_aside(&mut shopper).await;
        shop::fill_cart(&mut shopper).await;
        shop::promote(world, tenant).await;
        shop::group(world, tenant).await;
        shop::list_prices(world, tenant).await;
        shop::give_a_card(world, tenant).await;
        shop::draft(world, tenant).await;
        world.role(tenant, &[Permission::ORDERS_READ.into()]).await;
        world.api_key(tenant, &[Permission::ORDERS_READ]).await;
        // Addresses are kept a moment after their orders.
        super::settle(world).await;
        let id = identity::tenant::find(&world.app, tenant).await.expect("the tenant").info.id.uuid();
        let literal = world.literal(id);
        let mut ids = BTreeMap::new();
        for (kind, table) in TABLES {
            let of_tenant = match *kind {
                // The thing that the cart line belongs to is a published product with pictures and variants.
                "product" | "cart_line" | "media" | "customer" | "user" | "session" => {
                    format!("FROM {table} WHERE tenant_id = {literal} ORDER BY id LIMIT 1")
                }
                "image" | "variant" => format!(
                    "FROM {table} WHERE tenant_id = {literal} \
                     AND product_id = (SELECT id FROM product WHERE tenant_id = {literal} ORDER BY id LIMIT 1) LIMIT 1"
                ),
                _ => format!("FROM {table} WHERE tenant_id = {literal} LIMIT 1"),
            };
            let id = world.id(&format!("SELECT id {of_tenant}")).await;
            let id = id.unwrap_or_else(|| panic!("the sweep needs a {kind} in each shop"));
            ids.insert(*kind, id);
        }
        wish(world, tenant, ids["variant"]).await;
        let way = Way::of(world, tenant).await;
        let mut things = Self { tenant: id, ids, versions: BTreeMap::new(), way };
        things.look_again(world).await;
        things
    }

    /// Looks up the versions that things have by now; one that is gone keeps the last.
    pub async fn look_again(&mut self, world: &World) {
        for (kind, table) in TABLES.iter().filter(|(kind, _)| VERSIONED.contains(kind)) {
            let literal = world.literal(self.ids[kind]);
            let sql =
                format!("SELECT CAST(coalesce(max(version), 0) AS BIGINT) FROM {table} WHERE id = {literal}");
            let version = world.number(&sql).await;
            if 0 < version || !self.versions.contains_key(kind) {
                self.versions.insert(kind, version);
            }
        }
    }

    pub fn id(&self, kind: &str) -> Uuid {
        *self.ids.get(kind).unwrap_or_else(|| panic!("no table for {kind}"))
    }

    /// The version of the thing of this kind; 1 where it has none.
    pub fn version(&self, kind: &str) -> i64 {
        self.versions.get(kind).copied().unwrap_or(1)
    }

    /// What else a call has to say so that the id at `argument` is looked at, by argument path.
    pub fn besides(&self, entry: &str, argument: &str) -> Vec<(&'static str, Value)> {
        let way = &self.way;
        match (entry, argument) {
            ("orderShip", "input.lines.lineId") => {
                vec![("input.id", way.paid["id"].clone()), ("input.version", way.paid["version"].clone())]
            }
            ("returnDecline", _) => vec![("input.words", json!("It was worn"))],
            ("returnRequest", "input.lines.lineId") => vec![("input.token", way.sent["token"].clone())],
            ("returnWithdraw", "input.id") => vec![("input.token", way.asked["token"].clone())],
            ("POST /orders/{token}/return", _) => vec![
                ("{token}", way.sent["token"].clone()),
                ("key", json!("return-3")),
                ("reason", json!("damaged")),
            ],
            ("POST /orders/{token}/return/withdraw", _) => vec![("{token}", way.asked["token"].clone())],
            ("returnReceive", "input.lines.lineId") => vec![("input.id", way.approved.0.clone())],
            ("returnReceive", "input.lines.locationId") => {
                let (id, line) = way.approved.clone();
                vec![("input.id", id), ("input.lines.lineId", line)]
            }
            ("returnExchange", "input.lines.variantId") => vec![("input.id", way.received.clone())],
            ("stockTransferReceive", "input.lines.variantId") => vec![
                ("input.id", way.transfer["id"].clone()),
                ("input.version", way.transfer["version"].clone()),
            ],
            ("myAddressPut", "input.id") => vec![("input.address.postalCode", json!("1000"))],
            ("reviewWrite", _) => vec![("input.body", json!("It does what it says."))],
            ("promotionTrial" | "promotionCreate" | "promotionUpdate", "input.action.variantId") => {
                vec![("input.action.kind", json!("FREE_GIFT"))]
            }
            ("promotionTrial" | "promotionCreate" | "promotionUpdate", "input.conditions.groups") => {
                vec![("input.conditions.kind", json!("GROUPS"))]
            }
            ("promotionTrial" | "promotionCreate" | "promotionUpdate", _)
                if argument.starts_with("input.conditions.of") =>
            {
                vec![("input.conditions.kind", json!("HAS")), ("input.conditions.pieces", json!(1))]
            }
            ("POST /cart/add" | "POST /wishlist", "variant") => vec![("product", json!(self.id("product")))],
            ("POST /account/addresses", _) => vec![
                ("name", json!("Ada Lovelace")),
                ("line1", json!(shop::ADDRESS)),
                ("postal_code", json!("1000")),
                ("city", json!("Town")),
                ("country", json!("BE")),
            ],
            _ => Vec::new(),
        }
    }
}

impl Way {
    async fn of(world: &World, tenant: &str) -> Self {
        let mut owner = world.sign_in(tenant, "owner").await;
        let unsent = paid(world, tenant, &mut owner).await;
        let mut sent = Vec::new();
        for _ in 0..4 {
            let order = paid(world, tenant, &mut owner).await;
            let asked = ask(&mut owner, "orderShip", "OrderShipInput", json!({ "id": order["id"] }), ORDER);
            sent.push(asked.await["order"].clone());
        }
        let mut returns = Vec::new();
        for order in &sent[1..] {
            let input = json!({
                "token": order["token"], "idempotencyKey": "return-2", "reason": "DAMAGED",
                "lines": [{ "lineId": order["lines"][0]["id"], "quantity": 1 }],
            });
            let asked = ask(&mut owner, "returnRequest", "ReturnRequestInput", input, "return { id }");
            returns.push(asked.await["return"]["id"].clone());
        }
        for id in &returns[1..] {
            ask(&mut owner, "returnApprove", "ReturnAnswerInput", json!({ "id": id }), "return { id }").await;
        }
        let line = |order: &Value| order["lines"][0]["id"].clone();
        let came = json!({ "id": returns[2], "lines": [{ "lineId": line(&sent[3]), "quantity": 1, "restock": false }] });
        ask(&mut owner, "returnReceive", "ReturnReceiveInput", came, "return { id }").await;
        Self {
            paid: unsent,
            asked: sent[1].clone(),
            approved: (returns[1].clone(), line(&sent[2])),
            received: returns[2].clone(),
            sent: sent.swap_remove(0),
            transfer: send_off(world, tenant, &mut owner).await,
        }
    }
}

const ORDER: &str = "order { id version token lines { id } }";

/// Somebody buys, and has paid.
async fn paid(world: &World, tenant: &str, owner: &mut Visitor) -> Value {
    let order = shop::place_order(world, tenant).await;
    let input = json!({ "id": order["id"] });
    ask(owner, "orderMarkPaid", "OrderMoveInput", input, ORDER).await["order"].clone()
}

/// Somebody wishes for a variant.
async fn wish(world: &World, tenant: &str, variant: Uuid) {
    let mut customer = world.sign_in(tenant, "customer").await;
    let wished = customer
        .graphql(
            "mutation W($variant: ID!) { wishKeep(variantId: $variant) { __typename } }",
            json!({ "variant": variant }),
        )
        .await;
    assert!(wished["errors"].is_null(), "{wished}");
}

/// A transfer between the two locations leaves.
async fn send_off(world: &World, tenant: &str, owner: &mut Visitor) -> Value {
    let variant = shop::some_variant(&mut world.visitor(tenant)).await;
    let asked = owner.graphql("{ locations { id isDefault } }", json!({})).await;
    let locations = asked["data"]["locations"].as_array().expect("locations");
    let at = |first: bool| {
        locations.iter().find(|one| one["isDefault"] == first).expect("a location")["id"].clone()
    };
    let input = json!({
        "fromId": at(true), "toId": at(false), "lines": [{ "variantId": variant, "quantity": 1 }],
    });
    let wants = "transfer { id version }";
    let made = ask(owner, "stockTransferCreate", "StockTransferCreateInput", input, wants).await;
    let input = made["transfer"].clone();
    ask(owner, "stockTransferShip", "StockTransferMoveInput", input, wants).await["transfer"].clone()
}

/// What a mutation answers.
async fn ask(visitor: &mut Visitor, mutation: &str, kind: &str, input: Value, wants: &str) -> Value {
    let document = format!("mutation M($input: {kind}!) {{ {mutation}(input: $input) {{ {wants} }} }}");
    let answer = visitor.graphql(&document, json!({ "input": input })).await;
    assert!(answer["errors"].is_null(), "{mutation}: {answer}");
    answer["data"][mutation].clone()
}
