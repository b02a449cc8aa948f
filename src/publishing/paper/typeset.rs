//! Typst as a part of this service: it sees one template, the words of one language, one report and the fonts of one folder. No clock, no
//! network, no other file.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use chrono::{DateTime, Datelike, Timelike, Utc};
use typst::{
    Library, LibraryExt, World,
    diag::{FileError, FileResult, SourceDiagnostic},
    foundations::{Bytes, Datetime, Duration, Smart},
    syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot},
    text::{Font, FontBook, FontInfo},
    utils::LazyHash,
};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use super::{super::statement::Envelope, PagesLanguage, TEMPLATE};
use crate::error::{ApiError, ApiResult, Code};

/// Letters that must be there, or pages would be set with holes in them.
const NEEDED: [char; 3] = ['A', '0', 'ع'];

/// Sets reports as pages. Its fonts are looked for when they are first needed, and again as long as some are missing.
pub struct Press {
    folder: PathBuf,
    fonts: Mutex<Option<Arc<Fonts>>>,
    library: LazyHash<Library>,
}

/// The fonts of a folder. What they are like is known of all of them; their bytes are read when a letter needs them.
struct Fonts {
    book: LazyHash<FontBook>,
    slots: Vec<Slot>,
    complete: bool,
}

struct Slot {
    path: PathBuf,
    index: u32,
    font: OnceLock<Option<Font>>,
}

impl Press {
    /// A press with the fonts of a folder.
    pub fn with_fonts(folder: PathBuf) -> Self {
        Self { folder, fonts: Mutex::new(None), library: LazyHash::new(Library::default()) }
    }

    /// Whether pages can be set, in a sentence.
    pub fn check(&self) -> Result<String, String> {
        let fonts = self.fonts();
        let folder = self.folder.display();
        match (fonts.slots.len(), fonts.complete) {
            (0, _) => Err(format!("{folder} holds no fonts; install fonts-noto-core, or name a folder in SIRAJ_FONTS")),
            (_, false) => Err(format!(
                "the fonts of {folder} have no Arabic or no Latin letters; install fonts-noto-core, or name another folder in SIRAJ_FONTS"
            )),
            (number, true) => Ok(format!("{number} fonts of {folder}, Arabic and Latin among them")),
        }
    }

    fn fonts(&self) -> Arc<Fonts> {
        let mut kept = self.fonts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(fonts) = &*kept {
            return Arc::clone(fonts);
        }
        let found = Arc::new(Fonts::of(&self.folder));
        // A folder that was not there yet is looked into again.
        if found.complete {
            *kept = Some(Arc::clone(&found));
        }
        found
    }

    /// Sets a published report. It takes a while: not on a worker's thread.
    pub(super) fn set(&self, envelope: &Envelope, language: PagesLanguage) -> ApiResult<Vec<u8>> {
        let fonts = self.fonts();
        if !fonts.complete {
            return Err(ApiError::new(Code::PdfUnavailable));
        }
        let sheet = Sheet::of(&fonts, &self.library, envelope, language)?;
        let set = typst::compile::<PagedDocument>(&sheet).output.map_err(|faults| failed(&faults)).and_then(|pages| {
            // Letters that no font here has keep pages out of the archives, not from being read.
            let archived = export(&pages, envelope, language, &[PdfStandard::A_3a]);
            archived.or_else(|_| {
                // Why is not logged: it may name what stands in the report.
                tracing::warn!(number = envelope.number, "the pages of a report are no PDF/A");
                export(&pages, envelope, language, &[])
            })
        });
        // What was remembered of this report helps no other.
        comemo::evict(0);
        set
    }
}

/// Pages as the bytes of a file. Nothing in them is of this moment or this node.
fn export(pages: &PagedDocument, envelope: &Envelope, language: PagesLanguage, standards: &[PdfStandard]) -> ApiResult<Vec<u8>> {
    let options = PdfOptions {
        ident: Smart::Custom(format!("siraj {} {} {}", envelope.number, envelope.signature, language.as_str())),
        creator: Smart::Custom(Some("siraj".to_owned())),
        timestamp: moment(envelope.published_at).map(Timestamp::new_utc),
        standards: PdfStandards::new(standards).map_err(|fault| ApiError::internal(fault.message()))?,
        ..PdfOptions::default()
    };
    typst_pdf::pdf(pages, &options).map_err(|faults| failed(&faults))
}

fn failed(faults: &[SourceDiagnostic]) -> ApiError {
    ApiError::internal(faults.first().map_or("pages that cannot be set", |fault| fault.message.as_str()))
}

fn moment(moment: DateTime<Utc>) -> Option<Datetime> {
    let small = |number: u32| u8::try_from(number).ok();
    Datetime::from_ymd_hms(
        moment.year(),
        small(moment.month())?,
        small(moment.day())?,
        small(moment.hour())?,
        small(moment.minute())?,
        small(moment.second())?,
    )
}

impl Fonts {
    fn of(folder: &Path) -> Self {
        let (mut book, mut slots, mut missing) = (FontBook::new(), Vec::new(), NEEDED.to_vec());
        for path in files(folder) {
            let Ok(bytes) = fs::read(&path) else { continue };
            for (index, info) in (0..).zip(FontInfo::iter(&bytes)) {
                missing.retain(|letter| !info.coverage.contains(u32::from(*letter)));
                book.push(info);
                slots.push(Slot { path: path.clone(), index, font: OnceLock::new() });
            }
        }
        Self { book: LazyHash::new(book), slots, complete: missing.is_empty() }
    }
}

/// The font files of a folder and below it, in the order of their names: the first that has a letter is taken.
fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, kind) = (entry.path(), entry.file_type());
            let is_font =
                path.extension().is_some_and(|end| ["ttf", "otf", "ttc", "otc"].iter().any(|one| end.eq_ignore_ascii_case(one)));
            match kind {
                // A link to a folder may lead round in a circle.
                Ok(kind) if kind.is_dir() => folders.push(path),
                Ok(_) if is_font => found.push(path),
                _ => {}
            }
        }
    }
    found.sort();
    found
}

impl Slot {
    fn font(&self) -> Option<Font> {
        self.font.get_or_init(|| Font::new(Bytes::new(fs::read(&self.path).ok()?), self.index)).clone()
    }
}

/// All that is seen while one report is set.
struct Sheet<'a> {
    fonts: &'a Fonts,
    library: &'a LazyHash<Library>,
    main: Source,
    files: [(FileId, Bytes); 3],
}

impl<'a> Sheet<'a> {
    fn of(fonts: &'a Fonts, library: &'a LazyHash<Library>, envelope: &Envelope, language: PagesLanguage) -> ApiResult<Self> {
        let files = [
            (named("words.json")?, Bytes::from_string(language.words())),
            (named("envelope.json")?, Bytes::new(envelope.bytes()?)),
            (named("statement.txt")?, Bytes::new(envelope.statement().words())),
        ];
        Ok(Self { fonts, library, main: Source::new(named("report.typ")?, TEMPLATE.to_owned()), files })
    }
}

fn named(name: &str) -> ApiResult<FileId> {
    let path = VirtualPath::new(name).map_err(ApiError::internal)?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}

impl World for Sheet<'_> {
    fn library(&self) -> &LazyHash<Library> {
        self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.fonts.book
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main.id() { Ok(self.main.clone()) } else { Err(FileError::NotSource) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        self.files.iter().find(|(name, _)| *name == id).map(|(_, bytes)| bytes.clone()).ok_or(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.slots.get(index)?.font()
    }

    /// None: pages say when the report was published, never when they were set.
    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}
