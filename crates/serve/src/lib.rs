//! HTTP: REST with OpenAPI, TAXII 2.1, MISP, web pages, MCP; users, keys, markings.
#![deny(missing_docs)]
