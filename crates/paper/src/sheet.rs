//! A paper in words and amounts as they are read, laid out in parts; the page and the file show the same one.

use primitives::{Locale, Money, Rate, Timestamp};

use crate::bill::{Bill, BillKind, Party, Slip};
use crate::words::Words;

/// A paper, ready to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Language.
    pub locale: Locale,
    /// What it is, with its number.
    pub title: String,
    /// Who sends it, name first.
    pub from: Vec<String>,
    /// What stands above `to`.
    pub to_label: &'static str,
    /// Who gets it.
    pub to: Vec<String>,
    /// Dates and numbers.
    pub facts: Vec<(&'static str, String)>,
    /// What it is about; may have no rows.
    pub items: Table,
    /// Sums, in order.
    pub sums: Vec<Sum>,
    /// A smaller table below them, with its heading.
    pub extra: Option<(&'static str, Table)>,
    /// Said below that.
    pub notes: Vec<String>,
    /// At the foot of every page.
    pub footer: Vec<String>,
    /// The word before the number of a page.
    pub page: &'static str,
    /// The words of the link to the file.
    pub as_file: &'static str,
}

/// Columns and rows; each row has a cell for every column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
}

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its heading.
    pub title: &'static str,
    /// Its share of the width; they need not sum to anything.
    pub share: u16,
    /// Numbers stand at the right.
    pub number: bool,
}

/// What stands in a cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Said first.
    pub text: String,
    /// Said below, smaller; may be empty.
    pub small: String,
}

/// A sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// Of what.
    pub label: String,
    /// How much.
    pub amount: String,
    /// Whether it is the one that counts.
    pub strong: bool,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, small: String::new() }
    }
}

const fn text(title: &'static str, share: u16) -> Column {
    Column { title, share, number: false }
}

const fn number(title: &'static str, share: u16) -> Column {
    Column { title, share, number: true }
}

impl Bill {
    /// How people say its number: `1001`, of a credit note `C-1001`.
    pub fn label(&self) -> String {
        match self.what {
            BillKind::Invoice => self.number.to_string(),
            BillKind::CreditNote { .. } => format!("C-{}", self.number),
        }
    }

    /// The name of its file, without an ending; plain ASCII.
    pub fn file_name(&self) -> String {
        match self.what {
            BillKind::Invoice => format!("invoice-{}", self.number),
            BillKind::CreditNote { .. } => format!("credit-note-{}", self.number),
        }
    }

    /// The bill in words, for its buyer.
    pub fn sheet(&self, buyer: &Party) -> Sheet {
        let words = Words::of(self.locale);
        let title = match self.what {
            BillKind::Invoice => words.invoice,
            BillKind::CreditNote { .. } => words.credit_note,
        };
        Sheet {
            locale: self.locale,
            title: format!("{title} {}", self.label()),
            from: party(&self.seller, words),
            to_label: words.bill_to,
            to: party(buyer, words),
            facts: self.facts(words),
            items: self.items(words),
            sums: self.sums(words),
            extra: self.by_rate(words),
            notes: self.notes(words),
            footer: lines(&self.footer),
            page: words.page,
            as_file: words.as_file,
        }
    }

    fn money(&self, minor: i64) -> String {
        Money::new(minor, self.currency).format(&self.locale)
    }

    fn taken_off(&self, minor: i64) -> String {
        format!("−{}", self.money(minor))
    }

    fn facts(&self, words: &Words) -> Vec<(&'static str, String)> {
        let mut facts = vec![(words.issued, words.day(self.issued_at))];
        if let BillKind::CreditNote { invoice, .. } = &self.what {
            facts.push((words.for_invoice, invoice.to_string()));
        }
        facts.push((words.order, self.order.to_string()));
        facts.push((words.ordered, words.day(self.ordered_at)));
        facts.extend(self.sent_at.map(|at| (words.sent, words.day(at))));
        facts
    }

    fn items(&self, words: &Words) -> Table {
        let discounts = self.lines.iter().any(|line| 0 < line.discount);
        let mut columns = vec![text(words.item, 40), number(words.pieces, 9), number(words.unit, 16)];
        if discounts {
            columns.push(number(words.discount, 14));
        }
        columns.extend([number(words.rate, 10), number(words.tax, 14), number(words.amount, 16)]);
        let row = |line: &crate::bill::BillLine| {
            let named = match line.variant.as_str() {
                "" => line.title.clone(),
                variant => format!("{}, {variant}", line.title),
            };
            let small = match line.sku.as_str() {
                "" => String::new(),
                sku => format!("{} {sku}", words.sku),
            };
            let mut row = vec![
                Cell { text: named, small },
                line.quantity.to_string().into(),
                self.money(line.unit).into(),
            ];
            if discounts {
                let off = if line.discount == 0 { String::new() } else { self.taken_off(line.discount) };
                row.push(off.into());
            }
            row.extend([
                Cell::from(percent(line.rate, self.locale)),
                self.money(line.tax).into(),
                self.money(line.total).into(),
            ]);
            row
        };
        Table { columns, rows: self.lines.iter().map(row).collect() }
    }

    fn sums(&self, words: &Words) -> Vec<Sum> {
        let plain = |label: &str, amount| Sum { label: label.to_owned(), amount, strong: false };
        let strong = |label: &str, amount| Sum { label: label.to_owned(), amount, strong: true };
        if let BillKind::CreditNote { .. } = self.what {
            return vec![strong(words.goes_back, self.money(self.total))];
        }
        let mut sums = vec![plain(words.subtotal, self.money(self.subtotal))];
        if !self.delivery.is_empty() {
            let label = format!("{}: {}", words.delivery, self.delivery);
            let amount = match self.delivery_amount {
                0 => words.free.to_owned(),
                amount => self.money(amount),
            };
            sums.push(plain(&label, amount));
        }
        sums.extend(self.deductions.iter().map(|off| plain(&off.name, self.taken_off(off.amount))));
        if self.relief != 0 {
            sums.push(plain(words.tax_free, self.taken_off(self.relief)));
        }
        let word = if self.includes_tax { words.tax_in_it } else { words.tax_on_it };
        for part in &self.taxes {
            let label = format!("{word}, {} {}", part.name, percent(part.rate, self.locale));
            sums.push(plain(&label, self.money(part.tax)));
        }
        sums.push(strong(words.total, self.money(self.total)));
        sums.extend(self.tenders.iter().map(|paid| plain(&paid.name, self.taken_off(paid.amount))));
        if !self.tenders.is_empty() {
            sums.push(strong(words.due, self.money(self.due)));
        }
        sums
    }

    fn by_rate(&self, words: &Words) -> Option<(&'static str, Table)> {
        let columns = vec![
            text(words.by_rate, 40),
            number(words.net, 20),
            number(words.tax, 20),
            number(words.gross, 20),
        ];
        let row = |part: &crate::bill::TaxPart| {
            vec![
                Cell::from(format!("{} {}", part.name, percent(part.rate, self.locale))),
                self.money(part.net).into(),
                self.money(part.tax).into(),
                self.money(part.net.saturating_add(part.tax)).into(),
            ]
        };
        let rows: Vec<_> = self.taxes.iter().map(row).collect();
        (!rows.is_empty()).then_some((words.by_rate, Table { columns, rows }))
    }

    fn notes(&self, words: &Words) -> Vec<String> {
        let mut notes = Vec::new();
        if let BillKind::CreditNote { reason, .. } = &self.what
            && !reason.is_empty()
        {
            notes.push(format!("{}: {reason}", words.reason));
        }
        if !self.exemption.is_empty() {
            notes.push(format!("{}: {}", words.tax_free, self.exemption));
        }
        if !self.payment.is_empty() {
            notes.push(format!("{}: {}", words.paid_by, self.payment));
        }
        notes
    }
}

impl Slip {
    /// The name of its file, without an ending; plain ASCII.
    pub fn file_name(&self) -> String {
        match self.parcel {
            Some(parcel) => format!("packing-slip-{}-{parcel}", self.order),
            None => format!("packing-slip-{}", self.order),
        }
    }

    /// The slip in words.
    pub fn sheet(&self) -> Sheet {
        let words = Words::of(self.locale);
        let day = |at: Timestamp| words.day(at);
        let mut facts = vec![(words.order, self.order.to_string()), (words.ordered, day(self.ordered_at))];
        facts.extend(self.parcel.map(|number| (words.parcel, number.to_string())));
        facts.extend(self.sent_at.map(|at| (words.sent, day(at))));
        for (label, said) in [
            (words.delivery, &self.delivery),
            (words.carrier, &self.carrier),
            (words.tracking, &self.tracking),
        ] {
            if !said.is_empty() {
                facts.push((label, said.clone()));
            }
        }
        let row = |line: &crate::bill::SlipLine| {
            let small = line.variant.clone();
            vec![
                Cell { text: line.title.clone(), small },
                line.sku.clone().into(),
                line.quantity.to_string().into(),
            ]
        };
        let columns = vec![text(words.item, 60), text(words.sku, 25), number(words.pieces, 15)];
        let apart = (0 < self.elsewhere).then(|| format!("{}: {}", words.apart, self.elsewhere));
        Sheet {
            locale: self.locale,
            title: format!("{} {}", words.packing_slip, self.order),
            from: party(&self.seller, words),
            to_label: words.ship_to,
            to: party(&self.buyer, words),
            facts,
            items: Table { columns, rows: self.lines.iter().map(row).collect() },
            sums: Vec::new(),
            extra: None,
            notes: apart.into_iter().collect(),
            footer: Vec::new(),
            page: words.page,
            as_file: words.as_file,
        }
    }
}

fn party(party: &Party, words: &Words) -> Vec<String> {
    let mut lines = party.lines.clone();
    if !party.tax_number.is_empty() {
        lines.push(format!("{}: {}", words.tax_number, party.tax_number));
    }
    lines
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn percent(rate: Rate, locale: Locale) -> String {
    let text = rate.percent_text();
    match locale.language() {
        "de" | "fr" => format!("{}\u{a0}%", text.replace('.', ",")),
        "nl" => format!("{}%", text.replace('.', ",")),
        _ => format!("{text}%"),
    }
}
