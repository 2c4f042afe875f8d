//! The Merkle tree of RFC 6962 section 2.1: roots, inclusion proofs, consistency proofs.
//!
//! Written out here because it is short, because both sides of it are ours, and because the published vectors and the
//! independent reader in `examples/verify/` hold it to the standard.

use sha2::{Digest as _, Sha256};

/// A SHA-256.
pub(crate) type Hash = [u8; 32];

/// The hash of a leaf: `SHA-256(0x00 || data)`.
pub fn leaf(data: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update([0]);
    hash.update(data);
    hash.finalize().into()
}

fn node(left: &Hash, right: &Hash) -> Hash {
    let mut hash = Sha256::new();
    hash.update([1]);
    hash.update(left);
    hash.update(right);
    hash.finalize().into()
}

/// A tree, by the hashes of its leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    leaves: Vec<Hash>,
}

impl Tree {
    /// A tree with these hashes of leaves.
    pub fn new(leaves: Vec<[u8; 32]>) -> Self {
        Self { leaves }
    }

    /// With one leaf more.
    pub(crate) fn push(&mut self, leaf: Hash) {
        self.leaves.push(leaf);
    }

    /// The tree of the first leaves.
    pub(crate) fn first(&self, size: u64) -> Option<Self> {
        self.leaves.get(..usize::try_from(size).ok()?).map(|leaves| Self { leaves: leaves.to_vec() })
    }

    /// How many leaves it has.
    pub fn size(&self) -> u64 {
        self.leaves.len() as u64
    }

    /// The root of all leaves. That of an empty tree is the hash of nothing.
    pub fn root(&self) -> [u8; 32] {
        root(&self.leaves)
    }

    /// The root of the first leaves. `None` when there are not so many.
    pub fn root_of(&self, size: u64) -> Option<[u8; 32]> {
        self.leaves.get(..usize::try_from(size).ok()?).map(root)
    }

    /// The inclusion proof of a leaf, counted from zero, from its sibling up. `None` when there is no such leaf.
    pub fn inclusion(&self, index: u64) -> Option<Vec<[u8; 32]>> {
        let index = usize::try_from(index).ok().filter(|index| *index < self.leaves.len())?;
        let mut proof = Vec::new();
        path(&self.leaves, index, &mut proof);
        Some(proof)
    }

    /// The proof that this tree begins with the first `size` leaves. `None` when there are not so many, or none.
    pub fn consistency(&self, size: u64) -> Option<Vec<[u8; 32]>> {
        let size = usize::try_from(size).ok().filter(|size| (1..=self.leaves.len()).contains(size))?;
        let mut proof = Vec::new();
        subproof(&self.leaves, size, true, &mut proof);
        Some(proof)
    }
}

/// The largest power of two below a length of at least two.
fn split_of(length: usize) -> usize {
    1 << (usize::BITS - 1 - (length.saturating_sub(1)).leading_zeros())
}

fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [one] => *one,
        more => {
            let (left, right) = more.split_at(split_of(more.len()));
            node(&root(left), &root(right))
        }
    }
}

fn path(leaves: &[Hash], index: usize, proof: &mut Vec<Hash>) {
    if leaves.len() < 2 {
        return;
    }
    let split = split_of(leaves.len());
    let (left, right) = leaves.split_at(split);
    if index < split {
        path(left, index, proof);
        proof.push(root(right));
    } else {
        path(right, index - split, proof);
        proof.push(root(left));
    }
}

fn subproof(leaves: &[Hash], size: usize, whole: bool, proof: &mut Vec<Hash>) {
    if size == leaves.len() {
        if !whole {
            proof.push(root(leaves));
        }
        return;
    }
    let split = split_of(leaves.len());
    let (left, right) = leaves.split_at(split);
    if size <= split {
        subproof(left, size, whole, proof);
        proof.push(root(right));
    } else {
        subproof(right, size - split, false, proof);
        proof.push(root(left));
    }
}

/// Whether a leaf stands at an index of the tree with this size and root (RFC 9162, 2.1.3.2).
pub fn check_inclusion(leaf: &[u8; 32], index: u64, size: u64, proof: &[[u8; 32]], root: &[u8; 32]) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            hash = node(&hash, sibling);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && hash == *root
}

/// Whether the tree with the first size and root is the beginning of the second (RFC 9162, 2.1.4.2).
pub fn check_consistency(first: (u64, &[u8; 32]), second: (u64, &[u8; 32]), proof: &[[u8; 32]]) -> bool {
    let ((small, old), (large, new)) = (first, second);
    if small == 0 || small > large {
        return false;
    }
    if small == large {
        return proof.is_empty() && old == new;
    }
    let with_start: Vec<Hash> = if small.is_power_of_two() {
        std::iter::once(*old).chain(proof.iter().copied()).collect()
    } else {
        proof.to_vec()
    };
    let Some((start, rest)) = with_start.split_first() else { return false };
    let (mut at, mut last) = (small - 1, large - 1);
    while at & 1 == 1 {
        (at, last) = (at >> 1, last >> 1);
    }
    let (mut from, mut to) = (*start, *start);
    for hash in rest {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            (from, to) = (node(hash, &from), node(hash, &to));
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            to = node(&to, hash);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && from == *old && to == *new
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The leaves and roots that the Certificate Transparency projects publish as test vectors
    /// (google/certificate-transparency, `cpp/merkletree/merkle_tree_test.cc`; transparency-dev/merkle, `testonly`).
    const LEAVES: [&str; 8] =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    const ROOTS: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    fn published() -> Tree {
        Tree::new(LEAVES.iter().map(|text| leaf(&hex::decode(text).unwrap())).collect())
    }

    #[test]
    fn the_published_trees_have_the_published_roots() {
        let tree = published();
        for (size, expected) in (1..).zip(ROOTS) {
            assert_eq!(hex::encode(tree.root_of(size).unwrap()), expected, "{size}");
        }
        let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hex::encode(Tree::default().root()), nothing);
    }

    #[test]
    fn a_published_inclusion_proof_and_a_published_consistency_proof_come_out() {
        let tree = published();
        let hex = |proof: Vec<Hash>| proof.iter().map(hex::encode).collect::<Vec<_>>();
        assert_eq!(
            hex(tree.inclusion(5).unwrap()),
            [
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ]
        );
        assert_eq!(
            hex(tree.consistency(6).unwrap()),
            [
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ]
        );
    }

    #[test]
    fn every_proof_of_every_small_tree_holds_and_none_holds_for_anything_else() {
        for size in 1..=20_u64 {
            let leaves: Vec<Hash> = (0..size).map(|number| leaf(&number.to_be_bytes())).collect();
            let tree = Tree::new(leaves.clone());
            for (index, hash) in (0..).zip(&leaves) {
                let proof = tree.inclusion(index).unwrap();
                assert!(check_inclusion(hash, index, size, &proof, &tree.root()));
                for other in (0..size + 2).filter(|other| *other != index) {
                    assert!(!check_inclusion(hash, other, size, &proof, &tree.root()), "{index} as {other} of {size}");
                }
                assert!(!check_inclusion(&[7; 32], index, size, &proof, &tree.root()));
                let longer = [proof.as_slice(), &[[0; 32]]].concat();
                assert!(!check_inclusion(hash, index, size, &longer, &tree.root()));
            }
            assert_eq!(tree.inclusion(size), None);
            for small in 1..=size {
                let old = tree.root_of(small).unwrap();
                let proof = tree.consistency(small).unwrap();
                assert!(check_consistency((small, &old), (size, &tree.root()), &proof), "{small} of {size}");
                assert!(!check_consistency((small, &[7; 32]), (size, &tree.root()), &proof));
                assert!(!check_consistency((small, &old), (size, &[7; 32]), &proof));
            }
            assert_eq!((tree.consistency(0), tree.consistency(size + 1)), (None, None));
        }
    }
}
