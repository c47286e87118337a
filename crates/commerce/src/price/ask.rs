//! What one piece costs whoever asks: the question for [`pricing::choose`] and its answer as the shop writes prices.

use std::collections::BTreeSet;

use catalog::view::Offer;
use platform::{Error, TenantInfo};
use pricing::{BasePrice, Chosen, Destination, ListPrice, PriceList, PriceQuestion, PriceSource};
use primitives::tax::{on_gross, on_net};
use primitives::{CustomerGroupId, Money, Quantity, Timestamp};

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
}

impl Asking<'_> {
    /// What one of `quantity` pieces costs.
    pub fn unit(&self, offer: &Offer, quantity: u32) -> Result<Unit> {
        let base = || Unit {
            written: offer.price.minor,
            includes_tax: self.tenant.prices_include_tax,
            shown: offer.price,
            compare_at: offer.compare_at,
            listed: None,
        };
        if self.prices.is_empty() {
            return Ok(base());
        }
        let Some(chosen) = self.choose(offer, quantity)? else { return Ok(base()) };
        let PriceSource::List { list, min_quantity } = chosen.source else { return Ok(base()) };
        let shown = self.shown(offer, chosen.price, chosen.includes_tax)?;
        let compare_at = chosen.compare_at.map(|minor| self.shown(offer, minor, chosen.includes_tax));
        let name = self.lists.iter().find(|one| one.id == list).map(|one| one.name.clone());
        Ok(Unit {
            written: chosen.price,
            includes_tax: chosen.includes_tax,
            compare_at: compare_at.transpose()?.filter(|compared| shown.minor < compared.minor),
            shown,
            listed: Some(ListedPrice { list, name: name.unwrap_or_default(), min_quantity }),
        })
    }

    /// The calculator's answer.
    pub fn choose(&self, offer: &Offer, quantity: u32) -> Result<Option<Chosen>> {
        let question = PriceQuestion {
            variant: offer.variant,
            quantity: Quantity::new(i64::from(quantity)).map_err(Error::internal)?,
            currency: self.tenant.currency,
            country: self.destination.country,
            groups: self.groups,
            at: self.at,
        };
        let base = BasePrice {
            price: offer.price.minor,
            compare_at: offer.compare_at.map(|compared| compared.minor),
            includes_tax: self.tenant.prices_include_tax,
        };
        let base = (offer.price.currency == self.tenant.currency).then_some(base);
        Ok(pricing::choose(base, self.lists, self.prices, &question))
    }

    /// An amount as the shop writes prices: with the tax of the destination, or without it.
    fn shown(&self, offer: &Offer, minor: i64, includes_tax: bool) -> Result<Money> {
        let currency = self.tenant.currency;
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
