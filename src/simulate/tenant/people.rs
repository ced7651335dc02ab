//! The people of the simulated tenant, a few of them with names chosen to break readers.
//!
//! Every name is invented and every domain ends in `.example` (RFC 2606). The hostile ones are what an attacker can put in
//! a display name: terminal escapes, spreadsheet formulas, markup, direction overrides, spaces that are none.

use super::{guid::Guid, noise::Noise, place::HOME_COUNT, text::Text};

/// A person with an account, or a guest.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// Name as shown.
    pub(crate) display_name: Text,
    /// Sign-in name, in lower case.
    pub(crate) principal_name: String,
    /// Object id.
    pub(crate) id: Guid,
    /// `member` or `guest`.
    pub(crate) user_type: &'static str,
    /// The place this person signs in from on most days.
    pub(crate) home: usize,
    /// The device this person uses on most days.
    pub(crate) device: u64,
    /// The host this person has in the network of the place.
    pub(crate) host: u64,
    /// Object id of the device.
    pub(crate) device_id: Guid,
}

/// Returns everybody, always in the same order.
pub(crate) fn people(seed: u64) -> Vec<Person> {
    let mut everybody = Vec::with_capacity(FIRST_NAMES.len() * LAST_NAMES.len());
    for last in LAST_NAMES {
        for first in FIRST_NAMES {
            let mut noise = Noise::new(seed, 0x7065_6f70_6c65, everybody.len() as u64);
            let number = everybody.len();
            let hostile = HOSTILE_NAMES.get(number / 29).filter(|_| number % 29 == 28);
            let guest = number % 37 == 36;
            let display_name = hostile.map_or_else(|| format!("{first} {last}"), |name| (*name).to_owned());
            let domain = if guest { GUEST_DOMAIN } else { HOME_DOMAIN };
            everybody.push(Person {
                display_name: Text::new(display_name),
                principal_name: format!("{}.{}@{domain}", plain(first), plain(last)),
                id: noise.guid(),
                user_type: if guest { "guest" } else { "member" },
                home: usize::try_from(noise.below(HOME_COUNT as u64)).unwrap_or(0),
                device: noise.draw(),
                host: noise.draw(),
                device_id: noise.guid(),
            });
        }
    }
    everybody
}

/// Spells a name with the letters of a sign-in name.
fn plain(name: &str) -> String {
    name.to_lowercase()
        .chars()
        .filter_map(|letter| match letter {
            'a'..='z' => Some(letter),
            'ë' | 'é' | 'è' => Some('e'),
            'ü' => Some('u'),
            'ø' | 'ö' => Some('o'),
            'ł' => Some('l'),
            'ñ' => Some('n'),
            'í' => Some('i'),
            'ś' => Some('s'),
            _ => None,
        })
        .collect()
}

/// The domain of the simulated tenant.
pub(crate) const HOME_DOMAIN: &str = "contoso.example";
const GUEST_DOMAIN: &str = "fabrikam.example";

const FIRST_NAMES: [&str; 24] = [
    "Dana", "Zoë", "Amira", "Jürgen", "Søren", "Łucja", "Íñigo", "Chidi", "Mei", "Anouk", "Bram", "Femke", "Tariq",
    "Oksana", "Liam", "Priya", "Hugo", "Ines", "Kofi", "Mila", "Noor", "Pavel", "Ruth", "Yusuf",
];
const LAST_NAMES: [&str; 24] = [
    "Example",
    "de Vries",
    "Müller",
    "Nuñez",
    "Okafor",
    "Sørensen",
    "Kowalski",
    "Ivanova",
    "Dubois",
    "Jansen",
    "Haddad",
    "Chen",
    "Patel",
    "Moreau",
    "Peeters",
    "Lindqvist",
    "Fischer",
    "Costa",
    "Mensah",
    "Novak",
    "Vermeer",
    "Bakker",
    "Leclerc",
    "Öztürk",
];
/// Display names an attacker could choose; each is borne by one person.
const HOSTILE_NAMES: [&str; 8] = [
    "=cmd|' /C calc'!A0",
    "\u{1b}[2J\u{1b}]0;owned\u{7}Dana",
    "<script>alert(document.cookie)</script>",
    "annual\u{202e}fdp.exe",
    "Dana\u{a0}Example",
    "\"; DROP TABLE signins; --",
    "田中 さくら 👩‍💻",
    "Robert\u{2028}Tables\\",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{HOSTILE_NAMES, people};

    #[test]
    fn sign_in_names_are_unique_lower_case_and_invented() {
        let everybody = people(1);
        let names: BTreeSet<&str> = everybody.iter().map(|person| person.principal_name.as_str()).collect();
        assert_eq!(names.len(), everybody.len());
        for name in names {
            assert!(name.ends_with(".example"));
            assert!(name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'.' | b'@')), "{name}");
        }
    }

    #[test]
    fn every_hostile_name_is_borne_by_somebody() {
        let everybody = people(1);
        for name in HOSTILE_NAMES {
            assert!(everybody.iter().any(|person| person.display_name.meaning() == name), "{name:?}");
        }
    }
}
