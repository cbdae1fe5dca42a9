use lapwing_knowledge::Knowledge;
use lapwing_model::Entity;
use serde::Serialize;
use serde_json::Value;

use crate::Picture;

/// How a page is laid out as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextStyle {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether to write ANSI colours.
    pub colour: bool,
}

/// A page: sections as typed data, ready to be written in four ways.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Page {
    /// What the page is about.
    pub subject: Entity,
}

impl Page {
    /// Makes the page of a picture.
    pub fn build(picture: &Picture, _knowledge: &Knowledge) -> Self {
        Self { subject: picture.subject.clone() }
    }

    /// The page for a terminal.
    pub fn to_text(&self, _style: &TextStyle) -> String {
        self.subject.value.clone()
    }

    /// The page as Markdown.
    pub fn to_markdown(&self) -> String {
        self.subject.value.clone()
    }

    /// The page as self-contained HTML.
    pub fn to_html(&self) -> String {
        String::new()
    }

    /// The page as JSON with stable keys.
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}
