//! Buffers and queues, against models of them.

use mongoose::iobuf::ffi::{
    mg_iobuf_add, mg_iobuf_del, mg_iobuf_free, mg_iobuf_init, mg_iobuf_resize,
};
use mongoose::iobuf::mg_iobuf;
use mongoose::queue::ffi::{
    mg_queue, mg_queue_add, mg_queue_book, mg_queue_del, mg_queue_init, mg_queue_next,
};
use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::ptr::null;
use std::slice;

/// Three bytes per operation: which, where, how much.
fn operations(data: &[u8]) -> impl Iterator<Item = (u8, usize, usize)> + '_ {
    let triples = data.as_chunks::<3>().0.iter().take(1000);
    triples.map(|&[op, a, b]| (op, usize::from(a), usize::from(b)))
}

/// A buffer does what a vector does. The first byte is its alignment.
pub fn buffer(data: &[u8]) {
    let (align, data) = data.split_first().unwrap_or((&0, &[]));
    let mut io = MaybeUninit::<mg_iobuf>::zeroed();
    let io = io.as_mut_ptr();
    let mut model: Vec<u8> = Vec::new();
    // SAFETY: a buffer that is initialised first; sources are as long as stated.
    unsafe {
        assert!(mg_iobuf_init(io, 0, usize::from(*align)));
        for (op, offset, n) in operations(data) {
            match op % 5 {
                0 => {
                    let text = vec![op; n];
                    assert_eq!(mg_iobuf_add(io, offset, text.as_ptr().cast(), n), n);
                    insert(&mut model, offset, &text);
                }
                1 => {
                    // Some of its own bytes.
                    let from = offset.min(model.len());
                    let text = model[from..(from + n).min(model.len())].to_vec();
                    let source = (*io).buf.get().wrapping_add(from);
                    let source = if text.is_empty() { null() } else { source };
                    mg_iobuf_add(io, n, source.cast(), text.len());
                    insert(&mut model, n, &text);
                }
                2 => {
                    let from = offset.min(model.len());
                    let gone = model.drain(from..(from + n).min(model.len())).count();
                    assert_eq!(mg_iobuf_del(io, offset, n), gone);
                }
                3 => {
                    assert!(mg_iobuf_resize(io, n));
                    let kept = n.next_multiple_of(usize::from(*align).max(1));
                    model.truncate(kept);
                }
                _ if op > 250 => {
                    mg_iobuf_free(io);
                    model.clear();
                }
                _ => {}
            }
            let (len, size) = ((*io).len.get(), (*io).size.get());
            assert!(len <= size && ((*io).buf.get().is_null() == (size == 0)));
            assert_eq!((*io).as_bytes(), model);
            if len < size {
                let room = slice::from_raw_parts((*io).buf.get().add(len), size - len);
                assert!(room.iter().all(|b| *b == 0), "what is free is zero");
            }
        }
        mg_iobuf_free(io);
    }
}

/// Nothing is inserted behind the data without bytes to insert.
fn insert(model: &mut Vec<u8>, offset: usize, text: &[u8]) {
    if offset > model.len() {
        model.resize(offset, 0);
    }
    model.splice(offset..offset, text.iter().copied());
}

/// A queue gives back what was put into it, in order, and stays in its memory. The first byte is its
/// size.
pub fn queue(data: &[u8]) {
    let (size, data) = data.split_first().unwrap_or((&0, &[]));
    let size = usize::from(*size);
    let mut memory = vec![0xaa_u8; size + 1];
    let mut q = MaybeUninit::<mg_queue>::zeroed();
    let q = q.as_mut_ptr();
    let mut model: VecDeque<Vec<u8>> = VecDeque::new();
    // SAFETY: a queue that is initialised first, in memory that outlives it; messages stay within what
    // was reserved.
    unsafe {
        mg_queue_init(q, memory.as_mut_ptr().cast(), size);
        for (op, a, b) in operations(data) {
            let mut at = std::ptr::null_mut();
            if op % 2 == 0 {
                let room = mg_queue_book(q, &raw mut at, a);
                assert!(room == 0 || room >= a);
                let n = b.min(room);
                if n > 0 {
                    at.cast::<u8>().write_bytes(op, n);
                    mg_queue_add(q, n);
                    model.push_back(vec![op; n]);
                }
            } else {
                let n = mg_queue_next(q, &raw mut at);
                match model.pop_front() {
                    Some(message) => {
                        assert_eq!(slice::from_raw_parts(at.cast::<u8>(), n), message);
                        mg_queue_del(q, n);
                    }
                    None => assert_eq!(n, 0),
                }
            }
        }
    }
    assert_eq!(memory[size], 0xaa, "written behind the memory");
}
