//! Elastic Load Balancing, second generation.

use super::{element, invalid_action, rendered};
use crate::aws::World;
use crate::aws::call::Call;
use crate::aws::error::Failure;
use crate::aws::expand::{Fabric, kinds};
use crate::aws::page::Paging;
use crate::http::Reply;

const PAGING: Paging = Paging {
    size: "PageSize",
    token: "Marker",
    smallest: 1,
    largest: 400,
    usual: 400,
    bad_size: "ValidationError",
    bad_token: "ValidationError",
};

pub(crate) fn answer(world: &World, fabric: &Fabric, call: &Call) -> Result<Reply, Failure> {
    if call.action != "DescribeLoadBalancers" {
        return Err(invalid_action(call));
    }
    let mut wanted = call.list("LoadBalancerArns.member");
    for name in call.list("Names.member") {
        let balancer = kinds::LOAD_BALANCER.select(
            &fabric.load_balancers,
            &[],
            &[("name".to_owned(), vec![name.clone()])].into(),
        )?;
        let arn = balancer.first().and_then(|balancer| balancer.value("arn"));
        wanted.push(arn.unwrap_or(&name).to_owned());
    }
    let balancers = kinds::LOAD_BALANCER.select(&fabric.load_balancers, &wanted, &std::collections::BTreeMap::new())?;
    let page = PAGING.page(call, balancers.len(), world.page_limit)?;
    let members: String = page.of(&balancers).iter().map(|balancer| element("member", &balancer.body)).collect();
    let next = page.next.as_deref().map(|token| element("NextMarker", token)).unwrap_or_default();
    Ok(rendered(call, &format!("{}{next}", element("LoadBalancers", &members))))
}
