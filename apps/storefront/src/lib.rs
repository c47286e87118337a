//! The storefront: every page of a shop, rendered on the server, complete without scripts.
//!
//! Reading order: [`shop`] (what every view knows), [`page`] (the document), `routes` (pages: load, then view),
//! `parts` (pure views), [`islands`] (what comes alive), `data` (the only file that names the modules' use cases),
//! `actions` (posted forms), `seo`.
//!
//! Pages are plain axum handlers that load first and render second, so there is no suspended markup to stream: leptos'
//! own router writes inline scripts for that, which the policy of the host forbids and which a kept page would replay.
//!
//! Two builds share this crate: `ssr` renders, `hydrate` (through `storefront-wasm`) wakes the islands.

#![recursion_limit = "256"]

pub mod islands;

#[cfg(feature = "ssr")]
mod actions;
#[cfg(feature = "ssr")]
mod assets;
#[cfg(feature = "ssr")]
mod data;
#[cfg(feature = "ssr")]
pub mod page;
#[cfg(feature = "ssr")]
mod parts;
#[cfg(feature = "ssr")]
mod query;
#[cfg(feature = "ssr")]
mod reach;
#[cfg(feature = "ssr")]
mod routes;
#[cfg(feature = "ssr")]
mod seo;
#[cfg(feature = "ssr")]
pub mod settings;
#[cfg(feature = "ssr")]
pub mod shop;
#[cfg(all(test, feature = "ssr"))]
mod tests;
#[cfg(feature = "ssr")]
mod visitor;

#[cfg(feature = "ssr")]
mod host {
    use crate::routes::{
        access, account, addresses, cart, checkout, code, errors, home, list, mailbox, order, privacy,
        product, review, security, signin, wishlist,
    };
    use crate::visitor::Front;
    use crate::{actions, seo};
    use axum::Router;
    use axum::extract::{DefaultBodyLimit, Path, State};
    use axum::http::StatusCode;
    use axum::response::{IntoResponse, Response};
    use axum::routing::{get, post};
    use leptos::prelude::LeptosOptions;
    use platform::module::Feature;
    use platform::surface::Entry;
    use platform::{Access, App, Ctx, Error};

    /// Largest posted form, bytes.
    const FORM_LIMIT: usize = 64 * 1024;

    /// Every page and form of a shop, below its prefix.
    ///
    /// Expects `platform::Ctx`, [`identity::ShopBase`] and [`identity::Visit`] in the request's extensions, and paths
    /// without the shop's prefix. An answer that may be kept for everybody says what it was computed from in the header
    /// [`crate::page::DEPENDENCIES`]: `catalog`, `product:<id>`, `tenant`.
    pub fn routes(app: &App, options: LeptosOptions) -> Router {
        Router::new()
            .route("/", get(home::show))
            .route("/products", get(list::all))
            .route("/search", get(list::search))
            .route("/collections/{slug}", get(list::collection))
            .route("/products/{slug}", get(product::show))
            .route("/reviews/{slug}", get(review::show).post(actions::review::write))
            .route("/reviews/{slug}/withdraw", post(actions::review::withdraw))
            .route("/currency", post(actions::currency))
            .route("/cart", get(cart::show))
            .route("/cart/add", post(actions::cart_add))
            .route("/cart/update", post(actions::cart_update))
            .route("/cart/remove", post(actions::cart_remove))
            .route("/cart/codes", post(actions::cart_codes))
            .route("/cart/saved", post(actions::saved::change))
            .route("/checkout", get(checkout::show).post(actions::checkout_place))
            .route("/checkout/refresh", post(actions::checkout_refresh))
            .route("/orders/{token}", get(order::track))
            .route("/orders/{token}/again", post(order::again::by_token))
            .route("/orders/{token}/papers/{paper}", get(order::papers::by_token))
            .route("/orders/{token}/return", get(order::back::show).post(order::back::send))
            .route("/orders/{token}/return/withdraw", post(order::back::withdraw))
            .route("/account", get(account::show))
            .route("/account/orders/{id}", get(order::own))
            .route("/account/orders/{id}/again", post(order::again::own))
            .route("/account/orders/{id}/papers/{paper}", get(order::papers::own))
            .route("/account/data", get(privacy::data))
            .route("/account/addresses", get(addresses::show).post(addresses::put))
            .route("/account/addresses/prefer", post(addresses::prefer))
            .route("/account/addresses/remove", post(addresses::remove))
            .route("/wishlist", post(wishlist::keep))
            .route("/account/wishlist", get(wishlist::show))
            .route("/account/wishlist/move", post(wishlist::to_cart))
            .route("/account/wishlist/remove", post(wishlist::remove))
            .route("/account/letters", post(privacy::letters))
            .route("/account/erase", get(privacy::ask).post(privacy::erase))
            .route("/account-erased", get(privacy::erased))
            .route("/account/security", get(security::show))
            .route("/account/two-step/start", post(security::start))
            .route("/account/two-step/confirm", post(security::confirm))
            .route("/account/two-step/codes", post(security::codes))
            .route("/account/two-step/disable", post(security::disable))
            .route("/account/sessions/end", post(security::end_session))
            .route("/account/sessions/end-all", post(security::end_all))
            .route("/sign-in", get(signin::sign_in).post(actions::sign_in))
            .route("/sign-in/code", get(code::show).post(actions::sign_in_code))
            .route("/register", get(signin::register).post(actions::register))
            .route("/sign-out", post(actions::sign_out))
            .route("/forgot-password", get(access::forgot).post(actions::access::forgot))
            .route("/reset-password", get(access::reset).post(actions::access::reset))
            .route("/verify-email", get(access::verify).post(actions::access::verify))
            .route("/confirm-address", get(access::confirm).post(actions::access::confirm))
            .route("/invitation", get(access::invitation).post(actions::access::invitation))
            .route("/account/address", get(access::address).post(actions::access::address))
            .route("/account/verify", post(actions::access::send_verification))
            .route("/dev/mailbox", get(mailbox::list))
            .route("/dev/mailbox/{id}", get(mailbox::show))
            .route("/dev/mailbox/{id}/html", get(mailbox::html))
            .route("/sitemap.xml", get(seo::sitemap))
            .route("/robots.txt", get(seo::robots))
            .route("/assets/{file}", get(asset))
            .fallback(errors::fallback)
            .layer(DefaultBodyLimit::max(FORM_LIMIT))
            .with_state(Front::new(app, &options))
    }

    /// Answers at pages that a shop does not have.
    #[derive(Clone)]
    pub struct Refusals(Front);

    impl Refusals {
        /// In the face of each shop.
        pub fn new(app: &App, options: &LeptosOptions) -> Self {
            Self(Front::new(app, options))
        }

        /// The shop's own page for addresses that lead nowhere, with the status of `error`.
        pub async fn page(&self, ctx: &Ctx, base: &identity::ShopBase, error: &Error) -> Response {
            let shop = self.0.shop(ctx.tenant(), &base.0);
            let mut response = errors::failure(ctx, &shop, error).await;
            if let Ok(status) = StatusCode::from_u16(error.status()) {
                *response.status_mut() = status;
            }
            response
        }
    }

    async fn asset(State(front): State<Front>, Path(file): Path<String>) -> Response {
        match file == front.assets().boot {
            true => front.assets().boot_response(),
            false => StatusCode::NOT_FOUND.into_response(),
        }
    }

    /// Every door of the storefront, each of the module whose things it shows.
    pub fn surface() -> Vec<Entry> {
        vec![
            Entry::page("/", Access::Public),
            Entry::page("/products", Access::Public).of("catalog"),
            Entry::page("/search", Access::Public).of("catalog"),
            Entry::page("/collections/{slug}", Access::Public).of("catalog"),
            Entry::page("/products/{slug}", Access::Public).of("catalog"),
            Entry::page("/reviews/{slug}", Access::SignedIn).of("commerce"),
            Entry::form("/reviews/{slug}", Access::SignedIn).of("commerce"),
            Entry::form("/reviews/{slug}/withdraw", Access::SignedIn).of("commerce"),
            Entry::page("/cart", Access::Public).of("commerce"),
            Entry::page("/checkout", Access::Public).of("commerce"),
            Entry::page("/orders/{token}", Access::Public).of("commerce"),
            Entry::form("/orders/{token}/again", Access::Public).of("commerce"),
            Entry::page("/orders/{token}/papers/{paper}", Access::Public).of("commerce"),
            Entry::page("/orders/{token}/return", Access::Public).of("commerce"),
            // The id is part of the field's name.
            Entry::form("/orders/{token}/return", Access::Public)
                .of("commerce")
                .id("pieces-{}", "order_line"),
            Entry::form("/orders/{token}/return/withdraw", Access::Public)
                .of("commerce")
                .id("return", "return"),
            Entry::page("/account", Access::SignedIn),
            Entry::page("/account/orders/{id}", Access::SignedIn).of("commerce").id("{id}", "order"),
            Entry::page("/account/orders/{id}/papers/{paper}", Access::SignedIn)
                .of("commerce")
                .id("{id}", "order"),
            Entry::form("/account/orders/{id}/again", Access::SignedIn).of("commerce").id("{id}", "order"),
            Entry::page("/account/data", Access::SignedIn).of("commerce"),
            Entry::page("/account/addresses", Access::SignedIn).of("commerce"),
            Entry::form("/account/addresses", Access::SignedIn).of("commerce").id("id", "address"),
            Entry::form("/account/addresses/prefer", Access::SignedIn).of("commerce").id("id", "address"),
            Entry::form("/account/addresses/remove", Access::SignedIn).of("commerce").id("id", "address"),
            Entry::form("/wishlist", Access::Public)
                .of("commerce")
                .id("product", "product")
                .id("variant", "variant"),
            Entry::page("/account/wishlist", Access::SignedIn).of("commerce"),
            Entry::form("/account/wishlist/move", Access::SignedIn).of("commerce").id("variant", "variant"),
            Entry::form("/account/wishlist/remove", Access::SignedIn).of("commerce").id("variant", "variant"),
            Entry::form("/account/letters", Access::SignedIn).of("commerce"),
            Entry::page("/account/erase", Access::SignedIn).of("commerce"),
            Entry::form("/account/erase", Access::SignedIn).of("commerce"),
            Entry::page("/account-erased", Access::Public).of("commerce"),
            Entry::page("/account/security", Access::SignedIn),
            Entry::page("/sign-in", Access::Public),
            Entry::page("/sign-in/code", Access::Public),
            Entry::page("/register", Access::Public).feature(Feature::CustomerAccounts),
            Entry::page("/sitemap.xml", Access::Public),
            Entry::page("/robots.txt", Access::Public),
            Entry::page("/assets/{file}", Access::Public),
            Entry::form("/currency", Access::Public).of("commerce"),
            Entry::form("/cart/add", Access::Public)
                .of("commerce")
                .id("product", "product")
                .id("variant", "variant"),
            Entry::form("/cart/update", Access::Public)
                .of("commerce")
                .id("quantity-{}", "cart_line")
                .id("remove", "cart_line"),
            Entry::form("/cart/codes", Access::Public).of("commerce"),
            Entry::form("/cart/saved", Access::Public)
                .of("commerce")
                .id("later", "cart_line")
                .id("back", "saved_line")
                .id("forget", "saved_line"),
            Entry::form("/cart/remove", Access::Public).of("commerce").id("line", "cart_line"),
            Entry::form("/checkout", Access::Public).of("commerce").id("cart", "cart"),
            Entry::form("/checkout/refresh", Access::Public).of("commerce").id("drop_card", "gift_card"),
            Entry::form("/account/two-step/start", Access::SignedIn),
            Entry::form("/account/two-step/confirm", Access::SignedIn),
            Entry::form("/account/two-step/codes", Access::SignedIn),
            Entry::form("/account/two-step/disable", Access::SignedIn),
            Entry::form("/account/sessions/end", Access::SignedIn).id("session", "session"),
            Entry::form("/account/sessions/end-all", Access::SignedIn),
            Entry::form("/sign-in", Access::Public),
            Entry::form("/sign-in/code", Access::Public),
            Entry::form("/register", Access::Public).feature(Feature::CustomerAccounts),
            Entry::form("/sign-out", Access::Public),
            Entry::page("/forgot-password", Access::Public),
            Entry::form("/forgot-password", Access::Public),
            Entry::page("/reset-password", Access::Public),
            Entry::form("/reset-password", Access::Public),
            Entry::page("/verify-email", Access::Public),
            Entry::form("/verify-email", Access::Public),
            Entry::page("/confirm-address", Access::Public),
            Entry::form("/confirm-address", Access::Public),
            Entry::page("/invitation", Access::Public),
            Entry::form("/invitation", Access::Public),
            Entry::page("/account/address", Access::SignedIn),
            Entry::form("/account/address", Access::SignedIn),
            Entry::form("/account/verify", Access::SignedIn),
            // There in development only, and only for browsers on the same machine (mail::mailbox::opens_to).
            Entry::page("/dev/mailbox", Access::Public),
            Entry::page("/dev/mailbox/{id}", Access::Public).id("{id}", "mail"),
            Entry::page("/dev/mailbox/{id}/html", Access::Public).id("{id}", "mail"),
        ]
    }
}

#[cfg(feature = "ssr")]
pub use host::{Refusals, routes, surface};
#[cfg(feature = "ssr")]
pub use routes::errors::internal as internal_error;
