use lapwing_engine::{Forecast, ForecastOptions, Outlook, Question};

use crate::args::Forecasting;
use crate::failure::{Failure, Outcome};
use crate::output::{Output, counted, one_line, table, unlinked};
use crate::session::Session;

/// Indicators that are listed; the rest is counted.
const SHOWN: usize = 10;

pub fn run(args: &Forecasting, session: &mut Session) -> Result<Outcome, Failure> {
    let engine = session.look()?;
    let options = ForecastOptions { today: session.today, as_of: args.as_of };
    let outlook = engine.forecast(&args.name.join(" "), &options)?;
    if session.out.json {
        for forecast in &outlook.forecasts {
            session.out.object(forecast)?;
        }
    } else {
        print(&outlook, args.all, &mut session.out)?;
    }
    Ok(Outcome::Done)
}

fn print(outlook: &Outlook, all: bool, out: &mut Output) -> Result<(), Failure> {
    out.line(&format!(
        "{} ({}), as of {}, by {}",
        one_line(&unlinked(&outlook.subject.value), 80),
        outlook.subject.kind,
        outlook.today,
        counted(outlook.documents as u64, "document")
    ))?;
    let mut rest = &outlook.forecasts[..];
    while let Some(first) = rest.first() {
        let same = rest.iter().take_while(|f| f.question == first.question).count();
        let (these, others) = rest.split_at(same);
        rest = others;
        out.line(&format!("\n{}", title(first.question)))?;
        let shown =
            if all || first.question != Question::Indicators { same } else { SHOWN.min(same) };
        // Answers of one question may rest on several models: each stands above its own.
        let mut at = 0;
        while at < shown {
            let model = these[at].backtest;
            let end = at + these[at..shown].iter().take_while(|f| f.backtest == model).count();
            credentials(&these[at], out)?;
            let rows: Vec<Vec<String>> = these[at..end].iter().map(cells).collect();
            out.text(&table(&rows))?;
            at = end;
        }
        if first.question == Question::Indicators && first.none.is_none() {
            summary(these, shown, out)?;
        }
    }
    Ok(())
}

fn title(question: Question) -> &'static str {
    match question {
        Question::TechniquesToLookFor => "Look here next: techniques that go with those seen",
        Question::TechniquesNext => "Techniques that it will be reported with",
        Question::Reports => "Further reports",
        Question::Indicators => "Indicators: how likely they are still in use",
        Question::Actor => "Whose activity it is",
        Question::Weaknesses => "Weaknesses",
        Question::Targets => "Targets",
    }
}

fn credentials(forecast: &Forecast, out: &mut Output) -> Result<(), Failure> {
    let test = forecast.backtest;
    out.line(&format!("  model: {}", test.model))?;
    match (test.score, test.baseline) {
        (Some(score), Some(baseline)) => {
            out.line(&format!("  tested on {}: {score}; {baseline}", test.data))
        }
        (Some(score), None) => out.line(&format!("  tested on {}: {score}", test.data)),
        _ => out.line("  not tested"),
    }
}

fn cells(forecast: &Forecast) -> Vec<String> {
    if let Some(why) = &forecast.none {
        let seen = if forecast.because.is_empty() {
            String::new()
        } else {
            format!(" (so far: {})", forecast.because.join(", "))
        };
        return vec![format!("  no forecast: {}{seen}", one_line(why, 160))];
    }
    let probability =
        forecast.probability.map_or("  –".to_owned(), |p| format!("{:3.0} %", p * 100.0));
    let value = forecast.value.as_deref().unwrap_or_default();
    let mut more = forecast.because.join(", ");
    if let Some(note) = &forecast.note {
        if !more.is_empty() {
            more.push_str("; ");
        }
        more.push_str(note);
    }
    let mut cells = vec![
        format!("  {probability}"),
        one_line(&unlinked(value), 60),
        one_line(forecast.name.as_deref().unwrap_or_default(), 40),
    ];
    if let Some(horizon) = forecast.horizon_days {
        cells.push(format!("within {horizon} days"));
    }
    if let (Some(status), Some(left)) = (forecast.status, forecast.days_left) {
        cells.push(status.as_str().to_owned());
        cells.push(match left {
            0 => String::new(),
            left => format!("{} left", counted(u64::from(left), "day")),
        });
    }
    cells.push(one_line(&unlinked(&more), 120));
    cells
}

/// How many indicators have which status, and how many are not listed.
fn summary(forecasts: &[Forecast], shown: usize, out: &mut Output) -> Result<(), Failure> {
    use lapwing_model::Status;
    let parts: Vec<String> = [Status::Active, Status::Ageing, Status::Expired]
        .into_iter()
        .map(|status| {
            let n = forecasts.iter().filter(|f| f.status == Some(status)).count();
            format!("{n} {status}", status = status.as_str())
        })
        .collect();
    let hidden = forecasts.len() - shown;
    let rest = if hidden > 0 { format!("; {hidden} more with --all") } else { String::new() };
    out.line(&format!("  in all {}{rest}", parts.join(", ")))
}
