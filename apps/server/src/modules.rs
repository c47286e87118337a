//! Every module of this build, with what each brings to the process.

use crate::host;
use events::Consumer;
use futures::future::BoxFuture;
use index::Projection;
use platform::module::graph::Node;
use platform::module::{Health, Module, Registry, Unfit};
use platform::surface::{Entry, owned_by};
use platform::verify::Report;
use platform::{App, Ctx, Result};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// A named piece of background work.
pub type Job = (&'static str, BoxFuture<'static, ()>);

/// A module and what the engines get of it.
struct Part {
    module: Arc<dyn Module>,
    consumers: fn() -> Vec<Arc<dyn Consumer>>,
    projections: fn() -> Vec<Arc<dyn Projection>>,
    /// Work of one process among many: settling, sweeping, fetching.
    jobs: fn(&App, CancellationToken) -> Result<Vec<Job>>,
    /// Work of every process: watching what others change.
    watches: fn(&App, CancellationToken) -> Vec<Job>,
    /// Looks whether what the module keeps of a tenant holds together.
    verify: Option<Look>,
}

type Look = for<'c> fn(&'c Ctx) -> BoxFuture<'c, Result<Report>>;

impl Part {
    fn new(module: impl Module) -> Self {
        Self {
            module: Arc::new(module),
            consumers: Vec::new,
            projections: Vec::new,
            jobs: |_, _| Ok(Vec::new()),
            watches: |_, _| Vec::new(),
            verify: None,
        }
    }
}

/// The one list: what stands here is part of the build.
fn parts() -> Vec<Part> {
    vec![
        Part {
            watches: |app, stop| vec![("invalidations", Box::pin(events::share_bumps(app.clone(), stop)))],
            verify: Some(|ctx| {
                Box::pin(async { events::verify::verify(ctx, &consumers(), events::verify::PATIENCE).await })
            }),
            ..Part::new(events::module())
        },
        Part::new(index::module()),
        Part { jobs: |app, stop| mail::jobs(app, identity::tenant_of, stop), ..Part::new(mail::module()) },
        Part {
            jobs: |app, stop| Ok(vec![("audit", Box::pin(identity::audit::sealer(app.clone(), stop)))]),
            watches: identity::jobs,
            ..Part::new(identity::module())
        },
        Part { jobs: |app, stop| Ok(content::jobs(app, stop)), ..Part::new(content::module()) },
        Part {
            consumers: catalog::consumers,
            projections: catalog::projections,
            verify: Some(|ctx| Box::pin(catalog::verify::verify(ctx))),
            ..Part::new(catalog::module())
        },
        Part {
            consumers: commerce::consumers,
            projections: commerce::projections,
            jobs: |app, stop| Ok(commerce::jobs(app, stop)),
            verify: Some(|ctx| Box::pin(commerce::verify::verify(ctx, events::verify::PATIENCE))),
            ..Part::new(commerce::module())
        },
        Part::new(Server),
        Part::new(Storefront),
        Part::new(Admin),
    ]
}

/// Every consumer of events, in the order in which they see a batch.
pub fn consumers() -> Vec<Arc<dyn Consumer>> {
    parts().iter().flat_map(|part| (part.consumers)()).collect()
}

/// Every read model.
pub fn projections() -> Vec<Arc<dyn Projection>> {
    parts().iter().flat_map(|part| (part.projections)()).collect()
}

/// Background work of one process among many.
///
/// # Errors
/// What the configuration of a module says wrong.
pub fn jobs(app: &App, stop: &CancellationToken) -> Result<Vec<Job>> {
    let jobs = parts().iter().map(|part| (part.jobs)(app, stop.clone())).collect::<Result<Vec<_>>>()?;
    Ok(jobs.into_iter().flatten().collect())
}

/// Background work of every process.
pub fn watches(app: &App, stop: &CancellationToken) -> Vec<Job> {
    parts().iter().flat_map(|part| (part.watches)(app, stop.clone())).collect()
}

/// Parts that [`verify`] looks at.
pub fn n_verified() -> u64 {
    parts().iter().filter(|part| part.verify.is_some()).count() as u64
}

/// Looks whether everything that the modules keep of the caller's tenant holds together; says when each is done.
///
/// # Errors
/// `FORBIDDEN` to all but the server itself; those of the database.
pub async fn verify(ctx: &Ctx, mut done: impl FnMut()) -> Result<Report> {
    let mut report = Report::default();
    for look in parts().iter().filter_map(|part| part.verify) {
        report.add(look(ctx).await?);
        done();
    }
    Ok(report)
}

/// Every door, each with the module that owns it.
pub fn surface() -> Vec<Entry> {
    parts().iter().flat_map(|part| owned_by(part.module.name(), part.module.surface())).collect()
}

/// What each module needs.
pub fn nodes() -> Vec<Node<'static>> {
    parts().iter().map(|part| (part.module.name(), part.module.depends_on().to_vec())).collect()
}

/// The registry of this build, nothing started.
///
/// # Errors
/// Modules that do not fit together, named.
pub fn registry() -> Result<Registry, Unfit> {
    Registry::build(parts().into_iter().map(|part| part.module).collect())
}

/// Gives the process its registry, once.
///
/// # Errors
/// As [`registry`].
pub fn install(app: &App) -> Result<Arc<Registry>, Unfit> {
    match Registry::of(app) {
        Some(installed) => Ok(installed),
        None => Ok(registry()?.install(app)),
    }
}

/// The host: GraphQL, health, files.
struct Server;

#[async_trait::async_trait]
impl Module for Server {
    fn name(&self) -> &'static str {
        "server"
    }

    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    fn about(&self) -> &'static str {
        "Answers requests: GraphQL, files, health."
    }

    fn depends_on(&self) -> &'static [&'static str] {
        &["identity"]
    }

    fn surface(&self) -> Vec<Entry> {
        [host::surface(), crate::tenants::surface()].concat()
    }

    async fn health(&self, app: &App) -> Health {
        match app.db().ping().await {
            Ok(()) => Health::Healthy,
            Err(_) => Health::Failed("the database does not answer".into()),
        }
    }
}

/// The pages of a shop.
struct Storefront;

#[async_trait::async_trait]
impl Module for Storefront {
    fn name(&self) -> &'static str {
        "storefront"
    }

    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    fn about(&self) -> &'static str {
        "The pages that shoppers see."
    }

    fn depends_on(&self) -> &'static [&'static str] {
        &["server", "identity", "content"]
    }

    fn surface(&self) -> Vec<Entry> {
        storefront::surface()
    }

    async fn health(&self, app: &App) -> Health {
        built(app.config().server.site_dir.as_deref(), "site")
    }
}

/// The application of those who work in a shop.
struct Admin;

#[async_trait::async_trait]
impl Module for Admin {
    fn name(&self) -> &'static str {
        "admin"
    }

    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    fn about(&self) -> &'static str {
        "The application for those who run the shop."
    }

    fn depends_on(&self) -> &'static [&'static str] {
        &["server"]
    }

    fn surface(&self) -> Vec<Entry> {
        host::admin_surface()
    }

    async fn health(&self, app: &App) -> Health {
        built(app.config().server.admin_dir.as_deref(), "admin-site")
    }
}

/// Whether scripts and styles of a front end are there.
fn built(configured: Option<&std::path::Path>, name: &str) -> Health {
    match host::site(configured, name).join("pkg").is_dir() {
        true => Health::Healthy,
        false => Health::Degraded("its scripts and styles are not built".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use platform::module::{Feature, Presence, Provision};

    #[test]
    fn the_modules_of_this_build_fit_together() {
        let registry = registry().unwrap();
        let names: Vec<_> = registry.modules().map(|module| module.name()).collect();
        assert_eq!(
            names,
            [
                "events",
                "index",
                "mail",
                "identity",
                "content",
                "catalog",
                "commerce",
                "server",
                "storefront",
                "admin"
            ]
        );
        let free = registry.modules().filter(|module| module.presence() == Presence::PerTenant);
        assert_eq!(free.map(|module| module.name()).collect::<Vec<_>>(), ["catalog", "commerce"]);
        assert_eq!(registry.dependants("catalog"), ["commerce"]);
        assert_eq!(registry.needs("commerce"), ["events", "index", "mail", "identity", "content", "catalog"]);
    }

    /// What [`Feature`] says about itself and what the modules say is one truth.
    #[test]
    fn a_feature_of_a_module_is_built_where_the_module_is() {
        let registry = registry().unwrap();
        for feature in Feature::ALL {
            let brought = registry.modules().find(|module| module.feature() == Some(*feature));
            let said = match feature.provision() {
                Provision::Module(name) => Some(name),
                Provision::Switch { .. } | Provision::NotBuilt => None,
            };
            assert_eq!(brought.map(|module| module.name()), said, "{feature}");
        }
    }

    #[test]
    fn every_door_belongs_to_a_module() {
        let registry = registry().unwrap();
        for entry in surface() {
            assert!(registry.get(entry.module).is_some(), "{} belongs to {:?}", entry.name, entry.module);
        }
    }
}
