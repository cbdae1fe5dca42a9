//! One reader a format.

pub(crate) mod asciidoc;
mod cells;
mod columns;
pub(crate) mod data;
pub(crate) mod docx;
pub(crate) mod feed;
pub(crate) mod html;
mod kind_words;
pub(crate) mod list;
pub(crate) mod mail;
pub(crate) mod markdown;
pub(crate) mod pdf;
pub(crate) mod post;
mod prose;
mod rows;
pub(crate) mod rtf;
pub(crate) mod structured;
pub(crate) mod table;
pub(crate) mod text;
mod title;
pub(crate) mod workbook;

use lapwing_model::Format;

use crate::{Input, Item, Options};

/// Reads a decoded input as the given format.
pub(crate) fn read(
    format: Format,
    input: &Input<'_>,
    options: &Options,
    out: &mut dyn FnMut(Item),
) {
    match format {
        Format::Markdown => markdown::read(input, out),
        Format::AsciiDoc => asciidoc::read(input, out),
        Format::Html => html::read(input, out),
        Format::Feed => feed::read(input, out),
        Format::Post => post::read(input, out),
        Format::Data => data::read(input, out),
        Format::List => out(Item::Reading(Box::new(list::Reader::new(input.name).part(input)))),
        Format::Table => match table::forced(input.text, options.columns.as_deref()) {
            Some(layout) => {
                let mut table = table::Reader::new(layout);
                let reading = table.part(input, out);
                out(Item::Reading(Box::new(reading)));
                table.finish(input.name, out);
            }
            None => text::read(input, out),
        },
        _ => match structured::all().into_iter().find(|(f, ..)| *f == format) {
            Some((_, _, read)) => read(input, out),
            None => text::read(input, out),
        },
    }
}
