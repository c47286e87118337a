//! The parts of a page that come alive in the browser. Each is a working link or form without them.
//!
//! Islands talk to the server as the page does, by posting its forms; they ask for a part of the page instead of the
//! whole with the header [`PART`], and tell each other about the cart with the window event [`CART_EVENT`].

mod buy_box;
mod cart;
mod dom;
mod live;

pub use buy_box::{BuyBox, BuyBoxProps, Choice, ChoiceValue, Offer, Pieces, PriceWords, Stock};
pub use cart::{CartCount, CartCountProps, CartDrawer, CartDrawerProps};
pub use live::{Live, LiveProps};

/// Request header that asks for a part of a page: `drawer`, `cart`, `checkout`.
pub const PART: &str = "x-rustok-part";

/// Tells the islands of a page that the cart has changed; the number is in the cookie.
pub const CART_EVENT: &str = "rustok:cart";

/// Asks the drawer to show the markup that comes as the event's detail, or to fetch it when there is none.
pub const DRAWER_EVENT: &str = "rustok:drawer";
