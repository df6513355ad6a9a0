//! Whether a message is PayPal's, and whom it speaks of
//! (<https://developer.paypal.com/api/rest/webhooks/rest/#link-messageverification>).
//!
//! PayPal signs with a key whose certificate it names by address. That address is only followed to PayPal's own hosts,
//! and the certificate must lead to a root that this machine trusts and be made out to the name that PayPal signs in:
//! anybody can have a certificate, and only PayPal one with that name.

use super::orders::Link;
use super::settings::PayPalSettings;
use crate::rails::port::{Heard, Message, RailError, Unheard, Which};
use crate::rails::wire::{Call, Wire};
use base64::Engine as _;
use http::HeaderMap;
use ledger::Timestamp;
use ledger::time::{MICROS_PER_DAY, MICROS_PER_SECOND};
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls_platform_verifier::Verifier;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// How old a message may be: PayPal sends one that was not heard for three days.
const AGE_MOST: i64 = 4 * MICROS_PER_DAY;
/// How far PayPal's clock may be ahead of this machine's: a quarter of an hour.
const AHEAD_MOST: i64 = 15 * 60 * MICROS_PER_SECOND;
/// Certificates that are kept: PayPal signs with one for a year or so.
const KEPT_MOST: usize = 8;
/// Where certificates are, at PayPal's.
const FOLDER: &str = "/v1/notifications/certs/";

type Chain = Arc<Vec<CertificateDer<'static>>>;

/// The certificates that sign messages.
pub struct Certificates {
    wire: Wire,
    webhook_id: String,
    signs_as: &'static str,
    places: Vec<String>,
    roots: Vec<CertificateDer<'static>>,
    /// By their address.
    kept: Mutex<HashMap<String, Chain>>,
}

impl Certificates {
    /// None yet.
    pub fn new(settings: &PayPalSettings, wire: Wire) -> Self {
        Self {
            wire,
            webhook_id: settings.webhook_id.clone(),
            signs_as: settings.signs_as,
            places: settings.certificates_at.clone(),
            roots: settings.roots.clone(),
            kept: Mutex::default(),
        }
    }

    /// Checks that `message` is PayPal's, is meant for this shop and is not too old.
    ///
    /// # Errors
    /// [`Unheard`].
    pub async fn check(&self, message: &Message<'_>) -> Result<(), Unheard> {
        let signed = Signed::read(message.headers).ok_or(Unheard::Forged("malformed"))?;
        if self.webhook_id.is_empty() {
            return Err(Unheard::Forged("unexpected"));
        }
        signed.check_age(message.at)?;
        let text = signed.text(&self.webhook_id, message.body);
        let chain = self.chain(signed.certificate).await?;
        self.check_chain(&chain, message.at)?;
        verify(&chain, &text, &signed.signature)
    }

    async fn chain(&self, address: &str) -> Result<Chain, Unheard> {
        let kept = self.kept.lock().ok().and_then(|kept| kept.get(address).cloned());
        if let Some(chain) = kept {
            return Ok(chain);
        }
        if !self.is_at_paypals(address) {
            return Err(Unheard::Forged("certificate"));
        }
        let later = |error: RailError| Unheard::Later(error);
        let reply = self.wire.ask(Call::get(address)).await.map_err(|error| later(error.into()))?;
        if !reply.status.is_success() {
            let told = format!("the certificate: {}", reply.status.as_u16());
            return Err(later(RailError::NotReached(told)));
        }
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&reply.body).collect();
        let chain = Arc::new(chain.map_err(|_| Unheard::Forged("certificate"))?);
        if let Ok(mut kept) = self.kept.lock() {
            if kept.len() >= KEPT_MOST {
                kept.clear();
            }
            kept.insert(address.to_owned(), Arc::clone(&chain));
        }
        Ok(chain)
    }

    /// Nothing but a name in one folder of one of PayPal's hosts: no other port, no way up, no query.
    fn is_at_paypals(&self, address: &str) -> bool {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.';
        self.places.iter().any(|place| {
            let rest = address.strip_prefix(place.as_str());
            let name = rest.and_then(|rest| rest.strip_prefix(FOLDER));
            name.is_some_and(|name| !name.starts_with('.') && name.chars().all(is_name))
        })
    }

    fn check_chain(&self, chain: &[CertificateDer<'static>], at: Timestamp) -> Result<(), Unheard> {
        let forged = Unheard::Forged("certificate");
        let (end, between) = chain.split_first().ok_or_else(|| forged.clone())?;
        let name = ServerName::try_from(self.signs_as).map_err(|_| forged.clone())?;
        let seconds = at.micros().div_euclid(MICROS_PER_SECOND);
        let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds.unsigned_abs()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let roots = self.roots.iter().cloned();
        let verifier = Verifier::new_with_extra_roots(roots, provider);
        let verifier = verifier.map_err(|error| {
            Unheard::Later(RailError::NotReached(format!("this machine's certificates: {error}")))
        })?;
        let checked = verifier.verify_server_cert(end, between, &name, &[], now);
        checked.map(drop).map_err(|_| forged)
    }
}

/// What a message says about its signature.
struct Signed<'a> {
    id: &'a str,
    time: &'a str,
    certificate: &'a str,
    signature: Vec<u8>,
}

impl<'a> Signed<'a> {
    fn read(headers: &'a HeaderMap) -> Option<Self> {
        let header = |name: &str| headers.get(name)?.to_str().ok();
        let signature = header("paypal-transmission-sig")?;
        let signature = base64::engine::general_purpose::STANDARD.decode(signature).ok()?;
        let is_known = header("paypal-auth-algo")?.eq_ignore_ascii_case("SHA256withRSA");
        is_known.then_some(Self {
            id: header("paypal-transmission-id")?,
            time: header("paypal-transmission-time")?,
            certificate: header("paypal-cert-url")?,
            signature,
        })
    }

    fn check_age(&self, now: Timestamp) -> Result<(), Unheard> {
        let sent = OffsetDateTime::parse(self.time, &Rfc3339);
        let sent = sent.map_err(|_| Unheard::Forged("malformed"))?;
        let micros = i64::try_from(sent.unix_timestamp_nanos() / 1_000);
        let sent = Timestamp::from_micros(micros.map_err(|_| Unheard::Forged("malformed"))?);
        let is_fresh = (-AHEAD_MOST..=AGE_MOST).contains(&now.micros_since(sent));
        if is_fresh { Ok(()) } else { Err(Unheard::Forged("stale")) }
    }

    fn text(&self, webhook_id: &str, body: &[u8]) -> String {
        format!("{}|{}|{webhook_id}|{}", self.id, self.time, crc32fast::hash(body))
    }
}

fn verify(chain: &[CertificateDer<'_>], text: &str, signature: &[u8]) -> Result<(), Unheard> {
    let forged = Unheard::Forged("signature");
    let end = chain.first().ok_or_else(|| forged.clone())?;
    let end = webpki::EndEntityCert::try_from(end).map_err(|_| Unheard::Forged("certificate"))?;
    let algorithm = webpki::aws_lc_rs::RSA_PKCS1_2048_8192_SHA256;
    end.verify_signature(algorithm, text.as_bytes(), signature).map_err(|_| forged)
}

#[derive(Deserialize)]
struct Event {
    event_type: String,
    resource: Resource,
}

#[derive(Deserialize)]
struct Resource {
    #[serde(default)]
    id: String,
    custom_id: Option<String>,
    dispute_id: Option<String>,
    #[serde(default)]
    disputed_transactions: Vec<DisputedTransaction>,
    #[serde(default)]
    links: Vec<Link>,
    /// Of a payout's item.
    sender_batch_id: Option<String>,
    payout_batch_id: Option<String>,
    /// Of a payout.
    batch_header: Option<BatchHeader>,
}

#[derive(Deserialize)]
struct BatchHeader {
    #[serde(default)]
    payout_batch_id: String,
    sender_batch_header: Option<SenderBatchHeader>,
}

#[derive(Deserialize)]
struct SenderBatchHeader {
    sender_batch_id: Option<String>,
}

#[derive(Deserialize)]
struct DisputedTransaction {
    invoice_number: Option<String>,
    custom: Option<String>,
}

/// The payout with the shop's own name, or with PayPal's.
fn payout(own: Option<String>, reference: Option<String>) -> Heard {
    let payout = own.and_then(|name| name.parse().ok());
    Heard::Payout { payout, reference: reference.unwrap_or_default() }
}

/// What a message says.
#[derive(Debug, PartialEq, Eq)]
pub enum Spoken {
    /// Whom it speaks of.
    Heard(Heard),
    /// It is about money that went back of this capture, which alone knows its charge.
    RefundOf(String),
}

/// Whom a message that is PayPal's speaks of (<https://developer.paypal.com/api/rest/webhooks/event-names/>).
///
/// # Errors
/// [`Unheard::Forged`] when it is no message at all.
pub fn heard(body: &[u8]) -> Result<Spoken, Unheard> {
    let event: Event = serde_json::from_slice(body).map_err(|_| Unheard::Forged("malformed"))?;
    let resource = event.resource;
    let by_id = |id: &Option<String>| id.as_ref()?.parse().ok().map(Which::Id);
    let heard = match event.event_type.as_str() {
        name if name.starts_with("CHECKOUT.ORDER.") => {
            Some(Heard::Charge(Which::Reference(resource.id)))
        }
        name if is_about_refund(name) => {
            let charge = by_id(&resource.custom_id).map(Heard::Refund);
            let capture = charge.is_none().then(|| capture_of(&resource.links)).flatten();
            if let Some(capture) = capture {
                return Ok(Spoken::RefundOf(capture));
            }
            charge
        }
        name if name.starts_with("PAYMENT.CAPTURE.") => {
            by_id(&resource.custom_id).map(Heard::Charge)
        }
        name if name.starts_with("CUSTOMER.DISPUTE.") => {
            let about = resource.disputed_transactions.first();
            let charge =
                about.and_then(|about| by_id(&about.invoice_number).or(by_id(&about.custom)));
            charge
                .zip(resource.dispute_id)
                .map(|(charge, dispute)| Heard::Dispute { charge, dispute })
        }
        name if name.starts_with("PAYMENT.PAYOUTS-ITEM.") => {
            Some(payout(resource.sender_batch_id, resource.payout_batch_id))
        }
        name if name.starts_with("PAYMENT.PAYOUTSBATCH.") => resource.batch_header.map(|header| {
            let own = header.sender_batch_header.and_then(|own| own.sender_batch_id);
            payout(own, Some(header.payout_batch_id))
        }),
        _ => None,
    };
    Ok(Spoken::Heard(heard.unwrap_or(Heard::Nothing)))
}

fn is_about_refund(event: &str) -> bool {
    let of_capture = ["PAYMENT.CAPTURE.REFUNDED", "PAYMENT.CAPTURE.REVERSED"].contains(&event);
    of_capture || event.starts_with("PAYMENT.REFUND.")
}

/// The capture of which a refund is: what its link upwards leads to.
fn capture_of(links: &[Link]) -> Option<String> {
    let up = links.iter().find(|link| link.rel == "up")?;
    Some(up.href.rsplit_once("/captures/")?.1.to_owned())
}
