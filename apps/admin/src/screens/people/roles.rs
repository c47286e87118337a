//! The list of roles.

use cynic::QueryBuilder;
use leptos::prelude::*;

use crate::api::{self, remote};
use crate::gql::people::{Role, Roles as Page};
use crate::parts::list::{RowSkeleton, row_keys};
use crate::parts::{FailureView, PageHead, count, icon};
use crate::place;
use crate::session::use_session;

/// The list of roles.
#[component]
pub fn Roles() -> impl IntoView {
    place::title(|| "Roles".to_owned());
    row_keys();
    let session = use_session();
    let roles = remote(|| async { api::ask(Page::build(())).await.map(|answer| answer.roles) });
    let may_create = Memo::new(move |_| session.may("roles:create"));
    let body = move || {
        match (roles.data.get(), roles.failure.get()) {
        (_, Some(failure)) => view! {
            <tr class="whole"><td colspan="4" data-slot="title"><FailureView failure again=move |()| roles.reload()/></td></tr>
        }
        .into_any(),
        (None, None) => view! { <RowSkeleton columns=4 rows=7/> }.into_any(),
        (Some(roles), None) => {
            // The platform's role is given on the command line only.
            let shown = roles.into_iter().filter(|role| role.id.inner() != "super_admin");
            shown.map(|role| view! { <Line role/> }).collect_view().into_any()
        }
    }
    };
    view! {
        <div class="page">
            <PageHead title="Roles".to_owned() about=Signal::stored("What people of the team may do. Nobody gives what he does not hold.".to_owned())>
                {move || {
                    may_create
                        .get()
                        .then(|| view! { <a class="btn" data-kind="primary" href=place::to("/roles/new")>{icon("plus")} "Make a role"</a> })
                }}
            </PageHead>
            <section class="tablecard" aria-label="Roles" aria-busy=move || roles.busy.get().to_string()>
                <table class="table" data-stack="" data-rows="">
                    <thead>
                        <tr>
                            <th scope="col">"Role"</th>
                            <th scope="col" data-prio="2">"Kind"</th>
                            <th scope="col" class="num">"Allows"</th>
                            <th scope="col" class="num">"People"</th>
                        </tr>
                    </thead>
                    <tbody>{body}</tbody>
                </table>
            </section>
        </div>
    }
}

#[component]
fn Line(role: Role) -> impl IntoView {
    view! {
        <tr>
            <td class="fill" data-slot="title">
                <span class="name">
                    <span>
                        <a href=place::to(&format!("/roles/{}", role.id.inner()))>{role.words()}</a>
                        <small>{role.description.clone()}</small>
                    </span>
                </span>
            </td>
            <td data-prio="2" class="dim">{if role.system { "Every shop’s" } else { "Your own" }}</td>
            <td class="num" data-slot="sub">{count(i64::try_from(role.grants.len()).unwrap_or(i64::MAX), "permission", "permissions")}</td>
            <td class="num" data-slot="value">{count(role.holder_count.into(), "person", "people")}</td>
        </tr>
    }
}
