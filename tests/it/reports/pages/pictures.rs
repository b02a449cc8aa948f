//! Pages as an eye sees them: where their ink lies, how long their bars are, which squares of the map are drawn.

use std::path::Path;

use super::{typeset::Pages, *};

/// Dots of an inch: a bar is ten of them high.
const DENSITY: &str = "100";

/// A page as dots.
struct Picture {
    width: usize,
    dots: Vec<[u8; 3]>,
}

/// A rectangle of one colour, in dots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Patch {
    left: usize,
    right: usize,
    top: usize,
    bottom: usize,
}

impl Patch {
    const fn width(self) -> usize {
        self.right - self.left
    }

    const fn height(self) -> usize {
        self.bottom - self.top
    }
}

/// All pages of a file.
fn pictures(file: &Path) -> Vec<Picture> {
    let bytes = typeset::run("pdftoppm", &["-r", DENSITY], file, &[]);
    let (mut rest, mut pages) = (bytes.as_slice(), Vec::new());
    while !rest.is_empty() {
        // Three lines (`P6`, width and height, 255), then three bytes for each dot.
        let end = rest.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(2).expect("a picture").0;
        let head = String::from_utf8(rest[..end].to_vec()).expect("a head");
        let sides: Vec<usize> = head.split_whitespace().skip(1).map(|word| word.parse().expect("a number")).collect();
        let size = sides[0] * sides[1] * 3;
        let dots = rest[end + 1..=end + size].chunks_exact(3).map(|dot| [dot[0], dot[1], dot[2]]).collect();
        pages.push(Picture { width: sides[0], dots });
        rest = &rest[end + 1 + size..];
    }
    pages
}

impl Picture {
    /// How many dark dots stand in the left and in the right third of the page.
    fn ink(&self) -> (usize, usize) {
        let dark = self.dots.iter().enumerate().filter(|(_, [red, green, blue])| *red < 110 && *green < 110 && *blue < 110);
        let (mut left, mut right) = (0, 0);
        for (place, _) in dark {
            match place % self.width * 3 / self.width {
                0 => left += 1,
                2 => right += 1,
                _ => {}
            }
        }
        (left, right)
    }

    /// The filled rectangles in the colour of bars and squares, from the top; letters of that colour are none.
    fn patches(&self) -> Vec<Patch> {
        let coloured = |[red, green, blue]: [u8; 3]| red < 60 && (90..130).contains(&green) && (120..160).contains(&blue);
        let mut patches: Vec<Patch> = Vec::new();
        for (row, dots) in self.dots.chunks_exact(self.width).enumerate() {
            let mut start = None;
            for (place, dot) in dots.iter().copied().chain([[255; 3]]).enumerate() {
                match (coloured(dot), start) {
                    (true, None) => start = Some(place),
                    (false, Some(left)) => {
                        start = None;
                        let near = |one: usize, other: usize| one.abs_diff(other) <= 2;
                        let above = patches
                            .iter_mut()
                            .find(|patch| patch.bottom == row && near(patch.left, left) && near(patch.right, place));
                        match above {
                            Some(patch) => {
                                *patch =
                                    Patch { left: patch.left.min(left), right: patch.right.max(place), bottom: row + 1, ..*patch }
                            }
                            None => patches.push(Patch { left, right: place, top: row, bottom: row + 1 }),
                        }
                    }
                    _ => {}
                }
            }
        }
        // The strokes of letters are thin, or not as high as a bar.
        patches.retain(|patch| patch.height() >= 7 && patch.width() >= 10);
        patches
    }
}

/// The pages of report 1 in a language.
async fn seen(world: &World, language: &str) -> Vec<Picture> {
    let (pages, _) = Pages::of(&world.manager, &format!("?language={language}")).await;
    pictures(&pages.file())
}

/// Bars of a tenth of an inch, and squares of the map, which are higher: what is written into one cuts it, but it is one.
fn bars_and_squares(pages: &[Picture]) -> (Vec<Patch>, Vec<Patch>) {
    let (mut bars, mut squares) = (Vec::new(), Vec::new());
    for page in pages {
        let (low, high): (Vec<Patch>, Vec<Patch>) = page.patches().into_iter().partition(|patch| patch.height() <= 13);
        bars.extend(low);
        let mut whole: Vec<Patch> = Vec::new();
        for piece in high {
            let above = whole.iter_mut().find(|square| square.left == piece.left && square.right == piece.right);
            match above {
                Some(square) => square.bottom = piece.bottom,
                None => whole.push(piece),
            }
        }
        squares.extend(whole);
    }
    (bars, squares)
}

#[tokio::test]
async fn english_is_set_from_the_left_arabic_from_the_right_and_bars_are_as_long_as_their_numbers() {
    let world = World::start().await;
    ten_hospitals(&world).await;
    let definition = define(&world, "ALL", &json!({"title_ar": "تقرير الغوطة"})).await;
    published(&world, definition, "2015-06-30").await;
    let (english, arabic) = (seen(&world, "en").await, seen(&world, "ar").await);
    let ink = |pages: &[Picture]| {
        pages[..pages.len() - 1].iter().map(Picture::ink).fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1))
    };
    let ((left, right), (left_of_arabic, right_of_arabic)) = (ink(&english), ink(&arabic));
    assert!(left * 2 > right * 3, "English: {left} dark dots on the left, {right} on the right");
    assert!(
        right_of_arabic * 2 > left_of_arabic * 3,
        "Arabic: {left_of_arabic} dark dots on the left, {right_of_arabic} on the right"
    );

    for (pages, from_the_right) in [(&english, false), (&arabic, true)] {
        let (bars, squares) = bars_and_squares(pages);
        // Ten hospitals, of one kind twice, of one state, in one area, with ten doctors; nothing was sent, and nothing has no bar.
        let longest = bars.iter().map(|bar| bar.width()).max().expect("bars");
        let (long, short): (Vec<&Patch>, Vec<&Patch>) = bars.iter().partition(|bar| bar.width() + 2 >= longest);
        assert_eq!((long.len(), short.len()), (4, 1), "{bars:?}");
        assert!(short[0].width().abs_diff(longest / 10) <= 3, "one of ten: {bars:?}");
        let begins = |bar: &Patch| if from_the_right { bar.right } else { bar.left };
        assert!(bars.iter().all(|bar| begins(bar).abs_diff(begins(&bars[0])) <= 2), "they begin where the words end: {bars:?}");
        let width = pages[0].width;
        let beside_the_words = if from_the_right { begins(&bars[0]) < width * 7 / 10 } else { begins(&bars[0]) > width * 3 / 10 };
        assert!(beside_the_words && longest > width / 3, "{bars:?} of {width}");
        assert_eq!(squares.len(), 1, "the cell of five: {squares:?}");
        // A tenth of a degree of longitude is shorter than one of latitude.
        let (wide, high) = (squares[0].width() * 100, squares[0].height() * 100);
        assert!(wide > high * 7 / 10 && wide < high * 95 / 100, "{squares:?}");
    }
}

#[tokio::test]
async fn a_report_without_a_map_draws_no_square() {
    let world = World::start().await;
    ten_hospitals(&world).await;
    let definition = define(&world, "SOME", &json!({"contract_id": world.contract})).await;
    published(&world, definition, "2015-06-30").await;
    for language in ["en", "ar"] {
        let (bars, squares) = bars_and_squares(&seen(&world, language).await);
        assert_eq!((bars.len(), squares.len()), (5, 0), "{bars:?} {squares:?}");
    }
}
