//! Giving the catalogue away in Shopify's CSV layout; importing it again changes nothing.

use std::collections::{BTreeSet, HashMap};
use std::io::Write;

use csv::Writer;
use platform::{Ctx, Error};
use pricing::TaxCategory;
use primitives::{Currency, Money, Permission};
use sea_orm::ColumnTrait;
use uuid::Uuid;

use crate::entity::{product, product_image, variant};
use crate::error::Result;
use crate::import::layout::{COLUMNS, TAX_CODE, WEIGHT_UNIT, default_of};
use crate::media::File;
use crate::product::names;
use crate::product::spec::SourceColumns;
use crate::product::store::{self, Snapshot};
use crate::stock::Level;

/// Products that are loaded together.
const CHUNK: u64 = 200;

/// A proposed name for a file of this moment.
pub fn file_name(ctx: &Ctx) -> String {
    format!("{}-products-{}.csv", ctx.tenant().slug, ctx.now().date())
}

/// Writes all products, in the order in which they were made; gives back how many.
pub async fn products(ctx: &Ctx, out: &mut (impl Write + Send)) -> Result<u64> {
    let db = ctx.read(Permission::PRODUCTS_EXPORT).await?;
    // Columns that files brought along are only known when everything has been seen.
    let kept = db
        .raw_all(
            "SELECT DISTINCT source_columns FROM product WHERE tenant_id = {tenant} AND source_columns <> '{}' \
             UNION SELECT DISTINCT source_columns FROM variant WHERE tenant_id = {tenant} AND source_columns <> '{}'",
            Vec::new(),
        )
        .await?;
    let mut extra = BTreeSet::new();
    for row in kept {
        let columns: String = row.try_get("", "source_columns").map_err(Error::from)?;
        extra.extend(columns_of(&columns).into_keys().filter(|name| !COLUMNS.contains(&name.as_str())));
    }
    let coded = db
        .find::<variant::Entity>()
        .filter(variant::Column::TaxCategory.ne(TaxCategory::STANDARD.as_str()))
        .count()
        .await?;
    let mut columns: Vec<&str> = COLUMNS.to_vec();
    columns.push(WEIGHT_UNIT);
    if 0 < coded {
        extra.retain(|name| !name.eq_ignore_ascii_case(TAX_CODE));
        columns.push(TAX_CODE);
    }
    columns.extend(extra.iter().map(String::as_str));
    let mut csv = Writer::from_writer(out);
    csv.write_record(&columns).map_err(Error::internal)?;
    let mut products = 0;
    let mut after = Uuid::nil();
    loop {
        let ids: Vec<(Uuid,)> = db
            .find::<product::Entity>()
            .filter(product::Column::Id.gt(after))
            .order_by_asc(product::Column::Id)
            .limit(CHUNK)
            .columns([product::Column::Id])
            .await?;
        let ids: Vec<Uuid> = ids.into_iter().map(|(id,)| id).collect();
        let Some(last) = ids.last() else { break };
        after = *last;
        let snapshots = store::load(&db, &ids).await?;
        let uploads = snapshots.values().flat_map(|s| &s.images).filter(|image| image.source_url.is_empty());
        let media: Vec<Uuid> = uploads.map(|image| image.media_id).collect();
        let media = crate::media::pictures(&db, &media).await?;
        for snapshot in ids.iter().filter_map(|id| snapshots.get(id)) {
            products += 1;
            for row in rows_of(ctx, snapshot, &media)? {
                let cells = columns.iter().map(|column| row.get(*column).map_or("", String::as_str));
                csv.write_record(cells).map_err(Error::internal)?;
            }
        }
    }
    csv.flush().map_err(Error::internal)?;
    Ok(products)
}

/// The address under which an uploaded picture is given away.
pub(crate) fn exported_address(ctx: &Ctx, file: &File) -> Option<String> {
    let picture = file.picture("")?;
    let address = picture.url(u32::MAX)?;
    if address.starts_with("http://") || address.starts_with("https://") {
        return Some(address);
    }
    let server = &ctx.app().config().server;
    let base = match (&server.public_url, ctx.tenant().hosts.first()) {
        (Some(url), _) => url.trim_end_matches('/').to_owned(),
        (None, Some(host)) => format!("https://{host}"),
        (None, None) => format!("http://{}", server.listen),
    };
    Some(format!("{base}{address}"))
}

type Row = HashMap<String, String>;

fn rows_of(ctx: &Ctx, snapshot: &Snapshot, media: &HashMap<Uuid, File>) -> Result<Vec<Row>> {
    let address = |image: &product_image::Model| {
        if image.source_url.is_empty() {
            media.get(&image.media_id).and_then(|file| exported_address(ctx, file))
        } else {
            Some(image.source_url.clone())
        }
    };
    let images: Vec<(&product_image::Model, String)> =
        snapshot.images.iter().filter_map(|image| Some((image, address(image)?))).collect();
    let count = snapshot.variants.len().max(images.len()).max(1);
    let mut rows = Vec::with_capacity(count);
    for n in 0..count {
        let mut row = Row::new();
        row.insert("Handle".to_owned(), snapshot.product.slug.clone());
        if n == 0 {
            product_cells(&mut row, &snapshot.product);
        }
        if let Some(variant) = snapshot.variants.get(n) {
            let level = snapshot.stock_of(variant.id)?.total();
            variant_cells(&mut row, variant, &level)?;
            let own = images.iter().find(|(image, _)| Some(image.id) == variant.image_id);
            row.extend(own.map(|(_, address)| ("Variant Image".to_owned(), address.clone())));
        }
        if let Some((image, address)) = images.get(n) {
            row.insert("Image Src".to_owned(), address.clone());
            row.insert("Image Alt Text".to_owned(), image.alt.clone());
        }
        rows.push(row);
    }
    Ok(rows)
}

fn product_cells(row: &mut Row, product: &product::Model) {
    let mut put = |column: &str, cell: &str| drop(row.insert(column.to_owned(), cell.to_owned()));
    put("Title", &product.title);
    put("Body (HTML)", &product.body);
    put("Vendor", &product.vendor);
    put("Type", &product.product_type);
    put("Tags", &names(&product.tags).join(", "));
    put("Published", if product.status == "published" { "true" } else { "false" });
    for (n, name) in names(&product.option_names).iter().enumerate() {
        put(&format!("Option{} Name", n + 1), name);
    }
    put("SEO Title", &product.seo_title);
    put("SEO Description", &product.seo_description);
    put("Gift Card", default_of("Gift Card"));
    row.extend(columns_of(&product.source_columns));
}

fn variant_cells(row: &mut Row, variant: &variant::Model, level: &Level) -> Result<()> {
    let currency = Currency::parse(&variant.currency).map_err(Error::internal)?;
    let decimal = |minor| Money::new(minor, currency).decimal();
    let flag = |flag: bool| if flag { "true" } else { "false" };
    let mut put = |column: &str, cell: &str| drop(row.insert(column.to_owned(), cell.to_owned()));
    for (n, value) in names(&variant.option_values).iter().enumerate() {
        put(&format!("Option{} Value", n + 1), value);
    }
    put("Variant SKU", &variant.sku);
    put("Variant Grams", &variant.weight_grams.to_string());
    put("Variant Inventory Tracker", if level.tracked { "shopify" } else { "" });
    put("Variant Inventory Qty", &level.on_hand.to_string());
    put("Variant Inventory Policy", level.policy.as_str());
    put("Variant Fulfillment Service", default_of("Variant Fulfillment Service"));
    put("Variant Price", &decimal(variant.price_minor));
    put("Variant Compare At Price", &variant.compare_at_minor.map(decimal).unwrap_or_default());
    put("Variant Requires Shipping", flag(variant.requires_shipping));
    put("Variant Taxable", flag(variant.taxable));
    put("Variant Barcode", &variant.barcode);
    put(WEIGHT_UNIT, &variant.weight_unit);
    if variant.tax_category != TaxCategory::STANDARD.as_str() {
        put(TAX_CODE, &variant.tax_category);
    }
    row.extend(columns_of(&variant.source_columns));
    Ok(())
}

fn columns_of(column: &str) -> SourceColumns {
    serde_json::from_str(column).unwrap_or_default()
}
