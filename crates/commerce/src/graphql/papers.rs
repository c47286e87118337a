//! Invoices and credit notes, and who issues them.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use platform::graphql::{DateTime, Long, Money, ctx_of, failure};
use platform::{Ctx, Error};
use primitives::OrderId;

use crate::papers::seller::{self, Seller as SellerDocument};
use crate::papers::{self, Reader};

/// Reading papers.
#[derive(Default)]
pub struct PapersQuery;

#[Object]
impl PapersQuery {
    /// The papers of an order: its invoice once it was issued, then credit notes.
    async fn order_papers(&self, context: &Context<'_>, id: ID) -> Result<Vec<Paper>> {
        let ctx = ctx_of(context)?;
        list(ctx, Reader::Staff(order_id(&id)?)).await
    }

    /// The papers of one of the caller's orders.
    async fn my_order_papers(&self, context: &Context<'_>, id: ID) -> Result<Vec<Paper>> {
        let ctx = ctx_of(context)?;
        list(ctx, Reader::Own(order_id(&id)?)).await
    }

    /// The papers of the order that a tracking link leads to.
    async fn order_papers_by_token(&self, context: &Context<'_>, token: String) -> Result<Vec<Paper>> {
        let ctx = ctx_of(context)?;
        list(ctx, Reader::Token(&token)).await
    }

    /// Who sells, as papers say it.
    async fn seller(&self, context: &Context<'_>) -> Result<Seller> {
        Ok(seller::seller(ctx_of(context)?).await.map_err(failure)?.into())
    }
}

/// Issuing papers.
#[derive(Default)]
pub struct PapersMutation;

#[Object]
impl PapersMutation {
    /// Issues the invoice of an order, or does nothing when it has one; gives all papers of the order.
    async fn order_invoice_issue(&self, context: &Context<'_>, id: ID) -> Result<Vec<Paper>> {
        let ctx = ctx_of(context)?;
        let reader = Reader::Staff(order_id(&id)?);
        Box::pin(papers::invoice(ctx, reader)).await.map_err(failure)?;
        list(ctx, reader).await
    }

    /// Says who sells from now on; what was issued stays as it is.
    async fn seller_update(&self, context: &Context<'_>, input: SellerInput) -> Result<Seller> {
        let SellerInput { name, line1, line2, postal_code, city, country, tax_number, footer, version } =
            input;
        let wanted = SellerDocument {
            name,
            line1,
            line2,
            postal_code,
            city,
            country,
            tax_number,
            footer,
            version: version.0,
        };
        Ok(seller::update(ctx_of(context)?, &wanted).await.map_err(failure)?.into())
    }
}

async fn list(ctx: &Ctx, reader: Reader<'_>) -> Result<Vec<Paper>> {
    let papers = Box::pin(papers::list(ctx, reader)).await.map_err(failure)?;
    Ok(papers.into_iter().map(|paper| Paper::of(paper, ctx)).collect())
}

fn order_id(id: &ID) -> Result<OrderId> {
    id.parse().map_err(|_| failure(Error::not_found(OrderId::KIND)))
}

/// What a paper is.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "papers::PaperKind")]
pub enum PaperKind {
    /// What is to be paid.
    Invoice,
    /// What of it is taken back.
    CreditNote,
}

/// An invoice or a credit note.
#[derive(SimpleObject)]
pub struct Paper {
    /// What it is.
    kind: PaperKind,
    /// Counts the shop's papers of this kind, without a gap.
    number: Long,
    /// How people say the number.
    label: String,
    /// What it is about, tax included.
    total: Money,
    /// When it was issued.
    issued_at: DateTime,
    /// The last part of its address: `/api/v1/orders/{id}/papers/` for staff, `/account/orders/{id}/papers/` and
    /// `/orders/{token}/papers/` for customers; with `.pdf` behind it as a file.
    name: String,
}

impl Paper {
    fn of(paper: papers::PaperView, ctx: &Ctx) -> Self {
        Self {
            kind: paper.kind.into(),
            number: Long(paper.number),
            label: paper.label,
            total: Money::of(paper.total, ctx.locale()),
            issued_at: DateTime(paper.issued_at),
            name: paper.name,
        }
    }
}

/// Who sells.
#[derive(SimpleObject)]
pub struct Seller {
    /// Name of the business; the shop's where it is empty.
    name: String,
    /// Street and number.
    line1: String,
    /// Building, floor.
    line2: String,
    /// Postal code.
    postal_code: String,
    /// Town.
    city: String,
    /// ISO 3166-1 alpha-2, or empty.
    country: String,
    /// Number under which it pays tax.
    tax_number: String,
    /// At the foot of every invoice.
    footer: String,
    /// For the next change; 0 until the first one.
    version: Long,
}

impl From<SellerDocument> for Seller {
    fn from(seller: SellerDocument) -> Self {
        let SellerDocument { name, line1, line2, postal_code, city, country, tax_number, footer, version } =
            seller;
        let version = Long(version);
        Self { name, line1, line2, postal_code, city, country, tax_number, footer, version }
    }
}

/// Who sells from now on. What is left out is empty.
#[derive(InputObject)]
pub struct SellerInput {
    /// Name of the business, up to 200 characters like the other lines.
    #[graphql(default)]
    name: String,
    /// Street and number.
    #[graphql(default)]
    line1: String,
    /// Building, floor.
    #[graphql(default)]
    line2: String,
    /// Postal code.
    #[graphql(default)]
    postal_code: String,
    /// Town.
    #[graphql(default)]
    city: String,
    /// ISO 3166-1 alpha-2, or empty.
    #[graphql(default)]
    country: String,
    /// Number under which it pays tax.
    #[graphql(default)]
    tax_number: String,
    /// At the foot of every invoice: bank, register, terms; several lines, up to 1,000 characters.
    #[graphql(default)]
    footer: String,
    /// The version that was read.
    version: Long,
}
