//! What has to hold when nothing waits any more, beside what `verify` looks at: the gateway, which keeps books of its own,
//! and whoever was told something, against the tables.

use std::collections::HashMap;

use platform::Access;
use sea_orm::QueryResult;
use serde_json::Value;
use uuid::Uuid;

use super::Play;

/// One movement of money between the gateway and the shop: payment, kind, key and amount.
type Moved = (String, String, String, i64);

pub(super) fn word(row: &QueryResult, at: usize) -> String {
    row.try_get_by_index(at).unwrap()
}

pub(super) fn number(row: &QueryResult, at: usize) -> i64 {
    row.try_get_by_index(at).unwrap()
}

impl Play<'_> {
    /// What the gateway took and gave back is what the books say; nothing was taken twice, or kept for nothing; no credit
    /// came from nowhere; no piece got lost.
    pub(super) async fn compare(&mut self) {
        assert_eq!(self.town.shop.gateway.breaches(), [""; 0], "no gateway may be asked this");
        // No order waits any more: what a customer's bank keeps ready is kept for nobody.
        if let Some((of, promise)) = self.town.shop.gateway.promises().first() {
            panic!("nobody has given {promise} back of {of}: {:#?}", self.story(of).await);
        }
        self.ledger().await;
        self.orders().await;
        self.credit().await;
        self.pieces().await;
    }

    async fn rows(&self, sql: &str) -> Vec<QueryResult> {
        self.system.read(Access::System).await.unwrap().raw_all(sql, Vec::new()).await.unwrap()
    }

    /// What became of a payment and of its order, and what the gateway was asked about it.
    async fn story(&self, payment: &str) -> Vec<String> {
        let sql = "SELECT s.kind, s.payload, p.id FROM stream_event s JOIN payment p ON p.tenant_id = s.tenant_id \
                     AND (p.id = s.stream_id OR p.order_id = s.stream_id) \
                   WHERE s.tenant_id = {tenant} ORDER BY s.occurred_at, s.stream_type, s.version";
        let fact = |row: &QueryResult| {
            let told: Value = row.try_get_by_index(1).unwrap();
            let about: Uuid = row.try_get_by_index(2).unwrap();
            (about.to_string() == payment).then(|| format!("{}: {told}", word(row, 0)))
        };
        let facts = self.rows(sql).await.iter().filter_map(fact).collect::<Vec<_>>();
        let calls =
            self.town.shop.gateway.calls().into_iter().filter(|call| call.body["reference"] == payment);
        facts
            .into_iter()
            .chain(calls.map(|call| format!("asked to {} {}: {}", call.step, call.key, call.body)))
            .collect()
    }

    /// Every movement at the gateway is one row of the ledger, under the key that the gateway was told.
    async fn ledger(&self) {
        let done = self.town.shop.gateway.deeds().into_iter();
        let done = done.filter(|deed| deed.status == "succeeded");
        let done = done.filter(|deed| matches!(deed.step.as_str(), "capture" | "refund"));
        let mut theirs: Vec<Moved> =
            done.map(|deed| (deed.reference, deed.step, deed.key, deed.amount)).collect();
        let sql = "SELECT l.payment_id, l.kind, l.fact, l.amount_minor FROM money_ledger l \
                   JOIN payment p ON p.tenant_id = l.tenant_id AND p.id = l.payment_id \
                   WHERE l.tenant_id = {tenant} AND p.provider = 'http'";
        let moved = |row: &QueryResult| {
            let payment: Uuid = row.try_get_by_index(0).unwrap();
            (payment.to_string(), word(row, 1), word(row, 2), number(row, 3))
        };
        let mut ours: Vec<Moved> = self.rows(sql).await.iter().map(moved).collect();
        theirs.sort();
        ours.sort();
        assert_eq!(ours, theirs, "the ledger (left) and the gateway");
    }

    async fn orders(&self) {
        let mut accounts: HashMap<String, (i64, i64, u32)> = HashMap::new();
        for deed in self.town.shop.gateway.deeds().iter().filter(|deed| deed.status == "succeeded") {
            let account = accounts.entry(deed.reference.clone()).or_default();
            match deed.step.as_str() {
                "capture" => {
                    account.0 += deed.amount;
                    account.2 += 1;
                }
                "refund" => account.1 += deed.amount,
                _ => {}
            }
        }
        let sql = "SELECT p.id, o.number, o.state, o.paid_minor - o.tendered_minor, o.refunded_minor - (SELECT \
                     CAST(coalesce(sum(l.amount_minor), 0) AS bigint) FROM money_ledger l \
                     WHERE l.tenant_id = o.tenant_id AND l.order_id = o.id AND l.kind = 'return'), \
                     CASE WHEN p.manual THEN 1 ELSE 0 END, o.paid_minor - o.refunded_minor \
                   FROM payment p JOIN orders o ON o.tenant_id = p.tenant_id AND o.id = p.order_id \
                   WHERE p.tenant_id = {tenant} AND p.provider = 'http'";
        for row in self.rows(sql).await {
            let id: Uuid = row.try_get_by_index(0).unwrap();
            let (order, state, paid, back) =
                (number(&row, 1), word(&row, 2), number(&row, 3), number(&row, 4));
            let (took, gave, captures) = accounts.remove(&id.to_string()).unwrap_or_default();
            assert_eq!((took, gave), (paid, back), "order {order}, which is {state}");
            let by_hand: i32 = row.try_get_by_index(5).unwrap();
            assert!(captures < 2 || by_hand == 1, "order {order} was captured {captures} times");
            let given_up = matches!(state.as_str(), "cancelled" | "refunded");
            if given_up && number(&row, 6) != 0 {
                let kept = took - gave;
                panic!("order {order} is {state}, {kept} is kept: {:#?}", self.story(&id.to_string()).await);
            }
        }
        assert!(accounts.values().all(|account| account.0 == 0), "money for nobody: {accounts:?}");
    }

    /// What is on gift cards and store credit is what was put there, less what orders took, and what they gave back.
    async fn credit(&mut self) {
        let cards: i64 = self.cards.iter().map(super::Card::issues).sum();
        let done = self.credits.iter().filter(|credit| credit.done);
        let credits: i64 = done.map(|credit| credit.amount).sum();
        self.town.issued += cards + credits;
        let sql = "SELECT (SELECT CAST(coalesce(sum(balance_minor), 0) AS bigint) FROM tender_account \
                     WHERE tenant_id = {tenant}), \
                   (SELECT CAST(coalesce(sum(tendered_minor - refunded_minor), 0) AS bigint) FROM orders \
                     WHERE tenant_id = {tenant}), \
                   (SELECT CAST(coalesce(sum(amount_minor), 0) AS bigint) FROM money_ledger \
                     WHERE tenant_id = {tenant} AND kind = 'refund'), \
                   (SELECT count(*) FROM tender_account WHERE tenant_id = {tenant} AND balance_minor < 0)";
        let rows = self.rows(sql).await;
        let (there, used, refunds, below) =
            (number(&rows[0], 0), number(&rows[0], 1), number(&rows[0], 2), number(&rows[0], 3));
        // What went back otherwise went to an account.
        assert_eq!(there, self.town.issued - used - refunds, "on gift cards and store credit");
        assert_eq!(below, 0, "accounts below zero");
    }

    /// Every piece lies on a shelf, or was sent; nothing is promised that is not there.
    async fn pieces(&self) {
        let sql = "SELECT (SELECT CAST(sum(on_hand) AS bigint) FROM stock_level WHERE tenant_id = {tenant}), \
                   (SELECT CAST(coalesce(sum(sent), 0) AS bigint) FROM order_line WHERE tenant_id = {tenant}), \
                   (SELECT CAST(coalesce(sum(restocked), 0) AS bigint) FROM return_line WHERE tenant_id = {tenant}), \
                   (SELECT count(*) FROM stock_level WHERE tenant_id = {tenant} AND on_hand < reserved)";
        let rows = self.rows(sql).await;
        let (there, sent, back, short) =
            (number(&rows[0], 0), number(&rows[0], 1), number(&rows[0], 2), number(&rows[0], 3));
        assert_eq!(there + sent - back, self.town.stock, "pieces");
        assert_eq!(short, 0, "more is promised than there is");
    }
}
