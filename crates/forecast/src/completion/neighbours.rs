/// Nearest rows by cosine over idf weights: names the sets that resemble what was given.
/// The near ones count far more than the rest, by a power of their similarity.
#[derive(Clone, Debug)]
pub(super) struct Neighbours {
    rows: Vec<Vec<u32>>,
    norms: Vec<f64>,
    idf: Vec<f64>,
    nearest: usize,
    power: i32,
}

impl Neighbours {
    pub(super) fn fit(rows: &[Vec<u32>], items: usize, nearest: usize, power: i32) -> Self {
        let mut counts = vec![0.0_f64; items];
        for item in rows.iter().flatten() {
            counts[*item as usize] += 1.0;
        }
        let all = rows.len() as f64;
        let idf: Vec<f64> = counts.iter().map(|n| ((all + 1.0) / (n + 1.0)).ln()).collect();
        let norms = rows
            .iter()
            .map(|row| row.iter().map(|i| idf[*i as usize]).sum::<f64>().sqrt())
            .collect();
        Self { rows: rows.to_vec(), norms, idf, nearest, power }
    }

    /// The nearest rows with their similarity, 0 to 1, the most similar first.
    pub(super) fn nearest(&self, given: &[u32]) -> Vec<(usize, f64)> {
        let own = given.iter().map(|i| self.idf[*i as usize]).sum::<f64>().sqrt();
        let mut near: Vec<(usize, f64)> = Vec::new();
        for (number, (row, norm)) in self.rows.iter().zip(&self.norms).enumerate() {
            let dot: f64 = given
                .iter()
                .filter(|item| row.binary_search(item).is_ok())
                .map(|item| self.idf[*item as usize])
                .sum();
            if dot > 0.0 && *norm > 0.0 && own > 0.0 {
                near.push((number, dot / (norm * own)));
            }
        }
        near.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        near.truncate(self.nearest);
        near
    }

    pub(super) fn scores(&self, given: &[u32]) -> Vec<f64> {
        let mut scores = vec![0.0; self.idf.len()];
        let near = self.nearest(given);
        let most = near.first().map_or(1.0, |(_, similarity)| *similarity);
        for (row, similarity) in near {
            let weight = (similarity / most).powi(self.power);
            for item in &self.rows[row] {
                scores[*item as usize] += weight;
            }
        }
        scores
    }
}
