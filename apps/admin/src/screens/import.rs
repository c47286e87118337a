//! Bringing a catalogue in: choose a file, look at what it would do, let it happen.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

use crate::api::{self, Failure};
use crate::gql::Document;
use crate::gql::import::{
    Apply, ApplyVariables, ImportAction, ImportInput, ImportItem, ImportPreview, ImportProblem, ImportResult,
    ImportSeverity, Preview, PreviewVariables,
};
use crate::parts::dialog::Wrong;
use crate::parts::guard::Guard;
use crate::parts::{PageHead, count, grouped, icon, pill, status};
use crate::place;
use crate::session::use_session;

/// Largest file, in bytes.
const LARGEST: usize = 5 * 1024 * 1024;

/// Problems shown at once.
const SHOWN: usize = 100;

#[derive(Clone, PartialEq)]
struct Chosen {
    name: String,
    text: String,
}

#[derive(Clone, PartialEq)]
enum Step {
    Choose,
    Look(Chosen, ImportPreview),
    Done(ImportResult),
}

/// The screen.
#[component]
pub fn Import() -> impl IntoView {
    place::title(|| "Import products".to_owned());
    let session = use_session();
    let step = RwSignal::new(Step::Choose);
    let busy = RwSignal::new(None::<&'static str>);
    let failure = RwSignal::new(None::<Failure>);
    let allowed = place::memo(move || session.may("products:import"));

    let look = Callback::new(move |chosen: Chosen| {
        failure.set(None);
        if chosen.text.trim().is_empty() || chosen.text.len() > LARGEST {
            let message = if chosen.text.len() > LARGEST {
                format!(
                    "{} is larger than 5 MB. Split it, or use the command line: rustok import shopify.",
                    chosen.name
                )
            } else {
                "There is nothing in it.".to_owned()
            };
            failure.set(Some(Failure::new("BAD_USER_INPUT", message)));
            return;
        }
        busy.set(Some("Reading the file and comparing it with the catalogue…"));
        spawn_local(async move {
            let input = ImportInput { csv: chosen.text.clone(), filename: Some(chosen.name.clone()) };
            match api::ask(Preview::build(PreviewVariables { input })).await {
                Ok(answer) => {
                    let _ = step.try_set(Step::Look(chosen, answer.import_preview));
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(None);
        });
    });
    let apply = Callback::new(move |chosen: Chosen| {
        failure.set(None);
        busy.set(Some("Importing. This page can stay open or be left once it is done…"));
        spawn_local(async move {
            let input = ImportInput { csv: chosen.text, filename: Some(chosen.name) };
            match api::ask(Apply::build(ApplyVariables { input })).await {
                Ok(answer) => {
                    let _ = step.try_set(Step::Done(answer.import_apply));
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(None);
        });
    });
    let again = Callback::new(move |()| {
        failure.set(None);
        step.set(Step::Choose);
    });
    let working = place::derived(move || busy.get().is_some() && matches!(step.get(), Step::Look(..)));
    let place_now = place::memo(move || match step.get() {
        Step::Choose => 0,
        Step::Look(..) => 1,
        Step::Done(_) => 2,
    });
    let steps = move || {
        ["Choose a file", "Look it over", "Import"]
        .into_iter()
        .enumerate()
        .map(|(at, label)| {
            view! {
                <li
                    aria-current=move || (place_now.get() == at).then_some("step")
                    data-done=move || (place_now.get() > at || place_now.get() == 2).then_some("")
                >
                    <span>
                        {move || if place_now.get() > at || place_now.get() == 2 { icon("check").into_any() } else { (at + 1).into_any() }}
                    </span>
                    {label}
                </li>
            }
        })
        .collect_view()
    };
    view! {
        <Show
            when=move || allowed.get()
            fallback=|| view! {
                <div class="page">
                    <PageHead title="Import products".to_owned()/>
                    <section class="card"><div class="body"><p class="dim">"Importing is not part of your role."</p></div></section>
                </div>
            }
        >
            <div class="page">
                <Guard dirty=working/>
                <PageHead
                    title="Import products".to_owned()
                    about=Signal::stored("From a product file in the Shopify layout".to_owned())
                    back=(place::to("/products"), "Products")
                />
                <ol class="stepbar" aria-label="Steps">{steps}</ol>
                <div aria-live="polite">
                    {move || busy.get().map(|text| view! { <Working text/> })}
                    {move || failure.get().map(|failure| view! { <Wrong failure/> })}
                </div>
                {move || match step.get() {
                    Step::Choose => view! { <Choose busy look/> }.into_any(),
                    Step::Look(chosen, preview) => view! { <Look chosen preview busy apply again/> }.into_any(),
                    Step::Done(result) => view! { <Done result again/> }.into_any(),
                }}
            </div>
        </Show>
    }
}

/// Work under way: the server answers once, so the bar shows that it goes on, not how far it is.
#[component]
fn Working(text: &'static str) -> impl IntoView {
    view! {
        <div class="banner" data-tone="info" role="status">
            <div class="grow"><b>{text}</b><div class="progress" data-endless="" role="progressbar" aria-label=text></div></div>
        </div>
    }
}

#[component]
fn Choose(busy: RwSignal<Option<&'static str>>, look: Callback<Chosen>) -> impl IntoView {
    let chooser = NodeRef::<html::Input>::new();
    let over = RwSignal::new(false);
    let pasted = RwSignal::new(String::new());
    let read = move |file: Option<web_sys::File>| {
        let Some(file) = file.filter(|_| busy.get_untracked().is_none()) else { return };
        let name = file.name();
        spawn_local(async move {
            let text =
                JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string()).unwrap_or_default();
            look.run(Chosen { name, text });
        });
    };
    view! {
        <section class="card">
            <header><h2>"From a file"</h2></header>
            <div class="body">
                <button
                    type="button"
                    class="dropfile"
                    data-over=move || over.get().then_some("")
                    disabled=move || busy.get().is_some()
                    on:click=move |_| if let Some(chooser) = chooser.get_untracked() { chooser.click() }
                    on:dragover=move |event| {
                        event.prevent_default();
                        over.set(true);
                    }
                    on:dragleave=move |_| over.set(false)
                    on:drop=move |event| {
                        event.prevent_default();
                        over.set(false);
                        read(event.data_transfer().and_then(|data| data.files()).and_then(|files| files.get(0)));
                    }
                >
                    {icon("upload")}
                    <b>"Drop a CSV file here, or choose one"</b>
                    <small>"Up to 5 MB. Nothing changes before you have seen what it would do."</small>
                </button>
                <input
                    type="file"
                    class="vh"
                    tabindex="-1"
                    aria-label="Choose a CSV file"
                    accept=".csv,text/csv"
                    node_ref=chooser
                    on:change=move |_| {
                        if let Some(chooser) = chooser.get_untracked() {
                            read(chooser.files().and_then(|files| files.get(0)));
                            chooser.set_value("");
                        }
                    }
                />
            </div>
            <div class="body">
                <details>
                    <summary>"Or paste the rows"</summary>
                    <div class="field pasted">
                        <label for="pasted">"Rows, with the column names in the first line"</label>
                        <textarea
                            class="input mono"
                            id="pasted"
                            rows="8"
                            spellcheck="false"
                            placeholder="Handle,Title,Body (HTML),Vendor,…"
                            prop:value=move || pasted.get()
                            on:input=move |event| pasted.set(event_target_value(&event))
                        ></textarea>
                        <button
                            class="btn"
                            type="button"
                            disabled=move || busy.get().is_some() || pasted.with(|text| text.trim().is_empty())
                            on:click=move |_| look.run(Chosen { name: "pasted rows".to_owned(), text: pasted.get_untracked() })
                        >
                            "Look it over"
                        </button>
                    </div>
                </details>
            </div>
            <footer>
                {icon("info")}
                "A product is recognised by its handle: what is there is changed, what is new is added, what is not in the file stays."
            </footer>
        </section>
    }
}

/// The numbers of a preview or a result: label, tone, figure.
#[component]
fn Counts(figures: Vec<(&'static str, &'static str, i32)>) -> impl IntoView {
    let cells = figures
        .into_iter()
        .map(|(label, tone, figure)| {
            view! { <div><span class="label">{status(tone, label)}</span><b>{grouped(figure.into())}</b></div> }
        })
        .collect_view();
    view! { <section class="card" aria-label="Products"><div class="stats">{cells}</div></section> }
}

#[component]
fn Look(
    chosen: Chosen,
    preview: ImportPreview,
    busy: RwSignal<Option<&'static str>>,
    apply: Callback<Chosen>,
    again: Callback<()>,
) -> impl IntoView {
    let rows = count(preview.rows.into(), "row", "rows");
    let size = count(chosen.text.len().div_ceil(1024) as i64, "kB", "kB");
    let work = preview.create + preview.update;
    let label = match work {
        0 => "Nothing to import".to_owned(),
        n => format!("Import {}", count(n.into(), "product", "products")),
    };
    let rest = (preview.products as usize).saturating_sub(preview.items.len().min(SHOWN));
    let items = preview.items.iter().take(SHOWN).cloned().map(item).collect_view();
    let about = format!(
        "{}, {rows}, {size}: {}, {}, {}",
        chosen.name,
        count(preview.products.into(), "product", "products"),
        count(preview.variants.into(), "variant", "variants"),
        count(preview.images.into(), "picture", "pictures"),
    );
    view! {
        <div class="stack">
            <div class="flex wrap">
                <p class="grow dim">{about}</p>
                <button class="btn" type="button" data-kind="quiet" disabled=move || busy.get().is_some() on:click=move |_| again.run(())>
                    "Another file"
                </button>
                <button
                    class="btn"
                    type="button"
                    data-kind="primary"
                    aria-busy=move || busy.get().is_some().to_string()
                    disabled=move || busy.get().is_some() || work == 0
                    on:click=move |_| apply.run(chosen.clone())
                >
                    {label}
                </button>
            </div>
            <Counts figures=vec![
                ("New", "info", preview.create),
                ("Changed", "warning", preview.update),
                ("The same", "off", preview.unchanged),
                ("Stopped by an error", "danger", preview.failed),
            ]/>
            <Problems problems=preview.problems.clone()/>
            <section class="tablecard" aria-label="Products of the file">
                <header class="cardhead"><h2>"What happens"</h2></header>
                <table class="table" data-stack="" data-static="" data-tight="">
                    <thead>
                        <tr><th class="num">"Line"</th><th>"What"</th><th>"Title"</th><th data-prio="3">"Handle"</th><th class="num">"Variants"</th></tr>
                    </thead>
                    <tbody>{items}</tbody>
                </table>
                {(rest > 0).then(|| view! { <div class="pager"><span>{format!("and {} more", grouped(rest as i64))}</span></div> })}
            </section>
        </div>
    }
}

fn item(item: ImportItem) -> impl IntoView {
    let (tone, word) = match item.action {
        ImportAction::Create => ("info", "New"),
        ImportAction::Update => ("warning", "Change"),
        ImportAction::Unchanged => ("off", "Same"),
        ImportAction::Failed => ("danger", "Stopped"),
    };
    view! {
        <tr>
            <td class="num dim" data-slot="value">{item.line}</td>
            <td data-slot="state">{status(tone, word)}</td>
            <td class="fill" data-slot="title">{item.title}</td>
            <td data-prio="3" class="mono dim clip cap">{item.handle}</td>
            <td class="num" data-slot="sub">{item.variants}</td>
        </tr>
    }
}

/// Every problem with its line and column, and all of them as a file.
#[component]
fn Problems(problems: Vec<ImportProblem>) -> impl IntoView {
    if problems.is_empty() {
        return ().into_any();
    }
    let errors = problems.iter().filter(|problem| problem.severity == ImportSeverity::Error).count();
    let warnings = problems.len() - errors;
    let title = match (errors, warnings) {
        (0, n) => count(n as i64, "warning", "warnings"),
        (n, 0) => count(n as i64, "error", "errors"),
        (e, w) => {
            format!("{}, {}", count(e as i64, "error", "errors"), count(w as i64, "warning", "warnings"))
        }
    };
    let about = if errors > 0 {
        "Products with an error are left as they are; the others are imported."
    } else {
        "Warnings do not stop a product."
    };
    let rest = problems.len().saturating_sub(SHOWN);
    let mut sorted = problems.clone();
    sorted.sort_by_key(|problem| (problem.severity == ImportSeverity::Warning, problem.line));
    let rows = sorted
        .into_iter()
        .take(SHOWN)
        .map(|problem| {
            let (tone, word) = match problem.severity {
                ImportSeverity::Error => ("danger", "Error"),
                ImportSeverity::Warning => ("warning", "Warning"),
            };
            view! {
                <tr>
                    <td class="num" data-slot="value">{problem.line}</td>
                    <td data-slot="state">{status(tone, word)}</td>
                    <td class="nowrap" data-slot="sub">{problem.column}</td>
                    <td data-slot="title">{problem.message}</td>
                    <td data-prio="3" class="mono dim clip cap">{problem.handle}</td>
                </tr>
            }
        })
        .collect_view();
    let all = StoredValue::new(problems);
    let save = move |_| {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let mut csv = String::from("Line,Kind,Column,Handle,Message\n");
        all.with_value(|problems| {
            for problem in problems {
                let kind = if problem.severity == ImportSeverity::Error { "error" } else { "warning" };
                let cells = [quoted(&problem.column), quoted(&problem.handle), quoted(&problem.message)];
                csv.push_str(&format!("{},{kind},{}\n", problem.line, cells.join(",")));
            }
        });
        download("import-problems.csv", &csv);
    };
    view! {
        <section class="tablecard" aria-label="Problems">
            <header class="cardhead">
                {pill(if errors > 0 { "danger" } else { "warning" }, title)}
                <span class="meta">{about}</span>
                <button class="btn end" type="button" data-size="sm" on:click=save>{icon("download")} "Save as a file"</button>
            </header>
            <table class="table problems" data-stack="" data-static="" data-tight="">
                <thead>
                    <tr><th class="num">"Line"</th><th>"Kind"</th><th>"Column"</th><th>"What is wrong"</th><th data-prio="3">"Product"</th></tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
            {(rest > 0).then(|| view! { <div class="pager"><span>{format!("and {} more in the file", grouped(rest as i64))}</span></div> })}
        </section>
    }
    .into_any()
}

#[component]
fn Done(result: ImportResult, again: Callback<()>) -> impl IntoView {
    let changed = result.created + result.updated;
    let (tone, symbol, title) = match (changed, result.failed) {
        (0, 0) => ("info", "info", "Nothing had to change".to_owned()),
        (0, n) => (
            "danger",
            "stop",
            format!("{} stopped, nothing imported", count(n.into(), "product", "products")),
        ),
        (n, 0) => ("good", "check", format!("{} imported", count(n.into(), "product", "products"))),
        (n, failed) => (
            "warning",
            "warn",
            format!("{} imported, {failed} stopped", count(n.into(), "product", "products")),
        ),
    };
    let pictures = (result.images > 0).then(|| {
        let pictures = count(result.images.into(), "picture is", "pictures are");
        view! { <p>{pictures} " being fetched in the background; products show a placeholder until then."</p> }
    });
    view! {
        <div class="stack">
            <div class="banner" data-tone=tone role="status">
                {icon(symbol)}
                <div class="grow"><b>{title}</b>{pictures}</div>
                <a class="btn" data-size="sm" data-kind="primary" href=place::to("/products")>"See the products"</a>
                <button class="btn" type="button" data-size="sm" on:click=move |_| again.run(())>"Import another file"</button>
            </div>
            <Counts figures=vec![
                ("Added", "good", result.created),
                ("Changed", "warning", result.updated),
                ("The same", "off", result.unchanged),
                ("Stopped by an error", "danger", result.failed),
            ]/>
            <Problems problems=result.problems/>
        </div>
    }
}

/// Lets the browser save a text as a file.
pub fn download(name: &str, text: &str) {
    let parts = js_sys::Array::of1(&text.into());
    let options = web_sys::BlobPropertyBag::new();
    options.set_type("text/csv;charset=utf-8");
    let Ok(blob) = web_sys::Blob::new_with_str_sequence_and_options(&parts, &options) else { return };
    let Ok(url) = web_sys::Url::create_object_url_with_blob(&blob) else { return };
    let link = document()
        .create_element("a")
        .ok()
        .and_then(|link| link.dyn_into::<web_sys::HtmlAnchorElement>().ok());
    if let Some(link) = link {
        link.set_href(&url);
        link.set_download(name);
        link.click();
    }
    let _ = web_sys::Url::revoke_object_url(&url);
}
