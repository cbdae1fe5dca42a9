//! Pages and layers: what the store says of a name, for people and for the Navigator.

use std::collections::BTreeMap;

use lapwing_model::{Fact, Kind, PartialDate, Relation, Role};
use lapwing_publish::export::{ExportFormat, Exported, Selection};
use lapwing_publish::rules::Source;
use lapwing_publish::rules::navigator::{self, Subject, Used};
use lapwing_publish::{Page, PdfFont};

use super::ExportOptions;
use crate::{Engine, EngineError, ShowOptions};

impl Engine {
    /// Writes a page for each name, in Markdown, HTML or as PDF.
    pub(super) fn export_pages(
        &self,
        selection: &Selection,
        options: &ExportOptions,
    ) -> Result<Exported, EngineError> {
        if selection.asked.is_empty() {
            return Err(EngineError::Export(format!(
                "`{}` is a page about a name: say which (`lapwing list campaigns`, `lapwing list actors`)",
                options.format
            )));
        }
        let font = match &options.font {
            Some(path) if options.format == ExportFormat::Pdf => Some(font(path)?),
            _ => None,
        };
        let mut exported = Exported::default();
        for name in &selection.asked {
            let page = self.page_of(name, options)?;
            let bytes = match options.format {
                ExportFormat::Md => page.to_markdown().into_bytes(),
                ExportFormat::Html => page.to_html().into_bytes(),
                _ => page
                    .to_pdf(font.as_ref())
                    .map_err(|error| EngineError::Export(error.to_string()))?,
            };
            let name = format!("{}.{}", slug(name), options.format.suffix());
            exported.files.extend(Exported::file(name, bytes).files);
        }
        exported.count("pages", selection.asked.len());
        Ok(exported)
    }

    fn page_of(&self, name: &str, options: &ExportOptions) -> Result<Page, EngineError> {
        // The engine is that of the day already, so only the label of the day is set.
        let show = ShowOptions { today: options.day(), as_of: None };
        let mut picture = self.picture(name, &show)?;
        picture.as_of = options.as_of.map(PartialDate::from);
        Ok(Page::build(&picture, self.knowledge()))
    }

    /// Writes a layer of the Navigator: one name, two compared, or everything.
    pub(super) fn export_layer(
        &self,
        selection: &Selection,
        options: &ExportOptions,
    ) -> Result<Exported, EngineError> {
        let mut subjects = Vec::new();
        if selection.asked.is_empty() {
            subjects.push(subject("everything", selection));
        }
        for name in &selection.asked {
            let one = ExportOptions { names: vec![name.clone()], ..options.clone() };
            let part = self.selection(&one)?;
            let name = part.subjects.first().map_or(name.as_str(), |e| e.value.as_str());
            subjects.push(subject(name, &part));
        }
        let marking = selection.facts.iter().map(|f| f.fact.marking).max().unwrap_or_default();
        let day = super::detection::day(selection);
        navigator::write(&subjects, day, marking, self.knowledge())
            .map_err(|error| EngineError::Export(error.to_string()))
    }
}

/// The techniques that the facts of a selection tell.
fn subject(name: &str, selection: &Selection) -> Subject {
    let documents = selection.documents_by_id();
    let mut best: BTreeMap<&str, Used> = BTreeMap::new();
    for selected in &selection.facts {
        let Some(technique) = technique(&selected.fact) else { continue };
        let sources = selected.documents.iter().filter_map(|id| documents.get(id)).map(|chosen| {
            let document = &chosen.document;
            Source { title: document.label().to_owned(), url: document.url.clone() }
        });
        let used = Used {
            technique: technique.to_owned(),
            probability: selected.fact.probability,
            basis: selected.fact.basis,
            origins: selected.fact.origins_for(),
            sources: sources.collect(),
        };
        match best.get_mut(technique) {
            // A use says more than a mention; of several, the most probable.
            Some(there) if (there.basis, -there.probability) <= (used.basis, -used.probability) => {
                there.sources.extend(used.sources);
                there.sources.sort();
                there.sources.dedup();
            }
            _ => {
                best.insert(technique, used);
            }
        }
    }
    Subject { name: name.to_owned(), used: best.into_values().collect() }
}

/// The technique that a fact says is used, or at least speaks of.
fn technique(fact: &Fact) -> Option<&str> {
    let object = fact.object.entity().filter(|e| e.kind == Kind::AttackPattern);
    if fact.relation == Relation::Uses {
        return object.map(|e| e.value.as_str());
    }
    let named = fact.relation == Relation::Role
        && fact.subject.kind == Kind::AttackPattern
        && matches!(&fact.object, lapwing_model::Object::Text(word) if word == Role::Subject.as_str());
    named.then_some(fact.subject.value.as_str())
}

fn font(path: &std::path::Path) -> Result<PdfFont, EngineError> {
    let name = path.display().to_string();
    let bytes =
        std::fs::read(path).map_err(|source| EngineError::File { path: name.clone(), source })?;
    PdfFont::new(&name, bytes).map_err(|error| EngineError::Export(error.to_string()))
}

/// A name that a file can have anywhere.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        if c.is_alphanumeric() || matches!(c, '.' | '_') {
            slug.push(c);
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug: String = slug.trim_matches(['-', '.']).chars().take(80).collect();
    if slug.is_empty() { "page".to_owned() } else { slug }
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn names_of_files_stay_in_their_folder() {
        assert_eq!(slug("../../etc/passwd"), "etc-passwd");
        assert_eq!(slug("HAFNIUM"), "HAFNIUM");
        assert_eq!(slug("//"), "page");
    }
}
