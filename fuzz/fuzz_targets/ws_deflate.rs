#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| mongoose_fuzz::ws::deflate(data));
