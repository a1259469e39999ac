//! A prescription on paper.

use jiff::civil::Date;
use kernel::PortFailure;
use platform::print::{HEIGHT, Letters, Print, WIDTH};
use qrcode::{Color, EcLevel, QrCode};

use crate::domain::{Medicine, Prescription};

const LEFT: f32 = 56.0;
const RIGHT: f32 = WIDTH - 56.0;
const TOP: f32 = HEIGHT - 64.0;
/// The foot of every page begins here; what is prescribed ends above it.
const FOOT: f32 = 160.0;
/// Where medicines begin on the first page, and on those after it.
const FIRST: f32 = TOP - 186.0;
const LATER: f32 = TOP - 50.0;
/// Side of the QR code: 30 mm.
const CODE: f32 = 85.0;
/// Texts stand to the right of their numbers.
const INDENT: f32 = 26.0;

const SANS: Letters = Letters::Sans;
const BOLD: Letters = Letters::Bold;

/// A line that has no place yet.
struct Line {
    letters: (Letters, f32),
    indent: f32,
    text: String,
    /// From the line before down to this one.
    leading: f32,
}

/// Lines that stay together where a page has room for them.
type Block = Vec<Line>;

/// The paper: who prescribes what for whom, how long it is good, and how to check it. The same version makes the same
/// file, whenever it is printed.
///
/// # Errors
/// When a typeface that is built in cannot be read, or the address does not fit into a QR code.
pub(super) fn sheet(one: &Prescription, check_url: &str) -> Result<Vec<u8>, PortFailure> {
    let print = Print::new().map_err(|error| PortFailure::new("print a prescription", error))?;
    let qr = QrCode::with_error_correction_level(check_url, EcLevel::M)
        .map_err(|error| PortFailure::new("draw a QR code", error))?;
    let mut print = print.titled(&format!("Prescription, {}", one.version.issued_on));
    let pages = laid_out(blocks(&print, one));
    let count = pages.len();
    for (number, lines) in (1..).zip(pages) {
        print.page();
        if number == 1 {
            head(&mut print, one)
        } else {
            small_head(&mut print, one)
        }
        for (y, line) in lines {
            print.write(line.letters, (LEFT + line.indent, y), &line.text);
        }
        foot(&mut print, one, &qr, check_url);
        if count > 1 {
            print.write_up_to((SANS, 8.0), (RIGHT, 36.0), &format!("{number} / {count}"));
        }
    }
    Ok(print.finish())
}

fn day(date: Date) -> String {
    date.strftime("%-d %B %Y").to_string()
}

fn head(print: &mut Print, one: &Prescription) {
    let heads = &one.version.heads;
    let width = RIGHT - LEFT - 120.0;
    write_fitting(print, (BOLD, 17.0), (LEFT, TOP), &heads.clinic, width);
    write_fitting(print, (SANS, 9.5), (LEFT, TOP - 16.0), &heads.address, width);
    if let Some(phone) = &heads.phone {
        print.write((SANS, 9.5), (LEFT, TOP - 29.0), phone);
    }
    print.write_up_to((SANS, 13.0), (RIGHT, TOP), "Prescription");
    let version = format!("Version {}", one.version.number);
    print.write_up_to((SANS, 9.5), (RIGHT, TOP - 16.0), &version);
    print.fill((LEFT, TOP - 42.0), (RIGHT - LEFT, 1.6), 0.15);

    let row = TOP - 62.0;
    label(print, (LEFT, row), "Prescribed by");
    write_fitting(print, (BOLD, 11.5), (LEFT, row - 15.0), &heads.doctor, 230.0);
    write_fitting(print, (SANS, 9.5), (LEFT, row - 28.0), &heads.specialty, 230.0);
    label(print, (330.0, row), "Issued on");
    print.write((SANS, 11.0), (330.0, row - 15.0), &day(one.version.issued_on));
    label(print, (440.0, row), "Valid until");
    print.write((BOLD, 11.0), (440.0, row - 15.0), &day(one.version.valid_until));

    let row = row - 55.0;
    print.fill((LEFT, row - 32.0), (RIGHT - LEFT, 42.0), 0.945);
    label(print, (LEFT + 10.0, row - 3.0), "Patient");
    write_fitting(print, (BOLD, 13.0), (LEFT + 10.0, row - 20.0), &heads.patient.name, 300.0);
    if let Some(born) = heads.patient.birth_date {
        label(print, (440.0, row - 3.0), "Born on");
        print.write((SANS, 11.0), (440.0, row - 20.0), &day(born));
    }
    print.write((BOLD, 20.0), (LEFT, FIRST + 8.0), "℞");
}

fn small_head(print: &mut Print, one: &Prescription) {
    let heads = &one.version.heads;
    write_fitting(print, (BOLD, 11.0), (LEFT, TOP), &heads.clinic, 240.0);
    let patient = format!("{}, {}", heads.patient.name, day(one.version.issued_on));
    let patient = fitting(print, (SANS, 9.5), &patient, 230.0);
    print.write_up_to((SANS, 9.5), (RIGHT, TOP), &patient);
    print.fill((LEFT, TOP - 10.0), (RIGHT - LEFT, 0.8), 0.15);
}

fn label(print: &mut Print, at: (f32, f32), text: &str) {
    print.write((SANS, 7.5), at, text);
}

/// Cut where it is too wide: a head has one line.
fn fitting(print: &Print, letters: (Letters, f32), text: &str, width: f32) -> String {
    if print.width_of(letters, text) <= width {
        return text.to_owned();
    }
    let mut cut: String = text.to_owned();
    while cut.pop().is_some() && print.width_of(letters, &cut) + letters.1 > width {}
    cut.push('…');
    cut
}

fn write_fitting(print: &mut Print, letters: (Letters, f32), at: (f32, f32), text: &str, width: f32) {
    let text = fitting(print, letters, text, width);
    print.write(letters, at, &text);
}

fn foot(print: &mut Print, one: &Prescription, qr: &QrCode, check_url: &str) {
    let version = &one.version;
    print.fill((LEFT, FOOT - 12.0), (RIGHT - LEFT, 0.8), 0.7);
    draw(print, qr, (LEFT, 50.0));
    let x = LEFT + CODE + 16.0;
    print.write((BOLD, 9.5), (x, 126.0), "Is this paper still good?");
    print.write(
        (SANS, 8.5),
        (x, 113.0),
        "Scan the code, or open the address below. The check shows whether it is valid,",
    );
    print.write((SANS, 8.5), (x, 102.0), "expired, replaced or withdrawn, and the hash that has to stand here.");
    print.text((x, 88.0), 7.0, check_url.split('/').take(5).collect::<Vec<_>>().join("/").as_str());
    print.text((x, 78.0), 8.5, &version.code.grouped());
    let hash = version.signature.grouped();
    let (first, second) = hash.split_at_checked(36).unwrap_or((&hash, ""));
    print.write((SANS, 7.5), (x, 64.0), "Document hash");
    print.text((x + 62.0, 64.0), 7.0, first.trim());
    print.text((x + 62.0, 54.0), 7.0, second.trim());
    print.write((SANS, 8.0), (LEFT, 36.0), &format!("Prescription {}, version {}", one.id, version.number));
}

/// Its dark squares, those beside each other as one block.
fn draw(print: &mut Print, qr: &QrCode, (x, y): (f32, f32)) {
    let colors = qr.to_colors();
    let modules = u16::try_from(qr.width()).unwrap_or(u16::MAX);
    let side = CODE / f32::from(modules.max(1));
    let mut blocks = Vec::new();
    for (row, line) in (0_u16..).zip(colors.chunks(qr.width().max(1))) {
        let mut column = 0_u16;
        for run in line.chunk_by(|one, other| one == other) {
            let length = u16::try_from(run.len()).unwrap_or(u16::MAX);
            if run.first() == Some(&Color::Dark) {
                let from = (x + f32::from(column) * side, y + f32::from(modules - 1 - row) * side);
                // A hair taller, so that no white line shows between rows.
                blocks.push((from, (f32::from(length) * side, side + 0.05)));
            }
            column += length;
        }
    }
    print.blocks(blocks);
}

fn blocks(print: &Print, one: &Prescription) -> Vec<Block> {
    let content = &one.version.content;
    let numbered = (1..).zip(&content.medicines);
    let mut blocks: Vec<Block> = numbered.map(|(number, medicine)| medicine_block(print, number, medicine)).collect();
    if let Some(note) = &content.note {
        let mut block = vec![line((SANS, 7.5), 0.0, "Note", 26.0)];
        wrapped(print, &mut block, (SANS, 10.0), 0.0, note, 14.0);
        blocks.push(block);
    }
    blocks.push(vec![
        line((SANS, 9.0), 270.0, "_".repeat(46), 58.0),
        line((SANS, 7.5), 270.0, "Signature and stamp", 11.0),
    ]);
    blocks
}

fn line(letters: (Letters, f32), indent: f32, text: impl Into<String>, leading: f32) -> Line {
    Line { letters, indent, text: text.into(), leading }
}

fn medicine_block(print: &Print, number: usize, medicine: &Medicine) -> Block {
    let mut block = Vec::new();
    wrapped(print, &mut block, (BOLD, 11.5), INDENT, &medicine.name, 24.0);
    // The number stands in front of the name's first line.
    block.insert(1, line((SANS, 11.5), 0.0, format!("{number}."), 0.0));
    wrapped(print, &mut block, (SANS, 10.5), INDENT, &medicine.dosage, 15.0);
    let refills = match medicine.refills {
        0 => "no refill".to_owned(),
        1 => "1 refill".to_owned(),
        more => format!("{more} refills"),
    };
    wrapped(print, &mut block, (SANS, 10.5), INDENT, &format!("For {}, {refills}", medicine.duration), 14.0);
    if let Some(instructions) = &medicine.instructions {
        wrapped(print, &mut block, (SANS, 9.5), INDENT, instructions, 14.0);
    }
    block
}

/// Breaks a text into lines, at spaces where it can be. `leading` is that of the first line.
fn wrapped(print: &Print, block: &mut Block, letters: (Letters, f32), indent: f32, text: &str, leading: f32) {
    let width = RIGHT - LEFT - indent;
    let fits = |text: &str| print.width_of(letters, text) <= width;
    let mut leading = leading;
    let mut put = |text: &str| {
        block.push(line(letters, indent, text, leading));
        leading = letters.1 * 1.3;
    };
    for paragraph in text.lines() {
        let mut present = String::new();
        for word in paragraph.split_whitespace() {
            let longer = if present.is_empty() { word.to_owned() } else { format!("{present} {word}") };
            if fits(&longer) {
                present = longer;
                continue;
            }
            if !present.is_empty() {
                put(&present);
            }
            // A word that is wider than the paper is broken where it has to be.
            present = String::new();
            for letter in word.chars() {
                present.push(letter);
                if !fits(&present) {
                    present.pop();
                    put(&present);
                    present = letter.to_string();
                }
            }
        }
        put(&present);
    }
}

/// Gives each line its place: a block goes onto the next page where this one has no room for it, and is parted only when
/// no page has.
fn laid_out(blocks: Vec<Block>) -> Vec<Vec<(f32, Line)>> {
    let mut pages: Vec<Vec<(f32, Line)>> = vec![Vec::new()];
    let mut y = FIRST;
    for block in blocks {
        let height: f32 = block.iter().map(|line| line.leading).sum();
        let whole = height <= LATER - FOOT;
        if whole && y - height < FOOT {
            pages.push(Vec::new());
            y = LATER;
        }
        for line in block {
            if y - line.leading < FOOT {
                pages.push(Vec::new());
                y = LATER;
            }
            y -= line.leading;
            if let Some(page) = pages.last_mut() {
                page.push((y, line));
            }
        }
    }
    pages
}

#[cfg(test)]
mod tests {
    use lopdf::Document;

    use super::*;
    use crate::domain::{Content, MedicineDraft, Treated, sample};

    const URL: &str = "https://doktolib.example/prescriptions/check/0000000000000000000000000z";

    fn prescribed(medicines: usize, instructions: &str) -> Prescription {
        let draft = |number: usize| MedicineDraft {
            name: Some(format!("Amoxicilline {number} – gélules à 500 mg")),
            dosage: Some("½ gélule trois fois par jour, après le repas".into()),
            duration: Some("7 jours".into()),
            instructions: Some(instructions.into()),
            refills: Some(1),
        };
        let drafts: Vec<MedicineDraft> = (1..=medicines).map(draft).collect();
        let mut one = sample();
        one.version.content = Content::new(&drafts, Some("Revenez me voir si la fièvre dure.")).unwrap();
        one.version.heads.patient = Treated { name: "Zoë Łukács-Győrfi, née Façade".into(), birth_date: None };
        one.version.heads.doctor = "Jürgen Őszi".into();
        one
    }

    fn text(file: &[u8]) -> (usize, String) {
        let document = Document::load_mem(file).unwrap();
        let pages: Vec<u32> = document.get_pages().keys().copied().collect();
        (pages.len(), document.extract_text(&pages).unwrap())
    }

    #[test]
    fn an_ordinary_prescription_is_one_page_with_all_that_a_pharmacy_needs() {
        let one = prescribed(3, "Avec un grand verre d’eau.");
        let file = sheet(&one, URL).unwrap();
        assert_eq!(file, sheet(&one, URL).unwrap(), "the same version makes the same file");
        let (pages, text) = text(&file);
        assert_eq!(pages, 1);
        for expected in [
            "Harbor Health Center",
            "1 Harbor Street, Boston, MA",
            "Jürgen Őszi",
            "Cardiology",
            "Zoë Łukács-Győrfi, née Façade",
            "1 March 2027",
            "1 June 2027",
            "Amoxicilline 3 – gélules à 500 mg",
            "½ gélule trois fois",
            "For 7 jours, 1 refill",
            "Version 1",
            "https://doktolib.example/prescriptions/check",
            &one.version.code.grouped(),
            "Revenez me voir",
        ] {
            assert!(text.contains(expected), "{expected} is missing in {text}");
        }
        let joined: String = text.split_whitespace().collect();
        assert!(joined.contains(&one.version.signature.to_string()), "the hash is on it: {text}");
        if let Some(folder) = std::env::var_os("KEEP_SHEETS") {
            let folder = std::path::Path::new(&folder);
            std::fs::write(folder.join("prescription.pdf"), file).unwrap();
            let long = prescribed(20, &"Avec un grand verre d’eau, jamais à jeun. ".repeat(8));
            std::fs::write(folder.join("long-prescription.pdf"), sheet(&long, URL).unwrap()).unwrap();
        }
    }

    #[test]
    fn many_medicines_flow_onto_further_pages_and_none_is_lost() {
        let one = prescribed(20, &"Avec un grand verre d’eau, jamais à jeun. ".repeat(8));
        let (pages, text) = text(&sheet(&one, URL).unwrap());
        assert!((3..=6).contains(&pages), "{pages}");
        for number in 1..=20 {
            assert!(text.contains(&format!("Amoxicilline {number} –")), "{number}");
        }
        assert_eq!(text.matches("Is this paper still good?").count(), pages, "each page can be checked");
        assert!(text.contains(&format!("{pages} / {pages}")));
    }

    #[test]
    fn words_and_names_without_end_stay_on_the_paper() {
        let mut one = prescribed(1, &"x".repeat(1000));
        one.version.heads.clinic = "W".repeat(200);
        one.version.heads.patient.name = "W".repeat(200);
        let print = Print::new().unwrap();
        for block in blocks(&print, &one) {
            for line in block {
                assert!(print.width_of(line.letters, &line.text) + line.indent <= RIGHT - LEFT + 0.01);
            }
        }
        let cut = fitting(&print, (BOLD, 17.0), &one.version.heads.clinic, 300.0);
        assert!(cut.ends_with('…') && print.width_of((BOLD, 17.0), &cut) <= 300.0);
        assert_eq!(text(&sheet(&one, URL).unwrap()).0, 1);
    }
}
