//! Another library written in Rust, with Rust's runtime inside: allocates, starts a thread, panics and recovers.

use std::panic::catch_unwind;

#[unsafe(no_mangle)]
pub extern "C" fn other_library(number: i32) -> i32 {
    std::panic::set_hook(Box::new(|_| ()));
    let thread = std::thread::spawn(move || {
        let text = number.to_string();
        catch_unwind(|| {
            if number < 0 {
                panic!("negative");
            }
        })
        .map_or(-1, |()| text.len() as i32)
    });
    thread.join().unwrap_or(-2)
}
