//! What one piece costs whoever asks: the question for [`pricing::choose`] and its answer as the shop writes prices.

use std::collections::BTreeSet;

use catalog::view::Offer;
use platform::{Error, TenantInfo};
use pricing::{BasePrice, Chosen, Destination, ListPrice, PriceList, PriceQuestion, PriceSource};
use primitives::tax::{on_gross, on_net};
use primitives::{Currency, CustomerGroupId, Exchange, Money, Quantity, Timestamp};

use crate::error::Result;
use crate::settings::Versioned;
use crate::view::ListedPrice;

/// Whoever asks for prices.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub tenant: &'a TenantInfo,
    pub settings: &'a Versioned,
    pub lists: &'a [PriceList],
    /// Of the variants that are asked for.
    pub prices: &'a [ListPrice],
    pub groups: &'a BTreeSet<CustomerGroupId>,
    pub destination: &'a Destination,
    pub at: Timestamp,
    /// Into the currency that the prices are asked for in.
    pub exchange: Exchange,
}

/// What one piece costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    /// Minor units as they were written, for the calculation.
    pub written: i64,
    /// Whether that includes tax.
    pub includes_tax: bool,
    /// As the shop writes prices, rounded for one piece.
    pub shown: Money,
    /// What that is compared with, always higher.
    pub compare_at: Option<Money>,
    /// The list that it is from.
    pub listed: Option<ListedPrice>,
    /// What was written in the shop's currency, where the price was converted.
    pub converted: Option<Money>,
}

impl Asking<'_> {
    /// What one of `quantity` pieces costs. A list in the currency of the asker has fixed prices; those of the shop's own
    /// lists, and the variant's own price, are converted.
    pub fn unit(&self, offer: &Offer, quantity: u32) -> Result<Unit> {
        let base = || self.base(offer);
        if self.prices.is_empty() {
            return base();
        }
        let Some(chosen) = self.choose(offer, quantity)? else { return base() };
        let PriceSource::List { list, min_quantity } = chosen.source else { return base() };
        let found = self.lists.iter().find(|one| one.id == list);
        let currency = found.map_or(self.tenant.currency, |one| one.currency);
        let written = Money::new(chosen.price, currency);
        let price = self.exchange.price(written)?.minor;
        let shown = self.shown(offer, price, chosen.includes_tax)?;
        let compare_at = match chosen.compare_at {
            Some(minor) => {
                let minor = self.exchange.price(Money::new(minor, currency))?.minor;
                Some(self.shown(offer, minor, chosen.includes_tax)?)
            }
            None => None,
        };
        let name = found.map(|one| one.name.clone());
        Ok(Unit {
            written: price,
            includes_tax: chosen.includes_tax,
            compare_at: compare_at.filter(|compared| shown.minor < compared.minor),
            shown,
            listed: Some(ListedPrice { list, name: name.unwrap_or_default(), min_quantity }),
            converted: (currency != self.exchange.to()).then_some(written),
        })
    }

    /// The variant's own price.
    fn base(&self, offer: &Offer) -> Result<Unit> {
        let shown = self.exchange.price(offer.price)?;
        let compare_at = offer.compare_at.map(|compared| self.exchange.price(compared)).transpose()?;
        Ok(Unit {
            written: shown.minor,
            includes_tax: self.tenant.prices_include_tax,
            shown,
            compare_at: compare_at.filter(|compared| shown.minor < compared.minor),
            listed: None,
            converted: (!self.exchange.is_none()).then_some(offer.price),
        })
    }

    /// The calculator's answer: in the currency of the asker if a list has it, else in the shop's own.
    pub fn choose(&self, offer: &Offer, quantity: u32) -> Result<Option<Chosen>> {
        if !self.exchange.is_none()
            && let Some(fixed) = self.choose_in(self.exchange.to(), offer, quantity)?
        {
            return Ok(Some(fixed));
        }
        self.choose_in(self.tenant.currency, offer, quantity)
    }

    fn choose_in(&self, currency: Currency, offer: &Offer, quantity: u32) -> Result<Option<Chosen>> {
        let question = PriceQuestion {
            variant: offer.variant,
            quantity: Quantity::new(i64::from(quantity)).map_err(Error::internal)?,
            currency,
            country: self.destination.country,
            groups: self.groups,
            at: self.at,
        };
        let base = BasePrice {
            price: offer.price.minor,
            compare_at: offer.compare_at.map(|compared| compared.minor),
            includes_tax: self.tenant.prices_include_tax,
        };
        let base = (offer.price.currency == currency).then_some(base);
        Ok(pricing::choose(base, self.lists, self.prices, &question))
    }

    /// An amount as the shop writes prices: with the tax of the destination, or without it.
    fn shown(&self, offer: &Offer, minor: i64, includes_tax: bool) -> Result<Money> {
        let currency = self.exchange.to();
        if includes_tax == self.tenant.prices_include_tax {
            return Ok(Money::new(minor, currency));
        }
        let zone = self.settings.zone(self.destination, self.tenant.country);
        let Some(zone) = zone else { return Ok(Money::new(minor, currency)) };
        let (rate, _) = zone.rate(&offer.tax_category, self.at);
        let minor = if includes_tax { on_gross(minor, rate)?.net } else { on_net(minor, rate)?.gross };
        Ok(Money::new(minor, currency))
    }
}
