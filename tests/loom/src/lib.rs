//! The queue of mg_wakeup() and mg_mgr_call() under loom, which runs a test with every interleaving of its threads.

#![cfg(test)]

#[path = "../../../src/net/wake/queue.rs"]
mod queue;

use loom::sync::{Arc, Condvar};
use loom::thread;
use queue::{Bell, Queue};

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

/// A sender and a number that it counts up: whether it stands for a message or for a call is nothing to the queue.
type Item = (u8, u8);

type Shared = Arc<Queue<Handle, Item>>;

fn channel(wire: &Wire) -> Shared {
    let queue = Queue::default();
    queue.open(Handle(wire.clone()));
    Arc::new(queue)
}

/// Sends so many items, and returns those that were accepted.
fn sender(queue: &Shared, id: u8, items: u8) -> thread::JoinHandle<Vec<Item>> {
    let queue = queue.clone();
    let items = (0..items).map(move |n| (id, n));
    thread::spawn(move || items.filter(|item| queue.send(*item)).collect())
}

/// One iteration of the loop: what it delivers.
fn turn(queue: &Shared, wire: &Wire) -> Vec<Item> {
    wire.wait();
    queue.take().into()
}

fn of(id: u8, delivered: &[Item]) -> Vec<Item> {
    let own = delivered.iter().filter(|item| item.0 == id);
    own.copied().collect()
}

/// Each sender's items came out as they were accepted: all of them, once, in order.
fn assert_same(accepted: [Vec<Item>; 2], delivered: &[Item]) {
    assert_eq!(of(1, delivered), accepted[0]);
    assert_eq!(of(2, delivered), accepted[1]);
}

/// An item without a byte in the socket would leave the loop waiting, which loom reports as a deadlock.
#[test]
fn every_item_arrives_in_the_order_of_its_sender() {
    model(|| {
        let wire = Wire::new(0);
        let queue = channel(&wire);
        let threads = [sender(&queue, 1, 2), sender(&queue, 2, 1)];
        let mut delivered = Vec::new();
        while delivered.len() < 3 {
            delivered.extend(turn(&queue, &wire));
        }
        let accepted = threads.map(|t| t.join().unwrap());
        assert_eq!(accepted.each_ref().map(Vec::len), [2, 1]);
        assert_same(accepted, &delivered);
    });
}

#[test]
fn an_item_that_cannot_wake_the_loop_is_refused_and_holds_up_no_other() {
    model(|| {
        let wire = Wire::new(1);
        let queue = channel(&wire);
        let threads = [sender(&queue, 1, 2), sender(&queue, 2, 1)];
        let mut delivered = Vec::new();
        while delivered.len() < 2 {
            delivered.extend(turn(&queue, &wire));
        }
        assert_same(threads.map(|t| t.join().unwrap()), &delivered);
        assert!(queue.take().is_empty());
    });
}

/// What mg_mgr_free() does: what it finds in the queue is all that was accepted and not delivered.
#[test]
fn closing_the_channel_hands_out_what_was_accepted_and_refuses_the_rest() {
    model(|| {
        let wire = Wire::new(0);
        let queue = channel(&wire);
        let threads = [sender(&queue, 1, 2), sender(&queue, 2, 1)];
        let mut delivered = turn(&queue, &wire);
        delivered.extend(queue.close());
        assert!(!queue.send((3, 0)));
        assert_same(threads.map(|t| t.join().unwrap()), &delivered);
        assert!(queue.take().is_empty());
    });
}

#[test]
fn a_channel_can_be_opened_again_while_threads_send() {
    model(|| {
        let (first, second) = (Wire::new(0), Wire::new(0));
        let queue = channel(&first);
        let thread = sender(&queue, 1, 2);
        let mut delivered = Vec::from(queue.close());
        queue.open(Handle(second.clone()));
        let accepted = thread.join().unwrap();
        let bytes = second.0.0.lock().bytes;
        let left = queue.take();
        // What waits has rung the new bell.
        assert_eq!(bytes == 1, !left.is_empty());
        delivered.extend(left);
        assert_eq!(accepted, delivered);
    });
}
