//! What the address says when somebody comes back from a provider of sign-in.

/// Why nobody came in, if the query says so: `?sign-in=unknown`.
pub fn refusal(query: &str) -> Option<String> {
    let mut pairs = query.trim_start_matches('?').split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| *name == "sign-in").map(|(_, value)| value.to_owned())
}

/// The query without the reason.
pub fn without_refusal(query: &str) -> String {
    let pairs = query.trim_start_matches('?').split('&');
    let rest: Vec<&str> = pairs.filter(|pair| !pair.is_empty() && !pair.starts_with("sign-in=")).collect();
    if rest.is_empty() { String::new() } else { format!("?{}", rest.join("&")) }
}

/// What the second step needs, if the fragment holds it: `#second-step=…`.
pub fn second_step(fragment: &str) -> Option<String> {
    let token = fragment.strip_prefix("#second-step=")?;
    let plain = token.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    (plain && !token.is_empty() && token.len() <= 100).then(|| token.to_owned())
}

/// A reason in words: what happened, and what to do.
pub fn words(refusal: &str) -> (&'static str, &'static str) {
    match refusal {
        "cancelled" => {
            ("You did not sign in", "The sign-in was cancelled. Begin again, or use your password.")
        }
        "expired" => {
            ("This sign-in is over", "It took too long, or was begun in another browser. Begin again here.")
        }
        "unverified" => (
            "Your address is not verified there",
            "The provider has not verified your e-mail address. Verify it there, or use your password.",
        ),
        "domain" => (
            "This address may not sign in here",
            "The shop takes addresses of certain domains only. Use your account of that domain, or your password.",
        ),
        "unknown" => (
            "This opens no account here",
            "No account of the staff belongs to it. Use your password, or ask whoever runs the shop.",
        ),
        "busy" => ("Too many tries", "Wait a minute, then begin again."),
        _ => (
            "The provider could not confirm who you are",
            "It did not answer, or its answer was not right. Begin again in a moment, or use your password.",
        ),
    }
}

/// Where the person was going: the path inside the admin, with its query.
pub fn inside(base: &str, path: &str, query: &str) -> String {
    let inside = path.strip_prefix(base).filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let inside = inside.filter(|rest| !rest.is_empty()).unwrap_or("/");
    format!("{inside}{}", without_refusal(query))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_read_and_taken_away() {
        assert_eq!(refusal("?sign-in=unknown"), Some("unknown".to_owned()));
        assert_eq!(refusal("?a=b&sign-in=domain"), Some("domain".to_owned()));
        assert_eq!((refusal(""), refusal("?design-in=x")), (None, None));
        assert_eq!(without_refusal("?a=b&sign-in=domain&c=d"), "?a=b&c=d");
        assert_eq!((without_refusal("?sign-in=domain"), without_refusal("")), (String::new(), String::new()));
    }

    #[test]
    fn a_fragment_is_a_token_or_nothing() {
        assert_eq!(second_step("#second-step=aB-_9"), Some("aB-_9".to_owned()));
        for none in ["", "#", "#second-step=", "#second-step=<x>", "#other=x"] {
            assert_eq!(second_step(none), None, "{none}");
        }
        assert_eq!(second_step(&format!("#second-step={}", "x".repeat(101))), None);
    }

    #[test]
    fn people_come_back_to_where_they_were_going() {
        assert_eq!(inside("/admin", "/admin/orders", "?status=paid"), "/orders?status=paid");
        assert_eq!(inside("/t/x/admin", "/t/x/admin", "?sign-in=expired"), "/");
        assert_eq!(inside("/admin", "/administrator", ""), "/");
    }

    #[test]
    fn every_reason_has_words_and_the_unknown_one_too() {
        for reason in ["cancelled", "expired", "provider", "unverified", "domain", "unknown", "busy", "x"] {
            let (title, text) = words(reason);
            assert!(!title.is_empty() && text.ends_with('.'), "{reason}");
        }
    }
}
