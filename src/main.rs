//! The `signhold` binary: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    signhold::cli::run()
}
