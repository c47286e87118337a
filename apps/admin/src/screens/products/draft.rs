//! The product that is being edited, as signals: texts in one, every row of the grid in its own, so that typing into
//! a product with two thousand variants touches one row.

use leptos::prelude::*;

use crate::gql::catalog::AdminProduct;
use crate::logic::amount;
use crate::logic::product::{CellFault, Grid, Texts, VariantDraft};
use crate::place;

/// A row of the grid.
#[derive(Clone, Copy, PartialEq)]
pub struct Row {
    /// Stays with the row for as long as it is on the screen.
    pub key: u32,
    /// What is in it.
    pub draft: RwSignal<VariantDraft>,
}

/// The edited product beside the saved one.
#[derive(Clone, Copy)]
pub struct Draft {
    /// As it is saved.
    pub product: RwSignal<AdminProduct>,
    /// Edited texts.
    pub texts: RwSignal<Texts>,
    /// Edited option names.
    pub options: RwSignal<Vec<String>>,
    /// Edited variants.
    pub rows: RwSignal<Vec<Row>>,
    /// Cells that cannot be sent, or were refused.
    pub faults: RwSignal<Vec<CellFault>>,
    /// Counts up when the texts were set from outside, so that the body is shown anew.
    pub turn: RwSignal<u32>,
    next: StoredValue<u32>,
    /// The editor: rows live as long as it does, wherever they were made.
    owner: StoredValue<Option<Owner>>,
}

impl Draft {
    /// Begins with what is saved.
    pub fn new(product: AdminProduct) -> Self {
        let draft = Self {
            texts: RwSignal::new(Texts::of(&product)),
            options: RwSignal::new(Vec::new()),
            rows: RwSignal::new(Vec::new()),
            faults: RwSignal::new(Vec::new()),
            turn: RwSignal::new(0),
            next: StoredValue::new(0),
            owner: StoredValue::new(Owner::current()),
            product: RwSignal::new(product),
        };
        draft.show(draft.saved_grid());
        draft
    }

    /// Decimals of the product's currency.
    pub fn exponent(self) -> u32 {
        self.product.with_untracked(|product| amount::exponent(&product.currency))
    }

    /// The saved texts.
    pub fn saved_texts(self) -> Texts {
        place::read(self.product, Texts::of)
    }

    /// The saved grid.
    pub fn saved_grid(self) -> Grid {
        let exponent = self.exponent();
        place::read(self.product, |product: &AdminProduct| Grid::of(product, exponent))
    }

    /// The edited grid; tracks every row.
    pub fn grid(self) -> Grid {
        Grid {
            options: self.options.get(),
            rows: self.rows.get().into_iter().map(|row| row.draft.get()).collect(),
        }
    }

    /// The edited grid, without tracking.
    pub fn grid_untracked(self) -> Grid {
        untrack(|| self.grid())
    }

    /// What differs from what is saved, in words.
    pub fn changes(self) -> Vec<String> {
        let mut changes = self.texts.with(|texts| texts.changes(&self.saved_texts()));
        changes.extend(self.grid().changes(&self.saved_grid()));
        changes
    }

    /// Puts rows into the grid; a row that holds the same already stays as it is.
    pub fn show(self, grid: Grid) {
        let old = self.rows.get_untracked();
        let rows = grid
            .rows
            .into_iter()
            .map(|draft| {
                let same = |row: &&Row| row.draft.with_untracked(|it| it.id.is_some() && it.id == draft.id);
                match old.iter().find(same) {
                    Some(row) => {
                        if row.draft.with_untracked(|it| *it != draft) {
                            row.draft.set(draft);
                        }
                        *row
                    }
                    None => self.row(draft),
                }
            })
            .collect();
        self.options.set(grid.options);
        self.rows.set(rows);
    }

    fn row(self, draft: VariantDraft) -> Row {
        let key = self.next.get_value();
        self.next.set_value(key + 1);
        let make = || RwSignal::new(draft);
        let draft = self.owner.with_value(|owner| match owner {
            Some(owner) => owner.with(make),
            None => make(),
        });
        Row { key, draft }
    }

    /// Back to what is saved.
    pub fn discard(self) {
        self.texts.set(untrack(|| self.saved_texts()));
        self.turn.update(|turn| *turn += 1);
        self.faults.set(Vec::new());
        self.show(untrack(|| self.saved_grid()));
    }

    /// Goes on from a newer state of the product: what was changed here stays, everything else becomes theirs.
    pub fn rebase(self, newer: AdminProduct) {
        let (texts_before, grid_before) = untrack(|| (self.saved_texts(), self.saved_grid()));
        self.product.set(newer);
        let (texts, theirs) = untrack(|| (self.saved_texts(), self.saved_grid()));
        let mut mine = self.texts.get_untracked();
        mine.rebase(&texts_before, &texts);
        if mine.body != self.texts.with_untracked(|texts| texts.body.clone()) {
            self.turn.update(|turn| *turn += 1);
        }
        self.texts.set(mine);
        let mut grid = self.grid_untracked();
        grid.rebase(&grid_before, &theirs);
        self.show(grid);
    }

    /// The texts were saved.
    pub fn texts_saved(self, product: AdminProduct) {
        let body = product.body_html != self.texts.with_untracked(|texts| texts.body.clone());
        let grid = self.grid_untracked();
        let before = untrack(|| self.saved_grid());
        self.texts.set(Texts::of(&product));
        self.product.set(product);
        if body {
            self.turn.update(|turn| *turn += 1);
        }
        // Rows that were typed into meanwhile stay.
        let theirs = untrack(|| self.saved_grid());
        if grid == before && grid != theirs {
            self.show(theirs);
        }
    }

    /// The grid was saved.
    pub fn grid_saved(self, product: AdminProduct) {
        self.product.set(product);
        self.faults.set(Vec::new());
        self.show(untrack(|| self.saved_grid()));
    }
}
