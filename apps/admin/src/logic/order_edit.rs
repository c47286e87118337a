//! The goods of a placed order, while what it is about is being edited; what was typed is kept as it was typed.

use primitives::Quantity;

use crate::gql::order_edit::{
    OrderEditAddInput, OrderEditChangesInput, OrderEditDiscountInput, OrderEditQuantityInput,
};
use crate::gql::orders::OrderLine;
use crate::logic::amount::{self, AmountError};
use crate::logic::contact::Contact;
use crate::logic::order::variant_of;
use crate::logic::price_list::one_more;

/// A line with what is typed about it; without an id it is a new one.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Row {
    pub line: Option<cynic::Id>,
    /// Of a new one.
    pub variant: Option<cynic::Id>,
    pub called: String,
    pub before: i32,
    /// Pieces that have left; of a new one, 1.
    pub least: i32,
    pub pieces: String,
    /// What is taken off by hand from now on; empty: what was.
    pub off: String,
}

impl Row {
    /// A line as it is.
    pub fn placed(line: &OrderLine) -> Self {
        Self {
            line: Some(line.id.clone()),
            variant: None,
            called: format!("{} {}", line.title, variant_of(line)),
            before: line.quantity,
            least: line.sent,
            pieces: line.quantity.to_string(),
            off: String::new(),
        }
    }

    fn added(variant: cynic::Id, called: String) -> Self {
        Self {
            line: None,
            variant: Some(variant),
            called,
            before: 0,
            least: 1,
            pieces: "1".to_owned(),
            off: String::new(),
        }
    }

    /// How many there are from now on.
    ///
    /// # Errors
    /// What to write instead.
    pub fn n_pieces(&self) -> Result<i32, String> {
        let n = self.pieces.trim().parse().ok();
        let fits = |n: &i32| *n == self.before || (self.least..=Quantity::MAX as i32).contains(n);
        n.filter(fits).ok_or_else(|| format!("Write a whole number from {} to {}", self.least, Quantity::MAX))
    }

    /// What is taken off, as it is sent; empty: what was.
    ///
    /// # Errors
    /// What is typed is no amount of the order's currency, which has so many decimals.
    pub fn taken_off(&self, exponent: u32) -> Result<String, AmountError> {
        amount::wire(&self.off, exponent)
    }

    /// What cannot be read, or what is refused: of the pieces and of the amount.
    pub fn faults(&self, exponent: u32, refused: impl Fn(&str) -> Option<String>) -> [Option<String>; 2] {
        let [pieces, off] = self.fields();
        [
            self.n_pieces().err().or_else(|| refused(&pieces)),
            self.taken_off(exponent).err().map(|error| error.to_string()).or_else(|| refused(&off)),
        ]
    }

    /// Names of what is said about its pieces and about its amount, as [`named`] gives them.
    pub fn fields(&self) -> [String; 2] {
        let of = |list: &str, id: &Option<cynic::Id>| {
            format!("{list}.{}", id.as_ref().map_or("", |id| id.inner()))
        };
        let pieces = match &self.variant {
            Some(_) => of("add", &self.variant),
            None => of("quantities", &self.line),
        };
        [pieces, of("discounts", &self.line)]
    }
}

/// Adds a variant: one piece more of it, where it was added already.
pub fn add(rows: &mut Vec<Row>, variant: cynic::Id, called: String) {
    match rows.iter_mut().find(|row| row.variant.as_ref() == Some(&variant)) {
        Some(row) => one_more(&mut row.pieces),
        None => rows.push(Row::added(variant, called)),
    }
}

/// Somebody else has changed the order: what was not typed over is what it is now.
pub fn follow(rows: &mut Vec<Row>, lines: &[OrderLine]) {
    let mut next: Vec<Row> = lines.iter().map(Row::placed).collect();
    for row in &mut next {
        let Some(typed) = rows.iter_mut().find(|typed| typed.line == row.line) else { continue };
        if typed.pieces.trim() != typed.before.to_string() {
            row.pieces = std::mem::take(&mut typed.pieces);
        }
        row.off = std::mem::take(&mut typed.off);
    }
    next.extend(rows.drain(..).filter(|row| row.line.is_none()));
    *rows = next;
}

/// What the form changes; nothing while nothing is, or a field cannot be read.
pub fn changes(
    rows: &[Row],
    contact: &Contact,
    rest_received: bool,
    exponent: u32,
) -> Option<OrderEditChangesInput> {
    let nothing = OrderEditChangesInput::none(rest_received);
    let mut changes = nothing.clone();
    contact.put_into(&mut changes, exponent).ok()?;
    for row in rows {
        let (quantity, amount) = (row.n_pieces().ok()?, row.taken_off(exponent).ok()?);
        if let Some(line_id) = &row.line {
            let line_id = line_id.clone();
            if quantity != row.before {
                changes.quantities.push(OrderEditQuantityInput { line_id: line_id.clone(), quantity });
            }
            if !amount.is_empty() {
                changes.discounts.push(OrderEditDiscountInput { line_id, amount });
            }
        } else if let Some(variant_id) = &row.variant {
            changes.add.push(OrderEditAddInput { variant_id: variant_id.clone(), quantity });
        }
    }
    (changes != nothing).then_some(changes)
}

/// Whether every field can be read.
pub fn is_legible(rows: &[Row], contact: &Contact, exponent: u32) -> bool {
    let fits = |row: &Row| row.n_pieces().is_ok() && row.taken_off(exponent).is_ok();
    contact.shipping(exponent).is_ok() && rows.iter().all(fits)
}

/// The field with the id of its line or variant in place of its number: rows come and go while the answer is on its way.
pub fn named(field: &str, changes: &OrderEditChangesInput) -> String {
    let mut parts = field.split('.');
    let list = parts.next().unwrap_or_default();
    let n = parts.next().and_then(|n| n.parse::<usize>().ok());
    let id = n.and_then(|n| match list {
        "quantities" => changes.quantities.get(n).map(|it| &it.line_id),
        "discounts" => changes.discounts.get(n).map(|it| &it.line_id),
        "add" => changes.add.get(n).map(|it| &it.variant_id),
        _ => None,
    });
    id.map_or_else(|| field.to_owned(), |id| format!("{list}.{}", id.inner()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gql::{Long, Money};

    fn euro(minor: i64) -> Money {
        Money { minor: Long(minor), currency: "EUR".into(), decimal: String::new(), formatted: String::new() }
    }

    fn line(id: &str, quantity: i32, sent: i32) -> OrderLine {
        OrderLine {
            id: cynic::Id::new(id),
            product_id: cynic::Id::new("p"),
            title: "Mug".into(),
            variant_title: "Blue".into(),
            sku: "MUG".into(),
            picture: None,
            quantity,
            unit: euro(1000),
            full: euro(1000),
            discounts: Vec::new(),
            total: euro(1000),
            gift: false,
            sent,
            to_send: quantity - sent,
        }
    }

    fn rows(lines: &[OrderLine]) -> Vec<Row> {
        lines.iter().map(Row::placed).collect()
    }

    fn sent(rows: &[Row], exponent: u32) -> Option<OrderEditChangesInput> {
        changes(rows, &Contact::default(), false, exponent)
    }

    fn quiet(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn sends_what_differs_and_nothing_else() {
        let mut rows = rows(&[line("1", 2, 0), line("2", 3, 1)]);
        assert_eq!(sent(&rows, 2), None);
        (rows[1].pieces, rows[0].off) = (" 1 ".into(), "1,50".into());
        add(&mut rows, cynic::Id::new("v"), "Bowl".into());
        let changes = sent(&rows, 2).unwrap();
        let quantity = &changes.quantities[0];
        assert_eq!((changes.quantities.len(), quantity.line_id.inner(), quantity.quantity), (1, "2", 1));
        let off = &changes.discounts[0];
        assert_eq!((changes.discounts.len(), off.line_id.inner(), off.amount.as_str()), (1, "1", "1.50"));
        assert_eq!(
            (changes.add.len(), changes.add[0].variant_id.inner(), changes.add[0].quantity),
            (1, "v", 1)
        );
    }

    #[test]
    fn says_which_row_cannot_be_read() {
        let mut rows = rows(&[line("1", 2, 0), line("2", 3, 1)]);
        for typed in ["", "two", "-1", "1.5", "10001"] {
            rows[0].pieces = typed.into();
            let [pieces, off] = rows[0].faults(2, quiet);
            assert_eq!(pieces.as_deref(), Some("Write a whole number from 0 to 10000"), "{typed}");
            assert_eq!((off, sent(&rows, 2)), (None, None));
            assert!(!is_legible(&rows, &Contact::default(), 2));
        }
        rows[0].pieces = "0".into();
        rows[1].pieces = "0".into();
        assert_eq!(rows[0].faults(2, quiet), [None, None]);
        assert_eq!(rows[1].n_pieces().unwrap_err(), "Write a whole number from 1 to 10000");
        rows[1] = Row { pieces: "3".into(), off: "5,000".into(), ..rows[1].clone() };
        let [pieces, off] = rows[1].faults(0, quiet);
        assert_eq!((pieces, off.as_deref()), (None, Some("Write 5000, without a separator")));
        assert_eq!(sent(&rows, 0), None);
        rows[1].off = "5000".into();
        assert_eq!(sent(&rows, 0).unwrap().discounts[0].amount, "5000");
        assert!(is_legible(&rows, &Contact::default(), 0));
    }

    #[test]
    fn adds_a_variant_once_and_then_another_piece() {
        let mut rows = rows(&[line("1", 2, 0)]);
        for _ in 0..3 {
            add(&mut rows, cynic::Id::new("v"), "Bowl".into());
        }
        assert_eq!((rows.len(), rows[1].pieces.as_str()), (2, "3"));
        rows[1].pieces = "x".into();
        add(&mut rows, cynic::Id::new("v"), "Bowl".into());
        assert_eq!((rows.len(), rows[1].pieces.as_str()), (2, "x"));
    }

    #[test]
    fn puts_what_is_refused_at_its_row() {
        let mut rows = rows(&[line("1", 2, 0), line("2", 3, 1)]);
        (rows[1].pieces, rows[1].off) = ("2".into(), "1".into());
        add(&mut rows, cynic::Id::new("v"), "Bowl".into());
        let changes = sent(&rows, 2).unwrap();
        let named = |field| named(field, &changes);
        assert_eq!([named("quantities.0.quantity"), named("discounts.0.amount")], rows[1].fields());
        assert_eq!(named("add.0.variantId"), rows[2].fields()[0]);
        assert_eq!(named("add.0.quantity"), rows[2].fields()[0]);
        for field in ["quantities", "add.7.quantity", "total", "address.city", "restReceived"] {
            assert_eq!(named(field), field);
        }
        let refuse = |field: &str| (field == "quantities.2").then(|| "Too few".to_owned());
        assert_eq!(rows[1].faults(2, refuse), [Some("Too few".to_owned()), None]);
        assert_eq!(rows[0].faults(2, refuse), [None, None]);
    }

    #[test]
    fn keeps_what_was_typed_when_somebody_else_changes_the_order() {
        let mut rows = rows(&[line("1", 2, 0), line("2", 3, 0), line("3", 1, 0)]);
        (rows[0].pieces, rows[1].off) = ("5".into(), "1".into());
        add(&mut rows, cynic::Id::new("v"), "Bowl".into());
        follow(&mut rows, &[line("1", 4, 1), line("2", 6, 0), line("4", 9, 0)]);
        let seen = |row: &Row| {
            let id = row.line.as_ref().map_or("v", |id| id.inner()).to_owned();
            (id, row.before, row.least, row.pieces.clone(), row.off.clone())
        };
        let row = |id: &str, before, least, pieces: &str, off: &str| {
            (id.to_owned(), before, least, pieces.to_owned(), off.to_owned())
        };
        assert_eq!(
            rows.iter().map(seen).collect::<Vec<_>>(),
            [
                row("1", 4, 1, "5", ""),
                row("2", 6, 0, "6", "1"),
                row("4", 9, 0, "9", ""),
                row("v", 0, 1, "1", ""),
            ]
        );
    }
}
