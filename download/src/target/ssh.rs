//! A connection to a machine over ssh: it has shown a key that it is known by, and has let us in.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use russh::client::{self, AuthResult, Handle, Handler, KeyboardInteractiveAuthResponse, Msg};
use russh::keys::{Algorithm, HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKey, PublicKeyOrCertificate};
use russh::{Channel, ChannelMsg, MethodKind, Preferred};
use tokio::time::timeout;

use super::address::Address;
use super::host_key::{HostKeys, stranger};
use super::login::{Kept, is_key};
use super::{Trouble, said};

/// How long a machine may take to let us in.
const PATIENCE: Duration = Duration::from_secs(20);
/// After this time without a word it is asked whether it is there, and after three such questions it is not.
const SILENCE: Duration = Duration::from_secs(15);
/// More than this nobody says in answer to a command of ours, in bytes.
const ANSWER: usize = 4096;

/// A connection. It ends when this is dropped.
pub(super) struct Ssh {
    handle: Handle<Check>,
}

/// Decides whether the machine is the one that is meant.
struct Check {
    known: HostKeys,
    shown: Arc<OnceLock<PublicKey>>,
}

impl Handler for Check {
    type Error = russh::Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        let shown = shown.public_key();
        let is_known = self.known.has(&shown);
        let _ = self.shown.set(shown);
        Ok(is_known)
    }
}

impl Ssh {
    /// Connects, and says who we are.
    ///
    /// # Errors
    /// [`Trouble::Offline`]; [`Trouble::Denied`].
    pub(super) async fn connect(address: &Address, known: &HostKeys, secret: &Kept) -> Result<Self, Trouble> {
        let secret = secret.read()?;
        let (mut handle, _) = dial(address, known).await?;
        let login = login(&mut handle, &address.user, secret.as_ref());
        timeout(PATIENCE, login).await.map_err(|_| silent())??;
        Ok(Self { handle })
    }

    pub(super) async fn channel(&self) -> Result<Channel<Msg>, Trouble> {
        self.handle.channel_open_session().await.map_err(lost)
    }

    /// Runs a command, and waits for it: what it says, and whether it says that it went well. That it cannot be run is no
    /// trouble: many machines let nobody do so.
    pub(super) async fn run(&self, command: &str) -> Result<Option<String>, Trouble> {
        let mut channel = self.channel().await?;
        channel.exec(true, command).await.map_err(lost)?;
        // Where nothing but SFTP may be run, that is run in its place, and waits for what it is asked.
        channel.eof().await.map_err(lost)?;
        let (mut output, mut status) = (Vec::new(), None);
        while let Some(message) = channel.wait().await {
            match message {
                ChannelMsg::Data { data } if output.len() < ANSWER => output.extend_from_slice(&data),
                ChannelMsg::ExitStatus { exit_status } => status = Some(exit_status),
                ChannelMsg::Failure => return Ok(None),
                _ => {}
            }
        }
        if self.handle.is_closed() {
            return Err(Trouble::Failed("the connection to the target was lost".into()));
        }
        Ok((status == Some(0)).then(|| String::from_utf8_lossy(&output).into_owned()))
    }
}

/// Whichever of its keys a machine is known by, it is asked for that one. The key that it has shown is returned as well.
pub(super) async fn host_key(address: &Address, known: &HostKeys) -> Result<PublicKey, Trouble> {
    dial(address, known).await.map(|(_, shown)| shown)
}

async fn dial(address: &Address, known: &HostKeys) -> Result<(Handle<Check>, PublicKey), Trouble> {
    let mut kinds = known.kinds();
    let mut first = None;
    while !kinds.is_empty() {
        let shown = Arc::new(OnceLock::new());
        let check = Check { known: known.clone(), shown: shown.clone() };
        let dialled = client::connect(config(kinds.clone()), (&*address.host, address.port), check);
        let dialled = timeout(PATIENCE, dialled).await.map_err(|_| silent())?;
        match (dialled, shown.get()) {
            (Ok(handle), Some(shown)) => return Ok((handle, shown.clone())),
            // It has others, perhaps.
            (Err(russh::Error::UnknownKey), Some(shown)) => {
                kinds.retain(|kind| *kind != shown.algorithm());
                first.get_or_insert(shown.clone());
            }
            (Err(russh::Error::NoCommonAlgo { .. }), _) => break,
            (Err(error), _) => {
                return Err(Trouble::Offline(format!("the target cannot be reached: {error}")));
            }
            (Ok(_), None) => return Err(Trouble::Denied("the machine shows no host key".into())),
        }
    }
    Err(match first {
        Some(shown) => stranger(&shown, known),
        None => Trouble::Denied(
            "the machine speaks no kind of encryption, or has no kind of host key, that is spoken here"
                .into(),
        ),
    })
}

fn config(kinds: Vec<Algorithm>) -> Arc<client::Config> {
    Arc::new(client::Config {
        preferred: Preferred { key: kinds.into(), ..Preferred::DEFAULT },
        keepalive_interval: Some(SILENCE),
        keepalive_max: 3,
        nodelay: true,
        ..client::Config::default()
    })
}

async fn login(
    handle: &mut Handle<Check>,
    user: &str,
    secret: Option<&contract::secret::Secret>,
) -> Result<(), Trouble> {
    let Some(secret) = secret else {
        let why = "nothing is known by which the target lets us in: give it the secret's place, env:NAME or file:/PATH";
        return Err(Trouble::Denied(why.into()));
    };
    if is_key(secret) {
        let key = PrivateKey::from_openssh(secret.reveal()).map_err(|_| unreadable())?;
        if key.is_encrypted() {
            return Err(Trouble::Denied(
                "the private key of the target has a passphrase; one without is needed (ssh-keygen -p)"
                    .into(),
            ));
        }
        let hash = matches!(key.algorithm(), Algorithm::Rsa { .. }).then_some(HashAlg::Sha512);
        let key = PrivateKeyWithHashAlg::new(Arc::new(key), hash);
        return match handle.authenticate_publickey(user, key).await.map_err(lost)? {
            AuthResult::Success => Ok(()),
            AuthResult::Failure { .. } => Err(refused("private key")),
        };
    }
    match handle.authenticate_password(user, secret.reveal()).await.map_err(lost)? {
        AuthResult::Success => Ok(()),
        AuthResult::Failure { remaining_methods, .. }
            if remaining_methods.contains(&MethodKind::KeyboardInteractive) =>
        {
            ask(handle, user, secret.reveal()).await
        }
        AuthResult::Failure { .. } => Err(refused("password")),
    }
}

/// Some machines do not take a password, but ask for one (RFC 4256).
async fn ask(handle: &mut Handle<Check>, user: &str, password: &str) -> Result<(), Trouble> {
    let mut answer = handle.authenticate_keyboard_interactive_start(user, None).await.map_err(lost)?;
    for _ in 0..4 {
        match answer {
            KeyboardInteractiveAuthResponse::Success => return Ok(()),
            KeyboardInteractiveAuthResponse::Failure { .. } => break,
            KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => {
                let answers = prompts.iter().map(|_| password.to_owned()).collect();
                answer = handle.authenticate_keyboard_interactive_respond(answers).await.map_err(lost)?;
            }
        }
    }
    Err(refused("password"))
}

fn refused(what: &str) -> Trouble {
    Trouble::Denied(format!("the target does not take the {what} of its secret, or does not know its user"))
}

fn unreadable() -> Trouble {
    Trouble::Denied("the private key of the target cannot be read: expected one as ssh-keygen makes it (ssh-keygen -t ed25519)".into())
}

fn silent() -> Trouble {
    Trouble::Offline("the target does not answer".into())
}

fn lost(error: russh::Error) -> Trouble {
    Trouble::Failed(format!("the connection to the target was lost: {}", said(&error.to_string())))
}

/// One word of a command, whatever is in it.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
