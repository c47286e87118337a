//! Currencies that the shop offers beside its own.

use super::{Long, Money, schema};

/// What the shop offers.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query")]
pub struct CurrencyRates {
    /// By code.
    pub currency_rates: Vec<CurrencyRate>,
}

/// What can be chosen.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query")]
pub struct Currencies {
    /// For sessions.
    pub currencies: CurrencyChoice,
}

/// What a session can choose.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct CurrencyChoice {
    /// The shop's own first.
    pub offered: Vec<String>,
}

/// A currency that the shop offers beside its own.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct CurrencyRate {
    pub currency: String,
    pub rate: String,
    pub step: Money,
    pub ending: Money,
    pub version: Long,
}

/// A currency as it is written; what is absent is not asked for.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct CurrencyRateInput {
    pub currency: String,
    pub rate: String,
    pub step: Option<String>,
    pub ending: Option<String>,
    pub version: Long,
}

/// That a currency was kept: the list is fetched anew.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct CurrencyRatePayload {
    /// With its new version.
    pub currency_rate: CurrencyRate,
}

/// Variables of [`CurrencyRateRemove`].
#[derive(cynic::QueryVariables, Debug)]
pub struct CurrencyRateRemoveVariables {
    /// ISO 4217.
    pub currency: String,
    /// The version that was seen.
    pub version: Long,
}

/// Offers a currency no longer.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Mutation", variables = "CurrencyRateRemoveVariables")]
pub struct CurrencyRateRemove {
    /// Which.
    #[arguments(currency: $currency, version: $version)]
    pub currency_rate_remove: CurrencyRateRemovePayload,
}

/// A currency that is offered no longer.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct CurrencyRateRemovePayload {
    /// Which.
    pub currency: String,
}

super::mutations! {
    /// Offers a currency, or changes its rate or step.
    CurrencyRateSet("CurrencyRateSetVariables", CurrencyRateSetVariables: CurrencyRateInput)
        -> currency_rate_set: CurrencyRatePayload;
}
