//! The proof on real data: a cluster through good and bad times, scraped in both layouts, and everything that the dashboards and
//! rules ask of it.

mod community;
mod panels;
mod quiet;
mod rules;
mod selection;
mod shown;
mod sizes;
mod truth;
mod world;
