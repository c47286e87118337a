use super::*;
use proptest::prelude::*;

const HEAD: &str = "Handle,Title,Published,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Tracker,\
Variant Inventory Qty,Variant Price,Variant Barcode,Image Src,Variant Image,Cost per item\n";

fn read(rows: &str) -> File {
    parse(format!("{HEAD}{rows}").as_bytes(), Currency::EUR).unwrap()
}

fn told(file: &File) -> Vec<String> {
    file.problems.iter().map(|p| format!("{}:{}:{}: {}", p.line, p.column, p.handle, p.message)).collect()
}

#[test]
fn rows_of_one_handle_are_one_product() {
    let file = read(
        "mug,Mug,true,Size,S,MUG-S,shopify,3,12.50,'0012,https://x.test/1.jpg,https://x.test/2.jpg,4.20\n\
         mug,,,,L,MUG-L,,-2,14,,https://x.test/2.jpg,,\n\
         mug,,,,,,,,,,https://x.test/3.jpg,,\n",
    );
    assert_eq!(told(&file), Vec::<String>::new());
    assert_eq!((file.rows, file.products.len()), (3, 1));
    let spec = file.products[0].spec.as_ref().unwrap();
    assert_eq!(spec.option_names, ["Size"]);
    assert_eq!(
        spec.images.iter().map(|i| i.url.as_str()).collect::<Vec<_>>(),
        ["https://x.test/1.jpg", "https://x.test/2.jpg", "https://x.test/3.jpg"]
    );
    let [small, large] = &spec.variants[..] else { panic!("two variants") };
    assert_eq!(
        (small.price.minor, small.on_hand, small.tracked, small.image),
        (1250, Some(3), true, Some(1))
    );
    assert_eq!((large.price.minor, large.on_hand, large.tracked, large.image), (1400, Some(-2), false, None));
    assert_eq!(small.barcode, "0012");
    assert_eq!(small.source_columns.get("Cost per item").map(String::as_str), Some("4.20"));
}

#[test]
fn every_error_has_its_line_and_column() {
    let file = read(
        "mug,Mug,maybe,Size,S,,,1.5,12.505,,nowhere,,\n\
         mug,,,,S,,,,-1,,,,\n\
         🚲,Bike,true,,,,,,1,,,,\n\
         cup,,true,,,,,,1,,,,\n\
         ,Lost,,,,,,,,,,,\n\
         pot,Pot,true,,,,,,,,,,\n",
    );
    assert_eq!(
        told(&file),
        [
            "6:Handle:: must not be empty",
            "2:Published:mug: must be true or false, not maybe",
            "2:Image Src:mug: must be an http or https address of at most 2000 characters",
            "2:Variant Price:mug: \"12.505\" has more than the 2 decimals of EUR",
            "2:Variant Inventory Qty:mug: must be a whole number between -1000000000 and 1000000000",
            "3:Variant Price:mug: must not be negative",
            "3:Option1 Value:mug: S is the variant of line 2 already",
            "4:Handle:🚲: slug may hold only the letters a to z, digits, - and _, and must begin and end with a letter or digit",
            "5:Title:cup: must not be empty",
            "7:Variant Price:pot: a product needs at least one row with a price",
        ]
        .map(str::to_owned)
    );
    assert!(file.products.iter().all(|product| product.spec.is_none()));
}

#[test]
fn a_missing_quote_is_told_and_spoils_only_its_product() {
    let file = read("mug,Mug,true,,,,,,12,,,,\ncup,\"Cup,true,,,,,,1,,,,\n");
    assert!(file.products[0].spec.is_some());
    assert!(file.products[1].spec.is_none());
    assert!(told(&file)[0].starts_with("3::cup: has 2 cells, the header has 13"));
}

#[test]
fn text_that_is_not_utf_8_is_told() {
    let mut bytes = format!("{HEAD}mug,M").into_bytes();
    bytes.extend([0xe9, b'g']);
    bytes.extend(b",true,,,,,,1,,,,\ncup,Cup,true,,,,,,1,,,,\n");
    let file = parse(&bytes[..], Currency::EUR).unwrap();
    assert_eq!(told(&file), ["2::mug: cell 2 is not UTF-8 text"]);
    assert_eq!(file.products.iter().filter(|product| product.spec.is_some()).count(), 1);
}

#[test]
fn a_file_of_something_else_is_refused() {
    for text in ["", "a,b\n1,2\n", "\u{0}\u{1}"] {
        assert!(
            matches!(parse(text.as_bytes(), Currency::EUR), Err(CatalogError::File { line: 1, .. })),
            "{text:?}"
        );
    }
}

proptest! {
    #[test]
    fn no_file_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes[..], Currency::EUR);
        let mut with_header = HEAD.as_bytes().to_vec();
        with_header.extend(bytes);
        let _ = parse(&with_header[..], Currency::JPY);
    }

    #[test]
    fn prices_are_read_exactly(minor in 0i64..=100_000_000) {
        let row = format!("mug,Mug,true,,,,,,{}.{:02},,,,\n", minor / 100, minor % 100);
        let file = read(&row);
        prop_assert_eq!(file.products[0].spec.as_ref().unwrap().variants[0].price.minor, minor);
    }
}
