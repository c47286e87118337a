//! The two faces of a file: Liberation Sans, regular and bold, under the SIL Open Font License (`fonts/LICENSE`). They have
//! the letters of Latin, Greek and Cyrillic; a sign that they lack is shown as a question mark.

use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

static REGULAR: &[u8] = include_bytes!("../fonts/LiberationSans-Regular.ttf");
static BOLD: &[u8] = include_bytes!("../fonts/LiberationSans-Bold.ttf");

/// A face that can be measured and drawn.
pub(crate) struct Face {
    pub font: Font,
    read: FontRef<'static>,
}

/// Both of them.
pub(crate) struct Faces {
    pub regular: Face,
    pub bold: Face,
}

impl Faces {
    /// `None` when the files in this crate are broken.
    pub(crate) fn load() -> Option<Self> {
        Some(Self { regular: Face::load(REGULAR)?, bold: Face::load(BOLD)? })
    }

    pub(crate) fn of(&self, bold: bool) -> &Face {
        if bold { &self.bold } else { &self.regular }
    }
}

impl Face {
    fn load(data: &'static [u8]) -> Option<Self> {
        Some(Self { font: Font::new(data.into(), 0)?, read: FontRef::new(data).ok()? })
    }

    /// The signs of a text with their widths, by the size of one.
    pub(crate) fn glyphs(&self, text: &str) -> Vec<KrillaGlyph> {
        let (map, metrics) =
            (self.read.charmap(), self.read.glyph_metrics(Size::new(1.0), LocationRef::default()));
        text.char_indices()
            .map(|(at, c)| {
                let shown = map.map(c).or_else(|| map.map('?')).unwrap_or_default();
                let width = metrics.advance_width(shown).unwrap_or_default();
                let range = at..at + c.len_utf8();
                KrillaGlyph::new(GlyphId::new(shown.to_u32()), width, 0.0, 0.0, 0.0, range, None)
            })
            .collect()
    }

    /// How wide a text is, points.
    pub(crate) fn width(&self, text: &str, size: f32) -> f32 {
        let (map, metrics) =
            (self.read.charmap(), self.read.glyph_metrics(Size::new(1.0), LocationRef::default()));
        let wide = |c| {
            let shown = map.map(c).or_else(|| map.map('?')).unwrap_or_default();
            metrics.advance_width(shown).unwrap_or_default()
        };
        text.chars().map(wide).sum::<f32>() * size
    }

    /// The letters of a text that the face does not have.
    #[cfg(test)]
    pub(crate) fn missing(&self, text: &str) -> String {
        let map = self.read.charmap();
        text.chars().filter(|c| map.map(*c).is_none()).collect()
    }

    /// A text in lines that are no wider than `room` points; a word that is wider is cut.
    pub(crate) fn wrap(&self, text: &str, size: f32, room: f32) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = String::new();
        // A no-break space keeps an amount together with its sign.
        for word in text.split([' ', '\t', '\n', '\r']).filter(|word| !word.is_empty()) {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if self.width(&longer, size) <= room {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for c in word.chars() {
                line.push(c);
                if room < self.width(&line, size) && 1 < line.chars().count() {
                    line.pop();
                    lines.push(std::mem::take(&mut line));
                    line.push(c);
                }
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }
}
