use commerce::order::{Order, Paid};

fn cancel(order: Order<Paid>) {
    let _ = order.cancel();
}

fn main() {}
