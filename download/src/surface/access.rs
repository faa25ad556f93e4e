//! Who asks, and what he may.
//!
//! Nobody logs in here. Whoever has logged in at the page is known by its cookie, programs by a token of `coax user token`, and
//! the operator by his key or by a token for administering: all of it as it stands in `users.json`, and no other program is
//! asked.

use std::net::IpAddr;
use std::sync::Arc;

use contract::config::ConfigError;
use contract::network::Network;
use contract::secret::SharedKey;
use contract::user::{Downloads, Refused, Standing, Token, User};
use http::{HeaderMap, StatusCode};
use httpd::api::Refusal;
use httpd::{Request, Response, api};
use serde::Serialize;
use serde_json::json;

use super::{Service, now};
use crate::store::By;

/// For so long after a browser has logged in its user may administer downloads with it, in seconds: as long as the login of the
/// administration holds. The token of a login stands in the addresses of streams, which people hand on.
const LATELY: u64 = 12 * 3600;
/// What is said to whoever is not known,
const WHO: &str = "log in at the page, or show a token of `coax user token` (Authorization: Bearer TOKEN)";
/// and to whoever may, and has not shown his password lately.
const STALE: &str = "log out and in again: downloads are administered for 12 hours after a login";

/// By what people are known. It is what `[serve]` says, where both run on one port.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Who shows this key may do everything.
    pub admin_key: Option<SharedKey>,
    /// Different wrong tokens and keys that an address may show in a minute; 0: as many as it likes.
    pub login_failures: u32,
    /// Proxies that are believed when they say for whom they ask.
    pub trusted_proxies: Vec<Network>,
}

impl Access {
    /// What a program that runs by itself is told: `COAX_ADMIN_KEY` and `COAX_TRUSTED_PROXIES`.
    ///
    /// # Errors
    /// A variable holds what it must not.
    pub fn of_environment() -> Result<Self, ConfigError> {
        Ok(Self {
            admin_key: SharedKey::of_environment("COAX_ADMIN_KEY")?,
            login_failures: 10,
            trusted_proxies: Network::of_environment("COAX_TRUSTED_PROXIES")?.unwrap_or_default(),
        })
    }

    pub(super) fn client(&self, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
        httpd::client(headers, peer, |address| {
            self.trusted_proxies.iter().any(|network| network.holds(address))
        })
    }
}

/// What somebody may do. Who may more may all that is less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// See what there is, and how far it is.
    Viewer,
    /// Choose what is downloaded and where to, and order the queue.
    Operator,
    /// Everything: targets, users' figures, the log.
    Admin,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Admin];

    /// What it is called.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// What a user was given, who does not administer.
    const fn of(given: Downloads) -> Option<Self> {
        match given {
            Downloads::No => None,
            Downloads::Viewer => Some(Self::Viewer),
            Downloads::Operator => Some(Self::Operator),
        }
    }
}

/// Somebody who is known.
pub(super) struct Asker {
    /// `None` for whoever has the key of the configuration.
    user: Option<Arc<User>>,
    /// `None` if he is none of those who may anything here.
    role: Option<Role>,
    /// Whether he may administer, and has to log in again for that.
    is_stale: bool,
    client: IpAddr,
}

impl Asker {
    /// Whether he may do what takes `role`; `None`: what everybody may who is known.
    pub(super) fn may(&self, role: Option<Role>) -> Result<(), Refusal> {
        match role {
            Some(needed) if self.role < Some(needed) && self.is_stale => {
                Err(Refusal::Forbidden(STALE.into()))
            }
            Some(needed) if self.role < Some(needed) => Err(Refusal::Forbidden(format!(
                "this takes the role {}; `coax user set NAME --downloads ROLE` gives one, and `--admin yes` that of admin",
                needed.word()
            ))),
            _ => Ok(()),
        }
    }

    pub(super) fn is_admin(&self) -> bool {
        self.role == Some(Role::Admin)
    }

    /// How the log calls him.
    pub(super) fn by(&self) -> By {
        let user = self.user.as_ref();
        By {
            user: user.map_or_else(|| "key".into(), |user| user.name.clone()),
            session: user.and_then(|user| user.device.as_deref()).unwrap_or("").to_owned(),
            ip: self.client.to_string(),
        }
    }

    /// `GET /api/role`; `searches`: whether themoviedb.org may be asked.
    pub(super) fn shown(&self, searches: bool) -> Response {
        let name = self.user.as_ref().map(|user| &user.name);
        let (role, stale) = (self.role, self.is_stale);
        api::told(
            StatusCode::OK,
            &json!({ "name": name, "role": role, "stale": stale, "searches": searches }),
        )
    }
}

/// Finds out who asks.
pub(super) fn admit(service: &Service, request: &Request, client: IpAddr) -> Result<Asker, Refusal> {
    let headers = request.headers();
    if let Some(shown) = httpd::bearer(headers) {
        let from = (client, service.access.login_failures);
        let admitted = service.right.admit(shown, from, &service.users, || by_token(service, shown, client));
        return admitted.map_err(|why| match why {
            Refused::Unknown => Refusal::Unauthorized(WHO),
            Refused::TooMany(seconds) => Refusal::TooMany(seconds),
        });
    }
    let token = httpd::cookie(headers, Token::COOKIE).ok_or(Refusal::Unauthorized(WHO))?;
    // SECURITY: a browser sends the cookie with whatever makes it ask. `SameSite` keeps it from doing so for pages of other
    // sites, and who they are is looked at as well.
    if httpd::is_from_another_page(headers) {
        return Err(Refusal::Foreign);
    }
    let now = now();
    let user = service.users.visitor(token, now).filter(|user| user.standing(now) == Standing::Active);
    let user = user.ok_or(Refusal::Unauthorized(WHO))?;
    let is_late = user.login().is_none_or(|login| login.created.saturating_add(LATELY) <= now);
    let role = match user.admin {
        true if is_late => Some(Role::Operator),
        true => Some(Role::Admin),
        false => Role::of(user.downloads),
    };
    Ok(Asker { is_stale: user.admin && is_late, user: Some(user), role, client })
}

fn by_token(service: &Service, shown: &str, client: IpAddr) -> Option<Asker> {
    let found = |user: Option<Arc<User>>, role| Some(Asker { user, role, is_stale: false, client });
    if service.access.admin_key.as_ref().is_some_and(|key| key.is(shown)) {
        return found(None, Some(Role::Admin));
    }
    let is_active = |user: &Arc<User>| user.standing(now()) == Standing::Active;
    if let Some(user) = service.users.administrator(shown).filter(is_active) {
        return found(Some(user), Some(Role::Admin));
    }
    // SECURITY: what was given to a television administers nothing, whoever it was given to.
    let user = service.users.recall("", shown).filter(is_active)?;
    let role = Role::of(user.downloads);
    found(Some(user), role)
}
