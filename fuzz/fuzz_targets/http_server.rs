#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| mongoose_fuzz::http_server::server(data));
