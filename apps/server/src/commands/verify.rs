//! `verify`.

use super::{say, say_json, tenant_ctx};
use anyhow::bail;
use platform::App;
use platform::verify::Report;

/// Looks whether the books of every shop agree; each finding says what to do.
#[derive(clap::Args, Debug)]
pub struct Verify {
    /// Only this shop.
    #[arg(long)]
    tenant: Option<String>,
    /// For programs.
    #[arg(long)]
    json: bool,
}

/// What was found in one shop.
#[derive(serde::Serialize)]
struct Found {
    tenant: String,
    #[serde(flatten)]
    report: Report,
}

impl Verify {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<()> {
        let shops = match self.tenant {
            Some(slug) => vec![slug],
            None => identity::tenant::list(app).await?.into_iter().map(|tenant| tenant.slug).collect(),
        };
        let bar = super::progress(shops.len() as u64 * crate::modules::n_verified(), "verifying");
        let mut all = Vec::with_capacity(shops.len());
        for slug in shops {
            let ctx = tenant_ctx(app, &slug).await?;
            let report = crate::modules::verify(&ctx, || bar.inc(1)).await?;
            all.push(Found { tenant: slug, report });
        }
        bar.finish_and_clear();
        if self.json {
            say_json(&all)?;
        } else {
            all.iter().for_each(tell);
        }
        verdict(&all)
    }
}

fn tell(found: &Found) {
    let Found { tenant, report } = found;
    let looked: Vec<_> = report.checks.iter().map(|(what, things)| format!("{things} {what}")).collect();
    let verdict = match report.findings.len() as u64 + report.more {
        0 => "all of it agrees".to_owned(),
        1 => "1 thing does not agree".to_owned(),
        things => format!("{things} things do not agree"),
    };
    say(format_args!("{tenant:<20} {}: {verdict}", looked.join(", ")));
    for finding in &report.findings {
        say(format_args!("{:<20} {}: {}", "", finding.about, finding.text));
        say(format_args!("{:<20}   {} → {}", "", finding.check, finding.remedy));
    }
    if report.more > 0 {
        say(format_args!("{:<20} and {} more", "", report.more));
    }
}

/// One sentence when anything does not agree; it names the first thing.
fn verdict(all: &[Found]) -> anyhow::Result<()> {
    let broken: Vec<&Found> = all.iter().filter(|found| !found.report.holds()).collect();
    let Some((found, first)) = broken.first().and_then(|found| Some((found, found.report.findings.first()?)))
    else {
        return Ok(());
    };
    let others = match broken.len() {
        1 => String::new(),
        count => format!(" (and those of {} more)", count - 1),
    };
    bail!("the books of {} do not agree{others}: {}: {}", found.tenant, first.about, first.text)
}
