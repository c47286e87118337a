//! A sheet as a file. The same sheet makes the same file: nothing in it says when or where it was written.

use krilla::Document;
use krilla::color::luma;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;

use crate::face::Faces;
use crate::pages::{HEIGHT, Mark, WIDTH, pages};
use crate::sheet::Sheet;

/// A sheet could not be written down; in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unprintable(String);

impl std::fmt::Display for Unprintable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the paper cannot be written as PDF: {}", self.0)
    }
}

impl std::error::Error for Unprintable {}

/// The file: A4, as many pages as it takes, with the letters that it uses inside.
///
/// # Errors
/// [`Unprintable`] when the writer refuses; nothing that stands on a paper makes it do so.
pub fn pdf(sheet: &Sheet) -> Result<Vec<u8>, Unprintable> {
    let broken = |what: &str| Unprintable(what.to_owned());
    let faces = Faces::load().ok_or_else(|| broken("its letters cannot be read"))?;
    let mut document = Document::new();
    for marks in pages(sheet, &faces) {
        let settings = PageSettings::from_wh(WIDTH, HEIGHT).ok_or_else(|| broken("the page has no size"))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for mark in &marks {
            draw(&mut surface, &faces, mark);
        }
        surface.finish();
        page.finish();
    }
    document
        .set_metadata(Metadata::new().title(sheet.title.clone()).language(sheet.locale.as_str().to_owned()));
    document.finish().map_err(|error| Unprintable(format!("{error:?}")))
}

fn draw(surface: &mut Surface<'_>, faces: &Faces, mark: &Mark) {
    match mark {
        Mark::Text { x, y, size, bold, grey, text } => {
            // What cannot be seen has no place in a line.
            let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            let face = faces.of(*bold);
            surface.set_fill(Some(ink(if *grey { 96 } else { 24 })));
            surface.draw_glyphs(
                Point::from_xy(*x, *y),
                &face.glyphs(&text),
                face.font.clone(),
                &text,
                *size,
                false,
            );
        }
        Mark::Rule { x, y, width, dark } => {
            let mut path = PathBuilder::new();
            if let Some(rect) = Rect::from_xywh(*x, *y, *width, if *dark { 0.8 } else { 0.5 }) {
                path.push_rect(rect);
            }
            if let Some(path) = path.finish() {
                surface.set_fill(Some(ink(if *dark { 60 } else { 200 })));
                surface.draw_path(&path);
            }
        }
    }
}

fn ink(grey: u8) -> Fill {
    Fill { paint: luma::Color::new(grey).into(), ..Fill::default() }
}
