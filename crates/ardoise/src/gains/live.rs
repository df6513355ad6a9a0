//! The live numbers of the gains page, as server-sent events.

use super::http::{bought, kept, undone};
use super::{Gains, gains};
use crate::app::{App, Shared};
use crate::pages::gains::Period;
use crate::pages::locale::Arg;
use crate::pages::{Locale, format};
use crate::store::{StoreError, books};
use axum::response::sse::Event;
use futures_util::stream::{self, Stream};
use ledger::AuthorId;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::{broadcast, watch};
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Between two events, so that a crowd of readers is two events a second.
const APART: Duration = Duration::from_millis(500);
/// How often the journal is looked at for what another process wrote, such as `ardoise settle`.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The numbers now, then again whenever they have changed; ends when the shop closes.
pub fn events(
    app: Shared,
    author: AuthorId,
    locale: Locale,
    period: Period,
) -> impl Stream<Item = Result<Event, Infallible>> + Send + 'static {
    let (mut apart, mut look) = (interval(APART), interval(LOOK_EVERY));
    for pace in [&mut apart, &mut look] {
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    }
    let listener = Listener {
        news: app.store.till().news(),
        closing: app.closing(),
        apart,
        look,
        seen: None,
        told: String::new(),
        asked: Asked { author, locale, period },
        app,
    };
    stream::unfold(listener, |mut listener| async {
        let event = listener.next().await?;
        Some((Ok(event), listener))
    })
}

#[derive(Clone, Copy)]
struct Asked {
    author: AuthorId,
    locale: Locale,
    period: Period,
}

struct Listener {
    app: Shared,
    asked: Asked,
    news: broadcast::Receiver<AuthorId>,
    closing: watch::Receiver<bool>,
    apart: Interval,
    look: Interval,
    /// The newest transfer that was looked at.
    seen: Option<i64>,
    /// What was told last.
    told: String,
}

impl Listener {
    /// The next event; none when the shop closes.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let mut closing = self.closing.clone();
            tokio::select! {
                _ = closing.wait_for(|closing| *closing) => return None,
                heard = self.hear() => heard?,
            }
            // What came while waiting is in what is read now; what comes from here on is heard the next time.
            self.news = self.news.resubscribe();
            let texts = match texts(&self.app, self.asked).await {
                Ok(texts) => texts,
                Err(error) => {
                    tracing::warn!(%error, "the live gains could not be read");
                    return None;
                }
            };
            if texts != self.told {
                self.told.clone_from(&texts);
                return Some(Event::default().data(texts));
            }
        }
    }

    /// Waits until something may have changed, and until it may be told; none when the till has stopped.
    async fn hear(&mut self) -> Option<()> {
        while !self.told.is_empty() {
            tokio::select! {
                news = self.news.recv() => match news {
                    Ok(author) if author != self.asked.author => continue,
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => break,
                    Err(broadcast::error::RecvError::Closed) => return None,
                },
                _ = self.look.tick() => {
                    let newest = self.app.store.read(books::transfers).await.ok();
                    if std::mem::replace(&mut self.seen, newest) != newest {
                        break;
                    }
                }
            }
        }
        self.apart.tick().await;
        Some(())
    }
}

/// Names and texts as the page shows them, in one JSON object.
async fn texts(app: &App, asked: Asked) -> Result<String, StoreError> {
    let gains = gains(app, asked.author, asked.period).await?;
    Ok(serde_json::Value::Object(named(&gains, asked.locale)).to_string())
}

fn named(gains: &Gains, locale: Locale) -> serde_json::Map<String, serde_json::Value> {
    let earned = |amount| format::earned(locale, amount);
    let mut named = serde_json::Map::new();
    let mut put = |name: String, text: String| {
        named.insert(name, text.into());
    };
    put("today".into(), earned(gains.today.share));
    put("week".into(), earned(gains.week.share));
    put("bought".into(), format::percent(locale, bought(&gains.period)));
    put("undone".into(), format::percent(locale, undone(&gains.period)));
    put("pending".into(), earned(gains.pending));
    put("available".into(), earned(gains.available));
    put("paid-out".into(), earned(gains.paid_out));
    put("under-way".into(), earned(gains.under_way));
    put("rail-fees".into(), earned(gains.rail_fees));
    for (work, _, figures) in &gains.works {
        let net = [("amount", Arg::Word(earned(figures.share)))];
        let kept = [("count", Arg::Count(kept(figures)))];
        put(format!("gross-{work}"), format::money(locale, figures.gross));
        put(format!("net-{work}"), locale.text_with("for-you", &net).into_owned());
        put(format!("kept-{work}"), locale.text_with("kept", &kept).into_owned());
    }
    named
}
