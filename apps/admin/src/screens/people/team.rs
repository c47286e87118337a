//! The people who work for the shop.

use cynic::QueryBuilder;
use leptos::prelude::*;

use crate::api::{self, remote};
use crate::gql::people::{Member, Roles as AllRoles, Team as Page, TeamVariables, UserStatus};
use crate::logic::list::PAGE;
use crate::parts::list::{FilterSelect, List, Pager, RowSkeleton, Search, row_keys};
use crate::parts::{Empty, FailureView, PageHead, count, grouped, status};
use crate::place;
use crate::screens::invitations::may_invite;
use crate::session::use_session;

/// The table of the team.
#[component]
pub fn Team() -> impl IntoView {
    place::title(|| "Team".to_owned());
    row_keys();
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
    let options = Signal::derive(move || {
        let roles = roles.data.get().unwrap_or_default();
        let staff = roles.into_iter().filter(|role| role.id.inner() != "customer");
        staff.map(|role| (role.id.inner().to_owned(), role.words())).collect::<Vec<_>>()
    });
    let about = Signal::derive(move || {
        page.data.with(|page| match page {
            Some(page) if !list.get().narrowed_by(&["q", "role"]) => {
                count(page.total_count.into(), "person works here", "people work here")
            }
            Some(page) => format!("{} found", grouped(page.total_count.into())),
            None => " ".to_owned(),
        })
    });
    let body = move || {
        match (page.data.get(), page.failure.get()) {
        (_, Some(failure)) => view! {
            <tr class="whole"><td colspan="4" data-slot="title"><FailureView failure again=move |()| page.reload()/></td></tr>
        }
        .into_any(),
        (None, None) => view! { <RowSkeleton columns=4 rows=5/> }.into_any(),
        (Some(page), None) if page.nodes.is_empty() => view! {
            <tr class="whole">
                <td colspan="4" data-slot="title">
                    <Empty symbol="search" title="Nobody here" text="No person of the team has these words and this role.">
                        <button class="btn" type="button" on:click=move |_| list.go(list.get().without(&["q", "role"]))>"See everybody"</button>
                    </Empty>
                </td>
            </tr>
        }
        .into_any(),
        (Some(page), None) => page.nodes.into_iter().map(|row| view! { <Line row/> }).collect_view().into_any(),
    }
    };
    view! {
        <div class="page">
            <PageHead title="Team".to_owned() about>
                {move || {
                    may_invite(session)
                        .then(|| view! { <a class="btn" data-kind="primary" href=place::to("/invitations")>"Invite somebody"</a> })
                }}
            </PageHead>
            <section class="tablecard" aria-label="Team" aria-busy=move || page.busy.get().to_string()>
                <div class="filters">
                    <FilterSelect list name="role" label="Every role" options/>
                    <span class="end"><Search list label="Name or e-mail"/></span>
                </div>
                <table class="table" data-stack="" data-rows="" data-dim=move || page.busy.get().then_some("")>
                    <thead>
                        <tr>
                            <th scope="col">"Person"</th>
                            <th scope="col">"Roles"</th>
                            <th scope="col">"Account"</th>
                            <th scope="col" data-prio="3">"Last signed in"</th>
                        </tr>
                    </thead>
                    <tbody>{body}</tbody>
                </table>
                <Pager
                    list
                    page=Signal::derive(move || page.data.with(|page| page.as_ref().map(|page| page.page_info.clone())))
                    rows=Signal::derive(move || page.data.with(|page| page.as_ref().map_or((0, 0), |page| (page.nodes.len(), page.total_count))))
                />
            </section>
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
