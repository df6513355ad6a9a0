//! One of the targets in `ardoise::fuzzing`, named by `FUZZ_TARGET`, driven by libFuzzer.

#![no_main]

use ardoise::fuzzing::{TARGETS, Target};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let found = TARGETS.iter().find(|target| target.name == name);
    *found.unwrap_or_else(|| panic!("FUZZ_TARGET names one of {:?}", TARGETS.map(|t| t.name)))
});

fuzz_target!(
    init: {
        // The usual hook would end the process at once. Some panics are contained on purpose (a demuxer's, on hostile
        // sound); one that is not ends the process when it leaves the target.
        std::panic::set_hook(Box::new(|panic| {
            if std::env::var_os("FUZZ_TELL").is_some() {
                eprintln!("{panic}\n{}", std::backtrace::Backtrace::force_capture());
            }
        }));
        LazyLock::force(&TARGET);
    },
    |bytes: &[u8]| (TARGET.try_out)(bytes)
);
