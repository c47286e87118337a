//! Another currency from the settings to the order, other goods for what comes back, and an order that goes elsewhere.

use end2end::{Browser, Host, Scripts, journey};

use crate::admin::{send_the_order, sign_in};
use crate::shop::place_an_order;

const SEND: &str = "dialog[open] footer .btn[type=submit]";

#[test]
fn offers_a_currency_that_shoppers_choose() {
    journey(Scripts::On, async |_: &Host, browser: &Browser| {
        sign_in(browser).await;
        browser.open("/admin/settings").await;
        browser.see("Every price is shown in this one").await;
        browser.press("Offer a currency").await;
        // Sent as it is: every fault at its field, and nothing is offered.
        browser.click(SEND).await;
        browser.find("#currency-code[aria-invalid=true]").await;
        browser.find("#currency-rate[aria-invalid=true]").await;
        browser.shoot("admin-currency-errors").await;
        browser.choose("#currency-code", "USD").await;
        // A comma in front of three digits could mean either, so it is no rate.
        browser.fill("#currency-rate", "1,100").await;
        browser.see("Write 1100 or 1.1").await;
        browser.fill("#currency-rate", "1.10").await;
        browser.see("€10.00 is shown as $11.00").await;
        browser.fill("#currency-step", "1").await;
        browser.fill("#currency-ending", "2").await;
        browser.find("#currency-ending[aria-invalid=true]").await;
        browser.fill("#currency-ending", "0.99").await;
        browser.see("€10.00 is shown as $10.99").await;
        browser.shoot("admin-currency").await;
        browser.click(SEND).await;
        browser.see("1 EUR = 1.10 USD").await;

        // Changed once more; what it is now stands beside what is typed.
        browser.click("#currencies button[aria-label='Change USD']").await;
        browser.see("Now: 1 EUR = 1.10 USD").await;
        browser.fill("#currency-rate", "1.20").await;
        browser.click(SEND).await;
        browser.see("1 EUR = 1.20 USD").await;
        browser.shoot("admin-currencies").await;

        // A shopper chooses it in the footer, and pays in it.
        browser.open("/products").await;
        browser.choose("#currency", "USD").await;
        browser.click("form[action$='/currency'] button").await;
        browser
            .wait_until(
                "return document.querySelector('.product-card .price')?.innerText.includes('$') ?? false",
            )
            .await;
        browser.find("#currency").await;
        browser.shoot("products-in-dollars").await;
        place_an_order(browser).await;
        browser.see("$").await;
        browser.shoot("order-in-dollars").await;

        browser.open("/admin/orders").await;
        browser.click(".tablecard tbody tr a.key").await;
        browser.see("In EUR, at 1.20 for 1 EUR").await;
        browser.shoot("admin-order-in-dollars").await;

        browser.open("/admin/settings").await;
        browser.click("#currencies button[aria-label='Offer USD no longer']").await;
        browser.see("Orders that were placed in it stay as they are").await;
        browser.shoot("admin-currency-remove").await;
        browser.press("Offer it no longer").await;
        browser.see("Every price is shown in this one").await;
        browser.open("/products").await;
        browser.see("€").await;
        // The shopper is told, until the shop's own currency is chosen.
        browser.see("this shop does not offer USD").await;
        browser.click("form[action$='/currency'] button").await;
        // The shop has one currency again.
        browser.wait_until("return document.querySelector('#currency') === null").await;
    });
}

#[test]
fn exchanges_what_comes_back() {
    journey(Scripts::On, async |_: &Host, browser: &Browser| {
        sign_in(browser).await;
        let order = place_an_order(browser).await;
        browser.open("/admin/orders").await;
        send_the_order(browser).await;

        browser.open(&order).await;
        browser.press("Send something back").await;
        browser.fill("input[name^=pieces-]", "1").await;
        browser.choose("#reason", "does_not_fit").await;
        browser.fill("#words", "A mug, please").await;
        browser.click("input[name=exchange]").await;
        browser.press("Ask to send it back").await;
        browser.see("We are looking at it").await;

        browser.open("/admin/returns").await;
        browser.see("wants other goods").await;
        browser.shoot("admin-returns-wish").await;
        browser.click(".tablecard tbody tr a").await;
        browser.see("would rather have other goods").await;
        browser.press("Approve").await;
        browser.click(SEND).await;
        browser.see("Approved: the customer sees it now").await;
        browser.press("It has arrived").await;
        browser.click(SEND).await;
        browser.see("back in stock").await;

        browser.press("Exchange").await;
        browser.see("What came back has cost").await;
        // Sent as it is: it says what is missing, and nothing is placed.
        browser.click(SEND).await;
        browser.see("Choose what the customer gets").await;
        browser.fill("#find-variant", "MUG-SA-250").await;
        browser.click("dialog[open] button[aria-label^='Add Stoneware mug, Sand / 250']").await;
        browser.fill("dialog[open] p.flex input.input", "0").await;
        browser.find("dialog[open] p.flex input.input[aria-invalid=true]").await;
        browser.fill("dialog[open] p.flex input.input", "2").await;
        browser.shoot("admin-exchange").await;
        browser.click(SEND).await;
        browser.see("2 pieces of Stoneware mug").await;
        // What it costs is counted before anybody agrees to it.
        browser.see("The new order, at today's prices").await;
        browser.see("The delivery is free.").await;
        browser.shoot("admin-exchange-ask").await;
        browser.press("Place the order").await;

        // It leads to the new order, which leads back.
        browser.see("Exchanged: this is the new order").await;
        browser.find(".banner[data-tone=info] a").await;
        browser.shoot("admin-order-in-exchange").await;
        browser.click(".banner[data-tone=info] a").await;
        browser.see("Exchanged for order #").await;
        browser.shoot("admin-order-exchanged").await;
        browser.click("#returns a[href*='/orders/']").await;
        browser.find(".banner[data-tone=info] a").await;

        browser.open(&order).await;
        browser.see("was exchanged: see order").await;
    });
}

#[test]
fn sends_an_order_elsewhere() {
    journey(Scripts::On, async |_: &Host, browser: &Browser| {
        place_an_order(browser).await;
        sign_in(browser).await;
        browser.open("/admin/orders").await;
        browser.click(".tablecard tbody tr a.key").await;
        browser.press("Edit").await;
        browser.press("Address, contact and delivery").await;
        browser.fill("#edit-line1", "Korenmarkt 1").await;
        browser.fill("#edit-city", "Ghent").await;
        browser.fill("#edit-postal", "90").await;
        browser.find("#edit-postal[aria-invalid=true]").await;
        browser.fill("#edit-email", "nobody").await;
        browser.find("#edit-email[aria-invalid=true]").await;
        browser.shoot("admin-edit-address-errors").await;
        browser.fill("#edit-postal", "9000").await;
        browser.fill("#edit-email", "maud@example.org").await;
        browser.fill("#edit-shipping", "1").await;
        browser
            .wait_until("return document.querySelector('dialog[open] footer .btn')?.disabled === false")
            .await;
        browser.shoot("admin-edit-address").await;
        browser.fill("#edit-reason", "The customer has moved").await;
        browser.click(SEND).await;
        browser.see("The order is changed").await;
        browser.see("9000 Ghent").await;
        browser.see("maud@example.org").await;
        browser.shoot("admin-order-elsewhere").await;
    });
}
