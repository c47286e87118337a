//! Who gets through which door: every role at every entry of the surface that is not everybody's.

use crate::sweep::{Fill, Schema, ask};
use crate::world::World;
use platform::Access;
use primitives::{Grant, Permission, PermissionSet, Scope, SystemRole};
use serde_json::Value;
use server::surface::Surface;

/// Roles that an account of a shop can have, least first.
const ROLES: [SystemRole; 7] = [
    SystemRole::Customer,
    SystemRole::Support,
    SystemRole::Editor,
    SystemRole::Manager,
    SystemRole::Admin,
    SystemRole::Owner,
    SystemRole::SuperAdmin,
];

/// Doors behind which one's own sessions end.
const ENDS: [&str; 2] = ["signOutEverywhere", "POST /account/sessions/end-all"];

async fn each_role_passes_the_doors_of_its_permissions(world: World) {
    let schema = Schema::read();
    let surface = Surface::new();
    let guarded: Vec<_> =
        surface.entries().iter().filter(|entry| !matches!(entry.access, Access::Public)).collect();
    let mut lines: Vec<String> = guarded.iter().map(|entry| format!("{:<44}", entry.name)).collect();
    for role in ROLES {
        let mut visitor = world.sign_in("hearth", role.as_str()).await;
        for (entry, line) in guarded.iter().zip(&mut lines) {
            let answer = ask(&mut visitor, &schema, entry, &Fill::default()).await;
            // Whoever has ended all sessions is sent to the sign-in, too.
            let ended = entry.name == ENDS[1] && answer["status"] == 303;
            let passed = ended || passes(&answer);
            // What a customer may do with its own things has entries of its own.
            let held = if role.is_staff() { role.permissions() } else { PermissionSet::EMPTY };
            let promised = opens(entry.access, &held, true);
            assert_eq!(passed, promised, "{} at {}: {answer}", role.as_str(), entry.name);
            if ENDS.contains(&entry.name.as_str()) {
                visitor = world.sign_in("hearth", role.as_str()).await;
            }
            line.push_str(if passed { role.as_str() } else { "-" });
            line.push(' ');
        }
    }
    let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    insta::assert_snapshot!("who_passes_which_door", lines.join("\n"));
}

/// Whether somebody with these permissions gets through; `person` is nobody's API key.
fn opens(access: Access, held: &PermissionSet, person: bool) -> bool {
    match access {
        Access::Public => true,
        Access::SignedIn => person,
        Access::Permission(permission) => held.contains(permission),
        Access::Owned(permission) => held.scope_of(permission).is_some(),
        Access::System => false,
    }
}

/// One permission of each kind: with few doors and with many, all and own, reading and writing.
const SINGLE: [Grant; 7] = [
    Grant::all(Permission::PRODUCTS_READ),
    Grant::all(Permission::PRODUCTS_MANAGE),
    Grant::all(Permission::ORDERS_READ),
    Grant::own(Permission::ORDERS_LIST),
    Grant::own(Permission::CUSTOMERS_READ),
    Grant::all(Permission::ROLES_LIST),
    Grant::all(Permission::API_KEYS_CREATE),
];

async fn a_role_or_key_with_one_permission_opens_its_doors_and_no_other(world: World) {
    let schema = Schema::read();
    let surface = Surface::new();
    let guarded: Vec<_> =
        surface.entries().iter().filter(|entry| !matches!(entry.access, Access::Public)).collect();
    for grant in SINGLE {
        let held: PermissionSet = [grant].into_iter().collect();
        let role = world.role("hearth", &[grant]).await;
        let mut callers = vec![("role", true, world.sign_in_with("hearth", role).await)];
        if grant.scope == Scope::All {
            let key = world.api_key("hearth", &[grant.permission]).await;
            callers.push(("API key", false, world.program("hearth", &key)));
        }
        for (what, person, caller) in &mut callers {
            let mut opened = 0;
            for entry in &guarded {
                let answer = ask(caller, &schema, entry, &Fill::default()).await;
                let ended = *person && entry.name == ENDS[1] && answer["status"] == 303;
                let passed = ended || passes(&answer);
                let promised = opens(entry.access, &held, *person);
                assert_eq!(passed, promised, "{what} with {grant} at {}: {answer}", entry.name);
                opened += usize::from(passed && !matches!(entry.access, Access::SignedIn));
                if *person && ENDS.contains(&entry.name.as_str()) {
                    *caller = world.sign_in_with("hearth", role).await;
                }
            }
            assert!(opened > 0, "{what} with {grant} opens nothing");
        }
    }
}

/// A scope that no door knows must not be offered, and one that a door knows must be.
#[test]
fn the_own_things_are_offered_where_a_door_knows_them() {
    let surface = Surface::new();
    let mut known: Vec<Permission> = surface
        .entries()
        .iter()
        .filter_map(|entry| match entry.access {
            Access::Owned(permission) => Some(permission),
            _ => None,
        })
        .collect();
    known.sort_unstable();
    known.dedup();
    let mut offered = Permission::OWNABLE.to_vec();
    offered.sort_unstable();
    assert_eq!(known, offered);
}

/// Whether the answer comes from behind the door, whatever it says there.
fn passes(answer: &Value) -> bool {
    if let Some(error) = answer["errors"].get(0) {
        return !matches!(error["extensions"]["code"].as_str(), Some("UNAUTHENTICATED" | "FORBIDDEN"));
    }
    match answer["status"].as_u64() {
        Some(401 | 403) => false,
        Some(303) => !answer["location"].as_str().is_some_and(|to| to.contains("/sign-in")),
        _ => true,
    }
}

testkit::on_both!(
    each_role_passes_the_doors_of_its_permissions,
    a_role_or_key_with_one_permission_opens_its_doors_and_no_other,
);
