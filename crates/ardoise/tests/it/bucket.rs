//! A real server that speaks S3, by somebody else, for the stories about files in a bucket.

use ardoise::works::storage::Location;
use ardoise::works::storage::location::BucketLocation;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Key and secret of everybody there.
pub const KEY: &str = "S3RVER";
/// The bucket.
pub const BUCKET: &str = "shop";

struct Peer {
    port: u16,
    /// The server ends when this end of its standard input is closed, with this process.
    _server: Child,
}

static PEER: LazyLock<Peer> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/s3");
    let how = "the S3 server of the tests is missing: `npm ci --prefix tests/s3` (Node from Debian's package `nodejs`)";
    assert!(folder.join("node_modules").exists(), "{how}");
    let command = Command::new("node")
        .arg(folder.join("serve.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut server = command.unwrap_or_else(|error| panic!("{how}: {error}"));
    let said = server.stdout.take().expect("a pipe");
    let mut line = String::new();
    BufReader::new(said).read_line(&mut line).expect("it says its port");
    let port = line.trim().parse().unwrap_or_else(|_| panic!("{how}: it said {line:?}"));
    Peer { port, _server: server }
});

/// Where the server is.
pub fn endpoint() -> String {
    format!("http://127.0.0.1:{}", PEER.port)
}

/// A folder of its own in the bucket, for one story.
pub fn fresh() -> String {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    format!("s3://{BUCKET}/{}-{number}", std::process::id())
}

/// The settings that keep files at `files` on the server at `endpoint`.
pub fn settings<'a>(files: &'a str, endpoint: &'a str) -> [(&'a str, &'a str); 4] {
    [("files", files), ("s3.endpoint", endpoint), ("s3.key_id", KEY), ("s3.secret", KEY)]
}

/// A bucket of the server at `endpoint`.
pub fn location(endpoint: &str, bucket: &str, secret: &str) -> Location {
    let path = fresh();
    Location::Bucket(Box::new(BucketLocation {
        bucket: bucket.into(),
        prefix: format!("{}/", path.rsplit('/').next().expect("a folder")),
        base: format!("{endpoint}/{bucket}"),
        region: "us-east-1".into(),
        key_id: KEY.into(),
        secret: secret.into(),
    }))
}
