//! Stars.

use catalog::view::Rating;
use leptos::prelude::*;

/// "4.7".
pub fn decimal(tenths: Option<u32>) -> String {
    tenths.map(|tenths| format!("{}.{}", tenths / 10, tenths % 10)).unwrap_or_default()
}

/// The stars of a mean, to the nearest half; for eyes only.
pub fn of_tenths(tenths: Option<u32>) -> AnyView {
    let halves = (tenths.unwrap_or_default() + 2) / 5;
    let value =
        if halves.is_multiple_of(2) { format!("{}", halves / 2) } else { format!("{}.5", halves / 2) };
    view! { <span class="stars" data-stars=value></span> }.into_any()
}

/// The stars that somebody gave.
pub fn rating(stars: i64) -> AnyView {
    view! {
        <span class="rating">
            <span class="stars" data-stars=stars.to_string()></span>
            <span class="visually-hidden">{format!("{stars} of 5 stars")}</span>
        </span>
    }
    .into_any()
}

/// Mean and number of reviews in one line; nothing without reviews.
pub fn line(rating: Option<Rating>) -> Option<AnyView> {
    let rating = rating?;
    let tenths = rating.tenths()?;
    let words = match rating.count() {
        1 => format!("{} of 5 stars, 1 review", decimal(Some(tenths))),
        n => format!("{} of 5 stars, {n} reviews", decimal(Some(tenths))),
    };
    Some(
        view! {
            <p class="rating">
                {of_tenths(Some(tenths))}
                <span class="muted" aria-hidden="true">{format!("({})", rating.count())}</span>
                <span class="visually-hidden">{words}</span>
            </p>
        }
        .into_any(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_is_shown_to_the_nearest_half() {
        let shown = |tenths| of_tenths(Some(tenths)).to_html();
        for (tenths, stars) in
            [(50, "5"), (48, "5"), (47, "4.5"), (43, "4.5"), (42, "4"), (10, "1"), (13, "1.5")]
        {
            assert!(shown(tenths).contains(&format!("data-stars=\"{stars}\"")), "{tenths}");
        }
        assert_eq!(decimal(Some(47)), "4.7");
    }
}
