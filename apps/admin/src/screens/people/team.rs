//! The people who work for the shop.

use leptos::prelude::*;

use crate::api::{self, remote};
use crate::gql::Document;
use crate::gql::people::{Member, Roles as AllRoles, Team as Page, TeamVariables, UserStatus};
use crate::logic::list::PAGE;
use crate::parts::list::{FilterSelect, List, Search};
use crate::parts::table::{Column, Narrowed, Rows, Shown, Table};
use crate::parts::{PageHead, status};
use crate::place;
use crate::screens::invitations::may_invite;
use crate::session::use_session;

const FILTERS: [&str; 2] = ["q", "role"];
const COLUMNS: [Column; 4] = [
    Column::new("Person"),
    Column::new("Roles"),
    Column::new("Account"),
    Column::new("Last signed in").prio("3"),
];

/// The table of the team.
#[component]
pub fn Team() -> impl IntoView {
    place::title(|| "Team".to_owned());
    let session = use_session();
    let list = List::here();
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let page = remote(move || {
        let state = list.get();
        let keys = state.page(PAGE);
        let variables = TeamVariables {
            first: keys.first,
            after: keys.after,
            last: keys.last,
            before: keys.before,
            query: some(state.get("q")),
            role: some(state.get("role")),
        };
        async move { api::ask(Page::build(variables)).await.map(|answer| answer.users) }
    });
    let roles = remote(move || {
        let may = session.may("roles:list");
        async move {
            if !may {
                return Ok(Vec::new());
            }
            api::ask(AllRoles::build(())).await.map(|answer| answer.roles)
        }
    });
    let options = place::derived(move || {
        let roles = roles.data.get().unwrap_or_default();
        let staff = roles.into_iter().filter(|role| role.id.inner() != "customer");
        staff.map(|role| (role.id.inner().to_owned(), role.words())).collect::<Vec<_>>()
    });
    let rows = Rows::of(page, |page| Shown::page(page.nodes.len(), page.total_count, &page.page_info));
    let about = rows.found(list, &FILTERS, "person works here", "people work here");
    let body = move || {
        let nodes = page.data.get().map(|page| page.nodes).unwrap_or_default();
        nodes.into_iter().map(|row| view! { <Line row/> }).collect_view()
    };
    let empty = move || {
        let text = "No person of the team has these words and this role.";
        view! { <Narrowed list keys=&FILTERS title="Nobody here" text all="See everybody"/> }
    };
    view! {
        <div class="page">
            <PageHead title="Team".to_owned() about>
                {move || {
                    may_invite(session)
                        .then(|| view! { <a class="btn" data-kind="primary" href=place::to("/invitations")>"Invite somebody"</a> })
                }}
            </PageHead>
            <Table label="Team" list rows columns=&COLUMNS grey=5 body empty>
                <div class="filters">
                    <FilterSelect list name="role" label="Every role" options/>
                    <span class="end"><Search list label="Name or e-mail"/></span>
                </div>
            </Table>
        </div>
    }
}

#[component]
fn Line(row: Member) -> impl IntoView {
    let (tone, word) = account(row.status);
    let seen =
        row.last_sign_in_at.as_ref().map_or_else(|| "never".to_owned(), |at| place::reader().moment(&at.0));
    view! {
        <tr>
            <td class="fill" data-slot="title">
                <span class="name">
                    <span><a href=place::to(&format!("/team/{}", row.id.inner()))>{row.title()}</a><small>{row.email.clone()}</small></span>
                </span>
            </td>
            <td data-slot="sub">{row.role_words()}</td>
            <td data-slot="state">{status(tone, word)}</td>
            <td data-prio="3" class="nowrap dim">{seen}</td>
        </tr>
    }
}

/// Tone and word of an account.
pub fn account(status: UserStatus) -> (&'static str, &'static str) {
    match status {
        UserStatus::Active => ("good", "Open"),
        UserStatus::Disabled => ("neutral", "Closed"),
    }
}
