//! What is asked of downloads, where `coax up` fetches them as well.

use std::sync::Arc;

use anyhow::Context;
use contract::user::Users;
use download::surface::{Access, Service};

use crate::cli::Settings;

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
