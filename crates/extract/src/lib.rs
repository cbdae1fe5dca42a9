//! Documents to claims: indicators, entities, techniques, roles, hedges, dates.
#![deny(missing_docs)]
