//! Text as readers search, sort and see it.

/// Lower case without accents and with single spaces: what search and sort compare.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' | 'ä' => folded.push('a'),
            'æ' => folded.push_str("ae"),
            'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => folded.push('c'),
            'ď' | 'đ' | 'ð' => folded.push('d'),
            'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => folded.push('e'),
            'ĝ' | 'ğ' | 'ġ' | 'ģ' => folded.push('g'),
            'ĥ' | 'ħ' => folded.push('h'),
            'ì' | 'í' | 'î' | 'ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => folded.push('i'),
            'ĵ' => folded.push('j'),
            'ķ' => folded.push('k'),
            'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => folded.push('l'),
            'ñ' | 'ń' | 'ņ' | 'ň' => folded.push('n'),
            'ò' | 'ó' | 'ô' | 'õ' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'ö' => folded.push('o'),
            'œ' => folded.push_str("oe"),
            'ŕ' | 'ŗ' | 'ř' => folded.push('r'),
            'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => folded.push('s'),
            'ß' => folded.push_str("ss"),
            'ţ' | 'ť' | 'ŧ' | 'ț' => folded.push('t'),
            'ù' | 'ú' | 'û' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' | 'ü' => folded.push('u'),
            'ŵ' => folded.push('w'),
            'ý' | 'ÿ' | 'ŷ' => folded.push('y'),
            'ź' | 'ż' | 'ž' => folded.push('z'),
            // Combining accents, and what İ leaves behind in lower case.
            '\u{300}'..='\u{36f}' => {}
            letter if letter.is_whitespace() || letter.is_control() => {
                if !folded.is_empty() && !folded.ends_with(' ') {
                    folded.push(' ');
                }
            }
            letter => folded.push(letter),
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// A pattern for `LIKE … ESCAPE '\'` that finds `text` anywhere, with nothing in it special.
pub(crate) fn contains_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 8);
    pattern.push('%');
    push_escaped(&mut pattern, text);
    pattern.push('%');
    pattern
}

/// As [`contains_pattern`], at the beginning.
pub(crate) fn prefix_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 8);
    push_escaped(&mut pattern, text);
    pattern.push('%');
    pattern
}

fn push_escaped(pattern: &mut String, text: &str) {
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
}

/// The words of a search, folded; at most eight, the rest would only cost time.
pub(crate) fn search_words(text: &str) -> Vec<String> {
    fold(text)
        .split(' ')
        .filter(|word| !word.is_empty())
        .take(8)
        .map(|word| word.chars().take(64).collect())
        .collect()
}

/// Whether an option is about colour, in the languages of the interface.
pub(crate) fn is_colour_option(name: &str) -> bool {
    matches!(
        fold(name).as_str(),
        "color"
            | "colour"
            | "colors"
            | "colours"
            | "farbe"
            | "couleur"
            | "glaze"
            | "finish"
            | "shade"
            | "цвет"
            | "颜色"
    )
}

/// `#rrggbb` of a known colour name; the last known word decides ("Matte Black" is black).
pub(crate) fn swatch(value: &str) -> Option<&'static str> {
    let folded = fold(value);
    colour(&folded).or_else(|| folded.split([' ', '-', '/']).rev().find_map(colour))
}

fn colour(name: &str) -> Option<&'static str> {
    Some(match name {
        "black" | "onyx" | "jet" => "#1c1b1a",
        "white" | "snow" => "#ffffff",
        "ivory" | "cream" | "bone" | "chalk" => "#ece7dd",
        "oat" | "flax" | "linen" | "natural" => "#d9cbb2",
        "sand" | "beige" | "tan" | "camel" => "#c9ae84",
        "khaki" => "#b3a369",
        "brown" | "walnut" | "chocolate" | "nutmeg" | "coffee" => "#6b4a32",
        "oak" | "honey" | "maple" => "#c08a4e",
        "clay" | "terracotta" => "#b4633f",
        "rust" | "ember" | "copper" => "#9c4a2a",
        "red" | "scarlet" | "crimson" => "#b3261e",
        "burgundy" | "wine" | "maroon" | "oxblood" => "#6d1f2b",
        "pink" | "rose" | "blush" => "#d98ba0",
        "orange" => "#e07b26",
        "yellow" | "mustard" => "#d9a520",
        "gold" | "brass" => "#b8923a",
        "green" => "#3f7d4a",
        "sage" => "#9aa68a",
        "moss" | "olive" => "#6d7650",
        "pine" | "forest" => "#2f4a3a",
        "mint" | "celeste" => "#a8d5c2",
        "teal" | "turquoise" => "#2a8c8c",
        "blue" => "#2f5fa8",
        "sky" | "glacier" | "ice" => "#a9c6d9",
        "navy" | "midnight" | "indigo" => "#1f2d4d",
        "ink" => "#2f3440",
        "purple" | "violet" | "plum" => "#6a3d7c",
        "lavender" | "lilac" => "#b3a3cf",
        "grey" | "gray" | "stone" | "ash" => "#8a8a86",
        "slate" => "#5d6b73",
        "charcoal" | "graphite" => "#3d3f42",
        "silver" | "chrome" | "steel" => "#b9bcc0",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn folds_case_accents_and_spaces() {
        assert_eq!(fold("  Crème   BRÛLÉE\n"), "creme brulee");
        assert_eq!(fold("Straße Łódź"), "strasse lodz");
        assert_eq!(fold("Чай 茶"), "чай 茶");
    }

    #[test]
    fn patterns_have_nothing_special_in_them() {
        assert_eq!(contains_pattern("100%_a\\b"), "%100\\%\\_a\\\\b%");
    }

    #[test]
    fn the_last_known_word_gives_the_colour() {
        assert_eq!(swatch("Matte Black"), Some("#1c1b1a"));
        assert_eq!(swatch("Large"), None);
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,60}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
