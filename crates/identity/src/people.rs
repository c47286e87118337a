//! People as the command line and the seed name them: by address, with roles by name.

use crate::roles;
use crate::security::two_step;
use crate::user::{self, NewUser};
use crate::view::UserView;
use platform::{Ctx, Error, Result};
use primitives::SystemRole;

/// Creates a person with one role.
///
/// # Errors
/// As [`user::create`].
pub async fn create(ctx: &Ctx, email: &str, name: &str, password: &str, role: &str) -> Result<UserView> {
    let new = NewUser {
        email: email.to_owned(),
        password: password.to_owned(),
        name: name.to_owned(),
        locale: None,
        roles: vec![parse_role(role)?.into()],
    };
    user::create(ctx, new).await
}

/// Sets a password and ends the person's sessions.
///
/// # Errors
/// As [`user::set_password`].
pub async fn set_password(ctx: &Ctx, email: &str, password: &str) -> Result<()> {
    let person = user::find_by_email(ctx, email).await?;
    user::set_password(ctx, person.id, password).await
}

/// Switches off the second step of a person.
///
/// # Errors
/// As [`two_step::reset`].
pub async fn disable_two_step(ctx: &Ctx, email: &str) -> Result<()> {
    let person = user::find_by_email(ctx, email).await?;
    two_step::reset(ctx, person.id).await
}

/// Gives a person one more role.
///
/// # Errors
/// As [`roles::give`].
pub async fn grant(ctx: &Ctx, email: &str, role: &str) -> Result<UserView> {
    let role = parse_role(role)?;
    let person = user::find_by_email(ctx, email).await?;
    roles::give(ctx, person.id, role.into()).await
}

fn parse_role(name: &str) -> Result<SystemRole> {
    SystemRole::parse(name).map_err(|error| Error::invalid("role", error.to_string()))
}
