//! Countries by ISO 3166-1.

use crate::text_value;
use std::fmt;

/// The text is no ISO 3166-1 alpha-2 code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an ISO 3166-1 country code such as BE")]
pub struct CountryError(pub String);

/// A country by its two-letter code of ISO 3166-1. Cheap to copy; sorts by code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country(u8);

impl Country {
    /// Reads a two-letter code in any case.
    pub fn parse(text: &str) -> Result<Country, CountryError> {
        let code = text.trim().to_ascii_uppercase();
        TABLE
            .binary_search_by_key(&code.as_str(), |row| row.0)
            .ok()
            .and_then(|index| u8::try_from(index).ok())
            .map(Country)
            .ok_or_else(|| CountryError(text.chars().take(20).collect()))
    }

    /// The two capitals.
    pub fn as_str(&self) -> &'static str {
        self.row().0
    }

    /// The short English name.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// Whether it is a member of the European Union (since 2020).
    pub fn is_eu(self) -> bool {
        self.row().2
    }

    /// Every country, by code.
    pub fn all() -> impl Iterator<Item = Country> {
        (0..=u8::MAX).take(TABLE.len()).map(Country)
    }

    /// The members of the European Union, by code.
    pub fn eu() -> impl Iterator<Item = Country> {
        Country::all().filter(|country| country.is_eu())
    }

    fn row(self) -> &'static (&'static str, &'static str, bool) {
        &TABLE[usize::from(self.0)]
    }
}
text_value!(Country, CountryError);

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Country({self})")
    }
}

/// Code, name, member of the European Union; sorted by code.
const TABLE: &[(&str, &str, bool)] = &[
    ("AD", "Andorra", false),
    ("AE", "United Arab Emirates", false),
    ("AF", "Afghanistan", false),
    ("AG", "Antigua and Barbuda", false),
    ("AI", "Anguilla", false),
    ("AL", "Albania", false),
    ("AM", "Armenia", false),
    ("AO", "Angola", false),
    ("AQ", "Antarctica", false),
    ("AR", "Argentina", false),
    ("AS", "American Samoa", false),
    ("AT", "Austria", true),
    ("AU", "Australia", false),
    ("AW", "Aruba", false),
    ("AX", "Åland Islands", false),
    ("AZ", "Azerbaijan", false),
    ("BA", "Bosnia and Herzegovina", false),
    ("BB", "Barbados", false),
    ("BD", "Bangladesh", false),
    ("BE", "Belgium", true),
    ("BF", "Burkina Faso", false),
    ("BG", "Bulgaria", true),
    ("BH", "Bahrain", false),
    ("BI", "Burundi", false),
    ("BJ", "Benin", false),
    ("BL", "Saint Barthélemy", false),
    ("BM", "Bermuda", false),
    ("BN", "Brunei", false),
    ("BO", "Bolivia", false),
    ("BQ", "Bonaire, Sint Eustatius and Saba", false),
    ("BR", "Brazil", false),
    ("BS", "Bahamas", false),
    ("BT", "Bhutan", false),
    ("BV", "Bouvet Island", false),
    ("BW", "Botswana", false),
    ("BY", "Belarus", false),
    ("BZ", "Belize", false),
    ("CA", "Canada", false),
    ("CC", "Cocos (Keeling) Islands", false),
    ("CD", "Congo (Kinshasa)", false),
    ("CF", "Central African Republic", false),
    ("CG", "Congo (Brazzaville)", false),
    ("CH", "Switzerland", false),
    ("CI", "Côte d’Ivoire", false),
    ("CK", "Cook Islands", false),
    ("CL", "Chile", false),
    ("CM", "Cameroon", false),
    ("CN", "China", false),
    ("CO", "Colombia", false),
    ("CR", "Costa Rica", false),
    ("CU", "Cuba", false),
    ("CV", "Cabo Verde", false),
    ("CW", "Curaçao", false),
    ("CX", "Christmas Island", false),
    ("CY", "Cyprus", true),
    ("CZ", "Czechia", true),
    ("DE", "Germany", true),
    ("DJ", "Djibouti", false),
    ("DK", "Denmark", true),
    ("DM", "Dominica", false),
    ("DO", "Dominican Republic", false),
    ("DZ", "Algeria", false),
    ("EC", "Ecuador", false),
    ("EE", "Estonia", true),
    ("EG", "Egypt", false),
    ("EH", "Western Sahara", false),
    ("ER", "Eritrea", false),
    ("ES", "Spain", true),
    ("ET", "Ethiopia", false),
    ("FI", "Finland", true),
    ("FJ", "Fiji", false),
    ("FK", "Falkland Islands", false),
    ("FM", "Micronesia", false),
    ("FO", "Faroe Islands", false),
    ("FR", "France", true),
    ("GA", "Gabon", false),
    ("GB", "United Kingdom", false),
    ("GD", "Grenada", false),
    ("GE", "Georgia", false),
    ("GF", "French Guiana", false),
    ("GG", "Guernsey", false),
    ("GH", "Ghana", false),
    ("GI", "Gibraltar", false),
    ("GL", "Greenland", false),
    ("GM", "Gambia", false),
    ("GN", "Guinea", false),
    ("GP", "Guadeloupe", false),
    ("GQ", "Equatorial Guinea", false),
    ("GR", "Greece", true),
    ("GS", "South Georgia and the South Sandwich Islands", false),
    ("GT", "Guatemala", false),
    ("GU", "Guam", false),
    ("GW", "Guinea-Bissau", false),
    ("GY", "Guyana", false),
    ("HK", "Hong Kong", false),
    ("HM", "Heard Island and McDonald Islands", false),
    ("HN", "Honduras", false),
    ("HR", "Croatia", true),
    ("HT", "Haiti", false),
    ("HU", "Hungary", true),
    ("ID", "Indonesia", false),
    ("IE", "Ireland", true),
    ("IL", "Israel", false),
    ("IM", "Isle of Man", false),
    ("IN", "India", false),
    ("IO", "British Indian Ocean Territory", false),
    ("IQ", "Iraq", false),
    ("IR", "Iran", false),
    ("IS", "Iceland", false),
    ("IT", "Italy", true),
    ("JE", "Jersey", false),
    ("JM", "Jamaica", false),
    ("JO", "Jordan", false),
    ("JP", "Japan", false),
    ("KE", "Kenya", false),
    ("KG", "Kyrgyzstan", false),
    ("KH", "Cambodia", false),
    ("KI", "Kiribati", false),
    ("KM", "Comoros", false),
    ("KN", "Saint Kitts and Nevis", false),
    ("KP", "North Korea", false),
    ("KR", "South Korea", false),
    ("KW", "Kuwait", false),
    ("KY", "Cayman Islands", false),
    ("KZ", "Kazakhstan", false),
    ("LA", "Laos", false),
    ("LB", "Lebanon", false),
    ("LC", "Saint Lucia", false),
    ("LI", "Liechtenstein", false),
    ("LK", "Sri Lanka", false),
    ("LR", "Liberia", false),
    ("LS", "Lesotho", false),
    ("LT", "Lithuania", true),
    ("LU", "Luxembourg", true),
    ("LV", "Latvia", true),
    ("LY", "Libya", false),
    ("MA", "Morocco", false),
    ("MC", "Monaco", false),
    ("MD", "Moldova", false),
    ("ME", "Montenegro", false),
    ("MF", "Saint Martin (French part)", false),
    ("MG", "Madagascar", false),
    ("MH", "Marshall Islands", false),
    ("MK", "North Macedonia", false),
    ("ML", "Mali", false),
    ("MM", "Myanmar", false),
    ("MN", "Mongolia", false),
    ("MO", "Macao", false),
    ("MP", "Northern Mariana Islands", false),
    ("MQ", "Martinique", false),
    ("MR", "Mauritania", false),
    ("MS", "Montserrat", false),
    ("MT", "Malta", true),
    ("MU", "Mauritius", false),
    ("MV", "Maldives", false),
    ("MW", "Malawi", false),
    ("MX", "Mexico", false),
    ("MY", "Malaysia", false),
    ("MZ", "Mozambique", false),
    ("NA", "Namibia", false),
    ("NC", "New Caledonia", false),
    ("NE", "Niger", false),
    ("NF", "Norfolk Island", false),
    ("NG", "Nigeria", false),
    ("NI", "Nicaragua", false),
    ("NL", "Netherlands", true),
    ("NO", "Norway", false),
    ("NP", "Nepal", false),
    ("NR", "Nauru", false),
    ("NU", "Niue", false),
    ("NZ", "New Zealand", false),
    ("OM", "Oman", false),
    ("PA", "Panama", false),
    ("PE", "Peru", false),
    ("PF", "French Polynesia", false),
    ("PG", "Papua New Guinea", false),
    ("PH", "Philippines", false),
    ("PK", "Pakistan", false),
    ("PL", "Poland", true),
    ("PM", "Saint Pierre and Miquelon", false),
    ("PN", "Pitcairn", false),
    ("PR", "Puerto Rico", false),
    ("PS", "Palestine", false),
    ("PT", "Portugal", true),
    ("PW", "Palau", false),
    ("PY", "Paraguay", false),
    ("QA", "Qatar", false),
    ("RE", "Réunion", false),
    ("RO", "Romania", true),
    ("RS", "Serbia", false),
    ("RU", "Russia", false),
    ("RW", "Rwanda", false),
    ("SA", "Saudi Arabia", false),
    ("SB", "Solomon Islands", false),
    ("SC", "Seychelles", false),
    ("SD", "Sudan", false),
    ("SE", "Sweden", true),
    ("SG", "Singapore", false),
    ("SH", "Saint Helena, Ascension and Tristan da Cunha", false),
    ("SI", "Slovenia", true),
    ("SJ", "Svalbard and Jan Mayen", false),
    ("SK", "Slovakia", true),
    ("SL", "Sierra Leone", false),
    ("SM", "San Marino", false),
    ("SN", "Senegal", false),
    ("SO", "Somalia", false),
    ("SR", "Suriname", false),
    ("SS", "South Sudan", false),
    ("ST", "São Tomé and Príncipe", false),
    ("SV", "El Salvador", false),
    ("SX", "Sint Maarten (Dutch part)", false),
    ("SY", "Syria", false),
    ("SZ", "Eswatini", false),
    ("TC", "Turks and Caicos Islands", false),
    ("TD", "Chad", false),
    ("TF", "French Southern Territories", false),
    ("TG", "Togo", false),
    ("TH", "Thailand", false),
    ("TJ", "Tajikistan", false),
    ("TK", "Tokelau", false),
    ("TL", "Timor-Leste", false),
    ("TM", "Turkmenistan", false),
    ("TN", "Tunisia", false),
    ("TO", "Tonga", false),
    ("TR", "Türkiye", false),
    ("TT", "Trinidad and Tobago", false),
    ("TV", "Tuvalu", false),
    ("TW", "Taiwan", false),
    ("TZ", "Tanzania", false),
    ("UA", "Ukraine", false),
    ("UG", "Uganda", false),
    ("UM", "United States Minor Outlying Islands", false),
    ("US", "United States", false),
    ("UY", "Uruguay", false),
    ("UZ", "Uzbekistan", false),
    ("VA", "Holy See", false),
    ("VC", "Saint Vincent and the Grenadines", false),
    ("VE", "Venezuela", false),
    ("VG", "Virgin Islands (British)", false),
    ("VI", "Virgin Islands (U.S.)", false),
    ("VN", "Viet Nam", false),
    ("VU", "Vanuatu", false),
    ("WF", "Wallis and Futuna", false),
    ("WS", "Samoa", false),
    ("YE", "Yemen", false),
    ("YT", "Mayotte", false),
    ("ZA", "South Africa", false),
    ("ZM", "Zambia", false),
    ("ZW", "Zimbabwe", false),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_complete() {
        assert_eq!(TABLE.len(), 249);
        assert!(TABLE.is_sorted_by_key(|row| row.0));
        assert_eq!(Country::eu().count(), 27);
        for country in Country::all() {
            assert_eq!(Country::parse(country.as_str()), Ok(country));
        }
        assert_eq!(Country::parse("be").unwrap().name(), "Belgium");
        for bad in ["", "B", "XX", "BEL", "🇧🇪"] {
            assert!(Country::parse(bad).is_err(), "{bad}");
        }
    }
}
