//! `tenant …`.

use super::people::read_password;
use super::{progress, say, say_json};
use crate::{seed, transfer};
use anyhow::{Context as _, bail};
use identity::tenant::domain::{self, DomainView};
use identity::tenant::{self, NewOwner, NewTenant, life};
use indicatif::{ProgressBar, ProgressStyle};
use platform::{App, Ctx};
use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;
use std::time::Duration;

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
        /// Language, such as `en`.
        #[arg(long, default_value = "en")]
        locale: String,
        /// ISO 4217 code.
        #[arg(long, default_value = "EUR")]
        currency: String,
        /// ISO 3166-1 alpha-2 code.
        #[arg(long, default_value = "BE")]
        country: String,
        #[command(flatten)]
        owner: Owner,
        /// With things to try it out with.
        #[arg(long)]
        sample: bool,
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// Lists the shops.
    List {
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// Gives a shop another name or slug; at the old slug there is nothing any more.
    Rename {
        /// The shop.
        slug: String,
        /// The new slug.
        #[arg(long, value_name = "SLUG", required_unless_present = "name")]
        to: Option<String>,
        /// The new name.
        #[arg(long)]
        name: Option<String>,
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
    /// Writes a whole shop to one file.
    Export {
        /// The shop.
        slug: String,
        /// The file, which must not be there.
        file: PathBuf,
        /// Password hashes and other secrets, too: whoever has the file can act for the people in it.
        #[arg(long)]
        with_credentials: bool,
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// Makes a shop of an exported file, with the ids that it has.
    Import {
        /// The file.
        file: PathBuf,
        /// Another slug than the file's; where the shop itself is here, too, this makes a copy with ids of its own.
        #[arg(long)]
        slug: Option<String>,
        #[command(flatten)]
        owner: Owner,
        /// Looks the file through and changes nothing.
        #[arg(long)]
        check: bool,
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// Makes a copy of a shop: what it sells and how it looks, without its customers, orders and people.
    Clone {
        /// The shop.
        slug: String,
        /// Slug of the copy.
        to: String,
        #[command(flatten)]
        owner: Owner,
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// Hides a shop at once and deletes it for good when the days of grace are over.
    Delete {
        /// The shop.
        slug: String,
        /// Its slug once more; asked for on a terminal.
        #[arg(long, value_name = "SLUG")]
        confirm: Option<String>,
        /// Without the days of grace: nothing can be had back.
        #[arg(long)]
        now: bool,
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// Has a deleted shop back.
    Restore {
        /// The shop.
        slug: String,
    },
    /// Hosts of a shop's own.
    #[command(subcommand)]
    Domain(Domain),
}

/// The first person of a shop.
#[derive(clap::Args, Debug)]
pub struct Owner {
    /// E-mail address of the owner.
    #[arg(long = "owner", value_name = "EMAIL")]
    email: Option<String>,
    /// Name of the owner.
    #[arg(long = "owner-name", value_name = "NAME", default_value = "", requires = "email")]
    owner_name: String,
    /// Reads the owner's password from standard input; without one an invitation is sent by mail.
    #[arg(long, requires = "email")]
    password: bool,
}

impl Owner {
    fn read(self) -> anyhow::Result<Option<NewOwner>> {
        let Some(email) = self.email else { return Ok(None) };
        let password = if self.password { Some(read_password()?) } else { None };
        Ok(Some(NewOwner { email, name: self.owner_name, password }))
    }
}

/// Hosts of a shop's own.
#[derive(clap::Subcommand, Debug)]
pub enum Domain {
    /// Names a host and prints the record that proves it.
    Add {
        /// The shop.
        slug: String,
        /// The host.
        host: String,
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// Looks for the record; from then on the host leads to the shop.
    Verify {
        /// The shop.
        slug: String,
        /// The host.
        host: String,
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// Takes a host away.
    Remove {
        /// The shop.
        slug: String,
        /// The host.
        host: String,
    },
    /// Lists the hosts.
    List {
        /// The shop.
        slug: String,
        /// For programs.
        #[arg(long)]
        json: bool,
    },
}

impl Tenant {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<()> {
        match self {
            Self::Create { slug, name, locale, currency, country, owner, sample, json } => {
                let new = NewTenant {
                    locale,
                    owner: owner.read()?,
                    ..NewTenant::new(&slug, name.as_deref().unwrap_or(&slug), &currency, &country)
                };
                let tenant = tenant::create(app, new).await?;
                let ctx = tenant::system(app, &tenant.slug).await?;
                if sample {
                    let bar = spinner("adding things to try it out with");
                    seed::sample(&ctx).await.context("the shop is there, but not all of its samples")?;
                    crate::drain(app).await?;
                    bar.finish_and_clear();
                }
                shown(&ctx, json, "created").await
            }
            Self::List { json } => list(app, json).await,
            Self::Rename { slug, to, name } => {
                let ctx = tenant::operator(app, &slug, "tenant rename").await?;
                let view = life::rename(&ctx, name.as_deref(), to.as_deref()).await?;
                say(format_args!("{slug} is now {} ({})", view.slug, view.name));
                Ok(())
            }
            Self::Suspend { slug, reason } => {
                tenant::suspend(app, &slug, &reason).await?;
                say(format_args!("suspended {slug}"));
                Ok(())
            }
            Self::Resume { slug } => {
                tenant::resume(app, &slug).await?;
                say(format_args!("resumed {slug}"));
                Ok(())
            }
            Self::Export { slug, file, with_credentials, json } => {
                let ctx = tenant::system(app, &slug).await?;
                let bar = spinner("exporting");
                let manifest =
                    transfer::export(&ctx, &file, with_credentials, |done| told(&bar, done)).await?;
                bar.finish_and_clear();
                if json {
                    return say_json(&manifest);
                }
                let rows: u64 = manifest.tables.values().map(|table| table.rows).sum();
                say(format_args!("wrote {rows} rows and {} pictures to {}", manifest.files, file.display()));
                Ok(())
            }
            Self::Import { file, slug, owner, check, json } => {
                let bar = spinner("looking the file through");
                let checked = transfer::check(app, &file).await?;
                bar.finish_and_clear();
                if check {
                    return if json {
                        say_json(&checked.manifest)
                    } else {
                        let whose = &checked.manifest.tenant;
                        say(format_args!(
                            "{} holds {} ({}) and is whole",
                            file.display(),
                            whose.slug,
                            whose.id
                        ));
                        Ok(())
                    };
                }
                let rows = checked.manifest.tables.values().map(|table| table.rows).sum();
                let bar = progress(rows, "importing rows");
                let into = transfer::ImportOptions { slug, copy: false, owner: owner.read()? };
                let by = |info| Ctx::operator(app, info, "tenant import");
                let tenant =
                    transfer::import(app, &checked, into, by, |done| bar.set_position(done.rows)).await?;
                bar.finish_and_clear();
                shown(&tenant::system(app, &tenant.slug).await?, json, "imported").await
            }
            Self::Clone { slug, to, owner, json } => {
                let ctx = tenant::operator(app, &slug, "tenant clone").await?;
                let bar = spinner("copying");
                let into = transfer::ImportOptions { slug: Some(to), copy: true, owner: owner.read()? };
                let tenant = transfer::clone_tenant(&ctx, &std::env::temp_dir(), into).await?;
                bar.finish_and_clear();
                shown(&tenant::system(app, &tenant.slug).await?, json, "copied to").await
            }
            Self::Delete { slug, confirm, now, json } => delete(app, &slug, confirm, now, json).await,
            Self::Restore { slug } => {
                life::restore(&tenant::operator(app, &slug, "tenant restore").await?).await?;
                say(format_args!("{slug} is back"));
                Ok(())
            }
            Self::Domain(command) => command.run(app).await,
        }
    }
}

async fn shown(ctx: &Ctx, json: bool, what: &str) -> anyhow::Result<()> {
    let view = life::view(ctx).await?;
    if json {
        return say_json(&view);
    }
    say(format_args!("{what} {} ({})", view.slug, view.id));
    Ok(())
}

async fn list(app: &App, json: bool) -> anyhow::Result<()> {
    let tenants = tenant::list(app).await?;
    if json {
        return say_json(&tenants);
    }
    for tenant in &tenants {
        let until = tenant.purge_at.map(|at| format!(" (until {})", at.rfc3339())).unwrap_or_default();
        say(format_args!("{:<24} {:<10} {}{until}", tenant.slug, tenant.status, tenant.name));
    }
    if tenants.is_empty() {
        say("no tenant yet: rustok tenant create SLUG");
    }
    Ok(())
}

async fn delete(app: &App, slug: &str, confirm: Option<String>, now: bool, json: bool) -> anyhow::Result<()> {
    let ctx = tenant::operator(app, slug, "tenant delete").await?;
    let confirmed = match confirm {
        Some(confirmed) => confirmed,
        None if std::io::stdin().is_terminal() => {
            say(format_args!("This hides {slug} at once. Type its slug to confirm:"));
            let mut line = String::new();
            std::io::stdin().lock().read_line(&mut line)?;
            line.trim_end_matches(['\r', '\n']).to_owned()
        }
        None => bail!("say --confirm {slug} to mean it"),
    };
    let deleted = life::delete(&ctx, &confirmed).await;
    match deleted {
        // What is deleted already may still be waiting for its time.
        Err(error) if !(now && error.code() == primitives::ErrorCode::Conflict) => return Err(error.into()),
        _ => {}
    }
    if now {
        anyhow::ensure!(confirmed == ctx.tenant().slug, "--confirm: type {slug} to confirm");
        let bar = spinner("deleting for good");
        tenant::purge::purge(app, ctx.tenant_id()).await?;
        bar.finish_and_clear();
        if json {
            return say_json(&serde_json::json!({ "slug": slug, "gone": true }));
        }
        say(format_args!("{slug} is gone"));
        return Ok(());
    }
    let view = life::view(&ctx).await?;
    if json {
        return say_json(&view);
    }
    let until = view.purge_at.map(|at| at.rfc3339()).unwrap_or_default();
    say(format_args!("{slug} is hidden; until {until} it can be had back (rustok tenant restore {slug})"));
    Ok(())
}

impl Domain {
    async fn run(self, app: &App) -> anyhow::Result<()> {
        let (domains, json) = match self {
            Self::Add { slug, host, json } => (
                vec![domain::add(&tenant::operator(app, &slug, "tenant domain add").await?, &host).await?],
                json,
            ),
            Self::Verify { slug, host, json } => (
                vec![
                    domain::verify(&tenant::operator(app, &slug, "tenant domain verify").await?, &host)
                        .await?,
                ],
                json,
            ),
            Self::List { slug, json } => (domain::list(&tenant::system(app, &slug).await?).await?, json),
            Self::Remove { slug, host } => {
                domain::remove(&tenant::operator(app, &slug, "tenant domain remove").await?, &host).await?;
                say(format_args!("{host} no longer leads to {slug}"));
                return Ok(());
            }
        };
        if json {
            return say_json(&domains);
        }
        domains.iter().for_each(told_of);
        Ok(())
    }
}

fn told_of(domain: &DomainView) {
    match domain.verified_at {
        Some(at) => say(format_args!("{:<32} leads to the shop since {}", domain.host, at.rfc3339())),
        None => say(format_args!(
            "{:<32} waits for its proof: {} TXT {}",
            domain.host, domain.record_name, domain.record_value
        )),
    }
}

/// For work whose length nobody knows, hidden when nobody watches.
fn spinner(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        bar.set_style(style);
    }
    bar.set_message(what);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn told(bar: &ProgressBar, done: transfer::Progress) {
    bar.set_message(format!("exporting: {} rows, {} pictures", done.rows, done.files));
}
