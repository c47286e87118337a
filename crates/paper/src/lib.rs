//! Papers that a shop prints: invoices, credit notes, packing slips. Pure: what stands on them comes in, a page or a file
//! goes out.
//!
//! Reading order: [`Bill`] and [`Slip`] (what is said), `words` (how, by language), [`Sheet`] (where it stands), then the
//! two that write a sheet down: [`html`] with [`STYLE`], and [`pdf`].

mod bill;
mod face;
mod html;
mod pages;
mod pdf;
mod sheet;
#[cfg(test)]
mod tests;
mod words;

pub use bill::{Bill, BillKind, BillLine, Deduction, Paid, Party, Slip, SlipLine, TaxPart};
pub use html::{STYLE, html};
pub use pdf::{Unprintable, pdf};
pub use sheet::{Cell, Column, Sheet, Sum, Table};
