use commerce::order::{Order, PendingPayment};

fn ship(order: Order<PendingPayment>) {
    let _ = order.ship();
}

fn main() {}
