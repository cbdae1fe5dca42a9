//! Writes small PDFs of our own making: text where it is put, rules, links, an outline.

/// Pages while they are written; sizes and places in points, from the lower left corner.
pub struct Paper {
    pages: Vec<(String, Vec<String>)>,
    outline: Vec<String>,
    info: String,
    rotate: u32,
}

/// The standard faces: no PDF needs to bring them along.
#[derive(Clone, Copy)]
pub enum Face {
    Sans,
    Bold,
    Mono,
    /// A Japanese face that the file does not bring along, its text in Shift-JIS.
    Japanese,
    /// A Chinese one, its text in GBK.
    Chinese,
}

/// A font of two bytes a character under an encoding that every reader has to know (ISO 32000, 9.7.5.2).
fn predefined(name: &str, encoding: &str, ordering: &str) -> String {
    format!(
        "<< /Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /{encoding} /DescendantFonts [ << /Type /Font /Subtype /CIDFontType0 /BaseFont /{name} /CIDSystemInfo << /Registry (Adobe) /Ordering ({ordering}) /Supplement 2 >> /DW 1000 >> ] >>"
    )
}

impl Paper {
    pub fn new() -> Self {
        let pages = vec![(String::new(), Vec::new())];
        Self { pages, outline: Vec::new(), info: String::new(), rotate: 0 }
    }

    fn content(&mut self) -> &mut String {
        &mut self.pages.last_mut().expect("a page").0
    }

    pub fn page(&mut self) -> &mut Self {
        self.pages.push((String::new(), Vec::new()));
        self
    }

    pub fn text(&mut self, x: f64, y: f64, size: f64, face: Face, words: &str) -> &mut Self {
        self.set(&format!("1 0 0 1 {x} {y}"), size, face, &format!("({}) Tj", escaped(words)))
    }

    /// Text that runs upwards.
    pub fn upwards(&mut self, x: f64, y: f64, size: f64, words: &str) -> &mut Self {
        let operator = format!("({}) Tj", escaped(words));
        self.set(&format!("0 1 -1 0 {x} {y}"), size, Face::Sans, &operator)
    }

    /// Text behind a text operator of one's own.
    pub fn set(&mut self, matrix: &str, size: f64, face: Face, operator: &str) -> &mut Self {
        let font = match face {
            Face::Sans => "F1",
            Face::Bold => "F2",
            Face::Mono => "F3",
            Face::Japanese => "F4",
            Face::Chinese => "F5",
        };
        let line = format!("BT /{font} {size} Tf {matrix} Tm {operator} ET\n");
        self.content().push_str(&line);
        self
    }

    /// Lines below each other.
    pub fn lines(&mut self, x: f64, y: f64, step: f64, face: Face, lines: &[&str]) -> &mut Self {
        for (at, line) in lines.iter().enumerate() {
            self.text(x, y - step * at as f64, 10.0, face, line);
        }
        self
    }

    pub fn rule(&mut self, x: f64, y: f64, end: f64) -> &mut Self {
        let line = format!("{x} {y} m {end} {y} l S\n");
        self.content().push_str(&line);
        self
    }

    /// Draws a picture of one dot over the page.
    pub fn picture(&mut self) -> &mut Self {
        self.content().push_str("q 500 0 0 700 50 50 cm BI /W 1 /H 1 /CS /G /BPC 8 ID x EI Q\n");
        self
    }

    pub fn link(&mut self, area: [u32; 4], target: &str) -> &mut Self {
        let [a, b, c, d] = area;
        let link = format!(
            "<< /Type /Annot /Subtype /Link /Rect [{a} {b} {c} {d}] /A << /S /URI /URI ({target}) >> >>"
        );
        self.pages.last_mut().expect("a page").1.push(link);
        self
    }

    pub fn outline(&mut self, titles: &[&str]) -> &mut Self {
        self.outline = titles.iter().map(|t| (*t).to_owned()).collect();
        self
    }

    pub fn info(&mut self, info: &str) -> &mut Self {
        info.clone_into(&mut self.info);
        self
    }

    pub fn rotate(&mut self, degrees: u32) -> &mut Self {
        self.rotate = degrees;
        self
    }

    /// The file with a table of its objects.
    pub fn bytes(&self) -> Vec<u8> {
        let count = self.pages.len();
        let first_entry = 7 + count * 2;
        let kids: Vec<String> = (0..count).map(|n| format!("{} 0 R", 7 + n * 2)).collect();
        let face = |name: &str| {
            format!(
                "<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>"
            )
        };
        let outlines = if self.outline.is_empty() {
            String::new()
        } else {
            format!("/Outlines << /First {first_entry} 0 R >>")
        };
        let mut objects = vec![
            format!("<< /Type /Catalog /Pages 2 0 R {outlines} >>"),
            format!("<< /Type /Pages /Kids [{}] /Count {count} >>", kids.join(" ")),
            face("Helvetica"),
            face("Helvetica-Bold"),
            face("Courier"),
            format!("<< {} >>", self.info),
        ];
        for (number, (content, links)) in self.pages.iter().enumerate() {
            objects.push(format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Rotate {} /Contents {} 0 R /Annots [{}] /Resources << /Font << /F1 3 0 R /F2 4 0 R /F3 5 0 R /F4 {} /F5 {} >> >> >>",
                self.rotate,
                8 + number * 2,
                links.join(" "),
                predefined("HeiseiMin-W3", "90ms-RKSJ-H", "Japan1"),
                predefined("STSong-Light", "GBK-EUC-H", "GB1"),
            ));
            objects.push(format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()));
        }
        for (at, title) in self.outline.iter().enumerate() {
            let next = if at + 1 < self.outline.len() {
                format!("/Next {} 0 R", first_entry + at + 1)
            } else {
                String::new()
            };
            objects.push(format!("<< /Title ({title}) {next} >>"));
        }
        assemble(&objects)
    }
}

fn assemble(objects: &[String]) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        places.push(bytes.len());
        bytes.extend(format!("{} 0 obj\n", at + 1).bytes());
        // One byte a character, as the encoding of the fonts has it.
        bytes.extend(object.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')));
        bytes.extend(b"\nendobj\n");
    }
    let xref = bytes.len();
    bytes.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for place in places {
        bytes.extend(format!("{place:010} 00000 n \n").bytes());
    }
    let trailer = format!(
        "trailer\n<< /Size {} /Root 1 0 R /Info 6 0 R >>\nstartxref\n{xref}\n%%EOF\n",
        objects.len() + 1
    );
    bytes.extend(trailer.bytes());
    bytes
}

fn escaped(words: &str) -> String {
    words.replace('\\', "\\\\").replace('(', "\\(").replace(')', "\\)")
}
