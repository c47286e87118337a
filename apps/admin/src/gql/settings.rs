//! Taxes, shipping and ways to pay.

use super::{DateTime, Long, Money, schema};

/// The settings.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query")]
pub struct Settings {
    /// Of the commerce part.
    pub commerce_settings: CommerceSettings,
}

/// Taxes, shipping and ways to pay.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct CommerceSettings {
    pub version: Long,
    pub taxes: Vec<TaxRule>,
    pub rounding: TaxRounding,
    pub delivery_tax: DeliveryTax,
    pub shipping: Vec<ShippingMethod>,
    pub payment: PaymentSettings,
    pub return_days: i32,
}

/// A rate of a place.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct TaxRule {
    /// ISO 3166-1 code.
    pub country: String,
    pub region: String,
    pub postal: String,
    pub category: String,
    /// Name of the tax.
    pub name: String,
    /// Parts per million.
    pub rate: i32,
    pub from: Option<DateTime>,
    pub until: Option<DateTime>,
}

/// Where tax is rounded.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum TaxRounding {
    Line,
    Unit,
    Order,
}

/// How delivery is taxed.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum DeliveryTax {
    Standard,
    Weighted,
    Untaxed,
}

/// What decides about the price of a delivery.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ShippingMeasure {
    Weight,
    Price,
    Quantity,
}

/// A price from some measure on.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct ShippingStep {
    /// Grams, pieces, or an amount as decimal text.
    pub from: String,
    /// What it costs.
    pub price: Money,
}

/// A way to send.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct ShippingMethod {
    pub id: String,
    pub name: String,
    pub note: String,
    pub countries: Vec<String>,
    pub price: Money,
    pub by: ShippingMeasure,
    pub steps: Vec<ShippingStep>,
    pub up_to: Option<String>,
    pub pickup: bool,
    pub pickup_place: String,
    pub tax_category: Option<String>,
    pub free_from: Option<Money>,
    pub active: bool,
}

/// Who takes the money that a gateway has promised.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentCapture {
    /// All of it, at once.
    Automatic,
    /// Staff, in one go or in parts.
    Manual,
}

/// Ways to pay.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct PaymentSettings {
    pub manual: bool,
    pub manual_name: String,
    pub manual_instructions: String,
    pub http: bool,
    pub http_name: String,
    pub capture: PaymentCapture,
    pub stripe: bool,
    pub stripe_name: String,
}

impl PaymentSettings {
    /// No way to pay at all.
    pub fn none() -> Self {
        Self {
            manual: false,
            manual_name: String::new(),
            manual_instructions: String::new(),
            http: false,
            http_name: String::new(),
            capture: PaymentCapture::Automatic,
            stripe: false,
            stripe_name: String::new(),
        }
    }
}

/// New settings; what is absent stays.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct CommerceSettingsInput {
    pub version: Long,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub taxes: Option<Vec<TaxRuleInput>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub rounding: Option<TaxRounding>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub delivery_tax: Option<DeliveryTax>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub shipping: Option<Vec<ShippingMethodInput>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub payment: Option<PaymentSettingsInput>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub return_days: Option<i32>,
}

/// A rate of a place, in per cent as text.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct TaxRuleInput {
    pub country: String,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub postal: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    pub name: String,
    pub rate: String,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime>,
}

/// A price from some measure on, both as text.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct ShippingStepInput {
    pub from: String,
    pub price: String,
}

/// A way to send, with amounts as decimal text.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct ShippingMethodInput {
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    pub name: String,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    pub countries: Vec<String>,
    pub price: String,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub by: Option<ShippingMeasure>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<ShippingStepInput>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub up_to: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub pickup: Option<bool>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub pickup_place: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub tax_category: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub free_from: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
}

/// Ways to pay.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct PaymentSettingsInput {
    pub manual: bool,
    pub manual_name: String,
    pub manual_instructions: String,
    pub http: bool,
    pub http_name: String,
    pub capture: Option<PaymentCapture>,
    pub stripe: Option<bool>,
    pub stripe_name: Option<String>,
}

/// The settings after a change.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct CommerceSettingsPayload {
    /// With their new version.
    pub settings: CommerceSettings,
}

super::mutations! {
    /// Changes the settings.
    SettingsUpdate("SettingsUpdateVariables", SettingsUpdateVariables: CommerceSettingsInput)
        -> commerce_settings_update: CommerceSettingsPayload;
}
