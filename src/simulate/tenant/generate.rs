//! Ordinary sign-ins: what a tenant does all day, drawn from the noise of (seed, kind, index).

use super::{
    guid::Guid,
    kind::Kind,
    moment::Moment,
    noise::Noise,
    outcome::{
        DONE, DONE_BY_APPLICATION, DONE_BY_CLAIM, DONE_WITH_MFA, EVERYDAY_TROUBLE, NO_RISK, Outcome, RISK_DISMISSED,
        SECRET_EXPIRED, TOKEN_TOO_OLD,
    },
    people::{Person, people},
    place::{HOME_COUNT, Place, nowhere, places},
    sign_in::{Actor, PolicyResult, SignIn, Steps, Words},
    software::{
        BROWSER_CLIENTS, Credential, DEVICES, NATIVE_CLIENTS, RESOURCES, Workload, applications, hostile_agents,
        machines,
    },
    text::Text,
};

/// Everything and everybody a sign-in can name.
#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) people: Vec<Person>,
    pub(crate) places: Vec<Place>,
    applications: Vec<Workload>,
    machines: Vec<Workload>,
    hostile_agents: Vec<Text>,
    nowhere: Place,
    seed: u64,
}

impl Directory {
    /// Makes the directory of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        let places = places();
        Self {
            people: people(seed),
            applications: applications(seed, &places),
            machines: machines(seed),
            hostile_agents: hostile_agents(),
            nowhere: nowhere(),
            places,
            seed,
        }
    }

    /// Makes the ordinary sign-in at `index` of `kind`.
    pub(crate) fn ordinary(&self, id: Guid, kind: Kind, index: u64, created: Moment) -> SignIn<'_> {
        let mut noise = Noise::new(self.seed, 0x6f72_6469 + kind.ordinal(), index);
        match kind {
            Kind::InteractiveUser => {
                let person = noise.pick(&self.people);
                self.interactive(id, person, created, &mut noise)
            }
            Kind::NonInteractiveUser => {
                let person = noise.pick(&self.people);
                self.non_interactive(id, person, created, &mut noise)
            }
            Kind::ServicePrincipal => {
                let workload = noise.pick(&self.applications);
                self.by_workload(id, kind, workload, created, &mut noise)
            }
            Kind::ManagedIdentity => {
                let workload = noise.pick(&self.machines);
                self.by_workload(id, kind, workload, created, &mut noise)
            }
        }
    }

    /// Makes an ordinary interactive sign-in of `person`.
    pub(crate) fn interactive<'t>(
        &'t self,
        id: Guid,
        person: &'t Person,
        created: Moment,
        noise: &mut Noise,
    ) -> SignIn<'t> {
        let client = noise.pick(&BROWSER_CLIENTS);
        let device = own_device(person);
        let outcome = match noise.below(100) {
            0..=9 => *noise.pick(&EVERYDAY_TROUBLE),
            10..=34 => DONE_WITH_MFA,
            35..=84 => DONE_BY_CLAIM,
            _ => DONE,
        };
        let mut sign_in = self.of_person(id, Kind::InteractiveUser, person, created, noise);
        sign_in.client_id = client.id;
        sign_in.client_name = Words::plain(client.name);
        sign_in.resource = RESOURCES.get(client.resource).unwrap_or(&RESOURCES[0]);
        sign_in.client_app = Some("Browser");
        sign_in.agent =
            if noise.one_in(97) { Words::from(noise.pick(&self.hostile_agents)) } else { Words::plain(device.agent) };
        sign_in.device = Some(device);
        sign_in.session = Some(noise.guid());
        sign_in.risk = if noise.one_in(61) { RISK_DISMISSED } else { NO_RISK };
        sign_in.protocol = if noise.one_in(5) { "authorizationCodeWithPkce" } else { "none" };
        sign_in.processing_millis = 80 + noise.below(900);
        sign_in.judge(outcome);
        sign_in
    }

    /// Makes an ordinary non-interactive sign-in of `person`.
    pub(crate) fn non_interactive<'t>(
        &'t self,
        id: Guid,
        person: &'t Person,
        created: Moment,
        noise: &mut Noise,
    ) -> SignIn<'t> {
        let client = noise.pick(&NATIVE_CLIENTS);
        let device = own_device(person);
        let mut sign_in = self.of_person(id, Kind::NonInteractiveUser, person, created, noise);
        sign_in.client_id = client.id;
        sign_in.client_name = Words::plain(client.name);
        sign_in.resource = RESOURCES.get(client.resource).unwrap_or(&RESOURCES[0]);
        sign_in.client_app = Some("Mobile Apps and Desktop clients");
        sign_in.agent = if noise.one_in(3) { Words::plain(device.agent) } else { Words::plain("") };
        sign_in.device = Some(device);
        sign_in.session = Some(noise.guid());
        sign_in.incoming_token = if noise.one_in(3) { "primaryRefreshToken" } else { "refreshToken" };
        sign_in.transfer = if noise.one_in(41) { "deviceCodeFlow" } else { "none" };
        sign_in.processing_millis = 20 + noise.below(200);
        sign_in.judge(if noise.one_in(25) { TOKEN_TOO_OLD } else { DONE_BY_CLAIM });
        sign_in
    }

    /// Makes a sign-in of a workload.
    pub(crate) fn by_workload<'t>(
        &'t self,
        id: Guid,
        kind: Kind,
        workload: &'t Workload,
        created: Moment,
        noise: &mut Noise,
    ) -> SignIn<'t> {
        let expired = workload.credential == Credential::Secret && noise.one_in(40);
        SignIn {
            id,
            kind,
            created,
            actor: Actor::Workload(workload),
            client_id: &workload.id,
            client_name: Words::from(&workload.name),
            resource: RESOURCES.get(workload.resource).unwrap_or(&RESOURCES[0]),
            address: workload.address,
            place: workload.place.and_then(|place| self.places.get(place)).unwrap_or(&self.nowhere),
            client_app: None,
            agent: Words::plain(""),
            device: None,
            device_id: None,
            outcome: if expired { SECRET_EXPIRED } else { DONE_BY_APPLICATION },
            policy: PolicyResult::NotApplied,
            risk: NO_RISK,
            steps: Steps::None,
            multi_factor: false,
            incoming_token: "none",
            protocol: if noise.one_in(2) { "clientCredentials" } else { "none" },
            transfer: "none",
            correlation: noise.guid(),
            session: None,
            processing_millis: 0,
            ahead_of_schema: noise.one_in(AHEAD_OF_SCHEMA),
        }
    }

    /// Makes what all sign-ins of a person have in common.
    fn of_person<'t>(
        &'t self,
        id: Guid,
        kind: Kind,
        person: &'t Person,
        created: Moment,
        noise: &mut Noise,
    ) -> SignIn<'t> {
        let travelling = noise.one_in(31);
        let place = if travelling {
            noise.pick(self.places.get(..=HOME_COUNT).unwrap_or(&self.places))
        } else {
            self.places.get(person.home).unwrap_or(&self.nowhere)
        };
        SignIn {
            id,
            kind,
            created,
            actor: Actor::Person(person),
            client_id: "",
            client_name: Words::plain(""),
            resource: &RESOURCES[0],
            address: Some(place.address(if noise.one_in(6) { noise.draw() } else { person.host })),
            place,
            client_app: None,
            agent: Words::plain(""),
            device: None,
            device_id: (!own_device(person).trust.is_empty()).then_some(person.device_id),
            outcome: DONE,
            policy: PolicyResult::NotApplied,
            risk: NO_RISK,
            steps: Steps::None,
            multi_factor: false,
            incoming_token: "none",
            protocol: "none",
            transfer: "none",
            correlation: noise.guid(),
            session: None,
            processing_millis: 0,
            ahead_of_schema: noise.one_in(AHEAD_OF_SCHEMA),
        }
    }
}

impl SignIn<'_> {
    /// Sets the outcome and everything that follows from it.
    pub(crate) fn judge(&mut self, outcome: Outcome) {
        self.outcome = outcome;
        let interactive = self.kind == Kind::InteractiveUser;
        (self.policy, self.steps, self.multi_factor) = match outcome.code {
            0 if outcome.details.is_none() => (PolicyResult::NotApplied, Steps::Password, false),
            0 if !interactive => (PolicyResult::Success, Steps::Claim, true),
            0 if outcome.details == DONE_WITH_MFA.details => (PolicyResult::Success, Steps::SecondFactor, true),
            0 => (PolicyResult::Success, Steps::Claim, true),
            500_121 => (PolicyResult::Failure, Steps::DeniedSecondFactor, true),
            50_074 | 50_076 => (PolicyResult::Failure, Steps::Password, true),
            53_003 => (PolicyResult::Failure, Steps::Password, false),
            50_126 | 50_055 => (PolicyResult::NotApplied, Steps::WrongPassword, false),
            _ => (PolicyResult::NotApplied, Steps::None, false),
        };
    }
}

/// Returns the device a person uses.
fn own_device(person: &Person) -> &'static super::software::Device {
    let count = DEVICES.len() as u64;
    usize::try_from(person.device % count).ok().and_then(|device| DEVICES.get(device)).unwrap_or(&DEVICES[0])
}

/// One record in this many carries a property no schema knows.
const AHEAD_OF_SCHEMA: u64 = 499;
