//! `import …`, `export …`.

use super::{progress, say, say_json, tenant_ctx};
use anyhow::Context as _;
use platform::App;
use std::path::PathBuf;

/// Brings catalogue files in.
#[derive(clap::Subcommand, Debug)]
pub enum Import {
    /// A Shopify product CSV.
    Shopify {
        /// The file.
        file: PathBuf,
        /// The shop.
        #[arg(long)]
        tenant: String,
        /// Says what would happen and changes nothing.
        #[arg(long)]
        dry_run: bool,
        /// For programs.
        #[arg(long)]
        json: bool,
    },
}

impl Import {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<()> {
        let Self::Shopify { file, tenant, dry_run, json } = self;
        let ctx = tenant_ctx(app, &tenant).await?;
        let text = std::fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        let plan = catalog::import::plan(&ctx, &text).await?;
        let report = if dry_run {
            plan.report()
        } else {
            let bar = progress(plan.products() as u64, "importing products");
            let report = catalog::import::apply(&ctx, plan, |done| bar.set_position(done as u64)).await?;
            bar.finish_and_clear();
            crate::drain(app).await?;
            report
        };
        if json {
            say_json(&report)?
        } else {
            say(&report)
        }
        let wrong = report.errors().count();
        anyhow::ensure!(wrong == 0, "{wrong} rows were not taken, see above");
        Ok(())
    }
}

/// Writes catalogue files out.
#[derive(clap::Subcommand, Debug)]
pub enum Export {
    /// All products in the layout of a Shopify product CSV.
    Products {
        /// The shop.
        #[arg(long)]
        tenant: String,
        /// Where to; default: standard output.
        #[arg(long, short)]
        output: Option<PathBuf>,
    },
}

impl Export {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<()> {
        let Self::Products { tenant, output } = self;
        let ctx = tenant_ctx(app, &tenant).await?;
        match output {
            Some(path) => {
                let mut file = Vec::new();
                let products = catalog::export::products(&ctx, &mut file).await?;
                std::fs::write(&path, file)
                    .with_context(|| format!("{} cannot be written", path.display()))?;
                say(format_args!("wrote {products} products to {}", path.display()));
            }
            None => {
                catalog::export::products(&ctx, &mut std::io::stdout()).await?;
            }
        }
        Ok(())
    }
}
