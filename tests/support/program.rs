//! The program that runs the tests, for tests that start it again. Apart from the rest, because those of other crates do, too.

use std::process::Command;

/// The emulator or checker that runs these tests, and its arguments, as `CROSSLANE_RUNNER` says; empty if there is none.
pub(crate) fn runner() -> String {
    std::env::var("CROSSLANE_RUNNER").unwrap_or_default()
}

/// The program that runs these tests, to be started again; under an emulator it is that which starts it, as Cargo did with its
/// own variable.
pub(crate) fn this_program() -> Command {
    let program = std::env::current_exe().unwrap();
    let runner = runner();
    let mut words = runner.split_whitespace();
    let Some(emulator) = words.next() else {
        return Command::new(program);
    };
    let mut command = Command::new(emulator);
    command.args(words).arg(program);
    command
}
