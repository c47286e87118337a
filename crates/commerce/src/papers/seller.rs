//! Who sells, as papers say it.

use paper::Party;
use platform::{Access, Ctx, Error};
use primitives::{Country, FieldError, Permission};
use sea_orm::{ActiveValue::Set, ColumnTrait};
use serde::{Deserialize, Serialize};

use crate::entity::seller as row;
use crate::error::{CommerceError, Result};

/// Longest line, characters.
const MAX_LINE: usize = 200;
/// Longest text at the foot, characters.
const MAX_FOOTER: usize = 1_000;

/// Who sells. Everything may be empty until somebody fills it in; the name is then the shop's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seller {
    /// Name of the business.
    pub name: String,
    /// Street and number.
    pub line1: String,
    /// Building, floor.
    pub line2: String,
    /// Postal code.
    pub postal_code: String,
    /// Town.
    pub city: String,
    /// ISO 3166-1 alpha-2, or empty.
    pub country: String,
    /// Number under which it pays tax.
    pub tax_number: String,
    /// At the foot of every invoice: bank, register, terms; several lines.
    pub footer: String,
    /// For the next change; 0 until the first one.
    #[serde(skip)]
    pub version: i64,
}

impl Seller {
    /// As it stands on papers.
    pub(crate) fn party(&self, shop: &str) -> Party {
        let name = if self.name.is_empty() { shop } else { &self.name };
        let country = Country::parse(&self.country).map(Country::name).unwrap_or_default();
        let town = format!("{} {}", self.postal_code, self.city);
        let lines = [name, &self.line1, &self.line2, town.trim(), country];
        let lines = lines.into_iter().filter(|line| !line.is_empty()).map(str::to_owned);
        Party { lines: lines.collect(), tax_number: self.tax_number.clone() }
    }

    fn checked(&self) -> Result<Self> {
        let trim = |text: &str| text.trim().to_owned();
        let tidy = Self {
            name: trim(&self.name),
            line1: trim(&self.line1),
            line2: trim(&self.line2),
            postal_code: trim(&self.postal_code),
            city: trim(&self.city),
            country: trim(&self.country).to_ascii_uppercase(),
            tax_number: trim(&self.tax_number),
            footer: trim(&self.footer),
            version: self.version,
        };
        let mut errors = Vec::new();
        for (field, text) in [
            ("name", &tidy.name),
            ("line1", &tidy.line1),
            ("line2", &tidy.line2),
            ("postalCode", &tidy.postal_code),
            ("city", &tidy.city),
            ("taxNumber", &tidy.tax_number),
        ] {
            if MAX_LINE < text.chars().count() {
                errors.push(FieldError::new(field, format!("use at most {MAX_LINE} characters")));
            } else if text.chars().any(char::is_control) {
                errors.push(FieldError::new(field, "must be one line"));
            }
        }
        if MAX_FOOTER < tidy.footer.chars().count() {
            errors.push(FieldError::new("footer", format!("use at most {MAX_FOOTER} characters")));
        }
        if !tidy.country.is_empty() && Country::parse(&tidy.country).is_err() {
            errors.push(FieldError::new("country", "is no country, use two letters such as BE"));
        }
        if errors.is_empty() { Ok(tidy) } else { Err(CommerceError::Invalid(errors)) }
    }
}

/// Who sells, for staff.
pub async fn seller(ctx: &Ctx) -> Result<Seller> {
    ctx.require(Permission::SETTINGS_READ)?;
    current(ctx).await
}

pub(crate) async fn current(ctx: &Ctx) -> Result<Seller> {
    let rows = ctx.read(Access::Public).await?;
    let Some(row) = rows.find::<row::Entity>().one().await? else { return Ok(Seller::default()) };
    let seller: Seller = serde_json::from_str(&row.document).map_err(Error::internal)?;
    Ok(Seller { version: row.version, ..seller })
}

/// Says who sells from now on; what was issued stays as it is. `wanted.version` is the one that was read.
///
/// # Errors
/// `BAD_USER_INPUT` with every wrong field; `CONFLICT` when somebody else saved first.
pub async fn update(ctx: &Ctx, wanted: &Seller) -> Result<Seller> {
    let wanted = wanted.checked()?;
    let (document, now) = (serde_json::to_string(&wanted).map_err(Error::internal)?, ctx.now().millis());
    ctx.write(Permission::SETTINGS_UPDATE, async |tx| {
        let changed = if wanted.version == 0 {
            tx.insert_new(vec![row::ActiveModel {
                id: Set(tx.tenant_id().uuid()),
                document: Set(document.clone()),
                version: Set(1),
                updated_at: Set(now),
                ..Default::default()
            }])
            .await?
        } else {
            tx.update_many::<row::Entity>()
                .set(row::Column::Document, document.clone())
                .set(row::Column::Version, wanted.version.saturating_add(1))
                .set(row::Column::UpdatedAt, now)
                .filter(row::Column::Version.eq(wanted.version))
                .exec()
                .await?
        };
        match changed {
            0 => Err(Error::conflict("somebody else changed the seller, load it again").into()),
            _ => Ok::<_, CommerceError>(()),
        }
    })
    .await?;
    Ok(Seller { version: wanted.version.saturating_add(1), ..wanted })
}
