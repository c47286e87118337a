//! Lists, figures and rebuilds.

use commerce::customer::{self, CustomerFilter, CustomerSort};
use commerce::order::{self, OrderFilter, OrderSort};
use commerce::view::{OrderState, PaymentState};
use commerce::{cart, dashboard, settings};
use platform::db::count_statements;
use platform::hub::Key;
use primitives::{CustomerId, PageArgs};
use sea_orm::{ConnectionTrait, Statement};
use testkit::on_both;

use crate::shop::{Shop, refusal};

fn named(q: &str) -> CustomerFilter {
    CustomerFilter { q: q.to_owned(), ..CustomerFilter::default() }
}

async fn shows_orders_customers_and_figures(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 50).await;
    let vase = shop.product("Vase", "40.00", 50).await;
    let boss = shop.boss();
    let paid = shop.guest(mug, 2).await.order("http").await;
    let waiting = shop.guest(vase, 1).await.order("manual").await;
    let gone = shop.guest(mug, 1).await.order("manual").await;
    order::cancel(&boss, gone.id, "never mind").await.unwrap();
    let given_back = shop.guest(vase, 1).await.order("http").await;
    order::refund(&boss, given_back.id, "broken").await.unwrap();
    shop.settle().await;
    let ids = async |filter: OrderFilter, sort: OrderSort| {
        let page = order::list(&boss, &filter, sort, &PageArgs::first(10)).await.unwrap();
        page.items.into_iter().map(|row| row.number).collect::<Vec<_>>()
    };
    let all = OrderFilter::default();
    assert_eq!(ids(all.clone(), OrderSort::NumberDesc).await, [1004, 1003, 1002, 1001]);
    assert_eq!(ids(all.clone(), OrderSort::TotalAsc).await, [1003, 1001, 1002, 1004]);
    for (q, found) in [
        ("1002", vec![1002]),
        ("#1002", vec![1002]),
        ("MAUD@", vec![1001, 1002, 1003, 1004]),
        ("peeters", vec![1001, 1002, 1003, 1004]),
        ("%", vec![]),
        ("nobody", vec![]),
    ] {
        assert_eq!(ids(OrderFilter { q: q.into(), ..all.clone() }, OrderSort::NumberAsc).await, found, "{q}");
    }
    let states = OrderFilter { states: vec![OrderState::Paid, OrderState::Cancelled], ..all.clone() };
    assert_eq!(ids(states, OrderSort::PlacedAsc).await, [1001, 1003]);
    let payments = OrderFilter { payments: vec![PaymentState::Refunded], ..all.clone() };
    assert_eq!(ids(payments, OrderSort::PlacedAsc).await, [1004]);
    assert_eq!(ids(OrderFilter { attention: true, ..all.clone() }, OrderSort::PlacedAsc).await, [0; 0]);
    let counts = order::counts(&boss).await.unwrap();
    assert_eq!(
        (counts.all, counts.paid, counts.pending_payment, counts.cancelled, counts.refunded),
        (4, 1, 1, 1, 1)
    );
    let board = dashboard::view(&boss, 7).await.unwrap();
    assert_eq!(board.days.len(), 7);
    assert_eq!((board.revenue, board.n_orders, board.average.minor), (paid.totals.total, 2, 1500));
    assert_eq!((board.n_to_ship, board.n_unpaid, board.latest.len()), (1, 1, 4));
    let top: Vec<_> = board.top_products.iter().map(|top| (top.title.as_str(), top.quantity)).collect();
    assert_eq!(top, [("Mug", 2)]);
    for days in [0, -1, 367] {
        assert_eq!(refusal(dashboard::view(&boss, days).await).1, ["days"]);
    }
    let people =
        customer::list(&boss, &named("MAUD"), CustomerSort::NameAsc, &PageArgs::first(10)).await.unwrap();
    assert_eq!((people.total, people.items[0].n_orders), (1, 3));
    assert_eq!(people.items[0].spent, paid.totals.total);
    let maud = customer::get(&boss, people.items[0].id).await.unwrap();
    assert_eq!((maud.addresses.len(), maud.name.as_str()), (1, "Maud Peeters"));
    for id in [maud.id, CustomerId::new()] {
        assert_eq!(refusal(customer::get(&shop.other_tenant(), id).await).0, "NOT_FOUND");
    }
    assert_eq!(refusal(order::counts(&shop.customer()).await).0, "FORBIDDEN");
    assert_eq!(waiting.state, OrderState::PendingPayment);
    shop.holds().await;
}

async fn turns_pages_both_ways(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 50).await;
    for _ in 0..5 {
        shop.guest(mug, 1).await.order("manual").await;
    }
    shop.settle().await;
    let boss = shop.boss();
    let page = async |args: PageArgs| {
        let page = order::list(&boss, &OrderFilter::default(), OrderSort::PlacedDesc, &args).await.unwrap();
        let numbers: Vec<_> = page.items.iter().map(|row| row.number).collect();
        (numbers, page.has_next, page.has_previous, page.cursors)
    };
    let (first, next, previous, cursors) = page(PageArgs::first(2)).await;
    assert_eq!((first, next, previous), (vec![1005, 1004], true, false));
    let (second, next, _, cursors) =
        page(PageArgs::new(Some(2), cursors.last().cloned(), None, None).unwrap()).await;
    assert_eq!((second, next), (vec![1003, 1002], true));
    let (back, ..) = page(PageArgs::new(None, None, Some(2), cursors.first().cloned()).unwrap()).await;
    assert_eq!(back, [1005, 1004]);
    let args = PageArgs::new(Some(2), Some("nonsense".into()), None, None).unwrap();
    let refused = order::list(&boss, &OrderFilter::default(), OrderSort::PlacedDesc, &args).await;
    assert_eq!(refusal(refused).0, "BAD_USER_INPUT");
    shop.holds().await;
}

async fn rebuilds_to_what_the_events_made(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 50).await;
    let boss = shop.boss();
    for n in 0..4 {
        let order = shop.guest(mug, n + 1).await.order(if n % 2 == 0 { "http" } else { "manual" }).await;
        shop.settle().await;
        match n {
            0 => drop(order::refund(&boss, order.id, "broken").await.unwrap()),
            1 => drop(order::mark_paid(&boss, order.id).await.unwrap()),
            3 => drop(order::cancel(&boss, order.id, "no").await.unwrap()),
            _ => {}
        }
        shop.settle().await;
    }
    // Sold under two names on one day, and what was sold under one of them given back.
    let vase = shop.product("Vase", "40.00", 50).await;
    let bowl = shop.guest(vase, 1).await.order("http").await;
    shop.settle().await;
    shop.rename("Vase", "Über-Vase").await;
    shop.guest(vase, 2).await.order("http").await;
    shop.settle().await;
    shop.rename("Über-Vase", "Zinc vase").await;
    let zinc = shop.guest(vase, 4).await.order("http").await;
    shop.settle().await;
    for order in [bowl, zinc] {
        order::refund(&boss, order.id, "broken").await.unwrap();
    }
    shop.settle().await;
    let before = documents(&shop).await;
    assert!(before.contains("1004") && before.contains("Über-Vase") && !before.contains("Zinc"), "{before}");
    let projections = commerce::projections();
    let rebuilt = index::rebuild(&boss, &*projections[0]).await.unwrap();
    assert_eq!(rebuilt.documents, 7);
    assert_eq!(documents(&shop).await, before);
    // Even after somebody has spoiled it.
    let owner = shop.database().owner().await;
    owner.execute_unprepared("UPDATE sales_day SET n_orders = 99").await.unwrap();
    owner.execute_unprepared("UPDATE order_row SET state = 'draft', paid_day = NULL").await.unwrap();
    owner.execute_unprepared("DELETE FROM sales_product").await.unwrap();
    index::rebuild(&boss, &*projections[0]).await.unwrap();
    assert_eq!(documents(&shop).await, before);
    shop.holds().await;
}

/// The read model as text.
async fn documents(shop: &Shop) -> String {
    let owner = shop.database().owner().await;
    let mut text = String::new();
    for (sql, columns) in [
        (
            "SELECT number, total_minor, paid_minor, refunded_minor, COALESCE(paid_day, 0) AS a, updated_at, \
          CASE state WHEN 'paid' THEN 1 WHEN 'refunded' THEN 2 WHEN 'cancelled' THEN 3 ELSE 4 END AS b \
          FROM order_row ORDER BY number",
            7,
        ),
        ("SELECT day, n_orders, n_items, revenue_minor FROM sales_day ORDER BY day", 4),
        ("SELECT day, quantity, revenue_minor, title FROM sales_product ORDER BY day, product_id", 4),
    ] {
        let statement = Statement::from_string(owner.get_database_backend(), sql);
        for row in owner.query_all_raw(statement).await.unwrap() {
            for column in 0..columns {
                let value = row
                    .try_get_by_index::<i64>(column)
                    .or_else(|_| row.try_get_by_index::<i32>(column).map(i64::from))
                    .map(|number| number.to_string())
                    .or_else(|_| row.try_get_by_index::<String>(column));
                text.push_str(&format!("{} ", value.unwrap()));
            }
            text.push('\n');
        }
    }
    text
}

async fn asks_the_database_a_constant_number_of_times(shop: Shop) {
    let boss = shop.boss();
    let counted = async || {
        let (all, page) = (OrderFilter::default(), PageArgs::first(24));
        let orders = order::list(&boss, &all, OrderSort::PlacedDesc, &page);
        let (_, orders) = count_statements(async { orders.await.unwrap() }).await;
        let everybody = named("");
        let people = customer::list(&boss, &everybody, CustomerSort::CreatedDesc, &page);
        let (_, people) = count_statements(async { people.await.unwrap() }).await;
        let (_, board) = count_statements(async { dashboard::view(&boss, 30).await.unwrap() }).await;
        (orders, people, board)
    };
    let mug = shop.product("Mug", "12.50", 50).await;
    let first = shop.guest(mug, 1).await.order("manual").await;
    shop.settle().await;
    let few = counted().await;
    for _ in 0..7 {
        shop.guest(mug, 1).await.order("manual").await;
    }
    shop.settle().await;
    assert_eq!(counted().await, few);
    let guest = shop.guest(mug, 1).await;
    let look = async || {
        count_statements(async { cart::view(&guest.ctx, Some(&guest.token)).await.unwrap() }).await.1
    };
    look().await;
    let one_line = look().await;
    for n in 0..5 {
        let more = shop.product(&format!("Vase {n}"), "20.00", 5).await;
        cart::add(&guest.ctx, Some(&guest.token), &[(more, 1)]).await.unwrap();
    }
    look().await;
    assert_eq!(look().await, one_line);
    let one = count_statements(async { order::by_id(&boss, first.id).await.unwrap() }).await.1;
    assert!(one <= 10, "{one} statements for one order");
    shop.holds().await;
}

async fn makes_a_record_of_everybody_who_registers(shop: Shop) {
    let system = shop.system();
    let made = identity::people::create(&system, "maud@example.com", "Maud", "a long password", "customer");
    made.await.unwrap();
    identity::people::create(&system, "boss@example.com", "Boss", "a long password", "owner").await.unwrap();
    shop.settle().await;
    let boss = shop.boss();
    let people =
        customer::list(&boss, &named(""), CustomerSort::NameAsc, &PageArgs::first(10)).await.unwrap();
    assert_eq!(people.items.iter().map(|c| c.email.as_str()).collect::<Vec<_>>(), ["maud@example.com"]);
    // It is nobody's until the address is confirmed.
    assert_eq!((people.items[0].user, people.items[0].n_orders), (None, 0));
    // A guest who types the same address gets no account by it.
    let mug = shop.product("Mug", "12.50", 50).await;
    shop.guest(mug, 1).await.order("manual").await;
    shop.settle().await;
    let maud = customer::get(&boss, people.items[0].id).await.unwrap();
    assert_eq!((maud.n_orders, maud.addresses.len()), (1, 1));
    shop.holds().await;
}

async fn tells_about_a_cart_that_was_left_once(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 50).await;
    let guest = shop.guest(mug, 1).await;
    let abandoned = async || {
        commerce::jobs::abandon_carts(&shop.system()).await.unwrap();
        shop.told().await.get("cart.abandoned").copied().unwrap_or_default()
    };
    assert_eq!(abandoned().await, 0);
    shop.advance(std::time::Duration::from_secs(25 * 3600));
    assert_eq!((abandoned().await, abandoned().await), (1, 1));
    cart::add(&guest.ctx, Some(&guest.token), &[(mug, 1)]).await.unwrap();
    shop.advance(std::time::Duration::from_secs(25 * 3600));
    assert_eq!((abandoned().await, abandoned().await), (2, 2));
    shop.holds().await;
}

async fn settings_are_those_of_now_and_pages_of_before_are_stale(shop: Shop) {
    let (boss, tenant) = (shop.boss(), shop.tenant().id);
    let hub = shop.app.app().hub();
    let before = settings::current(&boss).await.unwrap();
    assert_eq!(count_statements(settings::current(&boss)).await.1, 0, "in memory");
    let page = hub.stamp([Key::new(tenant, "tenant")]);
    let mut dearer = before.settings.clone();
    dearer.shipping[0].price_minor += 100;
    settings::update(&boss, before.version, dearer.clone()).await.unwrap();
    assert!(!hub.is_fresh(&page));
    let now = settings::current(&shop.anonymous()).await.unwrap();
    assert_eq!((&now.settings, now.version), (&dearer, before.version + 1));
    // What was refused has changed nothing, and makes nothing stale.
    let page = hub.stamp([Key::new(tenant, "tenant")]);
    let late = settings::update(&boss, before.version, before.settings.clone()).await;
    assert_eq!(refusal(late).0, "CONFLICT");
    assert!(hub.is_fresh(&page));
    shop.holds().await;
}

on_both!(
    makes_a_record_of_everybody_who_registers,
    tells_about_a_cart_that_was_left_once,
    shows_orders_customers_and_figures,
    turns_pages_both_ways,
    rebuilds_to_what_the_events_made,
    asks_the_database_a_constant_number_of_times,
    settings_are_those_of_now_and_pages_of_before_are_stale,
);
