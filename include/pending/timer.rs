//! Read by cbindgen only: what no file under src defines yet. Delete an entry when it arrives there.

unsafe extern "C" {
    /// Puts a timer into a list, such as `&mgr->timers`. The caller owns the memory and keeps it
    /// until mg_timer_free().
    ///
    /// The period counts from the next poll of the list. `flags` are MG_TIMER_* bits; `fn` is
    /// called with `arg`.
    pub fn mg_timer_init(head: *mut *mut mg_timer, timer: *mut mg_timer, milliseconds: u64, flags: c_uint, r#fn: Option<unsafe extern "C" fn(*mut c_void)>, arg: *mut c_void);

    /// Makes a timer of the manager; `flags` are MG_TIMER_* bits. A one-shot timer is released
    /// after its call, others with mg_timer_free() followed by mg_free(), or by mg_mgr_free(). NULL
    /// when memory is exhausted.
    pub fn mg_timer_add(mgr: *mut mg_mgr, milliseconds: u64, flags: c_uint, r#fn: Option<unsafe extern "C" fn(*mut c_void)>, arg: *mut c_void) -> *mut mg_timer;

    /// Takes a timer out of its list; nothing happens when it is not there. Its memory is not
    /// released.
    pub fn mg_timer_free(head: *mut *mut mg_timer, t: *mut mg_timer);

    /// Runs the timers of a list that are due at `new_ms`. mg_mgr_poll() does this for the timers
    /// of the manager.
    pub fn mg_timer_poll(head: *mut *mut mg_timer, new_ms: u64);

    /// Helper for periodic work without a timer: true once per `period`. `*expiration` is the next
    /// due moment; start with 0. `now` is the current time in the same unit.
    pub fn mg_timer_expired(expiration: *mut u64, period: u64, now: u64) -> bool;
}
