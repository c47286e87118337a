//! Taxes, shipping and ways to pay.

use super::{Long, Money, schema};

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
    pub taxes: Vec<CountryTax>,
    pub shipping: Vec<ShippingMethod>,
    pub payment: PaymentSettings,
}

/// The rate of a country.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct CountryTax {
    /// ISO 3166-1 code.
    pub country: String,
    /// Name of the tax.
    pub name: String,
    /// Parts per million.
    pub rate: i32,
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
    pub free_from: Option<Money>,
    pub active: bool,
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
}

/// New settings; what is absent stays.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct CommerceSettingsInput {
    pub version: Long,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub taxes: Option<Vec<CountryTaxInput>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub shipping: Option<Vec<ShippingMethodInput>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub payment: Option<PaymentSettingsInput>,
}

/// The rate of a country, in per cent as text.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct CountryTaxInput {
    pub country: String,
    pub name: String,
    pub rate: String,
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
