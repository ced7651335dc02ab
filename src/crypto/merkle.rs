//! Merkle trees over SHA-256 (RFC 9162 §2.1): roots, inclusion paths and their check.
//!
//! A leaf hash is `SHA-256(0x00 || leaf)`, a node `SHA-256(0x01 || left || right)`, a tree of n leaves splits at the largest
//! power of two below n, and the empty tree is `SHA-256("")`. The prefixes keep an inner node from being passed off as a leaf;
//! nothing is repeated on an odd level (CVE-2012-2459).
//!
//! A path does not fix the number of leaves: the path of leaf 0 of 5 also fits trees of 6, 7 and 8. So the size has to be part
//! of what is signed; [`verify_inclusion`] takes it from the caller.

use std::fmt;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

pub use super::digest::{LeafHash, RootHash};

/// The hash of a subtree, which may be a single leaf: one step of an inclusion path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeHash(pub [u8; 32]);

/// A tree under construction; it keeps one hash for each complete subtree, so at most 64.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// Complete subtrees from left to right: one for each bit set in `leaf_count`, the largest first.
    peaks: Vec<NodeHash>,
    leaf_count: u64,
}

/// Returns the hash of a leaf, given as it is: the exact bytes of an element.
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> LeafHash {
    LeafHash(Sha256::new().chain_update([LEAF_PREFIX]).chain_update(leaf).finalize().into())
}

/// Returns the root over `leaves` in their order.
#[must_use]
pub fn root(leaves: impl IntoIterator<Item = LeafHash>) -> RootHash {
    let mut tree = Tree::new();
    tree.extend(leaves);
    tree.root()
}

/// Returns the path that leads from the leaf at `index` to the root, lowest first; `None` if there is no such leaf.
///
/// RFC 9162 §2.1.3.1. O(n) time; a tree of one leaf has the empty path.
#[must_use]
pub fn inclusion_path(leaves: &[LeafHash], index: usize) -> Option<Vec<NodeHash>> {
    leaves.get(index)?;
    let mut path = Vec::new();
    let (mut part, mut index) = (leaves, index);
    while part.len() > 1 {
        let (left, right) = part.split_at_checked(split(part.len()))?;
        let sibling;
        if index < left.len() {
            (part, sibling) = (left, right);
        } else {
            index -= left.len();
            (part, sibling) = (right, left);
        }
        path.push(NodeHash(root(sibling.iter().copied()).0));
    }
    path.reverse();
    Some(path)
}

/// A tree with all its nodes: 64 bytes for each leaf, for whoever needs many paths of it.
#[derive(Debug, Clone)]
pub struct Levels(Vec<Vec<NodeHash>>);

impl Levels {
    /// Hashes the whole tree over `leaves`. O(n) time and space.
    #[must_use]
    pub fn new(leaves: &[LeafHash]) -> Self {
        let mut levels = vec![leaves.iter().map(|leaf| NodeHash(leaf.0)).collect::<Vec<_>>()];
        while let Some(level) = levels.last().filter(|level| level.len() > 1) {
            // A last node without a sibling rises unchanged: it is the whole of its subtree.
            let above = level.chunks(2).map(|pair| match pair {
                [left, right] => node_hash(left, right),
                alone => alone.first().copied().unwrap_or(NodeHash([0; 32])),
            });
            let above = above.collect();
            levels.push(above);
        }
        Self(levels)
    }

    /// Returns the root.
    #[must_use]
    pub fn root(&self) -> RootHash {
        let top = self.0.last().and_then(|level| level.first());
        top.map_or_else(|| root([]), |node| RootHash(node.0))
    }

    /// Returns the path that leads from the leaf at `index` to the root, lowest first, as [`inclusion_path`] does; `None` if there is
    /// no such leaf.
    #[must_use]
    pub fn path(&self, index: usize) -> Option<Vec<NodeHash>> {
        self.0.first()?.get(index)?;
        let siblings = self.0.iter().enumerate().filter_map(|(height, level)| level.get((index >> height) ^ 1));
        Some(siblings.copied().collect())
    }
}

/// Says whether `path` leads from `leaf`, as the leaf at `index` of `size`, to `root`.
///
/// RFC 9162 §2.1.3.2. Too short a path is refused like one that is too long. `size` must come from a signed statement.
#[must_use]
pub fn verify_inclusion(leaf: LeafHash, index: u64, size: u64, path: &[NodeHash], root: RootHash) -> bool {
    if index >= size {
        return false;
    }
    // The names are those of the standard: the place of the node, of the last node of its level, and its hash.
    let (mut first, mut second) = (index, size - 1);
    let mut hash = NodeHash(leaf.0);
    for step in path {
        if second == 0 {
            return false;
        }
        if first & 1 == 1 || first == second {
            hash = node_hash(step, &hash);
            // A last node without a sibling rises unchanged to the level on which it is a right child.
            while first != 0 && first & 1 == 0 {
                first >>= 1;
                second >>= 1;
            }
        } else {
            hash = node_hash(&hash, step);
        }
        first >>= 1;
        second >>= 1;
    }
    second == 0 && hash.0 == root.0
}

impl Tree {
    /// Returns the tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a leaf behind all others.
    pub fn push(&mut self, leaf: LeafHash) {
        let mut node = NodeHash(leaf.0);
        // Each bit set at the low end is a complete subtree that now has its right half.
        for _ in 0..self.leaf_count.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.peaks.push(node);
        self.leaf_count += 1;
    }

    /// Returns how many leaves the tree has.
    #[must_use]
    pub fn leaf_count(&self) -> u64 {
        self.leaf_count
    }

    /// Returns the root over the leaves so far.
    #[must_use]
    pub fn root(&self) -> RootHash {
        let whole = self.peaks.iter().rev().copied().reduce(|right, left| node_hash(&left, &right));
        RootHash(whole.map_or_else(|| Sha256::digest([]).into(), |node| node.0))
    }
}

impl Extend<LeafHash> for Tree {
    fn extend<I: IntoIterator<Item = LeafHash>>(&mut self, leaves: I) {
        leaves.into_iter().for_each(|leaf| self.push(leaf));
    }
}

impl fmt::Display for NodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

fn node_hash(left: &NodeHash, right: &NodeHash) -> NodeHash {
    NodeHash(Sha256::new().chain_update([NODE_PREFIX]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// Returns the largest power of two below `count`, for a `count` of two or more.
fn split(count: usize) -> usize {
    1 << (count.saturating_sub(1).checked_ilog2().unwrap_or(0))
}

const LEAF_PREFIX: u8 = 0;
const NODE_PREFIX: u8 = 1;

#[cfg(test)]
mod tests {
    use ct_merkle::mem_backed_tree::MemoryBackedTree;

    use super::*;

    fn hashes(count: u32) -> Vec<LeafHash> {
        (0..count).map(|index| leaf_hash(index.to_string().as_bytes())).collect()
    }

    #[test]
    fn roots_and_paths_agree_with_another_implementation() {
        let mut theirs = MemoryBackedTree::<Sha256, Vec<u8>>::new();
        let mut ours = Tree::new();
        for count in 0..130_u32 {
            let leaves = hashes(count);
            assert_eq!(ours.root(), root(leaves.iter().copied()));
            assert_eq!(ours.leaf_count(), u64::from(count));
            let levels = Levels::new(&leaves);
            assert_eq!(levels.root(), ours.root());
            assert_eq!(levels.path(leaves.len()), None);
            if count > 0 {
                assert_eq!(ours.root().0.as_slice(), theirs.root().as_bytes().as_slice(), "{count} leaves");
            }
            for index in 0..leaves.len() {
                let path = inclusion_path(&leaves, index).expect("a leaf of the tree");
                assert_eq!(levels.path(index).as_ref(), Some(&path));
                let proof = theirs.prove_inclusion(index);
                assert_eq!(
                    path.iter().flat_map(|node| node.0).collect::<Vec<_>>(),
                    proof.as_bytes(),
                    "{index} of {count}"
                );
            }
            assert_eq!(inclusion_path(&leaves, leaves.len()), None);
            let leaf = count.to_string().into_bytes();
            ours.push(leaf_hash(&leaf));
            theirs.push(leaf);
        }
    }

    #[test]
    fn only_the_right_path_at_the_right_place_is_accepted() {
        for count in 1..70_u32 {
            let leaves = hashes(count);
            let (size, root) = (u64::from(count), root(leaves.iter().copied()));
            for (index, (leaf, place)) in leaves.iter().zip(0_u64..).enumerate() {
                let path = inclusion_path(&leaves, index).expect("a leaf of the tree");
                assert!(verify_inclusion(*leaf, place, size, &path, root));
                for other in (0..size + 2).filter(|other| *other != place) {
                    assert!(!verify_inclusion(*leaf, other, size, &path, root), "path of {place} at {other} of {size}");
                }
                let longer = [path.as_slice(), &[NodeHash(root.0)]].concat();
                assert!(!verify_inclusion(*leaf, place, size, &longer, root));
                if let Some((_, shorter)) = path.split_last() {
                    assert!(!verify_inclusion(*leaf, place, size, shorter, root));
                    let mut swapped = path.clone();
                    swapped.rotate_left(1);
                    assert_eq!(verify_inclusion(*leaf, place, size, &swapped, root), path.len() == 1);
                }
                assert!(!verify_inclusion(leaf_hash(b"other"), place, size, &path, root));
                assert!(!verify_inclusion(*leaf, place, size, &path, RootHash(leaf.0)) || count == 1);
            }
        }
    }

    #[test]
    fn empty_tree_is_the_digest_of_nothing() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Tree::new().root().to_string(), empty);
        assert_eq!(root([]).to_string(), empty);
        assert_eq!(inclusion_path(&[], 0), None);
        assert!(!verify_inclusion(LeafHash(root([]).0), 0, 0, &[], root([])));
    }

    #[test]
    fn known_hashes_of_rfc_6962_trees() {
        // Certificate Transparency reference vectors: leaves "" and 0x00.
        let first = leaf_hash(b"");
        assert_eq!(first.to_string(), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        let two = root([first, leaf_hash(b"\0")]);
        assert_eq!(two.to_string(), "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
    }

    #[test]
    fn a_path_fits_several_sizes_so_the_size_must_be_signed() {
        let leaves = hashes(5);
        let path = inclusion_path(&leaves, 0).expect("a leaf of the tree");
        let root = root(leaves.iter().copied());
        let first = leaf_hash(b"0");
        let sizes: Vec<u64> = (0..40).filter(|size| verify_inclusion(first, 0, *size, &path, root)).collect();
        assert_eq!(sizes, [5, 6, 7, 8]);
    }

    #[test]
    fn repeating_the_last_pair_changes_the_root() {
        // CVE-2012-2459: the rule that repeats the last node of an odd level gives one root to both lists.
        let six = hashes(6);
        let eight: Vec<_> = six.iter().chain(six.iter().skip(4)).copied().collect();
        assert_ne!(root(six), root(eight));
    }

    #[test]
    fn an_inner_node_is_not_a_leaf() {
        let [left, right] = [leaf_hash(b"x"), leaf_hash(b"y")];
        let joined = [left.0, right.0].concat();
        assert_ne!(root([left, right]).0, leaf_hash(&joined).0);
        let four = hashes(4);
        let node = root(four.iter().take(2).copied());
        let path = [NodeHash(root(four.iter().skip(2).copied()).0)];
        let whole = root(four.iter().copied());
        assert!(!verify_inclusion(leaf_hash(&joined), 0, 2, &path, whole));
        // The node itself in the place of a leaf hash fits a tree of two: one more reason to sign the size.
        assert!(verify_inclusion(LeafHash(node.0), 0, 2, &path, whole));
        assert!(!verify_inclusion(LeafHash(node.0), 0, 4, &path, whole));
    }

    #[test]
    fn indices_beyond_any_tree_do_no_harm() {
        let path = vec![NodeHash([7; 32]); 200];
        for (index, size) in
            [(0, u64::MAX), (u64::MAX, u64::MAX), (u64::MAX - 1, u64::MAX), (1 << 63, u64::MAX), (0, 0)]
        {
            assert!(!verify_inclusion(LeafHash([1; 32]), index, size, &path, RootHash([2; 32])));
        }
    }
}
