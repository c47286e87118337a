//! What a shop has switched on: modules with everything that they need, and features.
//!
//! A switch takes part in [`platform::TenantInfo`], so that no request asks the database, and is seen everywhere in the
//! time in which any change of a tenant is.

mod entity;
pub mod event;
pub mod graphql;

use crate::tenant::{forget, touch};
use entity::{tenant_feature, tenant_module};
use event::SwitchEvent;
use events::Emit;
use platform::module::{Feature, Presence, Provision, Registry, State, Switches, feature_off};
use platform::surface::Entry;
use platform::{Access, Context, Ctx, Error, Result, TenantDb, Tx};
use primitives::{ErrorCode, Permission, Timestamp};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, Set};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// Every door of this part.
pub(crate) fn surface() -> Vec<Entry> {
    vec![
        Entry::query("capabilities", Access::Public),
        Entry::query("modules", Permission::MODULES_READ),
        Entry::query("features", Permission::MODULES_READ),
        Entry::mutation("toggleModule", Permission::MODULES_UPDATE),
        Entry::mutation("toggleFeature", Permission::MODULES_UPDATE),
    ]
}

/// A module and whether this shop has it.
#[derive(Clone, Debug, PartialEq)]
pub struct ModuleView {
    /// Its name.
    pub name: &'static str,
    /// What it brings, in a sentence.
    pub about: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Where it stands in the process that answers.
    pub state: State,
    /// Why, when it is not well.
    pub reason: Option<Cow<'static, str>>,
    /// What it needs, directly.
    pub depends_on: Vec<&'static str>,
    /// What needs it, directly or not.
    pub dependants: Vec<&'static str>,
    /// Whether every shop has it.
    pub required: bool,
    /// Whether this shop has it.
    pub enabled: bool,
    /// The feature that it brings.
    pub feature: Option<Feature>,
    /// When the shop switched it last.
    pub changed_at: Option<Timestamp>,
}

/// A feature and whether this shop has it.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureView {
    /// Its name.
    pub feature: Feature,
    /// Whether this shop has it.
    pub enabled: bool,
    /// Whether this build can have it.
    pub available: bool,
    /// The module that brings it, and with which it is switched.
    pub module: Option<&'static str>,
    /// When the shop switched it last.
    pub changed_at: Option<Timestamp>,
}

/// What somebody wants switched.
#[derive(Debug, PartialEq, Eq)]
pub struct Wish<'w, T: ?Sized = str> {
    /// What.
    pub what: &'w T,
    /// On or off.
    pub enabled: bool,
    /// Whether everything goes along that has to: what a module needs when it is switched on, what needs it when it is
    /// switched off.
    pub cascade: bool,
}

impl<T: ?Sized> Clone for Wish<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Wish<'_, T> {}

/// The modules of this build, in the order in which they start.
///
/// # Errors
/// `FORBIDDEN` without `modules:read`; those of the database.
pub async fn modules(ctx: &Ctx) -> Result<Vec<ModuleView>> {
    let reader = ctx.read(Permission::MODULES_READ).await?;
    let switched = Switched::read(&reader).await?;
    drop(reader);
    Ok(module_views(ctx, &switched).await)
}

/// Every feature that has a name.
///
/// # Errors
/// As [`modules`].
pub async fn features(ctx: &Ctx) -> Result<Vec<FeatureView>> {
    let reader = ctx.read(Permission::MODULES_READ).await?;
    Ok(feature_views(&Switched::read(&reader).await?))
}

/// Names of the modules that the shop has; everybody may know.
pub fn enabled_modules(ctx: &Ctx) -> Vec<&'static str> {
    let registry = Registry::of(ctx.app());
    let names = registry.iter().flat_map(|registry| registry.modules()).map(|module| module.name());
    names.filter(|name| ctx.has_module(name)).collect()
}

/// The features that the shop has; everybody may know.
pub fn enabled_features(ctx: &Ctx) -> Vec<Feature> {
    Feature::ALL.iter().copied().filter(|feature| ctx.has_feature(*feature)).collect()
}

/// Switches a module on or off in the caller's shop, its hooks in the same transaction. Gives back the modules and the
/// names of those that were switched, in order; none when it was so already.
///
/// # Errors
/// `BAD_USER_INPUT` for a name that no module has, and for switching off what every shop has; `FEATURE_NOT_ENABLED` for
/// what is not part of this build; `CONFLICT` when others need it, or it needs others, without `cascade`; whatever a
/// hook says. Then nothing has changed.
pub async fn toggle_module(ctx: &Ctx, wish: Wish<'_>) -> Result<(Vec<ModuleView>, Vec<&'static str>)> {
    let registry = registry(ctx)?;
    let done = ctx.write(Permission::MODULES_UPDATE, async |tx| {
        // Two switches of one shop come one after the other: the second sees what the first has done.
        touch(tx, ctx.now()).exec().await?;
        let switched = Switched::read(tx).await?;
        let plan = plan(ctx, &registry, &switched.switches(), wish)?;
        if plan.is_empty() {
            return Err(Halt::Unchanged);
        }
        for name in &plan {
            switch_module(ctx, tx, &registry, name, wish.enabled).await?;
        }
        forget(tx)?;
        Ok((Switched::read(tx).await?, plan))
    });
    let (switched, changed) = match done.await {
        Ok(done) => done,
        Err(Halt::Unchanged) => return Ok((modules_unchecked(ctx).await?, Vec::new())),
        Err(Halt::Failed(error)) => return Err(error),
    };
    Ok((module_views(ctx, &switched).await, changed))
}

/// Switches a feature on or off in the caller's shop; one that a module brings goes with its module, by the rules of
/// [`toggle_module`]. Gives back the features and whether anything changed.
///
/// # Errors
/// `FEATURE_NOT_ENABLED` for what is not part of this build; as [`toggle_module`].
pub async fn toggle_feature(ctx: &Ctx, wish: Wish<'_, Feature>) -> Result<(Vec<FeatureView>, bool)> {
    let Wish { what: &feature, enabled, cascade } = wish;
    match feature.provision() {
        Provision::NotBuilt => {
            ctx.require(Permission::MODULES_UPDATE)?;
            Err(not_built(ctx, feature))
        }
        Provision::Module(name) => {
            let (_, changed) = toggle_module(ctx, Wish { what: name, enabled, cascade }).await?;
            Ok((features_unchecked(ctx).await?, !changed.is_empty()))
        }
        Provision::Switch { .. } => {
            let done = ctx.write(Permission::MODULES_UPDATE, async |tx| {
                touch(tx, ctx.now()).exec().await?;
                if Switched::read(tx).await?.switches().feature(feature) == enabled {
                    return Err(Halt::Unchanged);
                }
                switch_feature(ctx, tx, feature, enabled).await?;
                forget(tx)?;
                Ok(Switched::read(tx).await?)
            });
            match done.await {
                Ok(switched) => Ok((feature_views(&switched), true)),
                Err(Halt::Unchanged) => Ok((features_unchecked(ctx).await?, false)),
                Err(Halt::Failed(error)) => Err(error),
            }
        }
    }
}

/// Whoever may switch may see what came of it.
async fn modules_unchecked(ctx: &Ctx) -> Result<Vec<ModuleView>> {
    let switched = Switched::read(&*ctx.read(Permission::MODULES_UPDATE).await?).await?;
    Ok(module_views(ctx, &switched).await)
}

async fn features_unchecked(ctx: &Ctx) -> Result<Vec<FeatureView>> {
    let switched = Switched::read(&*ctx.read(Permission::MODULES_UPDATE).await?).await?;
    Ok(feature_views(&switched))
}

async fn switch_module(ctx: &Ctx, tx: &Tx, registry: &Registry, name: &'static str, on: bool) -> Result<()> {
    let module = registry.get(name).ok_or_else(|| Error::internal("a planned module is registered"))?;
    let hook = if on { module.on_enable(tx) } else { module.on_disable(tx) };
    hook.await.context(format!("switching the module {name} {}", if on { "on" } else { "off" }))?;
    let row = tenant_module::ActiveModel {
        module: Set(name.to_owned()),
        enabled: Set(on),
        changed_at: Set(ctx.now().millis()),
        changed_by: Set(ctx.user_id().map(|user| user.uuid())),
        ..Default::default()
    };
    use tenant_module::Column as C;
    tx.upsert(row, &[C::TenantId, C::Module], &[C::Enabled, C::ChangedAt, C::ChangedBy]).await?;
    let tenant_id = ctx.tenant_id();
    tx.emit(SwitchEvent::ModuleToggled { tenant_id, module: name, enabled: on }).await?;
    if let Some(feature) = module.feature() {
        tx.emit(SwitchEvent::FeatureToggled { tenant_id, feature, enabled: on }).await?;
    }
    Ok(())
}

async fn switch_feature(ctx: &Ctx, tx: &Tx, feature: Feature, on: bool) -> Result<()> {
    let row = tenant_feature::ActiveModel {
        feature: Set(feature.name().to_owned()),
        enabled: Set(on),
        changed_at: Set(ctx.now().millis()),
        changed_by: Set(ctx.user_id().map(|user| user.uuid())),
        ..Default::default()
    };
    use tenant_feature::Column as C;
    tx.upsert(row, &[C::TenantId, C::Feature], &[C::Enabled, C::ChangedAt, C::ChangedBy]).await?;
    tx.emit(SwitchEvent::FeatureToggled { tenant_id: ctx.tenant_id(), feature, enabled: on }).await?;
    Ok(())
}

/// Which modules have to be switched for `wish`, in which order; none when it is so already.
fn plan(ctx: &Ctx, registry: &Registry, now: &Switches, wish: Wish<'_>) -> Result<Vec<&'static str>> {
    let Some(module) = registry.get(wish.what) else {
        return Err(match Feature::parse(wish.what) {
            Some(feature) if feature.provision() == Provision::NotBuilt => not_built(ctx, feature),
            _ => Error::invalid("module", format!("there is no module called {:?}", wish.what)),
        });
    };
    let name = module.name();
    if module.presence() == Presence::Required {
        return match wish.enabled {
            true => Ok(Vec::new()),
            false => Err(Error::invalid(
                "module",
                format!("{name} is part of every shop, it cannot be switched off"),
            )),
        };
    }
    if now.module(name) == wish.enabled {
        return Ok(Vec::new());
    }
    let mut plan = if wish.enabled { registry.needs(name) } else { registry.dependants(name) };
    plan.retain(|other| now.module(other) != wish.enabled);
    if !plan.is_empty() && !wish.cascade {
        let others = plan.join(", ");
        return Err(Error::conflict(match wish.enabled {
            true => format!("{name} needs {others}, which is switched off: switch it on, too"),
            false => format!("{others} needs {name}: switch it off, too"),
        }));
    }
    plan.push(name);
    Ok(plan)
}

fn not_built(ctx: &Ctx, feature: Feature) -> Error {
    let text =
        format!("{} is not part of this build, it cannot be switched on", feature.title().to_lowercase());
    Error::new(ErrorCode::FeatureNotEnabled, text).with_status(feature_off(ctx, feature).status())
}

fn registry(ctx: &Ctx) -> Result<Arc<Registry>> {
    Registry::of(ctx.app()).ok_or_else(|| Error::internal("this process has no registry of modules"))
}

async fn module_views(ctx: &Ctx, switched: &Switched) -> Vec<ModuleView> {
    let Some(registry) = Registry::of(ctx.app()) else { return Vec::new() };
    let report = registry.report(ctx.app()).await;
    let switches = switched.switches();
    let view = |module: &Arc<dyn platform::module::Module>| {
        let name = module.name();
        let standing = report.of(name);
        ModuleView {
            name,
            about: module.about(),
            version: module.version(),
            state: standing.map_or(State::Registered, |standing| standing.state),
            reason: standing.and_then(|standing| standing.reason.clone()),
            depends_on: module.depends_on().to_vec(),
            dependants: registry.dependants(name),
            required: module.presence() == Presence::Required,
            enabled: switches.module(name),
            feature: module.feature(),
            changed_at: switched.modules.get(name).map(|(_, at)| *at),
        }
    };
    registry.modules().map(view).collect()
}

fn feature_views(switched: &Switched) -> Vec<FeatureView> {
    let switches = switched.switches();
    let view = |feature: &Feature| {
        let module = match feature.provision() {
            Provision::Module(name) => Some(name),
            Provision::Switch { .. } | Provision::NotBuilt => None,
        };
        let changed = match module {
            Some(name) => switched.modules.get(name).map(|(_, at)| *at),
            None => switched.features.get(feature).map(|(_, at)| *at),
        };
        FeatureView {
            feature: *feature,
            enabled: switches.feature(*feature),
            available: feature.provision() != Provision::NotBuilt,
            module,
            changed_at: changed,
        }
    };
    Feature::ALL.iter().map(view).collect()
}

/// The rows of one shop.
#[derive(Default)]
struct Switched {
    modules: HashMap<String, (bool, Timestamp)>,
    features: HashMap<Feature, (bool, Timestamp)>,
}

impl Switched {
    async fn read(rows: &TenantDb) -> Result<Self> {
        let at = Timestamp::from_millis;
        let modules = rows.find::<tenant_module::Entity>().all().await?;
        let features = rows.find::<tenant_feature::Entity>().all().await?;
        Ok(Self {
            modules: modules.into_iter().map(|row| (row.module, (row.enabled, at(row.changed_at)))).collect(),
            features: features
                .into_iter()
                .filter_map(|row| Some((Feature::parse(&row.feature)?, (row.enabled, at(row.changed_at)))))
                .collect(),
        })
    }

    fn switches(&self) -> Switches {
        Switches::new(
            self.modules.iter().map(|(name, (on, _))| (name.clone(), *on)),
            self.features.iter().map(|(feature, (on, _))| (*feature, *on)),
        )
    }
}

/// Why a switch ends without a commit.
enum Halt {
    /// It was so already.
    Unchanged,
    Failed(Error),
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// What a shop has switched, for the directory.
pub(crate) async fn switches(connection: &DatabaseConnection, tenant: Uuid) -> Result<Switches> {
    let modules = tenant_module::Entity::find().filter(tenant_module::Column::TenantId.eq(tenant));
    let features = tenant_feature::Entity::find().filter(tenant_feature::Column::TenantId.eq(tenant));
    let modules = modules.all(connection).await.context("looking for a tenant's modules")?;
    let features = features.all(connection).await.context("looking for a tenant's features")?;
    Ok(Switches::new(
        modules.into_iter().map(|row| (row.module, row.enabled)),
        features.into_iter().filter_map(|row| Some((Feature::parse(&row.feature)?, row.enabled))),
    ))
}

/// What every shop has switched.
pub(crate) async fn all_switches(connection: &DatabaseConnection) -> Result<HashMap<Uuid, Switches>> {
    let mut all: HashMap<Uuid, Switches> = HashMap::new();
    for row in tenant_module::Entity::find().all(connection).await.context("looking for modules")? {
        all.entry(row.tenant_id).or_default().set_module(&row.module, row.enabled);
    }
    for row in tenant_feature::Entity::find().all(connection).await.context("looking for features")? {
        if let Some(feature) = Feature::parse(&row.feature) {
            all.entry(row.tenant_id).or_default().set_feature(feature, row.enabled);
        }
    }
    Ok(all)
}
