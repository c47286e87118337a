//! What staff knows about customers: notes, value, consents, and the list that shows it.

use commerce::checkout::Wish;
use commerce::customer::{self, CustomerFilter, CustomerSort, GroupDraft, NewCustomer, TaxDraft};
use commerce::view::{Address, CustomerView};
use commerce::{CheckoutInput, checkout, order};
use platform::db::count_statements;
use primitives::{CustomerGroupId, CustomerId, PageArgs, Permission};
use sea_orm::ConnectionTrait;
use testkit::on_both;

use crate::people::{known, member};
use crate::shop::{Shop, refusal};

async fn all(shop: &Shop, filter: CustomerFilter, sort: CustomerSort) -> Vec<CustomerView> {
    let mut found = Vec::new();
    let mut page = PageArgs::first(2);
    loop {
        let got = customer::list(&shop.boss(), &filter, sort, &page).await.unwrap();
        let after = got.cursors.last().cloned();
        found.extend(got.items);
        if !got.has_next {
            assert_eq!(found.len() as u64, got.total);
            return found;
        }
        page = PageArgs::new(Some(2), after, None, None).unwrap();
    }
}

async fn staff_writes_notes_that_nobody_else_reads(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 50).await;
    let (maud, id) = known(&shop, mug).await;
    let boss = shop.boss();
    assert_eq!(refusal(customer::add_note(&boss, id, "  ").await).1, ["text"]);
    assert_eq!(refusal(customer::add_note(&boss, id, &"x".repeat(4001)).await).1, ["text"]);
    assert_eq!(refusal(customer::add_note(&boss, id, "a\0b").await).1, ["text"]);
    assert_eq!(refusal(customer::add_note(&boss, CustomerId::new(), "x").await).0, "NOT_FOUND");
    assert_eq!(refusal(customer::add_note(&shop.other_tenant(), id, "x").await).0, "NOT_FOUND");
    assert_eq!(refusal(customer::add_note(&maud, id, "x").await).0, "FORBIDDEN");
    customer::add_note(&boss, id, "first").await.unwrap();
    shop.advance(std::time::Duration::from_secs(1));
    let seen = customer::add_note(&boss, id, " second ").await.unwrap();
    let texts: Vec<_> = seen.notes.iter().map(|note| note.text.as_str()).collect();
    assert_eq!((texts, seen.notes[0].author), (vec!["second", "first"], boss.user_id()));
    assert!(customer::own_data(&maud).await.unwrap().json().unwrap().find("second").is_none());
    assert_eq!(shop.told().await["customer.updated"], 2);
    shop.holds().await;
}

async fn the_list_knows_what_customers_are_worth(shop: Shop) {
    let mug = shop.product("Mug", "10.00", 90).await;
    let boss = shop.boss();
    let mut ids = Vec::new();
    for (n, email) in [(1, "one@x.example"), (3, "three@x.example"), (2, "two@x.example")] {
        let ctx = shop.somebody(email).await;
        for _ in 0..n {
            let guest = member(&ctx, mug, 1).await;
            let form = CheckoutInput { email: email.into(), ..guest.form("manual").await };
            let placed = checkout::place_order(&ctx, form).await.unwrap().order;
            order::mark_paid(&boss, placed.id).await.unwrap();
        }
        ids.push(customer::own_data(&ctx).await.unwrap().customer.unwrap().email);
    }
    // Somebody who has ordered and paid nothing that counts.
    let given_up = shop.guest(mug, 1).await.order("manual").await;
    order::cancel(&boss, given_up.id, "changed her mind").await.unwrap();
    shop.settle().await;
    let names = |views: Vec<CustomerView>| views.into_iter().map(|view| view.email).collect::<Vec<_>>();
    let falling = ["three@x.example", "two@x.example", "one@x.example", "maud@example.com"];
    for sort in [CustomerSort::SpentDesc, CustomerSort::OrdersDesc] {
        assert_eq!(names(all(&shop, CustomerFilter::default(), sort).await), falling);
    }
    let rising: Vec<_> = falling.iter().rev().copied().collect();
    for sort in [CustomerSort::SpentAsc, CustomerSort::OrdersAsc] {
        assert_eq!(names(all(&shop, CustomerFilter::default(), sort).await), rising);
    }
    let best = &all(&shop, CustomerFilter::default(), CustomerSort::SpentDesc).await[0];
    assert_eq!((best.n_orders, best.spent.minor), (3, best.average.unwrap().minor * 3));
    let last = PageArgs::new(None, None, Some(1), None).unwrap();
    let last =
        customer::list(&boss, &CustomerFilter::default(), CustomerSort::SpentDesc, &last).await.unwrap();
    assert_eq!((names(last.items), last.has_previous), (vec!["maud@example.com".to_owned()], true));
    let cost = async |n| {
        let (filter, page) = (CustomerFilter::default(), PageArgs::first(n));
        count_statements(customer::list(&boss, &filter, CustomerSort::SpentDesc, &page)).await.1
    };
    assert_eq!(cost(1).await, cost(4).await);
    shop.holds().await;
}

async fn letters_are_asked_for_and_each_answer_is_kept(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 50).await;
    let (maud, id) = known(&shop, mug).await;
    let boss = shop.boss();
    assert_eq!(customer::own_consent(&maud).await.unwrap(), Some(false), "never assumed");
    assert_eq!(customer::own_consent(&shop.customer()).await.unwrap(), None);
    let placed = member(&maud, mug, 1).await.order("manual").await;
    // Whoever types the address of an account answers for nobody.
    let guest = shop.guest(mug, 1).await.order("manual").await;
    customer::consent_with_order(&shop.anonymous(), &guest.token).await.unwrap();
    assert_eq!(customer::own_consent(&maud).await.unwrap(), Some(false));
    customer::consent_with_order(&shop.anonymous(), &placed.token).await.unwrap();
    customer::consent_with_order(&shop.anonymous(), &placed.token).await.unwrap();
    let unknown = customer::consent_with_order(&shop.anonymous(), "nothing").await;
    assert_eq!(refusal(unknown).0, "NOT_FOUND");
    assert_eq!(customer::own_consent(&maud).await.unwrap(), Some(true));
    customer::set_own_consent(&maud, false).await.unwrap();
    customer::consent_with_order(&shop.anonymous(), &guest.token).await.unwrap();
    assert_eq!(customer::own_consent(&maud).await.unwrap(), Some(false), "nobody else takes that back");
    assert_eq!(refusal(customer::set_own_consent(&shop.customer(), true).await).0, "NOT_FOUND");
    assert_eq!(refusal(customer::set_consent(&maud, id, true).await).0, "FORBIDDEN");
    let seen = customer::set_consent(&boss, id, true).await.unwrap();
    let log: Vec<_> = seen.consents.iter().map(|one| (one.source.as_str(), one.given)).collect();
    assert_eq!(log, [("staff", true), ("account", false), ("checkout", true)]);
    let wanting = |marketing| CustomerFilter { marketing: Some(marketing), ..CustomerFilter::default() };
    assert_eq!(all(&shop, wanting(true), CustomerSort::default()).await.len(), 1);
    assert_eq!(all(&shop, wanting(false), CustomerSort::default()).await.len(), 0);
    let own = customer::own_data(&maud).await.unwrap().customer.unwrap();
    assert_eq!((own.wants_letters, own.consents.len()), (true, 3));
    let owner = shop.database().owner().await;
    for sql in ["UPDATE customer_consent SET given = false", "DELETE FROM customer_consent"] {
        assert!(owner.execute_unprepared(sql).await.is_err(), "{sql}");
    }
    owner.close().await.unwrap();
    shop.holds().await;
}

async fn the_list_is_given_away_as_text(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 50).await;
    let guest = shop.guest(mug, 1).await;
    let mut form = guest.form("manual").await;
    form.address.name = "=HYPERLINK(\"x\")".into();
    checkout::place_order(&guest.ctx, form).await.unwrap();
    shop.settle().await;
    let clerk = shop.staff(&[Permission::CUSTOMERS_EXPORT]);
    let (csv, count) = customer::export(&clerk, &CustomerFilter::default()).await.unwrap();
    let lines: Vec<_> = csv.split("\r\n").collect();
    assert_eq!((count, lines.len()), (1, 3));
    let head =
        "email,name,account,groups,orders,spent,average,currency,last order,since,marketing,tax number";
    assert_eq!(lines[0], head);
    assert!(
        lines[1].starts_with("maud@example.com,\"'=HYPERLINK(\"\"x\"\")\",no,,1,0.00,0.00,EUR,"),
        "{}",
        lines[1]
    );
    let nobody = CustomerFilter { q: "nobody".into(), ..CustomerFilter::default() };
    assert_eq!(customer::export(&clerk, &nobody).await.unwrap().1, 0);
    let reader = shop.staff(&[Permission::CUSTOMERS_LIST]);
    assert_eq!(refusal(customer::export(&reader, &CustomerFilter::default()).await).0, "FORBIDDEN");
    shop.holds().await;
}

async fn an_account_keeps_its_addresses(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 50).await;
    let (maud, _) = known(&shop, mug).await;
    shop.settle().await;
    let used = customer::own_addresses(&maud).await.unwrap();
    assert_eq!((used.len(), used[0].address.clone(), used[0].first_choice), (1, crate::shop::maud(), false));
    let wrong = Address { line1: " ".into(), postal_code: "x".into(), ..crate::shop::maud() };
    let (code, fields) = refusal(customer::put_own_address(&maud, None, &wrong, true).await);
    assert_eq!(
        (code.as_str(), fields),
        ("BAD_USER_INPUT", vec!["address.line1".into(), "address.postalCode".into()])
    );
    let twice = customer::put_own_address(&maud, None, &crate::shop::maud(), false).await;
    assert_eq!(refusal(twice).1, ["address.line1"]);
    let work = Address { company: "Acme".into(), line1: "Korenmarkt 1".into(), ..crate::shop::maud() };
    let kept = customer::put_own_address(&maud, None, &work, true).await.unwrap();
    assert!(kept.first_choice);
    member(&maud, mug, 1).await;
    let begins = checkout::view(&maud, None, Wish::default()).await.unwrap().contact;
    assert_eq!((begins.address, begins.email.as_str()), (work.clone(), "maud@example.com"));
    customer::prefer_own_address(&maud, used[0].id).await.unwrap();
    let first: Vec<_> =
        customer::own_addresses(&maud).await.unwrap().iter().map(|one| one.first_choice).collect();
    assert_eq!(first, [true, false]);
    let moved = Address { line1: "Korenmarkt 2".into(), ..work };
    let moved = customer::put_own_address(&maud, Some(kept.id), &moved, false).await.unwrap();
    assert_eq!((moved.id, moved.address.line1.as_str()), (kept.id, "Korenmarkt 2"));
    // Nobody else has a say, and nothing becomes of a try.
    let stranger = shop.somebody("stranger@example.com").await;
    member(&stranger, mug, 1).await.order("manual").await;
    for other in [stranger, shop.other_tenant()] {
        let theirs = customer::put_own_address(&other, Some(kept.id), &crate::shop::maud(), true).await;
        refusal(theirs);
        assert_eq!(refusal(customer::prefer_own_address(&other, kept.id).await).0, "NOT_FOUND");
        assert_eq!(refusal(customer::remove_own_address(&other, kept.id).await).0, "NOT_FOUND");
    }
    assert_eq!(refusal(customer::own_addresses(&shop.anonymous()).await).0, "UNAUTHENTICATED");
    customer::remove_own_address(&maud, kept.id).await.unwrap();
    assert_eq!(refusal(customer::remove_own_address(&maud, kept.id).await).0, "NOT_FOUND");
    assert_eq!(customer::own_addresses(&maud).await.unwrap().len(), 1);
    assert_eq!(shop.number("SELECT COUNT(*) FROM customer_address WHERE is_default").await, 1);
    shop.holds().await;
}

async fn staff_enters_a_customer_by_hand(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 50).await;
    let boss = shop.boss();
    let group = |name: &str| GroupDraft { name: name.into(), ..GroupDraft::default() };
    let friends = customer::create_group(&boss, &group("Friends")).await.unwrap().id;
    let new = NewCustomer {
        email: " Maud@Example.com ".into(),
        name: " Maud Moss ".into(),
        groups: [friends].into(),
        note: "called about the blue one".into(),
    };
    let wrong =
        NewCustomer { email: "maud".into(), name: "x".repeat(201), note: "a\0b".into(), ..new.clone() };
    assert_eq!(refusal(customer::create(&boss, &wrong).await).1, ["email", "name", "note"]);
    let tab = NewCustomer { name: "Maud\tMoss".into(), ..new.clone() };
    assert_eq!(refusal(customer::create(&boss, &tab).await).1, ["name"]);
    let many = NewCustomer { groups: (0..51).map(|_| CustomerGroupId::new()).collect(), ..new.clone() };
    assert_eq!(refusal(customer::create(&boss, &many).await).1, ["groupIds"]);
    let unknown = NewCustomer { groups: [friends, CustomerGroupId::new()].into(), ..new.clone() };
    assert_eq!(refusal(customer::create(&boss, &unknown).await).0, "NOT_FOUND");
    // Nothing is left of what was refused.
    assert_eq!(shop.number("SELECT COUNT(*) FROM customer").await, 0);
    let reader = shop.staff(&[Permission::CUSTOMERS_READ, Permission::CUSTOMERS_UPDATE]);
    assert_eq!(refusal(customer::create(&reader, &new).await).0, "FORBIDDEN");
    // Whoever may make records but not read them sees the one that was made.
    let made = customer::create(&shop.staff(&[Permission::CUSTOMERS_CREATE]), &new).await.unwrap();
    assert_eq!((made.email.as_str(), made.name.as_str(), made.user), ("maud@example.com", "Maud Moss", None));
    let groups: Vec<_> = made.groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!((groups, made.notes.len()), (vec!["Friends"], 0), "notes are for whoever may read");
    assert_eq!(customer::get(&boss, made.id).await.unwrap().notes[0].text, "called about the blue one");
    assert_eq!((made.n_orders, made.marketing, made.spent.minor), (0, false, 0));
    assert_eq!(shop.told().await["customer.created"], 1);
    // Once per shop, however the address is written; another shop has customers of its own.
    let twice = NewCustomer { email: "MAUD@EXAMPLE.COM".into(), ..NewCustomer::default() };
    assert_eq!(refusal(customer::create(&boss, &twice).await).1, ["email"]);
    let theirs = NewCustomer { groups: [].into(), note: String::new(), ..new };
    let elsewhere = shop.other_tenant();
    assert_ne!(customer::create(&elsewhere, &theirs).await.unwrap().id, made.id);
    // Another name, for the record alone.
    assert_eq!(refusal(customer::rename(&boss, made.id, &"x".repeat(201)).await).1, ["name"]);
    assert_eq!(refusal(customer::rename(&boss, CustomerId::new(), "x").await).0, "NOT_FOUND");
    assert_eq!(refusal(customer::rename(&shop.other_tenant(), made.id, "x").await).0, "NOT_FOUND");
    let clerk = shop.staff(&[Permission::CUSTOMERS_READ]);
    assert_eq!(refusal(customer::rename(&clerk, made.id, "x").await).0, "FORBIDDEN");
    // The record is the answer: whoever may not read it changes nothing.
    let blind = shop.staff(&[Permission::CUSTOMERS_UPDATE]);
    let tax = TaxDraft { exempt: true, number: "B1".into(), reason: "church".into() };
    assert_eq!(refusal(customer::rename(&blind, made.id, "x").await).0, "FORBIDDEN");
    assert_eq!(refusal(customer::set_tax(&blind, made.id, &tax).await).0, "FORBIDDEN");
    assert_eq!(refusal(customer::set_consent(&blind, made.id, true).await).0, "FORBIDDEN");
    let same = customer::get(&boss, made.id).await.unwrap();
    assert_eq!((same.name.as_str(), same.tax_exempt, same.marketing), ("Maud Moss", false, false));
    assert_eq!(customer::rename(&boss, made.id, " Maud van Moss ").await.unwrap().name, "Maud van Moss");
    // Whoever shows that the mailbox is theirs has this record, with its groups.
    let (_, id) = known(&shop, mug).await;
    assert_eq!(id, made.id);
    shop.settle().await;
    let seen = customer::get(&boss, id).await.unwrap();
    assert_eq!((seen.user.is_some(), seen.groups.len(), seen.n_orders), (true, 1, 1));
    assert_eq!(seen.name, "Maud van Moss");
    shop.holds().await;
}

on_both!(
    an_account_keeps_its_addresses,
    letters_are_asked_for_and_each_answer_is_kept,
    staff_enters_a_customer_by_hand,
    staff_writes_notes_that_nobody_else_reads,
    the_list_is_given_away_as_text,
    the_list_knows_what_customers_are_worth,
);
