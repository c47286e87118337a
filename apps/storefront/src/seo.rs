//! What machines read: JSON-LD, `sitemap.xml`, `robots.txt`.

use crate::data;
use crate::page::{DEPENDENCIES, escape};
use crate::parts::stars;
use crate::shop::Shop;
use axum::Extension;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use catalog::view::{Availability, ProductPage, SitemapEntry};
use commerce::review::Shown;
use platform::Ctx;
use serde_json::{Value, json};
use std::fmt::Write;

/// The shop as an organisation.
pub fn organisation(shop: &Shop) -> Value {
    json!({
        "@context": "https://schema.org",
        "@type": "OnlineStore",
        "name": shop.name(),
        "url": shop.absolute("/"),
        "description": shop.settings.description,
    })
}

/// The site with its search.
pub fn website(shop: &Shop) -> Value {
    let mut site = json!({
        "@context": "https://schema.org",
        "@type": "WebSite",
        "name": shop.name(),
        "url": shop.absolute("/"),
    });
    if shop.shows_products() {
        site["potentialAction"] = json!({
            "@type": "SearchAction",
            "target": format!("{}?q={{search_term_string}}", shop.absolute("/products")),
            "query-input": "required name=search_term_string",
        });
    }
    site
}

/// Where a page stands: label and path, no path for the page itself.
pub fn breadcrumbs(shop: &Shop, crumbs: &[(String, Option<String>)]) -> Value {
    let items: Vec<Value> = crumbs
        .iter()
        .zip(1..)
        .map(|((label, path), position): (_, u32)| {
            let mut item = json!({"@type": "ListItem", "position": position, "name": label});
            if let Some(path) = path {
                item["item"] = json!(shop.absolute(path));
            }
            item
        })
        .collect();
    json!({"@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": items})
}

/// A product with its offers, and with what people say about it.
pub fn product(shop: &Shop, product: &ProductPage, reviews: Option<&Shown>) -> Value {
    let url = shop.absolute(&format!("/products/{}", product.slug));
    let pictures: Vec<String> =
        product.pictures.iter().filter_map(|picture| Some(shop.absolute_file(&picture.url(1200)?))).collect();
    let availability = match product.availability {
        Availability::InStock => "InStock",
        Availability::Low { .. } => "LimitedAvailability",
        Availability::Backorder => "BackOrder",
        Availability::SoldOut => "OutOfStock",
    };
    let mut offers = json!({
        "@type": "Offer",
        "url": url,
        "priceCurrency": product.price.currency.code(),
        "price": product.price.decimal(),
        "availability": format!("https://schema.org/{availability}"),
        "itemCondition": "https://schema.org/NewCondition",
    });
    if product.price != product.price_max {
        offers = json!({
            "@type": "AggregateOffer",
            "url": url,
            "priceCurrency": product.price.currency.code(),
            "lowPrice": product.price.decimal(),
            "highPrice": product.price_max.decimal(),
            "offerCount": product.variants.len(),
            "availability": format!("https://schema.org/{availability}"),
        });
    }
    let mut data = json!({
        "@context": "https://schema.org",
        "@type": "Product",
        "name": product.title,
        "description": product.seo_description,
        "productID": product.id.to_string(),
        "url": url,
    });
    if shop.sells() {
        data["offers"] = offers;
    }
    if let (Some(rating), Some(shown)) = (product.rating, reviews)
        && let Some(tenths) = rating.tenths()
    {
        data["aggregateRating"] = json!({
            "@type": "AggregateRating",
            "ratingValue": stars::decimal(Some(tenths)),
            "reviewCount": rating.count(),
            "bestRating": 5,
            "worstRating": 1,
        });
        let said = shown.reviews.iter().map(|review| {
            json!({
                "@type": "Review",
                "name": review.draft.title,
                "reviewBody": review.draft.body,
                "datePublished": review.written_at.date().to_string(),
                "author": {"@type": "Person", "name": review.draft.author},
                "reviewRating": {"@type": "Rating", "ratingValue": review.draft.rating, "bestRating": 5, "worstRating": 1},
            })
        });
        data["review"] = said.collect();
    }
    if !pictures.is_empty() {
        data["image"] = json!(pictures);
    }
    if !product.vendor.is_empty() {
        data["brand"] = json!({"@type": "Brand", "name": product.vendor});
    }
    if !product.product_type.is_empty() {
        data["category"] = json!(product.product_type);
    }
    if let [variant] = product.variants.as_slice()
        && !variant.sku.is_empty()
    {
        data["sku"] = json!(variant.sku);
    }
    data
}

/// `GET /sitemap.xml`
pub async fn sitemap(Extension(ctx): Extension<Ctx>, shop: Shop) -> Response {
    match data::sitemap(&ctx).await {
        Ok(entries) => kept("application/xml; charset=utf-8", sitemap_xml(&shop, &entries)),
        Err(error) => crate::routes::errors::failure(&ctx, &shop, &error).await,
    }
}

/// The sitemap of these addresses and the pages that every shop has.
pub fn sitemap_xml(shop: &Shop, entries: &[SitemapEntry]) -> String {
    let mut xml = String::with_capacity(160 * (entries.len() + 4));
    xml.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n");
    for path in ["/", "/products"].into_iter().filter(|path| shop.leads(path)) {
        let _ = writeln!(xml, "<url><loc>{}</loc></url>", escape(&shop.absolute(path)));
    }
    for entry in entries.iter().filter(|entry| shop.leads(&entry.path)) {
        let loc = escape(&shop.absolute(&entry.path));
        let _ = writeln!(xml, "<url><loc>{loc}</loc><lastmod>{}</lastmod></url>", entry.updated_at.date());
    }
    xml.push_str("</urlset>\n");
    xml
}

/// `GET /robots.txt`
pub async fn robots(shop: Shop) -> Response {
    kept("text/plain; charset=utf-8", robots_txt(&shop))
}

/// What robots may read: everything but what belongs to one visitor.
pub fn robots_txt(shop: &Shop) -> String {
    let mut text = String::from("User-agent: *\n");
    for path in
        ["/cart", "/checkout", "/orders/", "/reviews/", "/account", "/sign-in", "/register", "/search"]
    {
        let _ = writeln!(text, "Disallow: {}", shop.href(path));
    }
    let _ = writeln!(text, "Disallow: {}", shop.href("/products?*option."));
    let _ = writeln!(text, "Disallow: {}", shop.href("/products?*q="));
    let _ = writeln!(text, "\nSitemap: {}", shop.absolute("/sitemap.xml"));
    text
}

fn kept(content_type: &'static str, body: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
        (DEPENDENCIES, HeaderValue::from_static("catalog,tenant")),
    ];
    (headers, body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::tests::shop_with;
    use primitives::Timestamp;

    #[test]
    fn lists_addresses_with_the_shops_prefix() {
        let shop = shop_with(json!({}), "/t/hearth");
        let entry = SitemapEntry { path: "/products/a&b".into(), updated_at: Timestamp::from_millis(0) };
        let xml = sitemap_xml(&shop, &[entry]);
        assert!(xml.contains(
            "<loc>http://localhost:3000/t/hearth/products/a&amp;b</loc><lastmod>1970-01-01</lastmod>"
        ));
        assert!(robots_txt(&shop).contains("Disallow: /t/hearth/cart\n"));
    }

    #[test]
    fn numbers_breadcrumbs_from_one() {
        let shop = shop_with(json!({}), "");
        let data = breadcrumbs(&shop, &[("Home".into(), Some("/".into())), ("Mug".into(), None)]);
        assert_eq!(data["itemListElement"][0]["item"], "http://localhost:3000/");
        assert_eq!(data["itemListElement"][1]["position"], 2);
        assert!(data["itemListElement"][1].get("item").is_none());
    }
}
