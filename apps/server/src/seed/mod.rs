//! Data for empty shops: the two demo shops, fixtures in their layout, and made-up products for load tests.
//!
//! Everything goes through the use cases of the modules, so it is checked, emitted and projected like a
//! merchant's own work.

pub mod fixture;
mod generate;

use anyhow::{Context as _, bail};
use catalog::collection::{self, NewCollection};
use catalog::product::input::{MediaInput, NewProduct, VariantInput};
use catalog::stock::{self, CountItem, NewLocation};
use catalog::view::{AdminVariant, ProductLookup};
use catalog::{product, query::admin};
use commerce::review::{self, ReviewDraft, ReviewState, Verdict};
use commerce::{promotion, settings};
use content::media::{self, ReadyPicture};
use fixture::{Fixture, Product};
use identity::tenant::{self, NewTenant};
use identity::user::{self, NewUser};
use platform::{Access, Actor, App, Ctx};
use primitives::{Country, Currency, ErrorCode, MediaId, Money, PageArgs, ProductId, SystemRole};
use serde::Serialize;
use std::collections::HashMap;
use std::fmt;
use std::path::Path;

/// The demo shops: slug and fixture.
pub const DEMO: [(&str, &str); 2] = [
    ("hearth", include_str!("../../demo/hearth.json")),
    ("northbound", include_str!("../../demo/northbound.json")),
];

/// What was loaded.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SeedReport {
    /// One entry per shop.
    pub shops: Vec<ShopReport>,
}

/// What was loaded into one shop.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ShopReport {
    /// Its name in addresses.
    pub tenant: String,
    /// Whether it was left alone, because it sells things already.
    pub skipped: bool,
    /// New products.
    pub products: usize,
    /// Their variants.
    pub variants: usize,
    /// New collections.
    pub collections: usize,
    /// People who were given an account.
    pub sign_ins: Vec<SignIn>,
}

/// Somebody who can sign in.
#[derive(Clone, Debug, Serialize)]
pub struct SignIn {
    /// Address.
    pub email: String,
    /// Role.
    pub role: String,
    /// Password.
    pub password: String,
}

/// Loads both demo shops; a shop that sells things already is left alone, unless it is a demo shop that was written
/// in part: then the rest is added.
///
/// # Errors
/// What the use cases refuse; the next time goes on where this one stopped.
pub async fn demo(app: &App) -> anyhow::Result<SeedReport> {
    // What was written before the last time was cut off may not be readable yet.
    crate::drain(app).await.context("reading what is there")?;
    let mut report = SeedReport::default();
    for (slug, text) in DEMO {
        let fixture = Fixture::parse(text).with_context(|| format!("the demo shop {slug}"))?;
        let ctx = open(app, &fixture).await?;
        if products_in(&ctx).await? > 0 && !is_unfinished(&ctx, &fixture).await? {
            report.shops.push(ShopReport { tenant: slug.to_owned(), skipped: true, ..ShopReport::default() });
            continue;
        }
        report.shops.push(load(&ctx, &fixture).await.with_context(|| format!("the demo shop {slug}"))?);
    }
    Ok(report)
}

/// Loads a fixture file; a shop that sells things already is refused unless `force` says to add to it.
///
/// # Errors
/// What is wrong with the file, that the shop is not empty, or what the use cases refuse.
pub async fn file(app: &App, path: &Path, force: bool) -> anyhow::Result<SeedReport> {
    let fixture = Fixture::read(path)?;
    let ctx = open(app, &fixture).await?;
    let there = products_in(&ctx).await?;
    if there > 0 && !force {
        bail!("the tenant {} has {there} products already: add to them with --force", fixture.tenant.slug);
    }
    Ok(SeedReport { shops: vec![load(&ctx, &fixture).await?] })
}

/// Things to try a new shop out with: the products and collections of the first demo shop, priced in the shop's own
/// currency, with its menus and blocks where the shop has none. Nobody gets an account.
///
/// # Errors
/// That the shop sells something already, or what the use cases refuse.
pub async fn sample(ctx: &Ctx) -> anyhow::Result<ShopReport> {
    let there = products_in(ctx).await?;
    if there > 0 {
        bail!("the tenant {} has {there} products already", ctx.tenant().slug);
    }
    let mut fixture = Fixture::parse(DEMO[0].1).context("the demo shop")?;
    fixture.tenant.slug.clone_from(&ctx.tenant().slug);
    fixture.tenant.currency = ctx.tenant().currency.code().to_owned();
    fixture.people.clear();
    fixture.customers.clear();
    fixture.reviews.clear();
    fixture.locations.clear();
    // Taxes and deliveries are those of the shop's own country.
    fixture.commerce = None;
    if ctx.tenant().storefront.as_object().is_none_or(serde_json::Map::is_empty) {
        let storefront = Some(fixture.storefront.clone());
        tenant::update(ctx, tenant::ShopChange { storefront, ..Default::default() }).await?;
    }
    load(ctx, &fixture).await
}

/// Makes up products for load tests.
///
/// # Errors
/// The first product that could not be written.
pub async fn generate(ctx: &Ctx, products: usize) -> anyhow::Result<SeedReport> {
    let bar = crate::commands::progress(u64::try_from(products).unwrap_or(u64::MAX), "products");
    generate::generate(ctx, products, |done| bar.set_position(u64::try_from(done).unwrap_or(u64::MAX)))
        .await?;
    bar.finish_and_clear();
    let shop = ShopReport { tenant: ctx.tenant().slug.clone(), products, ..ShopReport::default() };
    Ok(SeedReport { shops: vec![shop] })
}

/// Makes up tenants with products for load tests.
///
/// # Errors
/// The first tenant or product that could not be written.
pub async fn generate_tenants(app: &App, tenants: usize, products: usize) -> anyhow::Result<SeedReport> {
    let bar = crate::commands::progress(u64::try_from(tenants).unwrap_or(u64::MAX), "tenants");
    let mut report = SeedReport::default();
    for number in 1..=tenants {
        let new = NewTenant::new(&format!("load-{number:04}"), &format!("Load {number}"), "EUR", "BE");
        let info = tenant::create(app, new).await.with_context(|| format!("tenant {number}"))?;
        let ctx = Ctx::system(app, info, "seed");
        generate::generate(&ctx, products, |_| {}).await?;
        bar.set_position(u64::try_from(number).unwrap_or(u64::MAX));
        report.shops.push(ShopReport {
            tenant: ctx.tenant().slug.clone(),
            products,
            ..ShopReport::default()
        });
        // The queue of events stays short.
        if number.is_multiple_of(50) {
            crate::drain(app).await?;
        }
    }
    bar.finish_and_clear();
    Ok(report)
}

/// The fixture's tenant, made when there is none.
async fn open(app: &App, fixture: &Fixture) -> anyhow::Result<Ctx> {
    let shop = &fixture.tenant;
    let info = match tenant::find(app, &shop.slug).await {
        Ok(record) => record.info.clone(),
        Err(error) if error.code() == ErrorCode::NotFound => {
            let object = |value: &serde_json::Value| {
                if value.is_object() {
                    value.clone()
                } else {
                    serde_json::Value::Object(serde_json::Map::new())
                }
            };
            let new = NewTenant {
                locale: shop.locale.clone(),
                prices_include_tax: shop.prices_include_tax,
                theme: shop.theme.clone(),
                storefront: object(&fixture.storefront),
                ..NewTenant::new(&shop.slug, &shop.name, &shop.currency, &shop.country)
            };
            tenant::create(app, new).await.with_context(|| format!("creating the tenant {}", shop.slug))?
        }
        Err(error) => return Err(error).with_context(|| format!("finding the tenant {}", shop.slug)),
    };
    if info.currency != fixture.currency()? {
        bail!("the tenant {} sells in {}, the fixture in {}", shop.slug, info.currency, shop.currency);
    }
    Ok(Ctx::system(app, info, "seed"))
}

/// Whether somebody of the fixture, who comes last, has no account yet, and nothing is sold but what the fixture sells.
async fn is_unfinished(ctx: &Ctx, fixture: &Fixture) -> anyhow::Result<bool> {
    let mut everybody = true;
    for person in &fixture.people {
        everybody &= match user::find_by_email(ctx, &person.email).await {
            Ok(_) => true,
            Err(error) if error.code() == ErrorCode::NotFound => false,
            Err(error) => return Err(error.into()),
        };
    }
    if everybody {
        return Ok(false);
    }
    let mut known = 0;
    for product in &fixture.products {
        known += u64::from(sold(ctx, &product.slug).await?.is_some());
    }
    Ok(known == products_in(ctx).await?)
}

/// The published product at this address.
async fn sold(ctx: &Ctx, slug: &str) -> anyhow::Result<Option<ProductId>> {
    let found = catalog::query::product(ctx, slug).await.map_err(platform::Error::from)?;
    Ok(match found {
        ProductLookup::Found(page) => Some(page.id),
        _ => None,
    })
}

async fn products_in(ctx: &Ctx) -> anyhow::Result<u64> {
    let counts = admin::counts(ctx).await.map_err(platform::Error::from)?;
    Ok(counts.draft + counts.published + counts.archived)
}

/// Promotions, where a shop has none yet.
async fn offer(ctx: &Ctx, fixture: &Fixture) -> anyhow::Result<()> {
    let offers = fixture.commerce.iter().flat_map(|commerce| &commerce.promotions);
    let there = promotion::list(ctx, "", None, &PageArgs::first(1)).await.map_err(platform::Error::from)?;
    if 0 < there.total {
        return Ok(());
    }
    for offer in offers {
        promotion::create(ctx, &offer.draft())
            .await
            .map_err(platform::Error::from)
            .with_context(|| format!("promotion {}", offer.name))?;
    }
    Ok(())
}

async fn load(ctx: &Ctx, fixture: &Fixture) -> anyhow::Result<ShopReport> {
    let mut report = ShopReport { tenant: fixture.tenant.slug.clone(), ..ShopReport::default() };
    if let Some(wanted) = fixture.commerce()? {
        // Settings that somebody has saved stay as they are.
        if settings::current(ctx).await.map_err(platform::Error::from)?.version == 0 {
            settings::update(ctx, 0, wanted)
                .await
                .map_err(platform::Error::from)
                .context("settings of taxes, delivery and payment")?;
        }
        offer(ctx, fixture).await?;
    }
    let pictures = register(ctx, fixture).await.context("pictures")?;
    let mut made: HashMap<&str, ProductId> = HashMap::with_capacity(fixture.products.len());
    // The first of the file is to be the newest.
    for product in fixture.products.iter().rev() {
        let input = new_product(product, &pictures, fixture.currency()?);
        match product::create(ctx, &input).await.map_err(platform::Error::from) {
            Ok(view) => {
                made.insert(&product.slug, view.id);
                report.products += 1;
                report.variants += product.variants.len();
            }
            // A file may be loaded again: what is there stays as its merchant left it, and collections may show it.
            Err(error) if error.code() == ErrorCode::Conflict => {
                if let Some(id) = sold(ctx, &product.slug).await? {
                    made.insert(&product.slug, id);
                }
            }
            Err(error) => return Err(error).with_context(|| format!("product {}", product.slug)),
        }
    }
    stock_up(ctx, fixture, &made).await.context("locations")?;
    for collection in &fixture.collections {
        let input = NewCollection {
            title: collection.title.clone(),
            slug: Some(collection.slug.clone()),
            body_html: collection.html.clone(),
            seo_description: collection.seo_description.clone(),
            media: collection.picture.as_deref().and_then(|name| pictures.get(name).copied()),
            products: collection
                .products
                .iter()
                .filter_map(|slug| made.get(slug.as_str()).copied())
                .collect(),
            ..NewCollection::default()
        };
        match collection::create(ctx, &input).await.map_err(platform::Error::from) {
            Ok(_) => report.collections += 1,
            Err(error) if error.code() == ErrorCode::Conflict => {}
            Err(error) => return Err(error).with_context(|| format!("collection {}", collection.slug)),
        }
    }
    say(ctx, fixture, &made).await.context("reviews")?;
    for person in &fixture.people {
        let new = NewUser {
            email: person.email.clone(),
            password: person.password.clone(),
            name: person.name.clone(),
            locale: None,
            roles: vec![SystemRole::parse(&person.role)?.into()],
        };
        match user::create(ctx, new).await {
            Ok(made) => {
                user::vouch(ctx, made.id).await?;
                report.sign_ins.push(SignIn {
                    email: person.email.clone(),
                    role: person.role.clone(),
                    password: person.password.clone(),
                });
            }
            Err(error) if error.code() == ErrorCode::Conflict => {}
            Err(error) => return Err(error).with_context(|| format!("account of {}", person.email)),
        }
    }
    Ok(report)
}

/// Gives the fixture's customers accounts and publishes what they say.
async fn say(ctx: &Ctx, fixture: &Fixture, made: &HashMap<&str, ProductId>) -> platform::Result<()> {
    if fixture.reviews.is_empty() {
        return Ok(());
    }
    let mut known = HashMap::new();
    for customer in &fixture.customers {
        let new = NewUser {
            email: customer.email.clone(),
            // Drawn and forgotten.
            password: primitives::EventId::new().to_string(),
            name: customer.name.clone(),
            locale: None,
            roles: vec![SystemRole::Customer.into()],
        };
        let made = match user::create(ctx, new).await {
            Err(error) if error.code() == ErrorCode::Conflict => {
                user::find_by_email(ctx, &customer.email).await
            }
            made => made,
        }?;
        user::vouch(ctx, made.id).await?;
        known.insert(customer.email.as_str(), made.id);
    }
    // Reviews are written about what readers see.
    crate::drain(ctx.app()).await?;
    for said in &fixture.reviews {
        let (Some(product), Some(user)) = (made.get(said.product.as_str()), known.get(said.by.as_str()))
        else {
            continue;
        };
        let draft = ReviewDraft {
            rating: said.stars,
            title: said.title.clone(),
            body: said.body.clone(),
            author: said.author.clone(),
        };
        let author = ctx.with_actor(Actor::Customer { user: *user });
        let written = review::write(&author, *product, &draft).await?;
        // What is there from the last time stays as its merchant left it.
        if written.state != ReviewState::Pending {
            continue;
        }
        let seen = review::get(ctx, written.id).await?;
        let judged = review::moderate(ctx, &[(written.id, seen.version)], &Verdict::Publish).await?;
        if let Some(published) = judged.reviews.first().filter(|_| !said.answer.is_empty()) {
            review::answer(ctx, written.id, published.version, &said.answer).await?;
        }
    }
    Ok(())
}

/// Makes the locations of the fixture and puts onto their shelves what does not lie there yet.
async fn stock_up(ctx: &Ctx, fixture: &Fixture, made: &HashMap<&str, ProductId>) -> platform::Result<()> {
    for place in &fixture.locations {
        let there = stock::locations(ctx).await?.into_iter().find(|location| location.name == place.name);
        let location = match there {
            Some(location) => location.id,
            None => {
                let country = Country::parse(&place.country)
                    .map_err(|error| platform::Error::invalid("country", error.to_string()))?;
                let new = NewLocation { name: place.name.clone(), country, address: place.address.clone() };
                stock::create_location(ctx, &new).await?.id
            }
        };
        let mut items = Vec::new();
        for (slug, on_hand) in &place.stock {
            let Some(id) = made.get(slug.as_str()) else { continue };
            let bare =
                |variant: &AdminVariant| variant.shelves.iter().all(|shelf| shelf.location != location);
            let variants = product::get(ctx, *id).await?.variants;
            items.extend(variants.iter().filter(|variant| bare(variant)).map(|variant| CountItem {
                place: stock::Place::At(location),
                ..CountItem::new(variant.id, *on_hand)
            }));
        }
        if !items.is_empty() {
            stock::set_on_hand(ctx, &items, "").await?;
        }
    }
    Ok(())
}

/// Takes note of every picture of the fixture; ids by base name.
async fn register<'f>(ctx: &Ctx, fixture: &'f Fixture) -> platform::Result<HashMap<&'f str, MediaId>> {
    let sizes = &fixture.pictures;
    let named = fixture.pictures();
    let bases: Vec<String> = named.iter().map(|(name, _)| format!("{}/{name}", sizes.base)).collect();
    let ready: Vec<ReadyPicture<'_>> = named
        .iter()
        .zip(&bases)
        .map(|((_, alt), base)| ReadyPicture {
            source_url: base,
            url_base: base,
            widths: &sizes.widths,
            width: sizes.width,
            height: sizes.height,
            alt,
        })
        .collect();
    let ids = ctx.write(Access::System, async |tx| media::register_ready(tx, &ready).await).await?;
    Ok(named.iter().map(|(name, _)| *name).zip(ids).collect())
}

fn new_product(product: &Product, pictures: &HashMap<&str, MediaId>, currency: Currency) -> NewProduct {
    let decimal = |minor| Money::new(minor, currency).decimal();
    let variants = product.variants.iter().map(|variant| VariantInput {
        option_values: (!variant.values.is_empty()).then(|| variant.values.clone()),
        sku: Some(variant.sku.clone()),
        price: Some(decimal(variant.price)),
        compare_at: variant.compare_at.map(decimal),
        weight_grams: Some(variant.grams),
        policy: Some(variant.policy),
        on_hand: Some(variant.stock),
        image_index: variant.picture.as_deref().and_then(|name| product.picture(name)),
        ..VariantInput::default()
    });
    let media = product.pictures.iter().map(|picture| MediaInput {
        media: pictures.get(picture.name.as_str()).copied(),
        url: None,
        alt: picture.alt.clone(),
    });
    NewProduct {
        title: product.title.clone(),
        slug: Some(product.slug.clone()),
        body_html: product.body(),
        vendor: product.vendor.clone(),
        product_type: product.kind.clone(),
        tags: product.tags.clone(),
        seo_description: product.seo_description.clone(),
        options: product.options.clone(),
        variants: variants.collect(),
        media: media.collect(),
        publish: true,
        ..NewProduct::default()
    }
}

impl fmt::Display for SeedReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, shop) in self.shops.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            if shop.skipped {
                write!(f, "{}: left alone, it has products already", shop.tenant)?;
                continue;
            }
            write!(f, "{}: {} products", shop.tenant, shop.products)?;
            if shop.variants > 0 {
                write!(f, " in {} variants", shop.variants)?;
            }
            if shop.collections > 0 {
                write!(f, ", {} collections", shop.collections)?;
            }
            for person in &shop.sign_ins {
                write!(f, "\n  {}: {} / {}", person.role, person.email, person.password)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot set up its world stops")]
mod tests {
    use super::*;
    use catalog::view::Availability;
    use testkit::TestApp;

    async fn shop(app: &TestApp, slug: &str) -> Ctx {
        let record = tenant::find(app.app(), slug).await.unwrap();
        Ctx::system(app.app(), record.info.clone(), "test")
    }

    async fn seeds_both_shops_once(app: TestApp) {
        let report = demo(app.app()).await.unwrap();
        let told: Vec<_> =
            report.shops.iter().map(|shop| (shop.tenant.as_str(), shop.products, shop.collections)).collect();
        assert_eq!(told, [("hearth", 24, 6), ("northbound", 24, 7)]);
        assert_eq!(report.shops[1].sign_ins[0].email, "owner@northbound.example");
        crate::drain(app.app()).await.unwrap();

        for (slug, tax, fee) in [("hearth", "21", 490), ("northbound", "6.875", 690)] {
            let ctx = shop(&app, slug).await;
            let counts = admin::counts(&ctx).await.unwrap();
            assert_eq!((counts.published, counts.draft), (24, 0), "{slug}");
            let settings = settings::current(&ctx).await.unwrap();
            let home = ctx.tenant().country;
            let rule = settings.settings.taxes.iter().find(|rule| rule.country == home).unwrap();
            assert_eq!(rule.rate.percent_text(), tax);
            let sent = settings.settings.shipping.iter().find(|sent| sent.countries.contains(&home)).unwrap();
            assert_eq!(sent.price_minor, fee);
        }
        let hearth = shop(&app, "hearth").await;
        let places = stock::locations(&hearth).await.unwrap();
        assert_eq!(
            places.iter().map(|l| l.name.as_str()).collect::<Vec<_>>(),
            ["Main location", "Shop in Ghent"]
        );
        let ghent = stock::inventory(&hearth, Some(places[1].id), None, &PageArgs::first(50)).await;
        assert_eq!(ghent.unwrap().items.iter().map(|(_, row)| row.on_hand).collect::<Vec<_>>(), [4, 4, 6, 6]);
        let ProductLookup::Found(throw) = catalog::query::product(&hearth, "wool-throw").await.unwrap()
        else {
            panic!("the throw is there")
        };
        assert_eq!((throw.pictures.len(), throw.variants.len(), throw.price.minor), (4, 6, 9800));
        let (_, sections) = throw.body.sections();
        let titles: Vec<&str> = sections.iter().map(|(title, _)| title.as_str()).collect();
        assert_eq!(titles, ["Size and make", "Care", "The maker"]);
        let rust = throw.variant_for(&["Rust", "150 × 220 cm"]).unwrap();
        assert_eq!((rust.availability, rust.picture), (Availability::SoldOut, Some(1)));
        assert_eq!(throw.pictures[1].url(480).as_deref(), Some("/demo/wool-throw-rust-480.webp"));
        assert_eq!(throw.rating.map(|rating| rating.stars), Some([0, 0, 0, 1, 2]));

        // The second time nothing is touched.
        let again = demo(app.app()).await.unwrap();
        assert!(again.shops.iter().all(|shop| shop.skipped));
        assert_eq!(admin::counts(&hearth).await.unwrap().published, 24);
    }

    async fn finishes_a_demo_that_was_cut_off(app: TestApp) {
        let mut fixture = Fixture::parse(DEMO[1].1).unwrap();
        let whole = fixture.products.len();
        // The process ended in the middle of the products, before anything could be read.
        fixture.products.drain(..whole / 2);
        fixture.collections.clear();
        fixture.people.clear();
        let ctx = open(app.app(), &fixture).await.unwrap();
        load(&ctx, &fixture).await.unwrap();

        let report = demo(app.app()).await.unwrap();
        let rest = &report.shops[1];
        assert_eq!((rest.skipped, rest.products, rest.collections), (false, whole / 2, 7));
        assert!(!rest.sign_ins.is_empty());
        crate::drain(app.app()).await.unwrap();
        assert_eq!(admin::counts(&ctx).await.unwrap().published, whole as u64);
        let whole_fixture = Fixture::parse(DEMO[1].1).unwrap();
        for collection in catalog::query::collections(&ctx).await.unwrap().all.iter() {
            let wanted = whole_fixture.collections.iter().find(|c| c.slug == collection.slug).unwrap();
            assert_eq!(collection.product_count as usize, wanted.products.len(), "{}", collection.slug);
        }
        assert!(demo(app.app()).await.unwrap().shops.iter().all(|shop| shop.skipped));
    }

    async fn leaves_a_merchant_s_own_shop_alone(app: TestApp) {
        // Somebody sells one of the demo's things, and something of her own.
        let fixture = Fixture::parse(DEMO[1].1).unwrap();
        let ctx = open(app.app(), &fixture).await.unwrap();
        let mut own = fixture.products[0].clone();
        own.slug = "my-own-thing".to_owned();
        for product in [&fixture.products[0], &own] {
            let mut input = new_product(product, &HashMap::new(), ctx.tenant().currency);
            input.media.clear();
            for (n, variant) in input.variants.iter_mut().enumerate() {
                variant.sku = Some(format!("{}-{n}", product.slug));
                variant.image_index = None;
            }
            product::create(&ctx, &input).await.unwrap();
        }
        let report = demo(app.app()).await.unwrap();
        assert_eq!((report.shops[0].skipped, report.shops[1].skipped), (false, true));
        assert_eq!(admin::counts(&ctx).await.unwrap().published, 2);
        assert_eq!(
            user::find_by_email(&ctx, &fixture.people[0].email).await.unwrap_err().code(),
            ErrorCode::NotFound
        );
    }

    testkit::on_both!(
        seeds_both_shops_once,
        finishes_a_demo_that_was_cut_off,
        leaves_a_merchant_s_own_shop_alone
    );
}
