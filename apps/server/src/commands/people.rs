//! `user …`.

use super::{say, tenant_ctx};
use anyhow::{Context as _, bail};
use platform::App;
use std::io::{BufRead, IsTerminal};

/// People.
#[derive(clap::Subcommand, Debug)]
pub enum User {
    /// Creates an account; the password is read from standard input.
    Create {
        /// E-mail address.
        email: String,
        /// The shop.
        #[arg(long)]
        tenant: String,
        /// Name that is shown.
        #[arg(long, default_value = "")]
        name: String,
        /// System role: owner, admin, manager, editor, support, customer.
        #[arg(long, default_value = "customer")]
        role: String,
    },
    /// Sets a password, read from standard input; open sessions end.
    SetPassword {
        /// E-mail address.
        email: String,
        /// The shop.
        #[arg(long)]
        tenant: String,
    },
    /// Switches off the second step of somebody who has lost application and recovery codes.
    DisableTwoStep {
        /// E-mail address.
        email: String,
        /// The shop.
        #[arg(long)]
        tenant: String,
    },
    /// Adds a role.
    Grant {
        /// E-mail address.
        email: String,
        /// System role.
        role: String,
        /// The shop.
        #[arg(long)]
        tenant: String,
    },
}

impl User {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<()> {
        match self {
            Self::Create { email, tenant, name, role } => {
                let ctx = tenant_ctx(app, &tenant).await?;
                let password = read_password()?;
                let made = identity::people::create(&ctx, &email, &name, &password, &role).await?;
                identity::user::vouch(&ctx, made.id).await?;
                say(format_args!("created {email} as {role} of {tenant}"));
            }
            Self::SetPassword { email, tenant } => {
                let ctx = tenant_ctx(app, &tenant).await?;
                let password = read_password()?;
                identity::people::set_password(&ctx, &email, &password).await?;
                say(format_args!("set the password of {email}"));
            }
            Self::DisableTwoStep { email, tenant } => {
                let ctx = tenant_ctx(app, &tenant).await?;
                identity::people::disable_two_step(&ctx, &email).await?;
                say(format_args!("{email} signs in with the password alone now"));
            }
            Self::Grant { email, role, tenant } => {
                let ctx = tenant_ctx(app, &tenant).await?;
                identity::people::grant(&ctx, &email, &role).await?;
                say(format_args!("{email} is now {role} of {tenant}"));
            }
        }
        Ok(())
    }
}

pub(super) fn read_password() -> anyhow::Result<String> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        say("Password (shown as you type; or pipe it in):");
    }
    let mut line = String::new();
    stdin.lock().read_line(&mut line).context("reading the password")?;
    let password = line.trim_end_matches(['\r', '\n']).to_owned();
    if password.is_empty() {
        bail!("no password on standard input");
    }
    Ok(password)
}
