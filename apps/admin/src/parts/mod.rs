//! What several screens share. Parts know no documents; they take text and give events.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;

use crate::api::Failure;
use crate::gql::Picture;

pub mod chart;
pub mod dialog;
pub mod editor;
pub mod field;
pub mod guard;
pub mod list;
pub mod pictures;
pub mod savebar;
pub mod table;
pub mod tags;
pub mod toast;

/// A symbol of the sprite in `index.html`.
pub fn icon(name: &'static str) -> impl IntoView {
    view! {
        <svg class="i" aria-hidden="true">
            <use_ href=format!("#i-{name}")></use_>
        </svg>
    }
}

/// A status is a dot and a word.
pub fn status(tone: &'static str, text: impl Into<String>) -> impl IntoView {
    view! { <span class="status" data-tone=tone>{text.into()}</span> }
}

/// A status beside a title.
pub fn pill(tone: &'static str, text: impl Into<String>) -> impl IntoView {
    view! { <span class="status" data-tone=tone data-pill="">{text.into()}</span> }
}

/// A small picture, or the place for one.
pub fn thumb(picture: Option<&Picture>) -> impl IntoView + use<> {
    match picture.and_then(|picture| picture.at_least(120)) {
        Some(src) => {
            view! { <img class="thumb" src=src alt="" width="32" height="32" loading="lazy"/> }.into_any()
        }
        None => view! { <span class="thumb" aria-hidden="true">{icon("media")}</span> }.into_any(),
    }
}

/// Title, line below it, way back, and what can be done.
#[component]
pub fn PageHead(
    /// The title.
    #[prop(into)]
    title: Signal<String>,
    /// One line below.
    #[prop(into, optional)]
    about: Option<Signal<String>>,
    /// Address and name of the list behind.
    #[prop(optional)]
    back: Option<(String, &'static str)>,
    /// Beside the title.
    #[prop(optional, into)]
    beside: ViewFn,
    /// At the end edge.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <header class="page-head">
            <div>
                {back.map(|(href, text)| view! { <a class="back" href=href>{icon("left")} {text}</a> })}
                <div class="title"><h1>{title}</h1>{move || beside.run()}</div>
                {about.map(|about| view! { <p>{about}</p> })}
            </div>
            {children.map(|children| view! { <div class="actions">{children()}</div> })}
        </header>
    }
}

/// An error in full: what happened, what to do next, the reference.
#[component]
pub fn FailureView(
    /// What happened.
    failure: Failure,
    /// Tries again.
    #[prop(into)]
    again: Callback<()>,
) -> impl IntoView {
    let title = match failure.code.as_str() {
        "NOT_FOUND" => "This is not there",
        "FORBIDDEN" => "You may not see this",
        "OFFLINE" => "No connection",
        "MODULE_DISABLED" | "FEATURE_NOT_ENABLED" => "This is switched off in this shop",
        _ => "This could not be loaded",
    };
    let retry = !matches!(
        failure.code.as_str(),
        "NOT_FOUND" | "FORBIDDEN" | "MODULE_DISABLED" | "FEATURE_NOT_ENABLED"
    );
    view! {
        <div class="fault" role="alert">
            {icon("stop")}
            <div class="grow">
                <b>{title}</b>
                <p>{failure.message}</p>
                {failure.trace.map(|trace| view! { <p class="meta">"Reference " <code>{trace}</code></p> })}
            </div>
            {retry
                .then(|| {
                    view! {
                        <button class="btn" type="button" data-size="sm" on:click=move |_| again.run(())>
                            {icon("refresh")}
                            "Try again"
                        </button>
                    }
                })}
        </div>
    }
}

/// A card that says what went wrong.
#[component]
pub fn FailureCard(
    /// What happened.
    failure: Failure,
    /// Tries again.
    #[prop(into)]
    again: Callback<()>,
) -> impl IntoView {
    view! { <section class="card"><div class="body"><FailureView failure again/></div></section> }
}

/// A place without anything: why, and what to do.
#[component]
pub fn Empty(
    /// Symbol above.
    symbol: &'static str,
    /// What is missing.
    #[prop(into)]
    title: String,
    /// Why, and what then.
    #[prop(into)]
    text: String,
    /// One or two buttons.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <span class="glyph">{icon(symbol)}</span>
            <h2>{title}</h2>
            <p>{text}</p>
            {children.map(|children| view! { <div class="actions">{children()}</div> })}
        </div>
    }
}

/// Grey bars in the place of a card that is still loading.
#[component]
pub fn CardSkeleton(
    /// Lines of it.
    #[prop(default = 5)]
    lines: usize,
) -> impl IntoView {
    let line =
        |n: usize| view! { <span class="skel" style=("--w", format!("{}%", 90 - n * 17 % 50))></span> };
    view! {
        <section class="card" aria-busy="true">
            <div class="body late">{(0..lines).map(line).collect_view()}</div>
        </section>
    }
}

/// Whether a key belongs to something that is being typed into.
pub fn typing(event: &web_sys::KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|element| {
        element
            .closest("input:not([type=checkbox]):not([type=radio]), textarea, select, dialog[open]")
            .ok()
            .flatten()
            .is_some()
    })
}

/// Puts text on the clipboard, where the browser has one: only over HTTPS and on this machine.
pub async fn copied(text: &str) -> bool {
    let navigator = window().navigator();
    let board = js_sys::Reflect::get(&navigator, &"clipboard".into());
    let Some(board) = board.ok().and_then(|board| board.dyn_into::<web_sys::Clipboard>().ok()) else {
        return false;
    };
    wasm_bindgen_futures::JsFuture::from(board.write_text(text)).await.is_ok()
}

/// "1 product", "2 products".
pub fn count(n: i64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(n), if n == 1 { one } else { many })
}

/// A whole number with commas between groups of three.
pub fn grouped(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if n < 0 {
        text.push('−');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
