//! The frame that every table of the admin has: heads, rows in grey, what went wrong, why there is nothing, pages.
//!
//! A screen gives its columns as plain data and its rows as a view; everything else is here, once.

use leptos::prelude::*;

use super::list::{List, Pager, RowSkeleton, SortHead, row_keys};
use super::{Empty, FailureView, count, grouped};
use crate::api::{Asking, Remote};
use crate::gql::PageInfo;
use crate::place;

/// A column of a table.
#[derive(Clone, Copy)]
pub struct Column {
    label: &'static str,
    class: &'static str,
    prio: Option<&'static str>,
    sort: Option<&'static str>,
    falling: bool,
    heard: bool,
}

impl Column {
    /// A column with words.
    pub const fn new(label: &'static str) -> Self {
        Self { label, class: "", prio: None, sort: None, falling: false, heard: false }
    }

    /// A column with numbers, which stand at the end edge.
    pub const fn number(label: &'static str) -> Self {
        Self { class: "num", ..Self::new(label) }
    }

    /// A column with buttons: its name is heard and not seen.
    pub const fn heard(label: &'static str) -> Self {
        Self { heard: true, ..Self::new(label) }
    }

    /// A column with boxes to select rows by.
    pub const fn pick(label: &'static str) -> Self {
        Self { class: "pick", heard: true, ..Self::new(label) }
    }

    /// From which width it is seen.
    pub const fn prio(self, prio: &'static str) -> Self {
        Self { prio: Some(prio), ..self }
    }

    /// Sorts under this name in the address.
    pub const fn sorts(self, name: &'static str) -> Self {
        Self { sort: Some(name), ..self }
    }

    /// Begins with the highest.
    pub const fn falling(self) -> Self {
        Self { falling: true, ..self }
    }
}

/// What the frame has to know of rows, whatever they are.
#[derive(Clone, Copy)]
pub struct Rows {
    asking: Asking,
    shown: Signal<Option<Shown>>,
}

/// How many rows there are, and where they stand.
#[derive(Clone)]
pub struct Shown {
    rows: usize,
    all: i32,
    page: Option<PageInfo>,
}

impl Shown {
    /// A page of a longer list.
    pub fn page(rows: usize, all: i32, page: &PageInfo) -> Self {
        Self { rows, all, page: Some(page.clone()) }
    }

    /// All that there is.
    pub fn all(rows: usize) -> Self {
        Self { rows, all: rows as i32, page: None }
    }
}

impl Rows {
    /// The rows in what is fetched.
    pub fn of<T: Send + Sync + 'static>(remote: Remote<T>, look: fn(&T) -> Shown) -> Self {
        let shown = place::derived(move || remote.data.with(|data| data.as_ref().map(look)));
        Self { asking: remote.asking(), shown }
    }

    /// "3 orders", once they are there.
    pub fn about(self, one: &'static str, many: &'static str) -> Signal<String> {
        self.told(move |all| count(all, one, many))
    }

    /// "3 orders", or "3 found" while one of the keys narrows the list.
    pub fn found(
        self,
        list: List,
        keys: &'static [&'static str],
        one: &'static str,
        many: &'static str,
    ) -> Signal<String> {
        self.told(move |all| {
            if list.get().narrowed_by(keys) {
                format!("{} found", grouped(all))
            } else {
                count(all, one, many)
            }
        })
    }

    fn told(self, words: impl Fn(i64) -> String + Send + Sync + 'static) -> Signal<String> {
        place::derived(move || {
            let all = self.shown.with(|shown| shown.as_ref().map(|shown| shown.all));
            all.map_or_else(|| " ".to_owned(), |all| words(all.into()))
        })
    }
}

/// A table with everything around its rows. Tabs and filters are its children.
#[component]
pub fn Table(
    /// What it shows, for those who hear it.
    label: &'static str,
    /// What is known of its rows.
    rows: Rows,
    /// From left to right.
    columns: &'static [Column],
    /// Its state in the address, when it has pages.
    #[prop(optional)]
    list: Option<List>,
    /// The order when the address names none.
    #[prop(optional)]
    sort: &'static str,
    /// In front of the heads.
    #[prop(into, optional)]
    pick: Option<ViewFn>,
    /// Grey rows while nothing has come yet.
    #[prop(default = 8)]
    grey: usize,
    /// Words for the way back and the way on.
    #[prop(default = ("Back", "Next"))]
    words: (&'static str, &'static str),
    /// The rows, when there are some.
    #[prop(into)]
    body: ViewFn,
    /// Why there are none.
    #[prop(into)]
    empty: ViewFn,
    /// Above the heads.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    row_keys();
    let Rows { asking, shown } = rows;
    let across = (columns.len() + usize::from(pick.is_some())).to_string();
    let whole = move |view: AnyView| {
        let across = across.clone();
        view! { <tr class="whole"><td colspan=across data-slot="title">{view}</td></tr> }.into_any()
    };
    let inside = move || {
        if let Some(failure) = asking.failure.get() {
            return whole(view! { <FailureView failure again=move |()| asking.reload()/> }.into_any());
        }
        match shown.with(|shown| shown.as_ref().map(|shown| shown.rows)) {
            None => view! { <RowSkeleton columns=columns.len() rows=grey/> }.into_any(),
            Some(0) => whole(empty.run()),
            Some(_) => body.run(),
        }
    };
    let heads = columns.iter().map(|column| head(list, column, sort)).collect_view();
    let pager = list.map(|list| {
        let page = place::derived(move || shown.with(|shown| shown.as_ref().and_then(|it| it.page.clone())));
        let rows =
            place::derived(move || shown.with(|shown| shown.as_ref().map_or((0, 0), |it| (it.rows, it.all))));
        view! { <Pager list words page rows/> }
    });
    view! {
        <section class="tablecard" aria-label=label aria-busy=move || asking.busy.get().to_string()>
            {children.map(|children| children())}
            <table class="table" data-stack="" data-rows="" data-dim=move || asking.busy.get().then_some("")>
                <thead><tr>{pick.map(|pick| move || pick.run())}{heads}</tr></thead>
                <tbody>{inside}</tbody>
            </table>
            {pager}
        </section>
    }
}

fn head(list: Option<List>, column: &Column, default: &'static str) -> AnyView {
    let Column { label, class, prio, sort, falling, heard } = *column;
    match (list, sort) {
        (Some(list), Some(column)) => {
            view! { <SortHead list column label default number={!class.is_empty()} prio falling/> }.into_any()
        }
        _ => {
            let class = Some(class).filter(|class| !class.is_empty());
            let label =
                if heard { view! { <span class="vh">{label}</span> }.into_any() } else { label.into_any() };
            view! { <th class=class scope="col" data-prio=prio>{label}</th> }.into_any()
        }
    }
}

/// Nothing fits what was asked for; the button shows all of it again.
#[component]
pub fn Narrowed(
    /// The list.
    list: List,
    /// The keys that narrow it.
    keys: &'static [&'static str],
    /// What is missing.
    #[prop(into)]
    title: String,
    /// How it was looked for.
    text: &'static str,
    /// Words on the button.
    all: &'static str,
) -> impl IntoView {
    view! {
        <Empty symbol="search" title text>
            <button class="btn" type="button" on:click=move |_| list.go(list.get().without(keys))>{all}</button>
        </Empty>
    }
}
