"""CP-01: is at least half of the internet let in to the API server's public endpoint?"""

import ipaddress

# What is no address of the internet (IANA's special-purpose registries).
SPECIAL = [ipaddress.ip_network(text) for text in (
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 "
    "192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4").split()]


def internet_of(networks):
    """How many addresses of the IPv4 internet some networks hold together."""
    whole = list(ipaddress.collapse_addresses(networks))
    special = [one if one.subnet_of(net) else net for net in whole for one in SPECIAL if one.overlaps(net)]
    special = list(ipaddress.collapse_addresses(special))
    return sum(net.num_addresses for net in whole) - sum(net.num_addresses for net in special)


HALF = internet_of([ipaddress.ip_network("0.0.0.0/0")]) / 2


def is_open(texts):
    # A name instead of a network is a service's own list, far from half of the internet.
    networks = [ipaddress.ip_network(text, strict=False) for text in texts if text[:1].isdigit() or ":" in text]
    if any(net.version == 6 and net.prefixlen <= 1 for net in networks):
        return True
    return internet_of([net for net in networks if net.version == 4]) >= HALF


def verdict(provider, said, _logs):
    if provider == "aws":
        endpoint = said["resourcesVpcConfig"]
        public, ranges = endpoint["endpointPublicAccess"], endpoint.get("publicAccessCidrs") or ["0.0.0.0/0"]
    elif provider == "azure":
        endpoint = said.get("apiServerAccessProfile") or {}
        public = not endpoint.get("enablePrivateCluster") and said.get("publicNetworkAccess") != "Disabled"
        ranges = endpoint.get("authorizedIPRanges") or ["0.0.0.0/0"]
    else:
        endpoint = (said.get("controlPlaneEndpointsConfig") or {}).get("ipEndpointsConfig")
        if endpoint is None:  # A cluster that was last changed before there was such a part.
            old = said.get("privateClusterConfig") or {}
            endpoint = {
                "enablePublicEndpoint": not old.get("enablePrivateEndpoint"),
                "authorizedNetworksConfig": said.get("masterAuthorizedNetworksConfig"),
            }
        public = endpoint.get("enabled") is not False and endpoint.get("enablePublicEndpoint") is True  # off is left out
        listed = endpoint.get("authorizedNetworksConfig") or {}
        ranges = [one["cidrBlock"] for one in listed.get("cidrBlocks") or []] if listed.get("enabled") else ["0.0.0.0/0"]
    return "fail" if public and is_open(ranges) else "pass"
