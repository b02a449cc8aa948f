//! The assembled application: every slice mounted, every middleware in its order, the document beside it.

use std::{io, net::TcpListener, sync::Arc, thread, time::Duration};

use actix_cors::Cors;
use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::Server,
    get,
    middleware::{Compress, from_fn},
    web::{self, Data},
};
use bytes::Bytes;
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::SwaggerUi;

use crate::{
    adjustment_reasons, areas, assignments,
    attachments::{self, Files},
    auth::Accounts,
    barcodes, budgets, campaigns, claims,
    config::Networks,
    contracts, controlled_issues,
    db::{Db, DbError},
    departures, donations, donors, duplicates, equipment,
    error::{ApiError, ApiResult, Code},
    exchange_rates, exports, facilities, facility_posts, fuel, funding,
    http::{Mount, Proxies, Routes, Told, envelope, metrics},
    items,
    keys::Keys,
    lots, openapi, organizations, planning, production, projects,
    publishing::{self, Press},
    recipes, report_definitions, reports, requisitions, reveals, sessions, share_grants, shared, shipments, staff, staffing,
    stipend_scales, stipends, stock, stock_counts, stock_locations, supplies, support, traces, users, webhooks,
};

/// What the application is made of.
#[derive(Clone)]
pub struct Parts {
    /// Where the database is, for the service's role.
    pub database_url: String,
    /// Connections per worker.
    pub pool_size: usize,
    /// Worker threads.
    pub workers: usize,
    /// The keys.
    pub keys: Data<Keys>,
    /// Accounts held in memory; somebody must `listen` for them.
    pub accounts: Arc<Accounts>,
    /// Proxies whose word on addresses counts.
    pub proxies: Proxies,
    /// Web pages that may call.
    pub allowed_origins: Vec<String>,
    /// Where the bytes of attachments lie.
    pub files: Data<Files>,
    /// Networks that webhooks may lead into although they are not public.
    pub networks: Data<Networks>,
    /// What sets published reports as pages.
    pub press: Data<Press>,
}

/// The slices, in the order of the document.
fn api(config: &mut Mount) {
    config
        .configure(sessions::routes)
        .configure(users::routes)
        .configure(areas::routes)
        .configure(attachments::routes)
        .configure(facilities::routes)
        .configure(facility_posts::routes)
        .configure(staff::routes)
        .configure(departures::routes)
        .configure(duplicates::routes)
        .configure(assignments::routes)
        .configure(organizations::routes)
        .configure(projects::routes)
        .configure(contracts::routes)
        .configure(budgets::routes)
        .configure(exchange_rates::routes)
        .configure(stipend_scales::routes)
        .configure(stipends::routes)
        .configure(lots::routes)
        .configure(stock_locations::routes)
        .configure(stock::routes)
        .configure(adjustment_reasons::routes)
        .configure(stock_counts::routes)
        .configure(controlled_issues::routes)
        .configure(planning::routes)
        .configure(traces::routes)
        .configure(recipes::routes)
        .configure(production::routes)
        .configure(equipment::routes)
        .configure(fuel::routes)
        .configure(support::routes)
        .configure(items::routes)
        .configure(barcodes::routes)
        .configure(requisitions::routes)
        .configure(shipments::routes)
        .configure(campaigns::routes)
        .configure(donors::routes)
        .configure(donations::routes)
        .configure(claims::routes)
        .configure(reports::routes)
        .configure(reports::routes_of_parts)
        .configure(report_definitions::routes)
        .configure(publishing::routes)
        .configure(publishing::public_routes)
        .configure(exports::routes)
        .configure(funding::routes)
        .configure(supplies::routes)
        .configure(staffing::routes)
        .configure(reveals::routes)
        .configure(share_grants::routes)
        .configure(webhooks::routes)
        .configure(shared::routes)
        .configure(publishing::shared_routes);
}

/// Where the slices are.
const API: &str = "/api/v1";
/// Addresses that the document does not tell of.
const OTHERS: &[&str] = &["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"];

/// The document that frontends are built from.
pub fn document() -> OpenApi {
    documented().0
}

/// The document, and the first words of the addresses of its handlers in their order.
fn documented() -> (OpenApi, Vec<String>) {
    let mut told = Told::default();
    api(&mut Mount::in_document(&mut told));
    let mut document = openapi::base();
    document.paths.paths.extend(told.paths.paths.into_iter().map(|(path, item)| (format!("{API}{path}"), item)));
    document.components.get_or_insert_default().schemas.extend(told.schemas);
    (openapi::complete(document), told.first_words)
}

/// The server, bound and ready to be awaited.
pub fn server(parts: Parts, listener: TcpListener) -> io::Result<Server> {
    // In a thread that ends: as a tree the document is many times its text, and what a thread leaves behind goes back to the system.
    let prepared = thread::spawn(|| {
        let (document, first_words) = documented();
        serde_json::to_vec(&document).map(|text| (Bytes::from(text), Routes::of(&document, API, OTHERS), first_words))
    });
    let (text, routes, first_words) = prepared.join().map_err(|_| io::Error::other("the document could not be written"))??;
    let routes = Data::new(routes);
    let first_words: Arc<[String]> = first_words.into();
    let throttle = Data::new(sessions::Throttle::default());
    let door = Data::new(donations::Door::default());
    let workers = parts.workers;
    let server = HttpServer::new(move || {
        let db = match Db::new(&parts.database_url, parts.pool_size) {
            Ok(db) => db,
            // The same settings have made the pool of the migration's check; a worker without one must not serve.
            Err(error) => abandon(&error),
        };
        App::new()
            .service(web::scope(API).configure(|service| Mount::at(API, service, Arc::clone(&first_words), api)))
            .app_data(Data::new(db))
            .app_data(Data::new(reports::Answers::default()))
            .app_data(parts.keys.clone())
            .app_data(parts.files.clone())
            .app_data(parts.networks.clone())
            .app_data(parts.press.clone())
            .app_data(Data::from(Arc::clone(&parts.accounts)))
            .app_data(Data::new(parts.proxies.clone()))
            .app_data(routes.clone())
            .app_data(throttle.clone())
            .app_data(door.clone())
            .service(healthz)
            .service(readyz)
            .service(metrics)
            .service(web::redirect("/docs", "/docs/"))
            .app_data(Data::new(Document(text.clone())))
            .service(read_document)
            .service(SwaggerUi::new("/docs/{_:.*}").config("/openapi.json".into()))
            .default_service(web::to(nowhere))
            .wrap(Compress::default())
            .wrap(from_fn(envelope))
            .wrap(cors(&parts.allowed_origins))
    });
    let server = server
        .workers(workers)
        .client_request_timeout(Duration::from_secs(8))
        .keep_alive(Duration::from_secs(75))
        .max_connections(10_000)
        .shutdown_timeout(20)
        .disable_signals();
    Ok(server.listen(listener)?.run())
}

#[expect(clippy::panic, reason = "a worker that cannot be built must not serve; the start has checked the same settings before")]
fn abandon(error: &DbError) -> ! {
    panic!("{error}")
}

fn cors(origins: &[String]) -> Cors {
    let cors = origins.iter().fold(Cors::default(), |cors, origin| cors.allowed_origin(origin));
    cors.allowed_methods(["GET", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers([
            "authorization",
            "content-type",
            "if-match",
            "if-none-match",
            "idempotency-key",
            "accept",
            "accept-language",
        ])
        .expose_headers(["etag", "location", "link", "x-request-id", "retry-after", "idempotent-replayed", "content-disposition"])
        .max_age(3600)
}

/// The text of the document.
struct Document(Bytes);

/// The document that frontends are built from.
#[get("/openapi.json")]
async fn read_document(document: Data<Document>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(document.0.clone())
}

/// The process lives.
#[get("/healthz")]
async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({"status": "ok"}))
}

/// The process can answer: its database is there.
#[get("/readyz")]
async fn readyz(db: Data<Db>) -> ApiResult<HttpResponse> {
    use diesel_async::RunQueryDsl;
    diesel::sql_query("SELECT 1").execute(&mut db.conn().await?).await?;
    Ok(HttpResponse::Ok().json(serde_json::json!({"status": "ready"})))
}

async fn nowhere(request: HttpRequest, routes: Data<Routes>) -> ApiResult<HttpResponse> {
    match routes.methods(request.path()) {
        Some(allow) => Err(ApiError { allow: Some(allow), ..ApiError::new(Code::MethodNotAllowed) }),
        None => Err(ApiError::new(Code::NotFound)),
    }
}
