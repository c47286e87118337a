//! Papers as pages and files. Their addresses end in `invoice`, `credit-note-7`, `packing-slip` or `packing-slip-2`, with
//! `.pdf` for the file, and `style.css` for what they look like.

use axum::Router;
use axum::extract::{Extension, Path};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use paper::Sheet;
use platform::{App, Ctx, Error};
use primitives::OrderId;

use super::{PaperKind, Reader, credit_note, invoice, invoice_numbered, list, slip};

/// Routes under `/api/v1`.
pub fn rest() -> Router<App> {
    Router::new().route("/orders/{id}/papers/{paper}", get(of_staff))
}

async fn of_staff(
    Extension(ctx): Extension<Ctx>,
    Path((id, name)): Path<(String, String)>,
) -> platform::Result<Response> {
    let id: OrderId = id.parse().map_err(|_| Error::not_found(OrderId::KIND))?;
    answer(&ctx, Reader::Staff(id), &name).await
}

/// Which paper an address means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Style,
    Invoice,
    /// One by its number, which another may have replaced.
    Numbered(i64),
    CreditNote(i64),
    /// Of a parcel, or of what is not sent.
    Slip(Option<usize>),
}

/// What an address means, and whether as a file.
fn wanted(name: &str) -> Option<(Wanted, bool)> {
    if name == "style.css" {
        return Some((Wanted::Style, false));
    }
    let (name, file) = name.strip_suffix(".pdf").map_or((name, false), |name| (name, true));
    let wanted = match name {
        "invoice" => Wanted::Invoice,
        "packing-slip" => Wanted::Slip(None),
        _ => match (name.strip_prefix("credit-note-"), name.strip_prefix("invoice-")) {
            (Some(number), _) => Wanted::CreditNote(number.parse().ok()?),
            (_, Some(number)) => Wanted::Numbered(number.parse().ok()?),
            _ => Wanted::Slip(Some(name.strip_prefix("packing-slip-")?.parse().ok()?)),
        },
    };
    Some((wanted, file))
}

/// Answers at the address of a paper. Packing slips are for staff.
///
/// # Errors
/// `NOT_FOUND` for an order that the reader may not see, and for a paper that it does not have; as [`invoice`] and
/// [`slip`].
pub async fn answer(ctx: &Ctx, reader: Reader<'_>, name: &str) -> platform::Result<Response> {
    let missing = || Error::not_found("paper");
    let (wanted, file) = wanted(name).ok_or_else(missing)?;
    let (sheet, file_name, more) = match (wanted, reader) {
        (Wanted::Style, _) => return Ok(style()),
        (Wanted::Invoice, _) => {
            let issued = invoice(ctx, reader).await?;
            let notes = if file { Vec::new() } else { notes(ctx, reader).await? };
            (issued.bill.sheet(&issued.buyer), issued.bill.file_name(), notes)
        }
        (Wanted::Numbered(number), _) => {
            let issued = invoice_numbered(ctx, reader, number).await?;
            (issued.bill.sheet(&issued.buyer), issued.bill.file_name(), Vec::new())
        }
        (Wanted::CreditNote(number), _) => {
            let issued = credit_note(ctx, reader, number).await?;
            (issued.bill.sheet(&issued.buyer), issued.bill.file_name(), Vec::new())
        }
        (Wanted::Slip(parcel), Reader::Staff(id)) => {
            let slip = slip(ctx, id, parcel).await?;
            (slip.sheet(), slip.file_name(), Vec::new())
        }
        (Wanted::Slip(_), Reader::Token(_) | Reader::Own(_)) => return Err(missing()),
    };
    match file {
        true => as_file(sheet, &file_name).await,
        false => Ok(as_page(&sheet, name, &more)),
    }
}

/// The credit notes that belong to an invoice: words and address.
async fn notes(ctx: &Ctx, reader: Reader<'_>) -> platform::Result<Vec<(String, String)>> {
    let all = list(ctx, reader).await?;
    let notes = all.into_iter().filter(|paper| paper.kind == PaperKind::CreditNote);
    Ok(notes.map(|paper| (paper.label, paper.name)).collect())
}

fn as_page(sheet: &Sheet, name: &str, more: &[(String, String)]) -> Response {
    let page = paper::html(sheet, &format!("{name}.pdf"), more);
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "private, no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, page).into_response()
}

async fn as_file(sheet: Sheet, name: &str) -> platform::Result<Response> {
    // Letters are cut out and squeezed: not for a thread that others wait for.
    let made = tokio::task::spawn_blocking(move || paper::pdf(&sheet)).await.map_err(Error::internal)?;
    let file = made.map_err(Error::internal)?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"{name}.pdf\"")),
    ];
    Ok((headers, file).into_response())
}

fn style() -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "private, max-age=3600")];
    (headers, paper::STYLE).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_addresses_of_papers() {
        assert_eq!(wanted("invoice"), Some((Wanted::Invoice, false)));
        assert_eq!(wanted("invoice.pdf"), Some((Wanted::Invoice, true)));
        assert_eq!(wanted("credit-note-7.pdf"), Some((Wanted::CreditNote(7), true)));
        assert_eq!(wanted("invoice-3"), Some((Wanted::Numbered(3), false)));
        assert_eq!(wanted("packing-slip"), Some((Wanted::Slip(None), false)));
        assert_eq!(wanted("packing-slip-2"), Some((Wanted::Slip(Some(2)), false)));
        for other in
            ["", ".pdf", "invoices", "credit-note-", "credit-note-x", "packing-slip--1", "style.css.pdf"]
        {
            assert_eq!(wanted(other), None, "{other}");
        }
    }
}
