//! Read by cbindgen only: what no file under src defines yet. Delete an entry when it arrives there.

/// A message queue in a buffer of the caller, for one producer thread and one consumer thread.
#[repr(C)]
pub struct mg_queue {
    /// The buffer, owned by the caller.
    pub buf: *mut c_char,
    /// Size of the buffer.
    pub size: usize,
    /// Offset of the oldest message. Written by the consumer.
    pub tail: AtomicUsize,
    /// Offset behind the newest message. Written by the producer.
    pub head: AtomicUsize,
}

unsafe extern "C" {
    /// Makes an empty queue in `buf` of `size` bytes, which the caller keeps as long as the queue.
    /// Call it before the threads start.
    pub fn mg_queue_init(q: *mut mg_queue, buf: *mut c_char, size: usize);

    /// Producer: looks for room for a message of `len` bytes. Returns the room, at least `len`, and
    /// stores in `*buf` where to write the message; 0 when there is not enough. Nothing is sent
    /// before mg_queue_add().
    pub fn mg_queue_book(q: *mut mg_queue, buf: *mut *mut c_char, len: usize) -> usize;

    /// Producer: publishes the `len` bytes written to the place that mg_queue_book() gave.
    pub fn mg_queue_add(q: *mut mg_queue, len: usize);

    /// Consumer: returns the length of the oldest message and stores in `*buf` where it is; 0 when
    /// the queue is empty. It stays in the queue.
    pub fn mg_queue_next(q: *mut mg_queue, buf: *mut *mut c_char) -> usize;

    /// Consumer: removes the oldest message, of `len` bytes.
    pub fn mg_queue_del(q: *mut mg_queue, len: usize);
}
