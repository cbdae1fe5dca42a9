//! Layers of the ATT&CK Navigator: the techniques of one, or of two compared.

use std::collections::BTreeMap;

use jiff::civil::Date;
use lapwing_knowledge::{Knowledge, Matrix};
use lapwing_model::{Basis, Marking};
use serde_json::{Value, json};

use crate::PublishError;
use crate::export::{Exported, Loss};
use crate::rules::file;
use crate::safe::clean;

/// The layer format that is written.
pub const LAYER: &str = "4.5";
/// Colours of the first, of the second, and of what both use.
const COLOURS: [&str; 3] = ["#e6862f", "#4a86c8", "#8e4aa8"];
/// The colour of what a source's model predicts and nobody has seen.
const PREDICTED: &str = "#d9d9d9";

/// A technique of somebody.
#[derive(Clone, Debug, PartialEq)]
pub struct Used {
    /// `T1505.003`.
    pub technique: String,
    /// How probable the use is, 0 to 1.
    pub probability: f64,
    /// Seen, judged or predicted.
    pub basis: Basis,
    /// Number of independent origins.
    pub origins: usize,
    /// Titles and addresses of the documents.
    pub sources: Vec<super::Source>,
}

/// Whose techniques a layer shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// The name for people.
    pub name: String,
    /// The techniques.
    pub used: Vec<Used>,
}

/// Writes the layer of one subject, or of two compared.
///
/// # Errors
/// When there are more than two, or none.
pub fn write(
    subjects: &[Subject],
    today: Date,
    marking: Marking,
    knowledge: &Knowledge,
) -> Result<Exported, PublishError> {
    if subjects.is_empty() || subjects.len() > 2 {
        return Err(PublishError::Subjects(subjects.len()));
    }
    let mut losses = Vec::new();
    let mut shown: BTreeMap<String, [Option<&Used>; 2]> = BTreeMap::new();
    for (at, subject) in subjects.iter().enumerate() {
        for used in &subject.used {
            match current(&used.technique, knowledge) {
                Ok(id) => {
                    let cell = &mut shown.entry(id).or_default()[at];
                    if cell.is_none_or(|there| there.probability < used.probability) {
                        *cell = Some(used);
                    }
                }
                Err(why) => losses.push(Loss::new("technique", used.technique.clone(), why)),
            }
        }
    }
    let techniques: Vec<Value> =
        shown.iter().map(|(id, cells)| technique(id, cells, subjects)).collect();
    let count = techniques.len();
    let layer = layer(subjects, &techniques, today, marking, knowledge);
    let text = serde_json::to_string_pretty(&layer)? + "\n";
    let mut exported =
        Exported { files: vec![file("lapwing.layer.json", text)], losses, ..Exported::default() };
    exported.count("techniques", count);
    Ok(exported)
}

/// The technique as the enterprise matrix has it now.
fn current(id: &str, knowledge: &Knowledge) -> Result<String, &'static str> {
    let technique = knowledge.current_technique(id).ok_or("no technique that ATT&CK has")?;
    match technique.matrix {
        Matrix::Enterprise if !technique.tactics.is_empty() => Ok(technique.id.clone()),
        Matrix::Enterprise => Err("taken out of the matrix"),
        _ => Err("of another matrix than Enterprise: a layer shows one"),
    }
}

fn technique(id: &str, cells: &[Option<&Used>; 2], subjects: &[Subject]) -> Value {
    let compared = subjects.len() == 2;
    let whose: Vec<(&Subject, &Used)> =
        subjects.iter().zip(cells).filter_map(|(s, used)| used.map(|used| (s, used))).collect();
    let best = whose.iter().map(|(_, used)| used.probability).fold(0.0, f64::max);
    let comment: Vec<String> = whose
        .iter()
        .map(|(subject, used)| format!("{}: {}", clean(&subject.name, 80), said(used)))
        .collect();
    let predicted = whose.iter().all(|(_, used)| used.basis == Basis::Predicted);
    let mut object = json!({
        "techniqueID": id,
        "comment": comment.join("\n"),
        "enabled": true,
        "showSubtechniques": false,
        "metadata": metadata(&whose),
        "links": links(&whose),
    });
    if compared {
        let colour = match cells {
            [Some(_), Some(_)] => COLOURS[2],
            [Some(_), None] => COLOURS[0],
            _ => COLOURS[1],
        };
        object["color"] = colour.into();
    } else if predicted {
        object["color"] = PREDICTED.into();
    } else {
        object["score"] = ((best * 100.0).round() as u64).into();
    }
    object
}

fn said(used: &Used) -> String {
    let basis = match used.basis {
        Basis::Observed => "observed",
        Basis::Assessed => "assessed",
        Basis::Predicted => "predicted by a model, not observed",
    };
    let count =
        if used.origins == 1 { "1 origin".to_owned() } else { format!("{} origins", used.origins) };
    let titles: Vec<String> =
        used.sources.iter().take(3).map(|s| format!("“{}”", clean(&s.title, 80))).collect();
    let titles = if titles.is_empty() { String::new() } else { format!(": {}", titles.join(", ")) };
    format!("{basis}, {:.0}%, {count}{titles}", used.probability * 100.0)
}

fn metadata(whose: &[(&Subject, &Used)]) -> Vec<Value> {
    let mut list = Vec::new();
    for (subject, used) in whose {
        let name = clean(&subject.name, 80);
        list.push(json!({"name": format!("{name}: probability"), "value": format!("{:.2}", used.probability)}));
        list.push(json!({"name": format!("{name}: origins"), "value": used.origins.to_string()}));
    }
    list
}

fn links(whose: &[(&Subject, &Used)]) -> Vec<Value> {
    let mut urls: BTreeMap<&str, &str> = BTreeMap::new();
    for source in whose.iter().flat_map(|(_, used)| &used.sources) {
        if let Some(url) = source.url.as_deref().filter(|u| u.starts_with("http")) {
            urls.insert(url, &source.title);
        }
    }
    urls.iter().take(5).map(|(url, title)| json!({"label": clean(title, 80), "url": url})).collect()
}

fn layer(
    subjects: &[Subject],
    techniques: &[Value],
    today: Date,
    marking: Marking,
    knowledge: &Knowledge,
) -> Value {
    let names: Vec<String> = subjects.iter().map(|s| clean(&s.name, 80)).collect();
    let name = names.join(" and ");
    let attack = attack_version(knowledge);
    let legend: Vec<Value> = match &names[..] {
        [one, two] => [one.as_str(), two.as_str(), "both"]
            .iter()
            .zip(COLOURS)
            .map(|(label, color)| json!({"label": label, "color": color}))
            .collect(),
        _ => vec![json!({"label": "predicted by a model, not observed", "color": PREDICTED})],
    };
    let description = format!(
        "Techniques of {name} as Lapwing knew them on {today} ({marking}). {}",
        if subjects.len() == 2 {
            "Colours tell who uses what."
        } else {
            "Score: how probable the use is, in percent."
        }
    );
    json!({
        "name": name,
        "versions": { "attack": attack, "navigator": "5.1.0", "layer": LAYER },
        "domain": "enterprise-attack",
        "description": description,
        "sorting": 0,
        "layout": {
            "layout": "side",
            "aggregateFunction": "max",
            "showID": true,
            "showName": true,
            "showAggregateScores": false,
            "countUnscored": false,
            "expandedSubtechniques": "annotated",
        },
        "hideDisabled": false,
        "techniques": techniques,
        "gradient": { "colors": ["#fff3e0ff", "#e6862fff"], "minValue": 0, "maxValue": 100 },
        "legendItems": legend,
        "metadata": [
            { "name": "made by", "value": "Lapwing" },
            { "name": "as of", "value": today.to_string() },
            { "name": "marking", "value": marking.as_str() },
        ],
        "links": [],
        "showTacticRowBackground": false,
        "tacticRowBackground": "#dddddd",
        "selectTechniquesAcrossTactics": true,
        "selectSubtechniquesWithParent": false,
        "selectVisibleTechniques": false,
    })
}

/// The major version of the matrix that the reference data holds.
fn attack_version(knowledge: &Knowledge) -> String {
    let sources = knowledge.sources().iter();
    let mut attack = sources.filter(|s| s.name.contains("ATT&CK"));
    let version = attack.next().map(|s| s.version.clone()).unwrap_or_default();
    let major: String = version
        .chars()
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(char::is_ascii_digit)
        .collect();
    if major.is_empty() { "18".to_owned() } else { major }
}
