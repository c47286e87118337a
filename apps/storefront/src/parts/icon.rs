//! Drawings, written once per page as a sprite and used by reference.

use leptos::prelude::*;
use leptos::tachys::html::InertElement;

const SPRITE: &str = include_str!("sprite.svg");

/// All symbols; stands first in the body.
pub fn sprite() -> InertElement {
    InertElement::new(SPRITE)
}

macro_rules! icons {
    ($($(#[$doc:meta])* $name:ident = $symbol:literal;)*) => {
        $(
            $(#[$doc])*
            pub fn $name() -> InertElement {
                InertElement::new(concat!(
                    r##"<svg class="icon" aria-hidden="true"><use href="#icon-"##, $symbol, r##""></use></svg>"##
                ))
            }
        )*
    };
}

icons! {
    /// Something is wrong.
    alert = "alert";
    /// Onwards.
    arrow = "arrow";
    /// The cart.
    bag = "bag";
    /// Done.
    check = "check";
    /// Opens downwards.
    chevron = "chevron";
    /// Away with it.
    close = "close";
    /// Narrow a list.
    filter = "filter";
    /// Wished for.
    heart = "heart";
    /// Safe.
    lock = "lock";
    /// The menu.
    menu = "menu";
    /// One less.
    minus = "minus";
    /// One more, or unfold.
    plus = "plus";
    /// The account.
    person = "person";
    /// Look for.
    search = "search";
}

/// A small check mark.
pub fn check_small() -> InertElement {
    InertElement::new(
        r##"<svg class="icon" aria-hidden="true" data-size="small"><use href="#icon-check"></use></svg>"##,
    )
}

/// A drawing that a merchant chose by name; a check mark when there is no such drawing.
pub fn named(name: &str) -> InertElement {
    let html = match name {
        "truck" => r##"<svg class="icon" aria-hidden="true"><use href="#icon-truck"></use></svg>"##,
        "return" => r##"<svg class="icon" aria-hidden="true"><use href="#icon-return"></use></svg>"##,
        "repair" => r##"<svg class="icon" aria-hidden="true"><use href="#icon-repair"></use></svg>"##,
        "people" => r##"<svg class="icon" aria-hidden="true"><use href="#icon-people"></use></svg>"##,
        "chat" => r##"<svg class="icon" aria-hidden="true"><use href="#icon-chat"></use></svg>"##,
        "lock" => r##"<svg class="icon" aria-hidden="true"><use href="#icon-lock"></use></svg>"##,
        _ => return check(),
    };
    InertElement::new(html)
}

/// The shop's mark beside its name; nothing when it has none.
pub fn mark(name: &str) -> Option<InertElement> {
    let html = match name {
        "arch" => {
            r#"<svg class="mark" viewBox="0 0 28 28" aria-hidden="true"><g fill="none" stroke="currentColor" stroke-width="1.5"><path d="M4.750 24.250V13a9.250 9.250 0 0 1 18.500 0v11.250z"/><path d="M10.750 24V16.500a3.250 3.250 0 0 1 6.500 0V24"/></g></svg>"#
        }
        "peak" => {
            r#"<svg class="mark" viewBox="0 0 28 28" aria-hidden="true"><path fill="currentColor" d="M14 2l11 23-11-6.500L3 25z"/></svg>"#
        }
        _ => return None,
    };
    Some(InertElement::new(html))
}

/// The dot of a colour. `colour` must be a checked `#rrggbb`.
pub fn swatch(colour: &str) -> AnyView {
    view! {
        <svg class="swatch" viewBox="0 0 2 2" aria-hidden="true"><circle cx="1" cy="1" r="1" fill=colour.to_owned()></circle></svg>
    }
    .into_any()
}
