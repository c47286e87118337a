//! People, products and the relay.

use std::sync::Arc;

use catalog::product::input::{NewProduct, VariantInput};
use catalog::view::AdminProduct;
use events::Relay;
use platform::{App, Ctx, Error};
use primitives::{Permission, TenantId};
use testkit::TestApp;

/// Somebody who may do everything here.
pub fn editor(app: &TestApp) -> Ctx {
    app.staff(&[
        Permission::PRODUCTS_MANAGE,
        Permission::INVENTORY_MANAGE,
        Permission::CATEGORIES_MANAGE,
        Permission::INDEX_MANAGE,
    ])
}

/// The relay with what listens here.
pub fn relay(app: &TestApp) -> Relay {
    let tenants = [app.tenant().clone(), app.other_tenant().tenant().clone()];
    let source = move |_: App, id: TenantId| {
        let found = tenants.iter().find(|tenant| tenant.id == id).cloned();
        async move { found.ok_or_else(|| Error::not_found("tenant")) }
    };
    Relay::new(app.app().clone(), source, catalog::consumers())
}

/// Delivers what happened to the read model.
pub async fn settle(app: &TestApp) {
    relay(app).drain().await.unwrap();
}

/// Events of the tenant so far, by type.
pub async fn told(ctx: &Ctx) -> Vec<String> {
    let reader = ctx.read(platform::Access::Public).await.unwrap();
    let events = events::history_after(&reader, 0, 100_000).await.unwrap();
    events.into_iter().map(|event| event.kind).collect()
}

/// A variant with values, price and count.
pub fn variant(values: &[&str], price: &str, on_hand: i64) -> VariantInput {
    VariantInput {
        option_values: Some(values.iter().map(|v| (*v).to_owned()).collect()),
        price: Some(price.to_owned()),
        on_hand: Some(on_hand),
        ..VariantInput::default()
    }
}

/// A published product in sizes S and L, 12.50 and 14.00, 20 pieces each.
pub async fn mug(ctx: &Ctx, title: &str) -> AdminProduct {
    let input = NewProduct {
        title: title.to_owned(),
        vendor: "Studio Aerts".to_owned(),
        options: vec!["Size".to_owned()],
        variants: vec![variant(&["S"], "12.50", 20), variant(&["L"], "14.00", 20)],
        publish: true,
        ..NewProduct::default()
    };
    catalog::product::create(ctx, &input).await.unwrap()
}

/// The codes and fields of a refusal.
pub fn refusal<T: std::fmt::Debug>(result: Result<T, catalog::CatalogError>) -> (String, Vec<String>) {
    let error: Error = result.unwrap_err().into();
    (error.code().to_string(), error.fields().iter().map(|field| field.field.clone()).collect())
}

/// Something shared between tasks.
pub fn shared<T>(value: T) -> Arc<T> {
    Arc::new(value)
}
