//! What is taken out of a file while it comes in, and what is refused in it: a photograph must not tell where it was taken.

use std::mem;

use super::kinds::{HEAD, Kind, is_binary};
use crate::error::Code;

/// A picture larger than this on one side is no photograph but an attack on whoever opens it.
const LONGEST_SIDE: u32 = 30_000;
/// The part of an office document that holds a program.
const MACROS: &[u8] = b"vbaProject.bin";

/// Reads a file as it comes: tells its kind and gives its bytes on, without what must not be kept.
pub struct Sieve {
    name: String,
    head: Vec<u8>,
    through: Option<(Kind, Through)>,
}

enum Through {
    Plain,
    /// An office document: the end of the bytes before is kept, for a word that runs over their edge.
    Office(Vec<u8>),
    /// Text: the beginning of a letter that is not whole yet.
    Text(Vec<u8>),
    Jpeg(Jpeg),
    Png(Png),
}

impl Sieve {
    /// For a file of this name.
    pub const fn new(name: String) -> Self {
        Self { name, head: Vec::new(), through: None }
    }

    /// Takes the next bytes, and gives on what is kept of them.
    pub fn push(&mut self, bytes: &[u8], kept: &mut Vec<u8>) -> Result<(), Code> {
        if let Some((_, through)) = &mut self.through {
            return through.push(bytes, kept);
        }
        self.head.extend_from_slice(bytes);
        if self.head.len() >= HEAD { self.decide(kept).map(|_| ()) } else { Ok(()) }
    }

    /// The file has ended: what it is.
    pub fn finish(mut self, kept: &mut Vec<u8>) -> Result<(Kind, String), Code> {
        let kind = match &self.through {
            Some((kind, _)) => *kind,
            None if self.head.is_empty() => return Err(Code::Required),
            None => self.decide(kept)?,
        };
        if let Some((_, through)) = self.through {
            through.finish()?;
        }
        Ok((kind, kind.name(&self.name)))
    }

    fn decide(&mut self, kept: &mut Vec<u8>) -> Result<Kind, Code> {
        let head = mem::take(&mut self.head);
        let kind = Kind::of(&head[..head.len().min(HEAD)], &self.name).ok_or(Code::UnsupportedFile)?;
        let mut through = match kind {
            Kind::Pdf => Through::Plain,
            Kind::Docx | Kind::Xlsx | Kind::Pptx | Kind::Odt | Kind::Ods => Through::Office(Vec::new()),
            Kind::Csv | Kind::Text => Through::Text(Vec::new()),
            Kind::Jpeg => Through::Jpeg(Jpeg::default()),
            Kind::Png => Through::Png(Png::default()),
        };
        through.push(&head, kept)?;
        self.through = Some((kind, through));
        Ok(kind)
    }
}

impl Through {
    fn push(&mut self, bytes: &[u8], kept: &mut Vec<u8>) -> Result<(), Code> {
        match self {
            Self::Plain => {}
            Self::Office(edge) => {
                edge.extend_from_slice(bytes);
                if edge.windows(MACROS.len()).any(|part| part.eq_ignore_ascii_case(MACROS)) {
                    return Err(Code::UnsupportedFile);
                }
                let start = edge.len().saturating_sub(MACROS.len() - 1);
                edge.drain(..start);
            }
            Self::Text(edge) => {
                edge.extend_from_slice(bytes);
                let whole = match std::str::from_utf8(edge) {
                    Ok(text) => text,
                    Err(error) if error.error_len().is_none() => {
                        std::str::from_utf8(&edge[..error.valid_up_to()]).map_err(|_| Code::UnsupportedFile)?
                    }
                    Err(_) => return Err(Code::UnsupportedFile),
                };
                if whole.chars().any(is_binary) {
                    return Err(Code::UnsupportedFile);
                }
                let read = whole.len();
                edge.drain(..read);
            }
            Self::Jpeg(jpeg) => return jpeg.push(bytes, kept),
            Self::Png(png) => return png.push(bytes, kept),
        }
        kept.extend_from_slice(bytes);
        Ok(())
    }

    fn finish(self) -> Result<(), Code> {
        let whole = match self {
            Self::Plain | Self::Office(_) => true,
            Self::Text(edge) => edge.is_empty(),
            Self::Jpeg(jpeg) => jpeg.state == JpegState::Ended,
            Self::Png(png) => png.state == PngState::Ended,
        };
        if whole { Ok(()) } else { Err(Code::UnsupportedFile) }
    }
}

#[derive(PartialEq, Default)]
enum JpegState {
    /// A marker comes.
    #[default]
    Marker,
    /// The picture's own bytes, up to the next marker.
    Scan,
    /// What comes behind the end is no part of the picture.
    Ended,
}

/// A JPEG without its notes: Exif (place, camera, a small copy of the picture), comments, and whatever hangs behind its end.
#[derive(Default)]
struct Jpeg {
    pending: Vec<u8>,
    state: JpegState,
}

impl Jpeg {
    fn push(&mut self, bytes: &[u8], kept: &mut Vec<u8>) -> Result<(), Code> {
        self.pending.extend_from_slice(bytes);
        let pending = mem::take(&mut self.pending);
        let mut rest = &pending[..];
        while self.state != JpegState::Ended {
            let (used, keep) = match self.state {
                JpegState::Scan => self.scan(rest),
                _ => match self.marker(rest)? {
                    Some(step) => step,
                    None => break,
                },
            };
            if used == 0 && self.state == JpegState::Scan {
                break;
            }
            if keep {
                kept.extend_from_slice(&rest[..used]);
            }
            rest = &rest[used..];
        }
        self.pending = if self.state == JpegState::Ended { Vec::new() } else { rest.to_vec() };
        Ok(())
    }

    /// The picture's bytes up to the next marker; a last byte that may begin one waits.
    fn scan(&mut self, rest: &[u8]) -> (usize, bool) {
        let marker = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7 | 0xff);
        if let Some(at) = rest.windows(2).position(marker) {
            self.state = JpegState::Marker;
            return (at, true);
        }
        (rest.len() - usize::from(rest.last() == Some(&0xff)), true)
    }

    /// One marker with its segment: how long it is, and whether it is kept. Nothing while it is not whole.
    fn marker(&mut self, rest: &[u8]) -> Result<Option<(usize, bool)>, Code> {
        let [first, marker, ..] = *rest else { return Ok(None) };
        if first != 0xff {
            return Err(Code::UnsupportedFile);
        }
        match marker {
            0xff => return Ok(Some((1, false))),
            0xd8 | 0x01 | 0xd0..=0xd7 => return Ok(Some((2, true))),
            0xd9 => {
                self.state = JpegState::Ended;
                return Ok(Some((2, true)));
            }
            _ => {}
        }
        let Some(&[high, low]) = rest.get(2..4) else { return Ok(None) };
        let length = usize::from(u16::from_be_bytes([high, low]));
        if length < 2 {
            return Err(Code::UnsupportedFile);
        }
        let Some(content) = rest.get(4..2 + length) else { return Ok(None) };
        if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            let side = |at: usize| content.get(at..at + 2).map_or(0, |two| u32::from(u16::from_be_bytes([two[0], two[1]])));
            ensure_bearable(side(1), side(3))?;
        }
        if marker == 0xda {
            self.state = JpegState::Scan;
        }
        let keep = match marker {
            // What says how the picture is coded, and no thumbnail or camera beside it.
            0xe0 => content.starts_with(b"JFIF\0"),
            0xe2 => content.starts_with(b"ICC_PROFILE\0"),
            0xee => content.starts_with(b"Adobe"),
            0xc0..=0xcf | 0xda..=0xdd => true,
            _ => false,
        };
        Ok(Some((2 + length, keep)))
    }
}

#[derive(PartialEq, Default)]
enum PngState {
    #[default]
    Signature,
    /// The head of a chunk comes.
    Chunk,
    /// So many bytes of a chunk are to come; whether they are kept; whether it is the last.
    Inside(usize, bool, bool),
    Ended,
}

/// A PNG with the chunks that draw it, and no others: no place, no texts, nothing behind its end.
#[derive(Default)]
struct Png {
    pending: Vec<u8>,
    state: PngState,
}

impl Png {
    fn push(&mut self, bytes: &[u8], kept: &mut Vec<u8>) -> Result<(), Code> {
        self.pending.extend_from_slice(bytes);
        let pending = mem::take(&mut self.pending);
        let mut rest = &pending[..];
        loop {
            let (used, keep) = match self.state {
                PngState::Signature if rest.len() >= 8 => {
                    self.state = PngState::Chunk;
                    (8, true)
                }
                // The first chunk holds the size; it is looked at whole.
                PngState::Chunk if rest.len() >= 16 || (rest.len() >= 12 && &rest[4..8] == b"IEND") => self.chunk(rest)?,
                PngState::Inside(left, keep, last) if !rest.is_empty() => {
                    let used = left.min(rest.len());
                    self.state = match left - used {
                        0 if last => PngState::Ended,
                        0 => PngState::Chunk,
                        left => PngState::Inside(left, keep, last),
                    };
                    (used, keep)
                }
                _ => break,
            };
            if keep {
                kept.extend_from_slice(&rest[..used]);
            }
            rest = &rest[used..];
        }
        self.pending = if self.state == PngState::Ended { Vec::new() } else { rest.to_vec() };
        Ok(())
    }

    /// The head of a chunk: its length and name.
    fn chunk(&mut self, rest: &[u8]) -> Result<(usize, bool), Code> {
        const DRAWING: &[&[u8]] =
            &[b"IHDR", b"PLTE", b"IDAT", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"pHYs", b"bKGD", b"hIST"];
        let number = |at: usize| u32::from_be_bytes([rest[at], rest[at + 1], rest[at + 2], rest[at + 3]]);
        let length = usize::try_from(number(0)).map_err(|_| Code::UnsupportedFile)?;
        let name = &rest[4..8];
        if length > i32::MAX as usize || !name.iter().all(u8::is_ascii_alphabetic) {
            return Err(Code::UnsupportedFile);
        }
        if name == b"IHDR" {
            ensure_bearable(number(8), number(12))?;
        }
        let last = name == b"IEND";
        if last && length > 0 {
            return Err(Code::UnsupportedFile);
        }
        let keep = last || DRAWING.contains(&name);
        self.state = PngState::Inside(length + 4, keep, last);
        Ok((8, keep))
    }
}

fn ensure_bearable(width: u32, height: u32) -> Result<(), Code> {
    if width.max(height) > LONGEST_SIDE { Err(Code::PayloadTooLarge) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file through the sieve, in pieces of this length.
    fn sieved(bytes: &[u8], name: &str, piece: usize) -> Result<(Kind, Vec<u8>), Code> {
        let (mut sieve, mut kept) = (Sieve::new(name.to_owned()), Vec::new());
        for part in bytes.chunks(piece) {
            sieve.push(part, &mut kept)?;
        }
        let (kind, _) = sieve.finish(&mut kept)?;
        Ok((kind, kept))
    }

    fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len() + 2).expect("short").to_be_bytes();
        [&[0xff, marker], &length[..], content].concat()
    }

    #[test]
    fn a_photograph_does_not_tell_where_it_was_taken() {
        let picture = [&b"\x11\xff\0\x22\xff\xd0\x33"[..], &vec![7; 20_000]].concat();
        let frame = segment(0xc0, &[8, 0, 16, 0, 16, 3]);
        let clean =
            [&[0xff, 0xd8][..], &segment(0xe0, b"JFIF\0"), &frame, &segment(0xda, b"scan"), &picture, &[0xff, 0xd9]].concat();
        let told = [
            &[0xff, 0xd8][..],
            &segment(0xe0, b"JFIF\0"),
            &segment(0xe1, b"Exif\0\0GPSLatitude 33.5"),
            &segment(0xe0, b"JFXX\0\x10a thumbnail"),
            &segment(0xe0, b"II\x1a\0\0\0HEAPJPGM"),
            &segment(0xe2, b"MPF\0more"),
            &segment(0xee, b"anybody"),
            &segment(0xf4, b"reserved"),
            &segment(0xfe, b"a comment"),
            &frame,
            &segment(0xda, b"scan"),
            &picture,
            &[0xff, 0xd9],
            b"\xff\xd8\xff\xe1 another picture with GPS",
        ]
        .concat();
        for piece in [1, 7, 4096, 100_000] {
            assert_eq!(sieved(&told, "a.jpg", piece), Ok((Kind::Jpeg, clean.clone())), "{piece}");
        }
        assert_eq!(sieved(&clean[..clean.len() - 2], "a.jpg", 100), Err(Code::UnsupportedFile), "cut off");
        let wide = [&[0xff, 0xd8][..], &segment(0xc0, &[8, 0xc3, 0x50, 0xc3, 0x50, 3])].concat();
        assert_eq!(sieved(&wide, "a.jpg", 100), Err(Code::PayloadTooLarge), "50,000 by 50,000");
    }

    #[test]
    fn a_png_keeps_what_draws_it() {
        let chunk = |name: &[u8], content: &[u8]| {
            [&u32::try_from(content.len()).expect("short").to_be_bytes()[..], name, content, b"crc!"].concat()
        };
        let size = |side: u32| [&side.to_be_bytes()[..], &side.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
        let (start, end) = (b"\x89PNG\r\n\x1a\n", chunk(b"IEND", b""));
        let clean = [&start[..], &chunk(b"IHDR", &size(16)), &chunk(b"IDAT", &vec![9; 30_000]), &end].concat();
        let told = [
            &start[..],
            &chunk(b"IHDR", &size(16)),
            &chunk(b"eXIf", b"GPS 33.5"),
            &chunk(b"tEXt", b"Comment\0here"),
            &chunk(b"GPsX", b"33.5"),
            &chunk(b"IDAT", &vec![9; 30_000]),
            &end,
            b"PK\x03\x04 behind",
        ]
        .concat();
        for piece in [1, 13, 4096, 100_000] {
            assert_eq!(sieved(&told, "a.png", piece), Ok((Kind::Png, clean.clone())), "{piece}");
        }
        assert_eq!(sieved(&clean[..100], "a.png", 10), Err(Code::UnsupportedFile), "cut off");
        let behind = [&start[..], &chunk(b"IHDR", &size(16)), &chunk(b"IEND", b"33.5")].concat();
        assert_eq!(sieved(&behind, "a.png", 100), Err(Code::UnsupportedFile));
        let wide = [&start[..], &chunk(b"IHDR", &size(50_000)), &end].concat();
        assert_eq!(sieved(&wide, "a.png", 100), Err(Code::PayloadTooLarge));
    }

    #[test]
    fn text_is_text_to_its_end_and_a_document_has_no_program() {
        let table = "الاسم,المبلغ\n".repeat(2000);
        for piece in [1, 3, 4096] {
            assert_eq!(sieved(table.as_bytes(), "a.csv", piece), Ok((Kind::Csv, table.clone().into_bytes())));
        }
        let late = [table.as_bytes(), b"\0"].concat();
        assert_eq!(sieved(&late, "a.csv", 4096), Err(Code::UnsupportedFile));
        assert_eq!(sieved(b"", "a.csv", 1), Err(Code::Required));
        let mut through = Through::Office(Vec::new());
        let mut kept = Vec::new();
        assert_eq!(through.push(b"PK xl/vbaPro", &mut kept), Ok(()));
        assert_eq!(through.push(b"ject.bin", &mut kept), Err(Code::UnsupportedFile));
    }
}
