//! Over real connections: who says nothing is not waited for, and who asks is answered while others say nothing.

use crate::forms::Form;
use crate::selling::{downloads, sell, take};
use crate::shop::TestApp;
use ardoise::connections::{Limits, serve};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const SOON: Duration = Duration::from_millis(100);
const NEVER: Duration = Duration::from_secs(60);

/// Limits that no story here reaches.
const PATIENT: Limits = Limits { connections: 100, head: NEVER, body: NEVER, answer: NEVER };

/// A shop that is served on a port of this machine.
struct Served {
    address: SocketAddr,
    end: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Served {
    async fn new(shop: &TestApp, limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (end, ended) = oneshot::channel();
        let asked = async { drop(ended.await) };
        let serving = tokio::spawn(serve(listener, shop.router(), limits, asked));
        Self { address, end, serving }
    }

    /// Connects and sends these bytes.
    async fn say(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.expect("connects");
        stream.write_all(bytes).await.expect("sent");
        stream
    }

    async fn close(self) {
        self.end.send(()).expect("it still serves");
        self.serving.await.expect("it ends well");
    }
}

/// Everything that comes until the other side closes.
async fn read(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    // A connection that is cut off may end with an error; what came before counts.
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8(bytes).expect("UTF-8")
}

/// Ends the request that `GET /` began, and makes many more on the same connection, each answered before the next.
async fn is_answered_often(stream: &mut TcpStream) {
    let mut rest = &b"health HTTP/1.1\r\nHost: shop\r\n\r\n"[..];
    for _ in 0..100 {
        stream.write_all(rest).await.expect("sent");
        let mut answer = Vec::new();
        while !answer.ends_with(b"ok\n") {
            assert!(
                stream.read_buf(&mut answer).await.expect("it stays open") > 0,
                "it was closed"
            );
        }
        rest = b"GET /health HTTP/1.1\r\nHost: shop\r\n\r\n";
    }
}

const HEALTH: &[u8] = b"GET /health HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn who_says_nothing_or_stops_in_the_middle_of_a_head_is_not_waited_for() {
    let shop = TestApp::open();
    let served = Served::new(&shop, Limits { head: SOON, ..PATIENT }).await;
    for beginning in [&b""[..], b"GET /", b"GET / HTTP/1.1\r\nHost: shop\r\nX-Slow: "] {
        let stream = served.say(beginning).await;
        assert_eq!(read(stream).await, "", "{beginning:?}");
    }
    // Also between two requests.
    let stream = served.say(b"GET /health HTTP/1.1\r\nHost: shop\r\n\r\n").await;
    assert!(read(stream).await.ends_with("ok\n"));
    served.close().await;
}

#[tokio::test]
async fn who_stops_in_the_middle_of_a_form_is_told_so() {
    let shop = TestApp::open();
    let served = Served::new(&shop, Limits { body: SOON, ..PATIENT }).await;
    let head = "POST /l/x/buy HTTP/1.1\r\nHost: shop\r\nContent-Length: 100\r\n\r\npurchase=";
    let answer = read(served.say(head.as_bytes()).await).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("request.timeout"), "{answer}");
    served.close().await;
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let shop = TestApp::open();
    let served = Served::new(&shop, PATIENT).await;
    let head = format!("GET / HTTP/1.1\r\nHost: shop\r\nX-Long: {}\r\n\r\n", "x".repeat(40_000));
    let answer = read(served.say(head.as_bytes()).await).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    served.close().await;
}

#[tokio::test]
async fn a_slow_form_that_goes_on_is_read() {
    let shop = TestApp::open();
    let served = Served::new(&shop, Limits { body: NEVER, ..PATIENT }).await;
    let head =
        "POST /language HTTP/1.1\r\nHost: shop\r\nContent-Length: 9\r\nConnection: close\r\n\r\n";
    let mut stream = served.say(head.as_bytes()).await;
    for byte in b"locale=fr" {
        stream.write_all(&[*byte]).await.expect("sent");
        stream.flush().await.expect("sent");
    }
    let answer = read(stream).await;
    assert!(answer.starts_with("HTTP/1.1 303 "), "{answer}");
    served.close().await;
}

#[tokio::test]
async fn no_more_connect_than_there_are_seats_and_a_seat_that_is_left_is_taken() {
    let shop = TestApp::open();
    let served = Served::new(&shop, Limits { connections: 2, ..PATIENT }).await;
    let (first, mut second) = (served.say(b"GET /").await, served.say(b"GET /").await);
    let third = served.say(HEALTH).await;
    let mut answer = Box::pin(read(third));
    tokio::select! {
        biased;
        answer = &mut answer => panic!("a third was let in: {answer}"),
        // Whoever has a seat is answered meanwhile, again and again, so the third has had the time for it.
        () = is_answered_often(&mut second) => {}
    }
    drop(first);
    assert!(answer.await.ends_with("ok\n"));
    drop(second);
    served.close().await;
}

#[tokio::test]
async fn readers_are_served_while_others_hold_connections_open() {
    let shop = TestApp::open();
    let served = Served::new(&shop, PATIENT).await;
    let mut held = Vec::new();
    for _ in 0..50 {
        held.push(served.say(b"POST /l/x/buy HTTP/1.1\r\nHost: shop\r\nContent-Le").await);
    }
    assert!(read(served.say(HEALTH).await).await.ends_with("ok\n"));
    drop(held);
    served.close().await;
}

#[tokio::test]
async fn a_shop_that_closes_lets_requests_under_way_end() {
    let shop = TestApp::open();
    let served = Served::new(&shop, PATIENT).await;
    let head = "POST /language HTTP/1.1\r\nHost: shop\r\nContent-Length: 9\r\n\r\nlocale=";
    let mut slow = served.say(head.as_bytes()).await;
    // Once this is answered, the slow one before it has been accepted, too.
    assert!(read(served.say(HEALTH).await).await.ends_with("ok\n"));
    let Served { end, serving, .. } = served;
    end.send(()).expect("it still serves");
    slow.write_all(b"fr").await.expect("sent");
    assert!(read(slow).await.starts_with("HTTP/1.1 303 "));
    serving.await.expect("it ends well");
}

/// More than the machine keeps on the way between two ends.
const LARGE: usize = 24 << 20;

/// A shop with a large file, and the request of Ben, who has it.
async fn large_file(shop: &TestApp) -> String {
    let (_, mut ada) = shop.ada().await;
    let form = Form::selling("Tides", "0.20").file("files", "tides.bin", &vec![7; LARGE]);
    let (_, slug) = sell(shop, &mut ada, form).await;
    let mut ben = shop.browser();
    let page = take(&mut ben, &slug).await;
    let (file, tab) = (&downloads(&page)[0], &ben.cookies["ardoise_tab"]);
    format!("GET {file} HTTP/1.1\r\nHost: shop\r\nCookie: ardoise_tab={tab}\r\n\r\n")
}

impl Served {
    /// Asks and takes the first byte of the answer, with little room for the rest.
    async fn begins_to_read(&self, request: &str) -> TcpStream {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4_096).expect("a small one");
        let mut stream = socket.connect(self.address).await.expect("connects");
        stream.write_all(request.as_bytes()).await.expect("sent");
        assert_eq!(stream.read_u8().await.expect("it begins"), b'H');
        stream
    }
}

#[tokio::test]
async fn who_takes_nothing_of_an_answer_is_cut_off_and_leaves_the_seat() {
    let shop = TestApp::open();
    let request = large_file(&shop).await;
    let limits = Limits { connections: 1, answer: SOON, ..PATIENT };
    let served = Served::new(&shop, limits).await;
    let mut idle = served.begins_to_read(&request).await;
    // The only seat is taken until then.
    assert!(read(served.say(HEALTH).await).await.ends_with("ok\n"));
    let mut rest = Vec::new();
    let _ = idle.read_to_end(&mut rest).await;
    assert!(rest.len() < LARGE, "all of it came");
    served.close().await;
}

#[tokio::test]
async fn a_slow_reader_gets_all_of_it() {
    let shop = TestApp::open();
    let request = large_file(&shop).await;
    let served = Served::new(&shop, Limits { answer: NEVER, ..PATIENT }).await;
    let mut slow = served.begins_to_read(&request).await;
    let (mut taken, mut piece) = (0, vec![0; 4_096]);
    while taken < LARGE {
        taken += slow.read(&mut piece).await.expect("it goes on");
    }
    drop(slow);
    served.close().await;
}

#[tokio::test]
async fn readers_who_take_nothing_hold_neither_the_till_nor_the_store() {
    let shop = TestApp::open();
    let request = large_file(&shop).await;
    let (ada, _) = shop.author("Zoe").await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let served = Served::new(&shop, PATIENT).await;
    let mut slow = Vec::new();
    // More than there are connections to any store.
    for _ in 0..40 {
        slow.push(served.begins_to_read(&request).await);
        slow.push(
            served
                .say(b"POST /l/x/buy HTTP/1.1\r\nHost: shop\r\nContent-Length: 99\r\n\r\np")
                .await,
        );
    }
    assert!(read(served.say(HEALTH).await).await.ends_with("ok\n"));
    let mut ben = shop.program();
    assert_eq!(ben.tap(&slug).await.json()["total"]["amount"], "0.200000");
    drop(slow);
    served.close().await;
}
