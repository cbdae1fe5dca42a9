//! Words of scripts without blanks that stand right beside a name and say what it is: "Kimsuky 해킹조직",
//! "攻撃グループLazarus", "PlugX木马", "группировка Winnti".

use lapwing_model::Kind;

/// Of actors.
const ACTORS: &[&str] = &[
    "해킹조직",
    "组织",
    "組織",
    "团伙",
    "團伙",
    "黑客",
    "駭客",
    "集团",
    "グループ",
    "攻撃者",
    "조직",
    "그룹",
    "해커",
    "group",
    "группировк",
    "групп",
    "مجموعة",
    "گروه",
    "قراصنة",
];
/// Of malware.
const MALWARE: &[&str] = &[
    "木马",
    "木馬",
    "病毒",
    "后门",
    "後門",
    "勒索",
    "恶意软件",
    "惡意軟體",
    "恶意程序",
    "マルウェア",
    "ランサム",
    "バックドア",
    "ウイルス",
    "악성코드",
    "랜섬웨어",
    "백도어",
    "멀웨어",
    "вредонос",
    "бэкдор",
    "троян",
    "шифровальщик",
    "برمجية",
    "بدافزار",
    "باجافزار",
];

/// Letters that are looked at before and behind a name.
const REACH: usize = 12;
/// Marks that may stand between.
const MARKS: &str = " \"'“”‘’«»「」『』《》【】()（）:：、";

/// Whether a word right beside the name says that it is of this kind.
pub(super) fn says(text: &str, start: usize, end: usize, kind: Kind) -> bool {
    let words = match kind {
        Kind::ThreatActor | Kind::Cluster => ACTORS,
        Kind::Malware => MALWARE,
        _ => return false,
    };
    let (Some(before), Some(after)) = (text.get(..start), text.get(end..)) else { return false };
    let near = |c: Option<char>| c.is_some_and(|c| c as u32 > 0x24f || MARKS.contains(c));
    if !near(before.chars().next_back()) && !near(after.chars().next()) {
        return false;
    }
    let after: String =
        after.trim_start_matches(|c| MARKS.contains(c)).chars().take(REACH).collect();
    let behind = after.to_lowercase();
    if words.iter().any(|word| !word.is_ascii() && behind.starts_with(word)) {
        return true;
    }
    let cut = before.char_indices().rev().take(REACH + 4).last().map_or(before.len(), |(at, _)| at);
    let ahead = before
        .get(cut..)
        .unwrap_or_default()
        .trim_end_matches(|c| MARKS.contains(c))
        .to_lowercase();
    // Of words that end in many ways the last but for its ending; of others the very end.
    let last = ahead.rsplit(' ').next().unwrap_or_default();
    words.iter().any(|word| !word.is_ascii() && (ahead.ends_with(word) || last.starts_with(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str, name: &str, kind: Kind) -> bool {
        let at = text.find(name).unwrap();
        says(text, at, at + name.len(), kind)
    }

    #[test]
    fn the_word_beside_the_name_tells() {
        for text in [
            "Heron 해킹조직의",
            "'왜가리(Heron)' 조직의",
            "攻撃グループHeronが",
            "Heron黑客组织",
            "группировкой Heron",
            "مجموعة Heron",
        ] {
            assert!(said(text, "Heron", Kind::ThreatActor), "{text}");
            assert!(!said(text, "Heron", Kind::Malware), "{text}");
        }
        for text in ["Heron木马", "マルウェアHeronを", "بدافزار Heron", "бэкдором Heron"]
        {
            assert!(said(text, "Heron", Kind::Malware), "{text}");
        }
        assert!(!said("the Heron group", "Heron", Kind::ThreatActor));
    }
}
