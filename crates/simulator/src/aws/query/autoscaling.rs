//! Auto Scaling.

use super::{element, invalid_action, rendered};
use crate::aws::World;
use crate::aws::call::Call;
use crate::aws::error::Failure;
use crate::aws::expand::{Fabric, kinds};
use crate::aws::item::filters;
use crate::aws::page::Paging;
use crate::http::Reply;

const PAGING: Paging = Paging {
    size: "MaxRecords",
    token: "NextToken",
    smallest: 1,
    largest: 100,
    usual: 50,
    bad_size: "ValidationError",
    bad_token: "InvalidNextToken",
};

pub(crate) fn answer(world: &World, fabric: &Fabric, call: &Call) -> Result<Reply, Failure> {
    if call.action != "DescribeAutoScalingGroups" {
        return Err(invalid_action(call));
    }
    let names = call.list("AutoScalingGroupNames.member");
    let mut filters = filters(call, "Filters.member", "Values.member");
    // Names that do not exist are left out, which is what a filter does and a list of ids does not.
    if !names.is_empty() {
        filters.insert("name".to_owned(), names);
    }
    let groups = kinds::SCALING_GROUP.select(&fabric.scaling_groups, &[], &filters)?;
    let page = PAGING.page(call, groups.len(), world.page_limit)?;
    let members: String = page.of(&groups).iter().map(|group| element("member", &group.body)).collect();
    let next = page.next.as_deref().map(|token| element("NextToken", token)).unwrap_or_default();
    Ok(rendered(call, &format!("{}{next}", element("AutoScalingGroups", &members))))
}
