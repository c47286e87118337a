//! Reviews: who writes them, who reads them, and what they do to a product's stars.

use std::collections::BTreeSet;
use std::time::Duration;

use catalog::view::{ListQuery, Rating};
use commerce::checkout::{self, Wish};
use commerce::review::{
    self, FORMER, ReviewDraft, ReviewFilter, ReviewPolicy, ReviewSort, ReviewState, ReviewView, Verdict,
    Writers,
};
use commerce::view::OrderView;
use commerce::{CheckoutInput, CommerceError, cart, customer, order};
use futures::future::join_all;
use platform::db::count_statements;
use platform::hub::Key;
use platform::{Access, Actor, Ctx, Error};
use primitives::{PageArgs, Permission, ProductId, ReviewId, UserId, VariantId};
use testkit::on_both;

use crate::shop::{Shop, maud, refusal};

fn judge(shop: &Shop) -> Ctx {
    shop.staff(&[Permission::COMMENTS_MANAGE, Permission::SETTINGS_MANAGE])
}

/// Somebody with an account of her own.
async fn somebody(shop: &Shop) -> Ctx {
    shop.unconfirmed(&format!("{}@example.com", uuid::Uuid::new_v4().simple())).await
}

fn draft(rating: i64, title: &str) -> ReviewDraft {
    ReviewDraft {
        rating,
        title: title.to_owned(),
        body: format!("{title}: <b>I'd</b> buy it; again\nand again"),
        author: "Maud".to_owned(),
    }
}

async fn sold(shop: &Shop, title: &str) -> (ProductId, VariantId) {
    let variant = shop.product(title, "12.50", 100).await;
    shop.settle().await;
    let rows = shop.anonymous().read(Access::Public).await.unwrap();
    let offers = catalog::query::offers(&rows, &[variant]).await.unwrap();
    (offers[&variant].product, variant)
}

async fn decide(shop: &Shop, writers: Writers, look_first: bool) {
    let version = review::policy(&shop.anonymous()).await.unwrap().version;
    review::set_policy(&judge(shop), ReviewPolicy { writers, look_first, version }).await.unwrap();
}

async fn rating(shop: &Shop, product: ProductId) -> Option<[u32; 5]> {
    shop.settle().await;
    let page = catalog::query::product_by_id(&shop.anonymous(), product).await.unwrap();
    page.and_then(|page| page.rating).map(|rating| rating.stars)
}

async fn shown(shop: &Shop, product: ProductId, sort: ReviewSort, page: u32) -> Vec<ReviewView> {
    review::shown(&shop.anonymous(), product, sort, page).await.unwrap().unwrap().reviews
}

async fn waiting(shop: &Shop) -> Vec<(ReviewId, i64)> {
    let filter = ReviewFilter { state: Some(ReviewState::Pending), ..ReviewFilter::default() };
    let page = review::list(&judge(shop), &filter, &PageArgs::first(100)).await.unwrap();
    page.items.iter().map(|one| (one.review.id, one.version)).collect()
}

/// An order of whoever is signed in, not paid yet.
async fn order_of(ctx: &Ctx, variant: VariantId) -> OrderView {
    cart::add(ctx, None, &[(variant, 1)]).await.unwrap();
    let page = checkout::view(ctx, None, Wish { country: Some("BE"), ..Wish::default() }).await.unwrap();
    let input = CheckoutInput {
        token: None,
        cart: page.cart.id,
        email: "maud@example.com".into(),
        address: maud(),
        shipping_method: page.method.unwrap(),
        payment_provider: "manual".into(),
        expected_total: page.cart.totals.total.minor,
        idempotency_key: page.idempotency_key,
        expected_currency: None,
        expected_due: None,
    };
    checkout::place_order(ctx, input).await.unwrap().order
}

async fn is_read_by_others_after_a_look(shop: Shop) {
    let (mug, _) = sold(&shop, "Mug").await;
    let maud = somebody(&shop).await;
    let written = review::write(&maud, mug, &draft(4, "Warm")).await.unwrap();
    assert_eq!((written.state, written.verified), (ReviewState::Pending, false));
    assert_eq!(shown(&shop, mug, ReviewSort::Newest, 1).await, []);
    assert_eq!(rating(&shop, mug).await, None);
    // The same once more is no second one, and nothing is told.
    let told = shop.told().await;
    assert_eq!(review::write(&maud, mug, &draft(4, "Warm")).await.unwrap(), written);
    assert_eq!(shop.told().await, told);

    let page = Key::new(shop.tenant().id, &catalog::projection::product_key(mug));
    let before = shop.app.app().hub().generation(page);
    let judged = review::moderate(&judge(&shop), &waiting(&shop).await, &Verdict::Publish).await.unwrap();
    assert_eq!((judged.reviews.len(), judged.stale.len()), (1, 0));
    assert_eq!((judged.reviews[0].title.as_str(), judged.reviews[0].version), ("Mug", 2));
    assert_eq!(rating(&shop, mug).await, Some([0, 0, 0, 1, 0]));
    let published = shop.app.app().hub().generation(page);
    assert_ne!(published, before, "the kept page is old now");
    let read = shown(&shop, mug, ReviewSort::Newest, 1).await;
    assert_eq!(read[0].draft.body, "Warm: <b>I'd</b> buy it; again\nand again");
    // Lists know it without asking anybody.
    let list = catalog::query::list(&shop.anonymous(), &ListQuery { page: 1, ..ListQuery::default() }).await;
    assert_eq!(list.unwrap().cards[0].rating.map(|rating: Rating| rating.tenths()), Some(Some(40)));

    // An answer changes no star, and the page all the same.
    let (id, version) = (judged.reviews[0].review.id, judged.reviews[0].version);
    let answered = review::answer(&judge(&shop), id, version, "Thank you").await.unwrap();
    assert_eq!(answered.review.answer.as_ref().map(|(text, _)| text.as_str()), Some("Thank you"));
    assert_eq!(rating(&shop, mug).await, Some([0, 0, 0, 1, 0]));
    assert_ne!(shop.app.app().hub().generation(page), published);
    assert_eq!(refusal(review::answer(&judge(&shop), id, version, "Late").await).0, "CONFLICT");

    // Other words are read first, too.
    let again = review::write(&maud, mug, &draft(2, "Broke")).await.unwrap();
    assert_eq!((again.state, again.id), (ReviewState::Pending, id));
    assert_eq!(rating(&shop, mug).await, Some([0; 5]));
    assert_eq!(shown(&shop, mug, ReviewSort::Newest, 1).await, []);
    review::withdraw(&maud, mug).await.unwrap();
    assert_eq!(refusal(review::withdraw(&maud, mug).await).0, "NOT_FOUND");
    assert_eq!(shop.number("SELECT COUNT(*) FROM review").await, 0);
    let told = shop.told().await;
    let of = |kind: &str| told.get(kind).copied().unwrap_or_default();
    let counted =
        ["created", "updated", "moderated", "answered", "deleted"].map(|what| of(&format!("review.{what}")));
    assert_eq!(counted, [1, 1, 1, 1, 1]);
    shop.holds().await;
}

async fn wrong_input_changes_nothing(shop: Shop) {
    let (mug, _) = sold(&shop, "Mug").await;
    let maud = somebody(&shop).await;
    let wrong = ReviewDraft { rating: 0, body: "short".into(), ..draft(1, "") };
    assert_eq!(
        refusal(review::write(&maud, mug, &wrong).await),
        ("BAD_USER_INPUT".into(), vec!["rating".into(), "title".into(), "body".into()])
    );
    assert_eq!(refusal(review::write(&maud, ProductId::new(), &draft(5, "Warm")).await).0, "NOT_FOUND");
    assert_eq!(refusal(review::write(&shop.anonymous(), mug, &draft(5, "Warm")).await).0, "UNAUTHENTICATED");
    let foreign = shop.other_tenant().with_actor(Actor::Customer { user: UserId::new() });
    assert_eq!(refusal(review::write(&foreign, mug, &draft(5, "Warm")).await).0, "NOT_FOUND");
    assert_eq!(shop.number("SELECT COUNT(*) FROM review").await, 0);

    review::write(&maud, mug, &draft(5, "Warm")).await.unwrap();
    let seen = waiting(&shop).await;
    let boss = judge(&shop);
    let reject = |reason: &str| Verdict::Reject { reason: reason.to_owned() };
    assert_eq!(
        refusal(review::moderate(&boss, &seen, &reject(" ")).await),
        ("BAD_USER_INPUT".into(), vec!["reason".into()])
    );
    assert_eq!(refusal(review::moderate(&boss, &[], &Verdict::Publish).await).1, ["reviews"]);
    let with_foreign = [seen[0], (ReviewId::new(), 1)];
    assert_eq!(refusal(review::moderate(&boss, &with_foreign, &Verdict::Publish).await).0, "NOT_FOUND");
    assert_eq!(refusal(review::delete(&boss, &[seen[0].0, ReviewId::new()]).await).0, "NOT_FOUND");
    let nobody = shop.staff(&[Permission::ORDERS_MANAGE]);
    assert_eq!(refusal(review::moderate(&nobody, &seen, &Verdict::Publish).await).0, "FORBIDDEN");
    assert_eq!(waiting(&shop).await, seen);

    // Words that nobody has read are never published.
    review::write(&maud, mug, &draft(1, "Cold")).await.unwrap();
    let judged = review::moderate(&boss, &seen, &Verdict::Publish).await.unwrap();
    assert_eq!(judged.stale, [seen[0].0]);
    assert_eq!(shown(&shop, mug, ReviewSort::Newest, 1).await, []);
    // Its author reads why, changes it, and somebody looks again, whatever the shop says by then.
    review::moderate(&boss, &waiting(&shop).await, &reject("It names the neighbour")).await.unwrap();
    let own = review::own(&maud, mug).await.unwrap();
    let turned_down = own.review.unwrap();
    assert_eq!(
        (turned_down.state, turned_down.reason.as_str()),
        (ReviewState::Rejected, "It names the neighbour")
    );
    decide(&shop, Writers::Everybody, false).await;
    let again = review::write(&maud, mug, &draft(1, "Colder")).await.unwrap();
    assert_eq!((again.state, again.reason.as_str()), (ReviewState::Pending, ""));
    assert_eq!(rating(&shop, mug).await, Some([0; 5]));
    shop.holds().await;
}

async fn a_buyer_is_one_while_the_order_is_paid(shop: Shop) {
    let (mug, variant) = sold(&shop, "Mug").await;
    decide(&shop, Writers::Everybody, false).await;
    let (maud, guest) = (somebody(&shop).await, shop.guest(variant, 1).await);
    assert!(!review::write(&maud, mug, &draft(5, "Warm")).await.unwrap().verified);
    let verified = async || {
        shop.settle().await;
        shown(&shop, mug, ReviewSort::Newest, 1).await[0].verified
    };
    // Somebody else's order makes nobody a buyer, nor does one that is not paid.
    let other = guest.order("manual").await;
    order::mark_paid(&shop.boss(), other.id).await.unwrap();
    let own = order_of(&maud, variant).await;
    assert!(!verified().await);
    let page = Key::new(shop.tenant().id, &catalog::projection::product_key(mug));
    let before = shop.app.app().hub().generation(page);
    order::mark_paid(&shop.boss(), own.id).await.unwrap();
    assert!(verified().await);
    assert_ne!(shop.app.app().hub().generation(page), before, "the kept page is old now");

    // Only buyers may write from now on.
    decide(&shop, Writers::Buyers, false).await;
    let joris = somebody(&shop).await;
    assert_eq!(
        refusal(review::write(&joris, mug, &draft(1, "Never seen it")).await),
        ("BAD_USER_INPUT".into(), vec!["product".into()])
    );
    assert!(review::own(&joris, mug).await.unwrap().refused.is_some());
    assert!(review::write(&maud, mug, &draft(4, "Still warm")).await.unwrap().verified);

    order::refund(&shop.boss(), own.id, "broken").await.unwrap();
    assert!(!verified().await);
    shop.holds().await;
}

async fn a_shop_without_reviews_shows_none_and_gets_them_back(shop: Shop) {
    let (mug, _) = sold(&shop, "Mug").await;
    decide(&shop, Writers::Everybody, false).await;
    review::write(&somebody(&shop).await, mug, &draft(5, "Warm")).await.unwrap();
    assert_eq!(rating(&shop, mug).await, Some([0, 0, 0, 0, 1]));
    decide(&shop, Writers::Nobody, false).await;
    assert_eq!(rating(&shop, mug).await, Some([0; 5]));
    assert_eq!(review::shown(&shop.anonymous(), mug, ReviewSort::Newest, 1).await.unwrap(), None);
    let list = review::published(&shop.anonymous(), mug, ReviewSort::Newest, &PageArgs::first(5)).await;
    assert_eq!(list.unwrap().total, 0);
    assert_eq!(
        refusal(review::write(&somebody(&shop).await, mug, &draft(5, "Hot")).await).0,
        "FEATURE_NOT_ENABLED"
    );
    let stale = ReviewPolicy { writers: Writers::Everybody, look_first: false, version: 1 };
    assert_eq!(refusal(review::set_policy(&judge(&shop), stale).await).0, "CONFLICT");
    decide(&shop, Writers::Everybody, true).await;
    assert_eq!(rating(&shop, mug).await, Some([0, 0, 0, 0, 1]));
    shop.holds().await;
}

async fn nobody_writes_without_end(shop: Shop) {
    let mut mugs = Vec::new();
    for n in 0..16 {
        mugs.push(sold(&shop, &format!("Mug {n}")).await.0);
    }
    let maud = somebody(&shop).await;
    // Sixteen tabs at once: ten of them get through.
    let tabs = mugs.iter().map(|mug| {
        let (ctx, mug) = (maud.clone(), *mug);
        tokio::spawn(async move { review::write(&ctx, mug, &draft(5, "Warm")).await.map(drop) })
    });
    let mut codes = Vec::new();
    for done in join_all(tabs).await {
        if let Err(error) = done.unwrap() {
            let error: Error = error.into();
            assert!(error.retry_after_seconds().is_some_and(|wait| (1..=3600).contains(&wait)));
            codes.push(error.code().to_string());
        }
    }
    assert_eq!(codes, vec!["RATE_LIMIT_EXCEEDED"; 6]);
    assert_eq!(shop.number("SELECT COUNT(*) FROM review").await, 10);
    // Others are free, and so is she after an hour.
    review::write(&somebody(&shop).await, mugs[0], &draft(5, "Warm")).await.unwrap();
    assert_eq!(refusal(review::write(&maud, mugs[0], &draft(1, "Cold")).await).0, "RATE_LIMIT_EXCEEDED");
    shop.advance(Duration::from_secs(3_600));
    review::write(&maud, mugs[0], &draft(1, "Cold")).await.unwrap();
    shop.holds().await;
}

async fn stars_are_counted_whoever_writes_at_once(shop: Shop) {
    let (mug, _) = sold(&shop, "Mug").await;
    decide(&shop, Writers::Everybody, false).await;
    let people = join_all((0..24).map(|_| somebody(&shop))).await;
    let writing = people.iter().enumerate().map(|(n, ctx)| {
        let (ctx, stars) = (ctx.clone(), (n % 5) as i64 + 1);
        tokio::spawn(async move { review::write(&ctx, mug, &draft(stars, "At once")).await.map(drop) })
    });
    for done in join_all(writing).await {
        done.unwrap().unwrap();
    }
    assert_eq!(rating(&shop, mug).await, Some([5, 5, 5, 5, 4]));
    // One account in two tabs writes one review.
    let maud = somebody(&shop).await;
    let tabs = ["One", "Two"].map(|title| {
        let ctx = maud.clone();
        tokio::spawn(async move { review::write(&ctx, mug, &draft(5, title)).await.map(drop) })
    });
    for done in join_all(tabs).await {
        if let Err(error) = done.unwrap() {
            assert_eq!(Error::from(error).code().as_str(), "CONFLICT");
        }
    }
    assert_eq!(shop.number("SELECT COUNT(*) FROM review").await, 25);
    assert_eq!(rating(&shop, mug).await, Some([5, 5, 5, 5, 5]));
    // Some go while others are judged.
    let filter = ReviewFilter { rating: Some(1), ..ReviewFilter::default() };
    let ones = review::list(&judge(&shop), &filter, &PageArgs::first(50)).await.unwrap();
    let seen: Vec<_> = ones.items.iter().map(|one| (one.review.id, one.version)).collect();
    let (boss, reject) = (judge(&shop), Verdict::Reject { reason: "All of them".into() });
    let leaving = people.iter().take(10).map(|ctx| review::withdraw(ctx, mug));
    let (judged, left) = tokio::join!(review::moderate(&boss, &seen, &reject), join_all(leaving));
    left.into_iter().for_each(|left| left.unwrap());
    // Whoever was gone before the verdict made it fail as a whole.
    if let Err(error) = judged {
        assert_eq!(Error::from(error).code().as_str(), "NOT_FOUND");
    }
    let published = shop.number("SELECT COUNT(*) FROM review WHERE state = 'published'").await;
    let stars = rating(&shop, mug).await.unwrap();
    assert_eq!(i64::from(stars.iter().sum::<u32>()), published);
    shop.holds().await;
}

async fn reads_in_three_orders(shop: Shop) {
    let (mug, _) = sold(&shop, "Mug").await;
    decide(&shop, Writers::Everybody, false).await;
    for (stars, title) in [(3, "a"), (5, "b"), (1, "c"), (5, "d"), (3, "e"), (4, "f"), (1, "g")] {
        review::write(&somebody(&shop).await, mug, &draft(stars, title)).await.unwrap();
        shop.advance(Duration::from_secs(1));
    }
    let titles =
        |reviews: &[ReviewView]| reviews.iter().map(|one| one.draft.title.clone()).collect::<String>();
    for (sort, order) in
        [(ReviewSort::Newest, "gfedcba"), (ReviewSort::Highest, "dbfeagc"), (ReviewSort::Lowest, "gceafdb")]
    {
        let pages = [shown(&shop, mug, sort, 1).await, shown(&shop, mug, sort, 2).await];
        assert_eq!(titles(&pages.concat()), order);
        assert_eq!((pages[0].len(), shown(&shop, mug, sort, 3).await.len()), (5, 0));
        // The same over cursors, forwards and back.
        let ctx = shop.anonymous();
        let read = async |page: &PageArgs| review::published(&ctx, mug, sort, page).await.unwrap();
        let first = read(&PageArgs::first(3)).await;
        let after = |cursor: &str| PageArgs::new(Some(3), Some(cursor.to_owned()), None, None).unwrap();
        let second = read(&after(first.cursors.last().unwrap())).await;
        let third = read(&after(second.cursors.last().unwrap())).await;
        let all = [first.items.clone(), second.items.clone(), third.items].concat();
        assert_eq!((titles(&all).as_str(), first.total, third.has_next), (order, 7, false));
        let back = PageArgs::new(None, None, Some(3), Some(second.cursors[0].clone())).unwrap();
        assert_eq!(read(&back).await.items, first.items);
    }
    let foreign = PageArgs::new(Some(3), Some("x".into()), None, None);
    assert!(
        foreign.is_err()
            || review::published(&shop.anonymous(), mug, ReviewSort::Newest, &foreign.unwrap())
                .await
                .is_err()
    );
    let filter = ReviewFilter { q: "BUY it; AGAIN".into(), rating: Some(5), ..ReviewFilter::default() };
    let found = review::list(&judge(&shop), &filter, &PageArgs::first(10)).await.unwrap();
    assert_eq!(found.items.iter().map(|one| one.review.draft.title.as_str()).collect::<String>(), "db");
    let none = ReviewFilter { q: "100%".into(), ..ReviewFilter::default() };
    assert_eq!(review::list(&judge(&shop), &none, &PageArgs::first(10)).await.unwrap().total, 0);
    assert_eq!(review::counts(&judge(&shop)).await.unwrap().published, 7);
    shop.holds().await;
}

async fn whoever_is_forgotten_leaves_words_without_a_name(shop: Shop) {
    let (mug, variant) = sold(&shop, "Mug").await;
    decide(&shop, Writers::Everybody, false).await;
    let maud = somebody(&shop).await;
    let own = order_of(&maud, variant).await;
    order::mark_paid(&shop.boss(), own.id).await.unwrap();
    review::write(&maud, mug, &draft(5, "Warm")).await.unwrap();
    review::write(&somebody(&shop).await, mug, &draft(1, "Cold")).await.unwrap();
    shop.settle().await;
    let (boss, user) = (shop.boss(), maud.user_id().unwrap());
    let forget = async |ctx: &Ctx| -> Result<u64, CommerceError> {
        ctx.write(Access::System, async |tx| review::forget_author(tx, user).await).await
    };
    assert_eq!(forget(&shop.other_system()).await.unwrap(), 0);
    assert_eq!(forget(&shop.system()).await.unwrap(), 1);
    shop.settle().await;
    let left = shown(&shop, mug, ReviewSort::Highest, 1).await;
    let said: Vec<_> = left.iter().map(|one| (one.draft.author.as_str(), one.draft.title.as_str())).collect();
    assert_eq!(said, [(FORMER, "Warm"), ("Maud", "Cold")]);
    assert!(left[0].verified, "what was true when it was written stays");
    assert_eq!(rating(&shop, mug).await, Some([1, 0, 0, 0, 1]));
    assert_eq!(shop.number("SELECT COUNT(*) FROM review_writer").await, 1);
    // A product takes its reviews with it.
    let other = sold(&shop, "Pot").await.0;
    review::write(&somebody(&shop).await, other, &draft(3, "So so")).await.unwrap();
    let version_of_pot = catalog::product::get(&boss, other).await.unwrap().version;
    catalog::product::delete(&boss, other, version_of_pot).await.unwrap();
    shop.settle().await;
    assert_eq!(shop.number("SELECT COUNT(*) FROM review").await, 2);
    assert_eq!(shop.number("SELECT COUNT(*) FROM product_rating").await, 1);
    let kinds: BTreeSet<_> =
        shop.told().await.into_keys().filter(|kind| kind.starts_with("product.")).collect();
    assert!(kinds.contains("product.rated") && kinds.contains("product.deleted"));
    shop.holds().await;
}

async fn what_was_turned_down_is_not_new_after_taking_it_back(shop: Shop) {
    let (mug, _) = sold(&shop, "Mug").await;
    decide(&shop, Writers::Everybody, false).await;
    let maud = somebody(&shop).await;
    let written = review::write(&maud, mug, &draft(1, "Rude")).await.unwrap();
    assert_eq!(written.state, ReviewState::Published);
    let reject = Verdict::Reject { reason: "It insults somebody".into() };
    review::moderate(&judge(&shop), &[(written.id, 1)], &reject).await.unwrap();
    review::withdraw(&maud, mug).await.unwrap();
    let again = review::write(&maud, mug, &draft(1, "Rude")).await.unwrap();
    assert_eq!((again.state, rating(&shop, mug).await), (ReviewState::Pending, Some([0; 5])));
    // Others are not concerned, and neither is she once the shop has published something of hers.
    let other = review::write(&somebody(&shop).await, mug, &draft(5, "Warm")).await.unwrap();
    assert_eq!(other.state, ReviewState::Published);
    review::moderate(&judge(&shop), &[(again.id, 1)], &Verdict::Publish).await.unwrap();
    review::withdraw(&maud, mug).await.unwrap();
    let fresh = review::write(&maud, mug, &draft(4, "Fine")).await.unwrap();
    assert_eq!(fresh.state, ReviewState::Published);
    shop.holds().await;
}

async fn a_review_that_is_written_at_the_end_of_an_account_names_nobody(shop: Shop) {
    let (mug, _) = sold(&shop, "Mug").await;
    decide(&shop, Writers::Everybody, false).await;
    for n in 0..8 {
        let email = format!("leaving{n}@example.com");
        let ctx = shop.unconfirmed(&email).await;
        let (one, other) = (ctx.clone(), ctx);
        let writing =
            tokio::spawn(async move { review::write(&one, mug, &draft(5, "Warm")).await.map(drop) });
        let leaving = tokio::spawn(async move {
            let password = "a sentence works well";
            customer::erase_own(&other, &email, password, &identity::Visit::local()).await
        });
        let (written, gone) = (writing.await.unwrap(), leaving.await.unwrap());
        assert!(gone.unwrap().account);
        if let Err(error) = written {
            assert_eq!(Error::from(error).code().as_str(), "UNAUTHENTICATED");
        }
        let left = "SELECT COUNT(*) FROM review WHERE user_id IS NOT NULL OR author = 'Maud'";
        assert_eq!(shop.number(left).await, 0);
    }
    // Whoever has signed in and is gone writes nothing.
    let ghost = shop.customer();
    assert_eq!(refusal(review::write(&ghost, mug, &draft(5, "Warm")).await).0, "UNAUTHENTICATED");
    shop.holds().await;
}

async fn switching_reviews_costs_the_same_however_many_products_have_some(shop: Shop) {
    decide(&shop, Writers::Everybody, false).await;
    let maud = somebody(&shop).await;
    let mut cost = Vec::new();
    let mut mugs = Vec::new();
    for more in [1, 5] {
        for n in 0..more {
            let mug = sold(&shop, &format!("Mug {more} {n}")).await.0;
            review::write(&maud, mug, &draft(n + 1, "Warm")).await.unwrap();
            mugs.push(mug);
        }
        cost.push(count_statements(decide(&shop, Writers::Nobody, false)).await.1);
        assert_eq!(rating(&shop, mugs[0]).await, Some([0; 5]));
        cost.push(count_statements(decide(&shop, Writers::Everybody, false)).await.1);
        assert_eq!(rating(&shop, mugs[0]).await, Some([1, 0, 0, 0, 0]));
    }
    assert_eq!(cost[..2], cost[2..]);
    assert_eq!(rating(&shop, mugs[5]).await, Some([0, 0, 0, 0, 1]));
    shop.holds().await;
}

on_both!(
    a_review_that_is_written_at_the_end_of_an_account_names_nobody,
    switching_reviews_costs_the_same_however_many_products_have_some,
    what_was_turned_down_is_not_new_after_taking_it_back,
    is_read_by_others_after_a_look,
    wrong_input_changes_nothing,
    a_buyer_is_one_while_the_order_is_paid,
    a_shop_without_reviews_shows_none_and_gets_them_back,
    nobody_writes_without_end,
    stars_are_counted_whoever_writes_at_once,
    reads_in_three_orders,
    whoever_is_forgotten_leaves_words_without_a_name,
);
