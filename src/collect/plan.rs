//! What is still to be asked: the plan's windows less what closed runs cover, oldest first.

use super::table::{RunTable, Stream};
use crate::format::genesis::Plan;
use crate::format::kind::{Kind, Sort};
use crate::time::{TimeError, Window};

/// Returns the streams still to be asked, oldest window first and in the order of kinds within a window.
///
/// The oldest come first because retention deletes the oldest first. The same plan and table always give the same streams.
///
/// # Errors
///
/// [`TimeError::EmptyWindow`] when the plan's window is none.
pub fn remaining(plan: &Plan, table: &RunTable) -> Result<Vec<Stream>, TimeError> {
    let whole = Window::new(plan.from, plan.to)?;
    let seconds = i64::try_from(plan.window_seconds).unwrap_or(i64::MAX);
    let mut streams: Vec<Stream> = Vec::new();
    for kind in &plan.kinds {
        for hole in holes(whole, &table.closed_windows(*kind)) {
            let tiles = if kind.is_windowed() { hole.tiles(seconds) } else { vec![whole] };
            streams.extend(tiles.into_iter().map(|window| Stream { kind: *kind, window, pass: 1 }));
        }
    }
    streams.sort_by_key(|stream| (stream.window.from(), stream.kind, stream.window.to()));
    Ok(streams)
}

/// Returns the streams that a second pass has still to ask: the windows that pass 1 closed, in the same order.
#[must_use]
pub fn remaining_second_pass(plan: &Plan, table: &RunTable) -> Vec<Stream> {
    if !plan.second_pass {
        return Vec::new();
    }
    let windowed = plan.kinds.iter().filter(|kind| kind.is_windowed());
    let closed = windowed.flat_map(|kind| table.closed_windows(*kind).into_iter().map(|window| (*kind, window)));
    let streams = closed.map(|(kind, window)| Stream { kind, window, pass: 2 });
    let mut streams: Vec<Stream> = streams.filter(|stream| !table.is_closed(*stream)).collect();
    streams.sort_by_key(|stream| (stream.window.from(), stream.kind, stream.window.to()));
    streams
}

/// Cuts a stream's window in the middle, at a whole second; none when it is too short to be worth it.
#[must_use]
pub fn halves(stream: Stream) -> Option<[Stream; 2]> {
    let (from, to) = (stream.window.from(), stream.window.to());
    // A second pass compares window by window, so its windows stay as they are.
    let may_be_cut = stream.kind.is_windowed() && stream.pass == 1;
    if !may_be_cut || stream.window.seconds() < 2 * SHORTEST_WINDOW_SECONDS {
        return None;
    }
    let middle = from.plus_seconds(stream.window.seconds() / 2)?;
    let half = |from, to| Window::new(from, to).ok().map(|window| Stream { window, ..stream });
    Some([half(from, middle)?, half(middle, to)?])
}

/// Returns the logs that `asked` leaves out, in order.
#[must_use]
pub fn not_asked(asked: &[Kind]) -> Vec<Kind> {
    Kind::ALL.into_iter().filter(|kind| kind.sort() == Sort::Log && !asked.contains(kind)).collect()
}

fn holes(whole: Window, covered: &[Window]) -> Vec<Window> {
    let mut holes = Vec::new();
    let mut from = whole.from();
    for window in covered {
        holes.extend(Window::new(from, window.from()).ok());
        from = from.max(window.to());
    }
    holes.extend(Window::new(from, whole.to()).ok());
    holes
}

/// A window shorter than this is not cut again: a service that cannot serve five minutes is down, not overloaded.
const SHORTEST_WINDOW_SECONDS: i64 = 300;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::parts::StreamPosition;

    fn plan(kinds: Vec<Kind>) -> Plan {
        let mut plan = crate::format::genesis::example().plan;
        plan.kinds = kinds;
        plan
    }

    #[test]
    fn the_oldest_windows_of_all_kinds_come_first() {
        let streams =
            remaining(&plan(vec![Kind::InteractiveUser, Kind::ServicePrincipal]), &RunTable::default()).unwrap();
        assert_eq!(streams.len(), 8);
        assert!(streams.windows(2).all(|pair| pair[0].window.from() <= pair[1].window.from()));
        assert_eq!((streams[0].kind, streams[1].kind), (Kind::InteractiveUser, Kind::ServicePrincipal));
    }

    #[test]
    fn closed_windows_are_not_asked_again() {
        let plan = plan(vec![Kind::InteractiveUser]);
        let streams = remaining(&plan, &RunTable::default()).unwrap();
        let mut table = RunTable::default();
        let done = streams[1];
        let position = StreamPosition {
            kind: done.kind,
            from: done.window.from(),
            to: done.window.to(),
            pass: 1,
            run: 1,
            sequence: 1,
        };
        table.count_page(&position, 0, 0, true);
        let rest = remaining(&plan, &table).unwrap();
        assert_eq!(rest.len(), 3);
        assert!(!rest.contains(&done));
    }

    #[test]
    fn halves_meet_at_a_whole_second() {
        let stream = remaining(&plan(vec![Kind::InteractiveUser]), &RunTable::default()).unwrap()[0];
        let [first, second] = halves(stream).unwrap();
        assert_eq!((first.window.from(), second.window.to()), (stream.window.from(), stream.window.to()));
        assert_eq!(first.window.to(), second.window.from());
        let mut shortest = stream;
        while let Some([half, _]) = halves(shortest) {
            shortest = half;
        }
        assert!(shortest.window.seconds() >= SHORTEST_WINDOW_SECONDS);
    }
}
