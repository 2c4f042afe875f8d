//! The members of lists. A member that cannot be read is one gap and does not hide its neighbours.

use super::machines::{is_a_hole, said};
use crate::record::{
    compute::{Aggregated, Items, Warning},
    lenient::Member,
};
use palisade_model::{Gap, Observed};
use palisade_provider::{Call, Page, Snapshot};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// The members of a list, with those that could not be read.
#[derive(Clone, Debug)]
pub(crate) struct Listed<T> {
    pub(crate) members: Vec<T>,
    pub(crate) odd: Vec<Odd>,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { members: Vec::new(), odd: Vec::new() }
    }
}

/// A member that could not be read.
#[derive(Clone, Debug)]
pub(crate) struct Odd {
    value: Value,
    /// Where it stands and what is wrong with it.
    pub(crate) gap: Gap,
}

impl Odd {
    /// A text of the member, where that much can be read.
    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.value.get(field).and_then(Value::as_str)
    }

    /// A yes or no of the member, where that much can be read.
    pub(crate) fn flag(&self, field: &str) -> Option<bool> {
        self.value.get(field).and_then(Value::as_bool)
    }

    /// A part of the member, where that much can be read; the part is whole or it is nothing.
    pub(crate) fn part<P: DeserializeOwned + Default>(&self, fields: &[&str]) -> Option<P> {
        let whole = self.value.as_object()?;
        let own = whole.iter().filter(|(name, _)| fields.contains(&name.as_str()));
        P::deserialize(Value::Object(own.map(|(name, value)| (name.clone(), value.clone())).collect())).ok()
    }

    /// What a person calls it.
    pub(crate) fn name(&self) -> &str {
        self.text("name").unwrap_or("without a name")
    }
}

/// The members of a paged list. A warning says that it is not whole.
pub(crate) fn list<T: Member>(snapshot: &Snapshot, call: &Call, host: &str) -> Observed<Listed<T>> {
    let strict = snapshot.pages::<Items<T>>(call, host, &[]).and_then(|pages| {
        gathered(pages, |page, all: &mut Vec<T>| {
            whole(call, host, page.warning.as_ref())?;
            all.extend(page.items);
            Ok(())
        })
    });
    strictly(strict).unwrap_or_else(|| {
        let pages = match snapshot.pages::<Items<Value>>(call, host, &[]) {
            Ok(pages) => pages,
            Err(gap) => return Observed::missing(gap),
        };
        observed(gathered(pages, |page, listed: &mut Listed<T>| {
            whole(call, host, page.warning.as_ref())?;
            listed.read(call, host, "/items", page.items);
            Ok(())
        }))
    })
}

/// The members of an aggregated list, which stand in `field` of each zone or region. A zone or region that did not answer
/// makes it a gap.
pub(crate) fn scopes<S: DeserializeOwned, T: Member>(
    snapshot: &Snapshot,
    call: &Call,
    host: &str,
    field: &str,
    open: impl Fn(S) -> (Vec<T>, Option<Warning>),
) -> Observed<Listed<T>> {
    let strict = snapshot.pages::<Aggregated<S>>(call, host, &[]).and_then(|pages| {
        gathered(pages, |page, all: &mut Vec<T>| {
            answered(call, host, &page)?;
            for (name, scope) in page.items.into_iter().flatten() {
                let (members, warning) = open(scope);
                whole_scope(call, host, &name, warning.as_ref())?;
                all.extend(members);
            }
            Ok(())
        })
    });
    strictly(strict).unwrap_or_else(|| {
        let pages = match snapshot.pages::<Aggregated<Map<String, Value>>>(call, host, &[]) {
            Ok(pages) => pages,
            Err(gap) => return Observed::missing(gap),
        };
        observed(gathered(pages, |page, listed: &mut Listed<T>| {
            answered(call, host, &page)?;
            for (name, mut scope) in page.items.into_iter().flatten() {
                let pointer = format!("/items/{}/{field}", name.replace('~', "~0").replace('/', "~1"));
                let malformed = |why: &str| Gap::Malformed {
                    call: call.name.to_owned(),
                    scope: host.to_owned(),
                    pointer: pointer.clone(),
                    why: why.to_owned(),
                };
                let warning = scope.remove("warning").map(Option::<Warning>::deserialize);
                let warning = warning.transpose().map_err(|error| malformed(&error.to_string()))?.flatten();
                whole_scope(call, host, &name, warning.as_ref())?;
                match scope.remove(field) {
                    None | Some(Value::Null) => (),
                    Some(Value::Array(members)) => listed.read(call, host, &pointer, members),
                    Some(_) => return Err(malformed("it is no list")),
                }
            }
            Ok(())
        }))
    })
}

impl<T: Member> Listed<T> {
    /// Reads members one by one.
    pub(crate) fn read(&mut self, call: &Call, host: &str, place: &str, members: Vec<Value>) {
        for (number, value) in members.into_iter().enumerate() {
            let read = T::deserialize(&value).map_err(|error| error.to_string());
            match read.and_then(|member| member.flaw().map_or(Ok(member), Err)) {
                Ok(member) => self.members.push(member),
                Err(why) => {
                    let (call, scope) = (call.name.to_owned(), host.to_owned());
                    let gap = Gap::Malformed { call, scope, pointer: format!("{place}/{number}"), why };
                    self.odd.push(Odd { value, gap });
                }
            }
        }
    }
}

/// What a strict reading settles: a list without any flaw, or a gap that no other reading would close.
fn strictly<T: Member>(read: Result<(Vec<T>, Vec<palisade_model::Evidence>), Gap>) -> Option<Observed<Listed<T>>> {
    match read {
        Ok((members, sources)) if members.iter().all(|member| member.flaw().is_none()) => {
            Some(Observed::known(Listed { members, odd: Vec::new() }, sources))
        }
        Ok(_) | Err(Gap::Malformed { .. }) => None,
        Err(gap) => Some(Observed::missing(gap)),
    }
}

type Gathered<A> = Result<(A, Vec<palisade_model::Evidence>), Gap>;

fn gathered<P, A: Default>(pages: Vec<Page<'_, P>>, mut add: impl FnMut(P, &mut A) -> Result<(), Gap>) -> Gathered<A> {
    let (mut all, mut sources) = (A::default(), Vec::new());
    for page in pages {
        sources.extend(page.record.evidence(""));
        add(page.value, &mut all)?;
    }
    Ok((all, sources))
}

fn observed<A>(gathered: Gathered<A>) -> Observed<A> {
    match gathered {
        Ok((all, sources)) => Observed::known(all, sources),
        Err(gap) => Observed::missing(gap),
    }
}

fn answered<S>(call: &Call, host: &str, page: &Aggregated<S>) -> Result<(), Gap> {
    whole(call, host, page.warning.as_ref())?;
    match page.unreachables.first() {
        Some(scope) => Err(hole(call, host, format!("`{scope}` did not answer"))),
        None => Ok(()),
    }
}

fn whole(call: &Call, host: &str, warning: Option<&Warning>) -> Result<(), Gap> {
    warning.filter(|warning| is_a_hole(warning)).map_or(Ok(()), |warning| Err(hole(call, host, said(warning))))
}

fn whole_scope(call: &Call, host: &str, scope: &str, warning: Option<&Warning>) -> Result<(), Gap> {
    let told = warning.filter(|warning| is_a_hole(warning));
    told.map_or(Ok(()), |warning| Err(hole(call, host, format!("`{scope}`: {}", said(warning)))))
}

fn hole(call: &Call, host: &str, why: String) -> Gap {
    Gap::Unreachable { call: call.name.to_owned(), scope: host.to_owned(), why }
}
