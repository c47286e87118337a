//! Taking in product files in Shopify's CSV layout: read and checked whole, then applied product by product.
//!
//! A product is known by its address (`Handle`), a variant by its values, else by its article number, a picture by its
//! address. What a file does not name stays as it is, so a file can be imported again and changes nothing.

mod apply;
pub(crate) mod layout;
mod parse;

use std::fmt;

use platform::Ctx;
use primitives::Permission;
use serde::Serialize;

pub use apply::{Report, apply};

use crate::error::Result;
use crate::product::spec::ProductSpec;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Its product is left out.
    Error,
    /// Its product is taken, a detail is not.
    Warning,
}

/// Something that is wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Line of the file where its row begins, from 1.
    pub line: u64,
    /// Name of the column; empty for the whole row.
    pub column: String,
    /// The product it belongs to; may be empty.
    pub handle: String,
    /// What is wrong.
    pub message: String,
    /// How bad it is.
    pub severity: Severity,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        for part in [&self.column, &self.handle] {
            if !part.is_empty() {
                write!(f, ", {part}")?;
            }
        }
        let severity = if self.severity == Severity::Error { "" } else { "warning: " };
        write!(f, ": {severity}{}", self.message)
    }
}

/// What happens to a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is made.
    Create,
    /// It is changed.
    Update,
    /// It is as the file says already.
    Unchanged,
    /// It is left out because of an error.
    Failed,
}

/// A file that was read and compared, nothing written.
#[derive(Debug)]
pub struct Plan {
    rows: u64,
    products: Vec<Planned>,
    problems: Vec<Problem>,
}

#[derive(Debug)]
struct Planned {
    line: u64,
    handle: String,
    title: String,
    published: bool,
    variants: u64,
    images: u64,
    action: Action,
    spec: Option<ProductSpec>,
}

/// One product of a plan.
#[derive(Clone, Copy, Debug)]
pub struct Item<'p> {
    /// Line of its first row.
    pub line: u64,
    /// Its address.
    pub handle: &'p str,
    /// Its name.
    pub title: &'p str,
    /// Variants in the file.
    pub variants: u64,
    /// What would happen.
    pub action: Action,
}

/// A plan in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows without the header.
    pub rows: u64,
    /// Products.
    pub products: u64,
    /// Variants.
    pub variants: u64,
    /// Pictures.
    pub images: u64,
    /// Products to make.
    pub create: u64,
    /// Products to change.
    pub update: u64,
    /// Products that are as the file says.
    pub unchanged: u64,
    /// Products with an error.
    pub failed: u64,
}

impl Plan {
    /// What is wrong in the file, at most 1,000 things.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The products of the file, in its order.
    pub fn items(&self) -> impl Iterator<Item = Item<'_>> {
        self.products.iter().map(|product| Item {
            line: product.line,
            handle: &product.handle,
            title: &product.title,
            variants: product.variants,
            action: product.action,
        })
    }

    /// How many products the file names.
    pub fn products(&self) -> usize {
        self.products.len()
    }

    /// What a dry run says: the plan as if it had been applied.
    pub fn report(&self) -> Report {
        let counts = self.counts();
        Report {
            rows: counts.rows,
            created: counts.create,
            updated: counts.update,
            unchanged: counts.unchanged,
            failed: counts.failed,
            images: counts.images,
            problems: self.problems.clone(),
        }
    }

    /// The plan in numbers.
    pub fn counts(&self) -> Counts {
        let mut counts =
            Counts { rows: self.rows, products: self.products.len() as u64, ..Counts::default() };
        for product in &self.products {
            counts.variants += product.variants;
            counts.images += product.images;
            match product.action {
                Action::Create => counts.create += 1,
                Action::Update => counts.update += 1,
                Action::Unchanged => counts.unchanged += 1,
                Action::Failed => counts.failed += 1,
            }
        }
        counts
    }
}

/// Reads a file and says what it would do.
///
/// # Errors
/// `BAD_USER_INPUT` when it is no product file at all; wrong rows are problems of the plan instead.
pub async fn plan(ctx: &Ctx, csv: &[u8]) -> Result<Plan> {
    ctx.require(Permission::PRODUCTS_IMPORT)?;
    let (csv, currency) = (csv.to_vec(), ctx.tenant().currency);
    // A large file keeps a processor busy for seconds: not one that answers requests.
    let parsed = tokio::task::spawn_blocking(move || parse::parse(&csv[..], currency)).await;
    let parse::File { rows, products, mut problems } = parsed.map_err(platform::Error::internal)??;
    let mut planned: Vec<Planned> = products
        .into_iter()
        .map(|product| Planned {
            line: product.line,
            handle: product.handle,
            title: product.title,
            published: product.published,
            variants: product.variants,
            images: product.images,
            action: Action::Failed,
            spec: product.spec,
        })
        .collect();
    let db = ctx.read(Permission::PRODUCTS_IMPORT).await?;
    for chunk in planned.chunks_mut(500) {
        Box::pin(apply::classify(ctx, &db, chunk, &mut problems)).await?;
    }
    problems.sort_by_key(|problem| problem.line);
    Ok(Plan { rows, products: planned, problems })
}
