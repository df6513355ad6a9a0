//! What goes to the database and back is encrypted where the address says so, and only with the server that it names.

use crate::engine::OwnServer;
use crate::program::{Program, Ran, Serving};
use std::path::Path;
use std::process::Command;

/// The program, told of a store and of the certificates that this machine trusts.
fn told(program: &Program, words: &[&str], url: &str, trusted: Option<&Path>) -> Command {
    let mut command = program.command(words);
    command.env("ARDOISE_STORE", url);
    if let Some(trusted) = trusted {
        command.env("SSL_CERT_FILE", trusted);
    }
    command
}

fn refused(program: &Program, url: &str, trusted: Option<&Path>) -> String {
    let output = told(program, &["serve", "--listen", "127.0.0.1:0"], url, trusted).output();
    let output = output.expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let code = output.status.code().expect("it ended by itself");
    Ran { code, out: text(output.stdout), err: text(output.stderr) }.refused(1)
}

#[tokio::test]
async fn a_server_is_asked_only_by_its_name_and_with_a_certificate_that_is_trusted() {
    let Some(server) = OwnServer::where_wanted() else { return };
    let (url, certificate) = server.secure("localhost");
    let program = Program::embedded();
    let trusted = Some(certificate.as_path());
    // The certificate is for another name.
    let other = url.replace("@localhost:", "@127.0.0.1:");
    for mode in ["require", "verify-full"] {
        let why = refused(&program, &format!("{other}?sslmode={mode}"), trusted);
        assert!(why.contains("certificate"), "{why}");
        // Nobody vouches for it.
        let why = refused(&program, &format!("{url}?sslmode={mode}"), None);
        assert!(why.contains("certificate"), "{why}");
    }
    // It lets nobody in who does not encrypt.
    let why = refused(&program, &format!("{url}?sslmode=disable"), trusted);
    assert!(why.contains("no encryption"), "{why}");
    for mode in ["require", "verify-full"] {
        let url = format!("{url}?sslmode={mode}");
        let words = ["serve", "--listen", "127.0.0.1:0"];
        let shop = Serving::start(told(&program, &words, &url, trusted));
        assert!(shop.reader().await.get("/").await.contains("Nothing on the shelves yet"));
    }
}
