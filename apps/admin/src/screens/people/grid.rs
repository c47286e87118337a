//! Permissions as a grid: resources down, actions across.

use leptos::prelude::*;

use crate::gql::people::{EffectivePermission, PermissionInfo, PermissionScope, role_words};
use crate::logic::grants::{COLUMNS, Choice, Row, may_choose, rows, words};
use crate::parts::icon;
use crate::place;

fn head() -> impl IntoView {
    view! {
        <thead>
            <tr>
                <th scope="col">"Resource"</th>
                {COLUMNS.iter().map(|(_, label)| view! { <th scope="col">{*label}</th> }).collect_view()}
            </tr>
        </thead>
    }
}

fn frame(
    label: &'static str,
    permissions: &[PermissionInfo],
    cell: impl Fn(&PermissionInfo) -> AnyView,
) -> AnyView {
    let line = |row: Row| {
        let cells = row
            .cells
            .iter()
            .map(|it| match it {
                Some(permission) => cell(permission),
                None => view! { <td></td> }.into_any(),
            })
            .collect_view();
        view! { <tr><th scope="row">{words(&row.resource)}</th>{cells}</tr> }
    };
    let groups = rows(permissions)
        .into_iter()
        .map(|(heading, rows)| {
            view! {
                <tbody>
                    <tr><th scope="rowgroup" colspan="11">{heading}</th></tr>
                    {rows.into_iter().map(line).collect_view()}
                </tbody>
            }
        })
        .collect_view();
    view! { <div class="permgrid"><table aria-label=label>{head()}{groups}</table></div> }.into_any()
}

/// A grid to choose from. What the person in front of it does not hold stays as it is.
#[component]
pub fn Grid(
    /// Everything that can be allowed.
    permissions: Vec<PermissionInfo>,
    /// What is chosen.
    choice: RwSignal<Choice>,
    /// Whether it can be changed at all.
    #[prop(into)]
    editable: Signal<bool>,
    /// Whether a permission may be limited to the own things.
    #[prop(optional)]
    scoped: bool,
) -> impl IntoView {
    let cell = move |permission: &PermissionInfo| {
        let name = StoredValue::new(permission.name.clone());
        let label = match permission.action.as_str() {
            "refund" | "moderate" => format!("{}: {}", words(&permission.resource), permission.action),
            action => format!("{}: {}", words(&permission.resource), role_words(action).to_lowercase()),
        };
        let implied = place::memo(move || name.with_value(|name| choice.with(|choice| choice.implied(name))));
        let now = place::memo(move || name.with_value(|name| choice.with(|choice| choice.get(name))));
        let holds = may_choose(permission, PermissionScope::All);
        let narrow = scoped && may_choose(permission, PermissionScope::Own);
        let locked = move || !editable.get() || implied.get() || !(holds || narrow);
        let title = (!(holds || narrow)).then_some("You do not hold this, so you cannot give it");
        let set = move |scope: Option<PermissionScope>| {
            name.with_value(|name| choice.update(|choice| choice.set(name, scope)));
        };
        if scoped && permission.scopes.contains(&PermissionScope::Own) {
            let value = move || match now.get() {
                _ if implied.get() => "all",
                Some(PermissionScope::All) => "all",
                Some(PermissionScope::Own) => "own",
                None => "",
            };
            view! {
                <td data-implied=move || implied.get().then_some("") title=title>
                    <select
                        class="input"
                        aria-label=label
                        disabled=locked
                        prop:value=value
                        on:change=move |event| {
                            set(
                                match event_target_value(&event).as_str() {
                                    "all" => Some(PermissionScope::All),
                                    "own" => Some(PermissionScope::Own),
                                    _ => None,
                                },
                            )
                        }
                    >
                        <option value="">"No"</option>
                        <option value="own" selected=move || value() == "own">"Own"</option>
                        <option value="all" disabled=!holds selected=move || value() == "all">"All"</option>
                    </select>
                </td>
            }
            .into_any()
        } else {
            view! {
                <td data-implied=move || implied.get().then_some("") title=title>
                    <input
                        type="checkbox"
                        aria-label=label
                        disabled=locked
                        prop:checked=move || implied.get() || now.get().is_some()
                        on:change=move |event| set(event_target_checked(&event).then_some(PermissionScope::All))
                    />
                </td>
            }
            .into_any()
        }
    };
    frame("Permissions", &permissions, cell)
}

/// A grid to look at: what a person may do, and which roles say so.
#[component]
pub fn EffectiveGrid(
    /// Everything that can be allowed.
    permissions: Vec<PermissionInfo>,
    /// What the person may do.
    effective: Vec<EffectivePermission>,
) -> impl IntoView {
    let cell = |permission: &PermissionInfo| {
        let held = effective.iter().find(|it| it.permission == permission.name);
        match held {
            None => view! { <td><span class="vh">"No"</span></td> }.into_any(),
            Some(held) => {
                let from: Vec<String> = held.from.iter().map(|name| role_words(name)).collect();
                let title = format!("From {}", from.join(", "));
                let own = held.scope == PermissionScope::Own;
                let spoken = title.clone();
                view! {
                    <td title=title>
                        {if own { "Own".into_any() } else { view! { {icon("check")}<span class="vh">"All"</span> }.into_any() }}
                        <span class="vh">", " {spoken}</span>
                    </td>
                }
                .into_any()
            }
        }
    };
    frame("What the roles add up to", &permissions, cell)
}
