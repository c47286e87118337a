//! What keeps an account its owner's: keys, refresh tokens, known devices, the second step, sessions of other people.
//!
//! Read in this order: [`keys`], [`secret`] (what is handed out and stored hashed), [`device`], [`two_step`] (the code
//! beside the password), [`refresh`], [`sessions`].

pub mod device;
pub(crate) mod entity;
pub mod graphql;
pub(crate) mod keys;
pub mod refresh;
pub(crate) mod secret;
pub mod sessions;
mod totp;
pub mod two_step;

use platform::Access;
use platform::surface::Entry;
use primitives::Permission;

/// The doors of this room.
pub(crate) fn surface() -> Vec<Entry> {
    vec![
        Entry::query("userSessions", Permission::USERS_UPDATE).id("userId", "user"),
        Entry::query("twoStep", Access::SignedIn),
        Entry::mutation("signInSecondStep", Access::Public),
        Entry::mutation("createToken", Access::Public),
        Entry::mutation("refreshToken", Access::Public),
        Entry::mutation("signOutEverywhere", Access::SignedIn),
        Entry::mutation("revokeUserSession", Permission::USERS_UPDATE)
            .id("input.userId", "user")
            .id("input.id", "session"),
        Entry::mutation("revokeUserSessions", Permission::USERS_UPDATE).id("input.userId", "user"),
        Entry::mutation("startTwoStep", Access::SignedIn),
        Entry::mutation("confirmTwoStep", Access::SignedIn),
        Entry::mutation("disableTwoStep", Access::SignedIn),
        Entry::mutation("renewRecoveryCodes", Access::SignedIn),
        Entry::mutation("resetUserTwoStep", Permission::USERS_UPDATE).id("input.userId", "user"),
    ]
}
