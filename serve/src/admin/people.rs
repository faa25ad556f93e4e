//! Users and their tokens.

use std::sync::Arc;

use anyhow::Context;
use contract::user::{
    Change, PasswordHash, Profile, Token, User, Users, check_device, check_name, check_password,
    made_password,
};
use http::StatusCode;
use httpd::api::Refusal;
use httpd::{Request, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::answer::{self, done, json};
use crate::Server;

/// Of what it is told that something went wrong.
const USERS: &str = "the users";

#[derive(Serialize)]
struct Added {
    user: Profile,
    /// Only if it was made here, and only now.
    password: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewToken {
    device: String,
    #[serde(default)]
    admin: bool,
}

#[derive(Serialize)]
struct AddedToken {
    device: String,
    admin: bool,
    token: String,
}

/// `GET /api/admin/users`.
pub(super) async fn list(server: &Server) -> Result<Response, Refusal> {
    let now = server.now();
    let all = aside(server, |users| Ok(users.list().context(USERS)?)).await?;
    Ok(json(StatusCode::OK, &all.iter().map(|user| user.profile(now)).collect::<Vec<_>>()))
}

/// `GET /api/admin/users/{name}`.
pub(super) async fn one(server: &Server, name: &str) -> Result<Response, Refusal> {
    let (now, name) = (server.now(), name.to_owned());
    let user = aside(server, move |users| {
        let mut all = users.list().context(USERS)?.into_iter();
        all.find(|user| user.name == name).ok_or(Refusal::Unknown)
    });
    Ok(json(StatusCode::OK, &user.await?.profile(now)))
}

/// `POST /api/admin/users`.
pub(super) async fn add(server: &Server, request: Request) -> Result<Response, Refusal> {
    let mut sent: Map<String, Value> = answer::sent(request).await?;
    let Some(Value::String(name)) = sent.remove("name") else {
        return Err(Refusal::Wrong("a user has a name".into()));
    };
    let mut change: Change = serde_json::from_value(Value::Object(sent))
        .map_err(|_| Refusal::Wrong("something is no property of a user, or cannot be".into()))?;
    check_name(&name).map_err(wrong)?;
    let password = change.password.take().map(|password| password.0);
    if let Some(password) = &password {
        check_password(password).map_err(wrong)?;
    }
    change.check().map_err(wrong)?;
    let made = password.is_none().then(made_password);
    let now = server.now();
    let text = password.or_else(|| made.clone()).unwrap_or_default();
    let user = aside(server, move |users| {
        let mut user = User::new(&name, PasswordHash::new(&text), now);
        change.make(&mut user, None);
        let added = users.edit(|all| {
            let free = all.iter().all(|other| other.name != user.name);
            free.then(|| all.push(user.clone())).is_some()
        });
        let added = added.context(USERS)?;
        if added { Ok(user) } else { Err(Refusal::Conflict("there is a user of this name already".into())) }
    });
    let added = Added { user: user.await?.profile(now), password: made };
    Ok(json(StatusCode::CREATED, &added))
}

/// `PATCH /api/admin/users/{name}`.
pub(super) async fn change(server: &Server, name: &str, request: Request) -> Result<Response, Refusal> {
    let change: Change = answer::sent(request).await?;
    let user = edit(server, name, move |_| {
        let hash = change.check().map_err(wrong)?;
        Ok(move |user: &mut User| {
            change.make(user, hash.as_ref());
            Ok(())
        })
    });
    Ok(json(StatusCode::OK, &user.await?.profile(server.now())))
}

/// `DELETE /api/admin/users/{name}`.
pub(super) async fn remove(server: &Server, name: &str) -> Result<Response, Refusal> {
    let name = name.to_owned();
    aside(server, move |users| {
        let removed = users.edit(|all| {
            let before = all.len();
            all.retain(|user| user.name != name);
            all.len() < before
        });
        let removed = removed.context(USERS)?;
        if removed { Ok(done()) } else { Err(Refusal::Unknown) }
    })
    .await
}

/// `POST /api/admin/users/{name}/tokens`.
pub(super) async fn add_token(server: &Server, name: &str, request: Request) -> Result<Response, Refusal> {
    let NewToken { device, admin } = answer::sent(request).await?;
    check_device(&device).map_err(wrong)?;
    let (token, text) = Token::new(&device, admin, server.now());
    let giving = edit(server, name, move |_| {
        Ok(move |user: &mut User| {
            if admin && !user.admin {
                let why = "only an administrator has tokens for administering";
                return Err(Refusal::Conflict(why.into()));
            }
            user.give(token).map_err(|why| Refusal::Conflict(why.into()))
        })
    });
    giving.await?;
    Ok(json(StatusCode::CREATED, &AddedToken { device, admin, token: text }))
}

/// `DELETE /api/admin/users/{name}/tokens/{device}`.
pub(super) async fn revoke_token(server: &Server, name: &str, device: &str) -> Result<Response, Refusal> {
    let device = device.to_owned();
    let taking = edit(server, name, move |_| {
        Ok(move |user: &mut User| if user.take_back(&device) { Ok(()) } else { Err(Refusal::Unknown) })
    });
    taking.await?;
    Ok(done())
}

/// Changes the user of this name, as what `prepare` gives says: that may take long, and nobody else's change waits for it.
async fn edit<E>(
    server: &Server,
    name: &str,
    prepare: impl FnOnce(&Users) -> Result<E, Refusal> + Send + 'static,
) -> Result<User, Refusal>
where
    E: FnOnce(&mut User) -> Result<(), Refusal>,
{
    let name = name.to_owned();
    aside(server, move |users| {
        let edit = prepare(users)?;
        let edited = users.edit(|all| {
            let user = all.iter_mut().find(|user| user.name == name).ok_or(Refusal::Unknown)?;
            let mut changed = user.clone();
            edit(&mut changed)?;
            *user = changed.clone();
            Ok(changed)
        });
        edited.context(USERS)?
    })
    .await
}

/// Does what takes the disk, or hashing, off the async threads.
async fn aside<T: Send + 'static>(
    server: &Server,
    does: impl FnOnce(&Users) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let users: Arc<Users> = server.users.clone();
    tokio::task::spawn_blocking(move || does(&users)).await.context("changing users")?
}

fn wrong(why: &str) -> Refusal {
    Refusal::Wrong(why.into())
}
