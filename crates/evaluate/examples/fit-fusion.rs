//! Prints the calibration of the fusion anew: the table of `crates/fuse/data/calibration.tsv`.
#![expect(clippy::print_stdout, reason = "an example for the terminal")]

fn main() {
    print!("{}", lapwing_evaluate::calibration_table());
}
