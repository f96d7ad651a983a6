"""EC2: the VPC and what is in it."""

from typing import Any

from tests.deploy.cloudformation.registry import Api, Made, Properties, creates, deletes, updates


def tagged(kind: str, properties: Properties) -> dict[str, Any]:
    tags = properties.pop("Tags", [])
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": tags}]} if tags else {}


def retag(api: Api, made: Made, before: Properties, after: Properties) -> Made:
    """For what can change only its tags: anything else is said to be impossible."""
    if {**before, "Tags": None} != {**after, "Tags": None}:
        raise NotImplementedError(
            f"only tags can change in place, not {sorted(k for k in after if before.get(k) != after[k])}"
        )
    api.client("ec2").create_tags(Resources=[made.id], Tags=after.get("Tags", []))
    return made


@creates("AWS::EC2::VPC")
def vpc(api: Api, _name: str, p: Properties) -> Made:
    dns = {key: p.pop(key) for key in ("EnableDnsHostnames", "EnableDnsSupport") if key in p}
    made = api.send("ec2", "create_vpc", {**p, **tagged("vpc", p)}, unsent=("Tags",))["Vpc"]
    for key, value in dns.items():
        api.client("ec2").modify_vpc_attribute(
            VpcId=made["VpcId"], **{key: {"Value": str(value).lower() == "true"}}
        )
    attributes = {"VpcId": made["VpcId"], "CidrBlock": made["CidrBlock"], "CidrBlockAssociations": []}
    return Made(id=made["VpcId"], attributes=attributes)


@deletes("AWS::EC2::VPC")
def no_vpc(api: Api, made: Made, _p: Properties) -> None:
    ec2 = api.client("ec2")
    mine = [{"Name": "vpc-id", "Values": [made.id]}]
    for group in ec2.describe_security_groups(Filters=mine)["SecurityGroups"]:
        if group["GroupName"] != "default":
            ec2.delete_security_group(GroupId=group["GroupId"])
    ec2.delete_vpc(VpcId=made.id)


@creates("AWS::EC2::Subnet")
def subnet(api: Api, _name: str, p: Properties) -> Made:
    public = str(p.pop("MapPublicIpOnLaunch", False)).lower() == "true"
    made = api.send("ec2", "create_subnet", {**p, **tagged("subnet", p)}, unsent=("Tags",))["Subnet"]
    api.client("ec2").modify_subnet_attribute(
        SubnetId=made["SubnetId"], MapPublicIpOnLaunch={"Value": public}
    )
    attributes = {"SubnetId": made["SubnetId"], "AvailabilityZone": made["AvailabilityZone"]}
    return Made(id=made["SubnetId"], attributes=attributes)


@deletes("AWS::EC2::Subnet")
def no_subnet(api: Api, made: Made, _p: Properties) -> None:
    api.client("ec2").delete_subnet(SubnetId=made.id)


@creates("AWS::EC2::InternetGateway")
def internet_gateway(api: Api, _name: str, p: Properties) -> Made:
    made = api.send("ec2", "create_internet_gateway", tagged("internet-gateway", p))["InternetGateway"]
    return Made(id=made["InternetGatewayId"], attributes={"InternetGatewayId": made["InternetGatewayId"]})


@deletes("AWS::EC2::InternetGateway")
def no_internet_gateway(api: Api, made: Made, _p: Properties) -> None:
    api.client("ec2").delete_internet_gateway(InternetGatewayId=made.id)


@creates("AWS::EC2::VPCGatewayAttachment")
def attachment(api: Api, _name: str, p: Properties) -> Made:
    api.send("ec2", "attach_internet_gateway", p)
    return Made(id=f"IGW|{p['VpcId']}")


@deletes("AWS::EC2::VPCGatewayAttachment")
def no_attachment(api: Api, _made: Made, p: Properties) -> None:
    api.send("ec2", "detach_internet_gateway", p)


@creates("AWS::EC2::RouteTable")
def route_table(api: Api, _name: str, p: Properties) -> Made:
    made = api.send("ec2", "create_route_table", {**p, **tagged("route-table", p)}, unsent=("Tags",))[
        "RouteTable"
    ]
    return Made(id=made["RouteTableId"], attributes={"RouteTableId": made["RouteTableId"]})


@deletes("AWS::EC2::RouteTable")
def no_route_table(api: Api, made: Made, _p: Properties) -> None:
    api.client("ec2").delete_route_table(RouteTableId=made.id)


@creates("AWS::EC2::SubnetRouteTableAssociation")
def association(api: Api, _name: str, p: Properties) -> Made:
    return Made(id=api.send("ec2", "associate_route_table", p)["AssociationId"])


@deletes("AWS::EC2::SubnetRouteTableAssociation")
def no_association(api: Api, made: Made, _p: Properties) -> None:
    api.client("ec2").disassociate_route_table(AssociationId=made.id)


@creates("AWS::EC2::Route")
def route(api: Api, _name: str, p: Properties) -> Made:
    api.send("ec2", "create_route", p)
    return Made(id=f"{p['RouteTableId']}|{p['DestinationCidrBlock']}")


@deletes("AWS::EC2::Route")
def no_route(api: Api, _made: Made, p: Properties) -> None:
    destination = p["DestinationCidrBlock"]
    api.client("ec2").delete_route(RouteTableId=p["RouteTableId"], DestinationCidrBlock=destination)


@creates("AWS::EC2::EIP")
def address(api: Api, _name: str, p: Properties) -> Made:
    made = api.send("ec2", "allocate_address", {**p, **tagged("elastic-ip", p)}, unsent=("Tags",))
    return Made(
        id=made["PublicIp"], attributes={"AllocationId": made["AllocationId"], "PublicIp": made["PublicIp"]}
    )


@deletes("AWS::EC2::EIP")
def no_address(api: Api, made: Made, _p: Properties) -> None:
    api.client("ec2").release_address(AllocationId=made.attributes["AllocationId"])


@creates("AWS::EC2::NatGateway")
def nat_gateway(api: Api, _name: str, p: Properties) -> Made:
    made = api.send("ec2", "create_nat_gateway", {**p, **tagged("natgateway", p)}, unsent=("Tags",))[
        "NatGateway"
    ]
    return Made(id=made["NatGatewayId"], attributes={"NatGatewayId": made["NatGatewayId"]})


@deletes("AWS::EC2::NatGateway")
def no_nat_gateway(api: Api, made: Made, _p: Properties) -> None:
    api.client("ec2").delete_nat_gateway(NatGatewayId=made.id)


@creates("AWS::EC2::VPCEndpoint")
def endpoint(api: Api, _name: str, p: Properties) -> Made:
    made = api.send("ec2", "create_vpc_endpoint", {**p, **tagged("vpc-endpoint", p)}, unsent=("Tags",))[
        "VpcEndpoint"
    ]
    return Made(id=made["VpcEndpointId"], attributes={"Id": made["VpcEndpointId"]})


@updates("AWS::EC2::VPCEndpoint")
def new_endpoint(api: Api, made: Made, _before: Properties, p: Properties) -> Made:
    api.send("ec2", "modify_vpc_endpoint", {"VpcEndpointId": made.id, "PolicyDocument": p["PolicyDocument"]})
    return made


@deletes("AWS::EC2::VPCEndpoint")
def no_endpoint(api: Api, made: Made, _p: Properties) -> None:
    api.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[made.id])


@creates("AWS::EC2::FlowLog")
def flow_log(api: Api, _name: str, p: Properties) -> Made:
    sent = {**p, "ResourceIds": [p["ResourceId"]], **tagged("vpc-flow-log", p)}
    made = api.send("ec2", "create_flow_logs", sent, unsent=("Tags", "ResourceId"))
    if made["Unsuccessful"]:
        raise ValueError(made["Unsuccessful"][0]["Error"]["Message"])
    return Made(id=made["FlowLogIds"][0], attributes={"Id": made["FlowLogIds"][0]})


@deletes("AWS::EC2::FlowLog")
def no_flow_log(api: Api, made: Made, _p: Properties) -> None:
    api.client("ec2").delete_flow_logs(FlowLogIds=[made.id])


def permission(p: Properties) -> dict[str, Any]:
    """A rule as EC2 writes it, from one as CloudFormation does."""
    described = {"Description": p["Description"]} if "Description" in p else {}
    rule: dict[str, Any] = {"IpProtocol": str(p["IpProtocol"])}
    rule |= {key: int(p[key]) for key in ("FromPort", "ToPort") if key in p}
    for group in ("SourceSecurityGroupId", "DestinationSecurityGroupId"):
        if group in p:
            rule["UserIdGroupPairs"] = [{"GroupId": p[group], **described}]
    for prefixes in ("SourcePrefixListId", "DestinationPrefixListId"):
        if prefixes in p:
            rule["PrefixListIds"] = [{"PrefixListId": p[prefixes], **described}]
    if "CidrIp" in p:
        rule["IpRanges"] = [{"CidrIp": p["CidrIp"], **described}]
    return rule


@creates("AWS::EC2::SecurityGroup")
def security_group(api: Api, name: str, p: Properties) -> Made:
    ec2 = api.client("ec2")
    sent = {"GroupName": name[:255], "Description": p["GroupDescription"], "VpcId": p["VpcId"]}
    made = api.send("ec2", "create_security_group", {**sent, **tagged("security-group", p)})["GroupId"]
    # As CloudFormation does: the rule that lets everything out goes once rules are written.
    (group,) = ec2.describe_security_groups(GroupIds=[made])["SecurityGroups"]
    if group["IpPermissionsEgress"]:
        ec2.revoke_security_group_egress(GroupId=made, IpPermissions=group["IpPermissionsEgress"])
    for rule in p.get("SecurityGroupIngress", []):
        ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[permission(rule)])
    for rule in p.get("SecurityGroupEgress", []):
        ec2.authorize_security_group_egress(GroupId=made, IpPermissions=[permission(rule)])
    return Made(id=made, attributes={"GroupId": made, "VpcId": p["VpcId"]})


@deletes("AWS::EC2::SecurityGroup")
def no_security_group(api: Api, made: Made, _p: Properties) -> None:
    api.client("ec2").delete_security_group(GroupId=made.id)


@creates("AWS::EC2::SecurityGroupIngress")
def ingress(api: Api, name: str, p: Properties) -> Made:
    api.client("ec2").authorize_security_group_ingress(GroupId=p["GroupId"], IpPermissions=[permission(p)])
    return Made(id=name)


@deletes("AWS::EC2::SecurityGroupIngress")
def no_ingress(api: Api, _made: Made, p: Properties) -> None:
    api.client("ec2").revoke_security_group_ingress(GroupId=p["GroupId"], IpPermissions=[permission(p)])


@creates("AWS::EC2::SecurityGroupEgress")
def egress(api: Api, name: str, p: Properties) -> Made:
    api.client("ec2").authorize_security_group_egress(GroupId=p["GroupId"], IpPermissions=[permission(p)])
    return Made(id=name)


@deletes("AWS::EC2::SecurityGroupEgress")
def no_egress(api: Api, _made: Made, p: Properties) -> None:
    api.client("ec2").revoke_security_group_egress(GroupId=p["GroupId"], IpPermissions=[permission(p)])


updates(
    "AWS::EC2::VPC",
    "AWS::EC2::Subnet",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::RouteTable",
    "AWS::EC2::NatGateway",
)(retag)
