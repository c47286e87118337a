//! Prices for some, and money that is taken in parts.

use end2end::{Browser, Host, Scripts, journey, journey_with_cards};

use crate::admin::sign_in;
use crate::shop::place_an_order;

#[test]
fn makes_a_price_list_that_the_shop_shows() {
    journey(Scripts::On, async |_: &Host, browser: &Browser| {
        sign_in(browser).await;
        browser.click(".sidebar a[href$='/admin/products']").await;
        let row = ".tablecard tbody tr:first-child";
        browser.find(&format!("{row} .name a")).await;
        let product = browser.text(&format!("{row} .name a")).await;

        browser.click(".sidebar a[href$='/admin/prices']").await;
        browser.see("No price lists yet").await;
        browser.shoot("admin-prices-none").await;
        browser.press("Make a price list").await;
        // Sent as it is: every fault at its field, and nothing is made.
        browser.fill("#priority", "high").await;
        browser.click(".savebar .btn[data-kind=primary]").await;
        browser.find("#name[aria-invalid=true]").await;
        browser.shoot("admin-price-list-errors").await;
        browser.fill("#name", "Autumn prices").await;
        browser.fill("#priority", "3").await;
        browser.click(".savebar .btn[data-kind=primary]").await;
        browser.see("No prices in it yet").await;
        browser.arrive("/admin/prices/0").await;

        // The price of one piece, then a lower one from five on.
        for (pieces, price) in [("1", "7.77"), ("5", "6.66")] {
            browser.press("Add a price").await;
            find_variant(browser, "dialog[open]", &product).await;
            browser.fill("#pieces", pieces).await;
            browser.fill("#price", "dear").await;
            browser.click("dialog[open] footer .btn[type=submit]").await;
            browser.find("#price[aria-invalid=true]").await;
            browser.fill("#price", price).await;
            if pieces == "1" {
                browser.shoot("admin-price-add").await;
            }
            browser.click("dialog[open] footer .btn[type=submit]").await;
            browser.see(price).await;
        }
        browser.shoot("admin-price-list").await;

        browser.open("/admin/prices/explain").await;
        find_variant(browser, ".page", &product).await;
        browser.see("From the list Autumn prices").await;
        browser.see("€7.77").await;
        browser.fill("#quantity", "5").await;
        browser.see("from 5 pieces on").await;
        browser.shoot("admin-price-explained").await;

        // A shopper sees it beside the product.
        browser.open("/products").await;
        browser.see("€7.77").await;
        browser.press(&product).await;
        browser.arrive("/products/").await;
        browser.see("€7.77").await;
        browser.see("€6.66").await;
        browser.shoot("listed-price").await;
    });
}

#[test]
fn takes_a_payment_in_parts() {
    journey_with_cards(Scripts::On, async |_: &Host, browser: &Browser| {
        sign_in(browser).await;
        browser.open("/admin/settings").await;
        browser.choose("#capture", "manual").await;
        browser.click(".savebar .btn[data-kind=primary]").await;
        browser.wait_until("return !document.querySelector('.savebar')").await;

        place_an_order(browser).await;
        browser.open("/admin/orders").await;
        browser.click(".tablecard tbody tr a.key").await;
        browser.see("Promised, not taken").await;
        browser.shoot("admin-order-promised").await;
        browser.press("Take the payment").await;
        browser.fill("#capture-amount", "100000").await;
        browser.click("dialog[open] footer .btn[type=submit]").await;
        browser.find("#capture-amount[aria-invalid=true]").await;
        browser.shoot("admin-order-capture").await;
        browser.fill("#capture-amount", "5").await;
        browser.click("dialog[open] footer .btn[type=submit]").await;
        browser.see("Partly paid").await;
        browser.see("€5.00").await;
        browser.shoot("admin-order-partly-paid").await;

        browser.press("Check with the gateway").await;
        browser.see("Compared with the gateway").await;

        // What the field offers is the rest.
        browser.press("Take the payment").await;
        browser.find("#capture-amount").await;
        browser.click("dialog[open] footer .btn[type=submit]").await;
        browser.see("Waiting to be sent").await;
        browser.wait_until("return !document.body.innerText.includes('Promised, not taken')").await;

        browser.click(".sidebar a[href$='/admin/payments']").await;
        browser.see("Nothing differs").await;
        browser.shoot("admin-payments").await;
        browser.press("Open disputes").await;
        browser.see("No dispute waits for an end").await;
    });
}

#[test]
fn says_who_sells_and_keeps_keys() {
    journey(Scripts::On, async |_: &Host, browser: &Browser| {
        sign_in(browser).await;
        browser.open("/admin/settings").await;
        browser.click("#seller header .btn").await;
        browser.fill("#seller-name", "Hearth BV").await;
        browser.fill("#seller-line1", "Korenmarkt 1").await;
        browser.fill("#seller-postal", "9000").await;
        browser.fill("#seller-city", "Ghent").await;
        browser.fill("#seller-tax", "BE 0123.456.789").await;
        browser.shoot("admin-seller").await;
        browser.click("dialog[open] footer .btn[type=submit]").await;
        browser.see("Saved: the next invoice says so").await;
        browser.see("Korenmarkt 1").await;

        // Refused at both fields, then kept and shown by its end alone.
        browser.click("#stripe header .btn").await;
        browser.fill("#stripe-key", "pk_test_nothing").await;
        browser.fill("#stripe-webhook", "wrong").await;
        browser.click("dialog[open] footer .btn[type=submit]").await;
        browser.find("#stripe-key[aria-invalid=true]").await;
        browser.find("#stripe-webhook[aria-invalid=true]").await;
        browser.shoot("admin-stripe-keys").await;
        browser.fill("#stripe-key", "sk_test_0123456789abcd").await;
        browser.fill("#stripe-webhook", "whsec_0123456789").await;
        browser.click("dialog[open] footer .btn[type=submit]").await;
        browser.see("••••abcd").await;
        browser.shoot("admin-settings-money").await;
        browser.press("Forget").await;
        browser.press("Forget the keys").await;
        browser.see("Not set").await;
    });
}

/// Chooses the first variant of a product by its name.
async fn find_variant(browser: &Browser, inside: &str, product: &str) {
    browser.fill(&format!("{inside} input[type=search]"), product).await;
    browser.click(&format!("{inside} .found button")).await;
    let which = format!("{inside} p.dim + .found button");
    browser.find(&format!("{inside} .field .tag, {which}")).await;
    if browser.count(&which).await > 0 {
        browser.click(&which).await;
    }
    browser.find(&format!("{inside} .field .tag")).await;
}
