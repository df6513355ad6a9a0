//! Three peals of six bells, rung row by row as ringers do, as a WAV file.
//!
//! The bells change places by *plain hunt*: in each row neighbours swap, first all pairs, then all but the outer two, until
//! they stand as they began. A bell is five partials that die away, tuned as bells are (hum, prime, tierce, quint, nominal).

use std::f32::consts::TAU;

/// Samples a second: enough for the highest partial.
const RATE: u32 = 22_050;
/// Seconds from one bell to the next.
const STEP_SECONDS: f32 = 0.24;
/// Seconds of quiet between two peals, while the last bell dies away.
const REST_SECONDS: f32 = 2.2;
/// Partials of a bell: frequency over that of its nominal's octave, loudness, and seconds to fall to a third.
const PARTIALS: [(f32, f32, f32); 5] =
    [(0.5, 0.5, 2.4), (1.0, 0.7, 1.6), (1.2, 0.8, 1.1), (1.5, 0.35, 0.8), (2.0, 0.9, 0.6)];
/// The six bells of each peal, highest first, in hertz.
const PEALS: [[f32; 6]; 3] = [
    [880.0, 783.99, 739.99, 659.26, 587.33, 554.37],
    [659.26, 587.33, 554.37, 493.88, 440.0, 415.30],
    [523.25, 466.16, 440.0, 392.0, 349.23, 329.63],
];

/// The whole recording: WAV, 16 bits, one channel.
pub fn peals() -> Vec<u8> {
    let mut samples: Vec<f32> = Vec::new();
    let mut at = 0.2;
    for bells in PEALS {
        for bell in rows().into_iter().flatten() {
            strike(&mut samples, at, bells[bell]);
            at += STEP_SECONDS;
        }
        at += REST_SECONDS;
    }
    wav(&samples)
}

/// Plain hunt on six, from rounds to rounds.
fn rows() -> Vec<[usize; 6]> {
    let mut rows = vec![[0, 1, 2, 3, 4, 5]];
    for change in 0..12 {
        let mut row = rows[change];
        for pair in row[change % 2..].chunks_exact_mut(2) {
            pair.swap(0, 1);
        }
        rows.push(row);
    }
    rows
}

fn strike(samples: &mut Vec<f32>, at: f32, hertz: f32) {
    let start = (at * RATE as f32) as usize;
    let length = (3.2 * RATE as f32) as usize;
    if samples.len() < start + length {
        samples.resize(start + length, 0.0);
    }
    for (ratio, loudness, seconds) in PARTIALS {
        let turn = TAU * hertz * ratio / RATE as f32;
        let (decay, fade) = ((-1.0 / (seconds * RATE as f32)).exp(), 2.0 * turn.cos());
        // A sine by its own recurrence: two numbers instead of a function call for each sample.
        let (mut before, mut now, mut level) = (-turn.sin(), 0.0_f32, loudness * 0.11);
        for sample in &mut samples[start..start + length] {
            *sample += now * level;
            (before, now) = (now, fade * now - before);
            level *= decay;
        }
    }
}

fn wav(samples: &[f32]) -> Vec<u8> {
    let data = samples.len() as u32 * 2;
    let mut bytes = Vec::with_capacity(44 + data as usize);
    bytes.extend(b"RIFF");
    bytes.extend((36 + data).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    for number in [1_u16, 1] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(RATE.to_le_bytes());
    bytes.extend((RATE * 2).to_le_bytes());
    for number in [2_u16, 16] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(b"data");
    bytes.extend(data.to_le_bytes());
    for sample in samples {
        bytes.extend(((sample.clamp(-1.0, 1.0) * 32_767.0) as i16).to_le_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_bells_hunt_and_come_back_to_rounds() {
        let rows = rows();
        assert_eq!(rows.first(), rows.last());
        assert_eq!(rows[1], [1, 0, 3, 2, 5, 4]);
        assert_eq!(rows[2], [1, 3, 0, 5, 2, 4]);
        for (index, row) in rows[..12].iter().enumerate() {
            assert!(!rows[..index].contains(row), "row {index} was rung before");
            let mut bells = *row;
            bells.sort_unstable();
            assert_eq!(bells, [0, 1, 2, 3, 4, 5]);
        }
    }

    #[test]
    fn the_peals_are_sound_and_can_be_sampled() {
        let file = std::io::Cursor::new(peals());
        let sample = crate::works::sample::sample(file, 30).expect("read").expect("sound");
        assert!(!sample.is_whole);
        assert!((55..75).contains(&sample.duration_seconds_total.expect("known")));
    }
}
