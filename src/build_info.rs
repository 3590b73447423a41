//! What this binary is.

/// The package's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit it was built from, `unknown` outside a checkout.
pub const REVISION: &str = env!("KAFKA_VITALS_REVISION");

/// The compiler.
pub const RUSTC: &str = env!("KAFKA_VITALS_RUSTC");

/// The answer to `--version`.
pub const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (revision ",
    env!("KAFKA_VITALS_REVISION"),
    ", ",
    env!("KAFKA_VITALS_RUSTC"),
    ", ",
    env!("KAFKA_VITALS_TARGET"),
    ")"
);
