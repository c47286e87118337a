//! From somebody's bytes to our renditions: sniffed, measured, decoded within limits, re-encoded without
//! anything that was not picture.

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, imageops::FilterType};
use sha2::{Digest, Sha256};
use std::io::Cursor;

/// Widths of renditions in pixels; none is larger than the original.
pub const WIDTHS: [u32; 4] = [240, 480, 800, 1200];
/// More pixels are refused before anything is decoded.
pub const MAX_PIXELS: u64 = 40_000_000;
/// Neither side of a WebP can be longer.
const MAX_SIDE: u32 = 16_383;
/// The decoder gets no more memory than this, bytes.
const MAX_MEMORY: u64 = 512 * 1024 * 1024;
/// Quality of the lossy encoder, 0 to 100.
const QUALITY: f32 = 80.0;
/// Part of every hash: renditions are kept for ever, so another pipeline needs other names.
const PIPELINE: &[u8] = b"webp-1:";

/// Why bytes are no picture of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// Not a JPEG, PNG, WebP or GIF by its first bytes, whatever it is called.
    #[error("file is not a JPEG, PNG, WebP or GIF picture")]
    Unsupported,
    /// Too many pixels, or one side too long.
    #[error("picture has {width} × {height} pixels, allowed are 40 megapixels and {MAX_SIDE} per side")]
    TooLarge {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// Cut off, damaged, or a bomb.
    #[error("picture is damaged: {0}")]
    Damaged(String),
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// Name under the tenant: 32 hexadecimal digits of the content's SHA-256.
    pub hash: String,
    /// Type of the original.
    pub mime: &'static str,
    /// Width of the original in pixels, upright.
    pub width: u32,
    /// Height of the original in pixels, upright.
    pub height: u32,
    /// Width and WebP bytes of each rendition, ascending.
    pub renditions: Vec<(u32, Vec<u8>)>,
}

/// The name that a content gets: the same bytes always get the same one.
pub fn content_hash(bytes: &[u8]) -> String {
    let digest = Sha256::new().chain_update(PIPELINE).chain_update(bytes).finalize();
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Makes all renditions. Takes long: call it on a thread that may block.
///
/// # Errors
/// See [`PictureError`]; none of them goes away by trying again.
pub fn render(bytes: &[u8]) -> Result<Rendered, PictureError> {
    let (format, mime) = sniff(bytes)?;
    let image = decode(bytes, format)?;
    let (width, height) = (image.width(), image.height());
    let mut renditions = Vec::new();
    // From the largest down, each from the one before: as sharp, and far cheaper than always from the original.
    let mut current = image;
    for target in widths_for(width).into_iter().rev() {
        if target < current.width() {
            let scaled = u64::from(height) * u64::from(target) / u64::from(width);
            let height = u32::try_from(scaled).unwrap_or(MAX_SIDE).max(1);
            current = current.resize_exact(target, height, FilterType::Lanczos3);
        }
        renditions.push((target, encode(&current)?));
    }
    renditions.reverse();
    Ok(Rendered { hash: content_hash(bytes), mime, width, height, renditions })
}

/// The widths of a picture's renditions: never upscaled, and the original's own width when that is
/// noticeably more than the next smaller one.
pub fn widths_for(width: u32) -> Vec<u32> {
    let mut widths: Vec<u32> = WIDTHS.into_iter().filter(|target| *target <= width).collect();
    let last = widths.last().copied().unwrap_or(0);
    if last < WIDTHS[WIDTHS.len() - 1] && u64::from(last) * 115 < u64::from(width) * 100 {
        widths.push(width);
    }
    widths
}

/// Looks at the first bytes; names and announced types count for nothing.
fn sniff(bytes: &[u8]) -> Result<(ImageFormat, &'static str), PictureError> {
    match image::guess_format(bytes) {
        Ok(ImageFormat::Jpeg) => Ok((ImageFormat::Jpeg, "image/jpeg")),
        Ok(ImageFormat::Png) => Ok((ImageFormat::Png, "image/png")),
        Ok(ImageFormat::WebP) => Ok((ImageFormat::WebP, "image/webp")),
        Ok(ImageFormat::Gif) => Ok((ImageFormat::Gif, "image/gif")),
        _ => Err(PictureError::Unsupported),
    }
}

fn decode(bytes: &[u8], format: ImageFormat) -> Result<DynamicImage, PictureError> {
    let damaged = |error: image::ImageError| {
        PictureError::Damaged(error.to_string().chars().filter(|c| !c.is_control()).take(200).collect())
    };
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    // The header alone says how large it claims to be.
    let header = ImageReader::with_format(Cursor::new(bytes), format);
    let (width, height) = header.into_dimensions().map_err(damaged)?;
    if u64::from(width) * u64::from(height) > MAX_PIXELS || width.max(height) > MAX_SIDE {
        return Err(PictureError::TooLarge { width, height });
    }
    if width == 0 || height == 0 {
        return Err(PictureError::Damaged("it has no pixels".to_owned()));
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    image.apply_orientation(orientation);
    Ok(if image.color().has_alpha() {
        DynamicImage::ImageRgba8(image.into_rgba8())
    } else {
        DynamicImage::ImageRgb8(image.into_rgb8())
    })
}

fn encode(image: &DynamicImage) -> Result<Vec<u8>, PictureError> {
    let (width, height) = (image.width(), image.height());
    let encoder = match image {
        DynamicImage::ImageRgb8(pixels) => webp::Encoder::from_rgb(pixels, width, height),
        DynamicImage::ImageRgba8(pixels) => webp::Encoder::from_rgba(pixels, width, height),
        _ => return Err(PictureError::Unsupported),
    };
    let encoded = encoder.encode_simple(false, QUALITY);
    encoded.map(|bytes| bytes.to_vec()).map_err(|_| PictureError::Damaged("it cannot be encoded".to_owned()))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    /// A picture with something in it.
    pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
        let image = RgbImage::from_fn(width, height, |x, y| Rgb([(x % 256) as u8, (y % 256) as u8, 90]));
        written(&DynamicImage::ImageRgb8(image), ImageFormat::Png)
    }

    fn written(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn renditions_are_never_larger_than_the_original() {
        assert_eq!(widths_for(1), [1]);
        assert_eq!(widths_for(200), [200]);
        assert_eq!(widths_for(240), [240]);
        assert_eq!(widths_for(250), [240]);
        assert_eq!(widths_for(640), [240, 480, 640]);
        assert_eq!(widths_for(1000), [240, 480, 800, 1000]);
        assert_eq!(widths_for(1200), [240, 480, 800, 1200]);
        assert_eq!(widths_for(5000), [240, 480, 800, 1200]);
    }

    #[test]
    fn renders_web_p_of_the_right_shape() {
        let rendered = render(&png(640, 320)).unwrap();
        assert_eq!((rendered.width, rendered.height, rendered.mime), (640, 320, "image/png"));
        for (width, bytes) in &rendered.renditions {
            let image = image::load_from_memory_with_format(bytes, ImageFormat::WebP).unwrap();
            assert_eq!((image.width(), image.height()), (*width, width / 2));
        }
        let widths: Vec<u32> = rendered.renditions.iter().map(|(width, _)| *width).collect();
        assert_eq!(widths, [240, 480, 640]);
        assert_eq!(rendered.hash.len(), 32);
        assert_eq!(rendered.hash, render(&png(640, 320)).unwrap().hash);
    }

    #[test]
    fn transparency_stays() {
        let image = DynamicImage::ImageRgba8(RgbaImage::from_pixel(300, 300, Rgba([200, 0, 0, 0])));
        let rendered = render(&written(&image, ImageFormat::Png)).unwrap();
        let shown = image::load_from_memory(&rendered.renditions[0].1).unwrap();
        assert_eq!(shown.to_rgba8().get_pixel(10, 10)[3], 0);
    }

    #[test]
    fn what_a_camera_turned_is_shown_upright() {
        // A JPEG whose Exif block says "rotate by 90 degrees".
        let plain = written(&DynamicImage::ImageRgb8(RgbImage::new(300, 200)), ImageFormat::Jpeg);
        let exif =
            b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let turned = [&plain[..2], exif, &plain[2..]].concat();
        let rendered = render(&turned).unwrap();
        assert_eq!((rendered.width, rendered.height), (200, 300));
        assert!(!rendered.renditions[0].1.windows(4).any(|bytes| bytes == b"Exif"));
    }

    #[test]
    fn only_raster_pictures_are_taken() {
        for (name, bytes) in [
            ("svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".as_slice()),
            ("html", b"<!doctype html><script>alert(1)</script>"),
            ("empty", b""),
            ("pdf", b"%PDF-1.7"),
            ("bmp", b"BM\x1e\0\0\0\0\0\0\0\x1a\0\0\0\x0c\0\0\0\x01\0\x01\0\x01\0\x18\0\0\0\xff\0"),
        ] {
            assert_eq!(render(bytes), Err(PictureError::Unsupported), "{name}");
        }
    }

    #[test]
    fn damaged_pictures_are_errors() {
        let whole = png(300, 300);
        for cut in [9, 20, 60, whole.len() / 2] {
            assert!(matches!(render(&whole[..cut]), Err(PictureError::Damaged(_))), "{cut}");
        }
    }

    #[test]
    fn a_bomb_is_refused_by_its_header() {
        // A PNG of a few bytes that claims 16,000 × 16,000 pixels.
        let mut bomb = png(4, 4);
        bomb[16..20].copy_from_slice(&16_000_u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&16_000_u32.to_be_bytes());
        let crc = crc32(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&crc.to_be_bytes());
        assert_eq!(render(&bomb), Err(PictureError::TooLarge { width: 16_000, height: 16_000 }));
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
            })
        })
    }
}
