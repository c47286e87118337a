//! A draft as clients write it, and what could not be read of it.

use async_graphql::{ID, InputObject, Result};
use platform::graphql::{failure, parse_id};
use platform::{Ctx, Error};
use primitives::{CustomerId, FieldError, Rate, VariantId};

use crate::draft::{self, Off, Reduction};
use crate::view;

/// An order as staff writes it: all of it. What is missing is asked for when it is placed.
#[derive(InputObject)]
pub struct DraftOrderInput {
    /// Whose it is: this customer's prices, groups and taxes count. A new draft takes contact and address from there when
    /// none is given.
    customer_id: Option<ID>,
    /// E-mail address.
    #[graphql(default)]
    email: String,
    /// Where it goes.
    address: Option<DraftOrderAddressInput>,
    /// Id of the delivery.
    #[graphql(default)]
    shipping_method: String,
    /// `manual`, `http`, `stripe`; empty: by hand, where the shop offers that.
    #[graphql(default)]
    payment_provider: String,
    /// What the customer reads on the order, up to 2,000 characters.
    #[graphql(default)]
    customer_note: String,
    /// What the staff reads, up to 4,000 characters.
    #[graphql(default)]
    internal_note: String,
    /// Tags of the order.
    #[graphql(default)]
    tags: Vec<String>,
    /// Off all of it, after everything else.
    discount: Option<DraftOrderDiscountInput>,
    /// Whether the shop's own promotions count, too.
    #[graphql(default = true)]
    use_promotions: bool,
    /// What it is about, each variant once.
    #[graphql(default)]
    lines: Vec<DraftOrderLineInput>,
}

/// An address, as far as it is known.
#[derive(InputObject)]
pub struct DraftOrderAddressInput {
    /// Full name of whoever receives it.
    #[graphql(default)]
    name: String,
    /// Company.
    #[graphql(default)]
    company: String,
    /// Street and number.
    #[graphql(default)]
    line1: String,
    /// Flat, floor.
    #[graphql(default)]
    line2: String,
    /// Postal code.
    #[graphql(default)]
    postal_code: String,
    /// Town.
    #[graphql(default)]
    city: String,
    /// State or province.
    #[graphql(default)]
    region: String,
    /// ISO 3166-1 alpha-2.
    #[graphql(default)]
    country: String,
    /// Phone.
    #[graphql(default)]
    phone: String,
}

/// So many pieces of a variant, and what was agreed about them.
#[derive(InputObject)]
pub struct DraftOrderLineInput {
    /// The variant.
    variant_id: ID,
    /// 1 to 10,000.
    #[graphql(default = 1)]
    quantity: i32,
    /// Decimal text: price of one piece as the shop writes prices, instead of its own.
    price: Option<String>,
    /// Why, for the staff, up to 200 characters.
    #[graphql(default)]
    price_reason: String,
    /// Off this line.
    discount: Option<DraftOrderDiscountInput>,
}

/// Something to take off: an amount or a share.
#[derive(InputObject)]
pub struct DraftOrderDiscountInput {
    /// Decimal text in the shop's currency; or `percent`.
    amount: Option<String>,
    /// Decimal text, above 0 and at most 100; or `amount`.
    percent: Option<String>,
    /// Why, 1 to 200 characters; the customer reads it.
    reason: String,
}

pub(super) fn draft_of(input: DraftOrderInput, ctx: &Ctx) -> Result<draft::Draft> {
    let mut errors = Vec::new();
    let mut lines = Vec::with_capacity(input.lines.len());
    for (n, line) in input.lines.into_iter().enumerate() {
        let price = line.price.and_then(|text| minor(ctx, &format!("lines.{n}.price"), &text, &mut errors));
        let discount = reduction(ctx, &format!("lines.{n}.discount"), line.discount, &mut errors);
        lines.push(draft::DraftLine {
            variant: parse_id(&line.variant_id, VariantId::KIND)?,
            quantity: i64::from(line.quantity),
            price,
            price_reason: line.price_reason,
            discount,
        });
    }
    let discount = reduction(ctx, "discount", input.discount, &mut errors);
    if !errors.is_empty() {
        return Err(failure(Error::invalid_fields(errors)));
    }
    let address = input.address.map(|address| view::Address {
        name: address.name,
        company: address.company,
        line1: address.line1,
        line2: address.line2,
        postal_code: address.postal_code,
        city: address.city,
        region: address.region,
        country: address.country,
        phone: address.phone,
    });
    Ok(draft::Draft {
        customer: input.customer_id.map(|id| parse_id(&id, CustomerId::KIND)).transpose()?,
        email: input.email,
        address: address.unwrap_or_default(),
        shipping_method: input.shipping_method,
        payment_provider: input.payment_provider,
        customer_note: input.customer_note,
        internal_note: input.internal_note,
        tags: input.tags,
        discount,
        use_promotions: input.use_promotions,
        lines,
    })
}

fn minor(ctx: &Ctx, field: &str, text: &str, errors: &mut Vec<FieldError>) -> Option<i64> {
    match primitives::Money::parse_decimal(text, ctx.tenant().currency) {
        Ok(amount) => Some(amount.minor),
        Err(error) => {
            errors.push(FieldError::new(field, error.to_string()));
            None
        }
    }
}

fn reduction(
    ctx: &Ctx,
    field: &str,
    input: Option<DraftOrderDiscountInput>,
    errors: &mut Vec<FieldError>,
) -> Option<Reduction> {
    let DraftOrderDiscountInput { amount, percent, reason } = input?;
    let off = match (amount, percent) {
        (Some(amount), None) => Off::Amount(minor(ctx, &format!("{field}.amount"), &amount, errors)?),
        (None, Some(percent)) => match Rate::parse_percent(&percent) {
            Ok(rate) => Off::Share(rate),
            Err(error) => {
                errors.push(FieldError::new(format!("{field}.percent"), error.to_string()));
                return None;
            }
        },
        _ => {
            errors.push(FieldError::new(field, "say an amount or a percentage, and not both"));
            return None;
        }
    };
    Some(Reduction { off, reason })
}
