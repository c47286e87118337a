//! Taxes, deliveries and ways to pay of a shop: one document, kept in memory until it changes.

use std::time::Duration;

use identity::directory::SETTINGS;
use moka::future::Cache;
use platform::hub::Key;
use platform::{Access, Ctx, Error, TenantDb, TenantInfo};
use pricing::{
    Destination, Measure, Place, Rounding, ShippingTax, Step, Table, TaxCategory, TaxRate, TaxZone,
};
use primitives::{Country, FieldError, Permission, Rate, TaxZoneId, TenantId, Timestamp};
use sea_orm::{ActiveValue::Set, ColumnTrait};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::entity::commerce_settings;
use crate::error::{CommerceError, Result};
use crate::payment::provider;

/// Days in which something can be sent back, for a shop that has said nothing else.
pub const RETURN_DAYS: u32 = 30;
/// Most tax rates of a shop.
const MAX_RULES: usize = 1_000;
/// Most steps of a delivery's table.
const MAX_STEPS: usize = 100;
/// Most deliveries of a shop.
const MAX_METHODS: usize = 100;
/// A change that nobody has told this process of is seen after that.
const LIFE: Duration = Duration::from_secs(20);

/// How the shop taxes, sends and is paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommerceSettings {
    /// Rates by place and kind of goods; a place without one is taxed like the shop's own country.
    pub taxes: Vec<TaxRule>,
    /// Where tax is rounded to minor units; countries differ.
    #[serde(default)]
    pub rounding: Rounding,
    /// How delivery is taxed.
    #[serde(default)]
    pub delivery_tax: DeliveryTax,
    /// Deliveries in the order in which they are offered.
    pub shipping: Vec<ShippingMethod>,
    /// Ways to pay.
    pub payment: PaymentSettings,
    /// Days after its last parcel arrived in which something of an order can be sent back; 0: not at all.
    #[serde(default = "default_return_days")]
    pub return_days: u32,
}

fn default_return_days() -> u32 {
    RETURN_DAYS
}

/// A tax rate of a place. It holds in `from <= at < until`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxRule {
    /// Where it applies.
    pub country: Country,
    /// Only this state or province of it; empty: all of it.
    #[serde(default)]
    pub region: String,
    /// Only where the postal code begins with this; empty: everywhere.
    #[serde(default)]
    pub postal: String,
    /// For which goods.
    #[serde(default)]
    pub category: TaxCategory,
    /// What shoppers see: `VAT`, `Sales tax`.
    pub name: String,
    /// 0 to 100 %.
    pub rate: Rate,
    /// Its first moment; `None`: since ever.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// The first moment after it; `None`: for ever.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

/// How delivery is taxed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryTax {
    /// At the standard rate of where it goes.
    #[default]
    Standard,
    /// At the rates of the goods, in proportion to what they cost.
    Weighted,
    /// Not at all.
    Untaxed,
}

/// A delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippingMethod {
    /// What forms post; stable, unique in the shop.
    pub id: String,
    /// Name such as "To your door".
    pub name: String,
    /// Words on when it comes.
    pub note: String,
    /// Where it goes.
    pub countries: Vec<Country>,
    /// Minor units, as the shop writes prices.
    pub price_minor: i64,
    /// What decides about higher prices.
    #[serde(default = "by_price")]
    pub by: Measure,
    /// Other prices from some measure on (grams, minor units or pieces), ascending, each above 0.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// The most that it takes, included; `None`: no end.
    #[serde(default)]
    pub up_to: Option<i64>,
    /// Free from this sum on.
    pub free_from_minor: Option<i64>,
    /// Fetched by the shopper, who then needs no address.
    #[serde(default)]
    pub pickup: bool,
    /// Where it is fetched and when: "Kouter 12, 9000 Ghent, Tuesday to Saturday". Empty unless it is fetched.
    #[serde(default)]
    pub pickup_place: String,
    /// How it is taxed, instead of what holds for all deliveries.
    #[serde(default)]
    pub tax_category: Option<TaxCategory>,
    /// Offered now.
    pub active: bool,
}

fn by_price() -> Measure {
    Measure::Price
}

impl ShippingMethod {
    /// The method that it is for prices.
    fn priced(&self) -> pricing::ShippingMethod {
        pricing::ShippingMethod {
            id: self.id.clone(),
            name: self.name.clone(),
            window: self.note.clone(),
            countries: Some(self.countries.iter().copied().collect()),
            table: Table {
                by: self.by,
                steps: [Step { from: 0, price: self.price_minor }]
                    .into_iter()
                    .chain(self.steps.clone())
                    .collect(),
                up_to: self.up_to,
            },
            free_from: self.free_from_minor,
            pickup: self.pickup,
            tax_category: self.tax_category.clone(),
            active: self.active,
        }
    }
}

/// Ways to pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentSettings {
    /// Whether paying by hand is offered (bank transfer, cash).
    pub manual: bool,
    /// Its name.
    pub manual_name: String,
    /// What the shopper has to do, shown after placing.
    pub manual_instructions: String,
    /// Whether the gateway is offered; it also has to be configured on the host.
    pub http: bool,
    /// Its name.
    pub http_name: String,
    /// Who takes the money that a gateway has promised.
    #[serde(default)]
    pub capture: CaptureMode,
    /// Whether Stripe is offered; the shop also has to have keys there.
    #[serde(default)]
    pub stripe: bool,
    /// Its name.
    #[serde(default = "default_stripe_name")]
    pub stripe_name: String,
}

fn default_stripe_name() -> String {
    "Card".to_owned()
}

/// Who takes the money that a gateway has promised, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaptureMode {
    /// All of it, at once.
    #[default]
    Automatic,
    /// Staff, in one go or in parts, until `orders.authorisation_seconds` are over.
    Manual,
}

impl CommerceSettings {
    /// What a shop starts with: its country's usual rate, one delivery inside it, both ways to pay.
    pub fn default_for(tenant: &TenantInfo) -> Self {
        let ppm = usual_rate(tenant.country);
        let five = 10_i64.pow(u32::from(tenant.currency.exponent())) * 5;
        Self {
            taxes: vec![TaxRule::of_country(
                tenant.country,
                if tenant.prices_include_tax { "VAT" } else { "Tax" },
                Rate::from_ppm(ppm),
            )],
            rounding: Rounding::Line,
            delivery_tax: DeliveryTax::Standard,
            shipping: vec![ShippingMethod {
                id: "standard".to_owned(),
                name: "To your door".to_owned(),
                note: "2 to 4 working days".to_owned(),
                countries: vec![tenant.country],
                price_minor: five,
                by: Measure::Price,
                steps: Vec::new(),
                up_to: None,
                free_from_minor: Some(five * 15),
                pickup: false,
                pickup_place: String::new(),
                tax_category: None,
                active: true,
            }],
            payment: PaymentSettings {
                manual: true,
                manual_name: "Bank transfer".to_owned(),
                manual_instructions:
                    "Transfer the total and name your order number. We send your things as soon as \
                                      the money is here."
                        .to_owned(),
                http: true,
                http_name: "Card".to_owned(),
                capture: CaptureMode::Automatic,
                stripe: false,
                stripe_name: default_stripe_name(),
            },
            return_days: default_return_days(),
        }
    }

    /// Where something can be sent: the shop's own country first, then by name.
    pub fn countries(&self, home: Country) -> Vec<Country> {
        let mut countries: Vec<Country> =
            self.shipping.iter().filter(|m| m.active).flat_map(|m| m.countries.iter().copied()).collect();
        countries.sort_by_key(|country| (*country != home, country.name()));
        countries.dedup();
        countries
    }

    /// Where what is bought with the delivery of this id is fetched, and when; `None` when it is sent.
    pub fn fetched_at(&self, method: &str) -> Option<&str> {
        let method = self.shipping.iter().find(|known| known.id == method && known.pickup)?;
        // Shops from before places had words have those on when it comes.
        let words =
            [&method.pickup_place, &method.note, &method.name].into_iter().find(|text| !text.is_empty());
        words.map(|words| words.trim())
    }

    /// Checks what types cannot say.
    fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut wrong = |field: String, message: &str| errors.push(FieldError::new(field, message));
        for (i, tax) in self.taxes.iter().enumerate() {
            if !(0..=Rate::ONE).contains(&tax.rate.ppm()) {
                wrong(format!("taxes.{i}.rate"), "must be between 0 and 100 per cent");
            }
            if tax.name.trim().is_empty() || 40 < tax.name.chars().count() {
                wrong(format!("taxes.{i}.name"), "use 1 to 40 characters");
            }
            if 100 < tax.region.chars().count() {
                wrong(format!("taxes.{i}.region"), "use at most 100 characters");
            }
            if 20 < tax.postal.chars().count() {
                wrong(format!("taxes.{i}.postal"), "use at most 20 characters");
            }
            if tax.from.zip(tax.until).is_some_and(|(from, until)| until <= from) {
                wrong(format!("taxes.{i}.until"), "must be after the beginning");
            }
            let same = |other: &&TaxRule| {
                (other.place(), &other.category, other.from) == (tax.place(), &tax.category, tax.from)
            };
            if self.taxes[..i].iter().any(|other| same(&other)) {
                wrong(format!("taxes.{i}.country"), "this place has a rate for these goods already");
            }
        }
        for (i, method) in self.shipping.iter().enumerate() {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if method.id.is_empty() || 64 < method.id.len() || !method.id.chars().all(plain) {
                wrong(format!("shipping.{i}.id"), "use 1 to 64 of a-z, 0-9 and -");
            }
            if self.shipping[..i].iter().any(|other| other.id == method.id) {
                wrong(format!("shipping.{i}.id"), "another delivery has this id");
            }
            if method.name.trim().is_empty() || 100 < method.name.chars().count() {
                wrong(format!("shipping.{i}.name"), "use 1 to 100 characters");
            }
            if 200 < method.note.chars().count() {
                wrong(format!("shipping.{i}.note"), "use at most 200 characters");
            }
            if method.countries.is_empty() {
                wrong(format!("shipping.{i}.countries"), "name at least one country");
            }
            if method.pickup && method.pickup_place.trim().is_empty() {
                wrong(format!("shipping.{i}.pickupPlace"), "say where it is fetched, and when");
            }
            if 300 < method.pickup_place.chars().count() || method.pickup_place.chars().any(char::is_control)
            {
                wrong(format!("shipping.{i}.pickupPlace"), "use at most 300 characters on one line");
            }
            let taxed = |category: &TaxCategory| {
                *category == TaxCategory::STANDARD
                    || *category == TaxCategory::NONE
                    || self.taxes.iter().any(|rule| rule.category == *category)
            };
            if method.tax_category.as_ref().is_some_and(|category| !taxed(category)) {
                wrong(format!("shipping.{i}.taxCategory"), "no rate is for goods of this kind");
            }
            if method.price_minor < 0 {
                wrong(format!("shipping.{i}.price"), "must not be negative");
            }
            if MAX_STEPS < method.steps.len() {
                wrong(format!("shipping.{i}.steps"), "use at most 100 steps");
            }
            let mut last = 0;
            for (n, step) in method.steps.iter().enumerate() {
                if step.from <= last {
                    wrong(format!("shipping.{i}.steps.{n}.from"), "must be above the step before");
                }
                if step.price < 0 {
                    wrong(format!("shipping.{i}.steps.{n}.price"), "must not be negative");
                }
                last = last.max(step.from);
            }
            if method.up_to.is_some_and(|most| most < last) {
                wrong(format!("shipping.{i}.upTo"), "must not be below the last step");
            }
            if method.free_from_minor.is_some_and(|from| from < 0) {
                wrong(format!("shipping.{i}.freeFrom"), "must not be negative");
            }
        }
        if MAX_RULES < self.taxes.len() {
            wrong("taxes".to_owned(), "use at most 1,000 rates");
        }
        if MAX_METHODS < self.shipping.len() {
            wrong("shipping".to_owned(), "offer at most 100 deliveries");
        }
        if 365 < self.return_days {
            wrong("returnDays".to_owned(), "use 0 to 365 days; 0 takes nothing back");
        }
        let payment = &self.payment;
        if payment.manual && payment.manual_name.trim().is_empty() {
            wrong("payment.manualName".to_owned(), "give it a name");
        }
        if payment.http && payment.http_name.trim().is_empty() {
            wrong("payment.httpName".to_owned(), "give it a name");
        }
        if payment.stripe && payment.stripe_name.trim().is_empty() {
            wrong("payment.stripeName".to_owned(), "give it a name");
        }
        if 2_000 < payment.manual_instructions.chars().count() {
            wrong("payment.manualInstructions".to_owned(), "use at most 2000 characters");
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

/// Settings with the version that a change has to name, and as prices are made of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// The document.
    pub settings: CommerceSettings,
    /// 0 until somebody saved for the first time.
    pub version: i64,
    /// Whether the shop has keys at Stripe.
    pub(crate) stripe_is_set: bool,
    /// The places that have rates.
    zones: Vec<TaxZone>,
    /// The deliveries, in their order.
    methods: Vec<pricing::ShippingMethod>,
}

impl Versioned {
    fn new(settings: CommerceSettings, version: i64) -> Self {
        let zones = zones(&settings);
        let methods = settings.shipping.iter().map(ShippingMethod::priced).collect();
        Self { settings, version, stripe_is_set: false, zones, methods }
    }

    /// The zone of a destination; one without a rate is taxed like `home`.
    pub(crate) fn zone(&self, destination: &Destination, home: Country) -> Option<&TaxZone> {
        let found = TaxZone::find(&self.zones, destination);
        found.or_else(|| TaxZone::find(&self.zones, &Destination::country(home)))
    }

    /// Deliveries into `country`, in their order.
    pub(crate) fn methods(&self, country: Country) -> impl Iterator<Item = &pricing::ShippingMethod> {
        let goes = move |method: &&pricing::ShippingMethod| {
            method.active && method.countries.as_ref().is_none_or(|countries| countries.contains(&country))
        };
        self.methods.iter().filter(goes)
    }
}

/// The places of the rules, each with its rates. A part of a country knows the rates of the whole for kinds of goods
/// that it says nothing about.
fn zones(settings: &CommerceSettings) -> Vec<TaxZone> {
    let mut zones: Vec<TaxZone> = Vec::new();
    for rule in &settings.taxes {
        let place = rule.place();
        match zones.iter_mut().find(|zone| zone.places[0] == place) {
            Some(zone) => zone.rates.push(rule.priced()),
            None => zones.push(TaxZone {
                id: TaxZoneId::from_uuid(uuid::Uuid::nil()),
                name: place.country.name().to_owned(),
                places: vec![place],
                rates: vec![rule.priced()],
                shipping: match settings.delivery_tax {
                    DeliveryTax::Standard => ShippingTax::Category(TaxCategory::STANDARD),
                    DeliveryTax::Weighted => ShippingTax::Weighted,
                    DeliveryTax::Untaxed => ShippingTax::Untaxed,
                },
            }),
        }
    }
    let whole = |country: Country| {
        let of = settings.taxes.iter().filter(move |rule| rule.country == country);
        of.filter(|rule| rule.region.is_empty() && rule.postal.is_empty())
    };
    for zone in &mut zones {
        let place = &zone.places[0];
        if place.region.is_some() || place.postal.is_some() {
            let known: Vec<TaxCategory> = zone.rates.iter().map(|rate| rate.category.clone()).collect();
            let others = whole(place.country).filter(|rule| !known.contains(&rule.category));
            zone.rates.extend(others.map(TaxRule::priced));
        }
    }
    zones
}

impl TaxRule {
    /// The rate of a whole country for ordinary goods.
    pub fn of_country(country: Country, name: impl Into<String>, rate: Rate) -> Self {
        Self {
            country,
            region: String::new(),
            postal: String::new(),
            category: TaxCategory::STANDARD,
            name: name.into(),
            rate,
            from: None,
            until: None,
        }
    }

    fn place(&self) -> Place {
        let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Place { country: self.country, region: some(&self.region), postal: some(&self.postal) }
    }

    fn priced(&self) -> TaxRate {
        let Self { category, name, rate, from, until, .. } = self;
        TaxRate { category: category.clone(), name: name.clone(), rate: *rate, from: *from, until: *until }
    }
}

/// The settings of the caller's shop: of now, as far as this process has been told, and never older than [`LIFE`].
pub async fn current(ctx: &Ctx) -> Result<Arc<Versioned>> {
    let cache = ctx.app().state(SettingsCache::default);
    let tenant = ctx.tenant_id();
    let generation = ctx.app().hub().generation(Key::new(tenant, SETTINGS));
    let loaded = cache.0.try_get_with((tenant, generation), async {
        let rows = ctx.read(Access::Public).await?;
        Ok::<_, Error>(Arc::new(load(&rows, ctx.tenant()).await?))
    });
    loaded.await.map_err(|error| CommerceError::Platform((*error).clone()))
}

/// What goods can be for the tax office in the caller's shop, `standard` first and `none` last.
pub async fn categories(ctx: &Ctx) -> Result<Vec<TaxCategory>> {
    ctx.require(Permission::PRODUCTS_READ)?;
    let settings = current(ctx).await?;
    let mut named: Vec<TaxCategory> =
        settings.settings.taxes.iter().map(|rule| rule.category.clone()).collect();
    named.retain(|category| *category != TaxCategory::STANDARD && *category != TaxCategory::NONE);
    named.sort();
    named.dedup();
    named.insert(0, TaxCategory::STANDARD);
    named.push(TaxCategory::NONE);
    Ok(named)
}

/// Replaces the settings of the caller's shop.
///
/// # Errors
/// `BAD_USER_INPUT` with every wrong field, `CONFLICT` when somebody else saved since `version` was read.
pub async fn update(ctx: &Ctx, version: i64, settings: CommerceSettings) -> Result<Arc<Versioned>> {
    settings.check().map_err(CommerceError::Invalid)?;
    let document = serde_json::to_string(&settings).map_err(Error::internal)?;
    let (tenant, now) = (ctx.tenant_id(), ctx.now().millis());
    ctx.write(Permission::SETTINGS_UPDATE, async |tx| {
        let changed = if version == 0 {
            tx.insert_new(vec![commerce_settings::ActiveModel {
                id: Set(tenant.uuid()),
                document: Set(document.clone()),
                version: Set(1),
                updated_at: Set(now),
                ..Default::default()
            }])
            .await?
        } else {
            tx.update_many::<commerce_settings::Entity>()
                .set(commerce_settings::Column::Document, document.clone())
                .set(commerce_settings::Column::Version, version.saturating_add(1))
                .set(commerce_settings::Column::UpdatedAt, now)
                .filter(commerce_settings::Column::Version.eq(version))
                .exec()
                .await?
        };
        if changed == 0 {
            return Err(CommerceError::Platform(Error::conflict(
                "somebody else changed the settings, load them again",
            )));
        }
        let app = ctx.app().clone();
        // Pages that were made of them are stale, too.
        tx.after_commit(move || app.hub().bump(tenant, SETTINGS));
        Ok(())
    })
    .await?;
    current(ctx).await
}

async fn load(rows: &TenantDb, tenant: &TenantInfo) -> Result<Versioned, Error> {
    let current = match rows.find::<commerce_settings::Entity>().one().await? {
        Some(row) => {
            Versioned::new(serde_json::from_str(&row.document).map_err(Error::internal)?, row.version)
        }
        None => Versioned::new(CommerceSettings::default_for(tenant), 0),
    };
    let stripe_is_set = current.settings.payment.stripe && provider::is_set(rows).await?;
    Ok(Versioned { stripe_is_set, ..current })
}

/// Tenant and generation of its settings, as in `catalog`: what was loaded before a change never answers after it.
struct SettingsCache(Cache<(TenantId, u64), Arc<Versioned>>);

impl Default for SettingsCache {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(10_000).time_to_live(LIFE).build())
    }
}

/// The usual rate of a country in parts per million, as a start that merchants correct; 0 where there is no one rate.
fn usual_rate(country: Country) -> i64 {
    match country.as_str() {
        "HU" => 270_000,
        "FI" => 255_000,
        "DK" | "HR" | "NO" | "SE" => 250_000,
        "EE" | "GR" => 240_000,
        "IE" | "PL" | "PT" | "SK" => 230_000,
        "IT" | "SI" => 220_000,
        "BE" | "CZ" | "ES" | "LT" | "LV" | "NL" | "RO" => 210_000,
        "AT" | "BG" | "FR" | "GB" => 200_000,
        "CY" | "DE" => 190_000,
        "MT" => 180_000,
        "LU" => 170_000,
        "CH" => 81_000,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pricing::Measures;

    fn settings() -> CommerceSettings {
        let method = ShippingMethod {
            id: "door".into(),
            name: "To your door".into(),
            note: String::new(),
            countries: vec![Country::parse("NL").unwrap(), Country::parse("BE").unwrap()],
            price_minor: 590,
            by: Measure::Weight,
            steps: vec![Step { from: 5_000, price: 990 }],
            up_to: Some(30_000),
            free_from_minor: Some(7500),
            pickup: false,
            pickup_place: String::new(),
            tax_category: None,
            active: true,
        };
        CommerceSettings {
            taxes: vec![TaxRule::of_country(Country::parse("BE").unwrap(), "VAT", Rate::percent(21))],
            rounding: Rounding::Line,
            delivery_tax: DeliveryTax::Standard,
            shipping: vec![method.clone(), ShippingMethod { id: "bike".into(), active: false, ..method }],
            payment: PaymentSettings {
                manual: true,
                manual_name: "Bank transfer".into(),
                manual_instructions: String::new(),
                http: false,
                http_name: String::new(),
                capture: CaptureMode::Automatic,
                stripe: false,
                stripe_name: default_stripe_name(),
            },
            return_days: 30,
        }
    }

    #[test]
    fn delivery_is_free_from_its_sum_on() {
        let method = settings().shipping[0].priced();
        let (country, pieces) = (Country::parse("NL").unwrap(), 1);
        let price = |goods| method.price_for(&Measures { country, grams: 0, value: goods, pieces, goods });
        assert_eq!((price(7499), price(7500)), (Some(590), Some(0)));
    }

    #[test]
    fn a_country_without_a_rate_is_taxed_like_home() {
        let (home, other) = (Country::parse("BE").unwrap(), Country::parse("NL").unwrap());
        let settings = Versioned::new(settings(), 1);
        let zone = settings.zone(&Destination::country(other), home).unwrap();
        assert_eq!((zone.name.as_str(), zone.rates[0].rate), ("Belgium", Rate::from_ppm(210_000)));
    }

    #[test]
    fn delivery_costs_what_its_table_says() {
        let method = settings().shipping[0].priced();
        let country = Country::parse("NL").unwrap();
        let price = |grams| method.price_for(&Measures { country, grams, value: 0, pieces: 1, goods: 0 });
        assert_eq!(
            [price(4_999), price(5_000), price(30_000), price(30_001)],
            [Some(590), Some(990), Some(990), None]
        );
    }

    #[test]
    fn a_part_of_a_country_has_its_own_rates_and_those_of_the_whole_beside_them() {
        let us = Country::parse("US").unwrap();
        let whole = TaxRule::of_country(us, "Tax", Rate::percent(5));
        let food =
            TaxRule { category: TaxCategory::parse("food").unwrap(), rate: Rate::ZERO, ..whole.clone() };
        let california =
            TaxRule { region: "CA".into(), rate: Rate::parse_percent("7.25").unwrap(), ..whole.clone() };
        let settings =
            Versioned::new(CommerceSettings { taxes: vec![whole, food, california], ..settings() }, 1);
        let rate = |region: &str, category: &TaxCategory| {
            let there = Destination { region: Some(region.to_owned()), ..Destination::country(us) };
            let zone = settings.zone(&there, us).unwrap();
            zone.rate(category, Timestamp::from_millis(0)).0.percent_text()
        };
        let food = TaxCategory::parse("food").unwrap();
        assert_eq!(rate("ca", &TaxCategory::STANDARD), "7.25");
        assert_eq!((rate("CA", &food), rate("NV", &TaxCategory::STANDARD)), ("0".to_owned(), "5".to_owned()));
    }

    #[test]
    fn what_was_stored_before_places_and_tables_is_still_read() {
        let old = r#"{"taxes":[{"country":"BE","name":"VAT","rate":210000}],"shipping":[{"id":"door","name":"Door",
            "note":"","countries":["BE"],"price_minor":500,"free_from_minor":null,"active":true}],"payment":{"manual":true,
            "manual_name":"Bank","manual_instructions":"","http":false,"http_name":""}}"#;
        let read: CommerceSettings = serde_json::from_str(old).unwrap();
        assert_eq!((read.taxes[0].category.as_str(), read.shipping[0].by), ("standard", Measure::Price));
        assert_eq!((read.rounding, read.delivery_tax), (Rounding::Line, DeliveryTax::Standard));
        assert_eq!((read.return_days, read.payment.capture), (30, CaptureMode::Automatic));
    }

    #[test]
    fn home_comes_first_and_inactive_deliveries_are_not_offered() {
        let home = Country::parse("NL").unwrap();
        let codes: Vec<_> = settings().countries(home).iter().map(|c| c.as_str()).collect();
        assert_eq!(codes, ["NL", "BE"]);
        let settings = Versioned::new(settings(), 1);
        assert_eq!(settings.methods(home).map(|m| m.id.as_str()).collect::<Vec<_>>(), ["door"]);
    }

    #[test]
    fn says_every_wrong_field() {
        let mut wrong = settings();
        wrong.taxes[0].rate = Rate::from_ppm(-1);
        wrong.shipping[0].price_minor = -1;
        wrong.shipping[1].id = "door".into();
        let fields: Vec<_> = wrong.check().unwrap_err().into_iter().map(|e| e.field).collect();
        assert_eq!(fields, ["taxes.0.rate", "shipping.0.price", "shipping.1.id"]);
    }
}
