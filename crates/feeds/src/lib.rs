//! Collection: folders, feeds, servers and channels, fetched on a schedule and handed to
//! the engine.
#![deny(missing_docs)]
