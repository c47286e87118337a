//! The list of roles.

use leptos::prelude::*;

use crate::api::{self, remote};
use crate::gql::Document;
use crate::gql::people::{Role, Roles as Page};
use crate::parts::table::{Column, Rows, Shown, Table};
use crate::parts::{PageHead, count, icon};
use crate::place;
use crate::session::use_session;

const COLUMNS: [Column; 4] =
    [Column::new("Role"), Column::new("Kind").prio("2"), Column::number("Allows"), Column::number("People")];

/// The list of roles.
#[component]
pub fn Roles() -> impl IntoView {
    place::title(|| "Roles".to_owned());
    let session = use_session();
    let roles = remote(|| async { api::ask(Page::build(())).await.map(|answer| answer.roles) });
    let may_create = place::memo(move || session.may("roles:create"));
    let rows = Rows::of(roles, |roles| Shown::all(roles.len()));
    let body = move || {
        // The platform's role is given on the command line only.
        let shown =
            roles.data.get().unwrap_or_default().into_iter().filter(|role| role.id.inner() != "super_admin");
        shown.map(|role| view! { <Line role/> }).collect_view()
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
            <Table label="Roles" rows columns=&COLUMNS grey=7 body empty=|| ()/>
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
