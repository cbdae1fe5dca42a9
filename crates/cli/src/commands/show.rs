use lapwing_engine::ShowOptions;
use lapwing_engine::publish::{Page, TextStyle};

use crate::args::{PageFormat, Show};
use crate::failure::{Failure, Outcome};
use crate::output::Output;
use crate::session::Session;

pub fn run(args: &Show, session: &mut Session) -> Result<Outcome, Failure> {
    let engine = session.look()?;
    let options = ShowOptions { today: session.today, as_of: args.as_of };
    let page = engine.show(&args.name.join(" "), &options)?;
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
