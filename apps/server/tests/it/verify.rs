//! `rustok verify` as an operator runs it, beside the host.

use crate::shop::place_order;
use crate::world::World;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

async fn says_what_does_not_agree_and_what_to_do(world: World) {
    place_order(&world, "hearth").await;
    world.holds().await;
    let output = world.rustok(&["verify", "--json"]).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let all: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let shops: Vec<&str> =
        all.as_array().expect("shops").iter().filter_map(|one| one["tenant"].as_str()).collect();
    assert_eq!(shops, ["hearth", "northbound"]);
    assert_eq!((&all[0]["findings"], &all[0]["checks"]["orders"]), (&json!([]), &json!(1)));
    let rows = world.rows().await;
    rows.execute_unprepared("UPDATE orders SET attention = 'look'").await.expect("broken");
    rows.close().await.expect("closed");
    let output = world.rustok(&["verify", "--tenant", "hearth"]).await;
    assert_eq!(output.status.code(), Some(1));
    let (said, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(error.contains("the books of hearth do not agree: order 1001 ("), "{error}");
    for part in
        ["1 orders", "1 thing does not agree", "order.stream → see in its history", "attention is look"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    let output = world.rustok(&["verify", "--tenant", "northbound"]).await;
    assert!(output.status.success(), "another shop's books are its own");
    let output = world.rustok(&["verify", "--tenant", "nowhere"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no such tenant"));
}

testkit::on_both!(says_what_does_not_agree_and_what_to_do);
