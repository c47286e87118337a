use catalog::product::state::{Archived, Product};
use primitives::Timestamp;

fn publish(product: Product<Archived>) {
    let _ = product.publish(1, Timestamp::from_millis(0));
}

fn main() {}
