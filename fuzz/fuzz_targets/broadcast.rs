#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| crosslane_fuzzing::run("broadcast", bytes));
