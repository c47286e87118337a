//! What a shop holds about somebody, and forgetting it.

use commerce::customer::{self, CustomerFilter, CustomerSort, GroupDraft, TaxDraft};
use commerce::draft::Draft;
use commerce::order::edit::{self, Changes, Why};
use commerce::order::{self, OrderFilter, OrderSort, Piece, Target, Tracking};
use commerce::papers::{self, Reader};
use commerce::returns::{self, Ask, Door, ReturnReason};
use commerce::review::{self, ReviewDraft};
use commerce::tender::{self, CreditChange, GiftCardDraft};
use commerce::{CheckoutInput, cart, checkout, wish};
use identity::Visit;
use identity::invitation::InvitationInput;
use identity::user::ProfileChange;
use platform::{Actor, Ctx};
use primitives::{
    Currency, CustomerId, Money, PageArgs, Permission, PermissionSet, SystemRole, UserId, VariantId,
};
use sea_orm::{ConnectionTrait, Statement};
use testkit::{Backend, on_both};

use crate::drafting::{complete, drafted, line, written};
use crate::people::member;
use crate::shop::{Guest, Shop, maud, refusal};

const EMAIL: &str = "vera@forgetmenot.example";
const NAME: &str = "Vera Vergeetmij";
const PHONE: &str = "+32 470 99 88 77";
const STREET: &str = "Vergeetstraat 41";
const PASSWORD: &str = "a sentence works well";

/// Opens an account as Vera does, before she confirms its address.
async fn account(shop: &Shop) -> Ctx {
    let made = identity::people::create(&shop.system(), EMAIL, NAME, PASSWORD, "customer").await.unwrap();
    shop.settle().await;
    acting(shop, made.id)
}

/// Confirms the address of Vera's account.
async fn confirm(shop: &Shop, vera: &Ctx) {
    identity::recovery::request_verification(vera, &Visit::local()).await.unwrap();
    let token = token_in(shop, EMAIL, "verify_email").await;
    identity::recovery::verify(&shop.anonymous(), &token).await.unwrap();
    shop.settle().await;
}

fn acting(shop: &Shop, user: UserId) -> Ctx {
    Ctx::new(shop.app.app().clone(), shop.tenant().clone(), Actor::Customer { user }, "test")
}

/// What Vera sends.
async fn form(guest: &Guest) -> CheckoutInput {
    let address =
        commerce::view::Address { name: NAME.into(), line1: STREET.into(), phone: PHONE.into(), ..maud() };
    CheckoutInput { email: EMAIL.into(), address, ..guest.form("manual").await }
}

async fn order(shop: &Shop, ctx: &Ctx, mug: VariantId) -> commerce::view::OrderView {
    let placed = checkout::place_order(ctx, form(&member(ctx, mug, 2).await).await).await.unwrap().order;
    shop.settle().await;
    placed
}

async fn deliver(shop: &Shop, order: &commerce::view::OrderView) {
    let boss = shop.boss();
    order::mark_paid(&boss, order.id).await.unwrap();
    papers::invoice(&boss, Reader::Staff(order.id)).await.unwrap();
    order::ship(&boss, order.id, &Tracking::default()).await.unwrap();
    order::deliver(&boss, order.id).await.unwrap();
}

/// The token of the newest letter of a kind that waits for somebody.
async fn token_in(shop: &Shop, email: &str, kind: &str) -> String {
    let owner = shop.database().owner().await;
    let sql = format!(
        "SELECT text FROM mail_job WHERE recipient = '{email}' AND kind = '{kind}' ORDER BY id DESC LIMIT 1"
    );
    let backend = owner.get_database_backend();
    let row = owner.query_one_raw(Statement::from_string(backend, sql)).await.unwrap().unwrap();
    owner.close().await.unwrap();
    let letter: String = row.try_get_by_index(0).unwrap();
    letter.split("token=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned()
}

async fn letters_to(shop: &Shop, email: &str) -> i64 {
    shop.number(&format!("SELECT COUNT(*) FROM mail_job WHERE recipient = '{email}'")).await
}

/// Vera orders without signing in.
async fn as_guest(shop: &Shop, mug: VariantId) -> commerce::view::OrderView {
    let guest = shop.guest(mug, 1).await;
    let placed = checkout::place_order(&guest.ctx, form(&guest).await).await.unwrap().order;
    shop.settle().await;
    placed
}

async fn record(shop: &Shop) -> CustomerId {
    let filter = CustomerFilter { q: EMAIL.into(), ..CustomerFilter::default() };
    let page = PageArgs::first(5);
    customer::list(&shop.boss(), &filter, CustomerSort::default(), &page).await.unwrap().items[0].id
}

/// Every column of every table of the shops that holds the text somewhere.
async fn places_of(shop: &Shop, text: &str) -> Vec<String> {
    let owner = shop.database().owner().await;
    let backend = owner.get_database_backend();
    let all = async |sql: &str| {
        let rows = owner.query_all_raw(Statement::from_string(backend, sql)).await.unwrap();
        rows.into_iter()
            .map(|row| {
                (row.try_get_by_index::<String>(0).unwrap(), row.try_get_by_index::<String>(1).unwrap())
            })
            .collect::<Vec<_>>()
    };
    let columns = match shop.database().backend() {
        Backend::Sqlite => all(
            "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'",
        )
        .await,
        Backend::Postgres => {
            all("SELECT table_name::text, column_name::text FROM information_schema.columns \
                 WHERE table_schema = 'public'")
            .await
        }
    };
    assert!(300 < columns.len(), "the scan sees {} columns", columns.len());
    let mut found = Vec::new();
    let text = text.to_lowercase();
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    for (table, column) in columns {
        let sql = match shop.database().backend() {
            Backend::Sqlite => format!(
                "SELECT count(*) FROM \"{table}\" WHERE instr(lower(CAST(\"{column}\" AS TEXT)), '{text}') > 0"
            ),
            Backend::Postgres => format!(
                "SELECT count(*) FROM \"{table}\" WHERE position('{text}' IN lower(\"{column}\"::text)) > 0 \
                 OR position('{hex}' IN lower(\"{column}\"::text)) > 0"
            ),
        };
        let row = owner.query_one_raw(Statement::from_string(backend, sql)).await.unwrap().unwrap();
        if 0 < row.try_get_by_index::<i64>(0).unwrap() {
            found.push(format!("{table}.{column}"));
        }
    }
    owner.close().await.unwrap();
    found
}

async fn a_file_holds_everything_and_only_theirs(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 50).await;
    let vera = account(&shop).await;
    confirm(&shop, &vera).await;
    let placed = order(&shop, &vera, mug).await;
    deliver(&shop, &placed).await;
    order::add_note(&shop.boss(), placed.id, "a difficult person").await.unwrap();
    shop.guest(mug, 1).await.order("manual").await;
    member(&vera, mug, 3).await;
    let vase = shop.product("Vase", "20.00", 5).await;
    let aside = cart::add(&vera, None, &[(vase, 2)]).await.unwrap().cart.lines[1].id;
    cart::save_for_later(&vera, None, aside).await.unwrap();
    wish::keep(&vera, vase).await.unwrap();
    let own = customer::own_data(&vera).await.unwrap();
    assert_eq!(own.account.as_ref().map(|account| account.email.as_str()), Some(EMAIL));
    assert_eq!(own.customer.as_ref().map(|record| record.name.as_str()), Some(NAME));
    assert_eq!((own.addresses.len(), own.addresses[0].address.line1.as_str()), (1, STREET));
    assert_eq!((own.orders.len(), own.cart.len(), own.cart[0].quantity), (1, 1, 3));
    assert_eq!((own.saved_for_later.len(), own.saved_for_later[0].quantity), (1, 2));
    assert_eq!((own.wishlist.len(), own.wishlist[0].variant_id.clone()), (1, vase.to_string()));
    let kept = &own.orders[0];
    assert_eq!((kept.number, kept.state.as_str(), kept.address.phone.as_str()), (1001, "delivered", PHONE));
    assert_eq!((kept.lines[0].title.as_str(), kept.lines[0].quantity), ("Mug", 2));
    let paid = (kept.payments[0].kind.as_str(), kept.payments[0].amount.clone());
    assert_eq!(paid, ("capture", placed.totals.total.decimal()));
    assert_eq!((kept.total.clone(), kept.parcels.len()), (placed.totals.total.decimal(), 1));
    let json = own.json().unwrap();
    assert!(!json.contains("maud@example.com") && !json.contains("difficult"), "{json}");
    // Staff that may export gets the same; nobody else does.
    let clerk = shop.staff(&[Permission::CUSTOMERS_EXPORT]);
    let id = record(&shop).await;
    assert_eq!(customer::data(&clerk, id).await.unwrap(), own);
    let reader = shop.staff(&[Permission::CUSTOMERS_READ, Permission::CUSTOMERS_LIST]);
    assert_eq!(refusal(customer::data(&reader, id).await).0, "FORBIDDEN");
    assert_eq!(refusal(customer::data(&vera, id).await).0, "FORBIDDEN");
    assert_eq!(refusal(customer::data(&shop.other_tenant(), id).await).0, "NOT_FOUND");
    assert_eq!(refusal(customer::own_data(&shop.anonymous()).await).0, "UNAUTHENTICATED");
    assert!(customer::own_data(&shop.customer()).await.unwrap().orders.is_empty());
    shop.holds().await;
}

async fn nothing_of_a_forgotten_customer_is_left(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 50).await;
    let vera = account(&shop).await;
    // A life: a change of name, letters, a session, an order as somebody who has not signed in.
    let name = ProfileChange { name: Some(format!("{NAME} junior")), ..ProfileChange::default() };
    identity::user::update_profile(&vera, name).await.unwrap();
    confirm(&shop, &vera).await;
    identity::sign_in(&shop.anonymous(), EMAIL, PASSWORD, &Visit::local()).await.unwrap();
    let guest = shop.guest(mug, 1).await;
    let as_guest = checkout::place_order(&guest.ctx, form(&guest).await).await.unwrap().order;
    let placed = order(&shop, &vera, mug).await;
    member(&vera, mug, 1).await;
    let vase = shop.product("Vase", "20.00", 5).await;
    let aside = cart::add(&vera, None, &[(vase, 2)]).await.unwrap().cart.lines[1].id;
    cart::save_for_later(&vera, None, aside).await.unwrap();
    wish::keep(&vera, vase).await.unwrap();
    let id = record(&shop).await;
    let boss = shop.boss();
    let tax = TaxDraft { exempt: true, number: "BE 1".into(), reason: "Reverse charge".into() };
    customer::set_tax(&boss, id, &tax).await.unwrap();
    order::add_note(&boss, placed.id, &format!("{NAME} called from {PHONE}")).await.unwrap();
    order::set_tags(&boss, placed.id, &[NAME.into(), format!("call {PHONE}")]).await.unwrap();
    customer::add_note(&boss, id, &format!("{NAME} likes to be called at {PHONE}")).await.unwrap();
    customer::set_own_consent(&vera, true).await.unwrap();
    let card =
        GiftCardDraft { amount: 100, recipient: EMAIL.into(), note: format!("for {NAME}"), expires_at: None };
    tender::issue(&boss, "card", &card).await.unwrap();
    let others = shop.guest(mug, 1).await.order("manual").await;
    order::set_tags(&boss, others.id, &["gift wrap".into()]).await.unwrap();
    let said = ReviewDraft {
        rating: 5,
        title: "Holds heat".into(),
        body: "Tea is still warm after an hour.".into(),
        author: NAME.into(),
    };
    review::write(&vera, placed.lines[0].product, &said).await.unwrap();
    let kept = customer::own_data(&vera).await.unwrap().reviews;
    assert_eq!((kept.len(), kept[0].stars, kept[0].name.as_str()), (1, 5, NAME));
    for text in [EMAIL, NAME, PHONE, STREET] {
        assert!(2 <= places_of(&shop, text).await.len(), "{text} is there before");
    }

    // Not while somebody waits for something, and not by mistake.
    let typed = refusal(customer::erase(&boss, id, "vera@forgetmenot").await);
    assert_eq!(typed, ("BAD_USER_INPUT".into(), vec!["confirmation".into()]));
    let told = shop.told().await;
    deliver(&shop, &placed).await;
    let open = customer::erase(&boss, id, EMAIL).await.unwrap_err();
    assert_eq!(open.to_string(), "order 1001 is still open: deliver or cancel first");
    assert!(!shop.told().await.contains_key("customer.erased") && told.contains_key("order.placed"));
    assert_eq!(customer::get(&boss, id).await.unwrap().email, EMAIL);
    order::cancel(&boss, as_guest.id, "changed her mind").await.unwrap();
    let wrong = customer::erase_own(&vera, EMAIL, "another password", &Visit::local()).await;
    assert_eq!(refusal(wrong).1, ["password"]);
    let clerk = shop.staff(&[Permission::CUSTOMERS_UPDATE, Permission::CUSTOMERS_READ]);
    assert_eq!(refusal(customer::erase(&clerk, id, EMAIL).await).0, "FORBIDDEN");
    assert_eq!(refusal(customer::erase(&shop.other_tenant(), id, EMAIL).await).0, "NOT_FOUND");
    shop.settle().await;

    let books = async || {
        let sum = "SELECT CAST(SUM(number + total_minor + tax_minor + paid_minor + refunded_minor + version) AS bigint) \
                   FROM orders";
        let lines = "SELECT CAST(SUM(net_minor + gross_minor * 3) AS bigint) FROM order_line";
        let ledger = "SELECT CAST(SUM(amount_minor) AS bigint) FROM money_ledger";
        (shop.number(sum).await, shop.number(lines).await, shop.number(ledger).await)
    };
    let before = books().await;
    let erased = customer::erase_own(&vera, " VERA@forgetmenot.example ", PASSWORD, &Visit::local()).await;
    let erased = erased.unwrap();
    assert_eq!((erased.n_orders, erased.account), (2, true));
    shop.settle().await;
    for text in [EMAIL, NAME, PHONE, STREET] {
        assert_eq!(places_of(&shop, text).await, Vec::<String>::new(), "{text} is left");
    }
    assert_eq!(books().await, before);
    let left = customer::get(&boss, id).await.unwrap();
    assert_eq!((left.name.as_str(), left.user, left.addresses.len()), ("Erased customer", None, 0));
    assert!(left.notes.is_empty() && !left.marketing && left.consents.len() == 1, "the proof stays");
    assert_eq!(refusal(customer::add_note(&boss, id, "late").await).0, "CONFLICT");
    assert_eq!(refusal(customer::set_consent(&boss, id, true).await).0, "CONFLICT");
    assert_eq!(refusal(customer::set_tax(&boss, id, &tax).await).0, "CONFLICT");
    assert_eq!(refusal(customer::rename(&boss, id, "Maud").await).0, "CONFLICT");
    let group = GroupDraft { name: "Trade".into(), ..GroupDraft::default() };
    let group = customer::create_group(&boss, &group).await.unwrap();
    assert_eq!(refusal(customer::add_members(&boss, group.id, &[id]).await).0, "CONFLICT");
    assert_eq!(shop.number("SELECT COUNT(*) FROM customer WHERE tax_exempt").await, 0);
    assert!(left.erased_at.is_some() && left.email.ends_with("@erased.invalid"));
    let read = order::by_id(&boss, placed.id).await.unwrap();
    assert_eq!((read.address.country.as_str(), read.address.line1.as_str()), ("BE", ""));
    assert_eq!((read.totals.total, read.customer), (placed.totals.total, Some(id)));
    // Of others nothing is gone.
    let others = order::by_id(&boss, others.id).await.unwrap();
    assert_eq!(
        (others.email.as_str(), &others.tags[..]),
        ("maud@example.com", &["gift wrap".to_owned()][..])
    );
    assert_eq!((read.tags, shop.number("SELECT COUNT(*) FROM order_tag").await), (vec![], 1));
    let filter = OrderFilter { q: "vera".into(), ..OrderFilter::default() };
    let found = order::list(&boss, &filter, OrderSort::PlacedDesc, &PageArgs::first(5)).await.unwrap();
    assert_eq!(found.total, 0);
    let told = shop.told().await;
    assert_eq!((told["customer.erased"], told["user.deleted"]), (1, 1));
    assert_eq!(shop.number("SELECT COUNT(*) FROM user_account").await, 0);
    assert_eq!(shop.number("SELECT COUNT(*) FROM session").await, 0);
    assert_eq!(shop.number("SELECT COUNT(*) FROM saved_line").await, 0);
    assert_eq!(shop.number("SELECT COUNT(*) FROM wish").await, 0);
    assert_eq!(refusal(customer::erase(&boss, id, &left.email).await).0, "CONFLICT");
    identity::audit::seal(&shop.system()).await.unwrap();
    let chain = identity::audit::verify(&shop.system(), None).await.unwrap();
    assert!(chain.findings.is_empty(), "{:?}", chain.findings);
    shop.holds().await;

    // Whoever comes back with the same address is somebody new.
    let again = shop.guest(mug, 1).await;
    let again = checkout::place_order(&again.ctx, form(&again).await).await.unwrap().order;
    let new = order::by_id(&boss, again.id).await.unwrap().customer.unwrap();
    assert_ne!(new, id);
    shop.holds().await;
}

async fn whoever_orders_at_that_moment_is_never_half_forgotten(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 50).await;
    let boss = shop.boss();
    for _ in 0..6 {
        let first = shop.guest(mug, 1).await;
        let first = checkout::place_order(&first.ctx, form(&first).await).await.unwrap().order;
        order::cancel(&boss, first.id, "changed her mind").await.unwrap();
        let id = order::by_id(&boss, first.id).await.unwrap().customer.unwrap();
        let guest = shop.guest(mug, 1).await;
        let (typed, one) = (form(&guest).await, boss.clone());
        let placing = tokio::spawn(async move { checkout::place_order(&guest.ctx, typed).await });
        let leaving = tokio::spawn(async move { customer::erase(&one, id, EMAIL).await.is_ok() });
        let (placed, gone) = (placing.await.unwrap().unwrap().order, leaving.await.unwrap());
        let of = order::by_id(&boss, placed.id).await.unwrap().customer.unwrap();
        assert_eq!(gone, of != id, "the order is of somebody who is known");
        order::cancel(&boss, placed.id, "changed her mind").await.unwrap();
        customer::erase(&boss, of, EMAIL).await.unwrap();
        let half = "SELECT COUNT(*) FROM orders WHERE email NOT LIKE 'erased-%'";
        assert_eq!(shop.number(half).await, 0);
    }
    shop.holds().await;
}

async fn what_staff_places_at_that_moment_is_never_half_forgotten(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 50).await;
    let boss = shop.boss();
    for n in 0..6 {
        let first = shop.guest(mug, 1).await;
        let first = checkout::place_order(&first.ctx, form(&first).await).await.unwrap().order;
        order::cancel(&boss, first.id, "changed her mind").await.unwrap();
        let id = order::by_id(&boss, first.id).await.unwrap().customer.unwrap();
        let draft = Draft { email: EMAIL.into(), ..written(vec![line(mug, 1)]) };
        let draft = drafted(&boss, draft).await.id;
        let key = n.to_string();
        let placing = complete(&boss, draft, &key);
        let (placed, gone) = tokio::join!(placing, customer::erase(&boss, id, EMAIL));
        match (placed, gone) {
            // The draft is gone with whom it was for, or its order keeps her.
            (Err(_), Ok(_)) => {}
            (Ok(placed), Err(gone)) => {
                assert!(gone.to_string().ends_with("still open: deliver or cancel first"), "{gone}");
                order::cancel(&boss, placed.order.id, "changed her mind").await.unwrap();
                customer::erase(&boss, id, EMAIL).await.unwrap();
            }
            both => panic!("{both:?}"),
        }
        let half = "SELECT COUNT(*) FROM orders WHERE email NOT LIKE 'erased-%'";
        assert_eq!(shop.number(half).await, 0);
    }
    shop.holds().await;
}

async fn what_was_edited_is_not_to_be_guessed(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 50).await;
    let placed = as_guest(&shop, mug).await;
    let boss = shop.boss();
    let edited = async || {
        let changes = Changes { phone: Some("+32 470 11 22 33".into()), ..Changes::default() };
        let why = Why { reason: "another number", notify: false, key: "k" };
        edit::edit(&boss, Target::from(placed.id), &changes, why).await
    };
    edited().await.unwrap();
    edited().await.unwrap();
    order::cancel(&boss, placed.id, "changed her mind").await.unwrap();
    customer::erase(&boss, record(&shop).await, EMAIL).await.unwrap();
    assert_eq!(refusal(edited().await).0, "IDEMPOTENCY_KEY_REUSED");
    shop.holds().await;
}

async fn whoever_confirms_a_mailbox_gets_its_record(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 50).await;
    let guest = shop.guest(mug, 1).await;
    let placed = checkout::place_order(&guest.ctx, form(&guest).await).await.unwrap().order;
    let vera = account(&shop).await;
    // Opening an account with an address does not make its orders one's own.
    assert!(customer::own_data(&vera).await.unwrap().customer.is_none());
    assert!(customer::own_data(&vera).await.unwrap().orders.is_empty());
    confirm(&shop, &vera).await;
    let own = customer::own_data(&vera).await.unwrap();
    assert_eq!(own.customer.map(|record| record.email).as_deref(), Some(EMAIL));
    assert_eq!(own.orders.iter().map(|order| order.number).collect::<Vec<_>>(), [placed.number]);
    shop.holds().await;
}

async fn an_account_owns_no_address_that_it_has_not_confirmed(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 50).await;
    // Somebody opens an account with Vera's address, and she orders without one.
    let other = account(&shop).await;
    let hers = as_guest(&shop, mug).await;
    let theirs = order(&shop, &other, mug).await;
    let boss = shop.boss();
    let id = record(&shop).await;
    assert_eq!(customer::get(&boss, id).await.unwrap().user, None);
    assert_eq!(
        refusal(
            tender::change(
                &boss,
                id,
                &CreditChange { key: "credit 1", amount: Money::new(100, Currency::EUR), reason: "sorry" }
            )
            .await
        )
        .1,
        ["customerId"]
    );
    let own = customer::own_data(&other).await.unwrap();
    assert_eq!(own.orders.iter().map(|order| order.number).collect::<Vec<_>>(), [theirs.number]);
    assert!(own.customer.is_none() && own.addresses.is_empty());
    assert_eq!(customer::own_addresses(&other).await.unwrap(), []);
    assert_eq!(refusal(customer::put_own_address(&other, None, &maud(), true).await).0, "CONFLICT");
    assert_eq!(customer::own_consent(&other).await.unwrap(), None);
    // Nor does leaving take anything of hers along.
    order::cancel(&boss, theirs.id, "changed her mind").await.unwrap();
    let erased = customer::erase_own(&other, EMAIL, PASSWORD, &Visit::local()).await.unwrap();
    assert_eq!((erased.n_orders, erased.account), (1, true));
    shop.settle().await;
    let seen = order::by_id(&boss, hers.id).await.unwrap();
    assert_eq!((seen.email.as_str(), seen.address.line1.as_str(), seen.customer), (EMAIL, STREET, Some(id)));
    assert_eq!(customer::get(&boss, id).await.unwrap().addresses.len(), 1);
    assert_eq!(order::by_id(&boss, theirs.id).await.unwrap().address.line1, "");
    shop.holds().await;
}

async fn what_only_an_unconfirmed_account_has_ordered_goes_with_it(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 50).await;
    let vera = account(&shop).await;
    let placed = order(&shop, &vera, mug).await;
    assert_eq!(customer::own_data(&vera).await.unwrap().orders.len(), 1);
    order::cancel(&shop.boss(), placed.id, "changed her mind").await.unwrap();
    customer::erase_own(&vera, EMAIL, PASSWORD, &Visit::local()).await.unwrap();
    shop.settle().await;
    for text in [EMAIL, NAME, PHONE, STREET] {
        assert_eq!(places_of(&shop, text).await, Vec::<String>::new(), "{text} is left");
    }
    assert_eq!(shop.told().await["customer.erased"], 1);
    shop.holds().await;
}

async fn a_record_moves_with_the_address_of_its_account(shop: Shop) {
    const NEW: &str = "vera@elsewhere.example";
    let mug = shop.product("Mug", "12.50", 50).await;
    let vera = account(&shop).await;
    confirm(&shop, &vera).await;
    let first = order(&shop, &vera, mug).await;
    let id = record(&shop).await;
    identity::recovery::request_address_change(&vera, NEW, PASSWORD, &Visit::local()).await.unwrap();
    let token = token_in(&shop, NEW, "confirm_address").await;
    identity::recovery::confirm_address_change(&shop.anonymous(), &token).await.unwrap();
    // Whoever has the old mailbox by now, at any moment.
    let other = as_guest(&shop, mug).await;
    let later = as_guest(&shop, mug).await;
    let boss = shop.boss();
    assert_eq!(customer::get(&boss, id).await.unwrap().email, NEW);
    assert_ne!(order::by_id(&boss, later.id).await.unwrap().customer, Some(id));
    let own = customer::own_data(&vera).await.unwrap();
    let mine: Vec<_> = own.orders.iter().map(|order| order.number).collect();
    assert_eq!(own.customer.map(|record| record.email).as_deref(), Some(NEW));
    assert!(mine.contains(&first.number) && !mine.contains(&later.number), "{mine:?}, {}", other.number);
    let signed_in = order(&shop, &vera, mug).await;
    assert_eq!(order::by_id(&boss, signed_in.id).await.unwrap().customer, Some(id));
    shop.holds().await;
}

async fn nobody_erases_what_was_sent_to_others(shop: Shop) {
    const INVITED: &str = "clerk@shop.example";
    let mug = shop.product("Mug", "12.50", 50).await;
    // Nobody invites somebody who may do more.
    let actor = Actor::Staff { user: UserId::new(), permissions: PermissionSet::everything() };
    let boss = shop.anonymous().with_actor(actor);
    let input = InvitationInput {
        email: INVITED.into(),
        name: "Clerk".into(),
        locale: None,
        roles: vec![SystemRole::Support.into()],
    };
    identity::invitation::invite_staff(&boss, input, &Visit::local()).await.unwrap();
    let there = async || {
        let invited = shop.number("SELECT COUNT(*) FROM invitation").await;
        let links = shop.number("SELECT COUNT(*) FROM one_time_token WHERE invitation_id IS NOT NULL").await;
        (invited, links, letters_to(&shop, INVITED).await)
    };
    assert_eq!(there().await, (1, 1, 1));
    // By an account that somebody opens with the address and never confirms.
    let other = shop.unconfirmed(INVITED).await;
    identity::recovery::request_verification(&other, &Visit::local()).await.unwrap();
    let waiting = letters_to(&shop, INVITED).await;
    customer::erase_own(&other, INVITED, PASSWORD, &Visit::local()).await.unwrap();
    assert_eq!(there().await, (1, 1, waiting));
    assert_eq!(shop.number("SELECT COUNT(*) FROM one_time_token").await, 1, "their own link is gone");
    // By an order that names the address.
    let vera = account(&shop).await;
    confirm(&shop, &vera).await;
    let guest = member(&vera, mug, 1).await;
    let typed = CheckoutInput { email: INVITED.into(), ..form(&guest).await };
    let placed = checkout::place_order(&vera, typed).await.unwrap().order;
    order::cancel(&boss, placed.id, "changed her mind").await.unwrap();
    shop.settle().await;
    let waiting = letters_to(&shop, INVITED).await;
    customer::erase_own(&vera, EMAIL, PASSWORD, &Visit::local()).await.unwrap();
    assert_eq!(there().await, (1, 1, waiting));
    assert_eq!(letters_to(&shop, EMAIL).await, 0);
    shop.holds().await;
}

async fn what_the_shop_owes_is_settled_first(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 50).await;
    let vera = account(&shop).await;
    confirm(&shop, &vera).await;
    let placed = order(&shop, &vera, mug).await;
    deliver(&shop, &placed).await;
    let boss = shop.boss();
    let id = record(&shop).await;
    tender::change(
        &boss,
        id,
        &CreditChange { key: "credit 2", amount: Money::new(1_500, Currency::EUR), reason: "for the wait" },
    )
    .await
    .unwrap();
    let asked = Ask {
        key: "one".into(),
        lines: vec![Piece { line: placed.lines[0].id, quantity: 1 }],
        reason: ReturnReason::DoesNotFit,
        words: String::new(),
        exchange: false,
    };
    let back = returns::request(&vera, Door::Own(placed.id), &asked).await.unwrap();
    let open = customer::erase_own(&vera, EMAIL, PASSWORD, &Visit::local()).await.unwrap_err();
    assert_eq!(open.to_string(), "return R-1001-1 is still open: settle it first");
    assert_eq!(customer::own_data(&vera).await.unwrap().account.map(|it| it.email).as_deref(), Some(EMAIL));
    returns::decline(&boss, back.id, "worn").await.unwrap();
    // The file says all of it before.
    let card = GiftCardDraft { amount: 2_500, recipient: EMAIL.into(), ..GiftCardDraft::default() };
    let card = tender::issue(&boss, "a card", &card).await.unwrap().card;
    let own = customer::own_data(&vera).await.unwrap();
    let pieces = &own.orders[0].returns[0].pieces;
    assert_eq!((pieces[0].title.as_str(), pieces[0].quantity, pieces[0].arrived), ("Mug", 1, 0));
    let moved = &own.store_credit.as_ref().unwrap().movements;
    assert_eq!((moved[0].kind.as_str(), moved[0].amount.as_str()), ("credit", "15.00"));
    let cards: Vec<_> =
        own.gift_cards.iter().map(|card| (card.last_four.as_str(), card.issued.as_str())).collect();
    assert_eq!(cards, [(card.last_four.as_str(), "25.00")]);
    customer::erase_own(&vera, EMAIL, PASSWORD, &Visit::local()).await.unwrap();
    let left = tender::of_customer(&boss, id, None).await.unwrap();
    let last = &left.movements[0];
    assert_eq!((left.balance.minor, last.amount.minor, last.reason.as_str()), (0, -1_500, "erased"));
    assert_eq!(shop.told().await["store_credit.updated"], 2);
    assert_eq!(
        refusal(
            tender::change(
                &boss,
                id,
                &CreditChange { key: "credit 3", amount: Money::new(100, Currency::EUR), reason: "late" }
            )
            .await
        )
        .1,
        ["customerId"]
    );
    shop.holds().await;
}

on_both!(
    what_staff_places_at_that_moment_is_never_half_forgotten,
    what_was_edited_is_not_to_be_guessed,
    a_record_moves_with_the_address_of_its_account,
    an_account_owns_no_address_that_it_has_not_confirmed,
    nobody_erases_what_was_sent_to_others,
    what_only_an_unconfirmed_account_has_ordered_goes_with_it,
    what_the_shop_owes_is_settled_first,
    a_file_holds_everything_and_only_theirs,
    nothing_of_a_forgotten_customer_is_left,
    whoever_confirms_a_mailbox_gets_its_record,
    whoever_orders_at_that_moment_is_never_half_forgotten,
);
