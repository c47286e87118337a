//! A merchant's day: look at the figures, bring products in, mend and publish one, send an order.

use end2end::{Browser, Host, Scripts, journey};

use crate::shop::{place_an_order, put_something_into_the_cart};

const OWNER: &str = "owner@hearth.example";
pub const PASSWORD: &str = "demo-password";

/// Two good products, the first in two sizes and not published, and one whose price nobody can read.
const CATALOGUE: &str = "\
Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Price
ash-tray,Ash serving tray,<p>Turned from one plank of ash.</p>,Atelier Noor,Tray,ash,FALSE,Size,Small,TRAY-S,700,shopify,5,deny,39.00
ash-tray,,,,,,,,Large,TRAY-L,1200,shopify,2,deny,59.00
brass-spoon,Brass spoon,<p>Cast and brushed.</p>,Atelier Noor,Cutlery,brass,TRUE,Title,Default Title,SPOON-1,80,shopify,12,deny,14.50
odd-one,Odd one,,Atelier Noor,Tray,,TRUE,Title,Default Title,ODD-1,80,shopify,12,deny,a lot
";

#[test]
fn does_a_merchants_day() {
    journey(Scripts::On, async |_: &Host, browser: &Browser| {
        let order = place_an_order(browser).await;

        sign_in(browser).await;
        browser.see("Needs attention").await;
        browser.shoot("admin-dashboard").await;

        import_products(browser).await;
        mend_and_publish(browser).await;
        send_the_order(browser).await;

        // What the merchant did is what people see.
        browser.open(&order).await;
        browser.see("BE123456789").await;
        browser.open("/products/ash-tray").await;
        browser.see("Ash tray, turned by hand").await;
        browser.shoot("published-product").await;
    });
}

#[test]
fn makes_a_promotion_that_the_next_cart_counts_with() {
    journey(Scripts::On, async |_: &Host, browser: &Browser| {
        place_an_order(browser).await;
        sign_in(browser).await;
        browser.click(".sidebar a[href$='/admin/promotions']").await;
        browser.see("WELCOME10").await;
        browser.shoot("admin-promotions").await;

        browser.open("/admin/promotions/new").await;
        browser.find("#name").await;
        // Sent as it is: every fault at its field, and nothing is made.
        browser.fill("#name", "Autumn").await;
        browser.click(".savebar .btn[data-kind=primary]").await;
        browser.find(".field > .error").await;
        browser.choose("#action-kind", "order-percent").await;
        browser.fill("#action-percent", "5").await;
        browser.fill("#codes", "autumn5\u{e007}").await;
        browser.press("Try it").await;
        browser.see("1 of 1 order of the last 30 days would have been cheaper").await;
        browser.shoot("admin-promotion-trial").await;
        browser.click(".savebar .btn[data-kind=primary]").await;
        browser.see("Saved: the next cart counts with it").await;
        browser.arrive("/admin/promotions/0").await;

        put_something_into_the_cart(browser).await;
        browser.open("/cart").await;
        browser.wait_until_awake().await;
        browser.fill("#code", "Autumn5").await;
        browser.press("Apply").await;
        browser.find(".totals .saving").await;
        browser.see("AUTUMN5").await;
    });
}

#[test]
fn keeps_the_stock_of_two_places() {
    journey(Scripts::On, async |_: &Host, browser: &Browser| {
        sign_in(browser).await;
        browser.click(".sidebar a[href$='/admin/inventory']").await;
        browser.find(".tablecard tbody tr a[href*='/products/']").await;
        browser.shoot("admin-inventory").await;
        let first = browser.text(".tablecard tbody tr:first-child .name a").await;

        browser.press("Count").await;
        browser.fill("#counted", "40").await;
        browser.shoot("admin-inventory-count").await;
        browser.click("dialog[open] footer .btn[type=submit]").await;
        browser.see("The count is stored").await;

        browser.press("Keep back").await;
        browser.fill("#kept-0", "some").await;
        browser.find("#kept-0[aria-invalid=true]").await;
        browser.fill("#kept-0", "4").await;
        browser.see(" can be bought").await;
        browser.shoot("admin-inventory-kept").await;
        browser.click("dialog[open] footer .btn[type=submit]").await;
        browser.see("4 kept back").await;

        browser.click(".tablecard tbody tr:first-child button[aria-label^='Announce a delivery of']").await;
        browser.fill("#delivery-pieces", "12").await;
        browser.fill("#delivery-note", "Kilnworks 4711").await;
        browser.shoot("admin-delivery-announce").await;
        browser.click("dialog[open] footer .btn[type=submit]").await;
        browser.see("Announced: 12 of").await;
        browser.click(".tablecard tbody tr:first-child a[href*='/inventory/deliveries']").await;
        browser.see("Kilnworks 4711").await;
        browser.press("Receive").await;
        browser.fill("#received", "13").await;
        browser.find("#received[aria-invalid=true]").await;
        browser.fill("#received", "5").await;
        browser.shoot("admin-delivery-receive").await;
        browser.press("Put on the shelf").await;
        browser.see("5 of 12 came").await;
        browser.press("Call off").await;
        browser.see("7 pieces do not come any more. The 5 that came stay on the shelf.").await;
        browser.press("Call it off").await;
        browser.see("Nothing is to come").await;
        browser.shoot("admin-deliveries").await;
        browser.open("/admin/inventory").await;

        browser.press("Locations").await;
        browser.press("Add a location").await;
        browser.fill("#location-name", "Antwerp").await;
        browser.fill("#location-country", "??").await;
        browser.click("dialog[open] footer .btn[type=submit]").await;
        browser.find(".field .error").await;
        browser.fill("#location-country", "BE").await;
        browser.click("dialog[open] footer .btn[type=submit]").await;
        browser.see("The location is added").await;
        browser.shoot("admin-locations").await;

        browser.open("/admin/inventory/transfers").await;
        browser.press("Plan a transfer").await;
        // The product's name; behind the comma stands which of its variants it is.
        browser.fill("#find-variant", first.split(',').next().unwrap_or(&first)).await;
        browser.press("Add").await;
        browser.fill("dialog[open] p.flex input.input", "3").await;
        browser.shoot("admin-transfer-plan").await;
        browser.press("Plan it").await;
        browser.press("Send it off").await;
        browser.press("Receive").await;
        browser.press("Put it on the shelf").await;
        browser.see("It lies on the shelf").await;
        browser.shoot("admin-transfer").await;

        browser.open("/admin/inventory/counts").await;
        browser.press("Begin a count").await;
        browser.press("Begin").await;
        browser.find("td[data-slot=value] input").await;
        browser.fill("td[data-slot=value] input", "36\t").await;
        browser.see("1 of ").await;
        browser.shoot("admin-count").await;
        browser.press("Apply").await;
        browser.press("Apply it").await;
        browser.see("The shelves hold what was found").await;

        browser.open("/admin/inventory/history").await;
        browser.find(".tablecard tbody tr td").await;
        browser.shoot("admin-stock-history").await;
    });
}

#[test]
fn settles_taxes_and_deliveries() {
    journey(Scripts::On, async |_: &Host, browser: &Browser| {
        sign_in(browser).await;
        browser.open("/admin/settings").await;
        browser.find("#tax-rounding").await;
        browser.shoot("admin-settings").await;
        browser.choose("#tax-rounding", "unit").await;
        browser.click(".savebar .btn[data-kind=primary]").await;
        browser.wait_until("return !document.querySelector('.savebar')").await;
        browser.open("/admin/settings").await;
        browser.wait_until("return document.querySelector('#tax-rounding')?.value === 'unit'").await;
    });
}

#[test]
fn keeps_customers_out_of_the_admin() {
    journey(Scripts::On, async |_: &Host, browser: &Browser| {
        browser.open("/admin").await;
        browser.fill("#email", "customer@hearth.example").await;
        browser.fill("#password", PASSWORD).await;
        browser.click(".signin .btn[type=submit]").await;
        browser.see("This door is for staff").await;
    });
}

pub async fn sign_in(browser: &Browser) {
    browser.open("/admin/orders").await;
    browser.find(".signin").await;
    browser.shoot("admin-sign-in").await;
    browser.fill("#email", OWNER).await;
    browser.fill("#password", "not the password").await;
    browser.click(".signin .btn[type=submit]").await;
    browser.see("That did not match").await;
    browser.fill("#password", PASSWORD).await;
    browser.click(".signin .btn[type=submit]").await;
    // Signing in leads to where one wanted to go.
    browser.find(".sidebar a[href$='/admin/orders'][aria-current=page]").await;
    browser.click(".sidebar a[href$='/admin'], .sidebar a[href$='/admin/']").await;
}

async fn import_products(browser: &Browser) {
    browser.click(".sidebar a[href$='/products/import']").await;
    browser.press("Or paste the rows").await;
    browser.fill("#pasted", CATALOGUE).await;
    browser.press("Look it over").await;
    browser.see("Import 2 products").await;
    browser.see("Variant Price").await;
    browser.shoot("admin-import").await;
    browser.press("Import 2 products").await;
    browser.see("2 products imported").await;
}

async fn mend_and_publish(browser: &Browser) {
    browser.click(".sidebar a[href$='/admin/products']").await;
    browser.find(".tablecard tbody tr").await;
    browser.shoot("admin-products").await;
    browser.fill("input[type=search]", "serving tray").await;
    browser.wait_until("return location.search.includes('q=') && document.querySelectorAll('.tablecard tbody tr a.key, .tablecard tbody .name a').length === 1").await;
    browser.click(".tablecard tbody tr a").await;
    browser.find("#title").await;
    browser.shoot("admin-product").await;
    browser.fill("#title", "Ash tray, turned by hand").await;
    browser.click(".savebar .btn[data-kind=primary]").await;
    browser.wait_until("return !document.querySelector('.savebar')").await;
    browser.press("Publish").await;
    browser.see("Published: shoppers see it now").await;
}

pub async fn send_the_order(browser: &Browser) {
    browser.click(".sidebar a[href$='/admin/orders']").await;
    browser.find(".tablecard tbody tr a.key").await;
    browser.shoot("admin-orders").await;
    browser.click(".tablecard tbody tr a.key").await;
    browser.press("Mark as paid").await;
    browser.click("dialog[open] footer .btn[data-kind=primary]").await;
    browser.see("Waiting to be sent").await;
    browser.press("Send").await;
    browser.fill("#carrier", "bpost").await;
    browser.fill("#tracking", "BE123456789").await;
    browser.shoot("admin-send").await;
    browser.click("dialog[open] footer .btn[type=submit]").await;
    browser.see("On its way").await;
    browser.shoot("admin-order").await;
    browser.press("Mark as delivered").await;
    browser.click("dialog[open] footer .btn[data-kind=primary]").await;
    browser.see("Arrived").await;
}
