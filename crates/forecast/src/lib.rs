//! Decay, next techniques, activity: forecasts with their back-tests.
#![deny(missing_docs)]
