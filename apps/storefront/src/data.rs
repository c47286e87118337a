//! The only file that names the modules' use cases.

use crate::routes::checkout::Typed;
use crate::routes::review;
use crate::shop::Currencies;
use crate::visitor::Visitor;
use catalog::view::{
    CollectionLookup, CollectionView, ListPage, ListQuery, ProductCard, ProductLookup, ProductPage,
    SitemapEntry,
};
use commerce::cart::{Again, CartChange, Missing};
use commerce::checkout::Wish;
use commerce::returns::{Ask, Door};
use commerce::review::{OwnReview, ReviewDraft, ReviewSort, Shown};
use commerce::tender::StoreCreditView;
use commerce::view::{
    Address, CartView, CheckoutView, OrderRowView, OrderView, OwnAddress, Placed, ReturnView,
};
use commerce::wish::WishView;
use identity::security::two_step::{self, Enrolment, TwoStepView};
use identity::view::SessionView;
use identity::{Registration, SignedIn, Step};
use mail::mailbox::Message;
use platform::{Ctx, Error, Result, TenantInfo};
use primitives::{
    AddressId, CartLineId, Country, Currency, ErrorCode, Exchange, GiftCardId, MailId, Money, OrderId,
    PageArgs, ProductId, ReturnId, SavedLineId, SessionId, VariantId,
};
use std::sync::Arc;

/// What the visitor's prices are in, and could be in.
pub async fn currencies(ctx: &Ctx) -> Result<Currencies> {
    let choice = commerce::currency::choice(ctx).await?;
    Ok(Currencies { current: choice.current, notice: choice.notice(), offered: choice.offered })
}

/// The cookie that keeps a choice; nothing for what is no currency. One that the shop does not offer (any more) is kept, too:
/// the next page says so.
pub fn currency_cookie(tenant: &TenantInfo, secure: bool, code: &str) -> Option<String> {
    let wanted = Currency::parse(code).ok()?;
    let other = Some(wanted).filter(|wanted| *wanted != tenant.currency);
    Some(commerce::currency::cookie(&tenant.slug, secure, other))
}

/// One page of a list; its filter and its facets are in the visitor's currency.
pub async fn list(ctx: &Ctx, query: &ListQuery) -> Result<Arc<ListPage>> {
    let exchange = match ctx.has_module("commerce") {
        true => commerce::currency::exchange(ctx).await?,
        false => Exchange::none(ctx.tenant().currency),
    };
    let list = match exchange.is_none() {
        true => catalog::query::list(ctx, query).await?,
        false => {
            let price_min = query.price_min.map(|minor| exchange.least_shown(minor));
            let price_max = query.price_max.map(|minor| exchange.most_shown(minor));
            let query = ListQuery { price_min, price_max, ..query.clone() };
            let mut list = catalog::query::list(ctx, &query).await?;
            if let Some((low, high)) = list.facets.price {
                let shown = |price| exchange.price(price).map_err(Error::internal);
                let facets = &mut Arc::make_mut(&mut list).facets;
                Arc::make_mut(facets).price = Some((shown(low)?, shown(high)?));
            }
            list
        }
    };
    Ok(match commerce::price::cards(ctx, &list.cards).await? {
        Some(cards) => Arc::new(ListPage { cards, ..(*list).clone() }),
        None => list,
    })
}

/// All collections that readers see, in the merchant's order.
pub async fn collections(ctx: &Ctx) -> Result<Vec<Arc<CollectionView>>> {
    Ok(catalog::query::collections(ctx).await?.all.clone())
}

/// The collection at an address.
pub async fn collection(ctx: &Ctx, slug: &str) -> Result<CollectionLookup> {
    Ok(catalog::query::collection(ctx, slug).await?)
}

/// The product at an address.
pub async fn product(ctx: &Ctx, slug: &str) -> Result<ProductLookup> {
    Ok(match catalog::query::product(ctx, slug).await? {
        ProductLookup::Found(page) => ProductLookup::Found(priced(ctx, page).await?),
        other => other,
    })
}

/// A published product.
pub async fn product_by_id(ctx: &Ctx, id: ProductId) -> Result<Option<Arc<ProductPage>>> {
    match catalog::query::product_by_id(ctx, id).await? {
        Some(page) => Ok(Some(priced(ctx, page).await?)),
        None => Ok(None),
    }
}

/// Products that go with this one.
pub async fn related(ctx: &Ctx, product: &ProductPage, count: usize) -> Result<Vec<Arc<ProductCard>>> {
    let cards = catalog::query::related(ctx, product, count).await?;
    Ok(commerce::price::cards(ctx, &cards).await?.unwrap_or(cards))
}

/// The page with the prices that it has for the visitor.
async fn priced(ctx: &Ctx, page: Arc<ProductPage>) -> Result<Arc<ProductPage>> {
    let mut pages = commerce::price::pages(ctx, vec![page.clone()]).await?;
    Ok(pages.pop().unwrap_or(page))
}

/// Whether a page with prices that was made for the visitor may be shown to everybody.
pub async fn may_be_kept(ctx: &Ctx) -> bool {
    // A page that is not kept is only slower.
    !ctx.has_module("commerce") || commerce::price::may_be_kept(ctx).await.unwrap_or(false)
}

/// Addresses of everything that is published.
pub async fn sitemap(ctx: &Ctx) -> Result<Arc<Vec<SitemapEntry>>> {
    Ok(catalog::query::sitemap(ctx).await?)
}

/// A page of a product's reviews; nothing where the shop has none.
pub async fn reviews(ctx: &Ctx, product: ProductId, sort: ReviewSort, page: u32) -> Result<Option<Shown>> {
    Ok(commerce::review::shown(ctx, product, sort, page).await?)
}

/// What the visitor said about a product. `UNAUTHENTICATED` for nobody.
pub async fn own_review(ctx: &Ctx, product: ProductId) -> Result<OwnReview> {
    Ok(commerce::review::own(ctx, product).await?)
}

/// Writes the visitor's review of a product.
pub async fn review_write(ctx: &Ctx, product: ProductId, typed: &review::Typed) -> Result<()> {
    let draft = ReviewDraft {
        // What is no number has no stars.
        rating: typed.rating.trim().parse().unwrap_or_default(),
        title: typed.title.clone(),
        body: typed.body.clone(),
        author: typed.author.clone(),
    };
    commerce::review::write(ctx, product, &draft).await?;
    Ok(())
}

/// Takes the visitor's review of a product away.
pub async fn review_withdraw(ctx: &Ctx, product: ProductId) -> Result<()> {
    match commerce::review::withdraw(ctx, product).await.map_err(Error::from) {
        // Withdrawn in another tab: as it should be.
        Err(error) if error.code() == ErrorCode::NotFound => Ok(()),
        other => other,
    }
}

/// The visitor's cart at today's prices.
pub async fn cart(ctx: &Ctx, visitor: &Visitor) -> Result<CartView> {
    Ok(commerce::cart::view(ctx, visitor.cart.as_deref()).await?)
}

/// Puts pieces into the visitor's cart; makes one when there is none.
pub async fn cart_add(ctx: &Ctx, visitor: &Visitor, variant: VariantId, quantity: i64) -> Result<CartChange> {
    Ok(commerce::cart::add(ctx, visitor.cart.as_deref(), &[(variant, quantity)]).await?)
}

/// Sets quantities; 0 takes a line out.
pub async fn cart_update(ctx: &Ctx, visitor: &Visitor, lines: &[(CartLineId, i64)]) -> Result<CartView> {
    Ok(commerce::cart::update(ctx, visitor.cart.as_deref(), lines).await?.cart)
}

/// Puts exactly these codes into the visitor's cart.
pub async fn cart_codes(ctx: &Ctx, visitor: &Visitor, codes: &[String]) -> Result<CartChange> {
    Ok(commerce::cart::set_codes(ctx, visitor.cart.as_deref(), codes).await?)
}

/// Puts one more code into the visitor's cart.
pub async fn cart_code_add(ctx: &Ctx, visitor: &Visitor, code: &str) -> Result<()> {
    let cart = cart(ctx, visitor).await?;
    let codes = cart.codes.into_iter().map(|given| given.code).chain([code.to_owned()]);
    commerce::cart::set_codes(ctx, visitor.cart.as_deref(), &codes.collect::<Vec<_>>()).await?;
    Ok(())
}

/// Puts a gift card to the visitor's cart.
pub async fn gift_card_add(ctx: &Ctx, visitor: &Visitor, code: &str) -> Result<()> {
    let client = visitor.visit.client;
    Ok(commerce::tender::add_gift_card(ctx, visitor.cart.as_deref(), code, client).await?)
}

/// Takes a gift card from the visitor's cart. One that went away in another tab is gone as it should be.
pub async fn gift_card_drop(ctx: &Ctx, visitor: &Visitor, id: &str) -> Result<()> {
    let Ok(id) = id.parse::<GiftCardId>() else { return Ok(()) };
    match commerce::tender::remove_gift_card(ctx, visitor.cart.as_deref(), id).await.map_err(Error::from) {
        Err(error) if error.code() == ErrorCode::NotFound => Ok(()),
        other => other,
    }
}

/// Pays the visitor's cart from store credit, or leaves that alone again.
pub async fn store_credit(ctx: &Ctx, visitor: &Visitor, wanted: bool) -> Result<()> {
    let token = visitor.cart.as_deref();
    match wanted {
        true => Ok(commerce::tender::use_store_credit(ctx, token).await?),
        false => Ok(commerce::tender::leave_store_credit(ctx, token).await?),
    }
}

/// Puts a line of the visitor's cart aside.
pub async fn cart_save(ctx: &Ctx, visitor: &Visitor, line: &str) -> Result<CartView> {
    let line: CartLineId = line.parse().map_err(|_| Error::not_found(CartLineId::KIND))?;
    Ok(commerce::cart::save_for_later(ctx, visitor.cart.as_deref(), line).await?.cart)
}

/// Puts what lies aside back into the visitor's cart.
pub async fn cart_take_back(ctx: &Ctx, visitor: &Visitor, line: &str) -> Result<CartView> {
    let line: SavedLineId = line.parse().map_err(|_| Error::not_found(SavedLineId::KIND))?;
    Ok(commerce::cart::take_back(ctx, visitor.cart.as_deref(), line).await?.cart)
}

/// Forgets what lies aside.
pub async fn cart_forget(ctx: &Ctx, visitor: &Visitor, line: &str) -> Result<CartView> {
    let line: SavedLineId = line.parse().map_err(|_| Error::not_found(SavedLineId::KIND))?;
    Ok(commerce::cart::forget(ctx, visitor.cart.as_deref(), line).await?.cart)
}

/// Puts what an order holds into the visitor's cart.
pub async fn again(ctx: &Ctx, visitor: &Visitor, door: Door<'_>) -> Result<Again> {
    Ok(commerce::cart::again(ctx, visitor.cart.as_deref(), door).await?)
}

/// What of an order cannot be bought again now.
pub async fn missing(ctx: &Ctx, door: Door<'_>) -> Result<Vec<Missing>> {
    Ok(commerce::cart::missing(ctx, door).await?)
}

/// Puts a guest's cart into the account's.
pub async fn cart_merge(ctx: &Ctx, token: &str) -> Result<()> {
    Ok(commerce::cart::merge(ctx, token).await?)
}

/// The checkout for what was typed so far.
pub async fn checkout(ctx: &Ctx, visitor: &Visitor, wish: Wish<'_>) -> Result<CheckoutView> {
    Ok(commerce::checkout::view(ctx, visitor.cart.as_deref(), wish).await?)
}

/// Places the order and pays it.
pub async fn place(ctx: &Ctx, visitor: &Visitor, typed: &Typed) -> Result<Placed> {
    let input = commerce::checkout::CheckoutInput {
        token: visitor.cart.clone(),
        cart: typed.cart,
        email: typed.contact.email.clone(),
        address: typed.contact.address.clone(),
        shipping_method: typed.method.clone(),
        payment_provider: typed.payment.clone(),
        expected_total: typed.expected_total.unwrap_or_default(),
        expected_currency: typed.expected_currency,
        expected_due: typed.expected_due,
        idempotency_key: typed.key.clone(),
    };
    let placed = commerce::checkout::place_order(ctx, input).await?;
    if typed.letters && !placed.replayed && placed.next != commerce::view::NextStep::TryAgain {
        // The order stands, whatever becomes of the letters.
        if let Err(error) = commerce::customer::consent_with_order(ctx, &placed.token).await {
            tracing::warn!(error = %error, "a consent could not be noted with its order");
        }
    }
    Ok(placed)
}

/// The addresses that an account keeps, and where the shop sends.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// The first choice, then what was used last.
    pub all: Vec<OwnAddress>,
    /// The shop's own country first.
    pub countries: Vec<Country>,
}

/// The visitor's addresses.
pub async fn addresses(ctx: &Ctx) -> Result<Addresses> {
    let all = commerce::customer::own_addresses(ctx).await?;
    let settings = commerce::settings::current(ctx).await?;
    Ok(Addresses { all, countries: settings.settings.countries(ctx.tenant().country) })
}

/// Keeps an address of the visitor, or changes one.
pub async fn put_address(ctx: &Ctx, typed: &crate::routes::addresses::Typed) -> Result<()> {
    let id = match typed.id.as_str() {
        "" => None,
        id => Some(address_id(ctx, id)?),
    };
    commerce::customer::put_own_address(ctx, id, &typed.address, typed.first_choice).await?;
    Ok(())
}

/// Makes an address of the visitor the first choice.
pub async fn prefer_address(ctx: &Ctx, id: &str) -> Result<()> {
    Ok(commerce::customer::prefer_own_address(ctx, address_id(ctx, id)?).await?)
}

/// Forgets an address of the visitor.
pub async fn remove_address(ctx: &Ctx, id: &str) -> Result<()> {
    Ok(commerce::customer::remove_own_address(ctx, address_id(ctx, id)?).await?)
}

fn address_id(ctx: &Ctx, id: &str) -> Result<AddressId> {
    // Whoever has no addresses is told that before anything about this one.
    ctx.user_id().ok_or_else(Error::unauthenticated)?;
    id.parse().map_err(|_| Error::not_found(AddressId::KIND))
}

/// Whether the visitor wants letters about offers from now on.
pub async fn set_letters(ctx: &Ctx, wanted: bool) -> Result<()> {
    commerce::customer::set_own_consent(ctx, wanted).await?;
    Ok(())
}

/// An order by the token in its link.
pub async fn order_by_token(ctx: &Ctx, token: &str) -> Result<OrderView> {
    Ok(commerce::order::by_token(ctx, token).await?)
}

/// Asks to send something of an order back.
pub async fn return_request(ctx: &Ctx, token: &str, ask: &Ask) -> Result<ReturnView> {
    Ok(commerce::returns::request(ctx, Door::Token(token), ask).await?)
}

/// The customer keeps what was to come back.
pub async fn return_withdraw(ctx: &Ctx, token: &str, id: ReturnId) -> Result<ReturnView> {
    Ok(commerce::returns::withdraw(ctx, Door::Token(token), id).await?)
}

/// One of the visitor's own orders.
pub async fn own_order(ctx: &Ctx, id: &str) -> Result<OrderView> {
    let id: OrderId = id.parse().map_err(|_| Error::not_found("order"))?;
    Ok(commerce::order::my_order(ctx, id).await?)
}

/// What the visitor wishes for. `UNAUTHENTICATED` for nobody.
pub async fn wishlist(ctx: &Ctx) -> Result<Vec<WishView>> {
    Ok(commerce::wish::mine(ctx).await?)
}

/// Keeps something for some day. `UNAUTHENTICATED` for nobody.
pub async fn wish_keep(ctx: &Ctx, variant: VariantId) -> Result<()> {
    Ok(commerce::wish::keep(ctx, variant).await?)
}

/// Keeps it no longer.
pub async fn wish_drop(ctx: &Ctx, variant: VariantId) -> Result<()> {
    Ok(commerce::wish::drop(ctx, variant).await?)
}

/// Puts something that is wished for into the visitor's cart.
pub async fn wish_to_cart(ctx: &Ctx, visitor: &Visitor, variant: VariantId) -> Result<CartChange> {
    Ok(commerce::wish::to_cart(ctx, visitor.cart.as_deref(), variant).await?)
}

/// A paper of an order, as a page or a file.
pub async fn paper(ctx: &Ctx, door: Door<'_>, name: &str) -> Result<axum::response::Response> {
    use commerce::papers::{Reader, http};
    let reader = match door {
        Door::Token(token) => Reader::Token(token),
        Door::Own(id) => Reader::Own(id),
    };
    http::answer(ctx, reader, name).await
}

/// What the account page shows.
#[derive(Clone, Debug)]
pub struct Account {
    /// Name, may be empty.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Where the last order went.
    pub address: Option<Address>,
    /// Whether the address is confirmed.
    pub verified: bool,
    /// Whether letters about offers are wanted; nothing for somebody who is no customer yet.
    pub letters: Option<bool>,
    /// A page of them, newest first; empty where nothing is sold.
    pub orders: Vec<OrderRowView>,
    /// Where the pages beside it begin: newer orders, and older ones.
    pub beside: (Option<String>, Option<String>),
    /// Store credit; none where nothing is sold.
    pub credit: Option<StoreCreditView>,
}

/// Orders on a page of the account.
const ORDERS: u32 = 20;

/// The visitor's account with the orders after or before a place in their list. `UNAUTHENTICATED` for nobody.
pub async fn account(
    ctx: &Ctx,
    visitor: &Visitor,
    (after, before): (Option<&str>, Option<&str>),
) -> Result<Account> {
    let me = identity::user::me(ctx).await?.ok_or_else(Error::unauthenticated)?;
    let verified = me.user.email_verified_at.is_some();
    if !ctx.has_module("commerce") {
        let (name, email) = (me.user.name, me.user.email);
        return Ok(Account {
            name,
            email,
            verified,
            address: None,
            letters: None,
            orders: Vec::new(),
            beside: (None, None),
            credit: None,
        });
    }
    let size = i32::try_from(ORDERS).ok();
    let place = |text: &str| text.to_owned();
    let args = match (after, before) {
        (None, Some(before)) => PageArgs::new(None, None, size, Some(place(before))),
        (after, _) => PageArgs::new(size, after.map(place), None, None),
    };
    let args = args.unwrap_or_else(|_| PageArgs::first(ORDERS));
    let page = match commerce::order::my_orders(ctx, &args).await.map_err(Error::from) {
        // An address that somebody has cut off still leads to the account.
        Err(error) if args.cursor().is_some() && error.code() == ErrorCode::BadUserInput => {
            commerce::order::my_orders(ctx, &PageArgs::first(ORDERS)).await?
        }
        page => page?,
    };
    let newer = page.cursors.first().filter(|_| page.has_previous).cloned();
    let older = page.cursors.last().filter(|_| page.has_next).cloned();
    let (orders, beside) = (page.items, (newer, older));
    let credit = Some(commerce::tender::mine(ctx).await?);
    let contact = commerce::checkout::view(ctx, visitor.cart.as_deref(), Wish::default()).await?.contact;
    let address = Some(contact.address).filter(|address| !address.line1.is_empty());
    let letters = commerce::customer::own_consent(ctx).await?;
    let (name, email) = (me.user.name, me.user.email);
    Ok(Account { name, email, verified, address, letters, orders, beside, credit })
}

/// Starts a session, or asks for a code.
pub async fn sign_in(ctx: &Ctx, visitor: &Visitor, email: &str, password: &str) -> Result<Step> {
    identity::first_step(ctx, email, password, &visitor.visit).await
}

/// Starts the session of whoever has shown the password and now the code.
pub async fn second_step(ctx: &Ctx, visitor: &Visitor, code: &str) -> Result<SignedIn> {
    let challenge = visitor.challenge.as_deref().unwrap_or_default();
    identity::second_step(ctx, challenge, code, &visitor.visit).await
}

/// What the page about security shows.
#[derive(Clone, Debug)]
pub struct Security {
    /// The second step.
    pub two_step: TwoStepView,
    /// Open sessions, newest first.
    pub sessions: Vec<SessionView>,
}

/// How safe the visitor's account is. `UNAUTHENTICATED` for nobody.
pub async fn security(ctx: &Ctx, visitor: &Visitor) -> Result<Security> {
    let sessions = identity::session::list_own(ctx, &visitor.visit).await?;
    Ok(Security { two_step: two_step::status(ctx).await?, sessions })
}

/// Draws a secret for an authenticator application.
pub async fn two_step_start(ctx: &Ctx, visitor: &Visitor, password: &str) -> Result<Enrolment> {
    two_step::start(ctx, password, &visitor.visit).await
}

/// Switches the second step on; gives the recovery codes.
pub async fn two_step_confirm(ctx: &Ctx, code: &str) -> Result<Vec<String>> {
    two_step::confirm(ctx, code).await
}

/// Draws new recovery codes.
pub async fn two_step_codes(ctx: &Ctx, visitor: &Visitor, password: &str, code: &str) -> Result<Vec<String>> {
    two_step::renew_recovery_codes(ctx, password, code, &visitor.visit).await
}

/// Switches the second step off.
pub async fn two_step_disable(ctx: &Ctx, visitor: &Visitor, password: &str, code: &str) -> Result<()> {
    two_step::disable(ctx, password, code, &visitor.visit).await
}

/// Ends one of the visitor's sessions.
pub async fn end_session(ctx: &Ctx, id: &str) -> Result<()> {
    let id: SessionId = id.parse().map_err(|_| Error::not_found("session"))?;
    identity::session::revoke_own(ctx, id).await
}

/// Ends all of them; gives the cookie that says so.
pub async fn sign_out_everywhere(ctx: &Ctx, visitor: &Visitor) -> Result<Option<String>> {
    Ok(identity::security::sessions::sign_out_everywhere(ctx, false, &visitor.visit).await?.1)
}

/// Ends the session; gives the cookie that says so.
pub async fn sign_out(ctx: &Ctx, visitor: &Visitor) -> Result<String> {
    identity::sign_out(ctx, &visitor.visit).await
}

/// Everything that the shop holds about the caller, as JSON.
pub async fn own_data(ctx: &Ctx) -> Result<String> {
    Ok(commerce::customer::own_data(ctx).await?.json()?)
}

/// What the page says before that: the caller's address, and the store credit that goes with the account.
pub async fn own_end(ctx: &Ctx) -> Result<(String, Money)> {
    Ok((own_email(ctx).await?, commerce::tender::mine(ctx).await?.balance))
}

/// Forgets the caller; gives the cookie that ends the session.
pub async fn erase_own(ctx: &Ctx, visitor: &Visitor, typed: &str, password: &str) -> Result<String> {
    Box::pin(commerce::customer::erase_own(ctx, typed, password, &visitor.visit)).await?;
    sign_out(ctx, visitor).await
}

/// Opens a customer's account, or does nothing when there is one.
pub async fn register(ctx: &Ctx, visitor: &Visitor, email: &str, password: &str, name: &str) -> Result<()> {
    let new =
        Registration { email: email.into(), password: password.into(), name: name.into(), locale: None };
    identity::register(ctx, new, &visitor.visit).await
}

/// Sends a link that sets a password, when the address has an account; the same answer otherwise.
pub async fn request_reset(ctx: &Ctx, visitor: &Visitor, email: &str) -> Result<()> {
    identity::recovery::request_reset(ctx, email, &visitor.visit).await
}

/// Whether a link sets a password.
pub async fn reset_link(ctx: &Ctx, token: &str) -> Result<()> {
    identity::recovery::reset(ctx, token).await
}

/// Sets a password; gives back whether the account works for the shop.
pub async fn reset_password(ctx: &Ctx, token: &str, password: &str) -> Result<bool> {
    identity::recovery::reset_password(ctx, token, password).await
}

/// Sends the visitor a link that confirms the address of the account.
pub async fn request_verification(ctx: &Ctx, visitor: &Visitor) -> Result<()> {
    identity::recovery::request_verification(ctx, &visitor.visit).await
}

/// The address that a link confirms.
pub async fn verification_link(ctx: &Ctx, token: &str) -> Result<String> {
    identity::recovery::verification(ctx, token).await
}

/// Confirms the address of an account.
pub async fn verify(ctx: &Ctx, token: &str) -> Result<()> {
    identity::recovery::verify(ctx, token).await
}

/// The address of the visitor's account. `UNAUTHENTICATED` for nobody.
pub async fn own_email(ctx: &Ctx) -> Result<String> {
    Ok(identity::user::me(ctx).await?.ok_or_else(Error::unauthenticated)?.user.email)
}

/// Sends a link that moves the visitor's account to another address.
pub async fn request_address_change(ctx: &Ctx, visitor: &Visitor, email: &str, password: &str) -> Result<()> {
    identity::recovery::request_address_change(ctx, email, password, &visitor.visit).await
}

/// The address that a link moves an account to.
pub async fn address_link(ctx: &Ctx, token: &str) -> Result<String> {
    identity::recovery::address_change(ctx, token).await
}

/// Moves an account to another address.
pub async fn confirm_address(ctx: &Ctx, token: &str) -> Result<()> {
    identity::recovery::confirm_address_change(ctx, token).await
}

/// Who was invited.
#[derive(Clone, Debug, PartialEq)]
pub struct Invited {
    /// E-mail of the account.
    pub email: String,
    /// Name, as far as it is known.
    pub name: String,
    /// Names of the roles.
    pub roles: Vec<String>,
    /// Whether the account shall work for the shop.
    pub staff: bool,
}

impl From<identity::view::InvitationView> for Invited {
    fn from(invitation: identity::view::InvitationView) -> Self {
        let staff = invitation.roles.iter().any(|role| role != "customer");
        Self { email: invitation.email, name: invitation.name, roles: invitation.roles, staff }
    }
}

/// The invitation behind a link.
pub async fn invitation_link(ctx: &Ctx, token: &str) -> Result<Invited> {
    Ok(identity::invitation::find(ctx, token).await?.into())
}

/// Opens the account of an invitation.
pub async fn accept_invitation(ctx: &Ctx, token: &str, name: &str, password: &str) -> Result<Invited> {
    Ok(identity::invitation::accept(ctx, token, name, password).await?.into())
}

/// The newest mails of the development mailbox.
pub async fn mails(ctx: &Ctx) -> Result<Vec<Message>> {
    mail::mailbox::list(ctx).await
}

/// A mail of the development mailbox.
pub async fn mail(ctx: &Ctx, id: &str) -> Result<Message> {
    let id: MailId = id.parse().map_err(|_| Error::not_found("mail"))?;
    mail::mailbox::get(ctx, id).await
}
