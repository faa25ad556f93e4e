//! What is asked of downloads, where `coax up` fetches them as well, and what monitors are told of them.

use std::sync::Arc;

use anyhow::Context;
use contract::user::Users;
use download::surface::{Access, Service};
use httpd::metrics::Page;
use tracing::warn;

use crate::cli::Settings;

/// The page of a monitor, with what there is to say of downloads.
pub(crate) async fn render(service: Option<Arc<Service>>, mut page: Page) -> Page {
    let Some(service) = service else { return page };
    let rendering = tokio::task::spawn_blocking(move || {
        if let Err(error) = service.render(&mut page) {
            warn!(%error, "a monitor is told nothing of downloads");
        }
        page
    });
    rendering.await.unwrap_or_default()
}

/// The service, if downloads are configured. Whoever may administer the rest may administer them.
///
/// # Errors
/// Their store cannot be opened.
pub(crate) fn service(settings: &Settings, users: &Arc<Users>) -> anyhow::Result<Option<Arc<Service>>> {
    if !settings.download.enabled {
        return Ok(None);
    }
    let access = Access {
        admin_key: settings.serve.admin_key.clone(),
        login_failures: settings.serve.login_failures,
        trusted_proxies: settings.serve.trusted_proxies.clone(),
    };
    let service = Service::new(&settings.data(), users.clone(), settings.download.clone(), access);
    Ok(Some(Arc::new(service.context("downloads")?)))
}
