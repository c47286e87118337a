//! An order that staff writes for a customer: agreed on the telephone, sent as a quote, placed.

use end2end::{Browser, Host, Scripts, journey};

use crate::admin::sign_in;

/// Clicks "Add" beside a variant of which more than a few lie in stock.
const ADD: &str = "const row = [...document.querySelectorAll('p.flex')].find(it => /· [1-9][0-9,]* on hand/.test(it.innerText) \
                   && parseInt(it.innerText.split('·').pop()) > 4); if (row) row.querySelector('button').click(); return !!row";

#[test]
fn writes_a_draft_and_makes_an_order_of_it() {
    journey(Scripts::On, async |_: &Host, browser: &Browser| {
        sign_in(browser).await;
        browser.click(".sidebar a[href$='/admin/drafts']").await;
        browser.see("No drafts yet").await;
        browser.shoot("admin-drafts-none").await;
        browser.press("New draft").await;
        browser.arrive("/admin/drafts/new").await;
        browser.see("Nothing yet").await;
        browser.see("Before it can be placed").await;

        browser.fill("#find-variant", "a").await;
        browser.wait_until(ADD).await;
        browser.fill("input[aria-label^='Pieces of']", "none").await;
        browser.find("input[aria-label^='Pieces of'][aria-invalid=true]").await;
        browser.fill("input[aria-label^='Pieces of']", "2").await;
        browser.press("Agreed price and discount").await;
        browser.fill("input[id$='-price']", "7").await;
        browser.see("€7.00 each").await;
        browser.see("€14.00").await;

        // A share needs its reason, which the customer reads.
        browser.choose("select[aria-label='Amount or share, off']", "percent").await;
        browser.fill("#off", "50").await;
        browser.click(".savebar .btn[data-kind=primary]").await;
        browser.find("#off-reason[aria-invalid=true]").await;
        browser.shoot("admin-draft-errors").await;
        browser.fill("#off-reason", "A regular").await;
        browser.see("−€7.00").await;

        for (field, text) in [
            ("#email", "maud@example.com"),
            ("#address-name", "Maud Peeters"),
            ("#address-line1", "Korenmarkt 1"),
            ("#address-postal", "9000"),
            ("#address-city", "Ghent"),
            ("#customer-note", "Thank you for calling."),
        ] {
            browser.fill(field, text).await;
        }
        browser.choose("#address-country", "BE").await;
        browser.wait_until("return document.querySelectorAll('#delivery option').length > 1").await;
        let delivery =
            browser.run("return document.querySelector('#delivery option:nth-child(2)').value").await;
        browser.choose("#delivery", delivery.as_str().unwrap_or_default()).await;
        browser.see("Can be placed").await;
        browser.shoot("admin-draft-new").await;
        browser.click(".savebar .btn[data-kind=primary]").await;
        browser.arrive("/admin/drafts/0").await;
        browser.see("Draft for Maud Peeters").await;
        browser.see("Can be placed").await;

        browser.press("Send a quote").await;
        browser.see("Write to maud@example.com?").await;
        browser.shoot("admin-draft-send").await;
        browser.press("Send the letter").await;
        browser.see("The letter is on its way").await;
        // This version is sent; the same letter does not go out twice.
        browser.find("button[title='This version was sent already'][disabled]").await;
        browser.shoot("admin-draft").await;

        let total = browser.text("#draft-total").await;
        browser.press("Place the order").await;
        browser.see(&format!("Place the order for {total}?")).await;
        browser.see("It waits for its payment").await;
        browser.shoot("admin-draft-place").await;
        browser.press(&format!("Place it for {total}")).await;
        browser.arrive("/admin/orders/0").await;
        browser.see("Waiting for payment").await;
        browser.see("Payment link").await;
        browser.see(&total).await;
        browser.shoot("admin-draft-placed").await;

        browser.click(".sidebar a[href$='/admin/drafts']").await;
        browser.press("Placed").await;
        browser.see("Maud Peeters").await;
        browser.shoot("admin-drafts").await;
        browser.press("Maud Peeters").await;
        browser.see("What became of it").await;
        browser.see("is still to be paid").await;
        browser.find("button[aria-label='Copy the payment link']").await;

        // Another one is thought better of.
        browser.open("/admin/drafts/new").await;
        browser.fill("#email", "nan@example.com").await;
        browser.click(".savebar .btn[data-kind=primary]").await;
        browser.arrive("/admin/drafts/0").await;
        browser.press("Delete").await;
        browser.press("Delete the draft").await;
        browser.see("The draft is gone").await;
        browser.wait_until("return !document.body.innerText.includes('nan@example.com')").await;
    });
}
