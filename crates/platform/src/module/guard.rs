//! Holding the switches: errors, the questions to a [`Ctx`], guards for GraphQL.

use super::Feature;
use crate::graphql::{ctx_of, failure};
use crate::{Actor, Ctx, Error, Result};
use async_graphql::{Context, Guard};
use primitives::ErrorCode;

/// `MODULE_DISABLED`, as this caller gets it: 404 for shoppers, who are told that it is not there, 403 for staff.
pub fn module_off(ctx: &Ctx, module: &str) -> Error {
    refused(ctx, ErrorCode::ModuleDisabled, format!("the module {module} is switched off in this shop"))
}

/// `FEATURE_NOT_ENABLED`, as this caller gets it: 404 for shoppers, 403 for staff.
pub fn feature_off(ctx: &Ctx, feature: Feature) -> Error {
    refused(ctx, ErrorCode::FeatureNotEnabled, format!("the feature {feature} is not enabled in this shop"))
}

fn refused(ctx: &Ctx, code: ErrorCode, message: String) -> Error {
    let error = Error::new(code, message);
    match ctx.actor() {
        Actor::Anonymous | Actor::Customer { .. } => error,
        _ => error.with_status(403),
    }
}

impl Ctx {
    /// Whether the shop has a module.
    pub fn has_module(&self, name: &str) -> bool {
        self.tenant().switches.module(name)
    }

    /// Whether the shop has a feature.
    pub fn has_feature(&self, feature: Feature) -> bool {
        self.tenant().switches.feature(feature)
    }

    /// Refuses where the shop has switched a module off. The process itself goes on: data is kept up to date, and
    /// what has begun is brought to its end.
    ///
    /// # Errors
    /// `MODULE_DISABLED`.
    pub fn require_module(&self, name: &str) -> Result<()> {
        if self.has_module(name) || matches!(self.actor(), Actor::System(_)) {
            return Ok(());
        }
        Err(module_off(self, name))
    }

    /// As [`Ctx::require_module`], for a feature.
    ///
    /// # Errors
    /// `FEATURE_NOT_ENABLED`.
    pub fn require_feature(&self, feature: Feature) -> Result<()> {
        if self.has_feature(feature) || matches!(self.actor(), Actor::System(_)) {
            return Ok(());
        }
        Err(feature_off(self, feature))
    }
}

/// Guards a GraphQL field below the root: `#[graphql(guard = "FeatureGuard::new(Feature::AdvancedSearch)")]`.
#[derive(Clone, Copy, Debug)]
pub struct FeatureGuard(Feature);

impl FeatureGuard {
    /// Lets the field be asked for where the shop has the feature.
    pub fn new(feature: Feature) -> Self {
        Self(feature)
    }
}

impl Guard for FeatureGuard {
    async fn check(&self, context: &Context<'_>) -> async_graphql::Result<()> {
        ctx_of(context)?.require_feature(self.0).map_err(failure)
    }
}

/// Guards a GraphQL field of one module in a type of another: `#[graphql(guard = "ModuleGuard::new(\"commerce\")")]`.
#[derive(Clone, Copy, Debug)]
pub struct ModuleGuard(&'static str);

impl ModuleGuard {
    /// Lets the field be asked for where the shop has the module.
    pub fn new(module: &'static str) -> Self {
        Self(module)
    }
}

impl Guard for ModuleGuard {
    async fn check(&self, context: &Context<'_>) -> async_graphql::Result<()> {
        ctx_of(context)?.require_module(self.0).map_err(failure)
    }
}
