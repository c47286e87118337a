//! `audit …`.

use super::{say, say_json, tenant_ctx};
use anyhow::{Context as _, bail};
use identity::audit::{Head, Report};
use platform::App;

/// The audit log.
#[derive(clap::Subcommand, Debug)]
pub enum Audit {
    /// Computes every chain again and finds what was edited, removed, inserted or reordered.
    Verify {
        /// Only this shop.
        #[arg(long)]
        tenant: Option<String>,
        /// An end that was written down before, as this command prints it; needs --tenant.
        #[arg(long, value_name = "POSITION:HASH", requires = "tenant")]
        head: Option<String>,
        /// For programs.
        #[arg(long)]
        json: bool,
    },
}

impl Audit {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<()> {
        let Self::Verify { tenant, head, json } = self;
        let head = head.map(|text| parse_head(&text)).transpose()?;
        let shops = match tenant {
            Some(slug) => vec![slug],
            None => identity::tenant::list(app).await?.into_iter().map(|tenant| tenant.slug).collect(),
        };
        let bar = super::progress(shops.len() as u64, "verifying");
        let mut reports = Vec::with_capacity(shops.len());
        for slug in &shops {
            let ctx = tenant_ctx(app, slug).await?;
            reports.push(identity::audit::verify(&ctx, head.as_ref()).await?);
            bar.inc(1);
        }
        bar.finish_and_clear();
        if json {
            say_json(&reports)?;
        } else {
            reports.iter().for_each(tell);
        }
        verdict(&reports)
    }
}

fn parse_head(text: &str) -> anyhow::Result<Head> {
    let wrong = || format!("--head {text}: write it as POSITION:HASH, as this command prints it");
    let (position, hash) = text.split_once(':').with_context(wrong)?;
    let position = position.parse().ok().filter(|position| 0 < *position).with_context(wrong)?;
    let hash = hash.to_ascii_lowercase();
    if hash.len() != 64 || !hash.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        bail!(wrong());
    }
    Ok(Head { position, hash })
}

fn tell(report: &Report) {
    let head = report
        .head
        .as_ref()
        .map_or_else(|| "nothing yet".to_owned(), |head| format!("{}:{}", head.position, head.hash));
    let signed = if report.signed { "" } else { ", not signed (no security.secret_key)" };
    say(format_args!(
        "{:<20} {:>8} entries, {} waiting, {} checkpoints{signed}, head {head}",
        report.tenant, report.entries, report.waiting, report.checkpoints
    ));
    for finding in &report.findings {
        say(format_args!("{:<20} {}", "", finding.text));
    }
    if report.more > 0 {
        say(format_args!("{:<20} and {} more", "", report.more));
    }
}

/// One sentence when anything does not hold; it names the first place.
fn verdict(reports: &[Report]) -> anyhow::Result<()> {
    let broken: Vec<&Report> = reports.iter().filter(|report| !report.findings.is_empty()).collect();
    let Some((report, first)) = broken.first().and_then(|report| Some((report, report.findings.first()?)))
    else {
        return Ok(());
    };
    let others = match broken.len() {
        1 => String::new(),
        count => format!(" (and that of {} more)", count - 1),
    };
    bail!("the audit log of {} does not hold{others}: {}", report.tenant, first.text)
}
