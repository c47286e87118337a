//! Who was invited to work here: invite, send again, take back.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, Failure, Remote, remote};
use crate::gql::Document;
use crate::gql::access::{
    Invitation, InvitationState, Invitations as All, InviteStaff, InviteStaffInput, InviteStaffVariables,
    ResendInvitation, ResendInvitationInput, ResendInvitationVariables, RevokeInvitation,
    RevokeInvitationInput, RevokeInvitationVariables, RoleToGive, RolesToGive,
};
use crate::gql::people::role_words;
use crate::parts::dialog::{Confirm, Drawer, Wrong};
use crate::parts::field::{Field, TextField};
use crate::parts::table::{Column, Rows, Shown, Table};
use crate::parts::toast::use_toaster;
use crate::parts::{Empty, FailureView, PageHead, count, icon, status};
use crate::place;
use crate::session::{Session, use_session};

/// Whether somebody may invite colleagues: who gives roles, as on any other way.
pub fn may_invite(session: Session) -> bool {
    session.may("users:create") && session.may("roles:manage")
}

const COLUMNS: [Column; 5] = [
    Column::new("Who"),
    Column::new("Roles").prio("2"),
    Column::new("State"),
    Column::new("Sent").prio("3"),
    Column::heard("What to do"),
];

/// The table of invitations.
#[component]
pub fn Invitations() -> impl IntoView {
    place::title(|| "Invitations".to_owned());
    let session = use_session();
    let page = remote(|| async { api::ask(All::build(())).await.map(|answer| answer.invitations) });
    let inviting = RwSignal::new(false);
    let revoking = RwSignal::new(None::<Invitation>);
    let may = move || may_invite(session);
    let about = place::derived(move || {
        page.data.with(|all| match all {
            Some(all) => {
                let open = all.iter().filter(|it| it.state == InvitationState::Open).count();
                count(i64::try_from(open).unwrap_or(i64::MAX), "open invitation", "open invitations")
            }
            None => " ".to_owned(),
        })
    });
    let rows = Rows::of(page, |all| Shown::all(all.len()));
    let body = move || {
        let all = page.data.get().unwrap_or_default().into_iter();
        all.map(|row| view! { <Row row page revoking/> }).collect_view()
    };
    let empty = move || {
        view! {
            <Empty symbol="mail" title="Nobody is invited" text="Invite somebody by e-mail: the link in it opens an account with the roles you choose.">
                {may().then(|| view! { <button class="btn" type="button" data-kind="primary" on:click=move |_| inviting.set(true)>"Invite somebody"</button> })}
            </Empty>
        }
    };
    view! {
        <div class="page">
            <PageHead title="Invitations".to_owned() about>
                {move || may().then(|| view! {
                    <button class="btn" type="button" data-kind="primary" on:click=move |_| inviting.set(true)>
                        {icon("plus")}
                        "Invite somebody"
                    </button>
                })}
            </PageHead>
            <Table label="Invitations" rows columns=&COLUMNS body empty/>
            <Invite open=inviting page/>
            <Revoke asked=revoking page/>
        </div>
    }
}

#[component]
fn Row(
    row: Invitation,
    page: Remote<Vec<Invitation>>,
    revoking: RwSignal<Option<Invitation>>,
) -> impl IntoView {
    let session = use_session();
    let toaster = use_toaster();
    let reader = place::reader();
    let busy = RwSignal::new(false);
    let (tone, words) = match row.state {
        InvitationState::Open => {
            ("info", format!("Open, ends {}", reader.day(&row.expires_at.0).to_lowercase()))
        }
        InvitationState::Expired => ("warning", "Expired".to_owned()),
        InvitationState::Accepted => ("good", "Accepted".to_owned()),
        InvitationState::Revoked => ("neutral", "Taken back".to_owned()),
    };
    let open = matches!(row.state, InvitationState::Open | InvitationState::Expired);
    let sent = match &row.invited_by {
        Some(by) => format!("{} by {by}", reader.day(&row.sent_at.0)),
        None => reader.day(&row.sent_at.0),
    };
    let kept = StoredValue::new(row.clone());
    let again = move |_| {
        let row = kept.get_value();
        busy.set(true);
        spawn_local(async move {
            let input = ResendInvitationInput { id: row.id };
            match api::ask(ResendInvitation::build(ResendInvitationVariables { input })).await {
                Ok(_) => {
                    toaster.done(format!("Sent again to {}", row.email));
                    page.reload();
                }
                Err(failure) => toaster.failure("The invitation was not sent", &failure),
            }
            let _ = busy.try_set(false);
        });
    };
    view! {
        <tr>
            <td class="fill" data-slot="title">
                <span class="name"><span>{row.email.clone()}<small>{row.name.clone()}</small></span></span>
            </td>
            <td data-prio="2">{row.roles.iter().map(|name| role_words(name)).collect::<Vec<_>>().join(", ")}</td>
            <td data-slot="value">{status(tone, words)}</td>
            <td data-prio="3" class="nowrap dim">{sent}</td>
            <td class="nowrap" data-slot="sub">
                {move || (open && may_invite(session)).then(|| view! {
                    <button
                        class="btn"
                        type="button"
                        data-size="sm"
                        aria-label=format!("Send the invitation of {} again", kept.with_value(|row| row.email.clone()))
                        aria-busy=move || busy.get().to_string()
                        disabled=move || busy.get()
                        on:click=again
                    >
                        "Send again"
                    </button>
                    " "
                    <button
                        class="btn"
                        type="button"
                        data-size="sm"
                        data-kind="quiet"
                        aria-label=format!("Take the invitation of {} back", kept.with_value(|row| row.email.clone()))
                        on:click=move |_| revoking.set(Some(kept.get_value()))
                    >
                        "Take back"
                    </button>
                })}
            </td>
        </tr>
    }
}

#[component]
fn Revoke(asked: RwSignal<Option<Invitation>>, page: Remote<Vec<Invitation>>) -> impl IntoView {
    let toaster = use_toaster();
    let (open, busy) = (RwSignal::new(false), RwSignal::new(false));
    let failure = RwSignal::new(None::<Failure>);
    place::effect(move |_| {
        if asked.with(Option::is_some) {
            failure.set(None);
            open.set(true);
        }
    });
    place::effect(move |before: Option<bool>| {
        let now = open.get();
        if before == Some(true) && !now {
            asked.set(None);
        }
        now
    });
    let email = move || asked.with(|asked| asked.as_ref().map(|it| it.email.clone())).unwrap_or_default();
    let yes = move |()| {
        let Some(row) = asked.get_untracked() else { return };
        busy.set(true);
        spawn_local(async move {
            let input = RevokeInvitationInput { id: row.id };
            match api::ask(RevokeInvitation::build(RevokeInvitationVariables { input })).await {
                Ok(_) => {
                    toaster.done(format!("The invitation of {} is taken back", row.email));
                    open.set(false);
                    page.reload();
                }
                Err(wrong) => failure.set(Some(wrong)),
            }
            busy.set(false);
        });
    };
    view! {
        <Confirm
            open
            title="Take this invitation back?".to_owned()
            act="Take it back".to_owned()
            busy
            failure
            on_yes=yes
        >
            <p>"The link that " {email} " got opens nothing any more. You can invite the same address again."</p>
        </Confirm>
    }
}

#[component]
fn Invite(open: RwSignal<bool>, page: Remote<Vec<Invitation>>) -> impl IntoView {
    let toaster = use_toaster();
    let (email, name) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let chosen = RwSignal::new(Vec::<String>::new());
    let busy = RwSignal::new(false);
    let failure = RwSignal::new(None::<Failure>);
    let roles = remote(|| async { api::ask(RolesToGive::build(())).await.map(|answer| answer.roles) });
    // Nobody gives what they do not hold; the shop's customers come by themselves.
    let giveable = move || {
        let may =
            |role: &RoleToGive| role.grantable && !matches!(role.id.inner(), "customer" | "super_admin");
        roles.data.get().map(|roles| roles.into_iter().filter(may).collect::<Vec<_>>())
    };
    place::effect(move |_| {
        if open.get() {
            email.set(String::new());
            name.set(String::new());
            chosen.set(Vec::new());
            failure.set(None);
        }
    });
    let submit = move |()| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let input = InviteStaffInput {
            email: email.get_untracked().trim().to_owned(),
            name: name.get_untracked().trim().to_owned(),
            roles: chosen.get_untracked(),
        };
        spawn_local(async move {
            match api::ask(InviteStaff::build(InviteStaffVariables { input })).await {
                Ok(answer) => {
                    toaster.done(format!("A link is on its way to {}", answer.invite_staff.invitation.email));
                    open.set(false);
                    page.reload();
                }
                Err(wrong) => failure.set(Some(wrong)),
            }
            busy.set(false);
        });
    };
    let at = move |field: &'static str| {
        place::derived(move || failure.get().and_then(|failure| failure.at(field)))
    };
    let (email_error, name_error, roles_error) = (at("email"), at("name"), at("roles"));
    let choices = move || match (roles.failure.get(), giveable()) {
        (Some(failure), _) => view! { <FailureView failure again=move |()| roles.reload()/> }.into_any(),
        (None, None) => view! { <span class="skel"></span> }.into_any(),
        (None, Some(roles)) if roles.is_empty() => {
            view! { <p class="dim">"There is no role that you may give."</p> }.into_any()
        }
        (None, Some(roles)) => roles
            .into_iter()
            .map(|role| {
                let label = if role.system { role_words(&role.name) } else { role.name.clone() };
                let (mark, change) = (role.id.inner().to_owned(), role.id.inner().to_owned());
                view! {
                    <label class="flex">
                        <input
                            type="checkbox"
                            prop:checked=move || chosen.with(|chosen| chosen.contains(&mark))
                            on:change=move |event| {
                                let on = event_target_checked(&event);
                                chosen.update(|chosen| {
                                    chosen.retain(|it| *it != change);
                                    if on {
                                        chosen.push(change.clone());
                                    }
                                });
                            }
                        />
                        <span>{label}</span>
                    </label>
                }
            })
            .collect_view()
            .into_any(),
    };
    let wrong = move || {
        let known = ["email", "name", "roles"];
        let at_a_field = |failure: &Failure| known.iter().any(|field| failure.at(field).is_some());
        failure.get().filter(|failure| !at_a_field(failure)).map(|failure| view! { <Wrong failure/> })
    };
    let footer = move || {
        view! {
            <button class="btn" type="button" on:click=move |_| open.set(false)>"Cancel"</button>
            <button
                class="btn"
                type="submit"
                data-kind="primary"
                aria-busy=move || busy.get().to_string()
                disabled=move || busy.get()
            >
                "Send the invitation"
            </button>
        }
    };
    view! {
        <Drawer open title="Invite somebody".to_owned() footer on_submit=submit>
            <div class="stack">
                {wrong}
                <TextField
                    id="invite-email"
                    label="E-mail"
                    value=email
                    on_input=move |text| email.set(text)
                    error=email_error
                    mode="email"
                    most=254
                />
                <TextField
                    id="invite-name"
                    label="Name"
                    value=name
                    on_input=move |text| name.set(text)
                    error=name_error
                    optional=true
                    most=200
                />
                <Field id="invite-roles" label="Roles" error=roles_error>
                    <div class="stack" id="invite-roles" role="group" aria-label="Roles">{choices}</div>
                </Field>
            </div>
        </Drawer>
    }
}
