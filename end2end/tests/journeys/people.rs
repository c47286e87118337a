//! Accounts and the people who work for a shop: letters, the second step, roles, keys, what is written down.

use end2end::{Browser, Host, Scripts, authenticator, journey};

const OWNER: &str = "owner@hearth.example";
const CUSTOMER: &str = "customer@hearth.example";
const PASSWORD: &str = "demo-password";
const NEW_PASSWORD: &str = "a sentence nobody guesses";

#[test]
fn sets_a_forgotten_password_without_scripts() {
    journey(Scripts::Off, async |_: &Host, browser: &Browser| {
        browser.open("/sign-in").await;
        browser.click("a[href$='/forgot-password']").await;
        browser.shoot("forgot-password").await;
        browser.fill("input[name=email]", CUSTOMER).await;
        browser.press("Send the link").await;
        browser.see("a link is on its way to it").await;
        browser.shoot("forgot-password-sent").await;

        open_letter(browser).await;
        browser.see("All your devices are signed out").await;
        browser.fill("input[name=password]", "short").await;
        browser.press("Set the password").await;
        browser.see("8").await;
        browser.shoot("reset-password").await;
        browser.fill("input[name=password]", NEW_PASSWORD).await;
        browser.press("Set the password").await;
        browser.see("Sign in").await;

        // The link is good once.
        browser.open("/dev/mailbox").await;
        browser.shoot("mailbox").await;
        browser.click("main li h3 a").await;
        browser.see("was changed just now").await;
        shop_sign_in(browser, CUSTOMER, PASSWORD).await;
        browser.see("do not belong together").await;
        shop_sign_in(browser, CUSTOMER, NEW_PASSWORD).await;
        browser.arrive("/account").await;
        browser.take_errors().await;
        browser.shoot("account").await;
    });
}

#[test]
fn moves_an_account_and_confirms_its_address() {
    journey(Scripts::On, async |_: &Host, browser: &Browser| {
        browser.open("/register").await;
        browser.fill("input[name=name]", "Mira Solberg").await;
        browser.fill("input[name=email]", "mira@example.org").await;
        browser.fill("input[name=password]", NEW_PASSWORD).await;
        browser.press("Create account").await;
        browser.arrive("/sign-in").await;
        shop_sign_in(browser, "mira@example.org", NEW_PASSWORD).await;
        browser.arrive("/account").await;
        browser.shoot("account-unconfirmed").await;
        open_letter(browser).await;
        browser.shoot("verify-email").await;
        browser.press("Yes, confirm it").await;
        browser.see("this e-mail is confirmed").await;

        browser.open("/account").await;
        browser.press("Change the e-mail").await;
        browser.fill("input[name=email]", "solberg@example.org").await;
        browser.fill("input[name=password]", NEW_PASSWORD).await;
        browser.shoot("change-address").await;
        browser.press("Send the link").await;
        browser.see("We have written to the new e-mail").await;
        letter_to(browser, "solberg@example.org").await;
        browser.shoot("confirm-address").await;
        browser.press("Use this e-mail").await;
        browser.see("Sign in with your new e-mail").await;
        browser.open("/account").await;
        browser.see("solberg@example.org").await;
    });
}

#[test]
fn asks_for_a_code_once_the_second_step_is_on() {
    journey(Scripts::On, async |_: &Host, browser: &Browser| {
        enter(browser, "/security").await;
        browser.see("Second step").await;
        browser.press("Switch it on").await;
        browser.fill("#step-password", PASSWORD).await;
        browser.click("dialog[open] button[type=submit]").await;
        browser.press("It cannot be scanned").await;
        browser.shoot("second-step").await;
        let secret = browser.text("dialog[open] details code").await.replace(' ', "");
        browser.fill("#step-code", "000000").await;
        browser.click("dialog[open] button[type=submit]").await;
        browser.find("#step-code[aria-invalid=true]").await;
        browser.fill("#step-code", &authenticator(&secret, 0)).await;
        browser.click("dialog[open] button[type=submit]").await;
        browser.see("Your recovery codes").await;
        browser.shoot("recovery-codes").await;
        let recovery = browser.text("dialog[open] .codes code").await;
        browser.press("I have written them down").await;
        browser.see("10 recovery codes are left").await;
        browser.shoot("security").await;

        sign_out(browser).await;
        staff_sign_in(browser, OWNER, PASSWORD).await;
        browser.find("#code").await;
        browser.shoot("code").await;
        browser.fill("#code", "000000").await;
        browser.click(".signin .btn[type=submit]").await;
        browser.find("#code[aria-invalid=true], .banner[data-tone=danger]").await;
        browser.fill("#code", &recovery).await;
        browser.click(".signin .btn[type=submit]").await;
        browser.find(".sidebar").await;
        browser.take_errors().await;
        sign_out(browser).await;

        // The shop's own door asks, too, and a code of the application is good there.
        shop_sign_in(browser, OWNER, PASSWORD).await;
        browser.arrive("/sign-in/code").await;
        browser.shoot("shop-code").await;
        browser.fill("input[name=code]", &authenticator(&secret, 30)).await;
        browser.press("Sign in").await;
        browser.arrive("/account").await;
        browser.click("a[href$='/account/security']").await;
        browser.see("Where you are signed in").await;
        browser.shoot("shop-security").await;
    });
}

#[test]
fn runs_a_team() {
    journey(Scripts::On, async |_: &Host, browser: &Browser| {
        enter(browser, "/roles").await;
        browser.shoot("roles").await;
        browser.open("/admin/roles/new").await;
        browser.fill("#name", "Packer").await;
        browser.fill("#description", "Sends what was bought").await;
        for label in ["Orders: list", "Orders: read", "Orders: update"] {
            browser.click(&format!("[aria-label='{label}']")).await;
            if browser.count(&format!("select[aria-label='{label}']")).await > 0 {
                browser.choose(&format!("select[aria-label='{label}']"), "all").await;
            }
        }
        browser.shoot("role").await;
        browser.click(".savebar .btn[data-kind=primary]").await;
        browser.see("Saved").await;

        browser.click(".sidebar a[href$='/invitations']").await;
        browser.press("Invite somebody").await;
        browser.fill("#invite-email", "packer@example.org").await;
        browser.press("Packer").await;
        browser.shoot("invite").await;
        browser.press("Send the invitation").await;
        browser.see("A link is on its way to packer@example.org").await;
        browser.shoot("invitations").await;
        browser.click(".sidebar a[href$='/team']").await;
        browser.see(OWNER).await;
        browser.shoot("team").await;
        browser.click(".tablecard tbody tr a").await;
        browser.see("What the roles add up to").await;
        browser.shoot("person").await;
        browser.click(".sidebar a[href$='/single-sign-on']").await;
        browser.find(".page-head h1").await;
        browser.shoot("single-sign-on").await;
        sign_out(browser).await;

        open_letter(browser).await;
        browser.see("Packer").await;
        browser.fill("#password", NEW_PASSWORD).await;
        browser.shoot("invitation").await;
        browser.click("form button[type=submit]").await;
        staff_sign_in(browser, "packer@example.org", NEW_PASSWORD).await;
        browser.find(".sidebar a[href$='/orders']").await;
        assert_eq!(browser.count(".sidebar a[href$='/team'], .sidebar a[href$='/products']").await, 0);
        browser.shoot("packers-admin").await;
    });
}

#[test]
fn gives_a_program_a_key_and_finds_it_in_the_log() {
    journey(Scripts::On, async |_: &Host, browser: &Browser| {
        enter(browser, "/api-keys").await;
        browser.see("No API keys").await;
        browser.shoot("no-api-keys").await;
        browser.click(".page-head .btn[data-kind=primary]").await;
        browser.fill("#key-name", "The till").await;
        browser.click("[aria-label='Orders: list']").await;
        browser.shoot("new-api-key").await;
        browser.press("Make the key").await;
        browser.see("it is not shown again").await;
        browser.shoot("api-key").await;
        let answer = browser
            .run(
                "return fetch('/api/graphql', { method: 'POST', credentials: 'omit', headers: { \
                 'Content-Type': 'application/json', \
                 'Authorization': 'Bearer ' + document.querySelector('.secret input').value }, \
                 body: JSON.stringify({ query: '{ orders(first: 1) { totalCount } }' }) }) \
                 .then(answer => answer.text())",
            )
            .await;
        assert_eq!(answer, r#"{"data":{"orders":{"totalCount":0}}}"#);
        browser.press("I have it").await;
        browser.click("[aria-label='Revoke The till']").await;
        browser.press("Revoke the key").await;
        browser.see("The key opens nothing any more").await;

        browser.click(".sidebar a[href$='/audit']").await;
        browser.find(".tablecard tbody tr a").await;
        browser.shoot("audit").await;
        browser.click(".tablecard tbody tr a").await;
        browser.find(".page-head h1").await;
        browser.shoot("audit-entry").await;
    });
}

#[test]
fn switches_selling_off_and_on() {
    journey(Scripts::On, async |_: &Host, browser: &Browser| {
        enter(browser, "/modules").await;
        browser.find("[aria-label='Commerce in this shop']").await;
        browser.shoot("modules").await;
        browser.click("[aria-label='Commerce in this shop']").await;
        browser.shoot("switch-off").await;
        browser.click("dialog[open] footer .btn[data-kind=danger]").await;
        browser.see("switched off").await;
        browser.wait_until("return !document.querySelector(\".sidebar a[href$='/orders']\")").await;
        browser.open("/").await;
        assert_eq!(browser.count("a[href$='/cart']").await, 0);
        browser.shoot("shop-without-selling").await;
        browser.open("/cart").await;
        browser.see("not").await;
        browser.take_errors().await;
        browser.open("/admin/modules").await;
        browser.click("[aria-label='Commerce in this shop']").await;
        browser.find(".sidebar a[href$='/orders']").await;
        browser.open("/").await;
        browser.find("a[href$='/cart']").await;
    });
}

#[test]
fn opens_and_closes_a_shop() {
    journey(Scripts::On, async |host: &Host, browser: &Browser| {
        host.run(&["user", "grant", OWNER, "super_admin", "--tenant", "hearth"], "");
        enter(browser, "/tenants").await;
        browser.see("northbound").await;
        browser.shoot("tenants").await;
        browser.press("Open a shop").await;
        browser.fill("#name", "Salt & Ash").await;
        // The slug follows the name until somebody writes one, here with a Cyrillic letter in it.
        browser.wait_until("return document.querySelector('#slug').value === 'salt-and-ash'").await;
        browser.fill("#slug", "s\u{430}lt").await;
        browser.choose("#country", "DK").await;
        browser.choose("#currency", "DKK").await;
        browser.fill("#owner-email", "owner@salt.example").await;
        browser.click("form .btn[type=submit]").await;
        browser.find("#slug[aria-invalid=true]").await;
        browser.shoot("new-tenant").await;
        browser.take_errors().await;
        browser.fill("#slug", "salt").await;
        browser.click("form .btn[type=submit]").await;
        browser.arrive("/admin/tenants/salt").await;
        browser.see("The shop is open").await;
        browser.shoot("tenant").await;
        browser.press("Suspend").await;
        browser.press("Suspend the shop").await;
        browser.see("The shop is closed to everybody").await;
        browser.open("/t/salt/").await;
        browser.shoot("suspended-shop").await;
        browser.take_errors().await;
        browser.open("/admin/tenants/salt").await;
        browser.press("Resume").await;
        browser.see("The shop is open again").await;
        browser.open("/t/salt/").await;
        browser.see("Salt & Ash").await;
        browser.shoot("new-shop").await;

        // Out as a file, and in again as a copy.
        browser.open("/admin/tenants").await;
        let copied = browser
            .run(
                "return fetch('/api/v1/tenants/salt/export').then(answer => answer.blob()).then(file => \
                 fetch('/api/v1/tenants/import?slug=pepper', { method: 'POST', body: file, \
                 headers: { 'Content-Type': 'application/zip' } })).then(answer => answer.json())\
                 .then(shop => shop.slug)",
            )
            .await;
        assert_eq!(copied, "pepper");
        browser.open("/t/pepper/").await;
        browser.see("Salt & Ash").await;
        browser.open("/admin/domains").await;
        browser.find(".page-head h1").await;
        browser.shoot("domains").await;
    });
}

/// Signs the owner in, in front of a screen of the admin.
async fn enter(browser: &Browser, screen: &str) {
    browser.open(&format!("/admin{screen}")).await;
    browser.fill("#email", OWNER).await;
    browser.fill("#password", PASSWORD).await;
    browser.click(".signin .btn[type=submit]").await;
    browser.find(".sidebar").await;
    // Being asked who one is, without a session, is an answer of 401.
    browser.take_errors().await;
}

async fn staff_sign_in(browser: &Browser, email: &str, password: &str) {
    browser.open("/admin").await;
    browser.fill("#email", email).await;
    browser.fill("#password", password).await;
    browser.click(".signin .btn[type=submit]").await;
}

async fn shop_sign_in(browser: &Browser, email: &str, password: &str) {
    browser.open("/sign-in").await;
    browser.fill("main input[name=email]", email).await;
    browser.fill("main input[name=password]", password).await;
    browser.press("Sign in").await;
}

async fn sign_out(browser: &Browser) {
    browser.click("[popovertarget=me]").await;
    browser.press("Sign out").await;
    browser.find(".signin #email").await;
}

/// Opens the newest mail and follows its link.
async fn open_letter(browser: &Browser) {
    browser.open("/dev/mailbox").await;
    browser.click("main li h3 a").await;
    browser.click(".mail-text a").await;
}

/// Opens the newest mail to somebody and follows its link.
async fn letter_to(browser: &Browser, email: &str) {
    browser.open("/dev/mailbox").await;
    let script = format!(
        "[...document.querySelectorAll('main li')].find(row => row.textContent.includes('{email}')).querySelector('a').click(); \
         return true"
    );
    browser.wait_until(&script).await;
    browser.click(".mail-text a").await;
}
