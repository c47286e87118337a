//! One person of the team: roles, what they add up to, the account.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::grid::EffectiveGrid;
use super::missing;
use super::team::account;
use crate::api::{self, Failure, remote};
use crate::gql::Document;
use crate::gql::catalog::IdVariables;
use crate::gql::people::{
    Member, MemberById, MemberDetail, PermissionInfo, Role, Roles as AllRoles, SetUserRoles,
    SetUserRolesInput, SetUserRolesVariables, SetUserStatus, SetUserStatusInput, SetUserStatusVariables,
    UserStatus,
};
use crate::parts::dialog::{Confirm, Wrong};
use crate::parts::savebar::SaveBar;
use crate::parts::toast::use_toaster;
use crate::parts::{CardSkeleton, FailureCard, PageHead, pill};
use crate::place;
use crate::session::use_session;

async fn fetch(id: String) -> Result<(MemberDetail, Vec<PermissionInfo>), Failure> {
    let answer = api::ask(MemberById::build(IdVariables { id: cynic::Id::new(id) })).await?;
    answer.user.map(|user| (user, answer.permissions)).ok_or_else(|| missing("person"))
}

/// The screen of one person.
#[component]
pub fn PersonScreen() -> impl IntoView {
    let session = use_session();
    let id = place::id();
    let person = remote(move || fetch(id.get()));
    let roles = remote(move || {
        let may = session.may("roles:list");
        async move {
            if !may {
                return Ok(Vec::new());
            }
            api::ask(AllRoles::build(())).await.map(|answer| answer.roles)
        }
    });
    let name = move || {
        person.data.with(|person| person.as_ref().map_or_else(|| " ".to_owned(), |(it, _)| it.member.title()))
    };
    place::title(move || name().trim().to_owned());
    let about = place::derived(move || {
        person
            .data
            .with(|person| person.as_ref().map_or_else(|| " ".to_owned(), |(it, _)| it.member.email.clone()))
    });
    let beside = move || {
        person.data.with(|person| {
            person.as_ref().map(|(it, _)| {
                let (tone, word) = account(it.member.status);
                pill(tone, word)
            })
        })
    };
    view! {
        <div class="page">
            <PageHead title=place::derived(name) about beside=beside back=(place::to("/team"), "Team")>
                {move || person.data.get().map(|(it, _)| view! { <Account member=it.member on_change=move |()| person.reload()/> })}
            </PageHead>
            {move || match (person.data.get(), roles.data.get(), person.failure.get().or_else(|| roles.failure.get())) {
                (_, _, Some(failure)) => {
                    let again = move |()| {
                        person.reload();
                        roles.reload();
                    };
                    view! { <FailureCard failure again/> }.into_any()
                }
                (Some((it, permissions)), Some(roles), None) => {
                    let effective = it.effective_permissions.clone();
                    view! {
                        <div class="stack">
                            <RolesCard member=it.member roles on_change=move |()| person.reload()/>
                            <section class="card">
                                <header><h2>"What the roles add up to"</h2></header>
                                <EffectiveGrid permissions effective/>
                            </section>
                        </div>
                    }
                        .into_any()
                }
                _ => view! { <CardSkeleton/> <CardSkeleton lines=8/> }.into_any(),
            }}
        </div>
    }
}

/// The roles, to tick.
#[component]
fn RolesCard(member: Member, roles: Vec<Role>, #[prop(into)] on_change: Callback<()>) -> impl IntoView {
    let session = use_session();
    let toaster = use_toaster();
    let id = StoredValue::new(member.id.clone());
    let saved = StoredValue::new(sorted(member.keys()));
    let chosen = RwSignal::new(saved.get_value());
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let may = place::memo(move || session.may("roles:manage"));
    let changes = place::derived(move || {
        let changed = chosen.with(|chosen| saved.with_value(|saved| chosen != saved));
        if changed { vec!["roles".to_owned()] } else { Vec::new() }
    });
    let save = move |()| {
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            let input = SetUserRolesInput { id: id.get_value(), roles: chosen.get_untracked() };
            match api::ask(SetUserRoles::build(SetUserRolesVariables { input })).await {
                Ok(_) => {
                    toaster.done("Saved: it counts from now on");
                    saved.set_value(chosen.get_untracked());
                    on_change.run(());
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let line = move |role: Role| {
        let key = StoredValue::new(role.id.inner().to_owned());
        let about = match (role.description.is_empty(), role.grantable) {
            (_, false) => "Allows what you do not hold, so it is not yours to give or take.".to_owned(),
            (true, _) => String::new(),
            (false, _) => role.description.clone(),
        };
        let toggle = move |event| {
            let on = event_target_checked(&event);
            chosen.update(|chosen| {
                chosen.retain(|it| key.with_value(|key| it != key));
                if on {
                    chosen.push(key.get_value());
                }
                chosen.sort();
            });
        };
        view! {
            <label class="check">
                <input
                    type="checkbox"
                    disabled=move || !may.get() || !role.grantable
                    prop:checked=move || chosen.with(|chosen| key.with_value(|key| chosen.contains(key)))
                    on:change=toggle
                />
                <span>{role.words()} {(!about.is_empty()).then(|| view! { <small>{about}</small> })}</span>
            </label>
        }
    };
    let none = roles.is_empty();
    view! {
        <section class="card">
            <header><h2>"Roles"</h2></header>
            <div class="body stack">
                {move || failure.get().map(|failure| view! { <Wrong failure/> })}
                {none.then(|| view! { <p>{member.role_words()}</p> })}
                {roles.into_iter().filter(|role| role.id.inner() != "super_admin").map(line).collect_view()}
            </div>
        </section>
        <SaveBar changes busy on_save=save on_discard=move |()| {
            failure.set(None);
            chosen.set(saved.get_value());
        }/>
    }
}

fn sorted(mut keys: Vec<String>) -> Vec<String> {
    keys.sort();
    keys
}

/// Closes or opens the account; takes the person off the team.
#[component]
fn Account(member: Member, #[prop(into)] on_change: Callback<()>) -> impl IntoView {
    let session = use_session();
    let toaster = use_toaster();
    let (closing, leaving) = (RwSignal::new(false), RwSignal::new(false));
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let open = member.status == UserStatus::Active;
    let name = member.title();
    let own = member.email == session.email();
    let id = StoredValue::new(member.id.clone());
    let settle = move |answer: Result<(), Failure>, done: &'static str| {
        match answer {
            Ok(()) => {
                let _ = closing.try_set(false);
                let _ = leaving.try_set(false);
                toaster.done(done);
                on_change.run(());
            }
            Err(wrong) => {
                let _ = failure.try_set(Some(wrong));
            }
        }
        let _ = busy.try_set(false);
    };
    let turn = move |status: UserStatus| {
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            let input = SetUserStatusInput { id: id.get_value(), status };
            let answer = api::ask(SetUserStatus::build(SetUserStatusVariables { input })).await.map(drop);
            let done =
                if status == UserStatus::Active { "The account is open" } else { "The account is closed" };
            if status == UserStatus::Active
                && let Err(wrong) = &answer
            {
                toaster.failure("The account stays closed", wrong);
            }
            settle(answer, done);
        });
    };
    let leave = move |()| {
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            let input = SetUserRolesInput { id: id.get_value(), roles: vec!["customer".to_owned()] };
            let answer = api::ask(SetUserRoles::build(SetUserRolesVariables { input })).await.map(drop);
            settle(answer, "Off the team");
        });
    };
    let (may_close, may_move) = (session.may("users:update") && !own, session.may("roles:manage") && !own);
    let ask = move |which: RwSignal<bool>| {
        failure.set(None);
        which.set(true);
    };
    view! {
        {may_move.then(|| view! { <button class="btn" type="button" on:click=move |_| ask(leaving)>"Take off the team"</button> })}
        {may_close
            .then(|| {
                if open {
                    view! { <button class="btn" type="button" on:click=move |_| ask(closing)>"Close the account"</button> }.into_any()
                } else {
                    view! { <button class="btn" type="button" disabled=move || busy.get() on:click=move |_| turn(UserStatus::Active)>"Open the account"</button> }.into_any()
                }
            })}
        <Confirm
            open=closing
            title=format!("Close the account of {name}?")
            act="Close the account".to_owned()
            busy
            failure
            on_yes=move |()| turn(UserStatus::Disabled)
        >
            <p>"All sessions end now, and API keys of this person open nothing. The account can be opened again."</p>
        </Confirm>
        <Confirm
            open=leaving
            title=format!("Take {name} off the team?")
            act="Take off the team".to_owned()
            busy
            failure
            on_yes=leave
        >
            <p>"All roles go; the account stays as a customer’s. API keys of this person open nothing from now on."</p>
        </Confirm>
    }
}
