//! Hands one letter to the operator's server, and says what came of it in a short word.

use super::letter::Written;
use super::settings::{MailSettings, Privacy};
use lettre::message::{Mailbox, MultiPart, header};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{AsyncSmtpTransport, Error as SmtpError};
use lettre::{Address, AsyncTransport as _, Message, Tokio1Executor};
use std::time::{Duration, SystemTime};

/// How long the server may let the shop wait, in each step.
const PATIENCE: Duration = Duration::from_secs(20);
/// Statuses with which a server refuses the shop, and not the letter (RFC 4954, section 6).
const REFUSES_THE_SHOP: [u16; 5] = [454, 530, 534, 535, 538];

/// What came of sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The server has it, and answers for it from now on.
    Taken,
    /// The server will never take it: its status.
    Refused(String),
    /// It did not take it now: its status, or `connect`, `timeout`, `tls`, `dropped`, `unwritten`.
    Failed(String),
}

/// Sends letters.
#[derive(Clone)]
pub struct Post {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Post {
    /// A post by these settings; `url` is where the shop is.
    ///
    /// # Errors
    /// When the machine's certificates cannot be read, in words for the operator.
    pub fn new(settings: &MailSettings, url: &str) -> Result<Self, String> {
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port)
            .timeout(Some(PATIENCE))
            .hello_name(ClientId::Domain(host(url).to_owned()))
            .tls(tls(settings).map_err(|error| error.to_string())?);
        if let Some((user, password)) = &settings.login {
            builder =
                builder.credentials(Credentials::new(user.clone(), password.reveal().to_owned()));
        }
        Ok(Self { transport: builder.build(), from: settings.from.clone() })
    }

    /// Sends a letter once.
    pub async fn send(&self, to: Address, written: &Written) -> Outcome {
        let Ok(message) = self.message(to, written) else {
            return Outcome::Refused("unwritten".into());
        };
        match self.transport.send(message).await {
            Ok(_) => Outcome::Taken,
            Err(error) => judge(&error),
        }
    }

    /// Connects and signs in; sends nothing.
    ///
    /// # Errors
    /// Why not: a short word.
    pub async fn check(&self) -> Result<(), String> {
        match self.transport.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err("dropped".into()),
            Err(error) => Err(word(&error)),
        }
    }

    fn message(&self, to: Address, written: &Written) -> Result<Message, lettre::error::Error> {
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(&written.subject)
            .date(written.date())
            .message_id(Some(written.id.clone()))
            // No machine answers it (RFC 3834).
            .raw_header(plain("Auto-Submitted", "auto-generated".into()));
        if let Some(reply) = &written.reply_to {
            builder = builder.reply_to(Mailbox::new(None, reply.clone()));
        }
        if let Some(stop) = &written.stop {
            // One click ends it (RFC 8058).
            builder = builder
                .raw_header(plain("List-Unsubscribe", format!("<{stop}>")))
                .raw_header(plain("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".into()));
        }
        builder.multipart(MultiPart::alternative_plain_html(
            written.text.clone(),
            written.html.clone(),
        ))
    }
}

fn plain(name: &'static str, value: String) -> header::HeaderValue {
    header::HeaderValue::new(header::HeaderName::new_from_ascii_str(name), value)
}

impl Written {
    fn date(&self) -> SystemTime {
        let micros = u64::try_from(self.told_at.micros()).unwrap_or(0);
        SystemTime::UNIX_EPOCH + Duration::from_micros(micros)
    }
}

fn tls(settings: &MailSettings) -> Result<Tls, SmtpError> {
    if settings.privacy == Privacy::Plain {
        return Ok(Tls::None);
    }
    let mut parameters = TlsParameters::builder(settings.host.clone());
    for root in &settings.roots {
        parameters = parameters.add_root_certificate(root.clone());
    }
    let parameters = parameters.build_rustls()?;
    Ok(match settings.privacy {
        Privacy::Tls => Tls::Wrapper(parameters),
        Privacy::StartTls | Privacy::Plain => Tls::Required(parameters),
    })
}

/// The host of an address of the shop.
pub fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    if host.is_empty() || host.starts_with('[') { "localhost" } else { host }
}

fn judge(error: &SmtpError) -> Outcome {
    let status = error.status().map(u16::from);
    let is_about_the_shop = status.is_some_and(|status| REFUSES_THE_SHOP.contains(&status));
    if error.is_permanent() && !is_about_the_shop {
        Outcome::Refused(word(error))
    } else {
        Outcome::Failed(word(error))
    }
}

/// What went wrong; nothing of what the server said, which may repeat the reader's address.
fn word(error: &SmtpError) -> String {
    match error.status() {
        Some(status) => status.to_string(),
        None if error.is_timeout() => "timeout".into(),
        None if error.is_tls() => "tls".into(),
        None if error.is_response() || error.is_client() => "dropped".into(),
        None => "connect".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shop_introduces_itself_by_its_host() {
        for (url, expected) in [
            ("https://shop.example", "shop.example"),
            ("http://localhost:8080", "localhost"),
            ("http://[::1]:8080", "localhost"),
        ] {
            assert_eq!(host(url), expected);
        }
    }
}
