//! Pure views: values in, markup out. The markup follows the design's contract (elements, classes, `aria-*`, `data-*`).

pub mod card;
pub mod form;
pub mod icon;
pub mod lines;
pub mod media;
pub mod price;
pub mod shell;
pub mod stars;
pub mod tender;
