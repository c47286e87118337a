//! A shopper finds, buys and follows an order.

use end2end::{Browser, Host, Scripts, journey};

/// A phone number and a complete address in the shop's country.
const ADDRESS: [(&str, &str); 6] = [
    ("#email", "maud@example.com"),
    ("#name", "Maud Peeters"),
    ("#line1", "Rue Haute 12"),
    ("#postal_code", "1000"),
    ("#city", "Brussels"),
    ("#phone", "+32 2 555 01 02"),
];

#[test]
fn buys_with_scripts_on() {
    journey(Scripts::On, async |_: &Host, browser: &Browser| {
        browser.open("/").await;
        browser.wait_until_awake().await;
        browser.shoot("home").await;

        browser.open("/products").await;
        browser.wait_until_awake().await;
        browser.shoot("list").await;
        // A filter or an order applies as soon as it changes, and the address says so.
        browser.choose("#sort", "price-asc").await;
        browser.arrive("/products?sort=price-asc").await;

        open_first_product_with_choices(browser).await;
        browser.wait_until_awake().await;
        browser.shoot("product").await;
        // Another choice changes price, stock, picture and address in place.
        browser.click(".option-group:first-of-type .choice:last-child input").await;
        browser.wait_until("return location.search.startsWith('?option.')").await;
        choose_something_to_be_had(browser).await;
        browser.click(".buy-box .act > .button").await;
        browser.find("dialog#cart-drawer[open] .cart-line").await;
        assert_eq!(browser.text(".cart-count").await, "1");
        browser.shoot("drawer").await;
        browser.click("dialog#cart-drawer button[name=more]").await;
        browser.wait_until("return document.querySelector('.cart-count').textContent === '2'").await;

        browser.click("dialog#cart-drawer .foot a.button[href$='/checkout']").await;
        browser.arrive("/checkout").await;
        browser.wait_until_awake().await;
        browser.shoot("checkout").await;
        fill(browser, &ADDRESS).await;
        browser.click("form .pay .button").await;
        browser.arrive("/orders/").await;
        browser.see("Thank you, Maud.").await;
        browser.shoot("confirmation").await;

        // The cart is empty again, here and on pages that are the same for everybody.
        browser.open("/").await;
        browser.wait_until_awake().await;
        browser.wait_until("return document.querySelector('.cart-count').hidden").await;
    });
}

#[test]
fn buys_with_scripts_off() {
    journey(Scripts::Off, async |_: &Host, browser: &Browser| {
        browser.open("/").await;
        browser.shoot("home").await;
        browser.open("/products").await;
        open_first_product_with_choices(browser).await;
        assert_eq!(browser.count("html[data-awake]").await, 0, "scripts run although they are off");
        browser.shoot("product").await;
        browser.fill("input[name=quantity]", "2").await;
        browser.click(".buy-box .act > .button").await;
        browser.arrive("/cart").await;
        assert_eq!(browser.count(".cart-page .cart-line").await, 1);
        browser.shoot("cart").await;
        browser.click("button[name=more]").await;
        browser.wait_until("return document.querySelector('.cart-line input').value === '3'").await;

        browser.press("Check out").await;
        browser.arrive("/checkout").await;
        // Nothing filled in: the same page, every problem at its field, and nothing was ordered.
        browser.click("form .pay .button").await;
        browser.find(".notice[data-tone=danger]").await;
        assert_eq!(browser.count("#email[aria-invalid=true]").await, 1);
        browser.shoot("checkout-errors").await;
        let errors = browser.take_errors().await;
        assert!(errors.iter().all(|error| error.contains("422")), "{errors:?}");

        fill(browser, &ADDRESS).await;
        browser.click("form .pay .button").await;
        browser.arrive("/orders/").await;
        browser.see("Thank you, Maud.").await;
        browser.shoot("confirmation").await;
        let order = browser.path().await;

        // The link is the way back to the order; the cart is empty.
        browser.open("/cart").await;
        browser.see("Nothing in here yet").await;
        browser.open(order.split('?').next().unwrap_or_default()).await;
        browser.see("Maud Peeters").await;
    });
}

#[test]
fn pays_less_with_a_code_without_scripts() {
    journey(Scripts::Off, async |_: &Host, browser: &Browser| {
        browser.open("/products").await;
        open_first_product_with_choices(browser).await;
        browser.click(".buy-box .act > .button").await;
        browser.arrive("/cart").await;
        // A code that there is not, then one that there is, in lower case.
        browser.fill("#code", "nothing").await;
        browser.press("Apply").await;
        browser.see("there is no such code").await;
        browser.press("Remove NOTHING").await;
        browser
            .wait_until(
                "return document.readyState === 'complete' && !document.body.innerText.includes('NOTHING')",
            )
            .await;
        browser.fill("#code", "welcome10").await;
        browser.press("Apply").await;
        browser.find(".totals .saving").await;
        browser.see("Goods after savings").await;
        browser.shoot("cart-code").await;
        browser.press("Check out").await;
        browser.arrive("/checkout").await;
        browser.find(".totals .saving").await;
        fill(browser, &ADDRESS).await;
        browser.shoot("checkout-code").await;
        browser.click("form .pay .button").await;
        browser.arrive("/orders/").await;
        browser.see("Thank you, Maud.").await;
        browser.see("Welcome").await;
        browser.shoot("confirmation-code").await;
    });
}

#[test]
fn takes_a_code_at_the_checkout() {
    journey(Scripts::On, async |_: &Host, browser: &Browser| {
        browser.open("/products").await;
        open_first_product_with_choices(browser).await;
        browser.wait_until_awake().await;
        choose_something_to_be_had(browser).await;
        browser.click(".buy-box .act > .button").await;
        browser.find("dialog#cart-drawer[open] .cart-line").await;
        browser.open("/checkout").await;
        browser.wait_until_awake().await;
        fill(browser, &ADDRESS).await;
        browser.fill("#code", "WELCOME10").await;
        browser.press("Apply code").await;
        browser.find(".totals .saving").await;
        // What was typed is still there.
        let typed = browser.run("return document.querySelector('#name').value").await;
        assert_eq!(typed, "Maud Peeters");
        browser.shoot("checkout-live-code").await;
        browser.click("form .pay .button").await;
        browser.arrive("/orders/").await;
        browser.see("Thank you, Maud.").await;
    });
}

#[test]
fn keeps_what_is_typed_while_the_checkout_asks() {
    journey(Scripts::On, async |_: &Host, browser: &Browser| {
        put_something_into_the_cart(browser).await;
        browser.open("/checkout").await;
        browser.wait_until_awake().await;
        browser
            .run(
                "const ask = window.fetch; window.fetch = async (...what) => {
                   await new Promise(later => setTimeout(later, 2000)); return ask(...what) };
                 document.querySelector('form[data-once]').dataset.before = ''",
            )
            .await;
        browser
            .run(
                "const country = document.querySelector('#country'); country.value = 'NL';
                 country.dispatchEvent(new Event('change', { bubbles: true }))",
            )
            .await;
        fill(browser, &ADDRESS).await;
        let held = "return ['country', 'email', 'name', 'line1', 'postal_code', 'city', 'phone'].map(
            id => document.getElementById(id).value)";
        let before = "return 'before' in document.querySelector('form[data-once]').dataset";
        assert_eq!(browser.run(before).await, true, "the answer came before anything was typed");
        browser.wait_until("return !('before' in document.querySelector('form[data-once]').dataset)").await;
        let typed =
            ["NL", "maud@example.com", "Maud Peeters", "Rue Haute 12", "1000", "Brussels", "+32 2 555 01 02"];
        assert_eq!(browser.run(held).await, serde_json::json!(typed));

        // Asking fails: the browser asks itself then, and orders nothing.
        browser
            .run(
                "window.fetch = () => new Promise(
                   (_, fail) => setTimeout(fail, 100, new TypeError('the line is dead')))",
            )
            .await;
        browser.fill("#code", "WELCOME10").await;
        browser.press("Apply code").await;
        browser.arrive("/checkout/refresh").await;
        browser.find(".totals .saving").await;
        assert_eq!(browser.run(held).await, serde_json::json!(typed));
    });
}

#[test]
fn signs_up_and_finds_the_orders_of_the_account() {
    journey(Scripts::On, async |_: &Host, browser: &Browser| {
        browser.open("/register").await;
        browser.shoot("register").await;
        browser.fill("#name", "Lena Vogel").await;
        browser.fill("#email", "lena@example.com").await;
        browser.fill("#password", "a long enough phrase").await;
        browser.press("Create account").await;
        browser.wait_until("return location.pathname !== '/register'").await;
        browser.open("/account").await;
        if browser.path().await.starts_with("/sign-in") {
            browser.fill("#email", "lena@example.com").await;
            browser.fill("#password", "a long enough phrase").await;
            browser.click("form[action$='/sign-in'] .button").await;
        }
        browser.arrive("/account").await;
        browser.shoot("account-empty").await;

        browser.open("/products").await;
        open_first_product_with_choices(browser).await;
        browser.wait_until_awake().await;
        choose_something_to_be_had(browser).await;
        browser.click(".buy-box .act > .button").await;
        browser.find("dialog#cart-drawer[open] .cart-line").await;
        browser.open("/checkout").await;
        fill(browser, &ADDRESS).await;
        browser.click("form .pay .button").await;
        browser.arrive("/orders/").await;

        browser.open("/account").await;
        browser.click(".order-row a").await;
        browser.arrive("/account/orders/").await;
        browser.see("Maud Peeters").await;
        browser.shoot("account-order").await;
    });
}

#[test]
fn says_what_is_not_there() {
    journey(Scripts::On, async |_: &Host, browser: &Browser| {
        browser.open("/products/no-such-thing").await;
        browser.find("form[role=search]").await;
        browser.shoot("not-found").await;
        let errors = browser.take_errors().await;
        assert!(errors.iter().all(|error| error.contains("/products/no-such-thing")), "{errors:?}");
    });
}

#[test]
fn the_second_shop_looks_and_counts_differently() {
    journey(Scripts::On, async |_: &Host, browser: &Browser| {
        browser.open("/t/northbound/").await;
        browser.wait_until_awake().await;
        assert_eq!(
            browser.find("html").await.attr("data-theme").await.ok().flatten().as_deref(),
            Some("northbound")
        );
        browser.shoot("northbound-home").await;
        browser.open("/t/northbound/products").await;
        browser.click(".product-grid .product-card h3 a").await;
        browser.arrive("/t/northbound/products/").await;
        browser.wait_until_awake().await;
        assert!(browser.text(".buy-box .price strong").await.contains('$'));
        browser.shoot("northbound-product").await;
    });
}

/// The first product of the list that comes in more than one form.
async fn open_first_product_with_choices(browser: &Browser) {
    browser.find(".product-grid .product-card:has(.swatches):not([data-sold-out]) h3 a").await;
    let links = browser.run("return [...document.querySelectorAll('.product-grid .product-card:has(.swatches):not([data-sold-out]) h3 a')].map(a => a.getAttribute('href'))").await;
    let link = links[0].as_str().unwrap_or_default().to_owned();
    assert!(link.contains("/products/"), "no product with choices in the list: {links}");
    browser.click(&format!(".product-grid .product-card h3 a[href='{link}']")).await;
    browser.arrive(&link).await;
}

/// Moves on from a combination that is sold out.
async fn choose_something_to_be_had(browser: &Browser) {
    for _ in 0..10 {
        if browser.count(".buy-box .act > .button[aria-disabled=true]").await == 0 {
            return;
        }
        browser.run("const c = [...document.querySelectorAll('.choice:not([data-sold-out]) input:not(:checked)')]; c[0]?.click()").await;
    }
    panic!("nothing of this product can be had");
}

async fn fill(browser: &Browser, fields: &[(&str, &str)]) {
    for (field, text) in fields {
        browser.fill(field, text).await;
    }
}

/// Buys something as a guest; gives back the path that leads to the order.
pub async fn place_an_order(browser: &Browser) -> String {
    put_something_into_the_cart(browser).await;
    browser.open("/checkout").await;
    fill(browser, &ADDRESS).await;
    browser.click("form .pay .button").await;
    browser.arrive("/orders/").await;
    let path = browser.path().await;
    path.split('?').next().unwrap_or_default().to_owned()
}

/// One piece of the first product with choices; the drawer shows it.
pub async fn put_something_into_the_cart(browser: &Browser) {
    browser.open("/products").await;
    open_first_product_with_choices(browser).await;
    browser.wait_until_awake().await;
    choose_something_to_be_had(browser).await;
    browser.click(".buy-box .act > .button").await;
    browser.find("dialog#cart-drawer[open] .cart-line").await;
}
