//! What every view knows about the shop it is rendered for.

use crate::assets::Assets;
use crate::settings::{Settings, is_inside};
use platform::TenantInfo;
use platform::module::Feature;
use primitives::{Currency, Locale, Money, Timestamp};
use std::sync::Arc;

/// A tenant's face: names, words, addresses. Cheap to clone, holds nothing personal but the address that was asked for.
#[derive(Clone)]
pub struct Shop {
    tenant: Arc<TenantInfo>,
    /// Words, menus, blocks.
    pub settings: Arc<Settings>,
    /// Names of the built files.
    pub assets: Arc<Assets>,
    base: Arc<str>,
    origin: Arc<str>,
    currencies: Arc<Currencies>,
    here: Option<Arc<str>>,
}

/// What the visitor's prices are in, and could be in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Currencies {
    /// Of every price that the visitor sees.
    pub current: Currency,
    /// What can be chosen, the shop's own first.
    pub offered: Vec<Currency>,
    /// Why it is not the one that the visitor has chosen.
    pub notice: Option<String>,
}

impl Currencies {
    /// One for everybody.
    pub fn only(currency: Currency) -> Self {
        Self { current: currency, offered: vec![currency], notice: None }
    }
}

impl Shop {
    /// A shop that is reached below `base` ("" or "/t/{slug}") of `origin` (scheme and host).
    pub fn new(
        tenant: Arc<TenantInfo>,
        settings: Arc<Settings>,
        assets: Arc<Assets>,
        base: Arc<str>,
        origin: Arc<str>,
    ) -> Self {
        let currencies = Arc::new(Currencies::only(tenant.currency));
        Self { tenant, settings, assets, base, origin, currencies, here: None }
    }

    /// The same shop, with prices in the currency of its visitor.
    pub fn with_currencies(self, currencies: Currencies) -> Self {
        Self { currencies: Arc::new(currencies), ..self }
    }

    /// The same shop, for a page at this path and query inside the shop. One that would lead out of it is forgotten.
    pub fn seen_at(self, here: &str) -> Self {
        Self { here: is_inside(here).then(|| here.into()), ..self }
    }

    /// Path and query that the visitor reads; none for the answer to a form.
    pub fn here(&self) -> Option<&str> {
        self.here.as_deref()
    }

    /// What the visitor can choose, and has.
    pub fn currencies(&self) -> &Currencies {
        &self.currencies
    }

    /// The tenant.
    pub fn tenant(&self) -> &TenantInfo {
        &self.tenant
    }

    /// The shop's name.
    pub fn name(&self) -> String {
        self.tenant.name.clone()
    }

    /// Language of the pages.
    pub fn locale(&self) -> &Locale {
        &self.tenant.locale
    }

    /// Currency of the prices that the visitor sees.
    pub fn currency(&self) -> Currency {
        self.currencies.current
    }

    /// Whether there is anything to buy: prices, carts, a checkout.
    pub fn sells(&self) -> bool {
        self.tenant.switches.module("commerce")
    }

    /// Whether there are products to look at.
    pub fn shows_products(&self) -> bool {
        self.tenant.switches.module("catalog")
    }

    /// Whether a path inside the shop leads to something that it has.
    pub fn leads(&self, href: &str) -> bool {
        is_inside(href) && crate::reach::leads(&self.tenant.switches, href)
    }

    /// Whether the shop has a feature.
    pub fn has(&self, feature: Feature) -> bool {
        self.tenant.switches.feature(feature)
    }

    /// The address of a path inside the shop, as a link.
    pub fn href(&self, path: &str) -> String {
        match path {
            "/" if !self.base.is_empty() => self.base.to_string(),
            _ => format!("{}{path}", self.base),
        }
    }

    /// The prefix of every link.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The address of a path inside the shop with scheme and host.
    pub fn absolute(&self, path: &str) -> String {
        format!("{}{}", self.origin, self.href(path))
    }

    /// The address of a file that lies outside of the shop's prefix (pictures), with scheme and host.
    pub fn absolute_file(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// A price as lists and product pages show it: whole amounts without decimals.
    pub fn price(&self, money: Money) -> String {
        let full = money.format(self.locale());
        let exponent = usize::from(money.currency.exponent());
        let decimal = money.decimal();
        let whole = decimal.split_once('.').is_some_and(|(_, part)| part.bytes().all(|b| b == b'0'));
        if exponent == 0 || !whole {
            return full;
        }
        let zeros = "0".repeat(exponent);
        for point in ['.', ','] {
            let tail = format!("{point}{zeros}");
            if let Some(at) = full.rfind(&tail) {
                let rest = &full[at + tail.len()..];
                if !rest.starts_with(|c: char| c.is_ascii_digit()) {
                    return format!("{}{rest}", &full[..at]);
                }
            }
        }
        full
    }

    /// An amount as cart, checkout and receipts show it: always with decimals.
    pub fn amount(&self, money: Money) -> String {
        money.format(self.locale())
    }

    /// A day, "21 November 2026".
    pub fn day(&self, at: Timestamp) -> String {
        at.date_time().format("%-d %B %Y").to_string()
    }

    /// A day and the time, "21 November 2026, 14:06 UTC".
    pub fn moment(&self, at: Timestamp) -> String {
        at.date_time().format("%-d %B %Y, %H:%M UTC").to_string()
    }

    /// Name of the cookie that holds the number of things in the cart, readable by scripts.
    pub fn count_cookie(&self) -> String {
        format!("rustok_count_{}", self.tenant.slug)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use leptos::prelude::LeptosOptions;
    use platform::module::Switches;
    use primitives::{Country, TenantId};
    use serde_json::{Value, json};

    /// A shop like the demo's Hearth.
    pub(crate) fn shop_with(storefront: Value, base: &str) -> Shop {
        shop_without(&[], storefront, base)
    }

    /// The same with some modules switched off.
    pub(crate) fn shop_without(modules: &[&str], storefront: Value, base: &str) -> Shop {
        let switches = Switches::new(modules.iter().map(|name| ((*name).to_owned(), false)), []);
        let tenant = TenantInfo {
            id: TenantId::new(),
            slug: "hearth".into(),
            name: "Hearth".into(),
            locale: Locale::EN,
            currency: Currency::EUR,
            country: Country::parse("BE").expect("a country"),
            prices_include_tax: true,
            theme: "hearth".into(),
            storefront: Arc::new(storefront),
            settings: Arc::new(json!({})),
            hosts: Vec::new(),
            switches: Arc::new(switches),
        };
        let settings = Arc::new(Settings::for_shop(&tenant.storefront, &tenant.switches));
        let options = LeptosOptions::builder().output_name("rustok").build();
        let assets = Arc::new(Assets::new(&options));
        Shop::new(Arc::new(tenant), settings, assets, base.into(), "http://localhost:3000".into())
    }

    #[test]
    fn prefixes_links_of_a_shop_that_is_reached_by_path() {
        let shop = shop_with(json!({}), "/t/hearth");
        assert_eq!(shop.href("/"), "/t/hearth");
        assert_eq!(shop.href("/products?q=a"), "/t/hearth/products?q=a");
        assert_eq!(shop_with(json!({}), "").href("/"), "/");
    }

    #[test]
    fn shows_whole_prices_without_decimals() {
        let shop = shop_with(json!({}), "");
        let price = |minor| shop.price(Money::new(minor, Currency::EUR));
        assert_eq!(price(9800), "€98");
        assert_eq!(price(9850), "€98.50");
        assert_eq!(price(100_000), "€1,000");
        assert_eq!(price(0), "€0");
        assert_eq!(shop.amount(Money::new(9800, Currency::EUR)), "€98.00");
        assert_eq!(shop.price(Money::new(1500, Currency::JPY)), "¥1,500");
    }
}
