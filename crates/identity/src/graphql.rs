//! GraphQL: parse, call, map.

use crate::door::{Authenticated, Visit};
use crate::roles::graphql::AssignedRole;
use crate::roles::{self, Held, RoleKey};
use crate::tenant::{self, ShopChange};
use crate::user::{self, NewUser, ProfileChange, Registration, UserFilter};
use crate::{session, signin, view};
use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Json, Object, Result, SimpleObject};
use platform::graphql::{DateTime, PageInfo, ctx_of, failure, parse_id};
use platform::{Error, TenantInfo};
use primitives::{ErrorCode, FieldError, PageArgs};

/// Questions about the shop and its people.
#[derive(Default)]
pub struct IdentityQuery;

/// Signing in and out, people, settings of the shop.
#[derive(Default)]
pub struct IdentityMutation;

#[Object]
impl IdentityQuery {
    /// Whoever asks; null when nobody is signed in.
    async fn me(&self, context: &Context<'_>) -> Result<Option<Me>> {
        Ok(user::me(ctx_of(context)?).await.map_err(failure)?.map(Me::from))
    }

    /// The shop of this request.
    async fn shop(&self, context: &Context<'_>) -> Result<Shop> {
        Ok(Shop::from(&**ctx_of(context)?.tenant()))
    }

    /// People of the shop, newest first; `query` looks into address and name, `role` is the key of one, `staff` leaves
    /// out who only buys.
    #[graphql(complexity = "10 + page_size(first, last) * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection, and three filters")]
    async fn users(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        query: Option<String>,
        role: Option<String>,
        #[graphql(default)] staff: bool,
    ) -> Result<UserConnection> {
        let page = PageArgs::new(first, after, last, before)
            .map_err(|error| failure(Error::invalid_fields(vec![FieldError::from(error)])))?;
        let role = role
            .map(|key| RoleKey::parse(&key).map_err(|error| Error::invalid("role", error.to_string())))
            .transpose()
            .map_err(failure)?;
        let filter = UserFilter { query, role, staff };
        let page = user::list(ctx_of(context)?, &filter, &page).await.map_err(failure)?;
        Ok(UserConnection::from(page))
    }

    /// A person of the shop; null when there is none with this id.
    async fn user(&self, context: &Context<'_>, id: ID) -> Result<Option<User>> {
        let Ok(id) = id.parse() else { return Ok(None) };
        match user::get(ctx_of(context)?, id).await {
            Ok(user) => Ok(Some(user.into())),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(failure(error)),
        }
    }

    /// My open sessions, newest first.
    async fn my_sessions(&self, context: &Context<'_>) -> Result<Vec<Session>> {
        let sessions = session::list_own(ctx_of(context)?, visit_of(context)?).await.map_err(failure)?;
        Ok(sessions.into_iter().map(Session::from).collect())
    }
}

#[Object]
impl IdentityMutation {
    /// Starts a browser session; the cookie comes with the answer. Who has a second step gets a challenge instead.
    async fn sign_in(&self, context: &Context<'_>, input: SignInInput) -> Result<SignInPayload> {
        let (ctx, visit) = (ctx_of(context)?, visit_of(context)?);
        let step = signin::first_step(ctx, &input.email, &input.password, visit).await.map_err(failure)?;
        Ok(SignInPayload::answer(context, step))
    }

    /// Ends the session of this request and clears its cookie.
    async fn sign_out(&self, context: &Context<'_>) -> Result<SignOutPayload> {
        let cookie = session::sign_out(ctx_of(context)?, visit_of(context)?).await.map_err(failure)?;
        context.append_http_header("set-cookie", cookie);
        Ok(SignOutPayload { signed_out: true })
    }

    /// Opens a customer's account; the same answer whether or not the address has one. Does not sign in.
    async fn register(&self, context: &Context<'_>, input: RegisterInput) -> Result<RegisterPayload> {
        let RegisterInput { email, password, name, locale } = input;
        let new = Registration { email, password, name, locale };
        user::register(ctx_of(context)?, new, visit_of(context)?).await.map_err(failure)?;
        Ok(RegisterPayload { accepted: true })
    }

    /// Changes my password and ends my other sessions.
    async fn change_password(
        &self,
        context: &Context<'_>,
        input: ChangePasswordInput,
    ) -> Result<ChangePasswordPayload> {
        let (ctx, visit) = (ctx_of(context)?, visit_of(context)?);
        user::change_password(ctx, &input.current, &input.new, visit).await.map_err(failure)?;
        Ok(ChangePasswordPayload { changed: true })
    }

    /// Changes my name and language.
    async fn update_profile(
        &self,
        context: &Context<'_>,
        input: UpdateProfileInput,
    ) -> Result<UpdateProfilePayload> {
        let change = ProfileChange { name: input.name, locale: input.locale };
        let user = user::update_profile(ctx_of(context)?, change).await.map_err(failure)?;
        Ok(UpdateProfilePayload { user: user.into() })
    }

    /// Ends one of my sessions.
    async fn revoke_session(
        &self,
        context: &Context<'_>,
        input: RevokeSessionInput,
    ) -> Result<RevokeSessionPayload> {
        let id = parse_id(&input.id, "session")?;
        session::revoke_own(ctx_of(context)?, id).await.map_err(failure)?;
        Ok(RevokeSessionPayload { revoked: true })
    }

    /// Creates a person with roles.
    async fn create_user(&self, context: &Context<'_>, input: CreateUserInput) -> Result<UserPayload> {
        let CreateUserInput { email, password, name, roles } = input;
        let roles = RoleKey::parse_all("roles", &roles).map_err(failure)?;
        let new = NewUser { email, password, name, locale: None, roles };
        Ok(UserPayload { user: user::create(ctx_of(context)?, new).await.map_err(failure)?.into() })
    }

    /// Replaces the roles of a person.
    async fn set_user_roles(&self, context: &Context<'_>, input: SetUserRolesInput) -> Result<UserPayload> {
        let id = parse_id(&input.id, "user")?;
        let roles = RoleKey::parse_all("roles", &input.roles).map_err(failure)?;
        Ok(UserPayload { user: roles::assign(ctx_of(context)?, id, roles).await.map_err(failure)?.into() })
    }

    /// Opens or closes an account; closing ends its sessions.
    async fn set_user_status(&self, context: &Context<'_>, input: SetUserStatusInput) -> Result<UserPayload> {
        let id = parse_id(&input.id, "user")?;
        let active = input.status == UserStatus::Active;
        Ok(UserPayload {
            user: user::set_active(ctx_of(context)?, id, active).await.map_err(failure)?.into(),
        })
    }

    /// Changes the settings of the shop.
    async fn update_shop(&self, context: &Context<'_>, input: UpdateShopInput) -> Result<UpdateShopPayload> {
        let change = ShopChange {
            name: input.name,
            locale: input.locale,
            country: input.country,
            theme: input.theme,
            prices_include_tax: input.prices_include_tax,
            storefront: input.storefront.map(|document| document.0),
            section: None,
        };
        let shop = tenant::update(ctx_of(context)?, change).await.map_err(failure)?;
        Ok(UpdateShopPayload { shop: Shop::from(&*shop) })
    }
}

/// The browser behind the call; the host puts it there.
pub(crate) fn visit_of<'a>(context: &Context<'a>) -> Result<&'a Visit> {
    let who = context
        .data::<Authenticated>()
        .map_err(|_| failure(Error::internal("no Authenticated in the GraphQL context")));
    who.map(|who| &who.visit)
}

fn page_size(first: Option<i32>, last: Option<i32>) -> usize {
    first.or(last).and_then(|size| usize::try_from(size).ok()).unwrap_or(PageArgs::DEFAULT as usize)
}

/// Whoever asks.
#[derive(SimpleObject)]
struct Me {
    /// The account.
    user: User,
    /// Staff or customer.
    kind: ActorKind,
    /// What this person may do, as `resource:action`; `manage` covers every action on its resource, `:own` at the end
    /// means the own things alone.
    permissions: Vec<String>,
}

impl From<view::MeView> for Me {
    fn from(me: view::MeView) -> Self {
        Self {
            kind: if me.is_staff() { ActorKind::Staff } else { ActorKind::Customer },
            permissions: me.permissions.iter().map(|grant| grant.name()).collect(),
            user: me.user.into(),
        }
    }
}

/// Which door somebody uses.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum ActorKind {
    /// Works for the shop.
    Staff,
    /// Buys in the shop.
    Customer,
}

/// A person.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct User {
    /// Key.
    id: ID,
    /// Address, lower case.
    email: String,
    /// Name; may be empty.
    name: String,
    /// Language.
    locale: String,
    /// Whether the person may sign in.
    status: UserStatus,
    /// Names of the system roles, the mightiest first.
    roles: Vec<String>,
    /// Roles of the shop's own, by name.
    custom_roles: Vec<AssignedRole>,
    #[graphql(skip)]
    pub(crate) held: Held,
    /// When the account was opened.
    created_at: DateTime,
    /// When the person last signed in.
    last_sign_in_at: Option<DateTime>,
    /// When the person showed that the address is her own; null until then.
    email_verified_at: Option<DateTime>,
}

impl From<view::UserView> for User {
    fn from(user: view::UserView) -> Self {
        let held = user.held();
        Self {
            id: ID(user.id.to_string()),
            custom_roles: AssignedRole::all(&held),
            held,
            email: user.email,
            name: user.name,
            locale: user.locale.to_string(),
            status: if user.active { UserStatus::Active } else { UserStatus::Disabled },
            roles: user.roles.iter().map(|role| role.as_str().to_owned()).collect(),
            created_at: DateTime(user.created_at),
            last_sign_in_at: user.last_sign_in_at.map(DateTime),
            email_verified_at: user.email_verified_at.map(DateTime),
        }
    }
}

/// Whether a person may sign in.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum UserStatus {
    /// May sign in.
    Active,
    /// May not.
    Disabled,
}

/// A page of people.
#[derive(SimpleObject)]
#[graphql(complex)]
struct UserConnection {
    /// The people with their cursors.
    edges: Vec<UserEdge>,
    /// Where the page stands.
    page_info: PageInfo,
    /// How many there are on all pages.
    total_count: i64,
}

#[ComplexObject]
impl UserConnection {
    /// The people alone.
    async fn nodes(&self) -> Vec<&User> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }
}

/// A person in a page.
#[derive(SimpleObject)]
struct UserEdge {
    /// The person.
    node: User,
    /// The place.
    cursor: String,
}

impl From<user::UserPage> for UserConnection {
    fn from(page: user::UserPage) -> Self {
        let cursor =
            |edge: Option<&(view::UserView, primitives::Cursor)>| edge.map(|edge| edge.1.to_string());
        Self {
            page_info: PageInfo {
                has_next_page: page.has_next,
                has_previous_page: page.has_previous,
                start_cursor: cursor(page.users.first()),
                end_cursor: cursor(page.users.last()),
            },
            total_count: i64::try_from(page.total).unwrap_or(i64::MAX),
            edges: page
                .users
                .into_iter()
                .map(|(user, cursor)| UserEdge { node: user.into(), cursor: cursor.to_string() })
                .collect(),
        }
    }
}

/// A signed-in browser or API client.
#[derive(SimpleObject)]
pub(crate) struct Session {
    /// Key.
    id: ID,
    /// Browser or API client.
    kind: SessionKind,
    /// When it began.
    created_at: DateTime,
    /// When it ends by itself.
    expires_at: DateTime,
    /// What the browser calls itself.
    user_agent: String,
    /// Whether this very request belongs to it.
    current: bool,
}

impl From<view::SessionView> for Session {
    fn from(session: view::SessionView) -> Self {
        Self {
            id: ID(session.id.to_string()),
            kind: if session.browser { SessionKind::Browser } else { SessionKind::Api },
            created_at: DateTime(session.created_at),
            expires_at: DateTime(session.expires_at),
            user_agent: session.user_agent,
            current: session.current,
        }
    }
}

/// What holds a session.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum SessionKind {
    /// A browser, by cookie.
    Browser,
    /// A program, by token.
    Api,
}

/// A shop.
#[derive(SimpleObject)]
struct Shop {
    /// Key.
    id: ID,
    /// Name in addresses.
    slug: String,
    /// Name that shoppers see.
    name: String,
    /// Default language.
    locale: String,
    /// ISO 4217 code of every price.
    currency: String,
    /// ISO 3166-1 code of the country whose tax applies.
    country: String,
    /// Whether entered prices include tax.
    prices_include_tax: bool,
    /// Theme name.
    theme: String,
    /// Announcement, menus, blocks of the home page, footer.
    storefront: Json<serde_json::Value>,
}

impl From<&TenantInfo> for Shop {
    fn from(tenant: &TenantInfo) -> Self {
        Self {
            id: ID(tenant.id.to_string()),
            slug: tenant.slug.clone(),
            name: tenant.name.clone(),
            locale: tenant.locale.to_string(),
            currency: tenant.currency.code().to_owned(),
            country: tenant.country.as_str().to_owned(),
            prices_include_tax: tenant.prices_include_tax,
            theme: tenant.theme.clone(),
            storefront: Json(serde_json::Value::clone(&tenant.storefront)),
        }
    }
}

/// Address and password.
#[derive(InputObject)]
struct SignInInput {
    /// Address.
    email: String,
    /// Password.
    #[graphql(secret)]
    password: String,
}

/// Who has signed in, or what is still owed: one of the two.
#[derive(SimpleObject)]
pub(crate) struct SignInPayload {
    /// Whoever it is.
    me: Option<Me>,
    /// The second step of the person: the password was right, `signInSecondStep` takes the code.
    challenge: Option<SignInChallenge>,
}

/// Somebody who has shown the password and owes the code.
#[derive(SimpleObject)]
struct SignInChallenge {
    /// For `signInSecondStep`.
    token: String,
    /// Until when.
    expires_at: DateTime,
}

impl SignInPayload {
    /// The answer; cookies go into the headers.
    pub(crate) fn answer(context: &Context<'_>, step: signin::Step) -> Self {
        match step {
            signin::Step::In(signed_in) => {
                for cookie in signed_in.cookies() {
                    context.append_http_header("set-cookie", cookie);
                }
                Self { me: Some(signed_in.me.into()), challenge: None }
            }
            signin::Step::Code(challenge) => {
                let expires_at = DateTime(challenge.expires_at);
                Self { me: None, challenge: Some(SignInChallenge { token: challenge.token, expires_at }) }
            }
        }
    }
}

/// The session is over.
#[derive(SimpleObject)]
struct SignOutPayload {
    /// Always true.
    signed_out: bool,
}

/// A new customer.
#[derive(InputObject)]
struct RegisterInput {
    /// Address.
    email: String,
    /// 8 to 1,024 bytes.
    #[graphql(secret)]
    password: String,
    /// May be empty.
    #[graphql(default)]
    name: String,
    /// Language; the shop's when not given.
    locale: Option<String>,
}

/// The registration is accepted, whether or not the address has an account.
#[derive(SimpleObject)]
struct RegisterPayload {
    /// Always true.
    accepted: bool,
}

/// The old and the new password.
#[derive(InputObject)]
struct ChangePasswordInput {
    /// The password until now.
    #[graphql(secret)]
    current: String,
    /// The password from now on.
    #[graphql(secret)]
    new: String,
}

/// The password is changed.
#[derive(SimpleObject)]
struct ChangePasswordPayload {
    /// Always true.
    changed: bool,
}

/// What to change about my account; what is not given stays.
#[derive(InputObject)]
struct UpdateProfileInput {
    /// Name.
    name: Option<String>,
    /// Language.
    locale: Option<String>,
}

/// The changed account.
#[derive(SimpleObject)]
struct UpdateProfilePayload {
    /// My account.
    user: User,
}

/// Which of my sessions to end.
#[derive(InputObject)]
struct RevokeSessionInput {
    /// The session.
    id: ID,
}

/// The session is over.
#[derive(SimpleObject)]
struct RevokeSessionPayload {
    /// Always true.
    revoked: bool,
}

/// A new person.
#[derive(InputObject)]
struct CreateUserInput {
    /// Address.
    email: String,
    /// 8 to 1,024 bytes.
    #[graphql(secret)]
    password: String,
    /// May be empty.
    name: String,
    /// Names of roles.
    roles: Vec<String>,
}

/// The roles that a person shall have.
#[derive(InputObject)]
struct SetUserRolesInput {
    /// The person.
    id: ID,
    /// Names of roles.
    roles: Vec<String>,
}

/// Whether a person may sign in from now on.
#[derive(InputObject)]
struct SetUserStatusInput {
    /// The person.
    id: ID,
    /// The new status.
    status: UserStatus,
}

/// The changed person.
#[derive(SimpleObject)]
struct UserPayload {
    /// The person.
    user: User,
}

/// What to change about the shop; what is not given stays.
#[derive(InputObject)]
struct UpdateShopInput {
    /// Name that shoppers see.
    name: Option<String>,
    /// Default language.
    locale: Option<String>,
    /// ISO 3166-1 code of the country whose tax applies.
    country: Option<String>,
    /// Theme name.
    theme: Option<String>,
    /// Whether entered prices include tax.
    prices_include_tax: Option<bool>,
    /// Announcement, menus, blocks: replaces the whole object.
    storefront: Option<Json<serde_json::Value>>,
}

/// The changed shop.
#[derive(SimpleObject)]
struct UpdateShopPayload {
    /// The shop.
    shop: Shop,
}
