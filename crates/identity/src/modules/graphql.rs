//! GraphQL: parse, call, map.

use super::{FeatureView, ModuleView, Wish};
use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use platform::graphql::{DateTime, ctx_of, failure};
use platform::module::{Feature as FeatureName, State as ModuleState};

/// Questions about modules and features.
#[derive(Default)]
pub struct ModulesQuery;

/// Switching them.
#[derive(Default)]
pub struct ModulesMutation;

#[Object]
impl ModulesQuery {
    /// What this shop has, for front ends that show no more than that.
    async fn capabilities(&self, context: &Context<'_>) -> Result<Capabilities> {
        let ctx = ctx_of(context)?;
        let modules = super::enabled_modules(ctx).into_iter().map(str::to_owned).collect();
        Ok(Capabilities { modules, features: super::enabled_features(ctx) })
    }

    /// The modules of this build, in the order in which they start.
    #[graphql(complexity = "20 + child_complexity")]
    async fn modules(&self, context: &Context<'_>) -> Result<Vec<Module>> {
        let modules = super::modules(ctx_of(context)?).await.map_err(failure)?;
        Ok(modules.into_iter().map(Module::from).collect())
    }

    /// Every feature that a shop can have, also those that this build does not bring.
    #[graphql(complexity = "20 + child_complexity")]
    async fn features(&self, context: &Context<'_>) -> Result<Vec<Feature>> {
        let features = super::features(ctx_of(context)?).await.map_err(failure)?;
        Ok(features.into_iter().map(Feature::from).collect())
    }
}

#[Object]
impl ModulesMutation {
    /// Switches a module on or off in this shop; its data stays.
    async fn toggle_module(
        &self,
        context: &Context<'_>,
        input: ToggleModuleInput,
    ) -> Result<ToggleModulePayload> {
        let wish = Wish { what: input.module.as_str(), enabled: input.enabled, cascade: input.cascade };
        let (modules, changed) = super::toggle_module(ctx_of(context)?, wish).await.map_err(failure)?;
        Ok(ToggleModulePayload {
            modules: modules.into_iter().map(Module::from).collect(),
            changed: changed.into_iter().map(str::to_owned).collect(),
        })
    }

    /// Switches a feature on or off in this shop; one that a module brings goes with its module.
    async fn toggle_feature(
        &self,
        context: &Context<'_>,
        input: ToggleFeatureInput,
    ) -> Result<ToggleFeaturePayload> {
        let wish = Wish { what: &input.feature, enabled: input.enabled, cascade: input.cascade };
        let (features, changed) = super::toggle_feature(ctx_of(context)?, wish).await.map_err(failure)?;
        Ok(ToggleFeaturePayload { features: features.into_iter().map(Feature::from).collect(), changed })
    }
}

/// What a shop has.
#[derive(SimpleObject)]
struct Capabilities {
    /// Names of its modules.
    modules: Vec<String>,
    /// Its features.
    features: Vec<FeatureName>,
}

/// A part of the program, and whether this shop has it.
#[derive(SimpleObject)]
struct Module {
    /// Its name.
    name: String,
    /// What it brings, in a sentence.
    about: String,
    /// Its version.
    version: String,
    /// Where it stands in the process that answers.
    state: ModuleState,
    /// Why, when it is not well.
    reason: Option<String>,
    /// Names of the modules that it needs.
    depends_on: Vec<String>,
    /// Names of the modules that need it, directly or through others.
    dependants: Vec<String>,
    /// Whether every shop has it.
    required: bool,
    /// Whether this shop has it.
    enabled: bool,
    /// The feature that it brings.
    feature: Option<FeatureName>,
    /// When the shop switched it last.
    changed_at: Option<DateTime>,
}

impl From<ModuleView> for Module {
    fn from(module: ModuleView) -> Self {
        let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        Self {
            name: module.name.to_owned(),
            about: module.about.to_owned(),
            version: module.version.to_owned(),
            state: module.state,
            reason: module.reason.map(|reason| reason.into_owned()),
            depends_on: owned(module.depends_on),
            dependants: owned(module.dependants),
            required: module.required,
            enabled: module.enabled,
            feature: module.feature,
            changed_at: module.changed_at.map(DateTime),
        }
    }
}

/// Something that a shop can have, and whether this one does.
#[derive(SimpleObject)]
struct Feature {
    /// Its name.
    name: FeatureName,
    /// Its name for people.
    title: String,
    /// What a shop has with it, in a sentence.
    about: String,
    /// Whether this shop has it.
    enabled: bool,
    /// Whether this build can have it.
    available: bool,
    /// The module that brings it, and with which it is switched.
    module: Option<String>,
    /// When the shop switched it last.
    changed_at: Option<DateTime>,
}

impl From<FeatureView> for Feature {
    fn from(view: FeatureView) -> Self {
        Self {
            name: view.feature,
            title: view.feature.title().to_owned(),
            about: view.feature.about().to_owned(),
            enabled: view.enabled,
            available: view.available,
            module: view.module.map(str::to_owned),
            changed_at: view.changed_at.map(DateTime),
        }
    }
}

/// Which module, on or off.
#[derive(InputObject)]
struct ToggleModuleInput {
    /// Its name.
    module: String,
    /// On or off.
    enabled: bool,
    /// Also what it needs when it is switched on, what needs it when it is switched off.
    #[graphql(default)]
    cascade: bool,
}

/// What came of it.
#[derive(SimpleObject)]
struct ToggleModulePayload {
    /// All modules as they are now.
    modules: Vec<Module>,
    /// Names of those that were switched, in order.
    changed: Vec<String>,
}

/// Which feature, on or off.
#[derive(InputObject)]
struct ToggleFeatureInput {
    /// Its name.
    feature: FeatureName,
    /// On or off.
    enabled: bool,
    /// Also what its module needs when it is switched on, what needs its module when it is switched off.
    #[graphql(default)]
    cascade: bool,
}

/// What came of it.
#[derive(SimpleObject)]
struct ToggleFeaturePayload {
    /// All features as they are now.
    features: Vec<Feature>,
    /// Whether anything was switched.
    changed: bool,
}
