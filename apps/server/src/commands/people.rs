//! `tenant …`, `user …`.

use super::{say, say_json, tenant_ctx};
use anyhow::{Context as _, bail};
use platform::App;
use std::io::{BufRead, IsTerminal};

/// Tenants.
#[derive(clap::Subcommand, Debug)]
pub enum Tenant {
    /// Opens a shop.
    Create {
        /// Name in addresses, such as `hearth`.
        slug: String,
        /// Name that shoppers see; default: the slug.
        #[arg(long)]
        name: Option<String>,
        /// ISO 4217 code.
        #[arg(long, default_value = "EUR")]
        currency: String,
        /// ISO 3166-1 alpha-2 code.
        #[arg(long, default_value = "BE")]
        country: String,
    },
    /// Lists the shops.
    List {
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// Closes a shop to everybody; nothing is deleted.
    Suspend {
        /// The shop.
        slug: String,
        /// Why, for the log.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Opens a suspended shop again.
    Resume {
        /// The shop.
        slug: String,
    },
}

impl Tenant {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<()> {
        match self {
            Self::Create { slug, name, currency, country } => {
                let new = identity::tenant::NewTenant::new(
                    &slug,
                    name.as_deref().unwrap_or(&slug),
                    &currency,
                    &country,
                );
                let tenant = identity::tenant::create(app, new).await?;
                say(format_args!("created {} ({})", tenant.slug, tenant.id));
            }
            Self::List { json } => {
                let tenants = identity::tenant::list(app).await?;
                if json {
                    return say_json(&tenants);
                }
                for tenant in &tenants {
                    say(format_args!("{:<24} {:<10} {}", tenant.slug, tenant.status, tenant.name));
                }
                if tenants.is_empty() {
                    say("no tenant yet: rustok tenant create SLUG");
                }
            }
            Self::Suspend { slug, reason } => {
                identity::tenant::suspend(app, &slug, &reason).await?;
                say(format_args!("suspended {slug}"));
            }
            Self::Resume { slug } => {
                identity::tenant::resume(app, &slug).await?;
                say(format_args!("resumed {slug}"));
            }
        }
        Ok(())
    }
}

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
                identity::people::create(&ctx, &email, &name, &password, &role).await?;
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

fn read_password() -> anyhow::Result<String> {
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
