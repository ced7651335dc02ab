//! The three records of the profile, read from bytes (APPNOTE 6.3 §4.3.7, §4.3.12, §4.3.16), and the values it fixes.

/// What the local and the central header of an entry have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Common {
    pub(super) version_needed: u16,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) time: u16,
    pub(super) date: u16,
    pub(super) crc32: u32,
    pub(super) compressed_len: u32,
    pub(super) uncompressed_len: u32,
    pub(super) name_len: u16,
    pub(super) extra_len: u16,
}

/// A header of the central directory without its name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Central {
    pub(super) made_by: u16,
    pub(super) common: Common,
    pub(super) comment_len: u16,
    pub(super) disk: u16,
    pub(super) internal_attributes: u16,
    pub(super) external_attributes: u32,
    pub(super) header_offset: u32,
}

/// The end record.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    pub(super) disk: u16,
    pub(super) directory_disk: u16,
    pub(super) disk_entry_count: u16,
    pub(super) entry_count: u16,
    pub(super) directory_len: u32,
    pub(super) directory_offset: u32,
    pub(super) comment_len: u16,
}

/// The one way in which the content of all entries lies in an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Deflated, as in a package (FORMAT §4).
    Deflated,
    /// As it is, as in an exhibit (FORMAT §21.1).
    Stored,
}

impl Profile {
    /// The version of the specification that the method came with, 2.0 or 1.0.
    fn version(self) -> u32 {
        match self {
            Profile::Deflated => 20,
            Profile::Stored => 10,
        }
    }
}

/// A field: its name, the value found, the value that it should have.
pub(super) type Field = (&'static str, u32, u32);

impl Common {
    /// Reads a local header; `None` if the signature is another.
    pub(super) fn local(bytes: [u8; LOCAL_LEN]) -> Option<Self> {
        let mut fields = Fields(bytes.strip_prefix(LOCAL_SIGNATURE)?);
        Self::read(&mut fields)
    }

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            version_needed: fields.u16()?,
            flags: fields.u16()?,
            method: fields.u16()?,
            time: fields.u16()?,
            date: fields.u16()?,
            crc32: fields.u32()?,
            compressed_len: fields.u32()?,
            uncompressed_len: fields.u32()?,
            name_len: fields.u16()?,
            extra_len: fields.u16()?,
        })
    }

    /// Lists the fields whose value the profile fixes.
    pub(super) fn fixed(&self, profile: Profile) -> [Field; 6] {
        let method = match profile {
            Profile::Deflated => DEFLATED,
            Profile::Stored => STORED,
        };
        [
            ("version needed", self.version_needed.into(), profile.version()),
            ("flags", self.flags.into(), 0),
            ("method", self.method.into(), method.into()),
            ("time", self.time.into(), 0),
            ("date", self.date.into(), DATE_1980_01_01),
            ("extra field length", self.extra_len.into(), 0),
        ]
    }

    /// Sets each field beside the same field of `other`.
    pub(super) fn beside(&self, other: &Self) -> [Field; 10] {
        [
            ("version needed", self.version_needed.into(), other.version_needed.into()),
            ("flags", self.flags.into(), other.flags.into()),
            ("method", self.method.into(), other.method.into()),
            ("time", self.time.into(), other.time.into()),
            ("date", self.date.into(), other.date.into()),
            ("crc-32", self.crc32, other.crc32),
            ("compressed length", self.compressed_len, other.compressed_len),
            ("uncompressed length", self.uncompressed_len, other.uncompressed_len),
            ("name length", self.name_len.into(), other.name_len.into()),
            ("extra field length", self.extra_len.into(), other.extra_len.into()),
        ]
    }

    pub(super) fn has_data_descriptor(&self) -> bool {
        self.flags & 1 << 3 != 0
    }

    pub(super) fn is_zip64(&self) -> bool {
        self.compressed_len == u32::MAX || self.uncompressed_len == u32::MAX
    }
}

impl Central {
    /// Reads a central header from the front of `bytes`; `None` if the signature is another or the header is cut short.
    pub(super) fn split_from(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let mut fields = Fields(bytes.strip_prefix(CENTRAL_SIGNATURE)?);
        let made_by = fields.u16()?;
        let common = Common::read(&mut fields)?;
        let central = Self {
            made_by,
            common,
            comment_len: fields.u16()?,
            disk: fields.u16()?,
            internal_attributes: fields.u16()?,
            external_attributes: fields.u32()?,
            header_offset: fields.u32()?,
        };
        Some((central, fields.0))
    }

    /// Lists the fields of the central header alone whose value the profile fixes.
    pub(super) fn fixed(&self, profile: Profile) -> [Field; 4] {
        [
            ("version made by", self.made_by.into(), UNIX << 8 | profile.version()),
            ("disk", self.disk.into(), 0),
            ("internal attributes", self.internal_attributes.into(), 0),
            ("external attributes", self.external_attributes, EXTERNAL_ATTRIBUTES),
        ]
    }
}

impl End {
    /// Reads an end record from the front of `bytes`; `None` if the signature is another or the record is cut short.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(bytes.strip_prefix(END_SIGNATURE)?);
        Some(Self {
            disk: fields.u16()?,
            directory_disk: fields.u16()?,
            disk_entry_count: fields.u16()?,
            entry_count: fields.u16()?,
            directory_len: fields.u32()?,
            directory_offset: fields.u32()?,
            comment_len: fields.u16()?,
        })
    }

    pub(super) fn fixed(&self) -> [Field; 2] {
        [("disk", self.disk.into(), 0), ("disk of the directory", self.directory_disk.into(), 0)]
    }

    pub(super) fn is_zip64(&self) -> bool {
        self.entry_count == u16::MAX || self.directory_len == u32::MAX || self.directory_offset == u32::MAX
    }
}

/// Little-endian integers from the front of a slice.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn u16(&mut self) -> Option<u16> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u16::from_le_bytes(*bytes))
    }

    fn u32(&mut self) -> Option<u32> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*bytes))
    }
}

pub(super) const CENTRAL_SIGNATURE: &[u8] = b"PK\x01\x02";
pub(super) const END_SIGNATURE: &[u8] = b"PK\x05\x06";
pub(super) const LOCAL_SIGNATURE: &[u8] = b"PK\x03\x04";
pub(super) const ZIP64_LOCATOR_SIGNATURE: &[u8] = b"PK\x06\x07";

/// Lengths of the fixed parts, signatures included.
pub(super) const CENTRAL_LEN: u64 = 46;
pub(super) const END_LEN: usize = 22;
pub(super) const LOCAL_LEN: usize = 30;
pub(super) const ZIP64_LOCATOR_LEN: usize = 20;

pub(super) const DEFLATED: u16 = 8;
pub(super) const STORED: u16 = 0;

const DATE_1980_01_01: u32 = 0x0021;
const EXTERNAL_ATTRIBUTES: u32 = 0o100_644 << 16;
/// The upper half of `version made by`; left free, this field would let bit flips pass unseen.
const UNIX: u32 = 3;
