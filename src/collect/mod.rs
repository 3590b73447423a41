//! What is shown of each subject: sources in, families out.

pub mod jvm;
pub mod node;
