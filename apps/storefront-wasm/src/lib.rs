//! storefront-wasm
