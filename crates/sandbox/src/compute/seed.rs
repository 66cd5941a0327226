use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::compute::catalogue::OTHER_BACKEND_ID;
use crate::compute::{BACKEND_ID, resources, time};
use crate::store::Store;

/// 2025-01-01T06:00:00Z
const FIRST_CALIBRATION_SECONDS: i64 = 1_735_711_200;

/// Daily calibrations of the two-qubit backend, and two of a single-qubit one between them.
pub(crate) fn seed(store: &mut Store) {
    for day in 0..6 {
        calibrate(store, BACKEND_ID, 2, day);
        if day % 3 == 1 {
            calibrate(store, OTHER_BACKEND_ID, 1, day);
        }
    }
}

fn calibrate(store: &mut Store, backend_id: i64, qubits: u32, day: u32) {
    let drift = f64::from(day * 7 % 5) - 2.0;
    let qubits: Vec<Value> = (0..qubits).map(|index| qubit(index, drift)).collect();
    let gates: Vec<Value> = if qubits.len() == 2 {
        vec![two_qubit_gate(drift)]
    } else {
        Vec::new()
    };
    let calibrated_at = calibration_time(day);
    let data = json!({
        "calibrated_at": time::naive(calibrated_at),
        "qubits": qubits,
        "two_qubit_gates": gates,
    });
    // What is measured is written down some seconds later.
    let written_at = calibrated_at + TimeDelta::microseconds(i64::from(day % 2) * 4_218_750);
    let metadata = json!({
        "backend_id": backend_id,
        "created_on": time::naive(written_at),
        "data": data,
    });
    let schema = resources::named_schema("Metadata");
    resources::add(store, "metadata", schema, resources::object(metadata));
}

fn calibration_time(day: u32) -> DateTime<Utc> {
    let first = DateTime::from_timestamp(FIRST_CALIBRATION_SECONDS, 0).unwrap_or_default();
    first + TimeDelta::days(i64::from(day))
}

fn qubit(index: u32, drift: f64) -> Value {
    let offset = f64::from(index);
    json!({
        "qubit": index,
        "frequency_hz": 5.021_4e9 + offset * 3.187e8 + drift * 1.2e4,
        "anharmonicity_hz": -3.12e8 + offset * 4.5e6,
        "t1_s": rounded(41.3e-6 - offset * 6.4e-6 + drift * 0.9e-6),
        "t2_s": rounded(28.7e-6 - offset * 3.1e-6 + drift * 0.6e-6),
        "single_qubit_gate_error": rounded(7.8e-4 + offset * 2.1e-4 - drift * 3.0e-5),
        "readout_error": {
            "p01": rounded(0.011_2 + offset * 0.003_4 - drift * 0.000_4),
            "p10": rounded(0.023_8 + offset * 0.002_7 - drift * 0.000_6),
        },
    })
}

fn two_qubit_gate(drift: f64) -> Value {
    json!({
        "gate": "CZ",
        "qubits": [0, 1],
        "error": rounded(0.009_4 - drift * 0.000_5),
        "duration_s": 4.0e-8,
    })
}

/// Nine decimals, as a person would write them, in place of what floating point leaves.
fn rounded(number: f64) -> f64 {
    (number * 1e9).round() / 1e9
}
