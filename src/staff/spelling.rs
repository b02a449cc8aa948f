//! One form for the spellings of a name: محمد, Mohammed, Mohamad and Muhammed are one. Pure; nothing is stored here.
//!
//! Arabic and Latin letters fold to one skeleton of consonants. Vowels, doubled letters, articles and `bin` fall away; letters that
//! people write for each other (q, k, g, gh; d, z, dh; f, ph, v; s of two kinds) are one. What folds together may still be two people:
//! a skeleton finds candidates, it decides nothing.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Parts of a name that say no more than whose child somebody is.
const LINKS: &[&str] = &["bin", "ben", "ibn", "bint", "bn", "بن", "ابن", "بنت"];
/// The article as people write it apart, before any letter or before the letter that it takes on.
const ARTICLES: &[&str] = &["al", "el", "ul", "il", "l", "ال"];
const TAKEN_ON: &[&str] = &["ad", "ar", "as", "ash", "at", "an", "az", "ed", "er", "es", "esh", "et", "en", "ez"];
/// Servants and fathers of: one name with what follows.
const HEADS: &[&str] = &[
    "abd", "abdul", "abdel", "abdal", "abdu", "abdol", "abu", "abou", "abo", "aboul", "umm", "oum", "عبد", "ابو", "عبو", "ام",
    "عم",
];
/// `…-al-din`: one name with what stands before.
const TAILS: &[&str] =
    &["din", "deen", "eddin", "eddine", "uddin", "aldin", "addin", "eldin", "aldeen", "eldeen", "الدين", "دين"];

/// The skeletons of a name's first and last part, in the order of the alphabet: what stands between is often left out, and some write
/// the family first. Nothing, where the name has no consonant.
pub fn name_form(name: &str) -> Option<String> {
    let parts: Vec<String> = parts(name).iter().map(|part| skeleton(part)).filter(|part| !part.is_empty()).collect();
    let (first, last) = (parts.first()?, parts.last()?);
    let mut ends = if parts.len() == 1 { vec![first] } else { vec![first, last] };
    ends.sort();
    Some(ends.iter().map(|end| end.as_str()).collect::<Vec<_>>().join(" "))
}

/// The last nine digits of a telephone number: with and without the country's prefix it is one. Nothing, where it has fewer than seven.
pub fn phone_form(phone: &str) -> Option<String> {
    let digits: Vec<char> =
        phone.chars().filter_map(|letter| western(letter).or_else(|| letter.is_ascii_digit().then_some(letter))).collect();
    (digits.len() >= 7).then(|| digits[digits.len().saturating_sub(9)..].iter().collect())
}

/// Arabic and Persian digits as 0 to 9.
fn western(letter: char) -> Option<char> {
    let value = match letter {
        '٠'..='٩' => u32::from(letter) - u32::from('٠'),
        '۰'..='۹' => u32::from(letter) - u32::from('۰'),
        _ => return None,
    };
    char::from_digit(value, 10)
}

/// The parts that make up a name: articles and links gone, heads and tails joined to what they belong to.
fn parts(name: &str) -> Vec<String> {
    // An alef that bears a hamza begins no article: إلهام. Like ain it is no consonant of the skeleton.
    let plain = |letter| if matches!(letter, 'أ' | 'إ' | 'آ') { 'ع' } else { letter };
    let spread: String = name.nfc().map(plain).nfkd().filter(|letter| !is_mark(*letter)).flat_map(char::to_lowercase).collect();
    let words =
        spread.split(|letter: char| !letter.is_alphabetic() && !is_joiner(letter)).map(|word| word.replace(is_joiner, ""));
    let mut parts: Vec<String> = Vec::new();
    let mut joins = false;
    let mut words = words.filter(|word| !word.is_empty()).peekable();
    while let Some(word) = words.next() {
        let taken_on = |next: &String| TAKEN_ON.contains(&word.as_str()) && next.chars().next() == word.chars().nth(1);
        if LINKS.contains(&word.as_str()) || ARTICLES.contains(&word.as_str()) || words.peek().is_some_and(taken_on) {
            continue;
        }
        let tail = TAILS.contains(&word.as_str()) && !parts.is_empty();
        let bare = if tail { "din" } else { without_article(&word) };
        let is_head = HEADS.contains(&word.as_str());
        match parts.last_mut() {
            Some(before) if joins || tail => before.push_str(bare),
            _ => parts.push(bare.to_owned()),
        }
        joins = is_head;
    }
    parts
}

/// Marks over and under letters, and the stroke that only stretches a word. What is left of a hamza or a madda is its bearer.
fn is_mark(letter: char) -> bool {
    is_combining_mark(letter) || letter == 'ـ'
}

/// What stands for ain or hamza within a Latin word.
fn is_joiner(letter: char) -> bool {
    matches!(letter, '\'' | '’' | '‘' | '`' | 'ʿ' | 'ʾ' | 'ʻ' | 'ʼ' | '´')
}

/// A word without the article that is written as one with it.
fn without_article(word: &str) -> &str {
    let rest = match word.strip_prefix("ال") {
        Some(rest) => Some(rest).filter(|rest| rest.chars().count() >= 3),
        None => word.strip_prefix("al").or_else(|| word.strip_prefix("el")).filter(|rest| {
            let begins_as_name = rest.starts_with(|first: char| !matches!(first, 'e' | 'i' | 'o' | 'u' | 'y'));
            begins_as_name && rest.chars().count() >= 4
        }),
    };
    rest.unwrap_or(word)
}

/// The consonants of a word, each of its kind, no two alike beside each other.
fn skeleton(word: &str) -> String {
    let word = servant(word);
    let letters: Vec<char> = word.chars().collect();
    let mut bones: Vec<char> = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        let (kind, length) = kind_of(&letters[at..], at == 0);
        if let Some(kind) = kind
            && bones.last() != Some(&kind)
        {
            bones.push(kind);
        }
        at += length;
    }
    // Ta marbuta, a silent h, and the h of Saleh and Salah are written or not.
    if bones.len() > 1 && bones.last() == Some(&'h') {
        bones.pop();
    }
    bones.into_iter().collect()
}

/// Abdulrahman, Abdurrahman and Abd al-Rahman: the article between the two halves is one more that falls away.
fn servant(word: &str) -> String {
    let Some(rest) = word.strip_prefix("abd").or_else(|| word.strip_prefix("عبد")).filter(|rest| rest.chars().count() >= 3)
    else {
        return word.to_owned();
    };
    let bare = rest.trim_start_matches(['a', 'e', 'i', 'o', 'u', 'ا']);
    let bare = bare.strip_prefix(['l', 'ل']).filter(|named| named.chars().count() >= 2).unwrap_or(bare);
    format!("abd{bare}")
}

/// Which consonant stands at the start of these letters, if one does, and how many letters write it.
fn kind_of(letters: &[char], starts: bool) -> (Option<char>, usize) {
    let pair = (letters[0], letters.get(1).copied().unwrap_or(' '));
    match pair {
        ('k', 'h') => return (Some('x'), 2),
        ('c', 'k') | ('g', 'h') => return (Some('k'), 2),
        ('s' | 'c', 'h') => return (Some('c'), 2),
        ('d', 'h') => return (Some('d'), 2),
        ('t', 'h') => return (Some('t'), 2),
        ('p', 'h') => return (Some('f'), 2),
        ('d', 'j') => return (Some('j'), 2),
        _ => {}
    }
    let kind = match pair.0 {
        'b' | 'p' | 'ب' | 'پ' => 'b',
        't' | 'ت' | 'ط' | 'ث' => 't',
        'j' | 'ج' | 'ژ' => 'j',
        'h' | 'ح' | 'ه' | 'ة' | 'ہ' | 'ە' => 'h',
        'خ' => 'x',
        'd' | 'z' | 'د' | 'ذ' | 'ز' | 'ض' | 'ظ' => 'd',
        'r' | 'ر' => 'r',
        's' | 'س' | 'ص' => 's',
        'ش' | 'چ' => 'c',
        'q' | 'k' | 'g' | 'c' | 'x' | 'ق' | 'ك' | 'ک' | 'غ' | 'گ' => 'k',
        'f' | 'v' | 'ف' | 'ڤ' => 'f',
        'l' | 'ل' => 'l',
        'm' | 'م' => 'm',
        'n' | 'ن' => 'n',
        // At the start of a word they are consonants; within it they may be vowels that nobody writes in Latin letters.
        'w' | 'و' if starts => 'w',
        'y' | 'ي' | 'ى' | 'ی' if starts => 'y',
        _ => return (None, 1),
    };
    (Some(kind), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_have_one_form() {
        for spellings in [
            &["محمد", "Mohammed", "Mohamad", "Muhammed", "Mouhamad", "MOHAMMAD", "مُحَمَّد"][..],
            &["أحمد الخطيب", "احمد الخطيب", "Ahmad al-Khatib", "Ahmed El Khateeb", "Ahmad Alkhatib", "Ahmed Khatib"],
            &["فاطمة", "Fatima", "Fatimah", "Fatmeh", "فاطمه"],
            &["عبد الرحمن", "عبدالرحمن", "Abdulrahman", "Abdurrahman", "Abd al-Rahman", "Abd ar-Rahman", "Abdel Rahman"],
            &["نور الدين", "Nour al-Din", "Nooreddin", "Nour Eddin", "Noor Aldeen"],
            &["قاسم", "Qasem", "Kasim", "Gassem", "Qassim"],
            &["يوسف", "Yousef", "Youssef", "Yusuf", "Yousif"],
            &["خالد", "Khaled", "Khalid"],
            &["شريف", "Sharif", "Shareef", "Cherif"],
            &["مصطفى", "Mustafa", "Moustapha", "Mostafa"],
            &["غسان", "Ghassan", "Gassan"],
            &["صلاح", "Salah", "Saleh", "صالح"],
            &["سارة", "Sara", "Sarah"],
            &["أبو بكر", "Abu Bakr", "Abou Bakir", "Abubakr"],
            &["عائشة بنت خالد", "Aisha bint Khaled", "Aysha Khalid", "A’isha Khaled"],
            &["ليلى حسن", "Layla Hassan", "Leila Hasan", "Hassan Laila"],
            &["محمد أحمد الحلبي", "Mohammad al-Halabi", "Muhamed Ahmad Halabi"],
            &["إلهام", "Elham", "Ilham"],
            &["رياض", "Riyad", "Riad", "Riyadh", "Riyaz"],
        ] {
            let forms: Vec<_> = spellings.iter().map(|one| name_form(one)).collect();
            assert!(forms[0].is_some() && forms.iter().all(|form| *form == forms[0]), "{spellings:?}: {forms:?}");
        }
    }

    #[test]
    fn other_names_have_other_forms() {
        let names = [
            "Mohammed",
            "Mahmoud Amin",
            "Ahmad",
            "Hamid Karim",
            "Fatima",
            "Khaled",
            "Qasem",
            "Sharif",
            "Yousef",
            "Samir",
            "Omar Nasser",
            "Layla Hassan",
            "محمود قاسم",
        ];
        let forms: std::collections::BTreeSet<_> = names.iter().map(|name| name_form(name)).collect();
        assert_eq!(forms.len(), names.len(), "{forms:?}");
        assert_eq!([name_form("—"), name_form("علي 3"), name_form("Ea")], [None, Some("l".to_owned()), None]);
    }

    #[test]
    fn a_telephone_number_has_one_form_with_and_without_its_prefix() {
        let forms = ["+963 944 123 456", "0944-123456", "٠٩٤٤١٢٣٤٥٦", "00963944123456"].map(phone_form);
        assert!(forms.iter().all(|form| form.as_deref() == Some("944123456")), "{forms:?}");
        assert_eq!(phone_form("112"), None);
    }
}
