//! What a file is, from its bytes; and its name, made harmless.

use unicode_normalization::UnicodeNormalization;

use crate::types::is_forbidden;

/// How much of a file is looked at to tell its kind.
pub const HEAD: usize = 16 * 1024;
/// The longest name that is kept, with its ending.
const LONGEST_NAME: usize = 200;

/// The kinds of file that are kept: what people sign, photograph and reckon with. Nothing that runs, nothing a browser would show as a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Pdf,
    Jpeg,
    Png,
    Docx,
    Xlsx,
    Pptx,
    Odt,
    Ods,
    Csv,
    Text,
}

impl Kind {
    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Pptx => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            Self::Odt => "application/vnd.oasis.opendocument.text",
            Self::Ods => "application/vnd.oasis.opendocument.spreadsheet",
            Self::Csv => "text/csv",
            Self::Text => "text/plain",
        }
    }

    /// The endings that its name may have; the first is put on where none of them is there.
    const fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Pdf => &["pdf"],
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Png => &["png"],
            Self::Docx => &["docx"],
            Self::Xlsx => &["xlsx"],
            Self::Pptx => &["pptx"],
            Self::Odt => &["odt"],
            Self::Ods => &["ods"],
            Self::Csv => &["csv"],
            Self::Text => &["txt"],
        }
    }

    /// The kind of a file by its first bytes, if it is one that is kept. The name tells a table from other text, and that only.
    pub fn of(head: &[u8], name: &str) -> Option<Self> {
        if head.starts_with(b"%PDF-") {
            return Some(Self::Pdf);
        }
        if is_text(head) {
            return Self::of_text(head, name);
        }
        let kept = [Self::Jpeg, Self::Png, Self::Docx, Self::Xlsx, Self::Pptx, Self::Odt, Self::Ods];
        let told = infer::get(head)?.mime_type();
        kept.into_iter().find(|kind| kind.media_type() == told)
    }

    /// Text is kept when its name says that it is text, and nothing in it looks like a page or a script.
    fn of_text(head: &[u8], name: &str) -> Option<Self> {
        const BEGINS: &[&str] = &["<", "#!", "%!", "{\\rtf", "@echo"];
        const HOLDS: &[&str] = &["<script", "<html", "<svg", "<!doctype", "<iframe", "<?php", "<body"];
        let text = String::from_utf8_lossy(head).to_lowercase();
        let start = text.trim_start_matches('\u{feff}').trim_start();
        if BEGINS.iter().any(|begin| start.starts_with(begin)) || HOLDS.iter().any(|word| text.contains(word)) {
            return None;
        }
        match ending(name).as_deref() {
            Some("csv") => Some(Self::Csv),
            Some("txt") | None => Some(Self::Text),
            Some(_) => None,
        }
    }

    /// The name under which the file is kept and given out: its last part only, without what cannot be seen or means something to
    /// a file system, with the ending of its kind.
    pub fn name(self, given: &str) -> String {
        let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
        let letter = |c: char| if matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*') { '_' } else { c };
        let kept = last.nfc().filter(|c| !is_forbidden(*c) && !is_invisible(*c)).map(letter);
        let kept: String = kept.collect();
        let kept = kept.trim_matches(|c: char| c.is_whitespace() || c == '.');
        let (stem, end) = match ending(kept) {
            Some(end) if self.endings().contains(&end.as_str()) => (&kept[..kept.len() - end.len() - 1], end),
            _ => (kept, self.endings()[0].to_owned()),
        };
        let stem: String = stem.chars().take(LONGEST_NAME - end.len() - 1).collect();
        let stem = stem.trim();
        if stem.is_empty() {
            return format!("file.{end}");
        }
        let reserved = if is_device(stem) { "_" } else { "" };
        format!("{reserved}{stem}.{end}")
    }
}

/// What stands behind the last point of a name.
fn ending(name: &str) -> Option<String> {
    name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).filter(|end| !end.is_empty() && end.len() <= 5)
}

/// Marks that are not seen and only turn the direction of what is.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{061c}')
}

/// Names that one system takes for its devices, whatever the ending.
fn is_device(stem: &str) -> bool {
    let first = stem.split('.').next().unwrap_or_default().trim().to_ascii_uppercase();
    let numbered =
        |name: &str| first.strip_prefix(name).is_some_and(|rest| rest.len() == 1 && rest.chars().all(|c| c.is_ascii_digit()));
    matches!(first.as_str(), "CON" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT")
}

/// Whether the beginning of a file is text: UTF-8 (it may be cut within a letter), no control characters but those of lines.
fn is_text(head: &[u8]) -> bool {
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => match std::str::from_utf8(&head[..error.valid_up_to()]) {
            Ok(text) => text,
            Err(_) => return false,
        },
        Err(_) => return false,
    };
    !valid.chars().any(is_binary)
}

/// A character that no text has.
pub fn is_binary(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n' | '\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_word_and_never_a_path() {
        for (given, kept) in [
            ("../../etc/passwd", "passwd.pdf"),
            ("C:\\temp\\scan.PDF", "scan.pdf"),
            ("/absolute/x.pdf", "x.pdf"),
            ("a\0b\u{202e}fdp.exe", "abfdp.exe.pdf"),
            ("CON", "_CON.pdf"),
            ("com1.pdf", "_com1.pdf"),
            ("..", "file.pdf"),
            ("", "file.pdf"),
            ("كشف الرواتب.pdf", "كشف الرواتب.pdf"),
            ("a\r\nSet-Cookie: x", "aSet-Cookie_ x.pdf"),
        ] {
            assert_eq!(Kind::Pdf.name(given), kept, "{given:?}");
        }
        assert_eq!(Kind::Pdf.name(&"ب".repeat(300)).chars().count(), LONGEST_NAME);
    }

    #[test]
    fn what_runs_or_is_shown_as_a_page_is_not_kept() {
        for (bytes, name) in [
            (&b"MZ\x90\0\x03\0\0\0"[..], "photo.png"),
            (b"\x7fELF\x02\x01\x01\0", "a.pdf"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.txt"),
            (b"  <!DOCTYPE html><p>", "a.csv"),
            (b"name,note\n1,<script>alert(1)</script>", "a.csv"),
            (b"#!/bin/sh\n", "a.txt"),
            (b"alert(1)", "a.js"),
            (b"GIF89a\x01\0\x01\0", "a.gif"),
            (b"PK\x03\x04\x14\0\0\0\0\0", "a.zip"),
            (b"\xc7\xe1\xd3\xe1\xc7\xe3", "windows-1256.txt"),
        ] {
            assert_eq!(Kind::of(bytes, name), None, "{name}");
        }
        assert_eq!(Kind::of(b"%PDF-1.4\n", "x.exe"), Some(Kind::Pdf));
        assert_eq!(Kind::of("الاسم,المبلغ\n".as_bytes(), "a.CSV"), Some(Kind::Csv));
        assert_eq!(Kind::of(b"BMI,age\n", "a.csv"), Some(Kind::Csv));
        assert_eq!(Kind::of(b"\xff\xd8\xff\xe0\0\x10JFIF", "a"), Some(Kind::Jpeg));
    }
}
