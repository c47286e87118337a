//! Pictures in several widths, always in a box of known size.

use crate::settings;
use catalog::view::Picture;
use leptos::prelude::*;
use leptos::tachys::html::InertElement;

/// How early a picture is needed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loading {
    /// The first thing people see.
    First,
    /// In view at once, but not the main thing.
    Eager,
    /// When it comes near the window.
    Lazy,
}

/// Sizes of a picture in a grid of 2, 3 and 4 columns.
pub const GRID: &str = "(width >= 1280px) 284px, (width >= 990px) 23vw, (width >= 750px) 31vw, 46vw";
/// Sizes of a picture in the gallery of a product.
pub const GALLERY: &str = "(width >= 1280px) 340px, (width >= 990px) 27vw, (width >= 750px) 46vw, 86vw";
/// Sizes of a picture across the window.
pub const FULL: &str = "100vw";
/// Sizes of a picture over half of the page.
pub const HALF: &str = "(width >= 1280px) 620px, (width >= 990px) 48vw, 94vw";
/// Sizes of a picture in a row of a cart.
pub const THUMB: &str = "96px";

/// A rendition set, from the catalogue or from the shop's settings.
#[derive(Clone, Debug)]
pub struct Source<'a> {
    base: &'a str,
    widths: &'a [u32],
    width: u32,
    height: u32,
    alt: &'a str,
}

impl<'a> From<&'a Picture> for Source<'a> {
    fn from(picture: &'a Picture) -> Self {
        let Picture { url_base, widths, width, height, alt } = picture;
        Self { base: url_base, widths, width: *width, height: *height, alt }
    }
}

impl<'a> From<&'a settings::Picture> for Source<'a> {
    fn from(picture: &'a settings::Picture) -> Self {
        let settings::Picture { src, widths, width, height, alt } = picture;
        Self { base: src, widths, width: *width, height: *height, alt }
    }
}

impl<'a> Source<'a> {
    /// The same picture with other words for those who do not see it.
    pub fn alt(mut self, alt: &'a str) -> Self {
        self.alt = alt;
        self
    }

    /// The rendition that is at least `width` wide, else the largest; none without renditions.
    pub fn url(&self, width: u32) -> Option<String> {
        let chosen = self.widths.iter().find(|w| width <= **w).or_else(|| self.widths.last())?;
        Some(format!("{}-{chosen}.webp", self.base))
    }

    fn srcset(&self) -> String {
        let mut set = String::with_capacity(self.widths.len() * (self.base.len() + 16));
        for (index, width) in self.widths.iter().enumerate() {
            if 0 < index {
                set.push_str(", ");
            }
            set.push_str(self.base);
            set.push('-');
            let width = width.to_string();
            set.push_str(&width);
            set.push_str(".webp ");
            set.push_str(&width);
            set.push('w');
        }
        set
    }
}

/// The `img` of a rendition set, or the placeholder when there is nothing to show.
pub fn image<'a>(source: Option<impl Into<Source<'a>>>, sizes: &'static str, loading: Loading) -> AnyView {
    let Some(source) = source.map(Into::into) else { return placeholder().into_any() };
    let Some(src) = source.url(800) else { return placeholder().into_any() };
    let (priority, lazy) = match loading {
        Loading::First => (Some("high"), None),
        Loading::Eager => (None, None),
        Loading::Lazy => (None, Some("lazy")),
    };
    view! {
        <img
            src=src
            srcset=source.srcset()
            sizes=sizes
            width=source.width.max(1)
            height=source.height.max(1)
            alt=source.alt.to_owned()
            fetchpriority=priority
            loading=lazy
            decoding="async"
        />
    }
    .into_any()
}

/// Stands in for a picture that does not exist (yet).
pub fn placeholder() -> InertElement {
    InertElement::new(
        r##"<svg class="placeholder" aria-hidden="true"><use href="#placeholder"></use></svg>"##,
    )
}
