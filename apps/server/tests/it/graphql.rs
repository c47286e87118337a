//! The GraphQL door: what it takes, what it refuses, and how many statements a list costs.

use crate::world::World;
use platform::db::count_statements;
use serde_json::json;

async fn takes_json_posts_only(world: World) {
    let mut visitor = world.visitor("hearth");
    let form = visitor
        .request(reqwest::Method::POST, "/api/graphql")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "text/plain")
        .body("{\"query\":\"{ shop { name } }\"}");
    let answer = visitor.send(form).await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (400, Some("BAD_USER_INPUT")));
    let answer = visitor.get("/api/graphql?query=%7Bshop%7Bname%7D%7D").await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.header("content-type"), "application/problem+json");
}

async fn a_text_that_is_no_graphql_is_400(world: World) {
    let mut visitor = world.visitor("hearth");
    let request = visitor
        .request(reqwest::Method::POST, "/api/graphql")
        .header("sec-fetch-site", "same-origin")
        .json(&json!({ "query": "{ shop {" }));
    let answer = visitor.send(request).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
}

async fn refuses_what_is_too_large(world: World) {
    let mut visitor = world.visitor("hearth");
    let deep = format!("{{ shop {{ {} name {} }} }}", "a { ".repeat(20), "}".repeat(20));
    let wide = format!("{{ shop {{ {} }} }}", (0..40).map(|n| format!("a{n}: name ")).collect::<String>());
    let long = format!("{{ shop {{ name }} }} #{}", "x".repeat(20_000));
    let costly = "{ collections(first: 100) { nodes { products(first: 100) { nodes { id title } } } } }";
    for document in [deep.as_str(), wide.as_str(), long.as_str(), costly] {
        let answer = visitor.graphql(document, json!({})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "QUERY_TOO_COMPLEX", "{answer}");
        assert!(answer["errors"][0]["extensions"]["trace_id"].is_string());
        assert!(answer["data"].is_null());
    }
}

async fn a_page_of_products_costs_a_constant_number_of_statements(world: World) {
    let tenant = identity::tenant::find(&world.app, "hearth").await.expect("the tenant").info.clone();
    let ctx = platform::Ctx::new(world.app.clone(), tenant.clone(), platform::Actor::Anonymous, "test");
    let mut counts = Vec::new();
    for first in [2, 24] {
        world.app.hub().bump(tenant.id, "catalog");
        let document = format!(
            "{{ products(first: {first}) {{ nodes {{ title slug price {{ minor formatted }} cover {{ urlBase alt }} images {{ url(width: 480) }} variants {{ id price {{ decimal }} }} }} }} }}"
        );
        let request = async_graphql::Request::new(document).data(ctx.clone());
        let (answer, statements) = count_statements(server::graphql::schema().execute(request)).await;
        assert!(answer.errors.is_empty(), "{:?}", answer.errors);
        counts.push(statements);
    }
    assert_eq!(counts[0], counts[1], "more products cost more statements");
    assert!(counts[0] <= 6, "{counts:?}");
}

testkit::on_both!(
    takes_json_posts_only,
    a_text_that_is_no_graphql_is_400,
    refuses_what_is_too_large,
    a_page_of_products_costs_a_constant_number_of_statements,
);

#[test]
fn the_schema_is_the_reviewed_one() {
    let kept = include_str!("../../schema.graphql");
    assert!(
        server::graphql::sdl().trim() == kept.trim(),
        "the schema differs from apps/server/schema.graphql: look at it with `cargo x schema` and commit it"
    );
}

#[test]
fn every_root_field_stands_in_the_surface() {
    let missing = server::surface::Surface::new().missing(&server::graphql::sdl());
    assert_eq!(missing, Vec::<String>::new());
}
