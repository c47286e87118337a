//! Rows. They stay in this crate; readers get [`crate::view`]s.

mod carts;
mod money;
mod people;
mod prices;
mod sales;
mod shop;

pub(crate) use carts::{cart, cart_line, review, saved_line, wish};
pub(crate) use money::{
    money_ledger, order_tender, payment, payment_check, payment_dispute, payment_event, payment_round,
    tender_account, tender_movement,
};
pub(crate) use people::{
    customer, customer_address, customer_consent, customer_group, customer_group_member, customer_note,
};
pub(crate) use prices::{
    price_list, price_list_group, price_list_price, promotion, promotion_code, promotion_group, promotion_use,
};
pub(crate) use sales::{
    draft_line, draft_order, exchange, fulfilment, fulfilment_line, order_edit, order_line, order_note,
    order_row, order_tag, orders, paper, return_line, return_request,
};
pub(crate) use shop::{commerce_settings, currency_rate, payment_provider, review_settings, seller};
