//! Title, description, search texts, and where a product belongs.

use leptos::html;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;

use crate::api::Failure;
use crate::logic::product::{SEO, Texts};
use crate::parts::field::{Field, TextField};
use crate::parts::icon;
use crate::parts::tags::{Pick, Tags};
use crate::place;

/// Reads and writes one text of a set.
macro_rules! bind {
    ($texts:expr, $field:ident) => {{
        let texts = $texts;
        (
            place::derived(move || texts.with(|texts: &Texts| texts.$field.clone())),
            Callback::new(move |typed: String| texts.update(|texts: &mut Texts| texts.$field = typed)),
        )
    }};
}

fn refused(failure: Signal<Option<Failure>>, names: &'static [&'static str]) -> Signal<Option<String>> {
    place::derived(move || {
        failure.with(|failure| {
            let failure = failure.as_ref()?;
            names.iter().find_map(|name| failure.at(name).or_else(|| failure.at(&format!("input.{name}"))))
        })
    })
}

/// Title and description.
#[component]
pub fn TitleAndBody(
    /// The edited texts.
    texts: RwSignal<Texts>,
    /// What the server refused.
    #[prop(into)]
    failure: Signal<Option<Failure>>,
    /// Changes when the body was set from outside.
    #[prop(into)]
    turn: Signal<u32>,
    /// Whether they may be changed.
    #[prop(into, default = Signal::stored(true))]
    editable: Signal<bool>,
) -> impl IntoView {
    let (title, set_title) = bind!(texts, title);
    let said = place::derived(move || {
        let missing = texts.with(|texts| texts.title.trim().is_empty());
        refused(failure, &["title"]).get().or_else(|| missing.then(|| "A product needs a title".to_owned()))
    });
    // A new product is not wrong before anything was typed.
    let touched = RwSignal::new(!texts.with_untracked(|texts| texts.title.is_empty()));
    let error = place::derived(move || said.get().filter(|_| touched.get() || failure.with(Option::is_some)));
    let on_input = Callback::new(move |typed| {
        touched.set(true);
        set_title.run(typed);
    });
    view! {
        <section class="card">
            <div class="body">
                <TextField id="title" label="Title" value=title on_input error/>
                <RichText texts turn editable/>
            </div>
        </section>
    }
}

/// The description, as people see it, or as HTML. The server cleans whatever comes.
#[component]
fn RichText(texts: RwSignal<Texts>, turn: Signal<u32>, editable: Signal<bool>) -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    let source = RwSignal::new(false);
    // The saved body was cleaned by the server; it is put in when it arrives, never while somebody types.
    place::effect(move |_| {
        turn.track();
        if let Some(node) = node.get() {
            node.set_inner_html(&texts.with_untracked(|texts| texts.body.clone()));
        }
    });
    let typed = move |_| {
        if let Some(node) = node.get_untracked() {
            let html = node.inner_html();
            let html = if node.text_content().unwrap_or_default().trim().is_empty() && !html.contains("<img")
            {
                String::new()
            } else {
                html
            };
            texts.update(|texts| texts.body = html);
        }
    };
    let command = move |name: &'static str, value: Option<String>| {
        if let Some(node) = node.get_untracked() {
            let _ = node.focus();
        }
        let Ok(page) = document().dyn_into::<web_sys::HtmlDocument>() else { return };
        let _ = match value {
            Some(value) => page.exec_command_with_show_ui_and_value(name, false, &value),
            None => page.exec_command(name),
        };
        typed(());
    };
    let link = move || {
        let address = window().prompt_with_message("Address of the link").ok().flatten().unwrap_or_default();
        let address = address.trim().to_owned();
        if address.starts_with("https://") || address.starts_with("http://") || address.starts_with('/') {
            command("createLink", Some(address));
        }
    };
    let tool = move |name: &'static str, symbol: &'static str, act: Callback<()>| {
        view! {
            <button
                class="btn"
                type="button"
                data-kind="quiet"
                data-size="sm"
                data-icon=""
                aria-label=name
                title=name
                disabled=move || source.get()
                on:mousedown=|event| event.prevent_default()
                on:click=move |_| act.run(())
            >
                {icon(symbol)}
            </button>
        }
    };
    view! {
        <div class="field">
            <span class="label" id="body-label">"Description"</span>
            <div class="editor">
                <div class="tools" role="toolbar" aria-label="Text">
                    {tool("Heading", "heading", Callback::new(move |()| command("formatBlock", Some("h3".into()))))}
                    {tool("Paragraph", "text", Callback::new(move |()| command("formatBlock", Some("p".into()))))}
                    {tool("Bold", "bold", Callback::new(move |()| command("bold", None)))}
                    {tool("Italic", "italic", Callback::new(move |()| command("italic", None)))}
                    {tool("Link", "link", Callback::new(move |()| link()))}
                    {tool("List", "list", Callback::new(move |()| command("insertUnorderedList", None)))}
                    {tool("Quote", "quote", Callback::new(move |()| command("formatBlock", Some("blockquote".into()))))}
                    <button
                        class="btn end"
                        type="button"
                        data-kind="quiet"
                        data-size="sm"
                        aria-pressed=move || source.get().to_string()
                        on:click=move |_| {
                            if let Some(node) = node.get_untracked().filter(|_| source.get_untracked()) {
                                node.set_inner_html(&texts.with_untracked(|texts| texts.body.clone()));
                            }
                            source.update(|source| *source = !*source);
                        }
                    >
                        "HTML"
                    </button>
                </div>
                <div
                    class="prose"
                    node_ref=node
                    contenteditable=move || editable.get().to_string()
                    role="textbox"
                    aria-multiline="true"
                    aria-labelledby="body-label"
                    hidden=move || source.get()
                    on:input=move |_| typed(())
                ></div>
                <Show when=move || source.get()>
                    <textarea
                        class="source mono"
                        rows="10"
                        aria-labelledby="body-label"
                        spellcheck="false"
                        prop:value=move || texts.with(|texts| texts.body.clone())
                        on:input=move |event| {
                            let html = event_target_value(&event);
                            texts.update(|texts| texts.body = html);
                        }
                    ></textarea>
                </Show>
            </div>
        </div>
    }
}

/// How it looks in a search engine, and its address.
#[component]
pub fn SearchTexts(
    /// The edited texts.
    texts: RwSignal<Texts>,
    /// What the server refused.
    #[prop(into)]
    failure: Signal<Option<Failure>>,
    /// Earlier addresses that forward.
    #[prop(into)]
    old_slugs: Signal<Vec<String>>,
    /// `/products/` or `/collections/`.
    #[prop(default = "/products/")]
    path: &'static str,
) -> impl IntoView {
    let session = crate::session::use_session();
    let (seo_title, set_seo_title) = bind!(texts, seo_title);
    let (seo_description, set_seo_description) = bind!(texts, seo_description);
    let (slug, set_slug) = bind!(texts, slug);
    let title = move || {
        texts.with(|it| if it.seo_title.is_empty() { it.title.clone() } else { it.seo_title.clone() })
    };
    let origin = window().location().host().unwrap_or_default();
    let length = |text: &str, most: usize| format!("{} of about {most} characters", text.chars().count());
    let title_hint = place::derived(move || {
        texts.with(|it| match it.seo_title.as_str() {
            "" => "Empty: the title stands there".to_owned(),
            text => length(text, SEO.0),
        })
    });
    let description_hint = place::derived(move || {
        texts.with(|it| match it.seo_description.as_str() {
            "" => "Empty: the first sentences of the description stand there".to_owned(),
            text => length(text, SEO.1),
        })
    });
    let slug_hint = place::derived(move || match old_slugs.with(Vec::len) {
        0 => "Small letters, digits and hyphens. When it changes, the old address forwards to the new one."
            .to_owned(),
        _ => format!("Forwarded from {}", old_slugs.get().join(", ")),
    });
    view! {
        <section class="card" id="search-texts">
            <header><h2>"Search and sharing"</h2></header>
            <div class="body">
                <div class="serp">
                    <small>{origin}{path}{slug}</small>
                    <b>{title} " | " {move || session.shop_name()}</b>
                    <p>{seo_description}</p>
                </div>
                <TextField
                    id="seo-title"
                    label="Page title"
                    value=seo_title
                    on_input=set_seo_title
                    hint=title_hint
                    error=refused(failure, &["seoTitle", "seo_title"])
                />
                <TextField
                    id="slug"
                    label="Address"
                    prefix=path
                    value=slug
                    on_input=set_slug
                    hint=slug_hint
                    error=refused(failure, &["slug"])
                />
                <Field
                    id="seo-description"
                    label="Description for search"
                    hint=description_hint
                    error=refused(failure, &["seoDescription", "seo_description"])
                >
                    <textarea
                        class="input"
                        id="seo-description"
                        rows="2"
                        maxlength="500"
                        prop:value=move || seo_description.get()
                        on:input=move |event| set_seo_description.run(event_target_value(&event))
                    ></textarea>
                </Field>
            </div>
        </section>
    }
}

/// Type, maker, collections, tags.
#[component]
pub fn Organisation(
    /// The edited texts.
    texts: RwSignal<Texts>,
    /// What the server refused.
    #[prop(into)]
    failure: Signal<Option<Failure>>,
    /// Every collection: id and name.
    #[prop(into)]
    collections: Signal<Vec<(String, String)>>,
) -> impl IntoView {
    let (kind, set_kind) = bind!(texts, kind);
    let (vendor, set_vendor) = bind!(texts, vendor);
    let chosen = place::derived(move || texts.with(|texts| texts.collections.clone()));
    let set_collections = Callback::new(move |chosen| texts.update(|texts| texts.collections = chosen));
    let tags = place::derived(move || texts.with(|texts| texts.tags.clone()));
    let set_tags = Callback::new(move |tags| texts.update(|texts| texts.tags = tags));
    view! {
        <section class="card">
            <header><h2>"Organisation"</h2></header>
            <div class="body">
                <TextField
                    id="kind"
                    label="Type"
                    value=kind
                    on_input=set_kind
                    error=refused(failure, &["productType", "product_type"])
                />
                <TextField id="vendor" label="Maker" value=vendor on_input=set_vendor error=refused(failure, &["vendor"])/>
                <div class="field">
                    <span class="label">"Collections"</span>
                    <Pick chosen options=collections on_change=set_collections label="Add to a collection"/>
                </div>
                <div class="field">
                    <label for="tags">"Tags"</label>
                    <Tags id="tags" tags on_change=set_tags/>
                    {move || {
                        refused(failure, &["tags"])
                            .get()
                            .map(|text| view! { <span class="error">{icon("stop")} {text}</span> })
                    }}
                </div>
            </div>
        </section>
    }
}

/// The address in the shop.
pub fn shop_address(slug: &str) -> String {
    place::shop(&format!("/products/{slug}"))
}
