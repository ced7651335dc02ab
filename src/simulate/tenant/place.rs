//! Where sign-ins come from: cities, their networks, and the coordinates as the service prints them.
//!
//! All addresses are documentation addresses (RFC 5737, RFC 3849), all autonomous systems documentation numbers
//! (RFC 5398): no record can be mistaken for one about a real host.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A city with its network.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// City, as the service's location names it.
    pub(crate) city: &'static str,
    /// Province or state.
    pub(crate) state: &'static str,
    /// ISO 3166-1 alpha-2 country.
    pub(crate) country: &'static str,
    /// The `geoCoordinates` object, ready to print.
    pub(crate) coordinates: String,
    /// Autonomous system, when the service knows it.
    pub(crate) autonomous_system: Option<u32>,
    network: u8,
}

impl Place {
    /// Returns the address of `host` in this place's network: one in four is IPv6.
    pub(crate) fn address(&self, host: u64) -> IpAddr {
        let [low, next, site, ..] = host.to_le_bytes();
        if next.is_multiple_of(4) {
            let network = u16::from(self.network) + 1;
            IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, network, u16::from(site & 7), 0, 0, 0, u16::from(low) + 1))
        } else {
            let host = low.clamp(1, 254);
            IpAddr::V4(match self.network % 3 {
                0 => Ipv4Addr::new(192, 0, 2, host),
                1 => Ipv4Addr::new(198, 51, 100, host),
                _ => Ipv4Addr::new(203, 0, 113, host),
            })
        }
    }
}

/// Returns the places people work at; the first [`HOME_COUNT`] are homes, the rest are abroad.
pub(crate) fn places() -> Vec<Place> {
    (0..)
        .zip(CITIES)
        .map(|(network, (city, state, country, latitude, longitude))| Place {
            city,
            state,
            country,
            coordinates: coordinates(Some((latitude, longitude))),
            autonomous_system: Some(64_496 + u32::from(network)),
            network,
        })
        .collect()
}

/// Returns the place of an address the service cannot locate.
pub(crate) fn nowhere() -> Place {
    Place { city: "", state: "", country: "", coordinates: coordinates(None), autonomous_system: None, network: 0 }
}

/// Prints coordinates; the service keeps them in 32 bits and prints them in 64, hence the long tails (graph-api §2.3).
fn coordinates(known: Option<(f32, f32)>) -> String {
    known.map_or_else(
        || String::from(r#"{"altitude":null,"latitude":null,"longitude":null}"#),
        |(latitude, longitude)| {
            let (latitude, longitude) = (f64::from(latitude), f64::from(longitude));
            format!(r#"{{"altitude":null,"latitude":{latitude},"longitude":{longitude}}}"#)
        },
    )
}

/// How many of the places are where the tenant's people live.
pub(crate) const HOME_COUNT: usize = 9;
/// The first place of the attacks.
pub(crate) const SAO_PAULO: usize = 10;
/// The second end of the impossible journey.
pub(crate) const SINGAPORE: usize = 11;

const CITIES: [(&str, &str, &str, f32, f32); 12] = [
    ("Utrecht", "Utrecht", "NL", 52.090_794, 5.121_42),
    ("Amsterdam", "Noord-Holland", "NL", 52.374_03, 4.889_69),
    ("Frankfurt am Main", "Hessen", "DE", 50.1109, 8.6821),
    ("Köln", "Nordrhein-Westfalen", "DE", 50.9375, 6.9603),
    ("Málaga", "Andalucía", "ES", 36.7202, -4.4203),
    ("Antwerpen", "Antwerpen", "BE", 51.2206, 4.3997),
    ("Lyon", "Auvergne-Rhône-Alpes", "FR", 45.7485, 4.8467),
    ("København", "Region Hovedstaden", "DK", 55.6759, 12.5655),
    ("Wrocław", "Dolnośląskie", "PL", 51.1, 17.0333),
    ("Toronto", "Ontario", "CA", 43.7001, -79.4163),
    ("São Paulo", "São Paulo", "BR", -23.5475, -46.6361),
    ("Singapore", "Central Singapore", "SG", 1.2897, 103.8501),
];

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::{HOME_COUNT, SAO_PAULO, SINGAPORE, places};

    #[test]
    fn every_address_is_a_documentation_address() {
        for place in places() {
            for host in (0..100_000_u64).step_by(97) {
                match place.address(host) {
                    IpAddr::V4(address) => assert!(address.is_documentation()),
                    IpAddr::V6(address) => assert_eq!(address.segments()[..2], [0x2001, 0xdb8]),
                }
            }
        }
    }

    #[test]
    fn the_named_places_are_where_the_constants_say() {
        let places = places();
        assert_eq!(places[SAO_PAULO].country, "BR");
        assert_eq!(places[SINGAPORE].country, "SG");
        assert!(places[..HOME_COUNT].iter().all(|place| place.country != "BR" && place.country != "SG"));
    }

    #[test]
    fn coordinates_carry_the_tail_of_a_widened_32_bit_float() {
        assert!(places()[0].coordinates.contains("52.09079360961914"));
    }
}
