//! What other processes on the same server are told, and hear: to which authors something happened.

use super::connection;
use crate::store::StoreError;
use crate::till::TillNumber;
use futures_util::{StreamExt as _, stream};
use ledger::{AuthorId, ShopId as _};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::broadcast;
use tokio_postgres::{AsyncMessage, Config, Notification};

/// The channel of the server's notifications.
pub(super) const CHANNEL: &str = "ardoise_news";
/// Authors named in one notification at most: the server takes 8,000 bytes.
const AUTHORS: usize = 300;
/// How long to wait before listening again, where the connection was lost. Whoever looks at gains meanwhile asks by itself.
const PAUSE: Duration = Duration::from_secs(1);

/// The news of a till, in words. Of very many authors only some are named: the others' pages look by themselves.
pub(super) fn written(till: TillNumber, authors: &BTreeSet<AuthorId>) -> String {
    let authors = authors.iter().take(AUTHORS).map(|author| author.raw().to_string());
    format!("{} {}", till.0, authors.collect::<Vec<_>>().join(" "))
}

/// The authors that a notification names; none in what this till said itself.
fn read(words: &str, own: i64) -> Vec<AuthorId> {
    let mut numbers = words.split(' ').filter_map(|word| word.parse().ok());
    if numbers.next().is_none_or(|till: i64| till == own) {
        return Vec::new();
    }
    numbers.map(AuthorId::from_raw).collect()
}

/// Passes on what other tills tell, for as long as somebody may hear it.
pub(super) async fn listen(
    config: Arc<Config>,
    own: Arc<AtomicI64>,
    news: broadcast::WeakSender<AuthorId>,
) {
    while news.strong_count() > 0 {
        if let Err(error) = hear(&config, &own, &news).await {
            tracing::debug!(%error, "news of other processes are not heard");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Hears until the connection is lost, or nobody listens here any more.
async fn hear(
    config: &Config,
    own: &AtomicI64,
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
                        pass_on(&said, own.load(Ordering::Relaxed), &news);
                    }
                }
            },
        }
    }
}

fn pass_on(said: &Notification, own: i64, news: &broadcast::Sender<AuthorId>) {
    for author in read(said.payload(), own) {
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
        let words = written(TillNumber(3), &authors);
        assert_eq!(read(&words, 4), authors.iter().copied().collect::<Vec<_>>());
        assert_eq!(read(&words, 3), []);
        assert_eq!(read("what somebody else said", 3), []);
    }

    #[test]
    fn any_number_of_authors_can_be_told() {
        let authors: BTreeSet<AuthorId> =
            (0..100_000).map(|at| AuthorId::from_raw(i64::MAX - at)).collect();
        assert!(written(TillNumber(1_000), &authors).len() < 8_000);
    }
}
