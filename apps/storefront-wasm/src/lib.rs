//! The islands of the storefront for the browser. `assets/boot.js` loads this and wakes them.

// Keeps the islands' exports: an item that nothing names is dropped by the linker.
pub use storefront::islands;

/// Prepares the page; called once, before the first island wakes.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
}
