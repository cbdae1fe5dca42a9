//! The blocks of a page on paper.

use super::draw::{
    ACCENT, AMBER, BLACK, Colour, GREEN, GREY, Ink, MARGIN, Mark, RED, Sheet, WIDTH,
};
use super::font::Style;
use super::table;
use crate::layout::{Block, Item, Layout, Quoted, Tone};

pub(super) const BODY: f32 = 9.5;
const SMALL: f32 = 8.0;

/// Puts a page on paper.
pub(super) fn write(page: &Layout, sheet: &mut Sheet<'_>) {
    sheet.paragraph(0.0, Ink::new(20.0, BLACK).style(Style::Bold), &page.title);
    sheet.space(2.0);
    let head = format!("{} · {} · {}", page.kind, page.marking, page.dated);
    sheet.paragraph(0.0, Ink::new(BODY, GREY), &head);
    let figures: Vec<String> = page
        .figures
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{n} {what}"))
        .collect();
    if !figures.is_empty() {
        sheet.space(4.0);
        sheet.paragraph(0.0, Ink::new(BODY, BLACK), &figures.join(" · "));
    }
    for section in &page.sections {
        heading(sheet, section.title);
        for block in &section.body {
            match block {
                Block::Prose(text) => sheet.paragraph(0.0, Ink::new(BODY, BLACK), text),
                Block::Remark(text) => sheet.paragraph(0.0, Ink::new(SMALL, GREY), text),
                Block::Items(items) | Block::Timeline(items) => {
                    for it in items {
                        item(sheet, it);
                    }
                }
                Block::Table(it) => table::write(sheet, it),
            }
            sheet.space(4.0);
        }
    }
    sheet.space(10.0);
    sheet.paragraph(0.0, Ink::new(SMALL, GREY), &page.footer);
    if sheet.faces.lacked() {
        let told = "Some characters are drawn as boxes: the built-in fonts hold Latin, Greek and \
             Cyrillic. Their text is in the file and can be searched and copied; `--font FILE` \
             names a font that draws them.";
        sheet.paragraph(0.0, Ink::new(SMALL, GREY), told);
    }
}

fn heading(sheet: &mut Sheet<'_>, title: &str) {
    sheet.space(12.0);
    // A heading does not stand alone at the end of a page.
    sheet.need(60.0);
    sheet.heading(title);
    sheet.paragraph(0.0, Ink::new(13.0, ACCENT).style(Style::Bold), title);
    let y = sheet.y;
    sheet.put(Mark::Box { x: MARGIN, y, w: WIDTH, h: 0.6, colour: ACCENT });
    sheet.space(5.0);
}

fn item(sheet: &mut Sheet<'_>, item: &Item) {
    let ink = Ink::new(BODY, colour(item.tone));
    sheet.need(ink.leading());
    let y = sheet.y;
    let mut indent = 12.0;
    match &item.lead {
        Some(lead) => {
            let bold = ink.style(Style::Bold);
            let wide = sheet.faces.width(lead, bold.style, bold.size);
            if wide < WIDTH / 3.0 {
                sheet.line(MARGIN, y, bold, lead);
                indent = wide.max(58.0) + 8.0;
            } else {
                sheet.paragraph(0.0, bold, lead);
            }
        }
        None => sheet.line(MARGIN + 2.0, y, ink, "•"),
    }
    let before = (sheet.y, item.link.as_deref().unwrap_or(&item.text));
    sheet.paragraph(indent, ink, before.1);
    if let Some(link) = item.link.as_deref().filter(|l| l.starts_with("http") && l.is_ascii()) {
        let wide = sheet.faces.width(link, ink.style, ink.size).min(WIDTH - indent);
        let line = Mark::Link {
            x: MARGIN + indent,
            y: before.0,
            w: wide,
            h: ink.leading(),
            to: link.to_owned(),
        };
        // Where it ran over to the next page there is no one place to click.
        if sheet.y > before.0 {
            sheet.put(line);
        }
    }
    for line in &item.below {
        sheet.paragraph(indent + 8.0, Ink::new(SMALL, GREY), line);
    }
    item.quotes.iter().for_each(|quote| quoted(sheet, indent + 8.0, quote));
    sheet.space(1.5);
}

pub(super) fn quoted(sheet: &mut Sheet<'_>, indent: f32, quote: &Quoted) {
    let text = if quote.text.is_empty() {
        quote.by.clone()
    } else {
        format!("“{}” ({})", quote.text, quote.by)
    };
    sheet.paragraph(indent, Ink::new(SMALL, GREY), &text);
}

pub(super) fn colour(tone: Tone) -> Colour {
    match tone {
        Tone::Plain | Tone::Strong => BLACK,
        Tone::Quiet => GREY,
        Tone::Good => GREEN,
        Tone::Warn => AMBER,
        Tone::Bad => RED,
    }
}
