//! Taxes, deliveries and ways to pay of a shop: one document, kept in memory for a second.

use std::time::Duration;

use moka::future::Cache;
use platform::{Access, App, Ctx, Error, TenantDb, TenantInfo};
use primitives::{Country, FieldError, Permission, Rate, TenantId};
use sea_orm::{ActiveValue::Set, ColumnTrait};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::entity::commerce_settings;
use crate::error::{CommerceError, Result};

/// Most deliveries of a shop.
const MAX_METHODS: usize = 100;

/// How the shop taxes, sends and is paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommerceSettings {
    /// One rate per country; a country without one is taxed like the shop's own.
    pub taxes: Vec<CountryTax>,
    /// Deliveries in the order in which they are offered.
    pub shipping: Vec<ShippingMethod>,
    /// Ways to pay.
    pub payment: PaymentSettings,
}

/// The one tax rate of a country.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountryTax {
    /// Where it applies.
    pub country: Country,
    /// What shoppers see: `VAT`, `Sales tax`.
    pub name: String,
    /// 0 to 100 %.
    pub rate: Rate,
}

/// A flat-rate delivery.
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
    /// Free from this subtotal on.
    pub free_from_minor: Option<i64>,
    /// Offered now.
    pub active: bool,
}

impl ShippingMethod {
    /// The price for a cart of this subtotal.
    pub fn price_for(&self, subtotal_minor: i64) -> i64 {
        match self.free_from_minor {
            Some(from) if from <= subtotal_minor => 0,
            _ => self.price_minor,
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
}

impl CommerceSettings {
    /// What a shop starts with: its country's usual rate, one delivery inside it, both ways to pay.
    pub fn default_for(tenant: &TenantInfo) -> Self {
        let ppm = usual_rate(tenant.country);
        let five = 10_i64.pow(u32::from(tenant.currency.exponent())) * 5;
        Self {
            taxes: vec![CountryTax {
                country: tenant.country,
                name: if tenant.prices_include_tax { "VAT" } else { "Tax" }.to_owned(),
                rate: Rate::from_ppm(ppm),
            }],
            shipping: vec![ShippingMethod {
                id: "standard".to_owned(),
                name: "To your door".to_owned(),
                note: "2 to 4 working days".to_owned(),
                countries: vec![tenant.country],
                price_minor: five,
                free_from_minor: Some(five * 15),
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
            },
        }
    }

    /// The tax of `country`.
    pub fn tax(&self, country: Country, home: Country) -> (&str, Rate) {
        let of = |wanted| self.taxes.iter().find(|tax| tax.country == wanted);
        of(country).or_else(|| of(home)).map_or(("Tax", Rate::ZERO), |tax| (tax.name.as_str(), tax.rate))
    }

    /// Where something can be sent: the shop's own country first, then by name.
    pub fn countries(&self, home: Country) -> Vec<Country> {
        let mut countries: Vec<Country> =
            self.shipping.iter().filter(|m| m.active).flat_map(|m| m.countries.iter().copied()).collect();
        countries.sort_by_key(|country| (*country != home, country.name()));
        countries.dedup();
        countries
    }

    /// Deliveries into `country`, in their order.
    pub fn methods(&self, country: Country) -> impl Iterator<Item = &ShippingMethod> {
        self.shipping.iter().filter(move |method| method.active && method.countries.contains(&country))
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
            if self.taxes[..i].iter().any(|other| other.country == tax.country) {
                wrong(format!("taxes.{i}.country"), "this country has a rate already");
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
            if method.price_minor < 0 {
                wrong(format!("shipping.{i}.price"), "must not be negative");
            }
            if method.free_from_minor.is_some_and(|from| from < 0) {
                wrong(format!("shipping.{i}.freeFrom"), "must not be negative");
            }
        }
        if MAX_METHODS < self.shipping.len() {
            wrong("shipping".to_owned(), "offer at most 100 deliveries");
        }
        let payment = &self.payment;
        if payment.manual && payment.manual_name.trim().is_empty() {
            wrong("payment.manualName".to_owned(), "give it a name");
        }
        if payment.http && payment.http_name.trim().is_empty() {
            wrong("payment.httpName".to_owned(), "give it a name");
        }
        if 2_000 < payment.manual_instructions.chars().count() {
            wrong("payment.manualInstructions".to_owned(), "use at most 2000 characters");
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

/// Settings with the version that a change has to name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// The document.
    pub settings: CommerceSettings,
    /// 0 until somebody saved for the first time.
    pub version: i64,
}

/// The settings of the caller's shop; at most a second old.
pub async fn current(ctx: &Ctx) -> Result<Arc<Versioned>> {
    let cache = ctx.app().state(SettingsCache::default);
    let loaded = cache.0.try_get_with(ctx.tenant_id(), async {
        let rows = ctx.read(Access::Public).await?;
        Ok::<_, Error>(Arc::new(load(&rows, ctx.tenant()).await?))
    });
    loaded.await.map_err(|error| CommerceError::Platform((*error).clone()))
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
        Ok(())
    })
    .await?;
    ctx.app().state(SettingsCache::default).0.invalidate(&tenant).await;
    current(ctx).await
}

async fn load(rows: &TenantDb, tenant: &TenantInfo) -> Result<Versioned, Error> {
    Ok(match rows.find::<commerce_settings::Entity>().one().await? {
        Some(row) => Versioned {
            settings: serde_json::from_str(&row.document).map_err(Error::internal)?,
            version: row.version,
        },
        None => Versioned { settings: CommerceSettings::default_for(tenant), version: 0 },
    })
}

struct SettingsCache(Cache<TenantId, Arc<Versioned>>);

impl Default for SettingsCache {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(10_000).time_to_live(Duration::from_secs(1)).build())
    }
}

/// Forgets what is kept in memory, for tests and for seeds that write past [`update`].
pub fn forget(app: &App) {
    app.state(SettingsCache::default).0.invalidate_all();
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

    fn settings() -> CommerceSettings {
        let method = ShippingMethod {
            id: "door".into(),
            name: "To your door".into(),
            note: String::new(),
            countries: vec![Country::parse("NL").unwrap(), Country::parse("BE").unwrap()],
            price_minor: 590,
            free_from_minor: Some(7500),
            active: true,
        };
        CommerceSettings {
            taxes: vec![CountryTax {
                country: Country::parse("BE").unwrap(),
                name: "VAT".into(),
                rate: Rate::from_ppm(210_000),
            }],
            shipping: vec![method.clone(), ShippingMethod { id: "bike".into(), active: false, ..method }],
            payment: PaymentSettings {
                manual: true,
                manual_name: "Bank transfer".into(),
                manual_instructions: String::new(),
                http: false,
                http_name: String::new(),
            },
        }
    }

    #[test]
    fn delivery_is_free_from_its_sum_on() {
        let method = &settings().shipping[0];
        assert_eq!((method.price_for(7499), method.price_for(7500)), (590, 0));
    }

    #[test]
    fn a_country_without_a_rate_is_taxed_like_home() {
        let (home, other) = (Country::parse("BE").unwrap(), Country::parse("NL").unwrap());
        assert_eq!(settings().tax(other, home), ("VAT", Rate::from_ppm(210_000)));
    }

    #[test]
    fn home_comes_first_and_inactive_deliveries_are_not_offered() {
        let home = Country::parse("NL").unwrap();
        let codes: Vec<_> = settings().countries(home).iter().map(|c| c.as_str()).collect();
        assert_eq!(codes, ["NL", "BE"]);
        assert_eq!(settings().methods(home).map(|m| m.id.as_str()).collect::<Vec<_>>(), ["door"]);
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
