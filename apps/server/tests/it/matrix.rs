//! Who gets through which door: every role at every entry of the surface that is not everybody's.

use crate::sweep::{Fill, Schema, ask};
use crate::world::World;
use platform::Access;
use primitives::SystemRole;
use serde_json::Value;
use server::surface::Surface;

/// Roles that an account of a shop can have, least first.
const ROLES: [SystemRole; 6] = [
    SystemRole::Customer,
    SystemRole::Support,
    SystemRole::Editor,
    SystemRole::Manager,
    SystemRole::Admin,
    SystemRole::Owner,
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
            let promised = match entry.access {
                Access::Public | Access::SignedIn => true,
                // What a customer may do with its own things has entries of its own.
                Access::Permission(permission) => role.is_staff() && role.permissions().contains(permission),
                Access::System => false,
            };
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

testkit::on_both!(each_role_passes_the_doors_of_its_permissions);
