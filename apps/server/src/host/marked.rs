//! Pages with a place for the nonce: as text, and compressed in such a way that the nonce can still be put in.
//!
//! gzip and brotli both know stored blocks, whose bytes stand in the compressed text as they are. A page is cut at its
//! marks; the parts are compressed each for itself and the marks stored between them, so that an answer is a copy with
//! another nonce written over the marks.

use axum::body::Bytes;
use brotli::enc::BrotliEncoderParams;
use flate2::Crc;
use flate2::write::DeflateEncoder;
use memchr::memmem;
use platform::nonce::{LENGTH, Nonce, mark};
use std::io::Write;

/// Bytes with marks in them.
pub struct Marked {
    bytes: Bytes,
    /// Where each mark begins.
    marks: Vec<usize>,
}

impl Marked {
    /// Looks for the marks.
    pub fn new(bytes: Bytes) -> Self {
        let marks = memmem::find_iter(&bytes, mark()).collect();
        Self { bytes, marks }
    }

    /// The bytes with `nonce` in the place of every mark.
    pub fn with(&self, nonce: &Nonce) -> Bytes {
        if self.marks.is_empty() {
            return self.bytes.clone();
        }
        self.written(nonce).into()
    }

    /// Number of bytes.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The parts before, between and after the marks.
    fn parts(&self) -> impl Iterator<Item = &[u8]> {
        let begins = std::iter::once(0).chain(self.marks.iter().map(|at| at + LENGTH));
        let ends = self.marks.iter().copied().chain(std::iter::once(self.bytes.len()));
        begins.zip(ends).map(|(begin, end)| &self.bytes[begin..end])
    }

    fn written(&self, nonce: &Nonce) -> Vec<u8> {
        let mut bytes = self.bytes.to_vec();
        for &at in &self.marks {
            bytes[at..at + LENGTH].copy_from_slice(nonce.as_bytes());
        }
        bytes
    }
}

/// A gzip file (RFC 1952) with places for the nonce.
pub struct Gzip {
    marked: Marked,
    /// Check sums of the parts around the marks.
    sums: Vec<Crc>,
}

/// Header without name and time, "unknown" system.
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

impl Gzip {
    /// Compresses a page at the usual level.
    pub fn new(page: &Marked) -> Self {
        let mut bytes = GZIP_HEADER.to_vec();
        let mut marks = Vec::with_capacity(page.marks.len());
        let mut sums = Vec::with_capacity(page.marks.len() + 1);
        let last = page.marks.len();
        for (index, part) in page.parts().enumerate() {
            let mut sum = Crc::new();
            sum.update(part);
            sums.push(sum);
            bytes.extend(deflated(part, index == last));
            if index < last {
                // A stored block that is not the last: its length, and its length inverted.
                bytes.extend([0, LENGTH as u8, 0, !(LENGTH as u8), 0xff]);
                marks.push(bytes.len());
                bytes.extend(mark().as_bytes());
            }
        }
        let size = u32::try_from(page.len()).unwrap_or(u32::MAX);
        bytes.extend([0; 4]);
        bytes.extend(size.to_le_bytes());
        bytes.shrink_to_fit();
        Self { marked: Marked { bytes: bytes.into(), marks }, sums }
    }

    /// The file with `nonce` in the place of every mark.
    pub fn with(&self, nonce: &Nonce) -> Bytes {
        let mut bytes = self.marked.written(nonce);
        let mut of_nonce = Crc::new();
        of_nonce.update(nonce.as_bytes());
        let mut sum = Crc::new();
        for (index, part) in self.sums.iter().enumerate() {
            if 0 < index {
                sum.combine(&of_nonce);
            }
            sum.combine(part);
        }
        let at = bytes.len() - 8;
        bytes[at..at + 4].copy_from_slice(&sum.sum().to_le_bytes());
        bytes.into()
    }
}

/// A raw deflate stream (RFC 1951); one that is not the last ends on a whole byte and goes on.
fn deflated(part: &[u8], last: bool) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(part.len() / 4), flate2::Compression::new(6));
    // Writing into memory does not fail.
    let _ = encoder.write_all(part);
    if last {
        return encoder.finish().unwrap_or_default();
    }
    let _ = encoder.flush();
    std::mem::take(encoder.get_mut())
}

/// A brotli stream (RFC 7932) with places for the nonce.
pub fn brotli(page: &Marked) -> Marked {
    let mut bytes = Vec::with_capacity(page.len() / 4);
    let mut marks = Vec::with_capacity(page.marks.len());
    for (index, part) in page.parts().enumerate() {
        if 0 < index {
            // A stored meta-block: not the last (1 bit 0), four digits of length (2 bits 0), the length less one (16 bits),
            // stored (1 bit 1), and the rest of the byte.
            let header = ((LENGTH as u32 - 1) << 3) | (1 << 19);
            bytes.extend(&header.to_le_bytes()[..3]);
            marks.push(bytes.len());
            bytes.extend(mark().as_bytes());
        }
        let parameters = BrotliEncoderParams {
            quality: 5,
            lgwin: 18,
            // Whole bytes and no end; and after the first, no beginning and nothing remembered from before.
            appendable: true,
            bare_stream: true,
            catable: 0 < index,
            size_hint: part.len(),
            ..BrotliEncoderParams::default()
        };
        // Writing into memory does not fail.
        let _ = brotli::BrotliCompress(&mut &part[..], &mut bytes, &parameters);
    }
    // The last meta-block, empty.
    bytes.push(3);
    bytes.shrink_to_fit();
    Marked { bytes: bytes.into(), marks }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Read;

    fn unzipped(bytes: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain).unwrap();
        plain
    }

    fn unbrotlied(bytes: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        brotli::Decompressor::new(bytes, 4096).read_to_end(&mut plain).unwrap();
        plain
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_form_of_a_page_unfolds_to_the_page_with_its_nonce(
            parts in prop::collection::vec("(<p class=\"card\">[a-zé€ ]{0,40}</p>){0,60}", 1..5),
        ) {
            let page = Marked::new(parts.join(mark()).into());
            let nonce = Nonce::draw();
            let expected = parts.join(nonce.as_str());
            prop_assert_eq!(&page.with(&nonce)[..], expected.as_bytes());
            prop_assert_eq!(unzipped(&Gzip::new(&page).with(&nonce)), expected.as_bytes());
            prop_assert_eq!(unbrotlied(&brotli(&page).with(&nonce)), expected.as_bytes());
        }
    }

    #[test]
    fn what_is_kept_still_holds_marks_and_is_small() {
        let text = format!("<head>{}</head>{}", mark(), "<li>the same again</li>".repeat(2_000));
        let page = Marked::new(text.into());
        let (one, two) = (Nonce::draw(), Nonce::draw());
        let squeezed = brotli(&page);
        assert!(squeezed.len() < 300, "{}", squeezed.len());
        assert_ne!(squeezed.with(&one), squeezed.with(&two));
        assert!(Gzip::new(&page).with(&one).len() < 600);
    }
}
