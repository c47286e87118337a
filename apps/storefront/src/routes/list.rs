//! Lists: all products, a collection, what a search found.

use crate::data;
use crate::page::{self, Head, Page};
use crate::parts::{card, icon, shell};
use crate::query::{self, ListAddress};
use crate::seo;
use crate::shop::Shop;
use axum::Extension;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use catalog::view::{CollectionLookup, CollectionView, FacetValue, ListPage, ListSort, OptionFacet};
use leptos::prelude::*;
use platform::Ctx;
use platform::module::Feature;
use primitives::Money;
use std::sync::Arc;

/// Products on one page of a list.
const PER_PAGE: u64 = 24;
/// Values of an option that are shown at once; the rest is behind "show all".
const VALUES: usize = 8;

/// `GET /products`
pub async fn all(Extension(ctx): Extension<Ctx>, shop: Shop, RawQuery(encoded): RawQuery) -> Response {
    let encoded = encoded.unwrap_or_default();
    let address = ListAddress::parse("/products".into(), None, &encoded, shop.currency());
    answer(&ctx, &shop, &encoded, address, None).await
}

/// `GET /collections/{slug}`
pub async fn collection(
    Extension(ctx): Extension<Ctx>,
    shop: Shop,
    Path(slug): Path<String>,
    RawQuery(encoded): RawQuery,
) -> Response {
    let encoded = encoded.unwrap_or_default();
    match data::collection(&ctx, &slug).await {
        Ok(CollectionLookup::Found(collection)) => {
            let path = format!("/collections/{}", collection.slug);
            let address = ListAddress::parse(path, Some(collection.slug.clone()), &encoded, shop.currency());
            answer(&ctx, &shop, &encoded, address, Some(collection)).await
        }
        Ok(CollectionLookup::Moved { slug }) => {
            Redirect::permanent(&shop.href(&format!("/collections/{slug}"))).into_response()
        }
        Ok(CollectionLookup::Missing) => super::errors::not_found(&ctx, &shop).await,
        Err(error) => super::errors::failure(&ctx, &shop, &error).await,
    }
}

/// `GET /search`: for phones, where the header has no room for a field.
pub async fn search(Extension(ctx): Extension<Ctx>, shop: Shop) -> Response {
    match data::collections(&ctx).await {
        Ok(collections) => page::answer(&shop, || search_page(&shop, &collections)),
        Err(error) => super::errors::failure(&ctx, &shop, &error).await,
    }
}

async fn answer(
    ctx: &Ctx,
    shop: &Shop,
    encoded: &str,
    address: ListAddress,
    collection: Option<Arc<CollectionView>>,
) -> Response {
    // Without scripts a form sends what nobody filled in; the address bar says what was asked for, no more.
    if query::has_blanks(encoded) {
        return Redirect::to(&shop.href(&address.page(address.query.page))).into_response();
    }
    let loaded = async {
        let list = data::list(ctx, &address.query).await?;
        let rooms = data::collections(ctx).await?;
        platform::Result::Ok((list, rooms))
    };
    match loaded.await {
        Ok((list, rooms)) => {
            let kept = data::may_be_kept(ctx).await;
            page::answer(shop, || page(shop, &address, collection.as_deref(), &list, &rooms).kept(kept))
        }
        Err(error) => super::errors::failure(ctx, shop, &error).await,
    }
}

/// One page of a list.
pub fn page(
    shop: &Shop,
    address: &ListAddress,
    collection: Option<&CollectionView>,
    list: &ListPage,
    rooms: &[Arc<CollectionView>],
) -> Page {
    let heading = heading(shop, address, collection);
    let title = match list.page {
        1 => heading.clone(),
        n => format!("{heading}, page {n}"),
    };
    let filtered =
        0 < address.active() || address.query.q.is_some() || address.query.sort != ListSort::default();
    let canonical =
        if 1 < list.page && !filtered { address.page(list.page) } else { address.path().to_owned() };
    let crumbs = [("Home".to_owned(), Some("/".to_owned())), (heading.clone(), None)];
    let neighbour = |page: u32| (1 <= page && page <= list.pages).then(|| address.page(page));
    let head = Head {
        title,
        description: description(shop, collection),
        canonical: address.query.q.is_none().then_some(canonical),
        neighbours: (list.page.checked_sub(1).and_then(neighbour), neighbour(list.page + 1)),
        hidden: filtered,
        picture: collection.and_then(|c| c.picture.as_ref()).and_then(|p| p.url(1200)),
        data: vec![seo::breadcrumbs(shop, &crumbs)],
        ..Head::default()
    };
    let lead = match (collection, &address.query.q) {
        (Some(collection), _) => {
            let body = collection.body.as_str().to_owned();
            (!body.is_empty()).then(|| view! { <div class="lead" inner_html=body></div> }.into_any())
        }
        (None, None) => {
            let words = shop.settings.list.text.clone();
            (!words.is_empty()).then(|| view! { <p class="lead">{words}</p> }.into_any())
        }
        (None, Some(q)) => Some(shell::search_box(shop, "q-list", "", "Search the shop", q)),
    };
    let count = shop.settings.list.count(list.total);
    let body = match list.total == 0 && address.active() == 0 {
        true => nothing(shop, address, rooms),
        false => view! { <div class="railed">{facets(shop, address, list, rooms)}{results(shop, address, list)}</div> }.into_any(),
    };
    let view = view! {
        <div class="shell">
            {breadcrumbs(shop, &crumbs)}
            <header class="list-head"><h1>{heading}" "<small>{count}</small></h1>{lead}</header>
            {body}
        </div>
    };
    let mut page = Page::new(head, address.path(), view.into_any());
    page.dependencies = vec!["catalog".into(), "tenant".into()];
    page
}

fn heading(shop: &Shop, address: &ListAddress, collection: Option<&CollectionView>) -> String {
    match (&address.query.q, collection) {
        (Some(q), _) => format!("Results for “{q}”"),
        (None, Some(collection)) => collection.title.clone(),
        (None, None) if shop.settings.list.title.is_empty() => "All products".to_owned(),
        (None, None) => shop.settings.list.title.clone(),
    }
}

fn description(shop: &Shop, collection: Option<&CollectionView>) -> String {
    let words = match collection {
        Some(collection) => collection.seo_description.clone(),
        None => shop.settings.list.text.clone(),
    };
    if words.is_empty() { shop.settings.description.clone() } else { words }
}

/// Where the page stands in the shop.
pub fn breadcrumbs(shop: &Shop, crumbs: &[(String, Option<String>)]) -> AnyView {
    let items = crumbs
        .iter()
        .map(|(label, path)| match path {
            Some(path) => view! { <li><a href=shop.href(path)>{label.clone()}</a></li> }.into_any(),
            None => view! { <li aria-current="page">{label.clone()}</li> }.into_any(),
        })
        .collect_view();
    view! { <nav class="breadcrumbs" aria-label="Breadcrumbs"><ol>{items}</ol></nav> }.into_any()
}

fn facets(shop: &Shop, address: &ListAddress, list: &ListPage, rooms: &[Arc<CollectionView>]) -> AnyView {
    let query = &address.query;
    let advanced = shop.has(Feature::AdvancedSearch);
    let kept = [
        ("q", query.q.clone()),
        ("sort", (query.sort != ListSort::default()).then(|| query.sort.to_string())),
    ];
    let kept = kept
        .into_iter()
        .filter_map(|(name, value)| {
            value.map(|value| view! { <input type="hidden" name=name value=value /> })
        })
        .collect_view();
    let options = list
        .facets
        .options
        .iter()
        .filter(|facet| !facet.values.is_empty() && advanced)
        .map(|facet| option_facet(shop, facet))
        .collect_view();
    let show = format!("Show {}", shop.settings.list.count(list.total));
    view! {
        <form class="facets sheet" data-side="start" id="facets" popover="" action=shop.href(address.path()) aria-label="Filters" data-autosubmit="">
            <div class="sheet-head">
                <h2>"Filter"</h2>
                <button class="icon-button" type="button" popovertarget="facets" popovertargetaction="hide">{icon::close()}<span class="visually-hidden">"Close filters"</span></button>
            </div>
            {kept}
            {room_facet(shop, address, rooms)}
            {shop.sells().then(|| stock_facet(address, list))}
            {(shop.sells() && advanced).then(|| price_facet(shop, address, list))}
            {options}
            <p class="sheet-foot"><button class="button" data-wide="">{show}</button></p>
            <noscript><button class="button" data-kind="secondary" data-wide="">"Apply filters"</button></noscript>
        </form>
    }
    .into_any()
}

fn room_facet(shop: &Shop, address: &ListAddress, rooms: &[Arc<CollectionView>]) -> Option<AnyView> {
    if rooms.is_empty() || address.query.q.is_some() {
        return None;
    }
    let all = if shop.settings.list.title.is_empty() {
        "All products".to_owned()
    } else {
        shop.settings.list.title.clone()
    };
    let current = |path: &str| (path == address.path()).then_some("true");
    let items = rooms
        .iter()
        .filter(|room| 0 < room.product_count)
        .map(|room| {
            let path = format!("/collections/{}", room.slug);
            view! { <li><a href=shop.href(&path) aria-current=current(&path)>{room.title.clone()}<span class="count">{room.product_count}</span></a></li> }
        })
        .collect_view();
    Some(
        view! {
            <details class="facet" open="">
                <summary>"Collection "{icon::chevron()}</summary>
                <ul class="plain"><li><a href=shop.href("/products") aria-current=current("/products")>{all}</a></li>{items}</ul>
            </details>
        }
        .into_any(),
    )
}

fn option_facet(shop: &Shop, facet: &OptionFacet) -> AnyView {
    let name = format!("option.{}", facet.name);
    let chosen = facet.values.iter().any(|value| value.selected);
    let (shown, more) = facet.values.split_at(facet.values.len().min(VALUES));
    let (more_chosen, shown, more_len) =
        (more.iter().any(|v| v.selected), values(shop, &name, shown), more.len());
    let more = (0 < more_len).then(|| {
        let more = values(shop, &name, more);
        view! {
            <details class="facet-more" open=more_chosen>
                <summary>{format!("{more_len} more")}</summary>
                <ul class="plain">{more}</ul>
            </details>
        }
    });
    view! {
        <details class="facet" open=chosen || facet.values.len() <= VALUES>
            <summary>{facet.name.clone()}" "{icon::chevron()}</summary>
            <ul class="plain">{shown}</ul>
            {more}
        </details>
    }
    .into_any()
}

fn values(shop: &Shop, name: &str, values: &[FacetValue]) -> AnyView {
    values
        .iter()
        .map(|value| {
            let swatch = shop.settings.swatch(&value.value, value.swatch.as_deref());
            let none_left = value.count == 0 && !value.selected;
            view! {
                <li>
                    <label>
                        <input type="checkbox" name=name.to_owned() value=value.value.clone() checked=value.selected disabled=none_left />
                        {swatch.map(|colour| icon::swatch(&colour))}
                        {value.value.clone()}
                        <span class="count">{value.count}</span>
                    </label>
                </li>
            }
        })
        .collect_view()
        .into_any()
}

fn stock_facet(address: &ListAddress, list: &ListPage) -> Option<AnyView> {
    let facets = &list.facets;
    if facets.in_stock == facets.all && !address.query.in_stock {
        return None;
    }
    Some(
        view! {
            <details class="facet" open="">
                <summary>"Availability "{icon::chevron()}</summary>
                <ul class="plain">
                    <li>
                        <label>
                            <input type="checkbox" name="in_stock" value="1" checked=address.query.in_stock />
                            "In stock"
                            <span class="count">{facets.in_stock}</span>
                        </label>
                    </li>
                </ul>
            </details>
        }
        .into_any(),
    )
}

fn price_facet(shop: &Shop, address: &ListAddress, list: &ListPage) -> Option<AnyView> {
    let query = &address.query;
    let (low, high) = match list.facets.price {
        Some((low, high)) if low != high => (low, high),
        _ if query.price_min.is_some() || query.price_max.is_some() => {
            (Money::zero(shop.currency()), Money::zero(shop.currency()))
        }
        _ => return None,
    };
    let symbol = shop.currency().symbol();
    let typed = |minor: Option<i64>| minor.map(|minor| plain(Money::new(minor, shop.currency())));
    Some(
        view! {
            <details class="facet" open="">
                <summary>"Price "{icon::chevron()}</summary>
                <div class="range">
                    <div class="field">
                        <label for="price-min">{format!("From, {symbol}")}</label>
                        <input class="input" data-size="small" id="price-min" name="price_min" inputmode="decimal" autocomplete="off" placeholder=plain(low) value=typed(query.price_min) />
                    </div>
                    <div class="field">
                        <label for="price-max">{format!("Up to, {symbol}")}</label>
                        <input class="input" data-size="small" id="price-max" name="price_max" inputmode="decimal" autocomplete="off" placeholder=plain(high) value=typed(query.price_max) />
                    </div>
                </div>
            </details>
        }
        .into_any(),
    )
}

/// An amount as people type it, without needless decimals.
fn plain(money: Money) -> String {
    let decimal = money.decimal();
    match decimal.split_once('.') {
        Some((whole, part)) if part.bytes().all(|b| b == b'0') => whole.to_owned(),
        _ => decimal,
    }
}

fn results(shop: &Shop, address: &ListAddress, list: &ListPage) -> AnyView {
    let active = address.active();
    let words =
        (0 < active).then(|| view! { <span class="visually-hidden">{format!(", {active} active")}</span> });
    let first = (u64::from(list.page) - 1) * PER_PAGE + 1;
    let last = (first + list.cards.len() as u64).saturating_sub(1);
    let body = match list.cards.is_empty() {
        true => view! {
            <section class="empty-state" aria-labelledby="none">
                {icon::search()}
                <h2 id="none">"Nothing fits all of these filters"</h2>
                <p>"Take one away, or start again with everything."</p>
                <p class="cluster"><a class="button" href=shop.href(&address.cleared())>"Clear the filters"</a></p>
            </section>
        }
        .into_any(),
        false => view! {
            <h2 class="visually-hidden">{format!("Products {first} to {last} of {}", list.total)}</h2>
            {card::grid(shop, &list.cards, false, 4)}
            {pagination(shop, address, list, first, last)}
        }
        .into_any(),
    };
    view! {
        <section class="results" aria-label="Products">
            <div class="filter-bar">
                <button class="button to-desktop" data-kind="secondary" data-size="small" type="button" popovertarget="facets">{icon::filter()}"Filter"{words}</button>
                {chips(shop, address)}
                {sort(shop, address)}
            </div>
            {body}
        </section>
    }
    .into_any()
}

fn chips(shop: &Shop, address: &ListAddress) -> AnyView {
    let query = &address.query;
    let chip = |label: String, path: String| {
        view! {
            <a class="chip" href=shop.href(&path)>
                <span class="visually-hidden">"Remove filter: "</span>
                {label}
                " "
                {icon::close()}
            </a>
        }
    };
    let mut chips = Vec::new();
    for filter in &query.options {
        for value in &filter.values {
            chips.push(chip(value.clone(), address.without_value(&filter.name, value)));
        }
    }
    if let Some(minor) = query.price_min {
        let words = format!("From {}", shop.price(Money::new(minor, shop.currency())));
        chips.push(chip(words, address.with(|q| q.price_min = None)));
    }
    if let Some(minor) = query.price_max {
        let words = format!("Up to {}", shop.price(Money::new(minor, shop.currency())));
        chips.push(chip(words, address.with(|q| q.price_max = None)));
    }
    if query.in_stock {
        chips.push(chip("In stock".into(), address.with(|q| q.in_stock = false)));
    }
    if chips.is_empty() {
        return ().into_any();
    }
    view! {
        <div class="chips" role="group" aria-label="Active filters">
            {chips}
            <a class="small" href=shop.href(&address.cleared())>"Clear all"</a>
        </div>
    }
    .into_any()
}

fn sort(shop: &Shop, address: &ListAddress) -> AnyView {
    let kept = address
        .filter_pairs()
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view();
    let priced = |sort: &ListSort| matches!(sort, ListSort::PriceAsc | ListSort::PriceDesc);
    let options = ListSort::ALL
        .into_iter()
        .filter(|sort| shop.sells() || !priced(sort))
        .map(|sort| {
            let words = match sort {
                ListSort::Featured => "Featured",
                ListSort::Newest => "Newest",
                ListSort::PriceAsc => "Price, low to high",
                ListSort::PriceDesc => "Price, high to low",
                ListSort::Name => "Name",
            };
            view! { <option value=sort.as_str() selected=sort == address.query.sort>{words}</option> }
        })
        .collect_view();
    view! {
        <form class="sort" action=shop.href(address.path()) data-autosubmit="">
            {kept}
            <label for="sort">"Sort by"</label>
            <select class="input" data-size="small" id="sort" name="sort" autocomplete="off">{options}</select>
            <noscript><button class="button" data-kind="quiet" data-size="small">"Sort"</button></noscript>
        </form>
    }
    .into_any()
}

fn pagination(shop: &Shop, address: &ListAddress, list: &ListPage, first: u64, last: u64) -> AnyView {
    if list.pages <= 1 {
        return ().into_any();
    }
    let link = |page: u32| {
        let current = (page == list.page).then_some("page");
        view! { <li><a href=shop.href(&address.page(page)) aria-current=current><span class="visually-hidden">"Page "</span>{page}</a></li> }
            .into_any()
    };
    let gap = || view! { <li aria-hidden="true">"…"</li> }.into_any();
    let mut items = Vec::new();
    let mut before = 0;
    for page in shown_pages(list.page, list.pages) {
        if before + 1 < page {
            items.push(gap());
        }
        items.push(link(page));
        before = page;
    }
    let step = |page: u32, rel: &'static str, words: &'static str| {
        view! { <li><a href=shop.href(&address.page(page)) rel=rel>{words}</a></li> }
    };
    view! {
        <nav class="pagination" aria-label="Pages">
            <p class="muted">{format!("{first}–{last} of {}", list.total)}</p>
            <ul>
                {(1 < list.page).then(|| step(list.page - 1, "prev", "Previous"))}
                {items}
                {(list.page < list.pages).then(|| step(list.page + 1, "next", "Next page"))}
            </ul>
        </nav>
    }
    .into_any()
}

/// First, last, and those around the current one.
pub fn shown_pages(page: u32, pages: u32) -> Vec<u32> {
    (1..=pages).filter(|n| *n == 1 || *n == pages || n.abs_diff(page) <= 1).collect()
}

fn nothing(shop: &Shop, address: &ListAddress, rooms: &[Arc<CollectionView>]) -> AnyView {
    let (title, words) = match &address.query.q {
        Some(q) => {
            (format!("Nothing for “{q}”"), "Try fewer or other words, or look around in one of these.")
        }
        None => ("Nothing here yet".to_owned(), "The shelves are being filled. Look around in the meantime."),
    };
    view! {
        <section class="empty-state" aria-labelledby="none">
            {icon::search()}
            <h2 id="none">{title}</h2>
            <p>{words}</p>
            {room_chips(shop, rooms)}
            <p class="cluster"><a class="button" href=shop.href("/products")>"See everything"</a></p>
        </section>
    }
    .into_any()
}

/// Collections as chips, for pages that found nothing.
pub fn room_chips(shop: &Shop, rooms: &[Arc<CollectionView>]) -> AnyView {
    let chips = rooms
        .iter()
        .filter(|room| 0 < room.product_count)
        .map(|room| view! { <a class="chip" href=shop.href(&format!("/collections/{}", room.slug))>{room.title.clone()}</a> })
        .collect::<Vec<_>>();
    if chips.is_empty() {
        return ().into_any();
    }
    view! { <nav class="chips" aria-label="Collections">{chips}</nav> }.into_any()
}

/// The page with nothing but a search field.
pub fn search_page(shop: &Shop, rooms: &[Arc<CollectionView>]) -> Page {
    let head = Head { title: "Search".into(), hidden: true, ..Head::default() };
    let view = view! {
        <div class="shell">
            <div class="search-head">
                <h1 class="visually-hidden">"Search"</h1>
                {shell::search_box(shop, "query", "", "What are you looking for?", "")}
                {room_chips(shop, rooms)}
            </div>
        </div>
    };
    let mut page = Page::new(head, "/search", view.into_any());
    page.dependencies = vec!["catalog".into(), "tenant".into()];
    page.status = StatusCode::OK;
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_pages_around_the_current_one() {
        assert_eq!(shown_pages(1, 1), [1]);
        assert_eq!(shown_pages(1, 9), [1, 2, 9]);
        assert_eq!(shown_pages(5, 9), [1, 4, 5, 6, 9]);
        assert_eq!(shown_pages(9, 9), [1, 8, 9]);
    }

    #[test]
    fn writes_typed_prices_without_needless_decimals() {
        let money = |minor| plain(Money::new(minor, primitives::Currency::EUR));
        assert_eq!((money(40_000), money(1950)), ("400".to_owned(), "19.50".to_owned()));
    }
}
