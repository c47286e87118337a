//! What every table shares: state in the address, search, sort, filters as sentences, pages, keys.

use std::time::Duration;

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};

use super::icon;
use crate::gql::PageInfo;
use crate::logic::list::ListState;
use crate::place;

/// A list whose state is the query string of the present address.
#[derive(Clone, Copy)]
pub struct List {
    state: Memo<ListState>,
    show: Callback<(ListState, bool)>,
}

impl List {
    /// Reads the address of the screen.
    pub fn here() -> Self {
        let location = use_location();
        let (path, search) = (location.pathname, location.search);
        // Navigating away changes the address before this screen is gone; its own path must not change with it.
        let own = path.get_untracked();
        let state = Memo::new({
            let own = own.clone();
            move |last: Option<&ListState>| match last {
                Some(last) if path.get() != own => last.clone(),
                _ => ListState::parse(&search.get()),
            }
        });
        let navigate = use_navigate();
        let show = Callback::new(move |(state, replace): (ListState, bool)| {
            let options = NavigateOptions { resolve: false, replace, scroll: false, ..Default::default() };
            navigate(&format!("{own}{}", state.search()), options);
        });
        Self { state, show }
    }

    /// The state; tracks the address.
    pub fn get(self) -> ListState {
        place::read(self.state, Clone::clone)
    }

    /// The value of one key; tracks the address.
    pub fn value(self, key: &str) -> String {
        place::read(self.state, |state: &ListState| state.get(key).to_owned())
    }

    /// Changes one key and goes back to the first page.
    pub fn set(self, key: &str, value: &str) {
        self.show.run((self.state.get_untracked().with(key, value), false));
    }

    /// Changes one key without a new entry in the history, for typing.
    fn set_quietly(self, key: &str, value: &str) {
        self.show.run((self.state.get_untracked().with(key, value), true));
    }

    /// Shows another state.
    pub fn go(self, state: ListState) {
        self.show.run((state, false));
    }

    /// Address of the same list in another state.
    pub fn href(self, change: impl Fn(&ListState) -> ListState) -> String {
        let path = window().location().pathname().unwrap_or_default();
        self.state.with(|state| format!("{path}{}", change(state).search()))
    }
}

/// Finds rows while typing; the words go into the address.
#[component]
pub fn Search(
    /// The list.
    list: List,
    /// What can be found.
    label: &'static str,
) -> impl IntoView {
    let typed = RwSignal::new(list.value("q"));
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    // Going back in the history changes the words as well.
    place::effect(move |_| {
        let asked = list.value("q");
        if waiting.get_value().is_none() && typed.get_untracked() != asked {
            typed.set(asked);
        }
    });
    let input = move |event| {
        typed.set(event_target_value(&event));
        if let Some(handle) = waiting.get_value() {
            handle.clear();
        }
        let handle = set_timeout_with_handle(
            move || {
                waiting.set_value(None);
                list.set_quietly("q", typed.get_untracked().trim());
            },
            Duration::from_millis(250),
        );
        waiting.set_value(handle.ok());
    };
    on_cleanup(move || {
        if let Some(Some(handle)) = waiting.try_get_value() {
            handle.clear();
        }
    });
    view! {
        <label class="input find">
            {icon("search")}
            <input
                type="search"
                id="find"
                aria-label=label
                placeholder=label
                maxlength="100"
                prop:value=move || typed.get()
                on:input=input
            />
        </label>
    }
}

/// The head of a column that sorts.
#[component]
pub fn SortHead(
    /// The list.
    list: List,
    /// Name of the column in the address.
    column: &'static str,
    /// For people.
    label: &'static str,
    /// The order when the address names none.
    default: &'static str,
    /// Numbers stand at the end edge.
    #[prop(optional)]
    number: bool,
    /// From which width it is seen.
    #[prop(optional_no_strip)]
    prio: Option<&'static str>,
    /// Begin with the highest.
    #[prop(optional)]
    falling: bool,
) -> impl IntoView {
    let sort = move || {
        Some(list.value("sort")).filter(|sort| !sort.is_empty()).unwrap_or_else(|| default.to_owned())
    };
    let direction = move || match sort() {
        sort if sort == column => Some("ascending"),
        sort if sort.strip_prefix('-') == Some(column) => Some("descending"),
        _ => None,
    };
    let turn = move |_| {
        let falls = match direction() {
            Some(direction) => direction == "ascending",
            None => falling,
        };
        let next = if falls { format!("-{column}") } else { column.to_owned() };
        list.set("sort", if next == default { "" } else { &next });
    };
    view! {
        <th class=number.then_some("num") aria-sort=direction data-prio=prio scope="col">
            <button type="button" on:click=turn>{label}{icon("dn")}</button>
        </th>
    }
}

/// A tab of the table: the whole list narrowed by one key.
#[component]
pub fn Tab(
    /// The list.
    list: List,
    /// The key of the tabs.
    name: &'static str,
    /// Its value; empty: everything.
    value: &'static str,
    /// For people.
    label: &'static str,
    /// Rows behind it.
    #[prop(into)]
    count: Signal<Option<i32>>,
) -> impl IntoView {
    let here = move || (list.value(name) == value).then_some("true");
    view! {
        <a href=move || list.href(|state| state.with(name, value)) aria-current=here>
            {label}
            {move || count.get().map(|count| view! { <span class="n">{super::grouped(count.into())}</span> })}
        </a>
    }
}

/// The tabs of a table, without numbers.
#[component]
pub fn Tabs(
    /// The list.
    list: List,
    /// What they are about.
    label: &'static str,
    /// The key of the tabs.
    #[prop(default = "tab")]
    name: &'static str,
    /// Values with their words.
    all: &'static [(&'static str, &'static str)],
) -> impl IntoView {
    let tab = |&(value, label): &(&'static str, &'static str)| {
        view! { <Tab list name value label count=Signal::stored(None)/> }
    };
    view! { <nav class="tabs" aria-label=label>{all.iter().map(tab).collect_view()}</nav> }
}

/// A filter that is on, as a sentence, with its way out.
#[component]
pub fn FilterChip(
    /// The list.
    list: List,
    /// The key that it stands for.
    name: &'static str,
    /// "Stock".
    field: &'static str,
    /// "is".
    #[prop(default = "is")]
    verb: &'static str,
    /// "sold out".
    #[prop(into)]
    value: String,
) -> impl IntoView {
    let label = format!("Remove the filter {field} {verb} {value}");
    view! {
        <span class="filter">
            <span class="said">{field} " " <b>{verb}</b> " " {value}</span>
            <button type="button" aria-label=label on:click=move |_| list.set(name, "")>{icon("x")}</button>
        </span>
    }
}

/// A choice that narrows the list.
#[component]
pub fn FilterSelect(
    /// The list.
    list: List,
    /// The key that it sets.
    name: &'static str,
    /// For people.
    label: &'static str,
    /// Values with their words.
    #[prop(into)]
    options: Signal<Vec<(String, String)>>,
) -> impl IntoView {
    view! {
        <select
            class="input pickfilter"
            aria-label=label
            prop:value=move || list.value(name)
            on:change=move |event| list.set(name, &event_target_value(&event))
        >
            <option value="">{label}</option>
            {move || {
                let now = list.value(name);
                options
                    .get()
                    .into_iter()
                    .map(|(value, text)| {
                        let chosen = value == now;
                        view! { <option value=value selected=chosen>{text}</option> }
                    })
                    .collect_view()
            }}
        </select>
    }
}

/// Where the page stands, and the way on.
#[component]
pub fn Pager(
    /// The list.
    list: List,
    /// Where it stands.
    #[prop(into)]
    page: Signal<Option<PageInfo>>,
    /// Rows shown, and all of them.
    #[prop(into)]
    rows: Signal<(usize, i32)>,
    /// Words for the way back and the way on.
    #[prop(default = ("Back", "Next"))]
    words: (&'static str, &'static str),
) -> impl IntoView {
    let step = move |forward: bool| {
        let page = page.get_untracked();
        let cursor = page.and_then(|page| if forward { page.end_cursor } else { page.start_cursor });
        if let Some(cursor) = cursor {
            let state = list.get();
            list.go(if forward { state.after(&cursor) } else { state.before(&cursor) });
            window().scroll_to_with_x_and_y(0.0, 0.0);
        }
    };
    let has = move |forward: bool| {
        page.with(|page| {
            page.as_ref()
                .is_some_and(|page| if forward { page.has_next_page } else { page.has_previous_page })
        })
    };
    let said = move || {
        let (shown, all) = rows.get();
        if shown as i64 == i64::from(all) {
            super::count(all.into(), "row", "rows")
        } else {
            format!("{} of {}", super::grouped(shown as i64), super::grouped(all.into()))
        }
    };
    view! {
        <div class="pager">
            <span>{said}</span>
            <span class="hintline">
                <kbd class="kbd">"J"</kbd> <kbd class="kbd">"K"</kbd> " move " <kbd class="kbd">"Enter"</kbd> " open "
                <kbd class="kbd">"/"</kbd> " find"
            </span>
            <span class="end flex">
                <button
                    class="btn"
                    type="button"
                    data-kind="quiet"
                    data-size="sm"
                    disabled=move || !has(false)
                    on:click=move |_| step(false)
                >
                    {icon("left")}
                    {words.0}
                </button>
                <button
                    class="btn"
                    type="button"
                    data-kind="quiet"
                    data-size="sm"
                    disabled=move || !has(true)
                    on:click=move |_| step(true)
                >
                    {words.1}
                    {icon("right")}
                </button>
            </span>
        </div>
    }
}

/// Rows in grey, of true size, while nothing has come yet.
#[component]
pub fn RowSkeleton(
    /// Columns of the table.
    columns: usize,
    /// Rows to show.
    #[prop(default = 8)]
    rows: usize,
) -> impl IntoView {
    (0..rows)
        .map(|row| {
            let cells = (0..columns)
                .map(|column| {
                    let width = format!("{}%", if column == 0 { 60 + row * 13 % 30 } else { 40 + (row + column) * 17 % 40 });
                    view! { <td data-slot=(column == 0).then_some("title")><span class="skel" style=("--w", width)></span></td> }
                })
                .collect_view();
            view! { <tr class="late">{cells}</tr> }
        })
        .collect_view()
}

/// `J` and `K` move through the rows of the table on the screen, `Enter` opens, `X` selects, `/` finds.
pub fn row_keys() {
    let handle = window_event_listener(leptos::ev::keydown, move |event| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || super::typing(&event) {
            return;
        }
        let handled = match event.key().as_str() {
            "j" => move_current(1),
            "k" => move_current(-1),
            "x" => click_in_current("input[type=checkbox]"),
            // A button or a link with the focus keeps its own Enter.
            "Enter"
                if document()
                    .active_element()
                    .is_none_or(|it| it.tag_name() == "BODY" || it.id() == "main") =>
            {
                click_in_current("a[href], [data-open]")
            }
            "/" => focus("find"),
            _ => false,
        };
        if handled {
            event.prevent_default();
        }
    });
    on_cleanup(move || handle.remove());
}

const ROWS: &str = "table[data-rows] > tbody > tr:not(.late)";

fn current_row() -> Option<web_sys::Element> {
    document().query_selector(&format!("{ROWS}[data-current]")).ok().flatten()
}

fn move_current(by: i32) -> bool {
    let Ok(rows) = document().query_selector_all(ROWS) else { return false };
    let all: Vec<web_sys::Element> =
        (0..rows.length()).filter_map(|at| rows.item(at)?.dyn_into().ok()).collect();
    let now = all.iter().position(|row| row.has_attribute("data-current"));
    let next = match now {
        Some(now) => (now as i32 + by).clamp(0, all.len() as i32 - 1) as usize,
        None => 0,
    };
    let Some(row) = all.get(next) else { return false };
    if let Some(now) = now {
        let _ = all[now].remove_attribute("data-current");
    }
    let _ = row.set_attribute("data-current", "");
    row.scroll_into_view_with_bool(false);
    true
}

fn click_in_current(selector: &str) -> bool {
    let target = current_row().and_then(|row| row.query_selector(selector).ok().flatten());
    let target = target.and_then(|target| target.dyn_into::<web_sys::HtmlElement>().ok());
    target.as_ref().inspect(|target| target.click()).is_some()
}

/// Puts the focus on an element by its id.
pub fn focus(id: &str) -> bool {
    let element = document().get_element_by_id(id).and_then(|it| it.dyn_into::<web_sys::HtmlElement>().ok());
    element.is_some_and(|element| element.focus().is_ok())
}
