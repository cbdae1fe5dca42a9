use lapwing_engine::publish::{Page, TextStyle};
use lapwing_engine::{MINTED, ShowOptions};

use crate::args::{PageFormat, Show};
use crate::failure::{Failure, Outcome};
use crate::output::Output;
use crate::session::Session;

pub fn run(args: &Show, session: &mut Session) -> Result<Outcome, Failure> {
    let engine = session.look()?;
    let name = args.name.join(" ");
    if name.trim().get(..MINTED.len()).is_some_and(|head| head.eq_ignore_ascii_case(MINTED)) {
        let past = args.as_of.map(|date| engine.as_of(date)).transpose()?;
        return super::cluster::show(&past.as_ref().unwrap_or(&engine).cluster(&name)?, session);
    }
    let options = ShowOptions { today: session.today, as_of: args.as_of };
    let page = engine.show(&name, &options)?;
    let form = if session.out.json { PageFormat::Json } else { args.form };
    match &args.output {
        Some(path) => {
            let text = render(&page, form, &TextStyle { width: 100, colour: false })?;
            std::fs::write(path, text).map_err(|error| {
                Failure::usage(format!("{}: cannot be written: {error}", path.display()))
            })?;
        }
        None => print(&page, form, session)?,
    }
    Ok(Outcome::Done)
}

/// Prints a page on standard output.
pub fn print(page: &Page, form: PageFormat, session: &mut Session) -> Result<(), Failure> {
    let style = TextStyle { width: Output::width(), colour: Output::colour() };
    session.out.text(&render(page, form, &style)?)
}

fn render(page: &Page, form: PageFormat, style: &TextStyle) -> Result<String, Failure> {
    Ok(match form {
        PageFormat::Text => page.to_text(style),
        PageFormat::Md => page.to_markdown(),
        PageFormat::Html => page.to_html(),
        PageFormat::Json => serde_json::to_string(&page.to_json())? + "\n",
    })
}
