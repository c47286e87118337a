//! A sheet as a page that prints as it looks.

use std::fmt::Write;

use crate::sheet::{Sheet, Table};
use crate::words::Words;

/// The style of every paper. Pages link to it as `style.css` beside their own address.
pub const STYLE: &str = include_str!("paper.css");

/// The page. `file` is where the same sheet is as a file, `notes` the labels and addresses of the credit notes that belong
/// to it, all relative to the page.
pub fn html(sheet: &Sheet, file: &str, notes: &[(String, String)]) -> String {
    let mut out = String::with_capacity(8 * 1024);
    let locale = sheet.locale;
    let direction = if locale.is_right_to_left() { "rtl" } else { "ltr" };
    let title = escape(&sheet.title);
    let _ = write!(
        out,
        "<!DOCTYPE html><html lang=\"{locale}\" dir=\"{direction}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"robots\" content=\"noindex\"><title>{title}</title>\
         <link rel=\"stylesheet\" href=\"style.css\"></head><body>\
         <p class=\"screen\"><a href=\"{}\">{}</a>",
        escape(file),
        escape(sheet.as_file),
    );
    let note = escape(Words::of(locale).credit_note);
    for (label, address) in notes {
        let _ = write!(out, " <a href=\"{}\">{note} {}</a>", escape(address), escape(label));
    }
    out.push_str("</p><main><header><address>");
    lines(&mut out, &sheet.from);
    let _ = write!(out, "</address><div><h1>{title}</h1><dl>");
    for (label, said) in &sheet.facts {
        let _ = write!(out, "<div><dt>{}</dt><dd>{}</dd></div>", escape(label), escape(said));
    }
    let _ =
        write!(out, "</dl></div></header><section class=\"to\"><h2>{}</h2><address>", escape(sheet.to_label));
    lines(&mut out, &sheet.to);
    out.push_str("</address></section>");
    if !sheet.items.rows.is_empty() {
        table(&mut out, &sheet.items, "items", None);
    }
    if !sheet.sums.is_empty() {
        out.push_str("<dl class=\"sums\">");
        for sum in &sheet.sums {
            let strong = if sum.strong { " class=\"strong\"" } else { "" };
            let (label, amount) = (escape(&sum.label), escape(&sum.amount));
            let _ = write!(out, "<div{strong}><dt>{label}</dt><dd>{amount}</dd></div>");
        }
        out.push_str("</dl>");
    }
    if let Some((caption, extra)) = &sheet.extra {
        table(&mut out, extra, "extra", Some(caption));
    }
    for note in &sheet.notes {
        let _ = write!(out, "<p>{}</p>", escape(note));
    }
    if !sheet.footer.is_empty() {
        out.push_str("<footer>");
        for line in &sheet.footer {
            let _ = write!(out, "<p>{}</p>", escape(line));
        }
        out.push_str("</footer>");
    }
    out.push_str("</main></body></html>");
    out
}

fn lines(out: &mut String, lines: &[String]) {
    for (index, line) in lines.iter().enumerate() {
        let _ = match index {
            0 => write!(out, "<strong>{}</strong>", escape(line)),
            _ => write!(out, "<br>{}", escape(line)),
        };
    }
}

fn table(out: &mut String, table: &Table, class: &str, caption: Option<&str>) {
    let _ = write!(out, "<table class=\"{class}\">");
    if let Some(caption) = caption {
        let _ = write!(out, "<caption>{}</caption>", escape(caption));
    }
    out.push_str("<thead><tr>");
    for column in &table.columns {
        let number = if column.number { " class=\"number\"" } else { "" };
        let _ = write!(out, "<th scope=\"col\"{number}>{}</th>", escape(column.title));
    }
    out.push_str("</tr></thead><tbody>");
    for row in &table.rows {
        out.push_str("<tr>");
        for (cell, column) in row.iter().zip(&table.columns) {
            // On narrow screens the name of a number stands beside it.
            let _ = match column.number {
                true => write!(out, "<td class=\"number\" data-label=\"{}\">", escape(column.title)),
                false => write!(out, "<td>"),
            };
            out.push_str(&escape(&cell.text));
            if !cell.small.is_empty() {
                let _ = write!(out, "<small>{}</small>", escape(&cell.small));
            }
            out.push_str("</td>");
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table>");
}

/// Text as it stands in HTML, also between double quotes.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
