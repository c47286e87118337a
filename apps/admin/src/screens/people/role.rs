//! The editor of a role: name, what it is for, and its grid of permissions.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::grid::Grid;
use super::missing;
use crate::api::{self, Failure, remote};
use crate::gql::Document;
use crate::gql::catalog::IdVariables;
use crate::gql::people::{
    CreateRole, CreateRoleInput, CreateRoleVariables, DeleteRole, DeleteRoleInput, DeleteRoleVariables,
    PermissionInfo, Permissions, Role, RoleById, Roles as AllRoles, UpdateRole, UpdateRoleInput,
    UpdateRoleVariables,
};
use crate::logic::grants::Choice;
use crate::parts::dialog::Confirm;
use crate::parts::editor::{Refused, Saved, Saving, note, screen};
use crate::parts::field::TextField;
use crate::parts::guard::LeaveGuard;
use crate::parts::savebar::SaveBar;
use crate::parts::toast::use_toaster;
use crate::parts::{PageHead, count, icon};
use crate::place;
use crate::session::use_session;

async fn fetch(id: String) -> Result<(Option<Role>, Vec<PermissionInfo>), Failure> {
    let answer = api::ask(RoleById::build(IdVariables { id: cynic::Id::new(id) })).await?;
    let role = answer.role.ok_or_else(|| missing("role"))?;
    Ok((Some(role), answer.permissions))
}

/// The screen of one role.
#[component]
pub fn RoleScreen() -> impl IntoView {
    let id = place::id();
    let role = remote(move || fetch(id.get()));
    view! { <Screen role/> }
}

/// The screen of a new role.
#[component]
pub fn NewRole() -> impl IntoView {
    let role =
        remote(|| async { api::ask(Permissions::build(())).await.map(|answer| (None, answer.permissions)) });
    view! { <Screen role/> }
}

#[component]
fn Screen(role: api::Remote<(Option<Role>, Vec<PermissionInfo>)>) -> impl IntoView {
    screen(role, "Role", ("/roles", "Roles"), &[&[2, 9]], move |(it, permissions)| {
        view! { <Editor role=it permissions on_reload=move |()| role.reload()/> }.into_any()
    })
}

/// What is typed and chosen.
#[derive(Clone, Default, PartialEq)]
struct Draft {
    name: String,
    description: String,
    choice: Choice,
}

impl Draft {
    fn of(role: Option<&Role>) -> Self {
        role.map_or_else(Self::default, |role| Self {
            name: role.words(),
            description: role.description.clone(),
            choice: Choice::of(&role.grants),
        })
    }
}

#[component]
fn Editor(
    /// Nothing: a new one.
    role: Option<Role>,
    permissions: Vec<PermissionInfo>,
    #[prop(into)] on_reload: Callback<()>,
) -> impl IntoView {
    let session = use_session();
    let first = Draft::of(role.as_ref());
    let system = role.as_ref().is_some_and(|role| role.system);
    let grantable = role.as_ref().is_none_or(|role| role.grantable);
    let (name, description) = (RwSignal::new(first.name.clone()), RwSignal::new(first.description.clone()));
    let choice = RwSignal::new(first.choice.clone());
    let saved_draft = RwSignal::new(first);
    let saved = RwSignal::new(role);
    let failure = RwSignal::new(None::<Failure>);
    let saving = Saving::new(failure);
    let title = place::derived(move || {
        saved.with(|saved| saved.as_ref().map_or_else(|| "New role".to_owned(), Role::words))
    });
    place::title(move || title.get());
    let editable = place::memo(move || {
        let needed = if saved.with(Option::is_none) { "roles:create" } else { "roles:update" };
        !system && grantable && session.may(needed)
    });
    let changes = place::derived(move || {
        if saving.done.get() || !editable.get() {
            return Vec::new();
        }
        saved_draft.with(|saved| {
            [
                ("name", name.with(|name| *name != saved.name)),
                ("description", description.with(|text| *text != saved.description)),
                ("permissions", choice.with(|choice| *choice != saved.choice)),
            ]
            .into_iter()
            .filter(|(_, changed)| *changed)
            .map(|(what, _)| what.to_owned())
            .collect()
        })
    });
    let fault = move |field: &'static str| {
        place::derived(move || failure.with(|failure| failure.as_ref().and_then(|failure| failure.at(field))))
    };
    let save = move |()| {
        saving.run(async move {
            let before = saved.get_untracked();
            let new = before.is_none();
            let (name_now, text, grants) =
                (name.get_untracked(), description.get_untracked(), choice.get_untracked().grants());
            let role = match before {
                None => {
                    let input = CreateRoleInput { name: name_now, description: text, permissions: grants };
                    api::ask(CreateRole::build(CreateRoleVariables { input })).await?.create_role.role
                }
                Some(role) => {
                    let input = UpdateRoleInput {
                        id: role.id,
                        version: role.version,
                        name: name_now,
                        description: text,
                        permissions: grants,
                    };
                    api::ask(UpdateRole::build(UpdateRoleVariables { input })).await?.update_role.role
                }
            };
            let path = place::to(&format!("/roles/{}", role.id.inner()));
            let draft = Draft::of(Some(&role));
            name.set(draft.name.clone());
            description.set(draft.description.clone());
            choice.set(draft.choice.clone());
            saved_draft.set(draft);
            saved.set(Some(role));
            Ok(Saved("Saved: whoever holds it has it from now on", new.then_some(path)))
        });
    };
    let discard = move |()| {
        failure.set(None);
        let draft = saved_draft.get_untracked();
        name.set(draft.name);
        description.set(draft.description);
        choice.set(draft.choice);
    };
    let words = match (system, grantable) {
        (true, _) => Some(
            "Every shop has this role, and it cannot be changed. Make a role of your own for anything else.",
        ),
        (false, false) => Some("This role allows what you do not hold, so it is not yours to change."),
        (false, true) => None,
    };
    let chosen = move || {
        let all = choice.with(Choice::len) as i64;
        count(all, "permission", "permissions")
    };
    view! {
        <div class="page">
            <PageHead title back=(place::to("/roles"), "Roles")><Delete saved/></PageHead>
            {words.map(note)}
            <Refused failure late=Failure::is_stale what="role" made="chose" on_reload/>
            <fieldset class="stack bare" disabled=move || !editable.get()>
                <section class="card">
                    <header><h2>"Role"</h2></header>
                    <div class="body stack">
                        <TextField id="name" label="Name" value=name on_input=move |text| name.set(text) error=fault("name") most=64/>
                        <TextField
                            id="description"
                            label="What it is for"
                            value=description
                            on_input=move |text| description.set(text)
                            error=fault("description")
                            optional=true
                            most=500
                        />
                    </div>
                </section>
                <section class="card">
                    <header><h2>"Permissions"</h2><span class="meta">{chosen}</span></header>
                    <Grid permissions choice editable scoped=true/>
                    <div class="body">
                        <p class="dim">
                            "“Own” is what belongs to the person: orders that this account has placed, and its record as a customer. Shaded cells come with “Everything”."
                        </p>
                    </div>
                </section>
            </fieldset>
            <SaveBar changes busy=saving.busy on_save=save on_discard=discard/>
        </div>
    }
}

/// Deletes the role, and says where its people go.
#[component]
fn Delete(saved: RwSignal<Option<Role>>) -> impl IntoView {
    let session = use_session();
    let toaster = use_toaster();
    let navigate = use_navigate();
    let guard = expect_context::<LeaveGuard>();
    let (asking, busy, failure) =
        (RwSignal::new(false), RwSignal::new(false), RwSignal::new(None::<Failure>));
    let target = RwSignal::new(String::new());
    let may = place::memo(move || {
        session.may("roles:delete")
            && saved.with(|role| role.as_ref().is_some_and(|role| !role.system && role.grantable))
    });
    let holders = move || saved.with(|role| role.as_ref().map_or(0, |role| i64::from(role.holder_count)));
    let roles = remote(move || {
        let wanted = asking.get();
        async move {
            if !wanted {
                return Ok(Vec::new());
            }
            api::ask(AllRoles::build(())).await.map(|answer| answer.roles)
        }
    });
    let yes = move |()| {
        let Some(id) = saved.with_untracked(|role| role.as_ref().map(|role| role.id.clone())) else { return };
        let to = target.get_untracked();
        let move_to = (untrack(holders) > 0).then(|| if to.is_empty() { Vec::new() } else { vec![to] });
        busy.set(true);
        failure.set(None);
        let navigate = navigate.clone();
        spawn_local(async move {
            let input = DeleteRoleInput { id, move_to };
            match api::ask(DeleteRole::build(DeleteRoleVariables { input })).await {
                Ok(answer) => {
                    guard.clear();
                    let moved = i64::from(answer.delete_role.moved_people);
                    toaster.done(if moved == 0 {
                        "The role is gone".to_owned()
                    } else {
                        format!("The role is gone, {} changed", count(moved, "person", "people"))
                    });
                    navigate(&place::to("/roles"), NavigateOptions { resolve: false, ..Default::default() });
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                    let _ = busy.try_set(false);
                }
            }
        });
    };
    let options = move || {
        let own = saved.with(|role| role.as_ref().map(|role| role.id.clone()));
        let all = roles.data.get().unwrap_or_default().into_iter();
        all.filter(|role| role.grantable && Some(&role.id) != own.as_ref() && role.id.inner() != "customer")
            .map(|role| view! { <option value=role.id.inner().to_owned()>{role.words()}</option> })
            .collect_view()
    };
    view! {
        <Show when=move || may.get()>
            <button class="btn" type="button" on:click=move |_| {
                failure.set(None);
                asking.set(true);
            }>{icon("trash")} "Delete"</button>
        </Show>
        <Confirm
            open=asking
            title=place::derived(move || format!("Delete “{}”?", saved.with(|role| role.as_ref().map(Role::words).unwrap_or_default())))
            act="Delete the role".to_owned()
            busy
            failure
            on_yes=yes
        >
            {move || {
                if holders() == 0 {
                    view! { <p>"Nobody holds it. This cannot be undone."</p> }.into_any()
                } else {
                    view! {
                        <p>{move || count(holders(), "person holds", "people hold")} " this role and lose it. This cannot be undone."</p>
                        <div class="field">
                            <label for="move-to">"They get instead"</label>
                            <select id="move-to" class="input" prop:value=move || target.get() on:change=move |event| target.set(event_target_value(&event))>
                                <option value="">"Nothing: they keep what else they hold"</option>
                                {options}
                            </select>
                        </div>
                    }
                        .into_any()
                }
            }}
        </Confirm>
    }
}
