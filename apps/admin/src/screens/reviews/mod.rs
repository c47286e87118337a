//! Reviews: the queue, one of them in a drawer, and who may write.

pub mod list;
mod rules;
mod verdict;
