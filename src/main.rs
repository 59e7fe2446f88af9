//! `sprag`: everything it does is in [`sprag::cli`].

fn main() -> std::process::ExitCode {
    sprag::cli::main()
}
