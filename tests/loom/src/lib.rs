//! The queue of mg_wakeup() under loom, which runs a test with every interleaving of its threads.

#![cfg(test)]

#[path = "../../../src/net/wake/queue.rs"]
mod queue;

use loom::sync::{Arc, Condvar};
use loom::thread;
use queue::{Bell, Queue};
use std::ffi::c_ulong;

/// As the library uses it: a lock that is never poisoned.
struct Mutex<T>(loom::sync::Mutex<T>);

impl<T> Mutex<T> {
    fn new(value: T) -> Mutex<T> {
        Mutex(loom::sync::Mutex::new(value))
    }

    fn lock(&self) -> loom::sync::MutexGuard<'_, T> {
        self.0.lock().unwrap()
    }
}

/// In the library: without the reserve for when memory runs out.
fn strictly<T>(attempt: impl FnOnce() -> T) -> T {
    attempt()
}

/// In place of the socket pair.
#[derive(Default)]
struct Line {
    bytes: usize,
    failures: usize,
    is_open: bool,
}

#[derive(Clone)]
struct Wire(Arc<(Mutex<Line>, Condvar)>);

impl Wire {
    /// The first `failures` rings are in vain.
    fn new(failures: usize) -> Wire {
        let line = Line {
            failures,
            is_open: true,
            ..Line::default()
        };
        Wire(Arc::new((Mutex::new(line), Condvar::new())))
    }

    /// What the loop does: waits until there is something to read, and reads it all.
    fn wait(&self) {
        let (line, changed) = &*self.0;
        let mut line = line.lock();
        while line.bytes == 0 {
            line = changed.wait(line).unwrap();
        }
        line.bytes = 0;
    }
}

struct Handle(Wire);

impl Bell for Handle {
    fn ring(&self) -> bool {
        let (line, changed) = &*self.0.0;
        let mut line = line.lock();
        assert!(line.is_open, "written to after it was closed");
        if line.failures > 0 {
            line.failures -= 1;
            return false;
        }
        line.bytes += 1;
        // The socket never fills up.
        assert!(line.bytes <= 1);
        changed.notify_one();
        true
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.0.0.lock().is_open = false;
    }
}

/// All interleavings in which threads are interrupted up to three times; they end where they block in any case.
fn model(test: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(test);
}

type Shared = Arc<Queue<Handle>>;

fn channel(wire: &Wire) -> Shared {
    let queue = Queue::default();
    queue.open(Handle(wire.clone()));
    Arc::new(queue)
}

fn sender(queue: &Shared, id: c_ulong, messages: u8) -> thread::JoinHandle<u8> {
    let queue = queue.clone();
    thread::spawn(move || (0..messages).filter(|n| queue.send(id, &[*n])).count() as u8)
}

/// One iteration of the loop: what it delivers.
fn turn(queue: &Shared, wire: &Wire) -> Vec<(c_ulong, u8)> {
    wire.wait();
    let messages = queue.take();
    messages.iter().map(|m| (m.id, m.payload[0])).collect()
}

fn of(id: c_ulong, delivered: &[(c_ulong, u8)]) -> Vec<u8> {
    let own = delivered.iter().filter(|m| m.0 == id);
    own.map(|m| m.1).collect()
}

/// A message without a byte in the socket would leave the loop waiting, which loom reports as a deadlock.
#[test]
fn every_message_arrives_in_the_order_of_its_sender() {
    model(|| {
        let wire = Wire::new(0);
        let queue = channel(&wire);
        let threads = [sender(&queue, 1, 2), sender(&queue, 2, 1)];
        let mut delivered = Vec::new();
        while delivered.len() < 3 {
            delivered.extend(turn(&queue, &wire));
        }
        assert_eq!(threads.map(|t| t.join().unwrap()), [2, 1]);
        assert_eq!(of(1, &delivered), [0, 1]);
        assert_eq!(of(2, &delivered), [0]);
    });
}

#[test]
fn a_message_that_cannot_wake_the_loop_is_refused_and_holds_up_no_other() {
    model(|| {
        let wire = Wire::new(1);
        let queue = channel(&wire);
        let threads = [sender(&queue, 1, 2), sender(&queue, 2, 1)];
        let mut delivered = Vec::new();
        while delivered.len() < 2 {
            delivered.extend(turn(&queue, &wire));
        }
        let accepted: u8 = threads.into_iter().map(|t| t.join().unwrap()).sum();
        assert_eq!(accepted, 2);
        assert!(queue.take().is_empty());
    });
}

#[test]
fn nothing_is_accepted_or_delivered_once_the_channel_is_closed() {
    model(|| {
        let wire = Wire::new(0);
        let queue = channel(&wire);
        let threads = [sender(&queue, 1, 2), sender(&queue, 2, 1)];
        let before = turn(&queue, &wire).len();
        queue.close();
        assert!(queue.take().is_empty());
        assert!(!queue.send(3, b"late"));
        let accepted: u8 = threads.into_iter().map(|t| t.join().unwrap()).sum();
        assert!(before <= usize::from(accepted));
        assert!(queue.take().is_empty());
    });
}

#[test]
fn a_channel_can_be_opened_again_while_threads_send() {
    model(|| {
        let (first, second) = (Wire::new(0), Wire::new(0));
        let queue = channel(&first);
        let thread = sender(&queue, 1, 2);
        queue.close();
        queue.open(Handle(second.clone()));
        let accepted = thread.join().unwrap();
        let bytes = second.0.0.lock().bytes;
        let left = queue.take().len();
        // What waits has rung the new bell.
        assert_eq!(bytes == 1, left > 0);
        assert!(left <= usize::from(accepted));
    });
}
