//! The hall: arguments, plans, calls, printing, exit codes.

use std::process::ExitCode;

/// Runs the program on the process's own arguments.
#[must_use]
pub fn run() -> ExitCode {
    ExitCode::SUCCESS
}
