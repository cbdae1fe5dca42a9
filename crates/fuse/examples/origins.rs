//! Prints the origins of the text files given, or of those in the folders given: for trying
//! the thresholds on a background of documents.
#![expect(clippy::print_stdout, reason = "an example for the terminal")]

use std::path::{Path, PathBuf};
use std::time::Instant;

use lapwing_fuse::{Trace, origins};
use lapwing_model::{Document, Format, Reading};

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            collect(&entry?.path(), files)?;
        }
    } else if path.extension().is_some_and(|e| e == "txt" || e == "md") {
        files.push(path.to_owned());
    }
    Ok(())
}

fn main() -> std::io::Result<()> {
    let mut files = Vec::new();
    for argument in std::env::args_os().skip(1) {
        collect(Path::new(&argument), &mut files)?;
    }
    files.sort();
    let mut traces = Vec::new();
    let mut names = std::collections::BTreeMap::new();
    for file in &files {
        let raw = std::fs::read(file)?;
        let text = String::from_utf8_lossy(&raw).into_owned();
        let name = file.display().to_string();
        let document = Document::new(&raw, name.clone(), Format::Text, text);
        names.insert(document.id, name);
        traces.push(Trace::of(&Reading::new(document, Vec::new())));
    }
    let start = Instant::now();
    let origins = origins(&traces);
    let took = start.elapsed();
    for origin in origins.iter().filter(|o| o.members.len() > 1) {
        println!("{}", origin.label);
        for member in &origin.members {
            let why = member.why.as_deref().unwrap_or("root");
            println!("  {} {} ({why})", member.grade, names[&member.document]);
        }
    }
    println!("{} documents, {} origins, {took:?}", names.len(), origins.len());
    Ok(())
}
