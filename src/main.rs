//! The one binary.
fn main() {
    println!("{}", siraj::app::document().to_pretty_json().unwrap_or_default());
}
