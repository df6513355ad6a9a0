//! The commands of the one binary, one file each.

/// Prints a line. Whoever reads may have gone away (`ardoise doctor | head -1`): that is no reason to stop.
macro_rules! say {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($words)*);
    }};
}

mod backup;
mod check_books;
mod demo;
mod doctor;
mod ecash;
mod import_bank;
mod invite;
mod move_store;
mod pay_out;
pub mod place;
mod progress;
mod refund;
mod reopen_tab;
mod restore;
mod serve;
mod settings;
mod settle;
mod test_mail;
mod verify;
mod vouchers;

pub use serve::log_to_stderr;

use clap::{CommandFactory as _, Parser, Subcommand};
use place::Place;
use std::process::ExitCode;

/// Sell by link, take in one tap, settle the tab later.
///
/// Without a command it serves the shop in the folder `data`, or makes one there.
#[derive(Debug, Parser)]
#[command(name = "ardoise", version, about, after_help = EXAMPLES)]
pub struct CommandLine {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    serve: serve::Serve,
    #[command(subcommand)]
    command: Option<Command>,
}

const EXAMPLES: &str = "\
Examples:
  ardoise                                  serve ./data on http://localhost:8080
  ardoise demo                             a made-up shop to look around in
  ardoise invite author \"Ada Belkacem\"     a link with which Ada can sell
  ardoise check-books                      is every cent where it should be?

Every command works while the shop is open and while it is not.
`ardoise help COMMAND` says more about one of them.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the shop (what happens without a command)
    Serve(serve::Serve),
    /// Serve a made-up shop in which readers buy, to look around
    Demo(demo::Demo),
    /// Make a link that lets an author or the operator in, once
    Invite(invite::Invite),
    /// Write down money that arrived for a tab
    Settle(settle::Settle),
    /// Read a statement of the bank: transfers with a reference go to their tabs
    ImportBank(import_bank::ImportBank),
    /// Give credit of a tab back, or take a line back
    Refund(refund::Refund),
    /// Open a tab again that a lost dispute has closed
    ReopenTab(reopen_tab::ReopenTab),
    /// Write down money that you sent to an author
    PayOut(pay_out::PayOut),
    /// Say what the shop has in e-cash, or take it out to your wallet
    Ecash(ecash::Ecash),
    /// Print vouchers with which readers settle, or take one back
    Vouchers(vouchers::Vouchers),
    /// Check the books: recompute every balance from the journal
    CheckBooks(check_books::CheckBooks),
    /// Look the shop over, and say what to do where something is wrong
    Doctor(doctor::Doctor),
    /// Copy the whole shop to one file, while it sells
    Backup(backup::Backup),
    /// Bring a shop back from a backup
    Restore(restore::Restore),
    /// Carry the store to another engine, from a file to PostgreSQL or back
    MoveStore(move_store::MoveStore),
    /// Check a receipt, without asking the shop
    Verify(verify::Verify),
    /// Send a test letter, to see whether letters arrive
    TestMail(test_mail::TestMail),
    /// Print the description of the shop for programs (OpenAPI 3.1)
    Openapi,
    /// Print every setting, its value and what it is for
    Settings(settings::PrintSettings),
}

/// What a command ends with when it cannot go on: words for the operator.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What a command comes to: done, or looked and found something wrong.
pub type Done = Result<ExitCode, Failure>;

/// Runs the command that was typed.
///
/// The exit code is 0 when it was done, 1 when it could not be done or something is wrong, 2 when the command line
/// cannot be understood.
pub fn run() -> ExitCode {
    let CommandLine { place, serve, command } = CommandLine::parse();
    let command = match command {
        Some(_) if serve.is_told_something() => misplaced(),
        Some(command) => command,
        None => Command::Serve(serve),
    };
    run_command(command, &place).unwrap_or_else(|failure| {
        eprintln!("ardoise: {failure}");
        ExitCode::FAILURE
    })
}

/// What tells `serve` something stands before another command.
fn misplaced() -> ! {
    let what = "--listen and --url belong to `ardoise serve`; write them after it";
    CommandLine::command().error(clap::error::ErrorKind::ArgumentConflict, what).exit()
}

fn run_command(command: Command, place: &Place) -> Done {
    match command {
        Command::Serve(serve) => serve.run(place),
        Command::Demo(demo) => demo.run(place),
        Command::Invite(invite) => invite.run(place),
        Command::Settle(settle) => settle.run(place),
        Command::ImportBank(import) => import.run(place),
        Command::Refund(refund) => refund.run(place),
        Command::ReopenTab(reopen) => reopen.run(place),
        Command::PayOut(pay_out) => pay_out.run(place),
        Command::Ecash(ecash) => ecash.run(place),
        Command::Vouchers(vouchers) => vouchers.run(place),
        Command::CheckBooks(check) => check.run(place),
        Command::Doctor(doctor) => doctor.run(place),
        Command::Backup(backup) => backup.run(place),
        Command::Restore(restore) => restore.run(place),
        Command::MoveStore(moving) => moving.run(),
        Command::Verify(verify) => verify.run(),
        Command::TestMail(test) => test.run(place),
        Command::Openapi => {
            print!("{}", crate::api::description());
            Ok(ExitCode::SUCCESS)
        }
        Command::Settings(print) => print.run(place),
    }
}

/// A runtime for commands that wait for the store.
///
/// # Errors
/// When no threads can be had.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}
