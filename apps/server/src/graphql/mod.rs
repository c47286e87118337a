//! GraphQL: the modules' fields merged into one schema, behind one guard.
//!
//! A request passes, in this order: JSON only, document size, parse (or the kept document), limits, the permission of
//! every root field from the surface manifest, execution.

mod document;

use crate::host::problem::problem;
use crate::surface::Surface;
use async_graphql::{
    EmptySubscription, MergedObject, Request, Response as Answer, Schema as Built, ServerError, Variables,
};
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use document::Document;
use moka::sync::Cache;
use platform::graphql::Boxed;
use platform::surface::Kind;
use platform::{App, Ctx, Error};
use primitives::ErrorCode;
use serde::Deserialize;
use std::sync::Arc;

/// Text of kept documents, bytes; read, a document is some ten times as large.
const DOCUMENTS: u64 = 2 * 1024 * 1024;

/// Everything that can be asked.
#[derive(MergedObject, Default)]
pub struct Query(
    Boxed<catalog::graphql::CatalogQuery>,
    Boxed<commerce::graphql::CommerceQuery>,
    Boxed<identity::graphql::IdentityQuery>,
    Boxed<identity::invitation::graphql::InvitationQuery>,
    Boxed<identity::audit::graphql::AuditQuery>,
    Boxed<identity::security::graphql::SecurityQuery>,
    Boxed<identity::modules::graphql::ModulesQuery>,
    Boxed<crate::tenants::graphql::TenantQuery>,
    Boxed<identity::roles::graphql::RolesQuery>,
    Boxed<identity::api_key::graphql::ApiKeyQuery>,
    Boxed<identity::oidc::graphql::OidcQuery>,
);

/// Everything that can be done.
#[derive(MergedObject, Default)]
pub struct Mutation(
    Boxed<catalog::graphql::CatalogMutation>,
    Boxed<commerce::graphql::CommerceMutation>,
    Boxed<identity::graphql::IdentityMutation>,
    Boxed<identity::invitation::graphql::InvitationMutation>,
    Boxed<identity::recovery::graphql::RecoveryMutation>,
    Boxed<identity::security::graphql::SecurityMutation>,
    Boxed<identity::modules::graphql::ModulesMutation>,
    Boxed<crate::tenants::graphql::TenantMutation>,
    Boxed<identity::roles::graphql::RolesMutation>,
    Boxed<identity::api_key::graphql::ApiKeyMutation>,
    Boxed<identity::oidc::graphql::OidcMutation>,
);

/// The executable schema.
pub type Schema = Built<Query, Mutation, EmptySubscription>;

/// The schema without any data; for the SDL.
pub fn schema() -> Schema {
    Built::build(Query::default(), Mutation::default(), EmptySubscription).finish()
}

/// The schema as text, sorted, as it stands in `apps/server/schema.graphql`.
pub fn sdl() -> String {
    schema().sdl_with_options(
        async_graphql::SDLExportOptions::new()
            .sorted_arguments()
            .sorted_fields()
            .sorted_enum_items()
            .prefer_single_line_descriptions(),
    )
}

/// Serves GraphQL requests.
#[derive(Clone)]
pub struct Endpoint {
    schema: Schema,
    surface: Arc<Surface>,
    documents: Cache<Arc<str>, Arc<Document>>,
    app: App,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    query: String,
    #[serde(default)]
    variables: Option<Variables>,
    #[serde(default, rename = "operationName")]
    operation_name: Option<String>,
    #[serde(default)]
    #[expect(dead_code, reason = "clients may send it; nothing here reads it")]
    extensions: Option<serde_json::Value>,
}

impl Endpoint {
    /// An endpoint over the manifest's permissions.
    ///
    /// # Errors
    /// When a root field of the schema stands in no module's manifest.
    pub fn new(app: App, surface: Arc<Surface>) -> anyhow::Result<Self> {
        let schema = schema();
        let missing = surface.missing(&schema.sdl());
        anyhow::ensure!(
            missing.is_empty(),
            "these GraphQL fields stand in no module's surface: {}",
            missing.join(", ")
        );
        let documents = Cache::builder()
            .max_capacity(DOCUMENTS)
            .weigher(|text: &Arc<str>, _| u32::try_from(text.len()).unwrap_or(u32::MAX))
            .build();
        Ok(Self { schema, surface, documents, app })
    }

    /// `POST /api/graphql`.
    pub async fn post(
        &self,
        ctx: Ctx,
        who: identity::Authenticated,
        headers: HeaderMap,
        body: Bytes,
    ) -> Response {
        match self.prepare(&ctx, &headers, &body) {
            Ok((request, named)) => self.execute(request, &named.unwrap_or(ctx), who, headers).await,
            Err(refusal) => *refusal,
        }
    }

    /// The checked request, and its call by the name of the mutations in it.
    fn prepare(
        &self,
        ctx: &Ctx,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<(Request, Option<Ctx>), Box<Response>> {
        let request_id = ctx.request_id();
        let json = headers
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == "application/json"));
        if !json {
            let error = Error::new(ErrorCode::BadUserInput, "send the query as application/json");
            return Err(Box::new(problem(&error, request_id, "/api/graphql")));
        }
        let body: Body = serde_json::from_slice(body).map_err(|error| {
            let error =
                Error::new(ErrorCode::BadUserInput, format!("the body is no GraphQL request: {error}"));
            Box::new(problem(&error, request_id, "/api/graphql"))
        })?;
        let limits = &self.app.config().graphql;
        if body.query.len() > limits.document_bytes {
            let error = Error::new(
                ErrorCode::QueryTooComplex,
                format!(
                    "the query has {} bytes, more than the {} that are allowed",
                    body.query.len(),
                    limits.document_bytes
                ),
            );
            return Err(Box::new(refused(StatusCode::OK, error, request_id)));
        }
        let document = self.document(&body.query).map_err(|error| {
            Box::new(refused(
                StatusCode::BAD_REQUEST,
                Error::new(ErrorCode::BadUserInput, error.0),
                request_id,
            ))
        })?;
        let variables = body.variables.unwrap_or_default();
        let checked = document.check(&variables, limits).and_then(|()| {
            match document.roots(body.operation_name.as_deref()) {
                Some((kind, roots)) => {
                    roots.iter().try_for_each(|root| self.surface.require(ctx, kind, root))?;
                    let named = kind == Kind::Mutation && ctx.origin().is_some();
                    Ok(named.then(|| ctx.doing(roots.join(", "))))
                }
                None => Err(Error::new(ErrorCode::BadUserInput, "operationName: say which operation to run")),
            }
        });
        let named = checked.map_err(|error| Box::new(refused(StatusCode::OK, error, request_id)))?;
        let mut request = Request::new(body.query).variables(variables);
        if let Some(name) = body.operation_name {
            request = request.operation_name(name);
        }
        request.set_parsed_query(document.parsed.clone());
        Ok((request, named))
    }

    fn document(&self, text: &str) -> Result<Arc<Document>, document::Unreadable> {
        if let Some(kept) = self.documents.get(text) {
            return Ok(kept);
        }
        let document = Document::parse(text)?;
        self.documents.insert(text.into(), document.clone());
        Ok(document)
    }

    async fn execute(
        &self,
        mut request: Request,
        ctx: &Ctx,
        who: identity::Authenticated,
        headers: HeaderMap,
    ) -> Response {
        if !self.app.config().graphql.graphiql {
            request = request.disable_introspection();
        }
        let answer = self.schema.execute(request.data(ctx.clone()).data(who).data(headers)).await;
        respond(StatusCode::OK, answer, ctx.request_id())
    }
}

/// An answer that says no, as GraphQL says it.
pub fn refused(status: StatusCode, error: Error, request_id: &str) -> Response {
    let error = platform::graphql::failure(error);
    let answer = Answer::from_errors(vec![ServerError {
        message: error.message,
        source: None,
        locations: Vec::new(),
        path: Vec::new(),
        extensions: error.extensions,
    }]);
    respond(status, answer, request_id)
}

fn respond(status: StatusCode, mut answer: Answer, request_id: &str) -> Response {
    for error in &mut answer.errors {
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            extensions.set("code", ErrorCode::BadUserInput.as_str());
        }
        extensions.set("trace_id", request_id);
    }
    let more = std::mem::take(&mut answer.http_headers);
    match serde_json::to_vec(&answer) {
        Ok(body) => {
            let mut response = (status, body).into_response();
            let headers = response.headers_mut();
            headers.extend(more);
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(error) => problem(&Error::internal(error), request_id, "/api/graphql"),
    }
}
