//! The tenant's two other logs: directory audits and risk detections.
//!
//! Both follow the interactive sign-ins, as they do in life: every so many sign-ins somebody changes something, or something
//! is held against somebody. So a record is again a function of (seed, index), the rhythm is that of people, and a risk
//! detection names the sign-in it is about. Property names are those of the v1.0 schema.

use chrono::{DateTime, Utc};

use super::{
    Kind, Tenant,
    guid::Guid,
    moment::Moment,
    noise::Noise,
    outcome::{RISK_SPRAY, RISK_TOKEN, RISK_TRAVEL},
    print::{guid, location, put, quoted},
};

/// A log of the tenant, by the segment that names it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Log {
    /// `auditLogs/directoryAudits`.
    DirectoryAudits,
    /// `identityProtection/riskDetections`.
    RiskDetections,
    /// `auditLogs/signIns`.
    SignIns,
}

/// Where a record of one of the two logs stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Note {
    pub(crate) index: u64,
    pub(crate) created: Moment,
}

/// An entry of the table of activities.
struct Activity {
    name: &'static str,
    category: &'static str,
    operation: &'static str,
    property: &'static str,
}

impl Log {
    /// Returns the path below the version.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::DirectoryAudits => "auditLogs/directoryAudits",
            Self::RiskDetections => "identityProtection/riskDetections",
            Self::SignIns => "auditLogs/signIns",
        }
    }

    /// Returns the name of its records' type.
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Self::DirectoryAudits => "microsoft.graph.directoryAudit",
            Self::RiskDetections => "microsoft.graph.riskDetection",
            Self::SignIns => "microsoft.graph.signIn",
        }
    }

    /// Returns the property that windows are cut by.
    #[must_use]
    pub fn time_property(self) -> &'static str {
        match self {
            Self::DirectoryAudits | Self::RiskDetections => "activityDateTime",
            Self::SignIns => "createdDateTime",
        }
    }

    /// Returns how many interactive sign-ins there are for each record; zero for the sign-ins themselves.
    fn stride(self) -> u64 {
        match self {
            Self::DirectoryAudits => 2,
            Self::RiskDetections => 40,
            Self::SignIns => 0,
        }
    }
}

impl Tenant {
    /// Returns the ids of the directory audits or risk detections in `[from, to)`, oldest first; of sign-ins, those of all
    /// kinds, kind by kind.
    #[must_use]
    pub fn ids_of(&self, log: Log, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<String> {
        if log == Log::SignIns {
            return Kind::ALL.into_iter().flat_map(|kind| self.ids_in(kind, from, to)).collect();
        }
        let (from, to) = (Moment::from(from), Moment::from(to));
        let first = self.notes_before(log, from.second());
        let last = self.notes_before(log, to.second().saturating_add(1));
        let mut notes: Vec<Note> = (first..last)
            .map(|index| self.note(log, index))
            .filter(|note| (from..to).contains(&note.created))
            .collect();
        notes.sort_unstable_by_key(|note| (note.created, note.index));
        notes.into_iter().map(|note| self.note_id(log, note)).collect()
    }

    /// Returns the latest second before `second` with a record.
    pub(crate) fn note_second_before(&self, log: Log, second: i64) -> Option<i64> {
        let index = self.notes_before(log, second).checked_sub(1)?;
        Some(self.note(log, index).created.second())
    }

    /// Returns the earliest second from `second` on with a record.
    pub(crate) fn note_second_from(&self, log: Log, second: i64) -> Option<i64> {
        let index = self.notes_before(log, second);
        (index < self.note_count(log)).then(|| self.note(log, index).created.second())
    }

    /// Appends the records of a second.
    pub(crate) fn notes_in(&self, log: Log, second: i64, found: &mut Vec<Note>) {
        let indexes = self.notes_before(log, second)..self.notes_before(log, second.saturating_add(1));
        found.extend(indexes.map(|index| self.note(log, index)));
    }

    /// Appends the record as the log prints it; `later`, as it reads after the service had second thoughts.
    pub(crate) fn print_note(&self, out: &mut Vec<u8>, log: Log, note: Note, later: bool) {
        match log {
            Log::DirectoryAudits => self.print_audit(out, note, later),
            Log::RiskDetections => self.print_detection(out, note, later),
            Log::SignIns => {}
        }
    }

    fn note(&self, log: Log, index: u64) -> Note {
        let second = self.rhythms[Kind::InteractiveUser.slot()].second(index.saturating_mul(log.stride()));
        let mut noise = Noise::new(self.seed, 0x0074_6963_6b73 + log.stride(), index);
        // Nine in ten have a fraction, as the service's audits do.
        let ticks = if noise.one_in(10) { 0 } else { noise.below(999_999) * 10 + 1 };
        Note { index, created: Moment::new(second, i64::try_from(ticks).unwrap_or(0)) }
    }

    fn note_count(&self, log: Log) -> u64 {
        self.ordinary(Kind::InteractiveUser).div_ceil(log.stride().max(1))
    }

    fn notes_before(&self, log: Log, second: i64) -> u64 {
        self.rhythms[Kind::InteractiveUser.slot()].count_before(second).div_ceil(log.stride().max(1))
    }

    fn note_id(&self, log: Log, note: Note) -> String {
        let id = Noise::new(self.seed, 0x006e_6f74_6573 + log.stride(), note.index).guid();
        match log {
            Log::DirectoryAudits => format!("Directory_{id}_SIM{:05}_{}", note.index % 100_000, note.index),
            Log::RiskDetections | Log::SignIns => id.to_string(),
        }
    }

    fn print_audit(&self, out: &mut Vec<u8>, note: Note, later: bool) {
        let mut noise = Noise::new(self.seed, 0x0061_7564_6974, note.index);
        let activity = noise.pick(&ACTIVITIES);
        let (actor, target) = (noise.pick(&self.directory.people), noise.pick(&self.directory.people));
        let home = self.directory.places.get(actor.home).unwrap_or(&self.directory.places[0]);
        put(out, "{\"id\":");
        quoted(out, &self.note_id(Log::DirectoryAudits, note));
        put(out, ",\"category\":");
        quoted(out, activity.category);
        put(out, ",\"correlationId\":");
        guid(out, noise.guid());
        put(out, ",\"result\":\"success\",\"resultReason\":");
        quoted(out, if later { "Reviewed" } else { "" });
        put(out, ",\"activityDisplayName\":");
        quoted(out, activity.name);
        put(out, ",\"activityDateTime\":\"");
        note.created.write(out);
        put(out, "\",\"loggedByService\":\"Core Directory\",\"operationType\":");
        quoted(out, activity.operation);
        put(out, ",\"initiatedBy\":{\"app\":null,\"user\":{\"id\":");
        guid(out, actor.id);
        put(out, ",\"displayName\":null,\"userPrincipalName\":");
        quoted(out, &actor.principal_name);
        put(out, ",\"ipAddress\":");
        quoted(out, &home.address(actor.host).to_string());
        put(out, ",\"userType\":null,\"homeTenantId\":null,\"homeTenantName\":null}},\"targetResources\":[{\"id\":");
        guid(out, target.id);
        put(out, ",\"displayName\":null,\"type\":\"User\",\"userPrincipalName\":");
        quoted(out, &target.principal_name);
        put(out, ",\"groupType\":null,\"modifiedProperties\":[{\"displayName\":");
        quoted(out, activity.property);
        put(out, ",\"oldValue\":\"[]\",\"newValue\":\"[\\\"");
        put(out, &noise.guid().to_string());
        put(out, "\\\"]\"}]}],\"additionalDetails\":[{\"key\":\"UserType\",\"value\":\"Member\"}]}");
    }

    fn print_detection(&self, out: &mut Vec<u8>, note: Note, later: bool) {
        let mut noise = Noise::new(self.seed, 0x7269_736b, note.index);
        let index = note.index.saturating_mul(Log::RiskDetections.stride());
        let kind = Kind::InteractiveUser;
        let about = self.directory.ordinary(self.id(kind, index), kind, index, note.created);
        let risk = *noise.pick(&[RISK_SPRAY, RISK_TOKEN, RISK_TRAVEL]);
        put(out, "{\"id\":");
        quoted(out, &self.note_id(Log::RiskDetections, note));
        put(out, ",\"requestId\":");
        guid(out, about.id);
        put(out, ",\"correlationId\":");
        guid(out, about.correlation);
        put(out, ",\"riskEventType\":");
        quoted(out, risk.events.first().copied().unwrap_or("generic"));
        put(out, ",\"riskState\":");
        quoted(out, if later { "dismissed" } else { risk.state });
        put(out, ",\"riskLevel\":");
        quoted(out, risk.level);
        put(out, ",\"riskDetail\":");
        quoted(out, if later { "adminDismissedAllRiskForUser" } else { risk.detail });
        put(out, ",\"source\":\"IdentityProtection\",\"detectionTimingType\":\"realtime\",\"activity\":\"signin\",");
        put(out, "\"tokenIssuerType\":\"AzureAD\",\"ipAddress\":");
        quoted(out, &about.address_text());
        out.push(b',');
        location(out, about.place);
        for (name, seconds) in [("activityDateTime", 0), ("detectedDateTime", 90), ("lastUpdatedDateTime", 400)] {
            put(out, ",\"");
            put(out, name);
            put(out, "\":\"");
            note.created.plus(seconds).write(out);
            out.push(b'"');
        }
        put(out, ",\"userId\":");
        guid(out, about.person().map_or_else(Guid::default, |person| person.id));
        put(out, ",\"userDisplayName\":");
        quoted(out, about.person().map_or("", |person| person.display_name.json()));
        put(out, ",\"userPrincipalName\":");
        quoted(out, about.person().map_or("", |person| person.principal_name.as_str()));
        put(out, ",\"additionalInfo\":\"[{\\\"Key\\\":\\\"riskReasons\\\",\\\"Value\\\":[\\\"UnfamiliarIP\\\"]}]\"}");
    }
}

const ACTIVITIES: [Activity; 6] = [
    Activity {
        name: "Update user",
        category: "UserManagement",
        operation: "Update",
        property: "StrongAuthenticationMethod",
    },
    Activity {
        name: "Add member to role",
        category: "RoleManagement",
        operation: "Assign",
        property: "Role.DisplayName",
    },
    Activity {
        name: "Add member to group",
        category: "GroupManagement",
        operation: "Assign",
        property: "Group.DisplayName",
    },
    Activity {
        name: "Consent to application",
        category: "ApplicationManagement",
        operation: "Assign",
        property: "ConsentAction.Permissions",
    },
    Activity {
        name: "Update application \u{2013} Certificates and secrets management ",
        category: "ApplicationManagement",
        operation: "Update",
        property: "KeyDescription",
    },
    Activity {
        name: "Update conditional access policy",
        category: "Policy",
        operation: "Update",
        property: "ConditionalAccessPolicy",
    },
];
