//! Work that several threads do at once and that comes back in the order handed in, a bounded part of it under way: in pieces and
//! in bytes, so that memory does not grow with the package.
//!
//! With stacks of their own: how deep an expression nests is up to whoever wrote it.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, Scope};

/// A thread ended without handing back its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lost;

/// Threads that turn a `W` into a `D`.
pub(super) struct Crew<W, D> {
    workers: Vec<(SyncSender<W>, Receiver<D>)>,
    next: usize,
    oldest: usize,
    /// Bytes of each piece under way, oldest first.
    under_way: VecDeque<u64>,
}

impl<W: Send, D: Send> Crew<W, D> {
    /// Starts threads, at least one.
    pub(super) fn start<'scope>(
        scope: &'scope Scope<'scope, '_>,
        threads: usize,
        work: impl Fn(W) -> D + Clone + Send + 'scope,
    ) -> Result<Self, Lost>
    where
        W: 'scope,
        D: 'scope,
    {
        let mut workers = Vec::new();
        for _ in 0..threads.max(1) {
            let (orders, inbox) = sync_channel::<W>(PIECES_PER_WORKER);
            let (outbox, results) = sync_channel(PIECES_PER_WORKER);
            let work = work.clone();
            let serve = move || {
                for order in inbox {
                    if outbox.send(work(order)).is_err() {
                        return;
                    }
                }
            };
            Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, serve).map_err(|_| Lost)?;
            workers.push((orders, results));
        }
        Ok(Self { workers, next: 0, oldest: 0, under_way: VecDeque::new() })
    }

    /// Hands in a piece of work that takes so many bytes; takes what is finished while enough is under way.
    pub(super) fn submit(&mut self, work: W, byte_len: u64, mut take: impl FnMut(D)) -> Result<(), Lost> {
        while self.is_full(byte_len) {
            take(self.receive()?);
        }
        let (orders, _) = self.workers.get(self.next).ok_or(Lost)?;
        orders.send(work).map_err(|_| Lost)?;
        self.next = (self.next + 1) % self.workers.len();
        self.under_way.push_back(byte_len);
        Ok(())
    }

    /// A piece that is larger than all there is room for passes alone.
    fn is_full(&self, byte_len: u64) -> bool {
        let pieces = self.under_way.len();
        let bytes = self.under_way.iter().fold(byte_len, |sum, len| sum.saturating_add(*len));
        pieces >= self.workers.len() * PIECES_PER_WORKER || (pieces > 0 && bytes > BYTES_UNDER_WAY)
    }

    /// Waits for everything handed in.
    pub(super) fn finish(mut self, mut take: impl FnMut(D)) -> Result<(), Lost> {
        while !self.under_way.is_empty() {
            take(self.receive()?);
        }
        Ok(())
    }

    fn receive(&mut self) -> Result<D, Lost> {
        let (_, results) = self.workers.get(self.oldest).ok_or(Lost)?;
        let done = results.recv().map_err(|_| Lost)?;
        self.oldest = (self.oldest + 1) % self.workers.len();
        self.under_way.pop_front();
        Ok(done)
    }
}

/// 2: one under work and one waiting.
const PIECES_PER_WORKER: usize = 2;
/// 32 MiB: some eight usual pages.
const BYTES_UNDER_WAY: u64 = 32 << 20;
/// 64 MiB, of addresses and not of memory: three times what the deepest expression needs.
const STACK_BYTES: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_comes_back_in_the_order_handed_in() {
        for (threads, byte_len) in [(0, 1), (1, 1), (3, 1), (3, BYTES_UNDER_WAY), (3, u64::MAX)] {
            let mut done = Vec::new();
            std::thread::scope(|scope| {
                let mut crew = Crew::start(scope, threads, |number: u32| number * 2).unwrap();
                (0..100).for_each(|number| crew.submit(number, byte_len, |result| done.push(result)).unwrap());
                crew.finish(|result| done.push(result)).unwrap();
            });
            assert_eq!(done, (0..100).map(|number| number * 2).collect::<Vec<_>>());
        }
    }
}
