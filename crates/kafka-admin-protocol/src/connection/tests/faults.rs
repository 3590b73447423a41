//! What a broker may do wrong, and what becomes of it.
