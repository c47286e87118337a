//! A merchant's day.
