//! Gives cynic the checked-in schema, so that a document that does not fit it fails the build.

fn main() {
    let schema = "../server/schema.graphql";
    println!("cargo::rerun-if-changed={schema}");
    let registered = cynic_codegen::register_schema("rustok")
        .from_sdl_file(schema)
        .and_then(|registration| registration.as_default().map(|_| ()));
    if let Err(error) = registered {
        println!("cargo::error=apps/server/schema.graphql cannot be used: {error}");
    }
}
