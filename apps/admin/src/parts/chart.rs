//! A line chart over days: an SVG that stretches, labels in HTML, one button per day for pointer and keyboard.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;

use crate::logic::chart::{Axis, area, labelled, line, x};

/// One column of the chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// `17 Nov`, under the axis.
    pub label: String,
    /// Height.
    pub value: i64,
    /// What the tip says: names and values.
    pub said: Vec<(&'static str, String)>,
}

/// The chart. Arrow keys go from day to day; each day reads its values.
#[component]
pub fn LineChart(
    /// What it shows, for those who do not see it.
    #[prop(into)]
    label: String,
    /// Columns from left to right.
    points: Vec<Point>,
    /// Writes a value for the axis.
    axis_text: fn(i64) -> String,
) -> impl IntoView {
    let values: Vec<i64> = points.iter().map(|point| point.value).collect();
    let axis = Axis::for_values(values.iter().copied(), 5);
    let count = points.len();
    let lines = axis.lines();
    let steps = lines.len().max(2) - 1;
    let grid = (0..lines.len())
        .map(|at| {
            let y = format!("{:.2}", at as f64 * 100.0 / steps as f64);
            let class = if at == steps { "grid base" } else { "grid" };
            view! { <line class=class x1="0" x2="100" y1=y.clone() y2=y></line> }
        })
        .collect_view();
    let marks = labelled(count, 6)
        .into_iter()
        .map(|at| {
            let edge = if at == 0 { "start" } else if at + 1 == count { "end" } else { "middle" };
            view! { <span style=("--x", format!("{:.2}", x(at, count))) data-edge=edge>{points[at].label.clone()}</span> }
        })
        .collect_view();
    let hits = points
        .into_iter()
        .enumerate()
        .map(|(at, point)| {
            let height = 100.0 - axis.y(point.value);
            let label = point.label.clone();
            let spoken: Vec<String> =
                point.said.iter().map(|(name, value)| format!("{name} {value}")).collect();
            let rows = point
                .said
                .into_iter()
                .map(|(name, value)| view! { <span>{name}</span><b>{value}</b> })
                .collect_view();
            view! {
                <button
                    type="button"
                    style=("--y", format!("{height:.2}"))
                    data-flip=(at * 2 > count).then_some("")
                    tabindex=if at + 1 == count { "0" } else { "-1" }
                    aria-label=format!("{label}: {}", spoken.join(", "))
                >
                    <span class="tip" aria-hidden="true"><span class="h">{point.label}</span>{rows}</span>
                </button>
            }
        })
        .collect_view();
    view! {
        <div class="chart" role="group" aria-label=label on:keydown=arrows>
            <div class="y" aria-hidden="true">
                {lines.into_iter().map(|value| view! { <span>{axis_text(value)}</span> }).collect_view()}
            </div>
            <div class="plot">
                <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
                    {grid}
                    <path class="area" d=area(&values, axis)></path>
                    <path class="ln" d=line(&values, axis)></path>
                </svg>
                <div class="hits">{hits}</div>
            </div>
            <div class="x" data-free="" aria-hidden="true">{marks}</div>
        </div>
    }
}

/// Left and right, Home and End move the focus between the days.
fn arrows(event: web_sys::KeyboardEvent) {
    let button = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let Some(button) = button.filter(|it| it.tag_name() == "BUTTON") else { return };
    let parent = button.parent_element();
    let next = match event.key().as_str() {
        "ArrowLeft" => button.previous_element_sibling(),
        "ArrowRight" => button.next_element_sibling(),
        "Home" => parent.and_then(|parent| parent.first_element_child()),
        "End" => parent.and_then(|parent| parent.last_element_child()),
        _ => return,
    };
    event.prevent_default();
    if let Some(next) = next.and_then(|next| next.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = next.set_attribute("tabindex", "0");
        let _ = button.set_attribute("tabindex", "-1");
        let _ = next.focus();
    }
}
