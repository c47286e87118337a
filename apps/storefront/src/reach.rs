//! Which addresses lead somewhere in a shop that has switched things off.

use platform::module::{Feature, Switches};
use platform::surface::Kind;
use std::sync::LazyLock;

/// A page: the parts of its path, the module and the feature that it belongs to.
struct Place {
    parts: Vec<String>,
    module: &'static str,
    feature: Option<Feature>,
}

static PAGES: LazyLock<Vec<Place>> = LazyLock::new(|| {
    let pages = crate::surface().into_iter().filter(|entry| entry.kind == Kind::Page);
    pages
        .filter_map(|entry| {
            let (_, path) = entry.name.split_once(' ')?;
            Some(Place { parts: parts(path), module: entry.module, feature: entry.feature })
        })
        .collect()
});

/// Whether a path of the shop leads to something that the shop has. What is no page of ours may be anything.
pub fn leads(switches: &Switches, href: &str) -> bool {
    let path = href.split(['?', '#']).next().unwrap_or_default();
    let asked = parts(path);
    let fits = |place: &&Place| {
        place.parts.len() == asked.len()
            && place.parts.iter().zip(&asked).all(|(known, part)| known.starts_with('{') || known == part)
    };
    PAGES.iter().filter(fits).all(|place| {
        switches.module(place.module) && place.feature.is_none_or(|feature| switches.feature(feature))
    })
}

fn parts(path: &str) -> Vec<String> {
    path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_modules_behind_the_pages() {
        let all = Switches::default();
        for href in ["/", "/products?sort=newest", "/collections/kitchen", "/cart", "/register", "/about"] {
            assert!(leads(&all, href), "{href}");
        }
        let showroom = Switches::new([("commerce".to_owned(), false)], [(Feature::CustomerAccounts, false)]);
        for (href, there) in [
            ("/", true),
            ("/products/mug#details", true),
            ("/cart", false),
            ("/checkout?x=1", false),
            ("/orders/abc", false),
            ("/register", false),
            ("/sign-in", true),
        ] {
            assert_eq!(leads(&showroom, href), there, "{href}");
        }
        let empty = Switches::new(["commerce", "catalog"].map(|name| (name.to_owned(), false)), []);
        assert!(!leads(&empty, "/products") && !leads(&empty, "/collections/kitchen") && leads(&empty, "/"));
    }
}
