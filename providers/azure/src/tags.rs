//! What service tags stood for on one day: Microsoft's weekly list, packed by `cargo xtask refresh`.
//! <https://learn.microsoft.com/azure/virtual-network/service-tags-overview>
//!
//! The list is of the public cloud. A tag that it does not hold stands for addresses that nobody knows, never for none.

use palisade_reach::{AddrSet, IntervalSet};
use serde::Deserialize;
use std::{collections::BTreeMap, sync::LazyLock};

/// The packed list: the word [`MAGIC`], the day, and for each tag its name and its addresses.
static LIST: &[u8] = include_bytes!("../data/service-tags.bin");

const MAGIC: &[u8] = b"PALISADE TAGS 1\n";

static TAGS: LazyLock<Tags<'static>> = LazyLock::new(|| Tags::read(LIST).unwrap_or_default());

/// What a tag stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    /// Its addresses.
    pub(crate) addresses: AddrSet,
    /// The day on which it stood for them: `2026-10-26`.
    pub(crate) day: &'static str,
}

/// What a tag stood for on the day of the list, whatever the case of its letters; nothing for one that is not in it.
pub(crate) fn find(name: &str) -> Option<Tag> {
    let tags = &*TAGS;
    Some(Tag { addresses: tags.addresses(&name.trim().to_ascii_lowercase())?, day: tags.day })
}

/// A packed list, cut into its tags.
#[derive(Debug, Default)]
struct Tags<'l> {
    day: &'l str,
    packed: BTreeMap<&'l str, &'l [u8]>,
}

impl<'l> Tags<'l> {
    fn read(list: &'l [u8]) -> Option<Self> {
        let mut bytes = Bytes(list.strip_prefix(MAGIC)?);
        let mut tags = Self { day: bytes.text()?, packed: BTreeMap::new() };
        while !bytes.0.is_empty() {
            let name = bytes.text()?;
            let size = usize::try_from(bytes.number()?).ok()?;
            tags.packed.insert(name, bytes.take(size)?);
        }
        Some(tags)
    }

    /// The addresses of a tag, by its name in lower case.
    fn addresses(&self, name: &str) -> Option<AddrSet> {
        let (kind, packed) = self.packed.get(name)?.split_first()?;
        let own = addresses(packed)?;
        if *kind != WITH_REGIONS {
            return Some(own);
        }
        let (from, all) = (format!("{name}."), |key: &&str| key.starts_with(&format!("{name}.")));
        let regions = self.packed.range(from.as_str()..).map(|(key, _)| *key).take_while(all);
        regions.map(|region| self.addresses(region)).try_fold(own, |sum, region| Some(sum.union(&region?)))
    }
}

/// The addresses of a tag are all told.
const ALONE: u8 = 0;
/// Only those are told that are in none of its regions' tags.
const WITH_REGIONS: u8 = 1;

/// The addresses of one tag: ranges of IPv4, then of IPv6, each as its distance from the one before and its length.
fn addresses(packed: &[u8]) -> Option<AddrSet> {
    let mut bytes = Bytes(packed);
    let mut family = |most: u128| -> Option<Vec<(u128, u128)>> {
        let mut ranges = Vec::new();
        let mut next = 0_u128;
        for _ in 0..bytes.number()? {
            let first = next.checked_add(bytes.scaled()?)?;
            let last = first.checked_add(bytes.scaled()?.checked_sub(1)?)?;
            if last > most {
                return None;
            }
            ranges.push((first, last));
            next = last.saturating_add(1);
        }
        Some(ranges)
    };
    let v4 = family(u128::from(u32::MAX))?;
    let v6 = family(u128::MAX)?;
    let narrow = |(first, last): (u128, u128)| Some((u32::try_from(first).ok()?, u32::try_from(last).ok()?));
    Some(AddrSet {
        v4: IntervalSet::from_ranges(v4.into_iter().map(narrow).collect::<Option<Vec<_>>>()?),
        v6: IntervalSet::from_ranges(v6),
    })
}

/// Bytes that are read from the front.
struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    fn take(&mut self, size: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(size)?;
        self.0 = rest;
        Some(taken)
    }

    /// Seven bits a byte, the lowest first.
    fn number(&mut self) -> Option<u128> {
        let mut number = 0_u128;
        for place in 0..19_u32 {
            let byte = *self.take(1)?.first()?;
            let bits = u128::from(byte & 0x7f);
            let shifted = bits.checked_shl(7 * place)?;
            if shifted >> (7 * place) != bits {
                return None;
            }
            number |= shifted;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// A number whose zeros at the end are counted and left out.
    fn scaled(&mut self) -> Option<u128> {
        let zeros = u32::from(*self.take(1)?.first()?);
        let number = self.number()?;
        let scaled = number.checked_shl(zeros)?;
        (scaled >> zeros == number).then_some(scaled)
    }

    fn text(&mut self) -> Option<&'b str> {
        let size = usize::try_from(self.number()?).ok()?;
        std::str::from_utf8(self.take(size)?).ok()
    }
}

/// Microsoft's list, as it is published every week and as `Microsoft.Network/locations/serviceTags` answers it.
#[derive(Debug, Deserialize)]
struct Published {
    cloud: String,
    values: Vec<PublishedTag>,
}

#[derive(Debug, Deserialize)]
struct PublishedTag {
    name: String,
    properties: PublishedAddresses,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PublishedAddresses {
    address_prefixes: Vec<String>,
}

/// Packs Microsoft's list of a day (`2026-10-26`).
///
/// # Errors
///
/// The list is not of the public cloud, or something in it cannot be read: a list with a hole would be a wrong answer.
pub fn pack(list: &str, day: &str) -> Result<Vec<u8>, String> {
    let list: Published = serde_json::from_str(list).map_err(|error| format!("this is no list of tags: {error}"))?;
    if !list.cloud.eq_ignore_ascii_case("Public") {
        return Err(format!("the list is of the cloud `{}`, and only the public one's is kept", list.cloud));
    }
    let mut tags: BTreeMap<String, AddrSet> = BTreeMap::new();
    for tag in list.values {
        let nets = tag.properties.address_prefixes.iter().map(|text| {
            palisade_reach::parse_net(text).map_err(|_| format!("`{text}` of tag `{}` is no prefix", tag.name))
        });
        let set = AddrSet::from_nets(nets.collect::<Result<Vec<_>, _>>()?);
        let known = tags.entry(tag.name.to_ascii_lowercase()).or_insert_with(AddrSet::empty);
        *known = known.union(&set);
    }
    let mut packed = MAGIC.to_vec();
    put_text(&mut packed, day);
    for (name, set) in &tags {
        let below = format!("{name}.");
        let regions = tags.range(below.clone()..).take_while(|(other, _)| other.starts_with(&below));
        let regions = regions.fold(AddrSet::empty(), |all, (_, region)| all.union(region));
        let is_sum = !regions.is_empty() && regions.is_subset(set);
        let set = if is_sum { set.subtract(&regions) } else { set.clone() };
        let mut own = vec![if is_sum { WITH_REGIONS } else { ALONE }];
        put_ranges(&mut own, set.v4.intervals().iter().map(|(first, last)| (u128::from(*first), u128::from(*last))));
        put_ranges(&mut own, set.v6.intervals().iter().copied());
        put_text(&mut packed, name);
        put_number(&mut packed, own.len() as u128);
        packed.extend(own);
    }
    Ok(packed)
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put_number(bytes, text.len() as u128);
    bytes.extend(text.as_bytes());
}

fn put_number(bytes: &mut Vec<u8>, mut number: u128) {
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            return bytes.push(low);
        }
        bytes.push(low | 0x80);
    }
}

fn put_scaled(bytes: &mut Vec<u8>, number: u128) {
    let zeros = if number == 0 { 0 } else { number.trailing_zeros() };
    bytes.push(u8::try_from(zeros).unwrap_or_default());
    put_number(bytes, number >> zeros);
}

fn put_ranges(bytes: &mut Vec<u8>, ranges: impl ExactSizeIterator<Item = (u128, u128)>) {
    put_number(bytes, ranges.len() as u128);
    let mut next = 0_u128;
    for (first, last) in ranges {
        put_scaled(bytes, first - next);
        // No tag holds every address, so the length is a number.
        put_scaled(bytes, (last - first).saturating_add(1));
        next = last.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(tags: &[(&str, &[&str])]) -> String {
        let values: Vec<_> = tags
            .iter()
            .map(|(name, prefixes)| serde_json::json!({ "name": name, "properties": { "addressPrefixes": prefixes } }))
            .collect();
        serde_json::json!({ "changeNumber": 7, "cloud": "Public", "values": values }).to_string()
    }

    fn nets(texts: &[&str]) -> AddrSet {
        AddrSet::from_nets(texts.iter().map(|text| text.parse().unwrap()))
    }

    #[test]
    fn a_packed_list_is_read_as_it_was_written() {
        let prefixes: &[&str] = &["20.0.0.0/24", "20.0.1.0/24", "40.9.0.7/32", "2603:1030::/32", "2603:1031:1::/48"];
        let more: &[&str] = &["20.0.0.0/22", "40.9.0.7/32", "2603:1000::/16"];
        let written: &[(&str, &[&str])] = &[
            ("AzureCloud.WestEurope", prefixes),
            ("AzureCloud", more),
            // Of this one a region holds what the whole does not.
            ("Sql", &["1.2.3.4/32"]),
            ("Sql.EastUS", prefixes),
            ("SqlManagement", more),
            ("Storage", &[]),
        ];
        let packed = pack(&list(written), "2026-10-26").unwrap();
        let tags = Tags::read(&packed).unwrap();
        assert_eq!(tags.day, "2026-10-26");
        for (name, prefixes) in written {
            assert_eq!(tags.addresses(&name.to_ascii_lowercase()), Some(nets(prefixes)), "{name}");
        }
    }

    #[test]
    fn a_list_with_a_hole_is_not_packed() {
        assert!(pack(&list(&[("A", &["twenty"])]), "d").unwrap_err().contains("twenty"));
        assert!(pack(&list(&[]).replace("Public", "AzureChina"), "d").unwrap_err().contains("AzureChina"));
        assert!(pack("{}", "d").is_err());
    }

    #[test]
    fn the_list_that_ships_is_whole_and_dated() {
        assert_eq!(TAGS.day.len(), "2026-10-26".len());
        assert!(TAGS.packed.len() > 3000, "{}", TAGS.packed.len());
        for name in TAGS.packed.keys() {
            let set = TAGS.addresses(name).unwrap_or_else(|| panic!("{name}"));
            assert!(!set.is_empty(), "{name}");
        }
        let all = find("AzureCloud").unwrap().addresses;
        let west = find("azurecloud.WESTEUROPE").unwrap().addresses;
        assert!(west.is_subset(&all) && west != all);
        assert!(all.is_subset(palisade_reach::internet()), "customers' machines have internet addresses");
        assert_eq!(find("AzureKitchen"), None);
        // What NSGs mean by these is their network's, and in no list.
        for own in ["VirtualNetwork", "Internet", "AzureLoadBalancer"] {
            assert_eq!(find(own), None, "{own}");
        }
    }

    proptest! {
        #[test]
        fn odd_bytes_are_no_list_and_nothing_falls_over(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = addresses(&bytes);
            let mut list = MAGIC.to_vec();
            list.extend(bytes);
            let _ = Tags::read(&list);
        }

        #[test]
        fn ranges_survive_packing(starts in prop::collection::btree_set(any::<u128>(), 0..20), size in 0_u32..1000) {
            let set = AddrSet {
                v4: IntervalSet::from_ranges(starts.iter().map(|start| {
                    let first = (*start >> 96) as u32;
                    (first, first.saturating_add(size))
                })),
                v6: IntervalSet::from_ranges(starts.iter().map(|start| (*start, start.saturating_add(u128::from(size))))),
            };
            let mut packed = Vec::new();
            put_ranges(&mut packed, set.v4.intervals().iter().map(|(a, b)| (u128::from(*a), u128::from(*b))).collect::<Vec<_>>().into_iter());
            put_ranges(&mut packed, set.v6.intervals().to_vec().into_iter());
            prop_assert_eq!(addresses(&packed), Some(set));
        }
    }
}
