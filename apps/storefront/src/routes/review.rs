//! Reviews: what stands on a product's page, and the page on which a customer writes one.

use super::list::{breadcrumbs, shown_pages};
use super::signin;
use crate::data;
use crate::page::{Head, Page, answer};
use crate::parts::form::{self, Field, Problems, TextArea, error_summary, sentence};
use crate::parts::{icon, stars};
use crate::query;
use crate::routes::errors;
use crate::shop::Shop;
use axum::Extension;
use axum::extract::{Path, RawQuery};
use axum::response::{IntoResponse, Redirect, Response};
use catalog::view::{ProductLookup, ProductPage, Rating};
use commerce::review::{
    MAX_AUTHOR, MAX_TITLE, OwnReview, PER_PAGE, ReviewSort, ReviewState, ReviewView, Shown,
};
use leptos::prelude::*;
use platform::{Access, Ctx, Error};
use primitives::ErrorCode;
use std::sync::Arc;

/// What is shown of the reviews when the page is opened at this address: `reviews=<page>`, `order=<sort>`.
pub fn wanted(pairs: &[(String, String)]) -> (ReviewSort, u32) {
    let get = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let page = get("reviews").and_then(|page| page.parse().ok()).unwrap_or(1);
    (get("order").map(ReviewSort::parse).unwrap_or_default(), page.clamp(1, 10_000))
}

/// The reviews of a product, on its page.
pub fn section(shop: &Shop, product: &ProductPage, shown: &Shown) -> AnyView {
    let rating = product.rating.unwrap_or_default();
    let write = shop.href(&format!("/reviews/{}", product.slug));
    let note = shown.buyers_only.then(|| {
        view! { <p class="small muted">"Only people who have bought it here can write a review."</p> }
    });
    let body = match rating.tenths() {
        None => view! {
            <div class="stack">
                <p class="muted">"Nobody has written about it yet. If you have it at home, you could be the first."</p>
                {note}
            </div>
        }
        .into_any(),
        Some(_) => view! {
            <div class="reviews-layout">
                <div class="stack">{score(rating)}{bars(rating)}{note}</div>
                <div>
                    {order(shop, product, shown)}
                    {shown.reviews.iter().map(|review| article(shop, review)).collect_view()}
                    {pages(shop, product, shown, rating.count())}
                </div>
            </div>
        }
        .into_any(),
    };
    view! {
        <section class="section shell" id="reviews" aria-labelledby="reviews-title">
            <div class="section-head">
                <h2 id="reviews-title">"What people say"</h2>
                <a class="button" data-kind="secondary" data-size="small" href=write>"Write a review"</a>
            </div>
            {body}
        </section>
    }
    .into_any()
}

fn score(rating: Rating) -> AnyView {
    let words = match rating.count() {
        1 => "1 review".to_owned(),
        n => format!("{n} reviews"),
    };
    view! {
        <div class="big-score">
            <b><span class="visually-hidden">"On average "</span>{stars::decimal(rating.tenths())}<span class="visually-hidden">" of 5 stars"</span></b>
            {stars::of_tenths(rating.tenths())}
            <span class="small muted">{words}</span>
        </div>
    }
    .into_any()
}

fn bars(rating: Rating) -> AnyView {
    let all = rating.count();
    let rows = (1..=5_usize).rev().map(|star| {
        let n = rating.stars[star - 1];
        let label = if star == 1 { "1 star".to_owned() } else { format!("{star} stars") };
        view! {
            <div>
                <dt>{star}<span class="visually-hidden">{if star == 1 { " star" } else { " stars" }}</span></dt>
                <dd><progress class="meter" max=all value=n aria-label=label>{n}</progress></dd>
                <dd>{n}</dd>
            </div>
        }
    });
    view! { <dl class="rating-bars">{rows.collect_view()}</dl> }.into_any()
}

fn address(product: &ProductPage, sort: ReviewSort, page: u32) -> String {
    let page = page.to_string();
    let mut pairs = Vec::new();
    if sort != ReviewSort::default() {
        pairs.push(("order", sort.as_str()));
    }
    if page != "1" {
        pairs.push(("reviews", page.as_str()));
    }
    let asked = if pairs.is_empty() { String::new() } else { format!("?{}", query::encode(&pairs)) };
    format!("/products/{}{asked}#reviews", product.slug)
}

fn order(shop: &Shop, product: &ProductPage, shown: &Shown) -> AnyView {
    if product.rating.unwrap_or_default().count() < 2 {
        return ().into_any();
    }
    let links = ReviewSort::ALL.map(|sort| {
        let words = match sort {
            ReviewSort::Newest => "Newest",
            ReviewSort::Highest => "Most stars",
            ReviewSort::Lowest => "Fewest stars",
        };
        let here = (sort == shown.sort).then_some("true");
        view! { <a class="chip" href=shop.href(&address(product, sort, 1)) aria-current=here>{words}</a> }
    });
    view! { <nav class="chips" aria-label="Order of the reviews">{links.into_iter().collect_view()}</nav> }
        .into_any()
}

/// A review as others read it.
fn article(shop: &Shop, review: &ReviewView) -> AnyView {
    let answer = review.answer.as_ref().map(|(text, at)| {
        view! {
            <div class="answer">
                <p class="small"><strong>{format!("{} answered", shop.name())}</strong>" · "{day(shop, *at)}</p>
                <p class="typed">{text.clone()}</p>
            </div>
        }
    });
    view! {
        <article class="review">
            {stars::rating(review.draft.rating)}
            <h3>{review.draft.title.clone()}</h3>
            <p class="typed">{review.draft.body.clone()}</p>
            <footer>
                {review.draft.author.clone()}
                {review.verified.then_some(" · has bought it here")}
                " · "
                {day(shop, review.written_at)}
            </footer>
            {answer}
        </article>
    }
    .into_any()
}

fn day(shop: &Shop, at: primitives::Timestamp) -> AnyView {
    view! { <time datetime=at.date().to_string()>{shop.day(at)}</time> }.into_any()
}

fn pages(shop: &Shop, product: &ProductPage, shown: &Shown, total: u32) -> AnyView {
    let last = total.div_ceil(PER_PAGE).max(1);
    if shown.reviews.is_empty() {
        let first = shop.href(&address(product, shown.sort, 1));
        return view! { <p><a href=first>"See the reviews from the beginning"</a></p> }.into_any();
    }
    if last == 1 {
        return ().into_any();
    }
    let to = |page: u32| shop.href(&address(product, shown.sort, page));
    let mut items = Vec::new();
    let mut before = 0;
    for page in shown_pages(shown.page, last) {
        if before + 1 < page {
            items.push(view! { <li aria-hidden="true">"…"</li> }.into_any());
        }
        let here = (page == shown.page).then_some("page");
        items.push(
            view! { <li><a href=to(page) aria-current=here><span class="visually-hidden">"Page "</span>{page}</a></li> }
                .into_any(),
        );
        before = page;
    }
    let step = |page, rel: &'static str, words: &'static str| view! { <li><a href=to(page) rel=rel>{words}</a></li> };
    view! {
        <nav class="pagination" aria-label="Pages of reviews">
            <ul>
                {(1 < shown.page).then(|| step(shown.page - 1, "prev", "Previous"))}
                {items}
                {(shown.page < last).then(|| step(shown.page + 1, "next", "Next page"))}
            </ul>
        </nav>
    }
    .into_any()
}

/// What was typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Typed {
    /// 1 to 5, as chosen.
    pub rating: String,
    /// Title.
    pub title: String,
    /// Text.
    pub body: String,
    /// Name under it.
    pub author: String,
}

impl Typed {
    /// Reads a posted form. What is too long comes back as it is, so that its author can shorten it.
    pub fn from_pairs(pairs: &[(String, String)]) -> Self {
        let get = |name: &str| {
            pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default()
        };
        Self { rating: get("rating"), title: get("title"), body: get("body"), author: get("author") }
    }

    /// What the form starts with.
    fn of(own: &OwnReview) -> Self {
        match &own.review {
            Some(review) => Self {
                rating: review.draft.rating.to_string(),
                title: review.draft.title.clone(),
                body: review.draft.body.clone(),
                author: review.draft.author.clone(),
            },
            // A first name is enough to be told apart from others.
            None => Self {
                author: own.name.split_whitespace().next().unwrap_or_default().to_owned(),
                ..Self::default()
            },
        }
    }
}

/// The product at an address with the visitor's own review, or the answer that is given instead: the sign-in, which leads
/// back here, for somebody without an account.
pub async fn load(ctx: &Ctx, shop: &Shop, slug: &str) -> Result<(Arc<ProductPage>, OwnReview), Response> {
    if let Err(error) = ctx.require(Access::SignedIn) {
        return Err(instead(ctx, shop, slug, &error).await);
    }
    let product = match data::product(ctx, slug).await {
        Ok(ProductLookup::Found(product)) => product,
        Ok(ProductLookup::Moved { slug }) => {
            return Err(Redirect::permanent(&shop.href(&format!("/reviews/{slug}"))).into_response());
        }
        Ok(ProductLookup::Missing) => return Err(errors::not_found(ctx, shop).await),
        Err(error) => return Err(errors::failure(ctx, shop, &error).await),
    };
    match data::own_review(ctx, product.id).await {
        Ok(own) => Ok((product, own)),
        Err(error) => Err(instead(ctx, shop, slug, &error).await),
    }
}

/// The answer to whoever cannot write here.
pub async fn instead(ctx: &Ctx, shop: &Shop, slug: &str, error: &Error) -> Response {
    if error.code() == ErrorCode::Unauthenticated {
        let typed = signin::Typed { to: format!("review:{slug}"), ..signin::Typed::default() };
        return Redirect::to(&shop.href(&signin::with_destination("/sign-in", &typed))).into_response();
    }
    errors::failure(ctx, shop, error).await
}

/// `GET /reviews/{slug}`
pub async fn show(
    Extension(ctx): Extension<Ctx>,
    shop: Shop,
    Path(slug): Path<String>,
    RawQuery(encoded): RawQuery,
) -> Response {
    let pairs = query::pairs(&encoded.unwrap_or_default());
    let done = pairs.iter().any(|(key, value)| key == "done" && value == "1");
    match load(&ctx, &shop, &slug).await {
        Ok((product, own)) => {
            answer(&shop, || page(&shop, &product, &own, &Typed::of(&own), &Problems::default(), done))
        }
        Err(response) => response,
    }
}

/// The page on which a review is written; `done` says that it just was.
pub fn page(
    shop: &Shop,
    product: &ProductPage,
    own: &OwnReview,
    typed: &Typed,
    problems: &Problems,
    done: bool,
) -> Page {
    let path = format!("/reviews/{}", product.slug);
    let back = format!("/products/{}", product.slug);
    let head = Head { title: format!("Review {}", product.title), hidden: true, ..Head::default() };
    let crumbs = [
        ("Home".to_owned(), Some("/".to_owned())),
        (product.title.clone(), Some(back.clone())),
        ("Your review".to_owned(), None),
    ];
    let form = match own.refused {
        // What was written before may still be taken away.
        Some(words) => form::notice("info", sentence(words) + "."),
        None => write_form(shop, &path, own, typed, problems),
    };
    let withdraw = own.review.is_some().then(|| {
        view! {
            <form action=shop.href(&format!("{path}/withdraw")) method="post">
                <button class="button" data-kind="quiet" data-size="small">"Delete my review"</button>
            </form>
        }
    });
    let view = view! {
        <div class="shell">
            {breadcrumbs(shop, &crumbs)}
            <div class="stack reading" data-gap="large">
                <h1>{format!("What do you think of {}?", product.title)}</h1>
                {own.review.as_ref().map(|review| standing(review, done))}
                {form}
                {withdraw}
                <p><a href=shop.href(&format!("{back}#reviews"))>"Back to the product"</a></p>
            </div>
        </div>
    };
    Page::new(head, path, view.into_any())
}

/// Where the visitor's review stands.
fn standing(review: &ReviewView, done: bool) -> AnyView {
    match (review.state, done) {
        (ReviewState::Published, true) => {
            form::notice("good", "Thank you. Your review is on the product’s page.")
        }
        (ReviewState::Published, false) => {
            form::notice("info", "Your review is on the product’s page. You can change it here.")
        }
        (ReviewState::Pending, true) => form::notice(
            "good",
            "Thank you. We read every review first; yours will be on the product’s page soon.",
        ),
        (ReviewState::Pending, false) => {
            form::notice("info", "We have not read your review yet. You can still change it here.")
        }
        (ReviewState::Rejected, _) => form::notice(
            "warning",
            format!(
                "We did not publish your review: {} You can change it and send it again.",
                full(&review.reason)
            ),
        ),
    }
}

/// With a full stop, unless the writer ended the sentence.
fn full(words: &str) -> String {
    if words.ends_with(['.', '!', '?']) { words.to_owned() } else { format!("{words}.") }
}

fn write_form(shop: &Shop, path: &str, own: &OwnReview, typed: &Typed, problems: &Problems) -> AnyView {
    let choices = (1..=5_i64).rev().map(|star| {
        let value = star.to_string();
        let chosen = typed.rating == value;
        view! {
            <label class="check">
                <input type="radio" name="rating" value=value checked=chosen required="" />
                {stars::rating(star)}
            </label>
        }
    });
    let wrong = problems.at("rating").map(|error| {
        view! { <p class="error" id="rating-error">{icon::alert()}{sentence(error)}</p> }
    });
    let body_error = problems.at("body").map(sentence);
    let body_wrong = body_error.is_some();
    let described = if body_wrong { "body-error body-hint" } else { "body-hint" };
    let title_hint = format!("In a few words, at most {MAX_TITLE} characters.");
    let name_hint = format!("Others read it under your review, at most {MAX_AUTHOR} characters.");
    let send = if own.review.is_some() { "Send the change" } else { "Send my review" };
    view! {
        <form action=shop.href(path) method="post" class="stack" novalidate="">
            {error_summary(problems, "What you typed is still here.")}
            <fieldset class="field" id="rating" aria-describedby=problems.at("rating").map(|_| "rating-error")>
                <legend class="label">"Your stars"</legend>
                {choices.collect_view()}
                {wrong}
            </fieldset>
            {Field { name: "title", label: "Title", value: &typed.title, hint: &title_hint, ..Field::default() }.view(problems)}
            <div class="field">
                <label for="body">"Your review"</label>
                {TextArea { name: "body", value: &typed.body, rows: "8", required: true, described: Some(described), wrong: body_wrong, ..TextArea::default() }.view()}
                {body_error.map(|error| view! { <p class="error" id="body-error">{icon::alert()}{error}</p> })}
                <p class="hint" id="body-hint">"10 to 4,000 characters. What would you have liked to know before you bought it?"</p>
            </div>
            {Field { name: "author", label: "Your name", value: &typed.author, autocomplete: "given-name", hint: &name_hint, ..Field::default() }.view(problems)}
            <p><button class="button">{send}</button></p>
        </form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_page_and_order_from_the_address() {
        let read = |encoded| wanted(&query::pairs(encoded));
        assert_eq!(read(""), (ReviewSort::Newest, 1));
        assert_eq!(read("reviews=3&order=lowest"), (ReviewSort::Lowest, 3));
        assert_eq!(read("reviews=-1&order=%27"), (ReviewSort::Newest, 1));
        assert_eq!(read("reviews=0"), (ReviewSort::Newest, 1));
    }

    #[test]
    fn a_reason_ends_like_a_sentence() {
        assert_eq!(full("It names somebody"), "It names somebody.");
        assert_eq!(full("Really?"), "Really?");
    }
}
