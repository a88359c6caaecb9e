//! The program `crosslane`: see the library of this package.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(crosslane_cli::run(std::env::args_os()))
}
