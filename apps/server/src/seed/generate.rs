//! Made-up products for load tests: as many as asked for, the same every time, written through the use cases.

use anyhow::Context as _;
use catalog::collection::{self, NewCollection};
use catalog::product::{self, input::MediaInput, input::NewProduct, input::VariantInput};
use content::media::{ReadyPicture, register_ready};
use futures::{StreamExt, TryStreamExt};
use platform::{Access, Ctx};
use primitives::{CollectionId, MediaId};

/// Products that are written at once; more than one commit shares a wait for the disk.
const AT_ONCE: usize = 16;

/// Pictures that come with the demo; every product shows two of them.
const PICTURES: [&str; 24] = [
    "bud-vase",
    "camp-chair",
    "camp-stove",
    "cast-iron-pan",
    "ceramic-vase",
    "chef-knife",
    "day-pack",
    "desk-lamp",
    "down-jacket",
    "dry-bag",
    "glass-carafe",
    "headlamp",
    "linen-cushion",
    "lounge-chair",
    "oak-stool",
    "plant-pot",
    "rain-shell",
    "round-mirror",
    "serving-bowl",
    "steel-bottle",
    "stoneware-mug",
    "tea-kettle",
    "wall-clock",
    "wool-throw",
];
const WIDTHS: [u32; 4] = [240, 480, 800, 1200];

const MATERIALS: [&str; 12] = [
    "Oak",
    "Linen",
    "Stoneware",
    "Brass",
    "Wool",
    "Glass",
    "Walnut",
    "Steel",
    "Cotton",
    "Marble",
    "Leather",
    "Cork",
];
const THINGS: [&str; 17] = [
    "bowl", "lamp", "stool", "throw", "carafe", "tray", "mirror", "basket", "vase", "cushion", "board",
    "clock", "mug", "shelf", "blanket", "kettle", "planter",
];
const COLOURS: [&str; 4] = ["Sand", "Moss", "Ink", "Clay"];
const SIZES: [&str; 3] = ["Small", "Medium", "Large"];
const N_COLLECTIONS: usize = 8;

/// Writes `n_products` published products into the tenant of `ctx`; says how many after each.
///
/// # Errors
/// The first product that could not be written.
pub async fn generate(ctx: &Ctx, n_products: usize, written: impl Fn(usize)) -> anyhow::Result<()> {
    let pictures = pictures(ctx).await.context("registering the demo's pictures")?;
    let mut collections = Vec::with_capacity(N_COLLECTIONS);
    for number in 1..=N_COLLECTIONS {
        let title = format!("Generated {number}");
        let collection =
            collection::create(ctx, &NewCollection { title, ..NewCollection::default() }).await?;
        collections.push(collection.id);
    }
    futures::stream::iter(0..n_products)
        .map(|number| {
            let product = product(number, &pictures, &collections);
            async move { product::create(ctx, &product).await.with_context(|| format!("product {number}")) }
        })
        .buffer_unordered(AT_ONCE)
        .enumerate()
        .map(|(done, product)| product.map(|_| written(done + 1)))
        .try_collect()
        .await
}

/// Every third product is plain, every third comes in colours, every third in colours and sizes.
fn product(number: usize, pictures: &[MediaId], collections: &[CollectionId]) -> NewProduct {
    let (material, thing) = (MATERIALS[number % MATERIALS.len()], THINGS[number % THINGS.len()]);
    let cents = 500 + (number * 7_919) % 45_000;
    let values: Vec<Vec<&str>> = match number % 3 {
        0 => vec![vec![]],
        1 => COLOURS.iter().map(|colour| vec![*colour]).collect(),
        _ => COLOURS[..2].iter().flat_map(|colour| SIZES.iter().map(|size| vec![*colour, *size])).collect(),
    };
    let options =
        ["Colour", "Size"][..values.first().map_or(0, Vec::len)].iter().map(|name| (*name).to_owned());
    let variants = values.iter().enumerate().map(|(n, values)| VariantInput {
        option_values: (!values.is_empty()).then(|| values.iter().map(|value| (*value).to_owned()).collect()),
        sku: Some(format!("GEN-{number:06}-{n}")),
        price: Some(decimal(cents + n * 250)),
        compare_at: number.is_multiple_of(5).then(|| decimal(cents + n * 250 + 1_500)),
        weight_grams: Some(200 + i64::try_from(number % 40).unwrap_or(0) * 50),
        on_hand: Some(100_000),
        ..VariantInput::default()
    });
    let picture = |at: usize| MediaInput {
        media: pictures.get(at % pictures.len().max(1)).copied(),
        url: None,
        alt: format!("{material} {thing}"),
    };
    NewProduct {
        title: format!("{material} {thing} {number}"),
        slug: Some(format!("generated-{number}")),
        body_html: format!(
            "<p>A {} {thing} made for everyday use, number {number} of its kind.</p>\
             <ul><li>Made of {}</li><li>Wipe clean with a damp cloth</li></ul>",
            material.to_lowercase(),
            material.to_lowercase(),
        ),
        vendor: format!("Workshop {}", number % 23),
        product_type: thing.to_owned(),
        tags: vec![material.to_lowercase(), format!("season-{}", number % 4)],
        options: options.collect(),
        variants: variants.collect(),
        media: vec![picture(number), picture(number + 7)],
        collections: collections.get(number % collections.len().max(1)).copied().into_iter().collect(),
        publish: true,
        ..NewProduct::default()
    }
}

async fn pictures(ctx: &Ctx) -> platform::Result<Vec<MediaId>> {
    let addresses = PICTURES.map(|name| format!("/demo/{name}"));
    ctx.write(Access::System, async |tx| {
        let ready = addresses.each_ref().map(|address| ReadyPicture {
            source_url: address,
            url_base: address,
            widths: &WIDTHS,
            width: 1200,
            height: 1500,
            alt: "",
        });
        register_ready(tx, &ready).await
    })
    .await
}

fn decimal(cents: usize) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}
