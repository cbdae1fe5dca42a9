/// RP3beta: where a walk of three steps (item, set, item) ends, popular ends damped by a power.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    items: usize,
    ends: Vec<f64>,
}

impl Walk {
    pub(super) fn fit(rows: &[Vec<u32>], items: usize, damping: f64) -> Self {
        let mut counts = vec![0.0_f64; items];
        for item in rows.iter().flatten() {
            counts[*item as usize] += 1.0;
        }
        let mut ends = vec![0.0; items * items];
        for row in rows {
            let share = 1.0 / row.len().max(1) as f64;
            for from in row {
                let line = &mut ends[*from as usize * items..][..items];
                let step = share / counts[*from as usize];
                for to in row {
                    line[*to as usize] += step;
                }
            }
        }
        for line in ends.chunks_mut(items.max(1)) {
            for (cell, count) in line.iter_mut().zip(&counts) {
                *cell /= count.max(1.0).powf(damping);
            }
        }
        Self { items, ends }
    }

    pub(super) fn scores(&self, given: &[u32]) -> Vec<f64> {
        let mut scores = vec![0.0; self.items];
        for item in given {
            for (score, end) in scores.iter_mut().zip(&self.ends[*item as usize * self.items..]) {
                *score += end;
            }
        }
        scores
    }
}
