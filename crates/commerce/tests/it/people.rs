//! Groups of customers, and who pays no tax.

use commerce::customer::{self, CustomerFilter, CustomerSort, GroupDraft, TaxDraft};
use commerce::promotion::{self, PromotionDraft};
use commerce::{cart, order};
use futures::future::join_all;
use platform::Ctx;
use platform::db::count_statements;
use pricing::{Action, Condition};
use primitives::{CustomerGroupId, CustomerId, PageArgs, Permission, Rate, VariantId};
use testkit::on_both;

use crate::promoting::draft;
use crate::shop::{Guest, Shop, refusal};

/// Somebody with an account who has put `quantity` of `variant` into a cart.
pub async fn member(ctx: &Ctx, variant: VariantId, quantity: i64) -> Guest {
    cart::add(ctx, None, &[(variant, quantity)]).await.unwrap();
    Guest { ctx: ctx.clone(), token: String::new() }
}

/// An account's record, made by an order.
pub async fn known(shop: &Shop, variant: VariantId) -> (Ctx, CustomerId) {
    let there = shop.number("SELECT COUNT(*) FROM user_account").await;
    let email = if there == 0 { "maud@example.com".to_owned() } else { format!("maud{there}@example.com") };
    let ctx = shop.somebody(&email).await;
    let placed = member(&ctx, variant, 1).await.order("manual").await;
    let read = order::by_id(&shop.boss(), placed.id).await.unwrap();
    (ctx, read.customer.unwrap())
}

fn merchant(shop: &Shop) -> Ctx {
    shop.staff(&[Permission::PROMOTIONS_MANAGE, Permission::CUSTOMERS_MANAGE])
}

fn named(name: &str) -> GroupDraft {
    GroupDraft { name: name.to_owned(), ..GroupDraft::default() }
}

fn for_groups(name: &str, groups: &[CustomerGroupId]) -> PromotionDraft {
    PromotionDraft {
        conditions: vec![Condition::Groups { any_of: groups.iter().copied().collect() }],
        ..draft(name, Action::OrderPercent { off: Rate::percent(10) })
    }
}

async fn groups_are_made_named_and_filled(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 50).await;
    let (boss, (_, maud)) = (shop.boss(), known(&shop, mug).await);
    let trade = customer::create_group(&boss, &named(" Trade ")).await.unwrap();
    assert_eq!((trade.name.as_str(), trade.n_members, trade.version), ("Trade", 0, 1));
    let (code, fields) = refusal(customer::create_group(&boss, &named("TRADE")).await);
    assert_eq!((code.as_str(), fields), ("CONFLICT", vec!["name".to_owned()]));
    let wrong = GroupDraft { tax_exempt: true, ..named(&"x".repeat(61)) };
    assert_eq!(
        refusal(customer::create_group(&boss, &wrong).await),
        ("BAD_USER_INPUT".into(), vec!["name".into(), "taxReason".into()])
    );
    for control in ["Tr\0ade", "Tr\nade"] {
        assert_eq!(refusal(customer::create_group(&boss, &named(control)).await).1, ["name"]);
    }
    let club = customer::create_group(&boss, &named("Club")).await.unwrap();
    assert_eq!(
        refusal(customer::update_group(&boss, club.id, 1, &named("trade")).await).1,
        ["name"],
        "the name of another group"
    );
    assert_eq!(refusal(customer::update_group(&boss, club.id, 2, &named("X")).await).0, "CONFLICT");
    let club = customer::update_group(&boss, club.id, 1, &named("The club")).await.unwrap();
    assert_eq!((club.name.as_str(), club.version), ("The club", 2));

    assert_eq!(customer::add_members(&boss, trade.id, &[maud, maud]).await.unwrap(), 1);
    assert_eq!(customer::add_members(&boss, trade.id, &[maud]).await.unwrap(), 0);
    assert_eq!(customer::add_members(&boss, club.id, &[maud]).await.unwrap(), 1);
    let nobody = customer::add_members(&boss, club.id, &[CustomerId::new(), maud]).await;
    assert_eq!(refusal(nobody).0, "NOT_FOUND");
    let nowhere = customer::add_members(&boss, CustomerGroupId::new(), &[maud]).await;
    assert_eq!(refusal(nowhere).0, "NOT_FOUND");
    assert_eq!(refusal(customer::add_members(&boss, club.id, &[]).await).1, ["customerIds"]);
    assert_eq!(shop.told().await["customer.updated"], 2);
    let seen = customer::get(&boss, maud).await.unwrap();
    let names = |groups: &[commerce::view::GroupName]| {
        groups.iter().map(|group| group.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&seen.groups), ["The club", "Trade"]);
    let list = async |group| {
        let filter = CustomerFilter { group: Some(group), ..CustomerFilter::default() };
        customer::list(&boss, &filter, CustomerSort::default(), &PageArgs::first(10)).await.unwrap()
    };
    let inside = list(trade.id).await;
    assert_eq!((inside.total, inside.items[0].id, names(&inside.items[0].groups).len()), (1, maud, 2));
    assert_eq!(list(CustomerGroupId::new()).await.total, 0);
    assert_eq!(customer::remove_members(&boss, trade.id, &[maud]).await.unwrap(), 1);
    assert_eq!(customer::remove_members(&boss, trade.id, &[maud]).await.unwrap(), 0);
    assert_eq!(list(trade.id).await.total, 0);

    // Another shop knows none of them, and shoppers have no say.
    let stranger = shop.other_tenant();
    assert_eq!(refusal(customer::group(&stranger, trade.id).await).0, "NOT_FOUND");
    assert_eq!(refusal(customer::delete_group(&stranger, trade.id, 1).await).0, "NOT_FOUND");
    assert!(customer::groups(&stranger).await.unwrap().is_empty());
    assert_eq!(refusal(customer::create_group(&shop.customer(), &named("Mine")).await).0, "FORBIDDEN");
    assert_eq!(refusal(customer::add_members(&shop.customer(), club.id, &[maud]).await).0, "FORBIDDEN");
    customer::delete_group(&boss, club.id, 2).await.unwrap();
    let left: Vec<_> = customer::groups(&boss).await.unwrap().into_iter().map(|group| group.name).collect();
    assert_eq!(left, ["Trade"]);
    assert!(customer::get(&boss, maud).await.unwrap().groups.is_empty());
    assert_eq!(shop.number("SELECT COUNT(*) FROM customer_group_member").await, 0);
    shop.holds().await;
}

async fn a_promotion_for_a_group_is_for_its_members(shop: Shop) {
    let mug = shop.product("Mug", "10.00", 50).await;
    let boss = merchant(&shop);
    let (maud, record) = known(&shop, mug).await;
    let trade = customer::create_group(&boss, &named("Trade")).await.unwrap();
    let coded = PromotionDraft { codes: vec!["TRADE".into()], ..for_groups("For trade", &[trade.id]) };
    let made = promotion::create(&boss, &coded).await.unwrap();
    assert_eq!(made.draft.conditions, coded.conditions, "the condition is kept");
    let off = async |guest: &Guest| {
        let change = cart::set_codes(&guest.ctx, Some(&guest.token), &["TRADE".to_owned()]).await.unwrap();
        (change.cart.totals.discount.minor, change.cart.codes[0].problem.as_ref().map(ToString::to_string))
    };
    let theirs = member(&maud, mug, 1).await;
    let refused = (0, Some("for other customers".to_owned()));
    assert_eq!(off(&theirs).await, refused);
    customer::add_members(&boss, trade.id, &[record]).await.unwrap();
    assert_eq!(off(&theirs).await, (100, None));
    // Whoever types the same address without signing in is anybody.
    let guest = shop.guest(mug, 1).await;
    assert_eq!(off(&guest).await, refused);
    assert_eq!(guest.order("manual").await.totals.discount.minor, 0);
    assert_eq!(theirs.order("manual").await.totals.discount.minor, 100);
    let trial = promotion::trial(&boss, &for_groups("Tried", &[trade.id]), 30).await.unwrap();
    assert_eq!((trial.n_orders, trial.n_applied), (3, 2), "by the groups of today, for who had signed in");
    assert_eq!(trial.reasons, [("for other customers".to_owned(), 1)]);

    // As long as a promotion names it, a group stays.
    let held = customer::delete_group(&boss, trade.id, 1).await.unwrap_err();
    assert_eq!(held.to_string(), "these promotions are for Trade: For trade; change them first");
    assert_eq!(customer::group(&boss, trade.id).await.unwrap().promotions[0].1, "For trade");
    let free = PromotionDraft { conditions: Vec::new(), ..coded.clone() };
    promotion::update(&boss, made.id, 1, &free).await.unwrap();
    customer::delete_group(&boss, trade.id, 1).await.unwrap();
    let gone = promotion::update(&boss, made.id, 2, &coded).await;
    assert_eq!(refusal(gone).0, "NOT_FOUND");
    assert_eq!(promotion::get(&boss, made.id).await.unwrap().version, 2);
    shop.holds().await;
}

async fn a_group_is_never_named_and_gone(shop: Shop) {
    let boss = merchant(&shop);
    for n in 0..8 {
        let group = customer::create_group(&boss, &named(&format!("Group {n}"))).await.unwrap();
        let (one, other) = (boss.clone(), boss.clone());
        let wanted = for_groups(&format!("For {n}"), &[group.id]);
        let naming = tokio::spawn(async move { promotion::create(&one, &wanted).await.is_ok() });
        let leaving = tokio::spawn(async move { customer::delete_group(&other, group.id, 1).await.is_ok() });
        let done = join_all([naming, leaving]).await.into_iter().map(Result::unwrap).collect::<Vec<_>>();
        assert_eq!(done.iter().filter(|done| **done).count(), 1, "one of them comes first: {done:?}");
    }
    let left = shop.number("SELECT COUNT(*) FROM customer_group").await;
    assert_eq!(shop.number("SELECT COUNT(*) FROM promotion_group").await, left);
    assert_eq!(shop.number("SELECT COUNT(*) FROM promotion").await, left);
    shop.holds().await;
}

async fn groups_cost_one_statement_where_they_matter(shop: Shop) {
    let mug = shop.product("Mug", "10.00", 50).await;
    let boss = merchant(&shop);
    let (maud, record) = known(&shop, mug).await;
    let (theirs, guest) = (member(&maud, mug, 1).await, shop.guest(mug, 1).await);
    let cost = async |guest: &Guest| {
        // The first look fills what is remembered for a second.
        cart::view(&guest.ctx, Some(&guest.token)).await.unwrap();
        count_statements(cart::view(&guest.ctx, Some(&guest.token))).await.1
    };
    let before = (cost(&guest).await, cost(&theirs).await);
    let trade = customer::create_group(&boss, &named("Trade")).await.unwrap();
    customer::add_members(&boss, trade.id, &[record]).await.unwrap();
    assert_eq!((cost(&guest).await, cost(&theirs).await), before, "nobody asks for groups");
    promotion::create(&boss, &for_groups("For trade", &[trade.id])).await.unwrap();
    assert_eq!((cost(&guest).await, cost(&theirs).await), (before.0, before.1 + 1));
    let list = async || {
        let (filter, page) = (CustomerFilter::default(), PageArgs::first(10));
        count_statements(customer::list(&boss, &filter, CustomerSort::default(), &page)).await.1
    };
    let few = list().await;
    for _ in 0..3 {
        let (_, another) = known(&shop, mug).await;
        let _ = customer::add_members(&boss, trade.id, &[another]).await.unwrap();
    }
    assert_eq!(list().await, few, "however many there are");
    shop.holds().await;
}

async fn whoever_is_exempt_pays_the_net(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 50).await;
    let boss = merchant(&shop);
    let (maud, record) = known(&shop, mug).await;
    let usual = member(&maud, mug, 3).await.order("manual").await;
    assert!(0 < usual.totals.tax.minor && usual.totals.exemption.is_none());
    let wrong = TaxDraft { exempt: true, number: "x".repeat(41), reason: " ".into() };
    assert_eq!(refusal(customer::set_tax(&boss, record, &wrong).await).1, ["number", "reason"]);
    let nobody = customer::set_tax(&boss, CustomerId::new(), &TaxDraft::default()).await;
    assert_eq!(refusal(nobody).0, "NOT_FOUND");
    let draft =
        TaxDraft { exempt: true, number: " BE 0123.456.789 ".into(), reason: "Reverse charge".into() };
    let set = customer::set_tax(&boss, record, &draft).await.unwrap();
    assert_eq!((set.tax_exempt, set.tax_number.as_str()), (true, "BE 0123.456.789"));
    let theirs = member(&maud, mug, 3).await;
    let seen = cart::view(&theirs.ctx, None).await.unwrap().totals;
    let exemption = seen.exemption.clone().unwrap();
    assert_eq!(exemption.words(), "Reverse charge, BE 0123.456.789");
    assert_eq!((seen.subtotal.minor, seen.total.minor, exemption.relief.minor), (3750, 3099, 651));
    // A guest with the same address is taxed.
    let guest = shop.guest(mug, 3).await.order("manual").await;
    assert_eq!((guest.totals.total, guest.totals.tax), (usual.totals.total, usual.totals.tax));
    let placed = theirs.order("manual").await;
    let totals = &placed.totals;
    assert_eq!((totals.tax.minor, totals.taxes.len()), (0, 0));
    assert_eq!(totals.total.minor, usual.totals.total.minor - usual.totals.tax.minor);
    let relief = totals.exemption.as_ref().unwrap().relief.minor;
    assert_eq!(relief, usual.totals.tax.minor);
    let shipping = totals.shipping.unwrap().minor;
    assert_eq!(totals.subtotal.minor - totals.discount.minor + shipping - relief, totals.total.minor);
    let line = &placed.lines[0];
    assert_eq!((line.net.minor, line.tax.minor, line.gross.minor), (3099, 0, 3099));
    assert_eq!((line.full.minor, line.total.minor, line.rate), (3750, 3750, Rate::ZERO));
    let read = order::by_id(&shop.boss(), placed.id).await.unwrap();
    assert_eq!((&read.totals, &read.lines), (&placed.totals, &placed.lines));
    shop.holds().await;

    // The same by a group, once the customer has no say of its own.
    customer::set_tax(&boss, record, &TaxDraft::default()).await.unwrap();
    let theirs = member(&maud, mug, 1).await;
    assert_eq!(cart::view(&theirs.ctx, None).await.unwrap().totals.exemption, None);
    let diplomats =
        GroupDraft { tax_exempt: true, tax_reason: "Diplomatic mission".into(), ..named("Diplomats") };
    let group = customer::create_group(&boss, &diplomats).await.unwrap();
    customer::add_members(&boss, group.id, &[record]).await.unwrap();
    let seen = cart::view(&theirs.ctx, None).await.unwrap().totals;
    assert_eq!(seen.exemption.unwrap().words(), "Diplomatic mission");
    shop.holds().await;
}

on_both!(
    a_group_is_never_named_and_gone,
    a_promotion_for_a_group_is_for_its_members,
    groups_are_made_named_and_filled,
    groups_cost_one_statement_where_they_matter,
    whoever_is_exempt_pays_the_net,
);
