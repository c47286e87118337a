//! What editors do.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use platform::Error;
use platform::graphql::{ctx_of, failure, parse_id};
use primitives::{CollectionId, ImageId, MediaId, ProductId};

use super::editor::{AdminCollection, AdminProduct};
use super::input::*;
use crate::collection::{self, CollectionEdit, NewCollection};
use crate::import::{self, Action, Severity};
use crate::product::{self, state::Move};
use crate::view;

/// Largest file in a mutation, bytes; larger ones go to `POST /api/v1/import/shopify`.
pub const MAX_CSV: usize = 5 * 1024 * 1024;

/// What editors do with products and collections.
#[derive(Default)]
pub struct ProductMutation;

/// Changes of the catalogue.
#[Object]
impl ProductMutation {
    /// Makes a product.
    async fn product_create(
        &self,
        context: &Context<'_>,
        input: ProductCreateInput,
    ) -> Result<ProductPayload> {
        ProductPayload::of(Box::pin(product::create(ctx_of(context)?, &input.parse()?)).await)
    }

    /// Changes what a product says about itself.
    async fn product_update(
        &self,
        context: &Context<'_>,
        input: ProductUpdateInput,
    ) -> Result<ProductPayload> {
        let version = input.version;
        let (id, edit) = input.parse()?;
        ProductPayload::of(Box::pin(product::update(ctx_of(context)?, id, version, &edit)).await)
    }

    /// Shows a draft in the shop.
    async fn product_publish(
        &self,
        context: &Context<'_>,
        input: ProductMoveInput,
    ) -> Result<ProductPayload> {
        move_to(context, input, Move::Publish).await
    }

    /// Takes a product out of the shop to be worked on.
    async fn product_unpublish(
        &self,
        context: &Context<'_>,
        input: ProductMoveInput,
    ) -> Result<ProductPayload> {
        move_to(context, input, Move::Unpublish).await
    }

    /// Puts a product away.
    async fn product_archive(
        &self,
        context: &Context<'_>,
        input: ProductMoveInput,
    ) -> Result<ProductPayload> {
        move_to(context, input, Move::Archive).await
    }

    /// Makes an archived product a draft again.
    async fn product_restore(
        &self,
        context: &Context<'_>,
        input: ProductMoveInput,
    ) -> Result<ProductPayload> {
        move_to(context, input, Move::Restore).await
    }

    /// Deletes a product for good; old orders keep their own copy.
    async fn product_delete(
        &self,
        context: &Context<'_>,
        input: ProductMoveInput,
    ) -> Result<ProductDeletePayload> {
        let id: ProductId = parse_id(&input.id, ProductId::KIND)?;
        Box::pin(product::delete(ctx_of(context)?, id, input.version)).await.map_err(failure)?;
        Ok(ProductDeletePayload { deleted_id: input.id })
    }

    /// Adds, changes and removes variants, all or none.
    async fn product_variants_save(
        &self,
        context: &Context<'_>,
        input: ProductVariantsSaveInput,
    ) -> Result<ProductPayload> {
        let version = input.version;
        let (id, edit) = input.parse()?;
        ProductPayload::of(Box::pin(product::save_variants(ctx_of(context)?, id, version, &edit)).await)
    }

    /// Adds pictures behind those that are there.
    async fn product_media_attach(
        &self,
        context: &Context<'_>,
        input: ProductMediaAttachInput,
    ) -> Result<ProductPayload> {
        let id = parse_id(&input.product_id, ProductId::KIND)?;
        let media = input.media.into_iter().map(MediaInput::parse).collect::<Result<Vec<_>>>()?;
        ProductPayload::of(Box::pin(product::attach_media(ctx_of(context)?, id, input.version, &media)).await)
    }

    /// Puts the pictures into an order; those left out are detached.
    async fn product_media_reorder(
        &self,
        context: &Context<'_>,
        input: ProductMediaReorderInput,
    ) -> Result<ProductPayload> {
        let id = parse_id(&input.product_id, ProductId::KIND)?;
        let order: Vec<ImageId> = ids(Some(input.image_ids), ImageId::KIND)?;
        ProductPayload::of(
            Box::pin(product::reorder_media(ctx_of(context)?, id, input.version, &order)).await,
        )
    }

    /// Says what a picture shows.
    async fn product_media_alt(
        &self,
        context: &Context<'_>,
        input: ProductMediaAltInput,
    ) -> Result<ProductPayload> {
        let id = parse_id(&input.product_id, ProductId::KIND)?;
        let image = parse_id(&input.image_id, ImageId::KIND)?;
        ProductPayload::of(
            Box::pin(product::set_alt(ctx_of(context)?, id, input.version, image, &input.alt)).await,
        )
    }

    /// Makes a collection, behind the others.
    async fn collection_create(
        &self,
        context: &Context<'_>,
        input: CollectionCreateInput,
    ) -> Result<CollectionPayload> {
        let new = NewCollection {
            title: input.title,
            slug: input.slug,
            body_html: input.body_html.unwrap_or_default(),
            seo_title: input.seo_title.unwrap_or_default(),
            seo_description: input.seo_description.unwrap_or_default(),
            media: input.media_id.map(|id| parse_id(&id, MediaId::KIND)).transpose()?,
            products: ids(input.product_ids, ProductId::KIND)?,
        };
        CollectionPayload::of(Box::pin(collection::create(ctx_of(context)?, &new)).await)
    }

    /// Changes what a collection says about itself.
    async fn collection_update(
        &self,
        context: &Context<'_>,
        input: CollectionUpdateInput,
    ) -> Result<CollectionPayload> {
        let id = parse_id(&input.id, CollectionId::KIND)?;
        let edit = CollectionEdit {
            title: input.title,
            slug: input.slug,
            body_html: input.body_html,
            seo_title: input.seo_title,
            seo_description: input.seo_description,
            media: input.media_id.map(|id| parse_id(&id, MediaId::KIND)).transpose()?,
            position: input.position,
        };
        CollectionPayload::of(Box::pin(collection::update(ctx_of(context)?, id, input.version, &edit)).await)
    }

    /// Deletes a collection; its products stay.
    async fn collection_delete(
        &self,
        context: &Context<'_>,
        input: CollectionDeleteInput,
    ) -> Result<CollectionDeletePayload> {
        let id: CollectionId = parse_id(&input.id, CollectionId::KIND)?;
        Box::pin(collection::delete(ctx_of(context)?, id, input.version)).await.map_err(failure)?;
        Ok(CollectionDeletePayload { deleted_id: input.id })
    }

    /// Puts exactly these products into a collection, in this order.
    async fn collection_products_set(
        &self,
        context: &Context<'_>,
        input: CollectionProductsSetInput,
    ) -> Result<CollectionPayload> {
        let id = parse_id(&input.id, CollectionId::KIND)?;
        let products: Vec<ProductId> = ids(Some(input.product_ids), ProductId::KIND)?;
        CollectionPayload::of(
            Box::pin(collection::set_products(ctx_of(context)?, id, input.version, &products)).await,
        )
    }

    /// Says what a file would do, without doing it.
    #[graphql(complexity = "1000 + child_complexity")]
    async fn import_preview(&self, context: &Context<'_>, input: ImportInput) -> Result<ImportPreview> {
        let plan = Box::pin(import::plan(ctx_of(context)?, checked(&input)?)).await.map_err(failure)?;
        Ok(ImportPreview::of(&plan))
    }

    /// Imports a file; each product whole or not at all.
    #[graphql(complexity = "1000 + child_complexity")]
    async fn import_apply(&self, context: &Context<'_>, input: ImportInput) -> Result<ImportResult> {
        let ctx = ctx_of(context)?;
        let plan = Box::pin(import::plan(ctx, checked(&input)?)).await.map_err(failure)?;
        let report = Box::pin(import::apply(ctx, plan, |_| {})).await.map_err(failure)?;
        Ok(ImportResult {
            rows: report.rows,
            created: report.created,
            updated: report.updated,
            unchanged: report.unchanged,
            failed: report.failed,
            images: report.images,
            problems: report.problems.iter().map(ImportProblem::of).collect(),
        })
    }
}

fn checked(input: &ImportInput) -> Result<&[u8]> {
    if MAX_CSV < input.csv.len() {
        return Err(failure(Error::invalid(
            "input.csv",
            "is larger than 5 MB: upload it to /api/v1/import/shopify",
        )));
    }
    Ok(input.csv.as_bytes())
}

async fn move_to(context: &Context<'_>, input: ProductMoveInput, wanted: Move) -> Result<ProductPayload> {
    let id = parse_id(&input.id, ProductId::KIND)?;
    ProductPayload::of(Box::pin(product::move_to(ctx_of(context)?, id, input.version, wanted)).await)
}

/// The product as it is now.
#[derive(SimpleObject)]
pub struct ProductPayload {
    product: AdminProduct,
}

impl ProductPayload {
    fn of(result: crate::error::Result<view::AdminProduct>) -> Result<Self> {
        Ok(Self { product: AdminProduct(result.map_err(failure)?) })
    }
}

/// What is gone.
#[derive(SimpleObject)]
pub struct ProductDeletePayload {
    deleted_id: ID,
}

/// The collection as it is now.
#[derive(SimpleObject)]
pub struct CollectionPayload {
    collection: AdminCollection,
}

impl CollectionPayload {
    fn of(result: crate::error::Result<view::AdminCollection>) -> Result<Self> {
        Ok(Self { collection: AdminCollection(Arc::new(result.map_err(failure)?)) })
    }
}

/// What is gone.
#[derive(SimpleObject)]
pub struct CollectionDeletePayload {
    deleted_id: ID,
}

/// What a file would do.
#[derive(SimpleObject)]
pub struct ImportPreview {
    /// Rows without the header.
    rows: u64,
    products: u64,
    variants: u64,
    images: u64,
    /// Products that would be made.
    create: u64,
    /// Products that would be changed.
    update: u64,
    /// Products that are as the file says already.
    unchanged: u64,
    /// Products that would be left out because of an error.
    failed: u64,
    problems: Vec<ImportProblem>,
    /// The first 200 products of the file.
    items: Vec<ImportItem>,
}

impl ImportPreview {
    fn of(plan: &import::Plan) -> Self {
        let counts = plan.counts();
        Self {
            rows: counts.rows,
            products: counts.products,
            variants: counts.variants,
            images: counts.images,
            create: counts.create,
            update: counts.update,
            unchanged: counts.unchanged,
            failed: counts.failed,
            problems: plan.problems().iter().map(ImportProblem::of).collect(),
            items: plan
                .items()
                .take(200)
                .map(|item| ImportItem {
                    line: item.line,
                    handle: item.handle.to_owned(),
                    title: item.title.to_owned(),
                    variants: item.variants,
                    action: item.action.into(),
                })
                .collect(),
        }
    }
}

/// What a file did.
#[derive(SimpleObject)]
pub struct ImportResult {
    /// Rows without the header.
    rows: u64,
    created: u64,
    updated: u64,
    unchanged: u64,
    failed: u64,
    /// Pictures in the file.
    images: u64,
    problems: Vec<ImportProblem>,
}

/// Something that is wrong in a file, with its place.
#[derive(SimpleObject)]
pub struct ImportProblem {
    /// Line of the file, from 1.
    line: u64,
    /// Name of the column; empty for the whole row.
    column: String,
    /// The product it belongs to.
    handle: String,
    message: String,
    severity: ImportSeverity,
}

impl ImportProblem {
    fn of(problem: &import::Problem) -> Self {
        Self {
            line: problem.line,
            column: problem.column.clone(),
            handle: problem.handle.clone(),
            message: problem.message.clone(),
            severity: problem.severity.into(),
        }
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Severity")]
pub enum ImportSeverity {
    /// The product is left out.
    Error,
    /// The product is taken, a detail is not.
    Warning,
}

/// One product of a file.
#[derive(SimpleObject)]
pub struct ImportItem {
    /// Line of its first row.
    line: u64,
    handle: String,
    title: String,
    variants: u64,
    action: ImportAction,
}

/// What happens to a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Action")]
pub enum ImportAction {
    /// It is made.
    Create,
    /// It is changed.
    Update,
    /// It is as the file says already.
    Unchanged,
    /// It is left out because of an error.
    Failed,
}
