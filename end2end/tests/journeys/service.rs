//! After the sale: a gift card pays, a piece comes back, people say what they think, and the merchant sees to all of it.

use end2end::{Browser, Host, Scripts, journey};

use crate::admin::{PASSWORD, send_the_order, sign_in};
use crate::shop::{place_an_order, put_something_into_the_cart};

#[test]
fn takes_back_what_a_gift_card_paid() {
    journey(Scripts::On, async |_: &Host, browser: &Browser| {
        sign_in(browser).await;
        browser.open("/admin/gift-cards").await;
        browser.press("Issue a gift card").await;
        browser.fill("#gift-amount", "10").await;
        browser.shoot("admin-gift-card-issue").await;
        browser.click("dialog[open] footer .btn[type=submit]").await;
        browser.see("Write the code down now").await;
        let code = browser.text("code").await;
        browser.shoot("admin-gift-cards").await;

        // A code that there is not, then this one: the total stays in sight, and what is left goes to the payment.
        put_something_into_the_cart(browser).await;
        browser.open("/checkout").await;
        browser.wait_until_awake().await;
        browser.fill("#gift_card", "AAAA-BBBB-CCCC-DDDD").await;
        browser.press("Use gift card").await;
        browser.find("#gift_card[aria-invalid=true]").await;
        let _ = browser.take_errors().await;
        browser.fill("#gift_card", &code.to_lowercase()).await;
        browser.press("Use gift card").await;
        browser.see("Left to pay").await;
        browser.shoot("checkout-gift-card").await;
        let order = place_an_order(browser).await;
        browser.see("Left to the payment").await;

        browser.open("/admin/orders").await;
        send_the_order(browser).await;
        browser.shoot("admin-order-tenders").await;

        browser.open(&order).await;
        browser.press("Send something back").await;
        // Sent as it is: every fault at its field.
        browser.press("Ask to send it back").await;
        browser.find("#reason[aria-invalid=true]").await;
        browser.shoot("return-errors").await;
        let _ = browser.take_errors().await;
        browser.fill("input[name^=pieces-]", "1").await;
        browser.choose("#reason", "damaged").await;
        browser.fill("#words", "It <came> apart & leaks").await;
        browser.press("Ask to send it back").await;
        browser.see("We are looking at it").await;
        browser.shoot("order-return").await;

        browser.open("/admin/returns").await;
        browser.see("To decide").await;
        browser.shoot("admin-returns").await;
        browser.click(".tablecard tbody tr a").await;
        browser.see("It <came> apart & leaks").await;
        browser.press("Approve").await;
        browser.fill("#return-words", "Please send it to Ghent").await;
        browser.click("dialog[open] footer .btn[type=submit]").await;
        browser.see("Approved: the customer sees it now").await;
        browser.press("It has arrived").await;
        browser.shoot("admin-return-receive").await;
        browser.click("dialog[open] footer .btn[type=submit]").await;
        browser.see("back in stock").await;
        browser.click("#returns .body > .flex:last-child > .btn").await;
        browser.find("dialog[open] #return-amount").await;
        browser.shoot("admin-return-refund").await;
        browser.click("dialog[open] footer .btn[type=submit]").await;
        browser.see("went back").await;
        browser.shoot("admin-order-returned").await;

        browser.open(&order).await;
        browser.see("went back to you").await;
        browser.shoot("order-returned").await;
        browser.open("/admin/gift-cards").await;
        browser.click(".tablecard tbody tr a").await;
        browser.find(".tablecard tbody tr").await;
        browser.shoot("admin-gift-card").await;
    });
}

#[test]
fn people_say_what_they_think() {
    journey(Scripts::Off, async |_: &Host, browser: &Browser| {
        browser.open("/sign-in").await;
        browser.fill("#email", "customer@hearth.example").await;
        browser.fill("#password", PASSWORD).await;
        browser.click("form[action$='/sign-in'] .button").await;
        browser.arrive("/account").await;
        browser.shoot("account").await;

        browser.open("/account/addresses").await;
        browser.fill("#name", "Maud Peeters").await;
        browser.fill("#line1", "Rue Haute 12").await;
        browser.fill("#city", "Brussels").await;
        browser.shoot("addresses-new").await;
        browser.press("Save the address").await;
        let _ = browser.take_errors().await;
        browser.shoot("addresses").await;

        browser.open("/reviews/oak-stool").await;
        browser.shoot("review-form").await;
        browser.open("/products/stoneware-mug").await;
        browser.find("#reviews").await;
        browser.shoot("product-reviews").await;

        browser.open("/account/erase").await;
        browser.shoot("account-erase").await;
    });
}

#[test]
fn the_merchant_knows_the_customers() {
    journey(Scripts::On, async |_: &Host, browser: &Browser| {
        place_an_order(browser).await;
        sign_in(browser).await;
        browser.open("/admin/reviews").await;
        browser.find(".tablecard tbody tr").await;
        browser.shoot("admin-reviews").await;
        browser.open("/admin/customers/groups").await;
        browser.shoot("admin-customer-groups").await;
        browser.open("/admin/customers").await;
        browser.find(".tablecard tbody tr a").await;
        browser.shoot("admin-customers").await;
        browser.click(".tablecard tbody tr a").await;
        browser.find("dl.dl").await;
        browser.shoot("admin-customer").await;

        // Somebody who calls: a slip of the pen is told at its field, and what was typed stays.
        browser.open("/admin/customers").await;
        browser.press("Add a customer").await;
        browser.fill("#customer-email", "ida").await;
        browser.fill("#customer-name", "Ida Lund").await;
        browser.fill("#customer-note", "Calls on Fridays").await;
        browser.click("dialog[open] footer .btn[type=submit]").await;
        browser.find("#customer-email[aria-invalid=true]").await;
        let _ = browser.take_errors().await;
        browser.shoot("admin-customer-new").await;
        browser.fill("#customer-email", "ida@example.com").await;
        browser.click("dialog[open] footer .btn[type=submit]").await;
        browser.see("Calls on Fridays").await;
        browser.click("[aria-label='Edit the name']").await;
        browser.fill("#customer-rename", "Ida Lund-Moe").await;
        browser.click("dialog[open] footer .btn[type=submit]").await;
        browser.see("Ida Lund-Moe").await;
        browser.shoot("admin-customer-entered").await;
    });
}
