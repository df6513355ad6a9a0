//! What other processes on the same server are told, and hear: to which authors something happened.

use super::connection;
use crate::ids::Chance;
use crate::store::StoreError;
use futures_util::{StreamExt as _, stream};
use ledger::{AuthorId, ShopId as _};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio_postgres::{AsyncMessage, Config, Notification};

/// The channel of the server's notifications.
pub(super) const CHANNEL: &str = "ardoise_news";
/// Authors named in one notification at most: the server takes 8,000 bytes.
const AUTHORS: usize = 300;
/// How long to wait before listening again, where the connection was lost. Whoever looks at gains meanwhile asks by itself.
const PAUSE: Duration = Duration::from_secs(1);

/// Who tells: a process that uses the server, whatever number of tills it has there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Teller(i64);

impl Teller {
    /// One that nobody else is.
    pub(super) fn new() -> Self {
        Self(i64::from_le_bytes(Chance::System.bytes()))
    }

    /// The news of this process, in words. Of very many authors only some are named: the others' pages look by themselves.
    pub(super) fn words(self, authors: &BTreeSet<AuthorId>) -> String {
        let authors = authors.iter().take(AUTHORS).map(|author| author.raw().to_string());
        format!("{} {}", self.0, authors.collect::<Vec<_>>().join(" "))
    }

    /// The authors that a notification names; none in what this process said itself, which it knows without.
    fn hears(self, words: &str) -> Vec<AuthorId> {
        let mut numbers = words.split(' ').filter_map(|word| word.parse().ok());
        if numbers.next().is_none_or(|teller| Self(teller) == self) {
            return Vec::new();
        }
        numbers.map(AuthorId::from_raw).collect()
    }
}

/// Passes on what other processes tell, for as long as somebody may hear it.
pub(super) async fn listen(
    config: Arc<Config>,
    own: Teller,
    news: broadcast::WeakSender<AuthorId>,
) {
    while news.strong_count() > 0 {
        if let Err(error) = hear(&config, own, &news).await {
            tracing::debug!(%error, "news of other processes are not heard");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Hears until the connection is lost, or nobody listens here any more.
async fn hear(
    config: &Config,
    own: Teller,
    news: &broadcast::WeakSender<AuthorId>,
) -> Result<(), StoreError> {
    let (client, mut connection) = connection::reach(config).await?;
    let mut messages = stream::poll_fn(move |context| connection.poll_message(context));
    let asked = client.batch_execute("listen ardoise_news");
    let mut asked = std::pin::pin!(asked);
    let mut is_asked = false;
    loop {
        tokio::select! {
            done = &mut asked, if !is_asked => {
                done?;
                is_asked = true;
            }
            message = messages.next() => match message {
                None => return Ok(()),
                Some(message) => {
                    if let AsyncMessage::Notification(said) = message? {
                        let Some(news) = news.upgrade() else { return Ok(()) };
                        pass_on(&said, own, &news);
                    }
                }
            },
        }
    }
}

fn pass_on(said: &Notification, own: Teller, news: &broadcast::Sender<AuthorId>) {
    for author in own.hears(said.payload()) {
        // Nobody may be looking just now.
        let _ = news.send(author);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_are_heard_and_never_oneself() {
        let authors: BTreeSet<AuthorId> = [7, i64::MAX].map(AuthorId::from_raw).into();
        let [one, other] = [Teller::new(), Teller::new()];
        let words = one.words(&authors);
        assert_eq!(other.hears(&words), authors.iter().copied().collect::<Vec<_>>());
        assert_eq!(one.hears(&words), []);
        assert_eq!(one.hears("what somebody else said"), []);
    }

    #[test]
    fn any_number_of_authors_can_be_told() {
        let authors: BTreeSet<AuthorId> =
            (0..100_000).map(|at| AuthorId::from_raw(i64::MAX - at)).collect();
        assert!(Teller(i64::MIN).words(&authors).len() < 8_000);
    }
}
