//! Who needs whom: the order in which modules start, and what is wrong with a set that has none.

use std::collections::{BTreeSet, HashMap};

/// A module's name and what it needs.
pub type Node<'n> = (&'n str, Vec<&'n str>);

/// Why a set of modules cannot be started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Two modules have one name.
    #[error("two modules are called {name}")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// A name that no event and no table takes.
    #[error("a module cannot be called {name:?}: names are 1 to 64 of a to z, 0 to 9, - and _")]
    Name {
        /// The name.
        name: String,
    },
    /// A module needs one that is not there.
    #[error("the module {module} needs {needs}, which is not part of this build")]
    Missing {
        /// The module.
        module: String,
        /// What it needs.
        needs: String,
    },
    /// Modules need each other in a circle.
    #[error("modules need each other in a circle: {}", .path.join(" → "))]
    Cycle {
        /// The way round; begins and ends with the same name.
        path: Vec<String>,
    },
    /// A module that shops cannot switch off needs one that they can.
    #[error("the module {module} cannot be switched off and needs {needs}, which can")]
    Loose {
        /// The module.
        module: String,
        /// What it needs.
        needs: String,
    },
}

/// Places in `nodes` in an order in which everything comes after what it needs. Those that could come in any order
/// keep the one in which they were given.
///
/// # Errors
/// Names the modules.
pub fn order(nodes: &[Node<'_>]) -> Result<Vec<usize>, Unfit> {
    let mut places = HashMap::new();
    for (place, (name, _)) in nodes.iter().enumerate() {
        let fits = (1..=64).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
        if !fits {
            return Err(Unfit::Name { name: (*name).to_owned() });
        }
        if places.insert(*name, place).is_some() {
            return Err(Unfit::Duplicate { name: (*name).to_owned() });
        }
    }
    let mut needs: Vec<Vec<usize>> = Vec::with_capacity(nodes.len());
    for (name, wanted) in nodes {
        let found = wanted.iter().map(|need| {
            places
                .get(need)
                .copied()
                .ok_or_else(|| Unfit::Missing { module: (*name).to_owned(), needs: (*need).to_owned() })
        });
        needs.push(found.collect::<Result<_, _>>()?);
    }
    let mut order = Vec::with_capacity(nodes.len());
    let mut done = vec![false; nodes.len()];
    while order.len() < nodes.len() {
        let ready =
            (0..nodes.len()).find(|place| !done[*place] && needs[*place].iter().all(|need| done[*need]));
        match ready {
            Some(place) => {
                done[place] = true;
                order.push(place);
            }
            None => return Err(Unfit::Cycle { path: circle(nodes, &needs, &done) }),
        }
    }
    Ok(order)
}

/// The names on a circle among what is not done: every such module needs another such module.
fn circle(nodes: &[Node<'_>], needs: &[Vec<usize>], done: &[bool]) -> Vec<String> {
    let mut path: Vec<usize> = Vec::new();
    let mut next = done.iter().position(|done| !done);
    while let Some(place) = next {
        if let Some(start) = path.iter().position(|seen| *seen == place) {
            path.drain(..start);
            path.push(place);
            break;
        }
        path.push(place);
        next = needs[place].iter().copied().find(|need| !done[*need]);
    }
    path.into_iter().map(|place| nodes[place].0.to_owned()).collect()
}

/// Everything that `name` needs, directly or not, itself not included. Ends on a circle, too.
pub fn needs_of<'n>(nodes: &[Node<'n>], name: &str) -> BTreeSet<&'n str> {
    let direct = |name: &str| nodes.iter().find(|(known, _)| *known == name).map(|(_, needs)| needs.clone());
    let mut found = BTreeSet::new();
    let mut open = direct(name).unwrap_or_default();
    while let Some(next) = open.pop() {
        if next != name && found.insert(next) {
            open.extend(direct(next).unwrap_or_default());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(nodes: &[Node<'_>]) -> Result<Vec<String>, String> {
        order(nodes)
            .map(|order| order.into_iter().map(|place| nodes[place].0.to_owned()).collect())
            .map_err(|unfit| unfit.to_string())
    }

    #[test]
    fn says_in_one_sentence_what_is_wrong() {
        let wrong = |nodes: &[Node<'_>]| names(nodes).unwrap_err();
        assert_eq!(wrong(&[("a", vec![]), ("a", vec![])]), "two modules are called a");
        assert_eq!(
            wrong(&[("shop", vec!["till"])]),
            "the module shop needs till, which is not part of this build"
        );
        assert_eq!(
            wrong(&[("x", vec![]), ("a", vec!["b", "x"]), ("b", vec!["c"]), ("c", vec!["b"])]),
            "modules need each other in a circle: b → c → b"
        );
        assert_eq!(wrong(&[("a", vec!["a"])]), "modules need each other in a circle: a → a");
        assert!(wrong(&[("A b", vec![])]).starts_with("a module cannot be called \"A b\""));
    }

    #[test]
    fn finds_everything_that_is_needed() {
        let nodes: [Node<'_>; 4] = [("a", vec![]), ("b", vec!["a"]), ("c", vec!["b"]), ("d", vec!["c", "a"])];
        assert_eq!(needs_of(&nodes, "d"), ["a", "b", "c"].into());
        assert_eq!(needs_of(&nodes, "a"), BTreeSet::new());
        assert_eq!(needs_of(&[("a", vec!["b"]), ("b", vec!["a"])], "a"), ["b"].into());
    }

    const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

    /// Sets of up to eight modules with any arrows between them.
    fn sets() -> impl Strategy<Value = Vec<Node<'static>>> {
        (1..=NAMES.len())
            .prop_flat_map(|n| (Just(n), prop::collection::vec((0..n, 0..n), 0..n * 2)))
            .prop_map(|(n, arrows)| {
                let needs = |place| {
                    arrows.iter().filter(|arrow| arrow.0 == place).map(|arrow| NAMES[arrow.1]).collect()
                };
                (0..n).map(|place| (NAMES[place], needs(place))).collect()
            })
    }

    /// Whether following arrows leads from `from` back to it, by trying all of them.
    fn returns(nodes: &[Node<'static>], from: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&str> =
            nodes.iter().filter(|node| node.0 == from).flat_map(|node| node.1.clone()).collect();
        while let Some(next) = open.pop() {
            if next == from {
                return true;
            }
            if seen.insert(next) {
                open.extend(nodes.iter().filter(|node| node.0 == next).flat_map(|node| node.1.clone()));
            }
        }
        false
    }

    proptest! {
        #[test]
        fn everything_comes_after_what_it_needs_or_the_circle_is_named(nodes in sets()) {
            match order(&nodes) {
                Ok(order) => {
                    prop_assert!(!nodes.iter().any(|node| returns(&nodes, node.0)));
                    let mut sorted = order.clone();
                    sorted.sort_unstable();
                    prop_assert_eq!(sorted, (0..nodes.len()).collect::<Vec<_>>());
                    let at = |name: &str| order.iter().position(|place| nodes[*place].0 == name);
                    for (name, needs) in &nodes {
                        for need in needs {
                            prop_assert!(at(need) < at(name), "{name} before {need}");
                        }
                    }
                }
                Err(Unfit::Cycle { path }) => {
                    prop_assert!(2 <= path.len() && path.first() == path.last());
                    for step in path.windows(2) {
                        let node = nodes.iter().find(|node| node.0 == step[0]).unwrap();
                        prop_assert!(node.1.contains(&step[1].as_str()), "{path:?}");
                    }
                }
                Err(other) => prop_assert!(false, "{other}"),
            }
        }
    }
}
