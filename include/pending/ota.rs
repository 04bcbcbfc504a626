//! Read by cbindgen only: what no file under src defines yet. Delete an entry when it arrives there.

unsafe extern "C" {
    /// Starts a firmware update of a size. Without flash memory, as here: does nothing and returns
    /// true.
    pub fn mg_ota_begin(new_firmware_size: usize) -> bool;

    /// Takes a piece of the firmware. Without flash memory: does nothing and returns true.
    pub fn mg_ota_write(buf: *const c_void, len: usize) -> bool;

    /// Ends a firmware update. Without flash memory: does nothing and returns true.
    pub fn mg_ota_end() -> bool;

    /// Stores an identifier of the device with a NUL in `buf`; "0" here.
    pub fn mg_ota_device_id(buf: *mut c_char, len: usize);

    /// Checks for updates now and then. mg_mgr_poll() calls it; does nothing without an MG_OTA_URL
    /// built into the library.
    pub fn mg_ota_poll(mgr: *mut mg_mgr);

    /// Looks for a firmware update at a URL and feeds it to mg_ota_begin() and the like. Calls `fn`
    /// once, with NULL on success or an error text. One check at a time in a process.
    pub fn mg_ota_url_check(mgr: *mut mg_mgr, metadata_url: *const c_char, r#fn: Option<unsafe extern "C" fn(error_message: *const c_char)>);
}
