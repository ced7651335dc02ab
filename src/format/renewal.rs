//! What a renewal is about (FORMAT §11.1): the text whose SHA-512 is stamped anew, before the stamps of a package grow too old.
//!
//! It is text that `sha512sum` and `printf` can make, so that stock tools check a renewal as they check a seal.

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha512};

use crate::crypto::digest::WideDigest;

/// Returns the imprint of a renewal: SHA-512 of the text of FORMAT §11.1.
///
/// `archive` is SHA-512 of all bytes of the package; `earlier` are the tokens of the renewals before, in their order.
#[must_use]
pub fn imprint<'a>(archive: &[u8; 64], earlier: impl IntoIterator<Item = &'a [u8]>) -> [u8; 64] {
    over([WideDigest(*archive)].into_iter().chain(earlier.into_iter().map(WideDigest::of)))
}

/// Returns the same from the digests that stand in the text: of the package, then of each token before.
#[must_use]
pub fn over(digests: impl IntoIterator<Item = WideDigest>) -> [u8; 64] {
    let mut hasher = Sha512::new_with_prefix(LABEL);
    for digest in digests {
        hasher.update(HEXLOWER.encode(&digest.0));
        hasher.update(b"\n");
    }
    hasher.finalize().into()
}

/// The first line of the text.
const LABEL: &[u8] = b"signhold/renewal/v1\n";

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf 'signhold/renewal/v1\n%s\n%s\n' "$(printf archive | sha512sum | cut -c-128)" "$(printf token | sha512sum | cut -c-128)" | sha512sum`
    #[test]
    fn the_imprint_is_what_stock_tools_compute() {
        let archive: [u8; 64] = Sha512::digest("archive").into();
        assert_eq!(
            HEXLOWER.encode(&imprint(&archive, [&b"token"[..]])),
            "5192cca9940d548837233de3e38fc408f67fcfdd9c306c0cd4733978c5859213b693b718d364d90c87272e4375732c2c80aa98566fb751e6c45703156c86cec4"
        );
        assert_eq!(
            HEXLOWER.encode(&imprint(&archive, [])),
            "2a650be74e078b1537d8ad2bc5f6e9642afed30ee5aee68ee99fc25fc599ed5d93602298e5a1066ea120ebe179cdf89c189aa351c13b3a107e8a8dcfd7982d45"
        );
    }
}
