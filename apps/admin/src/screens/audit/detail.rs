//! One entry: who, what, before and after.

use leptos::prelude::*;

use crate::api::{self, Failure, remote};
use crate::gql::Document;
use crate::gql::audit::{AuditChange, AuditChangeKind, AuditEntry, AuditEntryById, AuditField};
use crate::gql::catalog::IdVariables;
use crate::logic::audit::{self as words, Value};
use crate::parts::editor::cards;
use crate::parts::{Empty, PageHead, count, status};
use crate::place;
use crate::session::use_session;

async fn fetch(id: String) -> Result<AuditEntry, Failure> {
    let answer = api::ask(AuditEntryById::build(IdVariables { id: cynic::Id::new(id) })).await?;
    answer.audit_entry.ok_or_else(|| Failure::new("NOT_FOUND", "This entry does not exist."))
}

/// The screen of one entry.
#[component]
pub fn AuditEntryScreen() -> impl IntoView {
    let id = place::id();
    let entry = remote(move || fetch(id.get()));
    let title = move || {
        entry
            .data
            .with(|entry| entry.as_ref().map_or_else(|| " ".to_owned(), |entry| words::action(&entry.action)))
    };
    place::title(move || title().trim().to_owned());
    let about = place::derived(move || {
        entry.data.with(|entry| {
            entry.as_ref().map_or_else(
                || " ".to_owned(),
                |entry| format!("{}, {}", entry.actor.called(), place::reader().moment(&entry.at.0)),
            )
        })
    });
    view! {
        <div class="page">
            <PageHead title=place::derived(title) about back=(place::to("/audit"), "Audit log")/>
            {cards(entry, &[5, 5], |entry| {
                let changes = entry.changes.clone();
                view! {
                    <div class="cols">
                        <div class="stack"><Changes changes/></div>
                        <aside class="stack"><Circumstances entry=entry.clone()/> <Seal entry/></aside>
                    </div>
                }
                    .into_any()
            })}
        </div>
    }
}

#[component]
fn Changes(changes: Vec<AuditChange>) -> impl IntoView {
    if changes.is_empty() {
        return view! {
            <section class="card">
                <Empty symbol="list" title="No values" text="What was done changed nothing that has a before and an after."/>
            </section>
        }
        .into_any();
    }
    changes.into_iter().map(|change| view! { <Change change/> }).collect_view().into_any()
}

#[component]
fn Change(change: AuditChange) -> impl IntoView {
    let (tone, word) = change.change.words();
    let name = words::kind(&change.kind);
    if change.change == AuditChangeKind::Counted {
        let rows = count(change.count.map_or(0, |count| count.0), "more row", "more rows");
        return view! {
            <section class="card"><div class="body"><p class="dim">{name} ": " {rows} " changed, too many to list."</p></div></section>
        }
        .into_any();
    }
    let title = match words::screen(&change.kind, &change.id) {
        Some(screen) => view! { <a href=place::to(&screen)>{name.clone()}</a> }.into_any(),
        None => name.clone().into_any(),
    };
    let rows = change.fields.into_iter().map(|field| view! { <Field field/> }).collect_view();
    view! {
        <section class="tablecard" aria-label=name>
            <header class="cardhead"><h2>{title}</h2><span class="meta">{status(tone, word)}</span></header>
            <table class="table diff" data-static="">
                <thead><tr><th>"Value"</th><th>"Before"</th><th>"After"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
    .into_any()
}

#[component]
fn Field(field: AuditField) -> impl IntoView {
    let name = words::field(&field.name);
    if field.hidden {
        return view! {
            <tr><th scope="row">{name}</th><td colspan="2" class="dim">"Changed; the value is not kept here"</td></tr>
        }
        .into_any();
    }
    let currency = use_session().currency();
    let shown = move |text: Option<String>| match text.map(|text| words::value(&field.name, &text, &currency))
    {
        None => "–".to_owned(),
        Some(Value::Text(text)) => text,
        Some(Value::Moment(at)) => place::reader().moment(&at),
    };
    let (before, after) = (shown(field.before), shown(field.after));
    view! { <tr><th scope="row">{name}</th><td class="dim">{before}</td><td>{after}</td></tr> }.into_any()
}

#[component]
fn Circumstances(entry: AuditEntry) -> impl IntoView {
    let kind = match entry.actor.kind.as_str() {
        "staff" => "Works here",
        "customer" => "Customer",
        "api_key" => "API key",
        "system" => "Operator of the platform",
        _ => "Unknown",
    };
    let everything = entry
        .actor
        .id
        .as_ref()
        .map(|id| view! { <a href=place::to(&format!("/audit?person={}", id.inner()))>"Everything by this person"</a> });
    let subject = entry.subject_id.as_ref().map(|id| {
        let history = place::to(&format!("/audit?thing={}", id.inner()));
        let name = words::kind(&entry.subject_kind);
        let thing = match words::screen(&entry.subject_kind, id.inner()) {
            Some(screen) => view! { <a href=place::to(&screen)>{name}</a> }.into_any(),
            None => name.into_any(),
        };
        view! { <dt>"About"</dt><dd>{thing} <br/> <a href=history>"Everything about it"</a></dd> }
    });
    let from = if entry.address.is_empty() { "This machine".to_owned() } else { entry.address };
    let date = place::reader();
    view! {
        <section class="card">
            <header><h2>"Who and where from"</h2></header>
            <div class="body">
                <dl class="dl">
                    <dt>"Who"</dt>
                    <dd>{entry.actor.called()} <br/> <span class="dim">{entry.actor.email} " " {kind}</span> <br/> {everything}</dd>
                    <dt>"When"</dt>
                    <dd>{date.day(&entry.at.0)} " " {date.clock(&entry.at.0)}</dd>
                    {subject}
                    <dt>"From"</dt>
                    <dd>{from}</dd>
                    <dt>"With"</dt>
                    <dd class="dim">{if entry.user_agent.is_empty() { "–".to_owned() } else { entry.user_agent }}</dd>
                    <dt>"Reference"</dt>
                    <dd><code>{entry.request_id}</code></dd>
                </dl>
            </div>
        </section>
    }
}

/// Whether the entry stands in the chain already.
#[component]
fn Seal(entry: AuditEntry) -> impl IntoView {
    let sealed = entry.position.zip(entry.hash);
    view! {
        <section class="card">
            <header><h2>"Seal"</h2></header>
            <div class="body">
                {match sealed {
                    Some((position, hash)) => view! {
                        <p>"Entry " {position.0} " of the chain. Whoever changes or removes it breaks every entry behind it."</p>
                        <p class="dim diff"><code>{hash}</code></p>
                    }
                        .into_any(),
                    None => view! { <p class="dim">"It takes its place in the chain within a second."</p> }.into_any(),
                }}
            </div>
        </section>
    }
}
