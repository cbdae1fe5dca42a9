//! The page as one HTML file: no script, nothing loaded, every value escaped by the template.

use askama::Template;

use crate::layout::{Block, Layout};

#[derive(Template)]
#[template(path = "page.html")]
struct HtmlPage<'p> {
    page: &'p Layout,
    style: &'static str,
}

/// Writes a page as HTML.
pub(crate) fn render(page: &Layout) -> String {
    // Writing to a string fails only if a value's `Display` does, and all are strings.
    HtmlPage { page, style: include_str!("../templates/page.css") }.render().unwrap_or_default()
}
