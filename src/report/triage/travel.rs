//! Impossible travel: one account succeeds at two places, one after the other, farther apart than an airliner flies meanwhile.

use super::event::{Event, Place};
use super::kept::{MAX_STATES, Places, States};
use super::networks::Networks;
use super::question::{About, Counted, Draft, Found, Open, Question, Sightings, span};
use crate::report::tally::Key;
use crate::report::words::counted;

/// Asks for impossible travel.
pub(super) struct Travel {
    accounts: States<Account>,
    travellers: Open<Traveller>,
    /// Pairs between two networks that are common.
    common: u64,
    /// Successes whose record has no usable coordinates.
    nowhere: u64,
}

/// Where an account last succeeded.
#[derive(Default)]
struct Account {
    last: Option<Stop>,
    traveller: Option<usize>,
}

#[derive(Clone, Copy)]
struct Stop {
    second: i64,
    coordinates: (f64, f64),
    network: Option<Key>,
    place: Place,
}

/// An account with journeys that are too fast.
struct Traveller {
    journeys: u64,
    /// The fastest: kilometres, seconds.
    fastest: (f64, i64),
    places: Places,
}

impl Travel {
    pub(super) fn new() -> Self {
        Self { accounts: States::new(MAX_STATES), travellers: Open::new(), common: 0, nowhere: 0 }
    }
}

impl Question for Travel {
    fn take(&mut self, event: &Event, networks: &Networks) {
        let (Some(account), true) = (event.account, event.succeeded()) else { return };
        let Some(coordinates) = event.coordinates else {
            self.nowhere += 1;
            return;
        };
        let Some(state) = self.accounts.of(account, |_| false) else { return };
        let stop = Stop { second: event.second(), coordinates, network: event.network, place: event.place };
        let Some(from) = state.last.replace(stop) else { return };
        let (kilometres, seconds) = (distance(from.coordinates, coordinates), stop.second - from.second);
        if kilometres < MIN_KILOMETRES || speed(kilometres, seconds) <= MAX_SPEED {
            return;
        }
        if !networks.is_either_uncommon(from.network, stop.network) {
            self.common += 1;
            return;
        }
        let place = *state.traveller.get_or_insert_with(|| {
            self.travellers.open(Traveller { journeys: 0, fastest: (kilometres, seconds), places: Places::default() })
        });
        if let Some(traveller) = self.travellers.at(place) {
            traveller.journeys += 1;
            let (farthest, time) = traveller.fastest;
            if speed(kilometres, seconds) > speed(farthest, time) {
                traveller.fastest = (kilometres, seconds);
            }
            if traveller.places.listed.last() != Some(&from.place) {
                traveller.places.add(from.place);
            }
            traveller.places.add(stop.place);
        }
    }

    fn answer(self: Box<Self>, networks: &Networks) -> Draft {
        let found = self.travellers.all.into_iter().map(|traveller| {
            let (kilometres, seconds) = traveller.fastest;
            let fastest = if seconds <= 0 {
                format!("{kilometres:.0} km in the same second")
            } else {
                format!("{kilometres:.0} km in {}, {:.0} km/h", span(seconds), speed(kilometres, seconds))
            };
            let journeys = counted(traveller.journeys, "journey");
            Found {
                about: About::Account,
                says: format!(
                    "{journeys} between consecutive successes faster than {MAX_SPEED:.0} km/h; the fastest: {fastest}."
                ),
                weight: traveller.journeys,
                places: traveller.places,
            }
        });
        Draft {
            question: "impossible-travel",
            title: "Too far in too short a time",
            asks: "One person is not in two places; a session, or a telephone's network, may be: it may also be a proxy or VPN.",
            rule: format!(
                "Listed: two consecutive successful sign-ins of one account, interactive or not, whose coordinates are at least {MIN_KILOMETRES:.0} km apart on the great \
                 circle and more than {MAX_SPEED:.0} km/h, where at least one of the two came from an uncommon network. The service derives the location from the \
                 address; it may be wrong by a country, and a proxy moves it. Missing coordinates and 0, 0 are passed over. {}",
                networks.rule()
            ),
            sightings: Sightings::rank(found, self.travellers.beyond),
            counted: vec![
                Counted::new("such pairs between two networks that are common here", self.common),
                Counted::new("successful sign-ins of people without usable coordinates", self.nowhere),
            ],
            limits: self.accounts.limits("accounts").into_iter().chain(networks.limits()).collect(),
        }
    }
}

/// Returns kilometres per hour; without end where no time passed.
fn speed(kilometres: f64, seconds: i64) -> f64 {
    let seconds = u32::try_from(seconds.max(0)).unwrap_or(u32::MAX);
    kilometres / (f64::from(seconds) / 3_600.0)
}

/// Returns the great-circle distance in kilometres between two places in degrees, by the haversine formula on a sphere.
fn distance((latitude, longitude): (f64, f64), (other_latitude, other_longitude): (f64, f64)) -> f64 {
    let half = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
    let along = latitude.to_radians().cos() * other_latitude.to_radians().cos();
    let haversine = half(latitude, other_latitude) + along * half(longitude, other_longitude);
    2.0 * EARTH_KILOMETRES * haversine.clamp(0.0, 1.0).sqrt().asin()
}

/// 900 km/h: an airliner at cruising height; with airports on both sides nobody is faster.
const MAX_SPEED: f64 = 900.0;
/// 500 km: below, addresses are located too coarsely.
const MIN_KILOMETRES: f64 = 500.0;
/// Mean radius of the earth (IUGG).
const EARTH_KILOMETRES: f64 = 6_371.009;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_on_the_great_circle() {
        let near = |measured: f64, expected: f64| (measured - expected).abs() < expected / 200.0 + 0.001;
        let (utrecht, singapore) = ((52.090_794, 5.121_42), (1.2897, 103.8501));
        assert!(near(distance(utrecht, singapore), 10_508.0), "{}", distance(utrecht, singapore));
        assert!(near(distance((0.0, 179.5), (0.0, -179.5)), 111.2), "across the date line");
        assert!(near(distance((90.0, 0.0), (-90.0, 77.0)), 20_015.1), "from pole to pole");
        assert!(distance(utrecht, utrecht) < 0.001);
        assert!(near(distance((10.0, 20.0), (-10.0, -160.0)), 20_015.1), "to the other side");
    }

    #[test]
    fn no_time_is_faster_than_any() {
        assert!(speed(500.0, 0) > MAX_SPEED && speed(500.0, -5) > MAX_SPEED);
        assert!(speed(900.0, 3_600) <= MAX_SPEED && speed(901.0, 3_600) > MAX_SPEED);
    }
}
