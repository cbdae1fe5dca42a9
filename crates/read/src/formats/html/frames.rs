//! Which elements of a page hold nothing to read, and which stand around the article.

use html5gum::StartTag;

/// Elements without an end tag (HTML, 13.1.2).
pub(super) fn is_void(name: &[u8]) -> bool {
    matches!(
        name,
        b"area"
            | b"base"
            | b"br"
            | b"col"
            | b"embed"
            | b"hr"
            | b"img"
            | b"input"
            | b"link"
            | b"meta"
            | b"param"
            | b"source"
            | b"track"
            | b"wbr"
    )
}

/// Elements that hold nothing to read.
pub(super) fn is_silent(name: &[u8]) -> bool {
    matches!(
        name,
        b"script"
            | b"style"
            | b"template"
            | b"svg"
            | b"math"
            | b"iframe"
            | b"object"
            | b"select"
            | b"button"
            | b"head"
            | b"canvas"
            | b"audio"
            | b"video"
            | b"annotation"
    )
}

/// Elements around the article.
pub(super) fn is_frame(name: &[u8]) -> bool {
    // What is shown to whom no script runs: a request to allow scripts, mostly, but all is kept.
    matches!(name, b"nav" | b"footer" | b"aside" | b"form" | b"dialog" | b"menu" | b"noscript")
}

pub(super) fn is_block(name: &[u8]) -> bool {
    matches!(
        name,
        b"p" | b"div"
            | b"section"
            | b"article"
            | b"main"
            | b"header"
            | b"footer"
            | b"nav"
            | b"aside"
            | b"form"
            | b"ul"
            | b"ol"
            | b"dl"
            | b"dt"
            | b"dd"
            | b"figure"
            | b"figcaption"
            | b"address"
            | b"details"
            | b"summary"
            | b"body"
            | b"html"
            | b"hr"
            | b"fieldset"
            | b"center"
            | b"caption"
    )
}

/// The value of an attribute.
pub(super) fn attribute(tag: &StartTag<usize>, name: &[u8]) -> Option<String> {
    let found = tag.attributes.iter().find(|(key, _)| key.0 == name)?;
    Some(String::from_utf8_lossy(&found.1.value.0).trim().to_owned())
}

/// The start of an attribute's value in lower case: no list of classes is longer.
fn lower(tag: &StartTag<usize>, name: &[u8]) -> Option<String> {
    let found = tag.attributes.iter().find(|(key, _)| key.0 == name)?;
    let value = &found.1.value.0;
    Some(String::from_utf8_lossy(&value[..value.len().min(4096)]).to_ascii_lowercase())
}

/// Whether the page does not show an element, and no click of the reader makes it do so.
pub(super) fn is_hidden(tag: &StartTag<usize>) -> bool {
    let style = lower(tag, b"style").map(|s| s.replace(' ', "")).unwrap_or_default();
    let unseen = UNSEEN.iter().any(|cue| style.contains(cue));
    let closed = lower(tag, b"hidden").is_some()
        || lower(tag, b"aria-hidden").is_some_and(|v| v == "true")
        || style.contains("display:none")
        || style.contains("visibility:hidden");
    unseen || (closed && !opens(tag))
}

/// Styles with which text is put where nobody reads it.
const UNSEEN: &[&str] = &[
    "font-size:0;",
    "font-size:0px",
    "opacity:0;",
    "left:-9999",
    "left:-999em",
    "text-indent:-9999",
    "top:-9999",
    "clip:rect(0",
    "max-height:0;overflow:hidden",
];

/// Whether an element that is closed at first opens on a click: a tab, a fold, a list of indicators
/// below "show more".
fn opens(tag: &StartTag<usize>) -> bool {
    if lower(tag, b"role").is_some_and(|role| matches!(role.as_str(), "tabpanel" | "region")) {
        return true;
    }
    let names = [lower(tag, b"class"), lower(tag, b"id")];
    names.iter().flatten().flat_map(|v| v.split(|c: char| !c.is_ascii_alphanumeric())).any(|word| {
        ["accordion", "collaps", "expand", "toggle", "spoiler", "tab", "fold", "details", "panel"]
            .iter()
            .any(|fold| word.strip_prefix(fold).is_some_and(|rest| rest.len() < 8))
    })
}

/// Whether an element holds the footnotes or the literature of a page.
pub(super) fn is_notes(tag: &StartTag<usize>) -> bool {
    if !matches!(
        tag.name.0.as_slice(),
        b"section" | b"div" | b"ol" | b"ul" | b"aside" | b"footer" | b"dl"
    ) {
        return false;
    }
    let role = lower(tag, b"role").unwrap_or_default();
    let names = [lower(tag, b"class"), lower(tag, b"id")];
    matches!(role.as_str(), "doc-endnotes" | "doc-footnote" | "doc-bibliography")
        || names.iter().flatten().flat_map(|v| v.split_ascii_whitespace()).any(|name| {
            matches!(
                name,
                "footnotes"
                    | "footnote"
                    | "footnote-list"
                    | "endnotes"
                    | "references"
                    | "reference-list"
                    | "reflist"
                    | "bibliography"
                    | "wp-block-footnotes"
                    | "modern-footnotes-list"
                    | "easy-footnotes-wrapper"
            )
        })
}

/// Whether an element says by its role or its class that it stands around the article.
pub(super) fn is_around(tag: &StartTag<usize>) -> bool {
    if matches!(
        tag.name.0.as_slice(),
        b"html" | b"body" | b"main" | b"article" | b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6"
    ) {
        return false;
    }
    let role = lower(tag, b"role").unwrap_or_default();
    if matches!(
        role.as_str(),
        "navigation" | "banner" | "contentinfo" | "dialog" | "search" | "complementary"
    ) {
        return true;
    }
    let names = [lower(tag, b"class"), lower(tag, b"id")];
    names.iter().flatten().flat_map(|v| v.split_ascii_whitespace()).any(names_frame)
}

/// Beginnings of class names that are used for nothing else.
const PREFIXES: &[&str] = &[
    "a2a_",
    "addtoany",
    "author-bio",
    "author-box",
    "blog-sidebar",
    "comment-list",
    "comment-respond",
    "cookie",
    "crp_related",
    "disqus",
    "gdpr",
    "gh-subscribe",
    "hs-blog-social",
    "hs-cta",
    "jp-relatedposts",
    "kg-signup",
    "newsletter",
    "onetrust",
    "outbrain",
    "post-navigation",
    "post-share",
    "related-article",
    "related-content",
    "related-post",
    "related-stories",
    "related_post",
    "relatedposts",
    "share-",
    "sharedaddy",
    "social-icons",
    "social-links",
    "social-media",
    "social-share",
    "subscribe-form",
    "taboola",
    "wp-block-latest-posts",
    "yarpp",
];

/// Class names that are used for nothing else.
const NAMES: &[&str] = &[
    "about-author",
    "author-info",
    "blog-author",
    "breadcrumb",
    "breadcrumbs",
    "comments",
    "comments-area",
    "consent",
    "entry-author",
    "more-posts",
    "nav-links",
    "navbar",
    "navigation",
    "page-footer",
    "page-header-nav",
    "pagination",
    "popup",
    "post-author",
    "read-next",
    "recent-posts",
    "related",
    "respond",
    "screen-reader-text",
    "share",
    "sidebar",
    "site-footer",
    "site-header",
    "site-navigation",
    "skip-link",
    "sr-only",
    "visually-hidden",
];

fn names_frame(class: &str) -> bool {
    PREFIXES.iter().any(|p| class.starts_with(p)) || NAMES.contains(&class)
}

/// Whether a cell numbers the lines of code beside it.
pub(super) fn is_gutter(tag: &StartTag<usize>) -> bool {
    lower(tag, b"class").is_some_and(|classes| {
        classes.split_ascii_whitespace().any(|class| {
            class.contains("blob-num")
                || class.contains("gutter")
                || class.starts_with("lineno")
                || class.starts_with("line-num")
        })
    })
}

/// Whether a table only shows code, a line a row.
pub(super) fn is_code_table(tag: &StartTag<usize>) -> bool {
    lower(tag, b"class").is_some_and(|classes| {
        classes.split_ascii_whitespace().any(|class| {
            class.contains("file-line-container")
                || class.starts_with("rouge")
                || class.starts_with("highlight")
                || class.starts_with("crayon")
                || class.starts_with("syntaxhighlighter")
                || class.starts_with("hljs")
        })
    })
}
