//! What the settings say about letters.

use crate::rails::secret::Secret;
use crate::settings::{SettingsError, Values};
use lettre::message::Mailbox;
use lettre::transport::smtp::client::Certificate;
use std::net::IpAddr;

/// How the way to the server is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privacy {
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// TLS after STARTTLS; nothing is sent before.
    StartTls,
    /// None: the server is on this machine, or the operator says so.
    Plain,
}

/// Through which server letters go, and from whom.
#[derive(Clone)]
pub struct MailSettings {
    /// The server's host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is kept private.
    pub privacy: Privacy,
    /// From whom letters are.
    pub from: Mailbox,
    /// Who the shop is to the server; none where it does not ask.
    pub login: Option<(String, Secret)>,
    /// Roots that are trusted besides the machine's own.
    pub roots: Vec<Certificate>,
}

impl std::fmt::Debug for MailSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = (&self.host, self.port, self.privacy);
        f.debug_struct("MailSettings").field("place", &place).finish_non_exhaustive()
    }
}

impl MailSettings {
    /// Reads and checks them; none where no server is set.
    ///
    /// # Errors
    /// [`SettingsError::Value`].
    pub fn read(values: &Values, shop_name: &str) -> Result<Option<Self>, SettingsError> {
        const SERVER: &str = "mail.server";
        if values.words(SERVER).is_empty() {
            return Ok(None);
        }
        let may_be_plain = values.truth("mail.plain")?;
        let wanted =
            "an address such as smtps://mail.example or smtp://mail.example:587, without a user";
        let place = place(&values.words(SERVER), may_be_plain);
        let (host, port, privacy) = place.ok_or_else(|| values.wrong(SERVER, wanted))?;
        Ok(Some(Self {
            host,
            port,
            privacy,
            from: from(values, shop_name)?,
            login: login(values)?,
            roots: roots(values)?,
        }))
    }
}

fn place(server: &str, may_be_plain: bool) -> Option<(String, u16, Privacy)> {
    let uri: http::Uri = server.parse().ok()?;
    let authority = uri.authority()?;
    if authority.as_str().contains('@') || !matches!(uri.path(), "" | "/") || uri.query().is_some()
    {
        return None;
    }
    let host = authority.host().trim_matches(['[', ']']).to_owned();
    let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    let (privacy, port) = match uri.scheme_str()? {
        "smtps" => (Privacy::Tls, 465),
        "smtp" if is_here || may_be_plain => (Privacy::Plain, 25),
        "smtp" => (Privacy::StartTls, 587),
        _ => return None,
    };
    let port = if authority.as_str().ends_with(':') {
        None
    } else {
        Some(authority.port_u16().unwrap_or(port))
    };
    (!host.is_empty()).then_some((host, port?, privacy))
}

fn from(values: &Values, shop_name: &str) -> Result<Mailbox, SettingsError> {
    const FROM: &str = "mail.from";
    let address = super::read_address(values.get(FROM), FROM);
    let address =
        address.map_err(|_| values.wrong(FROM, "an address such as shop@shop.example"))?;
    // A name with a line break in it cannot stand in a header.
    Ok(Mailbox::new(Some(shop_name.replace(char::is_control, " ")), address))
}

fn login(values: &Values) -> Result<Option<(String, Secret)>, SettingsError> {
    let (user, password) =
        (values.words("mail.user"), values.secret("mail.password", "mail.password_file")?);
    match (user.is_empty(), password) {
        (true, None) => Ok(None),
        (false, Some(password)) => Ok(Some((user, password))),
        (true, Some(_)) => Err(values.wrong("mail.user", "set, though there is a password")),
        (false, None) => Err(values.wrong("mail.password", "set, though there is a user")),
    }
}

fn roots(values: &Values) -> Result<Vec<Certificate>, SettingsError> {
    const ROOTS: &str = "mail.certificates";
    let path = values.words(ROOTS);
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let wrong = || values.wrong(ROOTS, "a file of certificates in PEM");
    let pem = std::fs::read(&path).map_err(|_| wrong())?;
    Ok(vec![Certificate::from_pem(&pem).map_err(|_| wrong())?])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<Option<MailSettings>, String> {
        let mut values = Values::default();
        for (key, value) in set {
            values.set("here", key, (*value).to_owned()).expect("known");
        }
        MailSettings::read(&values, "La Fabrique").map_err(|error| match error {
            SettingsError::Value { key, .. } | SettingsError::SecretFile { key, .. } => key.into(),
            other => other.to_string(),
        })
    }

    const FROM: (&str, &str) = ("mail.from", "shop@shop.example");

    #[test]
    fn nothing_leaves_in_the_clear_unless_it_stays_here_or_the_operator_says_so() {
        let place = |server: &str, plain: &str| {
            let read = read(&[("mail.server", server), FROM, ("mail.plain", plain)]);
            read.expect("sound").map(|on| (on.host, on.port, on.privacy))
        };
        let at = |host: &str, port, privacy| Some((host.to_owned(), port, privacy));
        assert_eq!(place("smtps://mail.example", "false"), at("mail.example", 465, Privacy::Tls));
        assert_eq!(
            place("smtp://mail.example", "false"),
            at("mail.example", 587, Privacy::StartTls)
        );
        assert_eq!(place("smtp://localhost:2525", "false"), at("localhost", 2525, Privacy::Plain));
        assert_eq!(place("smtp://[::1]", "false"), at("::1", 25, Privacy::Plain));
        assert_eq!(place("smtp://mail.example:26", "true"), at("mail.example", 26, Privacy::Plain));
        assert_eq!(place("", "false"), None);
    }

    #[test]
    fn what_cannot_be_is_refused_by_its_key() {
        let server = ("mail.server", "smtps://mail.example");
        for bad in [
            "mail.example",
            "https://mail.example",
            "smtps://ben:hush@mail.example",
            "smtps://",
            "smtp://mail.example/in",
        ] {
            assert_eq!(read(&[("mail.server", bad), FROM]).expect_err(bad), "mail.server");
        }
        assert_eq!(read(&[server]).expect_err("nobody"), "mail.from");
        assert_eq!(
            read(&[server, ("mail.from", "x\r\nBcc: y@z.example")]).expect_err("two"),
            "mail.from"
        );
        assert_eq!(
            read(&[server, FROM, ("mail.user", "shop")]).expect_err("half"),
            "mail.password"
        );
        assert_eq!(
            read(&[server, FROM, ("mail.password", "hush")]).expect_err("half"),
            "mail.user"
        );
        assert_eq!(
            read(&[server, FROM, ("mail.certificates", "/nowhere")]).expect_err("none"),
            "mail.certificates"
        );
        let whole = read(&[server, FROM, ("mail.user", "shop"), ("mail.password", "hush")]);
        let whole = whole.expect("sound").expect("on");
        assert!(!format!("{whole:?}").contains("hush"));
        assert_eq!(whole.from.to_string(), "La Fabrique <shop@shop.example>");
    }
}
