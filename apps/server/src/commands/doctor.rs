//! `doctor`: what is wrong with this installation, and what to do about it.

#![expect(clippy::disallowed_methods, reason = "the schema belongs to the platform, not to a tenant")]

use super::{say, say_json};
use migrations::{Migrator, MigratorTrait};
use platform::{Config, Db};
use serde::Serialize;
use std::path::Path;

/// Checks configuration, database and files; each finding says what to do.
#[derive(clap::Args, Debug)]
pub struct Doctor {
    /// For programs.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Finding {
    what: &'static str,
    ok: bool,
    says: String,
}

impl Doctor {
    pub(super) async fn run(self, config: Config) -> anyhow::Result<()> {
        let mut findings =
            vec![Finding { what: "configuration", ok: true, says: "every value is allowed".to_owned() }];
        findings.extend(database(&config).await);
        findings.push(secret(&config));
        findings.push(letters(&config));
        findings.push(folder("media", &config.media.dir));
        findings.push(built("storefront", config.server.site_dir.as_deref(), "site"));
        findings.push(built("admin", config.server.admin_dir.as_deref(), "admin-site"));
        let wrong = findings.iter().filter(|finding| !finding.ok).count();
        if self.json {
            say_json(&findings)?;
        } else {
            for finding in &findings {
                say(format_args!(
                    "{} {:<14} {}",
                    if finding.ok { "ok   " } else { "WRONG" },
                    finding.what,
                    finding.says
                ));
            }
        }
        anyhow::ensure!(wrong == 0, "{wrong} of {} checks found something to mend", findings.len());
        Ok(())
    }
}

async fn database(config: &Config) -> Vec<Finding> {
    let db = match Db::connect_as_owner(&config.database).await {
        Ok(db) => db,
        Err(error) => {
            let says = format!("{} — check RUSTOK_DATABASE_URL", error.report());
            return vec![Finding { what: "database", ok: false, says }];
        }
    };
    let reach = Finding { what: "database", ok: true, says: format!("{:?} answers", db.backend()) };
    let schema = match Migrator::get_pending_migrations(db.global()).await {
        Ok(pending) if pending.is_empty() => {
            Finding { what: "schema", ok: true, says: "up to date".to_owned() }
        }
        Ok(pending) => Finding {
            what: "schema",
            ok: false,
            says: format!("{} migrations are pending — run rustok migrate", pending.len()),
        },
        Err(error) => Finding { what: "schema", ok: false, says: format!("cannot be read: {error}") },
    };
    vec![reach, schema]
}

fn secret(config: &Config) -> Finding {
    match &config.security.secret_key {
        Some(_) => Finding { what: "secret key", ok: true, says: "set".to_owned() },
        None => Finding {
            what: "secret key",
            ok: true,
            says: "not set: API tokens end with each restart and nobody can switch on a second step; production \
                   needs RUSTOK_SECRET_KEY"
                .to_owned(),
        },
    }
}

fn letters(config: &Config) -> Finding {
    let says = match (&config.mail.smtp_url, config.keeps_mail()) {
        (Some(_), _) => "sent by the server of mail.smtp_url",
        (None, true) => "kept for /dev/mailbox; production needs RUSTOK_MAIL__SMTP_URL and RUSTOK_MAIL__FROM",
        (None, false) => "wait, and are given up — set RUSTOK_MAIL__SMTP_URL and RUSTOK_MAIL__FROM",
    };
    let ok = config.mail.smtp_url.is_some() || config.keeps_mail();
    Finding { what: "mail", ok, says: says.to_owned() }
}

fn folder(what: &'static str, path: &Path) -> Finding {
    match std::fs::create_dir_all(path).and_then(|()| tempfile_in(path)) {
        Ok(()) => Finding { what, ok: true, says: format!("{} can be written", path.display()) },
        Err(error) => Finding {
            what,
            ok: false,
            says: format!("{} cannot be written: {error} — set RUSTOK_MEDIA__DIR", path.display()),
        },
    }
}

fn tempfile_in(path: &Path) -> std::io::Result<()> {
    let probe = path.join(".rustok-probe");
    std::fs::write(&probe, b"")?;
    std::fs::remove_file(probe)
}

fn built(what: &'static str, configured: Option<&Path>, name: &str) -> Finding {
    let site = crate::host::site(configured, name);
    if site.join("pkg").is_dir() {
        return Finding { what, ok: true, says: format!("built in {}", site.display()) };
    }
    Finding { what, ok: false, says: format!("{} is not built — run cargo x web", site.display()) }
}
