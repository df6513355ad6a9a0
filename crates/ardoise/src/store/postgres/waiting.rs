//! Waiting for the server, and no longer than is right.
//!
//! A server that is gone says so at once. One that hangs says nothing: a machine that stopped, a lock that somebody
//! holds, a commit that waits for a standby which never comes. Whoever waits for such a server waits for ever, and
//! everybody behind them too; so each answer has its time, here as well as on the server, which is told to give up a
//! little sooner where it still can ([`LIMITS`]).

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// How long one answer of the server may take. Readers are told within ten seconds, and a batch may be asked twice.
pub(super) const ANSWER: Duration = Duration::from_secs(4);
/// What a connection tells the server: to give a statement up before nobody waits for it any more, so that the
/// connection can be used again. It does not count for a commit, which is only given up here.
pub(super) const LIMITS: &str = "set statement_timeout = '3s'; set lock_timeout = '2s'";

/// Wakes a thread that waits.
struct Parked(Thread);

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits in this thread until the server has answered, for so long at most where there is a limit.
///
/// Tokio makes a task that has done much wait for the next turn of its thread, which never comes while the thread waits
/// here: so whatever of tokio's is waited for is told not to.
pub(super) fn wait<F: Future>(answer: F, most: Option<Duration>) -> Option<F::Output> {
    let mut answer = pin!(tokio::task::unconstrained(answer));
    let waker = Waker::from(Arc::new(Parked(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let since = Since::now();
    loop {
        if let Poll::Ready(answered) = answer.as_mut().poll(&mut context) {
            return Some(answered);
        }
        // A thread may be woken for nothing: then it looks, and waits on.
        match most.map(|most| since.left_of(most)) {
            None => std::thread::park(),
            Some(Duration::ZERO) => return None,
            Some(left) => std::thread::park_timeout(left),
        }
    }
}

/// How long something has taken. It says nothing about what time it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Since(Instant);

impl Since {
    /// From now on.
    pub(super) fn now() -> Self {
        Self(Instant::now())
    }

    /// What is left of a time that began then.
    pub(super) fn left_of(self, time: Duration) -> Duration {
        time.saturating_sub(self.0.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_there_is_taken_and_one_that_never_comes_is_given_up() {
        assert_eq!(wait(async { 7 }, Some(Duration::ZERO)), Some(7));
        let never = std::future::pending::<()>();
        assert_eq!(wait(never, Some(Duration::from_millis(1))), None);
    }

    #[test]
    fn an_answer_that_comes_late_wakes_the_thread() {
        for most in [None, Some(Duration::from_secs(60))] {
            let (tell, told) = tokio::sync::oneshot::channel();
            let teller = std::thread::spawn(move || tell.send(7));
            assert_eq!(wait(told, most), Some(Ok(7)));
            assert_eq!(teller.join().expect("told"), Ok(()));
        }
    }
}
