//! The one binary; see [`ardoise::command_line`].

fn main() -> std::process::ExitCode {
    ardoise::command_line::run()
}
