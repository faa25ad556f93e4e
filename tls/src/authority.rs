//! A certificate from an authority, which is asked for it (ACME, RFC 8555) and comes to see that the name is ours (RFC 8737).
//!
//! ```text
//!  order ──▶ challenge ──▶ Shown::prove ──▶ it comes, by TLS, and looks ──▶ order is ready ──▶ certificate ──▶ kept, shown
//! ```

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use contract::config::Tls;
use contract::disk::{Access, Data, replace};
use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Error, Identifier, Key as AccountKey,
    NewAccount, NewOrder, Order, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;
use tracing::{info, warn};

use crate::client::Client;
use crate::files::{fitting, tell};
use crate::shown::Shown;
use crate::validity;

/// The wait after a failure, twice as long each time up to the longest: authorities count failures, and answer none for an
/// hour after five.
const PAUSE: Duration = Duration::from_secs(300);
const LONGEST_PAUSE: Duration = Duration::from_secs(6 * 3600);

/// How long it is waited at once for the time of renewal: a machine that slept, or whose clock was set, notices then.
const GLANCE: Duration = Duration::from_secs(60);

/// What an authority says (RFC 8555 section 6.7) where it does not allow something,
const UNAUTHORIZED: &str = "urn:ietf:params:acme:error:unauthorized";
/// and what where there is no such account, or it was given up (section 7.3.6): nothing is allowed to it then.
const GONE: [&str; 2] = ["urn:ietf:params:acme:error:accountDoesNotExist", UNAUTHORIZED];

/// Who is asked, for what.
pub(crate) struct Authority {
    domains: Vec<String>,
    contact: String,
    directory: String,
    client: Client,
    folder: PathBuf,
}

/// What was given, as it is kept: both halves in one file, so that they belong together.
#[derive(Debug, Serialize, Deserialize)]
struct Given {
    /// Who gave it, for what.
    directory: String,
    domains: Vec<String>,
    /// PEM.
    chain: String,
    /// PEM.
    key: String,
}

/// An account there, as it is kept.
#[derive(Serialize, Deserialize)]
struct Known {
    directory: String,
    credentials: AccountCredentials,
}

impl Authority {
    /// Asks nobody yet.
    ///
    /// # Errors
    /// The root of the authority cannot be read.
    pub(crate) fn new(settings: &Tls, data: &Data) -> anyhow::Result<Self> {
        Ok(Self {
            domains: settings.domains.clone(),
            contact: settings.contact.clone(),
            directory: settings.directory.clone(),
            client: Client::new(&settings.authority)?,
            folder: data.tls(),
        })
    }

    /// What was given before.
    pub(crate) fn kept(&self) -> Option<CertifiedKey> {
        kept(&self.folder)
    }

    /// Asks for a certificate when it is time, for ever, and shows it.
    pub(crate) async fn follow(self, shown: Arc<Shown>) {
        let mut pause = PAUSE;
        loop {
            while self.due() > validity::now() {
                let left = Duration::from_secs(self.due().saturating_sub(validity::now()));
                sleep(left.min(GLANCE)).await;
            }
            let got = self.get(&shown).await;
            shown.proven();
            let why = match got {
                Ok(certificate) => {
                    tell(&certificate);
                    shown.show(certificate);
                    if self.due() > validity::now() {
                        pause = PAUSE;
                        continue;
                    }
                    // So would the next one be.
                    "what it gave is to be renewed already: is the clock of this machine right?".into()
                }
                Err(error) => format!("{error:#}"),
            };
            warn!(why, again_s = pause.as_secs(), "the authority gives no certificate to go on with");
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// When a certificate is to be asked for, in seconds since 1970: at once if there is none for what is wanted.
    fn due(&self) -> u64 {
        let fits = |given: &Given| given.directory == self.directory && given.domains == self.domains;
        let kept = Given::load(&self.folder).filter(fits).and_then(|given| given.certified().ok());
        kept.and_then(|certified| validity::of_shown(&certified)).map_or(0, |holds| validity::renewal(&holds))
    }

    /// Asks for one, if it can be kept, has it looked whether the names are ours, and keeps what is given.
    async fn get(&self, shown: &Shown) -> anyhow::Result<CertifiedKey> {
        let names: Vec<Identifier> = self.domains.iter().cloned().map(Identifier::Dns).collect();
        // What cannot be kept would be asked for again and again, and authorities give a few in a week.
        self.trial().with_context(|| format!("{} cannot be written", self.folder.display()))?;
        let mut order = self.order(&NewOrder::new(&names)).await?;
        prove(&mut order, shown).await?;
        let status = order.poll_ready(&RetryPolicy::default()).await.context("it has come to look")?;
        if status != OrderStatus::Ready {
            bail!("it has come to look, and does not find the names here ({status:?})");
        }
        let key = KeyPair::generate()?;
        let request = CertificateParams::new(self.domains.clone())?.serialize_request(&key)?;
        order.finalize_csr(request.der()).await.context("the request")?;
        let chain = order.poll_certificate(&RetryPolicy::default()).await.context("the certificate")?;
        let (directory, domains) = (self.directory.clone(), self.domains.clone());
        let given = Given { directory, domains, chain, key: key.serialize_pem() };
        let certified = given.certified()?;
        self.keep("certificate.json", &given)?;
        Ok(certified)
    }

    /// Orders as who was known there before, or, where nobody is known by that account any more, as somebody new.
    async fn order(&self, wanted: &NewOrder<'_>) -> anyhow::Result<Order> {
        let account = self.account().await.context("the account there")?;
        let refused = match account.new_order(wanted).await {
            Err(error) if is(&error, &GONE) => error,
            order => return order.context("the order"),
        };
        // It may be this order that is not allowed: an account that was given up is not let in with its key either.
        if is(&refused, &[UNAUTHORIZED]) && self.is_let_in().await.context("the account there")? {
            return Err(refused).context("the order");
        }
        warn!("the authority does not know the account any more; another one is made");
        match fs::remove_file(self.folder.join("account.json")) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                bail!("account.json cannot be removed: {error}")
            }
            _ => {}
        }
        let account = self.account().await.context("a new account there")?;
        account.new_order(wanted).await.context("the order")
    }

    /// Who is known there, as far as is known here.
    fn known(&self) -> Option<AccountCredentials> {
        let known = fs::read(self.folder.join("account.json")).ok()?;
        let known: Known = serde_json::from_slice(&known).ok()?;
        (known.directory == self.directory).then_some(known.credentials)
    }

    /// Whether the authority lets the account in by its key (RFC 8555 section 7.3.1).
    async fn is_let_in(&self) -> anyhow::Result<bool> {
        let Some(known) = self.known() else { return Ok(false) };
        let der = known.private_key().clone_key();
        let key = AccountKey::from_pkcs8_der(der.clone_key())?;
        let builder = Account::builder_with_http(Box::new(self.client.clone()));
        match builder.from_key((key, PrivateKeyDer::Pkcs8(der)), self.directory.clone()).await {
            Ok(_) => Ok(true),
            Err(error) if is(&error, &GONE) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The account of before, or a new one.
    async fn account(&self) -> anyhow::Result<Account> {
        let builder = || Account::builder_with_http(Box::new(self.client.clone()));
        if let Some(known) = self.known() {
            return Ok(builder().from_credentials(known).await?);
        }
        let contact: Vec<&str> =
            Some(&*self.contact).filter(|contact| !contact.is_empty()).into_iter().collect();
        let wanted =
            NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
        let (account, credentials) = builder().create(&wanted, self.directory.clone(), None).await?;
        self.keep("account.json", &Known { directory: self.directory.clone(), credentials })?;
        info!("there is an account at the authority now");
        Ok(account)
    }

    /// Writes more than a certificate and its key take, and takes it away again.
    fn trial(&self) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        tempfile::tempfile_in(&self.folder)?.write_all(&[0; 1 << 16])
    }

    fn keep(&self, name: &str, what: &impl Serialize) -> anyhow::Result<()> {
        let path = self.folder.join(name);
        let bytes = serde_json::to_vec_pretty(what).context("plain fields become JSON")?;
        replace(&path, &bytes, Access::Owner).with_context(|| format!("{} cannot be written", path.display()))
    }
}

/// What was given before into `folder`, if it is still there, for whatever names that was: better than nothing.
pub(crate) fn kept(folder: &Path) -> Option<CertifiedKey> {
    Given::load(folder)?.certified().ok()
}

/// Whether an authority says one of `these`.
fn is(error: &Error, these: &[&str]) -> bool {
    matches!(error, Error::Api(problem) if problem.r#type.as_deref().is_some_and(|it| these.contains(&it)))
}

impl Given {
    fn load(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(folder.join("certificate.json")).ok()?).ok()
    }

    fn certified(&self) -> anyhow::Result<CertifiedKey> {
        let chain = CertificateDer::pem_slice_iter(self.chain.as_bytes()).collect::<Result<Vec<_>, _>>()?;
        fitting(chain, PrivateKeyDer::from_pem_slice(self.key.as_bytes())?)
    }
}

/// Has everything ready for the authority to come and look at, and says so.
async fn prove(order: &mut Order, shown: &Shown) -> anyhow::Result<()> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization.context("what is to be shown")?;
        match authorization.status {
            AuthorizationStatus::Pending => {}
            AuthorizationStatus::Valid => continue, // it was here not long ago
            other => bail!("it does not want to look ({other:?})"),
        }
        let challenge = authorization.challenge(ChallengeType::TlsAlpn01);
        let mut challenge =
            challenge.context("it does not look by TLS (tls-alpn-01), which is all that is known here")?;
        let name = challenge.identifier().to_string();
        shown.prove(&name, proof(&name, challenge.key_authorization().digest().as_ref())?);
        challenge.set_ready().await.context("it does not come to look")?;
    }
    Ok(())
}

/// What it wants to see: a certificate for the name, by ourselves, in which its digest stands (RFC 8737 section 3).
fn proof(name: &str, digest: &[u8]) -> anyhow::Result<CertifiedKey> {
    let key = KeyPair::generate()?;
    let mut parameters = CertificateParams::new(vec![name.to_owned()])?;
    parameters.custom_extensions.push(CustomExtension::new_acme_identifier(digest));
    let certificate = parameters.self_signed(&key)?;
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
    // Not `fitting`: a critical extension that nobody else knows is the point of it.
    let key = rustls::crypto::ring::sign::any_supported_type(&key)?;
    Ok(CertifiedKey::new(vec![certificate.der().clone()], key))
}
