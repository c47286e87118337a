//! Where everything of a sheet stands on pages of A4, in points from the upper left corner.

use crate::face::Faces;
use crate::sheet::{Sheet, Table};

/// A4.
pub(crate) const WIDTH: f32 = 595.0;
/// A4.
pub(crate) const HEIGHT: f32 = 842.0;
const LEFT: f32 = 48.0;
const RIGHT: f32 = WIDTH - 48.0;
const TOP: f32 = 52.0;
/// Above the foot of a page.
const BOTTOM: f32 = HEIGHT - 48.0;
const BODY: f32 = 9.5;
const SMALL: f32 = 8.0;
const GAP: f32 = 8.0;

/// Something on a page.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Mark {
    Text { x: f32, y: f32, size: f32, bold: bool, grey: bool, text: String },
    Rule { x: f32, y: f32, width: f32, dark: bool },
}

/// The pages of a sheet, each with its marks.
pub(crate) fn pages(sheet: &Sheet, faces: &Faces) -> Vec<Vec<Mark>> {
    let mut desk = Desk { faces, pages: vec![Vec::new()], y: TOP, bottom: BOTTOM };
    let footer = desk.footer_lines(sheet);
    let high = |n: usize| f32::from(u16::try_from(n).unwrap_or(u16::MAX));
    desk.bottom = BOTTOM - high(footer.len()) * (SMALL * 1.35) - 20.0;
    desk.head(sheet);
    if !sheet.items.rows.is_empty() {
        desk.table(&sheet.items, true);
        desk.y += 10.0;
    }
    desk.sums(sheet);
    if let Some((_, extra)) = &sheet.extra {
        desk.table(extra, false);
        desk.y += 10.0;
    }
    for note in &sheet.notes {
        for line in faces.regular.wrap(note, BODY, RIGHT - LEFT) {
            desk.room(BODY * 1.4);
            desk.y += BODY * 1.4;
            desk.left(LEFT, BODY, (false, false), &line);
        }
    }
    let count = desk.pages.len();
    let mut pages = desk.pages;
    for (index, page) in pages.iter_mut().enumerate() {
        let mut y = BOTTOM - high(footer.len()) * (SMALL * 1.35);
        page.push(Mark::Rule { x: LEFT, y: y - 6.0, width: RIGHT - LEFT, dark: false });
        for line in &footer {
            y += SMALL * 1.35;
            page.push(Mark::Text { x: LEFT, y, size: SMALL, bold: false, grey: true, text: line.clone() });
        }
        let text = format!("{} {} / {count}", sheet.page, index + 1);
        let x = RIGHT - faces.regular.width(&text, SMALL);
        let y = BOTTOM + SMALL * 1.7;
        page.push(Mark::Text { x, y, size: SMALL, bold: false, grey: true, text });
        let y = BOTTOM + SMALL * 1.7;
        let text = sheet.title.clone();
        page.push(Mark::Text { x: LEFT, y, size: SMALL, bold: false, grey: true, text });
    }
    pages
}

struct Desk<'f> {
    faces: &'f Faces,
    pages: Vec<Vec<Mark>>,
    /// The base line of what was written last.
    y: f32,
    bottom: f32,
}

impl Desk<'_> {
    fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    fn left(&mut self, x: f32, size: f32, (bold, grey): (bool, bool), text: &str) {
        let y = self.y;
        self.mark(Mark::Text { x, y, size, bold, grey, text: text.to_owned() });
    }

    fn right(&mut self, end: f32, size: f32, (bold, grey): (bool, bool), text: &str) {
        let x = end - self.faces.of(bold).width(text, size);
        self.left(x, size, (bold, grey), text);
    }

    /// Goes on to the next page when less is left of this one; says whether it did.
    fn room(&mut self, needed: f32) -> bool {
        if self.y + needed <= self.bottom || self.y <= TOP {
            return false;
        }
        self.pages.push(Vec::new());
        self.y = TOP;
        true
    }

    fn footer_lines(&self, sheet: &Sheet) -> Vec<String> {
        let wrapped = |line: &String| self.faces.regular.wrap(line, SMALL, RIGHT - LEFT);
        // More would leave no room for what the paper is about.
        sheet.footer.iter().flat_map(wrapped).take(8).collect()
    }

    /// Who sends it at the left, what it is at the right, who gets it below.
    fn head(&mut self, sheet: &Sheet) {
        let middle = LEFT + (RIGHT - LEFT) * 0.55;
        let top = self.y;
        self.block(LEFT, middle - GAP - LEFT, &sheet.from);
        let from_end = self.y;
        self.y = top;
        for line in self.faces.bold.wrap(&sheet.title, 17.0, RIGHT - middle) {
            self.y += 20.0;
            self.left(middle, 17.0, (true, false), &line);
        }
        self.y += 6.0;
        for (label, said) in &sheet.facts {
            let start = middle + self.faces.regular.width(label, BODY) + GAP;
            let lines = self.faces.regular.wrap(said, BODY, (RIGHT - start).max(60.0));
            for (index, line) in lines.iter().enumerate() {
                self.y += BODY * 1.45;
                if index == 0 {
                    self.left(middle, BODY, (false, true), label);
                }
                self.right(RIGHT, BODY, (false, false), line);
            }
        }
        self.y = self.y.max(from_end) + 30.0;
        self.left(LEFT, SMALL, (true, true), sheet.to_label);
        self.y += 2.0;
        self.block(LEFT, RIGHT - LEFT, &sheet.to);
        self.y += 26.0;
    }

    fn block(&mut self, x: f32, room: f32, lines: &[String]) {
        for (index, line) in lines.iter().enumerate() {
            let bold = index == 0;
            let size = if bold { BODY + 1.5 } else { BODY };
            for line in self.faces.of(bold).wrap(line, size, room) {
                self.y += size * 1.4;
                self.left(x, size, (bold, false), &line);
            }
        }
    }

    /// Its heading stands again on each page that it reaches.
    fn table(&mut self, table: &Table, smalls: bool) {
        let whole: f32 = table.columns.iter().map(|column| f32::from(column.share)).sum();
        let mut spans = Vec::with_capacity(table.columns.len());
        let mut x = LEFT;
        for column in &table.columns {
            let width = (RIGHT - LEFT) * f32::from(column.share) / whole.max(1.0);
            spans.push((x, x + width));
            x += width;
        }
        self.room(60.0);
        self.heading(table, &spans);
        for row in &table.rows {
            let cells: Vec<(Vec<String>, Vec<String>)> = row
                .iter()
                .zip(&spans)
                .map(|(cell, (from, to))| {
                    let room = to - from - GAP;
                    let small = if smalls { cell.small.as_str() } else { "" };
                    let face = &self.faces.regular;
                    (face.wrap(&cell.text, BODY, room), face.wrap(small, SMALL, room))
                })
                .collect();
            let n = |lines: &Vec<String>| f32::from(u16::try_from(lines.len()).unwrap_or(u16::MAX));
            let high = cells.iter().map(|(text, small)| n(text) * BODY * 1.35 + n(small) * SMALL * 1.35);
            let high = high.fold(BODY * 1.35, f32::max) + 7.0;
            if self.room(high) {
                self.heading(table, &spans);
            }
            let top = self.y;
            for ((text, small), (column, (from, to))) in cells.iter().zip(table.columns.iter().zip(&spans)) {
                self.y = top;
                let sized = text.iter().map(|line| (line, BODY, false));
                for (line, size, grey) in sized.chain(small.iter().map(|line| (line, SMALL, true))) {
                    self.y += size * 1.35;
                    match column.number {
                        true => self.right(*to, size, (false, grey), line),
                        false => self.left(*from, size, (false, grey), line),
                    }
                }
            }
            self.y = top + high;
            let y = self.y - 2.0;
            self.mark(Mark::Rule { x: LEFT, y, width: RIGHT - LEFT, dark: false });
        }
    }

    fn heading(&mut self, table: &Table, spans: &[(f32, f32)]) {
        self.y += SMALL * 1.35;
        for (column, (from, to)) in table.columns.iter().zip(spans) {
            match column.number {
                true => self.right(*to, SMALL, (true, true), column.title),
                false => self.left(*from, SMALL, (true, true), column.title),
            }
        }
        self.y += 5.0;
        let y = self.y;
        self.mark(Mark::Rule { x: LEFT, y, width: RIGHT - LEFT, dark: true });
    }

    /// All on one page.
    fn sums(&mut self, sheet: &Sheet) {
        let (from, size) = (LEFT + (RIGHT - LEFT) * 0.45, BODY);
        let mut rows = Vec::new();
        for sum in &sheet.sums {
            let face = self.faces.of(sum.strong);
            let room = RIGHT - from - face.width(&sum.amount, size) - GAP;
            rows.push((sum, face.wrap(&sum.label, size, room.max(60.0))));
        }
        let lines: usize = rows.iter().map(|(_, lines)| lines.len().max(1)).sum();
        let high = f32::from(u16::try_from(lines).unwrap_or(u16::MAX)) * size * 1.6;
        self.room(high.min(self.bottom - TOP));
        for (sum, lines) in rows {
            if sum.strong {
                let y = self.y + 4.5;
                self.mark(Mark::Rule { x: from, y, width: RIGHT - from, dark: true });
                self.y += 2.0;
            }
            for (index, line) in lines.iter().enumerate() {
                self.room(size * 1.6);
                self.y += size * 1.6;
                self.left(from, size, (sum.strong, !sum.strong), line);
                if index == 0 {
                    self.right(RIGHT, size, (sum.strong, false), &sum.amount);
                }
            }
        }
        if !sheet.sums.is_empty() {
            self.y += 26.0;
        }
    }
}
