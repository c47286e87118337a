//! Groups of customers: what promotions ask for, and whose members pay no tax.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, Failure, Remote, remote};
use crate::gql::Document;
use crate::gql::groups::{
    Group, GroupCreate, GroupCreateVariables, GroupDelete, GroupDeleteVariables, GroupInput, GroupUpdate,
    GroupUpdateVariables, Groups, MembersAdd, MembersAddVariables, MembersInput, MembersRemove,
    MembersRemoveVariables,
};
use crate::parts::dialog::{Confirm, Drawer, Wrong};
use crate::parts::field::TextField;
use crate::parts::table::{Column, Rows, Shown, Table};
use crate::parts::toast::use_toaster;
use crate::parts::{Empty, PageHead, count, icon, status};
use crate::place;
use crate::session::use_session;

/// All groups of the shop.
#[derive(Clone)]
pub struct Known(Vec<Group>);

impl Known {
    /// Whether the shop has none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Ids and names.
    pub fn names(&self) -> Vec<(String, String)> {
        self.0.iter().map(|group| (group.id.inner().to_owned(), group.name.clone())).collect()
    }
}

/// Asks for all groups.
pub fn known_groups() -> Remote<Known> {
    remote(|| async { api::ask(Groups::build(())).await.map(|answer| Known(answer.customer_groups)) })
}

/// Puts customers into a group or takes them out of it; gives back how many that changed.
pub async fn move_members(group: String, customers: Vec<String>, into: bool) -> Result<i32, Failure> {
    let input = MembersInput {
        id: cynic::Id::new(group),
        customer_ids: customers.into_iter().map(cynic::Id::new).collect(),
    };
    if into {
        let answer = api::ask(MembersAdd::build(MembersAddVariables { input })).await?;
        Ok(answer.customer_group_members_add)
    } else {
        let answer = api::ask(MembersRemove::build(MembersRemoveVariables { input })).await?;
        Ok(answer.customer_group_members_remove)
    }
}

/// What the server says about a field.
pub fn fault(failure: RwSignal<Option<Failure>>, field: &'static str) -> Signal<Option<String>> {
    place::derived(move || failure.with(|failure| failure.as_ref().and_then(|failure| failure.at(field))))
}

/// What is being edited.
#[derive(Clone, PartialEq)]
enum Editing {
    New,
    Old(Group),
}

const COLUMNS: [Column; 5] = [
    Column::new("Group"),
    Column::number("Customers"),
    Column::new("Tax"),
    Column::new("Promotions").prio("2"),
    Column::heard("Actions"),
];

/// The screen.
#[component]
pub fn CustomerGroups() -> impl IntoView {
    place::title(|| "Customer groups".to_owned());
    let session = use_session();
    let all = known_groups();
    let editing = RwSignal::new(None::<Editing>);
    let leaving = RwSignal::new(None::<Group>);
    let add = move || {
        session.may("customers:create").then(|| {
            view! {
                <button class="btn" type="button" data-kind="primary" on:click=move |_| editing.set(Some(Editing::New))>
                    {icon("plus")}
                    "Add a group"
                </button>
            }
        })
    };
    let rows = Rows::of(all, |Known(rows)| Shown::all(rows.len()));
    let body = move || {
        let rows = all.data.get().map(|Known(rows)| rows).unwrap_or_default();
        rows.into_iter().map(|row| view! { <Line row editing leaving/> }).collect_view()
    };
    let empty = move || {
        view! {
            <Empty
                symbol="customers"
                title="No groups yet"
                text="Wholesale, members, staff: a group is a list of customers. Promotions can be for a group, and a group can be free of tax."
            >
                {add}
            </Empty>
        }
    };
    view! {
        <div class="page">
            <PageHead
                title="Customer groups".to_owned()
                back=(place::to("/customers"), "Customers")
                about=Signal::stored("They count for customers who have signed in.".to_owned())
            >
                {add}
            </PageHead>
            <Table label="Groups" rows columns=&COLUMNS grey=2 body empty/>
            <Edit editing all/>
            <Delete leaving all/>
        </div>
    }
}

#[component]
fn Line(row: Group, editing: RwSignal<Option<Editing>>, leaving: RwSignal<Option<Group>>) -> impl IntoView {
    let session = use_session();
    let shared = StoredValue::new(row.clone());
    let tax = match row.tax_exempt {
        true => view! { {status("info", "Exempt")} <small>{row.tax_reason}</small> }.into_any(),
        false => "As usual".into_any(),
    };
    let promotions = match row.promotions.is_empty() {
        true => "–".to_owned(),
        false => row.promotions.join(", "),
    };
    let edit = session.may("customers:update").then(|| {
        view! {
            <button class="btn" type="button" data-kind="quiet" data-size="sm" aria-label=format!("Edit {}", row.name) on:click=move |_| editing.set(Some(Editing::Old(shared.get_value())))>
                "Edit"
            </button>
        }
    });
    let delete = session.may("customers:delete").then(|| {
        view! {
            <button class="btn" type="button" data-kind="quiet" data-size="sm" aria-label=format!("Delete {}", row.name) on:click=move |_| leaving.set(Some(shared.get_value()))>
                "Delete"
            </button>
        }
    });
    view! {
        <tr>
            <td class="fill" data-slot="title"><a href=place::to(&format!("/customers?group={}", row.id.inner()))>{row.name}</a></td>
            <td class="num" data-slot="value">{count(row.n_members.into(), "customer", "customers")}</td>
            <td data-slot="state">{tax}</td>
            <td data-prio="2" data-slot="sub">{promotions}</td>
            <td data-slot="more" class="nowrap">{edit} {delete}</td>
        </tr>
    }
}

/// Adds a group, or changes one.
#[component]
fn Edit(editing: RwSignal<Option<Editing>>, all: Remote<Known>) -> impl IntoView {
    let toaster = use_toaster();
    let open = RwSignal::new(false);
    let (name, reason) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let exempt = RwSignal::new(false);
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    place::effect(move |_| {
        let old = match editing.get() {
            None => return,
            Some(Editing::New) => None,
            Some(Editing::Old(group)) => Some(group),
        };
        name.set(old.as_ref().map(|it| it.name.clone()).unwrap_or_default());
        reason.set(old.as_ref().map(|it| it.tax_reason.clone()).unwrap_or_default());
        exempt.set(old.is_some_and(|it| it.tax_exempt));
        failure.set(None);
        open.set(true);
    });
    place::effect(move |before: Option<bool>| {
        let now = open.get();
        if before == Some(true) && !now {
            editing.set(None);
        }
        now
    });
    let submit = move |()| {
        let Some(what) = editing.get_untracked().filter(|_| !busy.get_untracked()) else { return };
        busy.set(true);
        failure.set(None);
        let input = GroupInput {
            name: name.get_untracked(),
            tax_exempt: exempt.get_untracked(),
            tax_reason: reason.get_untracked(),
        };
        spawn_local(async move {
            let done = match what {
                Editing::New => {
                    let answer = api::ask(GroupCreate::build(GroupCreateVariables { input })).await;
                    answer.map(|_| "The group is added")
                }
                Editing::Old(group) => {
                    let variables = GroupUpdateVariables { id: group.id, version: group.version, input };
                    api::ask(GroupUpdate::build(variables)).await.map(|_| "The group is changed")
                }
            };
            match done {
                Ok(text) => {
                    toaster.done(text);
                    open.set(false);
                    all.reload();
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let title = place::derived(move || match editing.get() {
        Some(Editing::Old(group)) => format!("Edit {}", group.name),
        _ => "New group".to_owned(),
    });
    let other = move || {
        let unknown = |it: &Failure| it.at("name").is_none() && it.at("taxReason").is_none();
        failure.get().filter(unknown).map(|failure| view! { <Wrong failure/> })
    };
    let footer = move || {
        view! {
            <button class="btn" type="submit" data-kind="primary" aria-busy=move || busy.get().to_string() disabled=move || busy.get()>
                "Save"
            </button>
        }
    };
    view! {
        <Drawer open title footer=footer on_submit=submit>
            {other}
            <TextField id="group-name" label="Name" value=name on_input=move |text| name.set(text) error=fault(failure, "name") most=60/>
            <TaxFields id="group-tax" label="Its members pay no tax" exempt reason error=fault(failure, "taxReason")/>
        </Drawer>
    }
}

/// Whether tax is asked for, and why not.
#[component]
pub fn TaxFields(
    /// Id of the fields.
    id: &'static str,
    /// Words beside the box.
    label: &'static str,
    /// No tax.
    exempt: RwSignal<bool>,
    /// Why.
    reason: RwSignal<String>,
    /// What is wrong with the reason.
    error: Signal<Option<String>>,
) -> impl IntoView {
    view! {
        <label class="check">
            <input type="checkbox" prop:checked=move || exempt.get() on:change=move |event| exempt.set(event_target_checked(&event))/>
            <span>{label}</span>
        </label>
        <Show when=move || exempt.get()>
            <TextField
                id=format!("{id}-reason")
                label="Reason"
                hint=Signal::stored("Shoppers read it in cart and order, for example: reverse charge.".to_owned())
                value=reason
                on_input=move |text| reason.set(text)
                error
                most=200
            />
        </Show>
    }
}

/// Asks before a group goes.
#[component]
fn Delete(leaving: RwSignal<Option<Group>>, all: Remote<Known>) -> impl IntoView {
    let toaster = use_toaster();
    let open = RwSignal::new(false);
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    place::effect(move |_| {
        if leaving.with(Option::is_some) {
            failure.set(None);
            open.set(true);
        }
    });
    let name = move || leaving.with(|group| group.as_ref().map(|it| it.name.clone()).unwrap_or_default());
    let members = move || leaving.with(|group| group.as_ref().map_or(0, |it| it.n_members));
    let yes = move |()| {
        let Some(group) = leaving.get_untracked() else { return };
        busy.set(true);
        spawn_local(async move {
            let variables = GroupDeleteVariables { id: group.id, version: group.version };
            match api::ask(GroupDelete::build(variables)).await {
                Ok(_) => {
                    toaster.done("The group is deleted");
                    open.set(false);
                    leaving.set(None);
                    all.reload();
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    view! {
        <Confirm open title=place::derived(move || format!("Delete {}?", name())) act="Delete it" busy failure on_yes=yes>
            <p>{move || format!("{} no longer in it; they stay customers.", match members() { 1 => "One customer is".to_owned(), n => format!("{n} customers are") })}</p>
        </Confirm>
    }
}
