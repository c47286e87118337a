//! The home page, composed from the merchant's blocks.

use crate::data;
use crate::page::{Head, Page, answer};
use crate::parts::media::{self, Loading};
use crate::parts::{card, icon};
use crate::seo;
use crate::settings::{self, Block, Hero, Link, Story};
use crate::shop::Shop;
use axum::Extension;
use axum::response::{IntoResponse, Response};
use catalog::view::{CollectionView, ListQuery, ProductCard};
use leptos::prelude::*;
use platform::Ctx;
use std::sync::Arc;

/// A block with what it shows.
#[derive(Clone, Debug)]
pub enum Filled {
    /// Words and a picture of the settings.
    Hero(Hero),
    /// Collections that exist.
    Collections(settings::Collections, Vec<Arc<CollectionView>>),
    /// Products that are for sale.
    Products(settings::Products, Vec<Arc<ProductCard>>),
    /// Words and a picture of the settings.
    Story(Story),
    /// The shop's promises.
    Promises,
}

impl Filled {
    /// Whether nothing of it is to be seen.
    fn is_bare(&self) -> bool {
        match self {
            Self::Collections(_, found) => found.is_empty(),
            Self::Products(_, cards) => cards.is_empty(),
            Self::Hero(_) | Self::Story(_) | Self::Promises => false,
        }
    }
}

/// `GET /`
pub async fn show(Extension(ctx): Extension<Ctx>, shop: Shop) -> Response {
    match load(&ctx, &shop).await {
        Ok(blocks) => {
            let kept = data::may_be_kept(&ctx).await;
            answer(&shop, || page(&shop, &blocks).kept(kept))
        }
        Err(error) => super::errors::failure(&ctx, &shop, &error).await.into_response(),
    }
}

async fn load(ctx: &Ctx, shop: &Shop) -> platform::Result<Vec<Filled>> {
    let blocks = match shop.settings.home.is_empty() {
        true if shop.shows_products() => plain_home(),
        _ => shop.settings.home.clone(),
    };
    let mut filled = Vec::with_capacity(blocks.len());
    for block in blocks {
        filled.push(match block {
            Block::Hero(hero) => Filled::Hero(hero),
            Block::Story(story) => Filled::Story(story),
            Block::Promises => Filled::Promises,
            Block::Unknown => continue,
            Block::Collections(block) => {
                let all = data::collections(ctx).await?;
                let found =
                    block.collections.iter().filter_map(|slug| all.iter().find(|c| &c.slug == slug).cloned());
                let found = if block.collections.is_empty() {
                    all.iter().take(5).cloned().collect()
                } else {
                    found.collect()
                };
                Filled::Collections(block, found)
            }
            Block::Products(block) => {
                let query = ListQuery {
                    collection: (!block.collection.is_empty()).then(|| block.collection.clone()),
                    sort: block.sort.parse().unwrap_or_default(),
                    page: 1,
                    ..ListQuery::default()
                };
                let mut cards = data::list(ctx, &query).await?.cards.clone();
                cards.truncate(usize::try_from(block.limit).unwrap_or(8));
                Filled::Products(block, cards)
            }
        });
    }
    Ok(filled)
}

/// What a shop shows that has set nothing: its collections and what is new.
fn plain_home() -> Vec<Block> {
    let all = Some(Link { label: "All products".into(), href: "/products".into() });
    let new = Some(Link { label: "Everything new".into(), href: "/products?sort=newest".into() });
    vec![
        Block::Collections(settings::Collections {
            title: "Collections".into(),
            link: all,
            ..Default::default()
        }),
        Block::Products(settings::Products {
            title: "New".into(),
            sort: "newest".into(),
            link: new,
            ..Default::default()
        }),
    ]
}

/// The page of these blocks.
pub fn page(shop: &Shop, blocks: &[Filled]) -> Page {
    let settings = &shop.settings;
    let picture = blocks.iter().find_map(|block| match block {
        Filled::Hero(hero) => {
            hero.picture.as_ref().and_then(|picture| media::Source::from(picture).url(1200))
        }
        _ => None,
    });
    let title = match settings.tagline.as_str() {
        "" => String::new(),
        tagline => tagline.to_owned(),
    };
    let head = Head {
        title,
        description: settings.description.clone(),
        canonical: Some("/".into()),
        picture,
        data: vec![seo::organisation(shop), seo::website(shop)],
        ..Head::default()
    };
    let mut first = true;
    let has_hero = blocks.iter().any(|block| matches!(block, Filled::Hero(_)));
    let bare = blocks.iter().all(Filled::is_bare);
    let heading = (!has_hero && !bare).then(|| view! { <h1 class="visually-hidden">{shop.name()}</h1> });
    let nothing = bare.then(|| opening_soon(shop));
    let blocks = blocks
        .iter()
        .enumerate()
        .map(|(index, block)| {
            let view = block_view(shop, index, block, first);
            first = false;
            view
        })
        .collect_view();
    let mut page = Page::new(head, "/", view! { {heading}{blocks}{nothing} }.into_any());
    page.dependencies = vec!["catalog".into(), "tenant".into()];
    page
}

/// A shop that has just been opened.
fn opening_soon(shop: &Shop) -> impl IntoView + use<> {
    view! {
        <section class="shell empty-state" aria-labelledby="soon">
            <h1 id="soon">{shop.name()}</h1>
            <p>"The shelves are being filled. Look in again soon."</p>
        </section>
    }
}

fn block_view(shop: &Shop, index: usize, block: &Filled, first: bool) -> AnyView {
    let id = format!("block-{index}");
    match block {
        Filled::Hero(block) => hero(shop, block, first),
        Filled::Story(block) => story(shop, &id, block),
        Filled::Promises => promises(shop),
        Filled::Collections(block, found) => collections(shop, &id, block, found),
        Filled::Products(_, cards) if cards.is_empty() => ().into_any(),
        Filled::Products(block, cards) => {
            let note =
                (!block.note.is_empty()).then(|| view! { <p class="muted small">{block.note.clone()}</p> });
            view! {
                <section class="section shell" aria-labelledby=id.clone()>
                    {section_head(shop, &id, &block.title, block.link.as_ref(), note.into_any())}
                    {card::grid(shop, cards, true, 0)}
                </section>
            }
            .into_any()
        }
    }
}

fn section_head(shop: &Shop, id: &str, title: &str, link: Option<&Link>, note: AnyView) -> AnyView {
    view! {
        <div class="section-head">
            <h2 id=id.to_owned()>{title.to_owned()}</h2>
            {note}
            {link.map(|link| card::arrow_link(shop, link))}
        </div>
    }
    .into_any()
}

fn hero(shop: &Shop, block: &Hero, first: bool) -> AnyView {
    let overlay = block.layout == "overlay";
    let layout = if overlay { "overlay" } else { "notch" };
    let title: Vec<AnyView> = block
        .title
        .lines()
        .enumerate()
        .map(|(index, line)| view! { {(0 < index).then(|| view! { <br /> })}{line.to_owned()} }.into_any())
        .collect();
    let loading = if first { Loading::First } else { Loading::Lazy };
    let picture = block.picture.as_ref().map(|picture| {
        view! { <div class="media">{media::image(Some(picture), media::FULL, loading)}</div> }
    });
    let action = block
        .action
        .as_ref()
        .map(|link| view! { <a class="button" href=shop.href(&link.href)>{link.label.clone()}</a> });
    let words = view! {
        {(!block.eyebrow.is_empty()).then(|| view! { <p class="eyebrow">{block.eyebrow.clone()}</p> })}
        <h1>{title}</h1>
        {(!block.text.is_empty()).then(|| view! { <p class="lead">{block.text.clone()}</p> })}
        <p class="cluster">{action}" "{block.link.as_ref().map(|link| card::arrow_link(shop, link))}</p>
    };
    let words = match overlay {
        true => view! { <div class="shell hero-text">{words}</div> }.into_any(),
        false => view! { <div class="shell"><div class="hero-text">{words}</div></div> }.into_any(),
    };
    view! { <section class="hero" data-layout=layout>{picture}{words}</section> }.into_any()
}

fn collections(
    shop: &Shop,
    id: &str,
    block: &settings::Collections,
    found: &[Arc<CollectionView>],
) -> AnyView {
    if found.is_empty() {
        return ().into_any();
    }
    let tiles = found
        .iter()
        .enumerate()
        .map(|(index, collection)| {
            let wide = index == 0;
            let sizes = if wide { media::HALF } else { media::GRID };
            let picture = match block.pictures.get(&collection.slug) {
                Some(own) => media::image(Some(media::Source::from(own).alt("")), sizes, Loading::Lazy),
                None => media::image(collection.picture.as_ref().map(|p| media::Source::from(p).alt("")), sizes, Loading::Lazy),
            };
            view! {
                <article class="collection-tile" data-wide=wide.then_some("")>
                    <div class="media">{picture}</div>
                    <h3>
                        <a href=shop.href(&format!("/collections/{}", collection.slug))>{collection.title.clone()}</a>
                        " "
                        <span class="count">{shop.settings.list.count(u64::from(collection.product_count))}</span>
                    </h3>
                </article>
            }
        })
        .collect_view();
    view! {
        <section class="section shell" aria-labelledby=id.to_owned()>
            {section_head(shop, id, &block.title, block.link.as_ref(), ().into_any())}
            <div class="collection-row">{tiles}</div>
        </section>
    }
    .into_any()
}

fn story(shop: &Shop, id: &str, block: &Story) -> AnyView {
    let picture =
        block.picture.as_ref().map(|picture| media::image(Some(picture), media::HALF, Loading::Lazy));
    let picture = match (&block.link, picture) {
        (_, None) => ().into_any(),
        (Some(link), Some(picture)) => {
            view! { <a class="media" href=shop.href(&link.href) tabindex="-1" aria-hidden="true">{picture}</a> }.into_any()
        }
        (None, Some(picture)) => view! { <div class="media">{picture}</div> }.into_any(),
    };
    view! {
        <section class="section band" aria-labelledby=id.to_owned()>
            <div class="shell split" data-flip="" data-align="center">
                {picture}
                <div class="stack">
                    {(!block.eyebrow.is_empty()).then(|| view! { <p class="eyebrow">{block.eyebrow.clone()}</p> })}
                    <h2 class="headline" id=id.to_owned()>{block.title.clone()}</h2>
                    <p class="lead">{block.text.clone()}</p>
                    {block.link.as_ref().map(|link| view! { <p>{card::arrow_link(shop, link)}</p> })}
                </div>
            </div>
        </section>
    }
    .into_any()
}

fn promises(shop: &Shop) -> AnyView {
    if shop.settings.promises.is_empty() {
        return ().into_any();
    }
    let items = shop
        .settings
        .promises
        .iter()
        .map(|promise| {
            view! {
                <li>{icon::named(&promise.icon)}<strong>{promise.title.clone()}</strong><span>{promise.text.clone()}</span></li>
            }
        })
        .collect_view();
    view! { <section class="section shell" aria-label="Our promises"><ul class="promises">{items}</ul></section> }.into_any()
}
