//! A shop with a product, people, a gateway and a relay.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::http::HeaderMap;
use catalog::product::input::{NewProduct, VariantInput};
use commerce::checkout::Wish;
use commerce::payment::webhook::{self, Receipt};
use commerce::view::{Address, OrderView, Placed};
use commerce::{CheckoutInput, CommerceError, cart, checkout};
use events::verify::PATIENCE;
use events::{Consumer, Relay};
use platform::verify::Report;
use platform::{Access, Actor, App, Ctx, Error};
use primitives::{Permission, TenantId, VariantId};
use sea_orm::{ConnectionTrait, Statement};
use testkit::{Backend, Fixture, TestApp};

use crate::gateway::Gateway;

/// The secret of the gateway's call-backs.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

pub struct Shop {
    pub app: TestApp,
    pub gateway: Gateway,
}

impl std::ops::Deref for Shop {
    type Target = TestApp;

    fn deref(&self) -> &TestApp {
        &self.app
    }
}

impl Fixture for Shop {
    async fn create(backend: Backend) -> Self {
        let gateway = Gateway::start().await;
        let url = gateway.url.clone();
        let app = TestApp::configured(backend, |config| {
            config.payments.gateway_url = Some(url);
            config.payments.webhook_secret = Some(SECRET.to_owned());
            config.payments.timeout_ms = 1_500;
            config.database.max_connections = 16;
        })
        .await;
        Self { app, gateway }
    }
}

/// A guest with a cart.
pub struct Guest {
    pub ctx: Ctx,
    pub token: String,
}

impl Shop {
    /// Staff of the catalogue and of orders.
    pub fn boss(&self) -> Ctx {
        self.staff(&[
            Permission::PRODUCTS_MANAGE,
            Permission::INVENTORY_MANAGE,
            Permission::ORDERS_MANAGE,
            Permission::PAYMENTS_MANAGE,
            Permission::CUSTOMERS_MANAGE,
            Permission::ANALYTICS_MANAGE,
            Permission::SETTINGS_MANAGE,
            Permission::INDEX_MANAGE,
        ])
    }

    /// Gives a product another name.
    pub async fn rename(&self, from: &str, to: &str) {
        let owner = self.database().owner().await;
        let sql = format!("UPDATE product SET title = '{to}' WHERE title = '{from}'");
        owner.execute_unprepared(&sql).await.unwrap();
        owner.close().await.unwrap();
    }

    /// A published product with one variant.
    pub async fn product(&self, title: &str, price: &str, on_hand: i64) -> VariantId {
        product_of(&self.boss(), title, price, on_hand).await
    }

    /// Somebody without an account who has put `quantity` of `variant` into a cart.
    pub async fn guest(&self, variant: VariantId, quantity: i64) -> Guest {
        let ctx = self.anonymous();
        let change = cart::add(&ctx, None, &[(variant, quantity)]).await.unwrap();
        Guest { ctx, token: change.token.unwrap() }
    }

    /// Somebody with an account who has shown that its address is theirs.
    pub async fn somebody(&self, email: &str) -> Ctx {
        let ctx = self.unconfirmed(email).await;
        let owner = self.database().owner().await;
        let sql = format!("UPDATE user_account SET email_verified_at = 1 WHERE email = '{email}'");
        owner.execute_unprepared(&sql).await.unwrap();
        owner.close().await.unwrap();
        ctx
    }

    /// Somebody who has opened an account with an address that may be anybody's.
    pub async fn unconfirmed(&self, email: &str) -> Ctx {
        let (system, password) = (self.system(), "a sentence works well");
        let made = identity::people::create(&system, email, "Maud Peeters", password, "customer").await;
        self.anonymous().with_actor(Actor::Customer { user: made.unwrap().id })
    }

    /// The books agree: to be said at the end of a story.
    pub async fn holds(&self) {
        self.settle().await;
        for ctx in [self.system(), self.other_system()] {
            let report = verified(&ctx).await;
            assert!(report.holds(), "{:#?} and {} more", report.findings, report.more);
        }
    }

    /// Statements past every door and every trigger of what is written once.
    pub async fn force(&self, statements: &[&str]) {
        let owner = self.database().owner().await;
        let (id, bytes) = match self.database().backend() {
            Backend::Sqlite => ("randomblob(16)", "zeroblob(32)"),
            Backend::Postgres => ("gen_random_uuid()", "decode(repeat('00', 32), 'hex')"),
        };
        for table in ["stream_event", "money_ledger", "tender_movement"] {
            let off = match self.database().backend() {
                Backend::Sqlite => {
                    format!("DROP TRIGGER IF EXISTS {table}_is_kept; DROP TRIGGER IF EXISTS {table}_is_there")
                }
                Backend::Postgres => format!("ALTER TABLE {table} DISABLE TRIGGER {table}_is_history"),
            };
            owner.execute_unprepared(&off).await.unwrap();
        }
        for sql in statements {
            let sql = sql.replace("{new id}", id).replace("{32 bytes}", bytes);
            owner.execute_unprepared(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
        owner.close().await.unwrap();
    }

    /// Delivers what happened to the read model.
    pub async fn settle(&self) {
        let tenants = [self.tenant().clone(), self.other_tenant().tenant().clone()];
        let source = move |_: App, id: TenantId| {
            let found = tenants.iter().find(|tenant| tenant.id == id).cloned();
            async move { found.ok_or_else(|| Error::not_found("tenant")) }
        };
        Relay::new(self.app.app().clone(), source, consumers()).drain().await.unwrap();
    }

    /// One look of the background job.
    pub async fn sweep(&self) -> commerce::jobs::Swept {
        commerce::jobs::sweep_tenant(&self.system()).await.unwrap()
    }

    /// A number from the tables, past every door.
    pub async fn number(&self, sql: &str) -> i64 {
        let owner = self.database().owner().await;
        let row = owner
            .query_one_raw(Statement::from_string(owner.get_database_backend(), sql))
            .await
            .unwrap()
            .expect("one row");
        row.try_get_by_index(0).unwrap()
    }

    /// Pieces on the shelf and promised, over all variants.
    pub async fn stock(&self) -> (i64, i64) {
        let on_hand = self.number("SELECT CAST(SUM(on_hand) AS bigint) FROM stock_level").await;
        (on_hand, self.number("SELECT CAST(SUM(reserved) AS bigint) FROM stock_level").await)
    }

    /// How many events there are by name.
    pub async fn told(&self) -> BTreeMap<String, usize> {
        let rows = self.anonymous().read(Access::Public).await.unwrap();
        let mut told = BTreeMap::new();
        for event in events::history_after(&rows, 0, 100_000).await.unwrap() {
            *told.entry(event.kind).or_default() += 1;
        }
        told
    }

    /// The gateway calls back.
    pub async fn call_back(&self, id: &str, body: serde_json::Value) -> Result<Receipt, CommerceError> {
        let body = body.to_string();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
        let signer = standardwebhooks::Webhook::new(SECRET).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("webhook-id", id.parse().unwrap());
        headers.insert("webhook-timestamp", now.to_string().parse().unwrap());
        headers.insert("webhook-signature", signer.sign(id, now, body.as_bytes()).unwrap().parse().unwrap());
        webhook::receive(&self.anonymous(), "http", &headers, body.as_bytes()).await
    }
}

fn consumers() -> Vec<Arc<dyn Consumer>> {
    [catalog::consumers(), commerce::consumers()].concat()
}

/// What a look at the books of a shop finds.
pub async fn verified(ctx: &Ctx) -> Report {
    let mut report = events::verify::verify(ctx, &consumers(), PATIENCE).await.unwrap();
    report.add(catalog::verify::verify(ctx).await.unwrap());
    report.add(commerce::verify::verify(ctx, PATIENCE).await.unwrap());
    report
}

/// A published product of whoever acts.
pub async fn product_of(ctx: &Ctx, title: &str, price: &str, on_hand: i64) -> VariantId {
    let input = NewProduct {
        title: title.to_owned(),
        variants: vec![VariantInput {
            price: Some(price.to_owned()),
            on_hand: Some(on_hand),
            sku: Some("SKU-1".to_owned()),
            ..VariantInput::default()
        }],
        publish: true,
        ..NewProduct::default()
    };
    catalog::product::create(ctx, &input).await.unwrap().variants[0].id
}

/// A Belgian address.
pub fn maud() -> Address {
    Address {
        name: "Maud Peeters".into(),
        line1: "Oude Beestenmarkt 6".into(),
        postal_code: "9000".into(),
        city: "Ghent".into(),
        country: "BE".into(),
        ..Address::default()
    }
}

impl Guest {
    /// The cart as it is now.
    pub async fn cart(&self) -> commerce::view::CartView {
        let token = Some(self.token.as_str()).filter(|token| !token.is_empty());
        cart::view(&self.ctx, token).await.unwrap()
    }

    /// What a form would send for this cart as it is now.
    pub async fn form(&self, provider: &str) -> CheckoutInput {
        self.offered(provider).await.unwrap().unwrap()
    }

    /// As [`Guest::form`]; `None` when nothing of the cart can be sent.
    pub async fn offered(&self, provider: &str) -> Result<Option<CheckoutInput>, CommerceError> {
        let wish = Wish { country: Some("BE"), ..Wish::default() };
        let page = checkout::view(&self.ctx, Some(&self.token), wish).await?;
        let Some(shipping_method) = page.method else { return Ok(None) };
        Ok(Some(CheckoutInput {
            token: Some(self.token.clone()),
            cart: page.cart.id,
            email: "maud@example.com".into(),
            address: maud(),
            shipping_method,
            payment_provider: provider.into(),
            expected_total: page.cart.totals.total.minor,
            expected_currency: None,
            expected_due: Some(page.due.minor),
            idempotency_key: page.idempotency_key,
        }))
    }

    /// Buys what is in the cart.
    pub async fn buy(&self, provider: &str) -> Result<Placed, CommerceError> {
        checkout::place_order(&self.ctx, self.form(provider).await).await
    }

    /// Buys and expects it to work.
    pub async fn order(&self, provider: &str) -> OrderView {
        self.buy(provider).await.unwrap().order
    }
}

/// Code and fields of a refusal.
pub fn refusal<T: std::fmt::Debug>(result: Result<T, CommerceError>) -> (String, Vec<String>) {
    let error: Error = result.unwrap_err().into();
    (error.code().to_string(), error.fields().iter().map(|field| field.field.clone()).collect())
}
