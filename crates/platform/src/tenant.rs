//! What every request knows about its tenant.

use crate::module::Switches;
use primitives::{Country, Currency, Locale, TenantId};
use std::sync::Arc;

/// A tenant's identity and the settings that shape every answer; loaded once, cached, shared.
#[derive(Clone, Debug)]
pub struct TenantInfo {
    /// Key of every row.
    pub id: TenantId,
    /// Name in addresses, `^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`.
    pub slug: String,
    /// Name that shoppers see.
    pub name: String,
    /// Default language of the shop.
    pub locale: Locale,
    /// Currency of every price until price lists say otherwise.
    pub currency: Currency,
    /// Country whose tax rate applies.
    pub country: Country,
    /// Whether entered prices include tax.
    pub prices_include_tax: bool,
    /// Theme name, the value of `data-theme` on the storefront's root element.
    pub theme: String,
    /// Everything else that the storefront shows: announcement, menus, blocks (see `storefront::settings`).
    pub storefront: Arc<serde_json::Value>,
    /// Shipping, tax, payment and other module settings, by section name.
    pub settings: Arc<serde_json::Value>,
    /// Hosts that lead here, for links and origin checks; the first is the canonical one.
    pub hosts: Vec<String>,
    /// Modules and features that the shop has switched on and off.
    pub switches: Arc<Switches>,
}
