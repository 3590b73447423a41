//! Families of groups from hand-made snapshots.
