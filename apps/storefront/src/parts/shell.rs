//! The furniture around a page: announcement, header with menu and search, footer, cart drawer.

use super::icon;
use super::media::{self, Loading};
use crate::islands::{CartCount, CartDrawer};
use crate::settings::{LinkGroup, MenuEntry};
use crate::shop::Shop;
use leptos::prelude::*;

/// Announcement and header. `path` marks the current entry of the menu.
pub fn header(shop: &Shop, path: &str, cart_count: Option<u32>) -> AnyView {
    let settings = &shop.settings;
    let announcement = settings.announcement.as_ref().filter(|line| !line.text.is_empty()).map(|line| {
        let link = line
            .link
            .as_ref()
            .map(|link| view! { " · "<a href=shop.href(&link.href)>{link.label.clone()}</a> });
        view! { <aside class="announcement" aria-label="Announcement"><p>{line.text.clone()}{link}</p></aside> }
    });
    let entries = settings.menu.iter().map(|entry| menu_entry(shop, entry, path)).collect_view();
    let account = path.starts_with("/account").then_some("page");
    // On its own page the cart is there already.
    let opens = (path != "/cart").then_some("cart-drawer");
    let search = shop.shows_products().then(|| {
        view! {
            {search_box(shop, "q", "from-desktop", "Search", "")}
            <a class="icon-button to-desktop" href=shop.href("/search")>{icon::search()}<span class="visually-hidden">"Search"</span></a>
        }
    });
    let cart = shop.sells().then(|| {
        view! { <a class="icon-button" href=shop.href("/cart") data-opens=opens>{icon::bag()}<CartCount cookie=shop.count_cookie() initial=cart_count.unwrap_or(0) /></a> }
    });
    let notice = shop.currencies().notice.clone().map(|words| {
        view! { <aside class="announcement" aria-label="Currency"><p>{words}</p></aside> }
    });
    view! {
        {notice}
        {announcement}
        <header class="site-header">
            <div class="shell site-header-bar">
                <div class="start">
                    <button class="icon-button to-desktop" type="button" popovertarget="site-menu">{icon::menu()}<span class="visually-hidden">"Menu"</span></button>
                    <nav class="site-menu sheet" data-side="start" id="site-menu" popover="" aria-label="Main">
                        <div class="sheet-head">
                            <h2>"Menu"</h2>
                            <button class="icon-button" type="button" popovertarget="site-menu" popovertargetaction="hide">{icon::close()}<span class="visually-hidden">"Close menu"</span></button>
                        </div>
                        <ul class="top">{entries}<li class="to-desktop"><a href=shop.href("/account")>"Account"</a></li></ul>
                    </nav>
                </div>
                {logo(shop)}
                <div class="end">
                    {search}
                    <a class="icon-button from-tablet" href=shop.href("/account") aria-current=account>{icon::person()}<span class="visually-hidden">"Account"</span></a>
                    {cart}
                </div>
            </div>
        </header>
    }
    .into_any()
}

/// The shop's mark and name, leading home.
pub fn logo(shop: &Shop) -> AnyView {
    view! { <a class="logo" href=shop.href("/")>{icon::mark(&shop.settings.mark)}{shop.name()}</a> }
        .into_any()
}

/// A search form.
pub fn search_box(
    shop: &Shop,
    id: &'static str,
    extra: &'static str,
    words: &'static str,
    value: &str,
) -> AnyView {
    view! {
        <form class=format!("search-box {extra}") role="search" aria-label=words action=shop.href("/products")>
            {icon::search()}
            <label class="visually-hidden" for=id>"Search the shop"</label>
            <input class="input" id=id name="q" type="search" placeholder=words value=value.to_owned() autocomplete="off" maxlength="200" enterkeyhint="search" />
        </form>
    }
    .into_any()
}

fn menu_entry(shop: &Shop, entry: &MenuEntry, path: &str) -> AnyView {
    let current = |href: &str| (href == path).then_some("page");
    if entry.groups.is_empty() {
        let href = shop.href(&entry.href);
        return view! { <li><a href=href aria-current=current(&entry.href)>{entry.label.clone()}</a></li> }
            .into_any();
    }
    let groups = entry.groups.iter().map(|group| menu_group(shop, group)).collect_view();
    let all = shop.leads(&entry.href).then(|| {
        let words = format!("All of {}", entry.label);
        view! { <p class="menu-all"><a class="arrow-link" href=shop.href(&entry.href) aria-current=current(&entry.href)>{words}" "{icon::arrow()}</a></p> }
    });
    let card = entry.card.as_ref().map(|card| {
        view! {
            <div class="menu-card">
                <article class="product-card" data-layout="row">
                    <div class="media">{media::image(card.picture.as_ref(), media::THUMB, Loading::Lazy)}</div>
                    <div class="text">
                        <h3><a href=shop.href(&card.href)>{card.title.clone()}</a></h3>
                        <p class="meta">{card.text.clone()}</p>
                    </div>
                </article>
            </div>
        }
    });
    view! {
        <li>
            <details name="site-menu">
                <summary>{entry.label.clone()}" "{icon::chevron()}</summary>
                <div class="menu-panel"><div class="shell">{groups}{card}{all}</div></div>
            </details>
        </li>
    }
    .into_any()
}

fn menu_group(shop: &Shop, group: &LinkGroup) -> AnyView {
    view! { <div><h3>{group.title.clone()}</h3><ul class="plain">{links(shop, group)}</ul></div> }.into_any()
}

fn links(shop: &Shop, group: &LinkGroup) -> AnyView {
    let links = group.links.iter();
    links
        .map(|link| view! { <li><a href=shop.href(&link.href)>{link.label.clone()}</a></li> })
        .collect_view()
        .into_any()
}

/// The footer. `back` is the path and query that the visitor comes back to from choosing a currency.
pub fn footer(shop: &Shop, back: &str) -> AnyView {
    let footer = &shop.settings.footer;
    let menus = footer
        .menus
        .iter()
        .map(|group| {
            view! {
                <nav aria-label=group.title.clone()>
                    <h2>{group.title.clone()}</h2>
                    <ul class="plain">{links(shop, group)}</ul>
                </nav>
            }
        })
        .collect_view();
    view! {
        <footer class="site-footer">
            <div class="shell">
                <div class="menus"><div class="about">{logo(shop)}<p>{footer.about.clone()}</p></div>{menus}</div>
                <div class="foot"><p>{legal(shop)}</p>{currencies(shop, back)}</div>
            </div>
        </footer>
    }
    .into_any()
}

/// A choice of currencies, where there is one. Whoever is told that theirs is not offered can always choose: that ends
/// the notice.
fn currencies(shop: &Shop, back: &str) -> Option<AnyView> {
    let known = shop.currencies();
    let any = 1 < known.offered.len() || known.notice.is_some();
    if !shop.sells() || !any {
        return None;
    }
    let options = known.offered.iter().map(|currency| {
        let words = match currency.symbol() {
            symbol if symbol == currency.code() => symbol.to_owned(),
            symbol => format!("{} {symbol}", currency.code()),
        };
        let chosen = *currency == known.current;
        view! { <option value=currency.code() selected=chosen>{words}</option> }
    });
    Some(
        view! {
            <form class="cluster" action=shop.href("/currency") method="post">
                <input type="hidden" name="to" value=back.to_owned() />
                <label for="currency">"Currency"</label>
                <select class="input" data-size="small" id="currency" name="currency" autocomplete="off">{options.collect_view()}</select>
                <button class="button" data-kind="secondary" data-size="small">"Change"</button>
            </form>
        }
        .into_any(),
    )
}

fn legal(shop: &Shop) -> String {
    match shop.settings.footer.legal.as_str() {
        "" => shop.name(),
        text => text.to_owned(),
    }
}

/// The header of the checkout: nothing to wander off to.
pub fn checkout_header(shop: &Shop) -> AnyView {
    view! {
        <header class="checkout-header">
            <div class="shell">
                {logo(shop)}
                <a class="arrow-link" href=shop.href("/cart")>{icon::bag()}"Back to cart"</a>
            </div>
        </header>
    }
    .into_any()
}

/// The footer of the checkout.
pub fn checkout_footer(shop: &Shop) -> AnyView {
    view! { <footer class="site-footer"><div class="shell"><div class="cluster small"><span>{legal(shop)}</span></div></div></footer> }
        .into_any()
}

/// The cart as a dialog; empty until it is opened.
pub fn drawer(shop: &Shop) -> AnyView {
    view! { <CartDrawer base=shop.base().to_owned() cookie=shop.count_cookie() /> }.into_any()
}
