//! Choosing a variant: price, stock and picture follow the choice, adding opens the cart.

use super::{CART_EVENT, DRAWER_EVENT, dom};
use leptos::prelude::*;
use leptos::wasm_bindgen::{JsCast, JsValue};
use leptos::web_sys::HtmlFormElement;
use serde::{Deserialize, Serialize};

/// Something to choose, such as a colour.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// Name of the option.
    #[serde(rename = "n")]
    pub name: String,
    /// What can be chosen.
    #[serde(rename = "v")]
    pub values: Vec<ChoiceValue>,
}

/// A value of an option.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChoiceValue {
    /// As the merchant wrote it.
    #[serde(rename = "t")]
    pub text: String,
    /// Colour of its dot.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub swatch: Option<String>,
}

/// A price in words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PriceWords {
    /// What it costs.
    #[serde(rename = "n")]
    pub now: String,
    /// What it did cost.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    /// The difference, "−23%".
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub off: Option<String>,
    /// What it was at the lowest before it was reduced, "Lowest price of the 30 days before: €98".
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub lowest: Option<String>,
    /// What a piece costs from more pieces on, "From 10: €4.50 each".
    #[serde(rename = "t", default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<String>,
}

/// Stock in words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stock {
    /// Tone of the dot.
    #[serde(rename = "d")]
    pub tone: String,
    /// The words.
    #[serde(rename = "t")]
    pub text: String,
    /// Whether it can be bought.
    #[serde(rename = "b")]
    pub buyable: bool,
}

/// A variant: indices into the lists of [`Offer`], because thousands of variants share a few prices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pieces(
    /// Index of the value of every choice, in their order.
    pub Vec<u16>,
    /// Index of the price.
    pub u16,
    /// Index of the words for stock.
    pub u16,
    /// Index of the picture in the gallery.
    pub Option<u16>,
);

/// Everything that can be chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// Id of the product, posted with the choice.
    #[serde(rename = "id")]
    pub product: String,
    /// Options in their order.
    #[serde(rename = "c")]
    pub choices: Vec<Choice>,
    /// Different prices.
    #[serde(rename = "p")]
    pub prices: Vec<PriceWords>,
    /// Different words for stock.
    #[serde(rename = "s")]
    pub stocks: Vec<Stock>,
    /// Variants.
    #[serde(rename = "v")]
    pub variants: Vec<Pieces>,
    /// Index of the value of every choice at first.
    #[serde(rename = "f")]
    pub first: Vec<u16>,
    /// Small print under the price.
    #[serde(rename = "e")]
    pub price_note: String,
    /// How many at first.
    #[serde(rename = "q")]
    pub quantity: String,
    /// What was wrong with the last try.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl Offer {
    fn find(&self, chosen: &[u16]) -> Option<&Pieces> {
        self.variants.iter().find(|variant| variant.0 == chosen)
    }

    fn buyable(&self, chosen: &[u16]) -> bool {
        self.stock(chosen).is_some_and(|stock| stock.buyable)
    }

    fn stock(&self, chosen: &[u16]) -> Option<&Stock> {
        self.stocks.get(usize::from(self.find(chosen)?.2))
    }

    /// The price of the choice, else the first there is.
    fn price(&self, chosen: &[u16]) -> Option<&PriceWords> {
        let index = self.find(chosen).map_or(0, |variant| usize::from(variant.1));
        self.prices.get(index)
    }

    /// The words for every choice, for the address: `option.Colour=Oat&…`.
    fn query(&self, chosen: &[u16]) -> String {
        let mut query = String::new();
        for (choice, index) in self.choices.iter().zip(chosen) {
            let value = choice.values.get(usize::from(*index)).map_or("", |value| &value.text);
            query.push(if query.is_empty() { '?' } else { '&' });
            query.push_str(&encode(&format!("option.{}", choice.name)));
            query.push('=');
            query.push_str(&encode(value));
        }
        query
    }
}

#[cfg(target_arch = "wasm32")]
fn encode(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

#[cfg(not(target_arch = "wasm32"))]
fn encode(text: &str) -> String {
    text.to_owned()
}

/// The form with which a product is bought.
///
/// Without scripts the radio buttons post their names and the server finds the variant; the quiet button asks for the
/// page of the chosen variant.
#[island]
pub fn BuyBox(
    /// Where the form posts to.
    action: String,
    /// Address of this page.
    page: String,
    /// Maker.
    vendor: String,
    /// Name of the product.
    title: String,
    /// The first sentences of the description.
    summary: String,
    /// Everything that can be chosen.
    offer: Offer,
    /// Promises and details under the button.
    children: Children,
) -> impl IntoView {
    let chosen = RwSignal::new(offer.first.clone());
    let problem = RwSignal::new(offer.problem.clone());
    let busy = RwSignal::new(false);
    let quantity = RwSignal::new(offer.quantity.clone());
    let price_note = offer.price_note.clone();
    let product = offer.product.clone();
    let groups = offer.choices.len();
    let offer = StoredValue::new(offer);

    let stock = Memo::new(move |_| {
        chosen.with(|chosen| {
            offer.with_value(|offer| {
                offer.stock(chosen).cloned().unwrap_or_else(|| Stock {
                    tone: "off".into(),
                    text: "Not made in this combination.".into(),
                    buyable: false,
                })
            })
        })
    });
    let price =
        Memo::new(move |_| {
            chosen.with(|chosen| offer.with_value(|offer| offer.price(chosen).cloned())).unwrap_or(
                PriceWords { now: String::new(), was: None, off: None, lowest: None, tiers: Vec::new() },
            )
        });
    // Tells the address bar and the gallery about a choice, not about how the page began.
    Effect::new({
        let page = page.clone();
        move |before: Option<Vec<u16>>| {
            let now = chosen.get();
            if before.is_some_and(|before| before != now) {
                offer.with_value(|offer| {
                    let address = format!("{page}{}", offer.query(&now));
                    if let Ok(history) = window().history() {
                        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address));
                    }
                    if let Some(picture) = offer.find(&now).and_then(|variant| variant.3) {
                        show_picture(picture);
                    }
                });
            }
            now
        }
    });

    let step = move |by: i64| {
        let now = quantity.get_untracked().trim().parse::<i64>().unwrap_or(1);
        quantity.set((now + by).clamp(1, 10_000).to_string());
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        let Some(form) = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok()) else {
            return;
        };
        if event.submitter().is_some_and(|button| button.has_attribute("formaction")) {
            return;
        }
        let Ok((action, data)) = dom::posted(&form, event.submitter().as_ref()) else { return };
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        problem.set(None);
        leptos::task::spawn_local(async move {
            match dom::ask(&action, "drawer", Some(data)).await {
                Ok(answer) if answer.status == 200 => {
                    dom::tell(DRAWER_EVENT, &JsValue::from_str(&answer.text));
                    dom::tell(CART_EVENT, &JsValue::NULL);
                }
                Ok(answer) if answer.status == 422 => problem.set(Some(answer.text)),
                _ => {
                    let _ = form.submit();
                }
            }
            busy.set(false);
        });
    };

    let options = (0..groups).map(|group| option_group(offer, group, chosen)).collect_view();
    let noscript = format!(
        "<button class=\"button\" data-kind=\"quiet\" data-size=\"small\" formmethod=\"get\" formaction=\"{}\">Show price and stock of this choice</button>",
        page.replace('"', "&quot;")
    );
    view! {
        <form class="buy-box" action=action method="post" autocomplete="off" on:submit=submit>
            <input type="hidden" name="product" value=product />
            <div class="summary">
                {(!vendor.is_empty()).then(|| view! { <p class="eyebrow">{vendor}</p> })}
                <h1>{title}</h1>
                <div aria-live="polite">
                    <p class="price" data-sale=move || price.with(|price| price.was.as_ref().map(|_| ""))>
                        <span class="visually-hidden" hidden=move || price.with(|price| price.was.is_none())>"Now "</span>
                        <strong>{move || price.with(|price| price.now.clone())}</strong>
                        <s hidden=move || price.with(|price| price.was.is_none())>
                            <span class="visually-hidden">"Was "</span>
                            {move || price.with(|price| price.was.clone().unwrap_or_default())}
                        </s>
                        <span class="badge" data-tone="accent" hidden=move || price.with(|price| price.off.is_none())>
                            {move || price.with(|price| price.off.clone().unwrap_or_default())}
                        </span>
                    </p>
                    <p class="price-note" hidden=move || price.with(|price| price.lowest.is_none())>
                        {move || price.with(|price| price.lowest.clone().unwrap_or_default())}
                    </p>
                    <ul class="plain price-note" hidden=move || price.with(|price| price.tiers.is_empty())>
                        {move || price.with(|price| {
                            price.tiers.iter().map(|tier| view! { <li>{tier.clone()}</li> }).collect_view()
                        })}
                    </ul>
                    {(!price_note.is_empty()).then(|| view! { <p class="price-note">{price_note}</p> })}
                </div>
                {(!summary.is_empty()).then(|| view! { <p>{summary}</p> })}
            </div>
            {options}
            <div class="stack" data-gap="small">
                <p class="status" role="status" data-tone=move || stock.with(|stock| stock.tone.clone())>{move || stock.with(|stock| stock.text.clone())}</p>
                <div class="act">
                    <div class="quantity" role="group" aria-label="Quantity">
                        <button type="button" on:click=move |_| step(-1)>
                            <svg class="icon" aria-hidden="true"><use href="#icon-minus"></use></svg>
                            <span class="visually-hidden">"One less"</span>
                        </button>
                        <input
                            name="quantity"
                            inputmode="numeric"
                            autocomplete="off"
                            maxlength="5"
                            aria-label="Quantity"
                            value=move || quantity.get()
                            prop:value=move || quantity.get()
                            on:input=move |event| quantity.set(event_target_value(&event))
                        />
                        <button type="button" on:click=move |_| step(1)>
                            <svg class="icon" aria-hidden="true"><use href="#icon-plus"></use></svg>
                            <span class="visually-hidden">"One more"</span>
                        </button>
                    </div>
                    <button
                        class="button"
                        aria-disabled=move || stock.with(|stock| (!stock.buyable).then_some("true"))
                        aria-busy=move || busy.get().then_some("true")
                    >
                        {move || stock.with(|stock| if stock.buyable { "Add to cart" } else { "Sold out" })}
                    </button>
                </div>
                <div role="alert">
                    {move || problem.get().map(|text| view! {
                        <div class="notice" data-tone="danger">
                            <svg class="icon" aria-hidden="true"><use href="#icon-alert"></use></svg>
                            <p>{text}</p>
                        </div>
                    })}
                </div>
                {(0 < groups).then(|| view! { <noscript inner_html=noscript></noscript> })}
            </div>
            {children()}
        </form>
    }
}

/// One option as a group of radio buttons; what cannot be had stays in the row and can be chosen.
fn option_group(
    offer: StoredValue<Offer>,
    group: usize,
    chosen: RwSignal<Vec<u16>>,
) -> impl IntoView + use<> {
    let Choice { name, values } = offer
        .with_value(|offer| offer.choices.get(group).cloned())
        .unwrap_or(Choice { name: String::new(), values: Vec::new() });
    let field = format!("option.{name}");
    let texts: Vec<String> = values.iter().map(|value| value.text.clone()).collect();
    let current = move || {
        let index = chosen.with(|chosen| chosen.get(group).copied()).map_or(0, usize::from);
        texts.get(index).cloned().unwrap_or_default()
    };
    let at = move |index: u16| chosen.with(|chosen| chosen.get(group) == Some(&index));
    let sold_out = move |index: u16| {
        chosen.with(|chosen| {
            let mut other = chosen.clone();
            if let Some(place) = other.get_mut(group) {
                *place = index;
            }
            offer.with_value(|offer| !offer.buyable(&other))
        })
    };
    let values = values
        .into_iter()
        .zip(0_u16..)
        .map(|(value, index)| {
            let swatch = value.swatch.map(|colour| {
                view! { <svg class="swatch" viewBox="0 0 2 2" aria-hidden="true"><circle cx="1" cy="1" r="1" fill=colour></circle></svg> }
            });
            view! {
                <label class="choice" data-sold-out=move || sold_out(index).then_some("")>
                    <input
                        type="radio"
                        name=field.clone()
                        value=value.text.clone()
                        checked=at(index)
                        on:change=move |_| chosen.update(|chosen| {
                            if let Some(place) = chosen.get_mut(group) {
                                *place = index;
                            }
                        })
                    />
                    {swatch}
                    <span class="name">{value.text}</span>
                    <span class="small" hidden=move || !sold_out(index)>"Sold out"</span>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="option-group">
            <legend>{name}" "<span>{current}</span></legend>
            <div class="choices">{values}</div>
        </fieldset>
    }
}

/// Brings a picture to the front of the gallery.
fn show_picture(index: u16) {
    let Some(picture) = document().get_element_by_id(&format!("picture-{index}")) else { return };
    let Some(gallery) = picture.parent_element() else { return };
    let first = gallery.first_child();
    let _ = gallery.insert_before(&picture, first.as_ref());
    if let Ok(Some(frame)) = gallery.closest(".gallery") {
        frame.set_scroll_left(0);
    }
}
