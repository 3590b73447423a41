//! SASL refusals that real brokers do not give.
