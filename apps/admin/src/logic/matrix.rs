//! Options of a product and the variants that they span.

/// Variants that a product may have.
pub const MOST_VARIANTS: usize = 2_000;

/// Every combination of the options' values, the last option turning fastest. No options: none.
pub fn combinations(options: &[Vec<String>]) -> Vec<Vec<String>> {
    if options.is_empty() || options.iter().any(Vec::is_empty) {
        return Vec::new();
    }
    options.iter().fold(vec![Vec::new()], |rows, values| {
        rows.iter()
            .flat_map(|row| {
                values.iter().map(move |value| {
                    let mut row = row.clone();
                    row.push(value.clone());
                    row
                })
            })
            .collect()
    })
}

/// How many there would be, without making them.
pub fn count(options: &[Vec<String>]) -> usize {
    if options.is_empty() { 0 } else { options.iter().map(Vec::len).fold(1, usize::saturating_mul) }
}

/// Values of one field, separated by commas: trimmed, without empty ones and repeats.
pub fn values(text: &str) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for value in text.split(',').map(str::trim).filter(|value| !value.is_empty()) {
        if !values.iter().any(|known| known.eq_ignore_ascii_case(value)) {
            values.push(value.to_owned());
        }
    }
    values
}

/// Where each wanted combination is found among the present ones.
///
/// A present variant stays with its own combination. Where an option was added at the end, a present variant is kept
/// by the first combination that begins with its values; where one was removed, by the combination that it begins with.
pub fn keep(present: &[Vec<String>], wanted: &[Vec<String>]) -> Vec<Option<usize>> {
    let mut taken = vec![false; present.len()];
    let mut found = vec![None; wanted.len()];
    let exact = |a: &[String], b: &[String]| a == b;
    let begins = |a: &[String], b: &[String]| a.starts_with(b) || b.starts_with(a);
    for matches in [&exact as &dyn Fn(&[String], &[String]) -> bool, &begins] {
        for (slot, combination) in found.iter_mut().zip(wanted) {
            if slot.is_none() {
                *slot = (0..present.len()).find(|at| !taken[*at] && matches(combination, &present[*at]));
                if let Some(at) = *slot {
                    taken[at] = true;
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        values(text)
    }

    #[test]
    fn spans_every_combination() {
        let rows = combinations(&[words("Slate, Chalk"), words("300, 450")]);
        assert_eq!(rows, [words("Slate,300"), words("Slate,450"), words("Chalk,300"), words("Chalk,450")]);
        assert_eq!(count(&[words("a,b,c"), words("1,2")]), 6);
        assert!(combinations(&[]).is_empty());
        assert!(combinations(&[words("a"), Vec::new()]).is_empty());
        assert_eq!(count(&[]), 0);
    }

    #[test]
    fn reads_values_once() {
        assert_eq!(words(" S, M,,l , m,XL "), ["S", "M", "l", "XL"]);
        assert!(words(" , ").is_empty());
    }

    #[test]
    fn keeps_variants_when_options_grow_and_shrink() {
        let present = [words("Slate"), words("Chalk")];
        let wanted = combinations(&[words("Slate,Chalk,Rust"), words("300,450")]);
        assert_eq!(keep(&present, &wanted), [Some(0), None, Some(1), None, None, None]);
        let present = combinations(&[words("Slate,Chalk"), words("300,450")]);
        assert_eq!(keep(&present, &[words("Slate"), words("Chalk")]), [Some(0), Some(2)]);
        assert_eq!(keep(&present, &[words("Chalk,450")]), [Some(3)]);
        assert_eq!(keep(&[Vec::new()], &[words("S"), words("M")]), [Some(0), None]);
    }
}
