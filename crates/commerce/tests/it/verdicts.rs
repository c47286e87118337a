//! Which promotions applied, which did not and why: to shoppers what is theirs to know, to the staff all that runs.

use std::time::Duration;

use commerce::checkout::Wish;
use commerce::draft::{self, Draft, Off, Reduction};
use commerce::promotion::{self, PromotionDraft};
use commerce::view::{CartOutcome, CartPromotionView, CartView};
use commerce::{cart, checkout};
use platform::Ctx;
use platform::db::count_statements;
use pricing::{Action, Condition, Group, Pick, Selector};
use primitives::{Permission, Rate, Timestamp, VariantId};
use serde_json::json;
use testkit::on_both;

use crate::drafting::line;
use crate::graphql::ask;
use crate::promoting::draft as named;
use crate::shop::{Guest, Shop};

const HOUR: Duration = Duration::from_secs(3_600);

fn percent(name: &str, off: i32) -> PromotionDraft {
    named(name, Action::OrderPercent { off: Rate::percent(off) })
}

fn coded(code: &str, off: i32) -> PromotionDraft {
    PromotionDraft { codes: vec![code.to_owned()], ..percent(&format!("For {code}"), off) }
}

async fn make(shop: &Shop, drafts: Vec<PromotionDraft>) {
    let merchant = shop.staff(&[Permission::PROMOTIONS_MANAGE]);
    for draft in drafts {
        promotion::create(&merchant, &draft).await.unwrap();
    }
}

fn from_now(shop: &Shop, millis: i64) -> Timestamp {
    Timestamp::from_millis(shop.system().now().millis() + millis)
}

async fn look(guest: &Guest) -> CartView {
    cart::view(&guest.ctx, Some(&guest.token)).await.unwrap()
}

async fn put(guest: &Guest, codes: &[&str]) -> CartView {
    let codes: Vec<String> = codes.iter().map(|code| (*code).to_owned()).collect();
    cart::set_codes(&guest.ctx, Some(&guest.token), &codes).await.unwrap().cart
}

/// `Summer: 2.50 EUR`, `Big: 2.40 EUR more`, `For SUN (SUN): used up`.
fn said(promotions: &[CartPromotionView]) -> Vec<String> {
    let say = |one: &CartPromotionView| {
        let code = one.code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
        match &one.outcome {
            CartOutcome::Applied(amount) => format!("{}{code}: {amount}", one.name),
            CartOutcome::Not(why) => format!("{}{code}: {why}", one.name),
        }
    };
    promotions.iter().map(say).collect()
}

/// `SUN For SUN: used up`
fn of_codes(cart: &CartView) -> Vec<String> {
    let say = |code: &commerce::view::CodeView| {
        let problem = code.problem.as_ref().map_or("works".to_owned(), ToString::to_string);
        format!("{} {}: {problem}", code.code, code.name)
    };
    cart.codes.iter().map(say).collect()
}

/// What runs without a code: one that applies, one that 2.40 is missing for, one that the first excludes.
fn seasons() -> Vec<PromotionDraft> {
    let group = Some(Group { name: "season".to_owned(), pick: Pick::First });
    let near = Condition::Subtotal { of: Selector::default(), at_least: 2_490 };
    vec![
        PromotionDraft { priority: 1, conditions: vec![near], ..percent("Big", 5) },
        PromotionDraft { group: group.clone(), ..percent("Spring", 20) },
        PromotionDraft { group, priority: 2, ..percent("Summer", 10) },
    ]
}

async fn says_which_applied_and_why_the_others_did_not(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    make(&shop, seasons()).await;
    let later = PromotionDraft { from: Some(from_now(&shop, 3_600_000)), ..percent("Later", 50) };
    make(&shop, vec![later, PromotionDraft { active: false, ..percent("Not yet decided", 60) }]).await;
    make(&shop, vec![coded("SECRET", 30)]).await;
    let guest = shop.guest(mug, 2).await;
    let seen = look(&guest).await;
    let known = ["Summer: 2.50 EUR", "Big: 2.40 EUR more", "Spring: excluded by Summer"];
    assert_eq!(said(&seen.promotions), known, "and not a word of the others");
    assert_eq!(seen.totals.discount.minor, 250);
    // What the code opens is said of it once it is there.
    let opened = put(&guest, &["SECRET"]).await;
    let summer = ["Summer: 2.50 EUR", "For SECRET (SECRET): 6.75 EUR"];
    assert_eq!(said(&opened.promotions)[..2], summer);
    shop.holds().await;
}

async fn says_of_a_code_why_it_does_nothing(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    make(&shop, vec![PromotionDraft { use_limit: Some(1), ..coded("ONCE", 10) }]).await;
    let first = shop.guest(mug, 1).await;
    assert_eq!(of_codes(&put(&first, &["ONCE"]).await), ["ONCE For ONCE: works"]);
    first.order("manual").await;
    let over = from_now(&shop, -1);
    let soon = from_now(&shop, 3_600_000);
    make(
        &shop,
        vec![
            PromotionDraft { until: Some(over), ..coded("OVER", 10) },
            PromotionDraft { until: Some(over), active: false, ..coded("NEVER", 10) },
            PromotionDraft { from: Some(soon), ..coded("SOON", 10) },
            PromotionDraft { active: false, ..coded("HIDDEN", 10) },
            PromotionDraft { codes: vec!["POST".to_owned()], ..named("Post", free_delivery()) },
            PromotionDraft { exclusive: true, conditions: vec![at_least(2_500)], ..coded("ALONE", 10) },
        ],
    )
    .await;
    let guest = shop.guest(mug, 1).await;
    let codes = ["ONCE", "OVER", "NEVER", "SOON", "HIDDEN", "NOTHING", "POST"];
    let seen = put(&guest, &codes).await;
    let when = |at: Timestamp| at.date_time().format("%Y-%m-%d %H:%M UTC").to_string();
    let (ended, starts) = (format!("ended at {}", when(over)), format!("starts at {}", when(soon)));
    let expected = [
        "ONCE For ONCE: used up".to_owned(),
        format!("OVER For OVER: {ended}"),
        "NEVER : there is no such code".to_owned(),
        format!("SOON For SOON: {starts}"),
        "HIDDEN : there is no such code".to_owned(),
        "NOTHING : there is no such code".to_owned(),
        "POST Post: no delivery is chosen yet".to_owned(),
    ];
    assert_eq!(of_codes(&seen), expected);
    assert_eq!(of_codes(&look(&guest).await), expected, "at the next look, too");
    let mut listed = said(&seen.promotions);
    listed.sort();
    let starts = format!("For SOON (SOON): {starts}");
    let ended = format!("For OVER (OVER): {ended}");
    let four = ["For ONCE (ONCE): used up", &ended, &starts, "Post (POST): no delivery is chosen yet"];
    assert_eq!(listed, four);
    // A piece more does not make it forget.
    let added = cart::add(&guest.ctx, Some(&guest.token), &[(mug, 1)]).await.unwrap().cart;
    assert_eq!(of_codes(&added), expected);
    // One that applies alone excludes what would apply without it.
    let alone = put(&guest, &["ALONE", "POST"]).await;
    let excluded = ["For ALONE (ALONE): 2.50 EUR", "Post (POST): excluded by For ALONE"];
    assert_eq!(said(&alone.promotions), excluded);
    // Where a delivery is chosen, it works.
    put(&guest, &["POST"]).await;
    let wish = Wish { country: Some("BE"), ..Wish::default() };
    let page = checkout::view(&guest.ctx, Some(&guest.token), wish).await.unwrap();
    assert_eq!(said(&page.cart.promotions), ["Post (POST): 5.00 EUR"]);
    shop.holds().await;
}

async fn says_the_same_of_what_has_just_ended_and_of_what_is_forgotten(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let until = from_now(&shop, 3_600_000);
    let short = PromotionDraft { until: Some(until), ..percent("Short", 5) };
    make(&shop, vec![short, PromotionDraft { until: Some(until), ..coded("SUN", 20) }]).await;
    let guest = shop.guest(mug, 2).await;
    let works = ["Short: 1.25 EUR", "For SUN (SUN): 4.75 EUR"];
    assert_eq!(said(&put(&guest, &["SUN"]).await.promotions), works);
    shop.advance(2 * HOUR);
    let seen = look(&guest).await;
    let when = until.date_time().format("%Y-%m-%d %H:%M UTC").to_string();
    assert_eq!(said(&seen.promotions), [format!("For SUN (SUN): ended at {when}")]);
    // Now it is in no one's memory.
    make(&shop, vec![PromotionDraft { active: false, ..percent("Another", 5) }]).await;
    let later = look(&guest).await;
    assert_eq!((said(&later.promotions), of_codes(&later)), (said(&seen.promotions), of_codes(&seen)));
}

async fn costs_no_statement_without_unknown_codes(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let guest = shop.guest(mug, 2).await;
    let cost = async || {
        // The first look fills memory.
        look(&guest).await;
        count_statements(look(&guest)).await.1
    };
    let before = cost().await;
    make(&shop, seasons()).await;
    make(
        &shop,
        vec![coded("SUN", 10), PromotionDraft { until: Some(from_now(&shop, -1)), ..coded("OVER", 10) }],
    )
    .await;
    assert_eq!(cost().await, before);
    put(&guest, &["SUN"]).await;
    assert_eq!(cost().await, before, "a code that memory knows");
    put(&guest, &["SUN", "OVER", "NOTHING"]).await;
    assert_eq!(cost().await, before + 1, "all others at once");
}

fn free_delivery() -> Action {
    Action::FreeShipping { methods: None, most: None }
}

fn at_least(amount: i64) -> Condition {
    Condition::Subtotal { of: Selector::default(), at_least: amount }
}

fn written(mug: VariantId) -> Draft {
    Draft { lines: vec![line(mug, 2)], use_promotions: true, ..Draft::default() }
}

async fn tells_the_staff_of_all_that_runs(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    make(&shop, seasons()).await;
    let many = PromotionDraft { codes: vec!["A1".into(), "A2".into(), "A3".into()], ..percent("Many", 10) };
    let alone = PromotionDraft { exclusive: true, conditions: vec![at_least(9_999)], ..percent("Alone", 90) };
    let later = PromotionDraft { from: Some(from_now(&shop, 3_600_000)), ..percent("Later", 50) };
    make(&shop, vec![coded("SECRET", 30), many, alone, later]).await;
    let both = [Permission::ORDERS_MANAGE, Permission::PROMOTIONS_READ];
    let seen = async |ctx: &Ctx, draft: &Draft| {
        let mut said = said(&draft::preview(ctx, None, draft).await.unwrap().promotions);
        // Those that apply stand first; the order of the others is that of their making.
        said[1..].sort();
        said
    };
    let staff = shop.staff(&both);
    let plain = written(mug);
    let expected = [
        "Summer: 2.50 EUR",
        "Alone: 74.99 EUR more",
        "Big: 2.40 EUR more",
        "For SECRET: needs the code SECRET",
        "Many: needs one of 3 codes, such as A1",
        "Spring: excluded by Summer",
    ];
    assert_eq!(seen(&staff, &plain).await, expected);
    let stored = draft::create(&staff, &plain).await.unwrap();
    assert_eq!(stored.promotions, draft::by_id(&staff, stored.id).await.unwrap().promotions);
    assert_eq!(stored.promotions.len(), 6);
    // Codes are named to those who may read promotions.
    let clerk = seen(&shop.staff(&[Permission::ORDERS_MANAGE]), &plain).await;
    assert_eq!((clerk[3].as_str(), clerk[4].as_str()), ("For SECRET: needs a code", "Many: needs a code"));
    // What is agreed excludes what applies alone, and may stand for all of them.
    let agreed = Reduction { off: Off::Amount(100), reason: "Scratched".to_owned() };
    let agreed = Draft { discount: Some(agreed), ..plain };
    assert_eq!(seen(&staff, &agreed).await[1], "Alone: excluded by Scratched");
    let preview = draft::preview(&staff, None, &Draft { use_promotions: false, ..agreed }).await.unwrap();
    assert_eq!((preview.promotions.len(), preview.totals.discount.minor), (0, 100));
}

async fn answers_over_the_api(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let soon = from_now(&shop, 3_600_000);
    make(&shop, seasons()).await;
    make(&shop, vec![PromotionDraft { from: Some(soon), ..coded("SOON", 10) }, coded("SECRET", 10)]).await;
    let guest = shop.guest(mug, 2).await;
    put(&guest, &["SOON", "NOTHING"]).await;
    let why = "whyNot { reason words amount { minor } pieces at other }";
    let promotions = format!("promotions {{ name code applied amount {{ formatted }} {why} }}");
    let query =
        format!("query($t: String) {{ cart(token: $t) {{ codes {{ code problem {why} }} {promotions} }} }}");
    let seen = ask(&guest.ctx, &query, json!({"t": guest.token})).await;
    let said = |reason: &str, words: &str| json!({"reason": reason, "words": words, "amount": null, "pieces": null, "at": null, "other": null});
    let not = |name: &str, code: Option<&str>, why: &serde_json::Value| json!({"name": name, "code": code, "applied": false, "amount": null, "whyNot": why});
    let mut begins = said("NOT_YET", &format!("starts at {}", soon.date_time().format("%Y-%m-%d %H:%M UTC")));
    begins["at"] = json!(soon.rfc3339());
    let mut near = said("MISSING_AMOUNT", "2.40 EUR more");
    near["amount"] = json!({"minor": 240});
    let mut excluded = said("EXCLUDED", "excluded by Summer");
    excluded["other"] = json!("Summer");
    let summer = json!({"name": "Summer", "code": null, "applied": true, "amount": {"formatted": "€2.50"},
                        "whyNot": null});
    let none = said("NO_SUCH_CODE", "there is no such code");
    let codes = json!([{"code": "SOON", "problem": begins["words"], "whyNot": begins},
                       {"code": "NOTHING", "problem": "there is no such code", "whyNot": none}]);
    assert_eq!(seen["cart"]["codes"], codes);
    let (big, spring) = (not("Big", None, &near), not("Spring", None, &excluded));
    let listed = json!([summer, big, spring, not("For SOON", Some("SOON"), &begins)]);
    assert_eq!(seen["cart"]["promotions"], listed);
    let staff = shop.staff(&[Permission::ORDERS_MANAGE, Permission::PROMOTIONS_READ]);
    let made = draft::create(&staff, &written(mug)).await.unwrap();
    let query = format!("query($id: ID!) {{ draftOrder(id: $id) {{ {promotions} }} }}");
    let seen = ask(&staff, &query, json!({"id": made.id.to_string()})).await;
    let secret = not("For SECRET", None, &said("NEEDS_CODE", "needs the code SECRET"));
    assert_eq!(seen["draftOrder"]["promotions"], json!([summer, big, spring, secret]));
    shop.holds().await;
}

on_both!(
    answers_over_the_api,
    costs_no_statement_without_unknown_codes,
    says_of_a_code_why_it_does_nothing,
    says_the_same_of_what_has_just_ended_and_of_what_is_forgotten,
    says_which_applied_and_why_the_others_did_not,
    tells_the_staff_of_all_that_runs,
);
