//! GraphQL: parse, call, map.

use super::plain;
use crate::{seed, transfer};
use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use identity::tenant::domain::{self, DomainView};
use identity::tenant::life::{self, TenantFilter};
use identity::tenant::{self, NewOwner, NewTenant, TenantView};
use platform::graphql::{DateTime, PageInfo, ctx_of, failure};
use platform::{Ctx, Error};
use primitives::{Cursor, Direction, FieldError, PageArgs, Permission};

/// What the cursor of the list of tenants stands for.
const ORDER: &str = "tenant.slug";

/// Questions about tenants.
#[derive(Default)]
pub struct TenantQuery;

/// The life of tenants.
#[derive(Default)]
pub struct TenantMutation;

#[Object]
impl TenantQuery {
    /// Tenants of the platform by slug, forward only; `query` looks into slug and name.
    #[graphql(
        complexity = "10 + first.and_then(|n| usize::try_from(n).ok()).unwrap_or(20) * child_complexity"
    )]
    async fn tenants(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        query: Option<String>,
        status: Option<TenantStatus>,
    ) -> Result<TenantConnection> {
        let page = PageArgs::new(first, after, None, None)
            .map_err(|error| failure(Error::invalid_fields(vec![FieldError::from(error)])))?;
        debug_assert!(page.direction() == Direction::Forward);
        let after = page.cursor().map(|cursor| cursor.decode::<String>(ORDER)).transpose();
        let after = after.map_err(|error| failure(Error::invalid("after", error.to_string())))?;
        let filter = TenantFilter { query, status: status.map(|status| status.name().to_owned()) };
        let found = life::page(ctx_of(context)?, &filter, after.as_deref(), page.limit().into());
        let found = found.await.map_err(failure)?;
        let cursor = |tenant: Option<&TenantView>| -> Result<Option<String>> {
            let cursor = tenant.map(|tenant| Cursor::encode(ORDER, &tenant.slug)).transpose();
            Ok(cursor
                .map_err(|error| failure(Error::internal(error)))?
                .map(|cursor| cursor.as_str().to_owned()))
        };
        Ok(TenantConnection {
            page_info: PageInfo {
                has_next_page: found.has_next,
                has_previous_page: false,
                start_cursor: cursor(found.tenants.first())?,
                end_cursor: cursor(found.tenants.last())?,
            },
            total_count: i32::try_from(found.total).unwrap_or(i32::MAX),
            nodes: found.tenants.into_iter().map(Tenant).collect(),
        })
    }

    /// A tenant of the platform by slug or id; null when there is none.
    async fn tenant(&self, context: &Context<'_>, slug: String) -> Result<Option<Tenant>> {
        match life::get(ctx_of(context)?, &slug).await {
            Ok(found) => Ok(Some(Tenant(found))),
            Err(error) if error.code() == primitives::ErrorCode::NotFound => Ok(None),
            Err(error) => Err(failure(error)),
        }
    }

    /// Hosts of the own shop, proved or not.
    async fn shop_domains(&self, context: &Context<'_>) -> Result<Vec<Domain>> {
        let domains = domain::list(ctx_of(context)?).await.map_err(failure)?;
        Ok(domains.into_iter().map(Domain::from).collect())
    }
}

#[Object]
impl TenantMutation {
    /// Opens a shop, with its owner and, on request, with things to try it out with.
    async fn tenant_create(&self, context: &Context<'_>, input: TenantCreateInput) -> Result<TenantPayload> {
        let ctx = ctx_of(context)?;
        let base = NewTenant::new(&input.slug, &input.name, &input.currency, &input.country);
        let new = NewTenant {
            locale: input.locale.unwrap_or(base.locale.clone()),
            owner: input.owner.map(NewOwner::from),
            ..base
        };
        let created = tenant::create_by(ctx, new).await.map_err(failure)?;
        let made = tenant::system(ctx.app(), &created.slug).await.map_err(failure)?;
        if input.sample.unwrap_or(false) {
            // On its own: whoever goes away leaves no half a shop.
            let sample = made.clone();
            let filled = tokio::spawn(async move { seed::sample(&sample).await.map_err(plain) });
            filled.await.map_err(|error| failure(Error::internal(error)))?.map_err(failure)?;
        }
        payload(&made).await
    }

    /// Gives a tenant another name, slug or both. At its old slug there is nothing any more.
    async fn tenant_rename(&self, context: &Context<'_>, input: TenantRenameInput) -> Result<TenantPayload> {
        let ctx = of(context, &input.slug).await?;
        let renamed = life::rename(&ctx, input.name.as_deref(), input.new_slug.as_deref()).await;
        Ok(TenantPayload { tenant: Tenant(renamed.map_err(failure)?) })
    }

    /// Closes a tenant to everybody.
    async fn tenant_suspend(
        &self,
        context: &Context<'_>,
        input: TenantSuspendInput,
    ) -> Result<TenantPayload> {
        let ctx = of(context, &input.slug).await?;
        life::suspend(&ctx, &input.reason.unwrap_or_default()).await.map_err(failure)?;
        payload(&ctx).await
    }

    /// Opens a suspended tenant again.
    async fn tenant_resume(&self, context: &Context<'_>, input: TenantInput) -> Result<TenantPayload> {
        let ctx = of(context, &input.slug).await?;
        life::resume(&ctx).await.map_err(failure)?;
        payload(&ctx).await
    }

    /// Hides a tenant at once and has it deleted for good when the days of grace are over.
    async fn tenant_delete(&self, context: &Context<'_>, input: TenantDeleteInput) -> Result<TenantPayload> {
        let caller = ctx_of(context)?;
        let ctx = of(context, &input.slug).await?;
        let deleted = if ctx.tenant_id() == caller.tenant_id() {
            life::delete_own(&ctx, &input.confirm).await
        } else {
            life::delete(&ctx, &input.confirm).await
        };
        deleted.map_err(failure)?;
        payload(&ctx).await
    }

    /// Has a deleted tenant back, as it was.
    async fn tenant_restore(&self, context: &Context<'_>, input: TenantInput) -> Result<TenantPayload> {
        let ctx = of(context, &input.slug).await?;
        life::restore(&ctx).await.map_err(failure)?;
        payload(&ctx).await
    }

    /// Makes a copy of a tenant beside it: what it sells and how it looks, without customers, orders and people.
    async fn tenant_clone(&self, context: &Context<'_>, input: TenantCloneInput) -> Result<TenantPayload> {
        let ctx = of(context, &input.slug).await?;
        let into = transfer::ImportOptions {
            slug: Some(input.new_slug),
            copy: true,
            owner: input.owner.map(NewOwner::from),
        };
        // On its own: whoever goes away leaves no half a shop.
        let source = ctx.clone();
        let copied = tokio::spawn(async move {
            transfer::clone_tenant(&source, &std::env::temp_dir(), into).await.map_err(plain)
        });
        let copied = copied.await.map_err(|error| failure(Error::internal(error)))?.map_err(failure)?;
        payload(&tenant::system(ctx.app(), &copied.slug).await.map_err(failure)?).await
    }

    /// Names a host of a tenant and draws what proves it.
    async fn tenant_domain_add(
        &self,
        context: &Context<'_>,
        input: TenantDomainInput,
    ) -> Result<DomainPayload> {
        let ctx = of(context, &input.slug).await?;
        Ok(DomainPayload { domain: domain::add(&ctx, &input.host).await.map_err(failure)?.into() })
    }

    /// Looks for the proof of a tenant's host; from then on it leads there.
    async fn tenant_domain_verify(
        &self,
        context: &Context<'_>,
        input: TenantDomainInput,
    ) -> Result<DomainPayload> {
        let ctx = of(context, &input.slug).await?;
        Ok(DomainPayload { domain: domain::verify(&ctx, &input.host).await.map_err(failure)?.into() })
    }

    /// Takes a host from a tenant.
    async fn tenant_domain_remove(
        &self,
        context: &Context<'_>,
        input: TenantDomainInput,
    ) -> Result<DomainRemovedPayload> {
        let ctx = of(context, &input.slug).await?;
        domain::remove(&ctx, &input.host).await.map_err(failure)?;
        Ok(DomainRemovedPayload { removed: true })
    }

    /// Gives the own shop another name, slug or both. At its old slug there is nothing any more, and sessions end.
    async fn shop_rename(&self, context: &Context<'_>, input: ShopRenameInput) -> Result<ShopRenamePayload> {
        let renamed = life::rename(ctx_of(context)?, input.name.as_deref(), input.slug.as_deref()).await;
        let view = renamed.map_err(failure)?;
        Ok(ShopRenamePayload { slug: view.slug, name: view.name })
    }

    /// Hides the own shop at once and has it deleted for good when the days of grace are over.
    async fn shop_delete(&self, context: &Context<'_>, input: ShopDeleteInput) -> Result<ShopDeletePayload> {
        let at = life::delete_own(ctx_of(context)?, &input.confirm).await.map_err(failure)?;
        Ok(ShopDeletePayload { purge_at: DateTime(at) })
    }

    /// Names a host of the own shop and draws what proves it.
    async fn shop_domain_add(&self, context: &Context<'_>, input: ShopDomainInput) -> Result<DomainPayload> {
        Ok(DomainPayload {
            domain: domain::add(ctx_of(context)?, &input.host).await.map_err(failure)?.into(),
        })
    }

    /// Looks for the proof of a host; from then on it leads to the own shop.
    async fn shop_domain_verify(
        &self,
        context: &Context<'_>,
        input: ShopDomainInput,
    ) -> Result<DomainPayload> {
        Ok(DomainPayload {
            domain: domain::verify(ctx_of(context)?, &input.host).await.map_err(failure)?.into(),
        })
    }

    /// Takes a host from the own shop.
    async fn shop_domain_remove(
        &self,
        context: &Context<'_>,
        input: ShopDomainInput,
    ) -> Result<DomainRemovedPayload> {
        domain::remove(ctx_of(context)?, &input.host).await.map_err(failure)?;
        Ok(DomainRemovedPayload { removed: true })
    }
}

/// The caller, one of the platform's people, in the tenant of that slug.
async fn of(context: &Context<'_>, slug: &str) -> Result<Ctx> {
    life::of_tenant(ctx_of(context)?, Permission::TENANTS_MANAGE, slug).await.map_err(failure)
}

async fn payload(ctx: &Ctx) -> Result<TenantPayload> {
    Ok(TenantPayload { tenant: Tenant(life::view(ctx).await.map_err(failure)?) })
}

/// A tenant of the platform.
struct Tenant(TenantView);

#[Object]
impl Tenant {
    /// Key.
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Name in addresses.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// Name that shoppers see.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Where it stands.
    async fn status(&self) -> TenantStatus {
        TenantStatus::of(&self.0.status)
    }

    /// Language of the shop.
    async fn locale(&self) -> String {
        self.0.info.locale.to_string()
    }

    /// ISO 4217 code of every price.
    async fn currency(&self) -> &str {
        self.0.currency.code()
    }

    /// ISO 3166-1 code of where it stands.
    async fn country(&self) -> &str {
        self.0.country.as_str()
    }

    /// Hosts that lead there.
    async fn hosts(&self) -> &[String] {
        &self.0.domains
    }

    /// Hosts of its own, proved or not.
    #[graphql(complexity = "50 + child_complexity")]
    async fn domains(&self, context: &Context<'_>) -> Result<Vec<Domain>> {
        let ctx = life::of_tenant(ctx_of(context)?, Permission::TENANTS_LIST, &self.0.id.to_string()).await;
        // Whoever may list tenants may see their hosts.
        let ctx = ctx.map_err(failure)?.with_actor(platform::Actor::System("tenants"));
        let domains = domain::list(&ctx).await.map_err(failure)?;
        Ok(domains.into_iter().map(Domain::from).collect())
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When a deleted one goes for good.
    async fn purge_at(&self) -> Option<DateTime> {
        self.0.purge_at.map(DateTime)
    }
}

/// Where a tenant stands.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum TenantStatus {
    /// Open to everybody.
    Active,
    /// Closed to everybody.
    Suspended,
    /// Hidden; can be had back.
    Deleted,
    /// Going for good.
    Purging,
    /// An import or a copy is filling it.
    Filling,
}

impl TenantStatus {
    fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Deleted => "deleted",
            Self::Purging => "purging",
            Self::Filling => "filling",
        }
    }

    fn of(name: &str) -> Self {
        let all = [Self::Suspended, Self::Deleted, Self::Purging, Self::Filling];
        all.into_iter().find(|status| status.name() == name).unwrap_or(Self::Active)
    }
}

/// Some tenants.
#[derive(SimpleObject)]
struct TenantConnection {
    /// By slug.
    nodes: Vec<Tenant>,
    /// Where the page stands.
    page_info: PageInfo,
    /// How many there are on all pages.
    total_count: i32,
}

/// A host of a shop.
#[derive(SimpleObject)]
#[graphql(name = "TenantDomain", complex)]
struct Domain {
    /// The host.
    host: String,
    /// Since when it leads to the shop; not yet when null.
    verified_at: Option<DateTime>,
    /// Name of the TXT record that proves it.
    record_name: String,
    /// What the record has to say.
    record_value: String,
    /// When it was named.
    created_at: DateTime,
}

#[ComplexObject]
impl Domain {
    /// Whether it leads to the shop.
    async fn verified(&self) -> bool {
        self.verified_at.is_some()
    }
}

impl From<DomainView> for Domain {
    fn from(view: DomainView) -> Self {
        Self {
            host: view.host,
            verified_at: view.verified_at.map(DateTime),
            record_name: view.record_name,
            record_value: view.record_value,
            created_at: DateTime(view.created_at),
        }
    }
}

/// The first person of a shop.
#[derive(InputObject)]
struct TenantOwnerInput {
    /// Address.
    email: String,
    /// May be empty.
    name: Option<String>,
    /// Without one an invitation is sent by mail.
    password: Option<String>,
}

impl From<TenantOwnerInput> for NewOwner {
    fn from(input: TenantOwnerInput) -> Self {
        let password = input.password.filter(|password| !password.is_empty());
        Self { email: input.email, name: input.name.unwrap_or_default(), password }
    }
}

/// A new tenant.
#[derive(InputObject)]
struct TenantCreateInput {
    /// Name in addresses.
    slug: String,
    /// Name that shoppers see.
    name: String,
    /// Language; `en` when not given.
    locale: Option<String>,
    /// ISO 4217 code.
    currency: String,
    /// ISO 3166-1 alpha-2 code.
    country: String,
    /// Its first person.
    owner: Option<TenantOwnerInput>,
    /// With things to try it out with.
    sample: Option<bool>,
}

/// Which tenant.
#[derive(InputObject)]
struct TenantInput {
    /// Its slug.
    slug: String,
}

/// Another name for a tenant.
#[derive(InputObject)]
struct TenantRenameInput {
    /// Its slug.
    slug: String,
    /// The new name.
    name: Option<String>,
    /// The new slug.
    new_slug: Option<String>,
}

/// Which tenant to close, and why.
#[derive(InputObject)]
struct TenantSuspendInput {
    /// Its slug.
    slug: String,
    /// For the log, up to 500 characters.
    reason: Option<String>,
}

/// Which tenant to delete.
#[derive(InputObject)]
struct TenantDeleteInput {
    /// Its slug.
    slug: String,
    /// Its slug once more, typed by whoever means it.
    confirm: String,
}

/// Which tenant to copy, and where to.
#[derive(InputObject)]
struct TenantCloneInput {
    /// Its slug.
    slug: String,
    /// Slug of the copy.
    new_slug: String,
    /// The first person of the copy.
    owner: Option<TenantOwnerInput>,
}

/// A host of a tenant.
#[derive(InputObject)]
struct TenantDomainInput {
    /// The tenant's slug.
    slug: String,
    /// The host.
    host: String,
}

/// A host of the own shop.
#[derive(InputObject)]
struct ShopDomainInput {
    /// The host.
    host: String,
}

/// Another name for the own shop.
#[derive(InputObject)]
struct ShopRenameInput {
    /// The new name.
    name: Option<String>,
    /// The new slug.
    slug: Option<String>,
}

/// The end of the own shop.
#[derive(InputObject)]
struct ShopDeleteInput {
    /// Its slug, typed by whoever means it.
    confirm: String,
}

/// The tenant as it is now.
#[derive(SimpleObject)]
struct TenantPayload {
    /// The tenant.
    tenant: Tenant,
}

/// The host as it is now.
#[derive(SimpleObject)]
struct DomainPayload {
    /// The host.
    domain: Domain,
}

/// The host is gone.
#[derive(SimpleObject)]
struct DomainRemovedPayload {
    /// Always true.
    removed: bool,
}

/// The shop's names as they are now.
#[derive(SimpleObject)]
struct ShopRenamePayload {
    /// Name in addresses.
    slug: String,
    /// Name that shoppers see.
    name: String,
}

/// The shop is hidden.
#[derive(SimpleObject)]
struct ShopDeletePayload {
    /// When it goes for good.
    purge_at: DateTime,
}
