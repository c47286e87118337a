//! Who asks, for which tenant, and through which door.

use crate::audit::Origin;
use crate::db::{Reader, Tx};
use crate::{App, Error, Result, TenantInfo};
use primitives::{ApiKeyId, Currency, Locale, Permission, PermissionSet, Scope, TenantId, Timestamp, UserId};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Everything a use case knows about the call it serves. Cheap to clone.
#[derive(Clone)]
pub struct Ctx(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    app: App,
    tenant: Arc<TenantInfo>,
    actor: Actor,
    locale: Locale,
    currency: Option<Currency>,
    request_id: Arc<str>,
    origin: Option<Arc<Origin>>,
    mark: Option<Arc<dyn Mark>>,
    ahead: Option<Arc<Ahead>>,
}

/// A reader of a tenant that is made ready while a call is still looked at; see [`Ctx::reading`].
pub struct Ahead(Mutex<Option<Reader>>);

impl Ahead {
    /// None when none is to spare.
    pub async fn of(app: &App, tenant: TenantId) -> Option<Self> {
        Some(Self(Mutex::new(Some(app.db().spare_reader(tenant).await?))))
    }

    fn take(&self, tenant: TenantId) -> Option<Reader> {
        let mut reader = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reader.take_if(|reader| reader.tenant_id() == tenant)
    }
}

/// What has to be written with the first change that a call makes, such as that a request under its key is done; see
/// [`Ctx::marked`].
pub trait Mark: Send + Sync {
    /// Whose changes it goes along with.
    fn tenant(&self) -> TenantId;

    /// Whether nothing was committed with it yet.
    fn is_open(&self) -> bool;

    /// Writes it; an error rolls the change back.
    fn write<'t>(&'t self, tx: &'t Tx) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 't>>;

    /// It was committed.
    fn close(&self);
}

/// Who acts.
#[derive(Clone, Debug, PartialEq)]
pub enum Actor {
    /// Nobody signed in.
    Anonymous,
    /// A customer of this tenant: own orders, own data.
    Customer {
        /// The account.
        user: UserId,
    },
    /// A member of this tenant's staff.
    Staff {
        /// The account.
        user: UserId,
        /// What the roles of the account add up to.
        permissions: PermissionSet,
    },
    /// A program with an API key of this tenant. It is nobody's account: what asks for a signed-in person is shut.
    ApiKey {
        /// The key.
        key: ApiKeyId,
        /// Who made it; things that this person owns are the key's own.
        owner: UserId,
        /// What the key may do: never more than its owner may at this moment.
        permissions: PermissionSet,
    },
    /// A part of the process itself: relay, projections, jobs, command line.
    System(&'static str),
}

/// What a door asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Any signed-in account; the use case limits it to its own things.
    SignedIn,
    /// Staff holding this permission.
    Permission(Permission),
    /// Staff holding this permission, be it for the own things alone; the use case asks [`Ctx::only_own`].
    Owned(Permission),
    /// Only the process itself.
    System,
}

impl From<Permission> for Access {
    fn from(permission: Permission) -> Self {
        Self::Permission(permission)
    }
}

impl Ctx {
    /// A context for one call.
    pub fn new(app: App, tenant: Arc<TenantInfo>, actor: Actor, request_id: impl Into<Arc<str>>) -> Self {
        let locale = tenant.locale;
        Self(Arc::new(Inner {
            app,
            tenant,
            actor,
            locale,
            currency: None,
            request_id: request_id.into(),
            origin: None,
            mark: None,
            ahead: None,
        }))
    }

    /// A context of the process itself, by the name of the part that acts.
    pub fn system(app: &App, tenant: Arc<TenantInfo>, name: &'static str) -> Self {
        Self::new(app.clone(), tenant, Actor::System(name), name)
    }

    /// An operator at the command line, who does `operation`. Unlike other work of the process itself this is noted
    /// in the audit log.
    pub fn operator(app: &App, tenant: Arc<TenantInfo>, operation: impl Into<String>) -> Self {
        let origin = Origin { operation: operation.into(), ..Origin::default() };
        Self::system(app, tenant, "operator").with_origin(origin)
    }

    /// The same call, known to come from there.
    pub fn with_origin(&self, origin: Origin) -> Self {
        Self(Arc::new(Inner { origin: Some(Arc::new(origin)), ..(*self.0).clone() }))
    }

    /// The same call, whose first change writes this, too.
    pub fn marked(&self, mark: Arc<dyn Mark>) -> Self {
        Self(Arc::new(Inner { mark: Some(mark), ..(*self.0).clone() }))
    }

    /// The same call, whose first reading goes through this: the way to the database that says whose rows are wanted is over
    /// by the time that they are asked for.
    pub fn reading(&self, ahead: Ahead) -> Self {
        Self(Arc::new(Inner { ahead: Some(Arc::new(ahead)), ..(*self.0).clone() }))
    }

    /// The same call, by the name of what is being done.
    pub fn doing(&self, operation: impl Into<String>) -> Self {
        let origin = Origin { operation: operation.into(), ..self.origin().cloned().unwrap_or_default() };
        self.with_origin(origin)
    }

    /// The same call as somebody else.
    pub fn with_actor(&self, actor: Actor) -> Self {
        Self(Arc::new(Inner { actor, ..(*self.0).clone() }))
    }

    /// The same call by somebody who shops: whoever works here may buy here too, and does so as a customer.
    pub fn shopping(&self) -> Self {
        match self.actor() {
            Actor::Staff { user, .. } => self.with_actor(Actor::Customer { user: *user }),
            _ => self.clone(),
        }
    }

    /// The same call, by the same actor, in another tenant; for the platform's people, whose right to be there the caller
    /// has checked.
    pub fn at(&self, tenant: Arc<TenantInfo>) -> Self {
        Self(Arc::new(Inner { locale: tenant.locale, currency: None, tenant, ..(*self.0).clone() }))
    }

    /// The same call in a session that has chosen this currency; `None`: the shop's own.
    pub fn in_currency(&self, currency: Option<Currency>) -> Self {
        Self(Arc::new(Inner { currency, ..(*self.0).clone() }))
    }

    /// The process.
    pub fn app(&self) -> &App {
        &self.0.app
    }

    /// The tenant with its settings.
    pub fn tenant(&self) -> &Arc<TenantInfo> {
        &self.0.tenant
    }

    /// The tenant's key.
    pub fn tenant_id(&self) -> TenantId {
        self.0.tenant.id
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.0.actor
    }

    /// Where the call comes from, if anybody said.
    pub fn origin(&self) -> Option<&Origin> {
        self.0.origin.as_deref()
    }

    /// Whether what this call writes is noted in the audit log: that of people, their programs and operators is.
    pub(crate) fn is_audited(&self) -> bool {
        match self.actor() {
            Actor::Customer { .. } | Actor::Staff { .. } | Actor::ApiKey { .. } => true,
            Actor::System(_) => self.origin().is_some(),
            Actor::Anonymous => false,
        }
    }

    /// The account that acts, if any.
    pub fn user_id(&self) -> Option<UserId> {
        match self.actor() {
            Actor::Customer { user } | Actor::Staff { user, .. } => Some(*user),
            Actor::Anonymous | Actor::ApiKey { .. } | Actor::System(_) => None,
        }
    }

    /// The API key that acts, if any.
    pub fn api_key(&self) -> Option<ApiKeyId> {
        match self.actor() {
            Actor::ApiKey { key, .. } => Some(*key),
            _ => None,
        }
    }

    /// What the actor may do as staff; `None` for the process itself, which nobody asks.
    pub fn permissions(&self) -> Option<PermissionSet> {
        match self.actor() {
            Actor::Staff { permissions, .. } | Actor::ApiKey { permissions, .. } => Some(*permissions),
            Actor::Anonymous | Actor::Customer { .. } => Some(PermissionSet::EMPTY),
            Actor::System(_) => None,
        }
    }

    /// The person whose things alone the actor reaches with a permission; `None` when it reaches everybody's.
    /// To be asked behind a door of [`Access::Owned`].
    pub fn only_own(&self, permission: Permission) -> Option<UserId> {
        match self.actor() {
            Actor::Staff { user: owner, permissions } | Actor::ApiKey { owner, permissions, .. } => {
                (permissions.scope_of(permission) != Some(Scope::All)).then_some(*owner)
            }
            // The door has let nobody else in.
            Actor::Customer { user } => Some(*user),
            Actor::Anonymous => Some(UserId::from_uuid(uuid::Uuid::nil())),
            Actor::System(_) => None,
        }
    }

    /// Language of the answer.
    pub fn locale(&self) -> &Locale {
        &self.0.locale
    }

    /// The currency that the session has chosen, offered by the shop or not; `None`: the shop's own. What it means is said by
    /// the module that sells.
    pub fn wanted_currency(&self) -> Option<Currency> {
        self.0.currency
    }

    /// Correlates log lines, events and answers of one call.
    pub fn request_id(&self) -> &str {
        &self.0.request_id
    }

    /// The time of this call's clock.
    pub fn now(&self) -> Timestamp {
        self.app().clock().now()
    }

    /// Whether the actor may pass a door that asks for `access`.
    pub fn allows(&self, access: impl Into<Access>) -> bool {
        self.require(access).is_ok()
    }

    /// `UNAUTHENTICATED` for nobody, `FORBIDDEN` for somebody without the permission.
    pub fn require(&self, access: impl Into<Access>) -> Result<()> {
        let access = access.into();
        match (access, self.actor()) {
            (Access::Public, _) | (_, Actor::System(_)) => Ok(()),
            (_, Actor::Anonymous) => Err(Error::unauthenticated()),
            (Access::SignedIn, Actor::ApiKey { .. }) => {
                Err(Error::forbidden("this is for people, an API key is nobody's account"))
            }
            (Access::SignedIn, _) => Ok(()),
            (
                Access::Permission(needed),
                Actor::Staff { permissions, .. } | Actor::ApiKey { permissions, .. },
            ) if permissions.contains(needed) => Ok(()),
            (Access::Owned(needed), Actor::Staff { permissions, .. } | Actor::ApiKey { permissions, .. })
                if permissions.scope_of(needed).is_some() =>
            {
                Ok(())
            }
            (Access::Permission(needed) | Access::Owned(needed), _) => {
                Err(Error::forbidden(format!("this needs the permission {}", needed.name())))
            }
            (Access::System, _) => Err(Error::forbidden("only the server itself does this")),
        }
    }

    /// The reading door: checks `access`, then hands out this tenant's rows.
    ///
    /// On PostgreSQL the reader is a connection that only reads and shows this tenant alone, so row level security holds for
    /// every statement.
    pub async fn read(&self, access: impl Into<Access>) -> Result<Reader> {
        self.require(access)?;
        match self.0.ahead.as_ref().and_then(|ahead| ahead.take(self.tenant_id())) {
            Some(reader) => Ok(reader),
            None => self.app().db().reader(self.tenant_id()).await,
        }
    }

    /// As [`Ctx::read`], and every statement sees the rows as they were at the first one; for whole copies of a tenant.
    ///
    /// It holds a connection, and on SQLite the log grows meanwhile: read on, and let go.
    pub async fn snapshot(&self, access: impl Into<Access>) -> Result<Reader> {
        self.require(access)?;
        self.app().db().snapshot(self.tenant_id()).await
    }

    /// The writing door: checks `access`, opens a transaction, runs `work`, commits.
    ///
    /// `work` sees only this tenant's rows and must touch nothing but the database: on SQLite every other writer waits
    /// for it. Whatever it returns as an error rolls everything back, events included; so does a `work` that takes
    /// longer than `database.write_timeout_ms` (`SERVICE_UNAVAILABLE`).
    /// What a person has changed is noted in the same transaction, see [`crate::audit`].
    /// Once `work` has succeeded the commit goes on even when the caller goes away.
    /// When PostgreSQL asks for the transaction to be run again (serialisation failure, deadlock), the error says so
    /// ([`Error::is_retryable`]); a use case that can run twice goes through [`crate::error::retry`].
    pub async fn write<T, E>(
        &self,
        access: impl Into<Access>,
        work: impl AsyncFnOnce(&Tx) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E>
    where
        E: From<Error>,
    {
        self.require(access)?;
        let tx = self.app().db().begin(self.clone()).await?;
        let longest = Duration::from_millis(self.app().config().database.write_timeout_ms);
        let noted = async {
            let value = work(&tx).await?;
            tx.note().await?;
            if let Some(mark) =
                self.0.mark.as_ref().filter(|mark| mark.is_open() && mark.tenant() == self.tenant_id())
            {
                mark.write(&tx).await?;
                let mark = mark.clone();
                tx.after_commit(move || mark.close());
            }
            Ok(value)
        };
        match tokio::time::timeout(longest, noted).await {
            Ok(Ok(value)) => {
                tx.commit().await?;
                Ok(value)
            }
            Ok(Err(error)) => {
                tx.rollback().await;
                Err(error)
            }
            Err(_) => {
                // Dropping rolls back without waiting for the statement that takes so long.
                drop(tx);
                tracing::warn!(request_id = self.request_id(), "a write took longer than {longest:?}");
                Err(Error::unavailable("this took too long and was undone, try again").into())
            }
        }
    }
}
