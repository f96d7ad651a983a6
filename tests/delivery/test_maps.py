"""The generated pages say what the templates say today."""

import xml.etree.ElementTree as ET

from delivery.maps import PAGE, PICTURE, STAGE, alarms, page, permissions, picture, reaches
from tests.stacks.assemblies import Assembly


def test_the_page_is_what_the_templates_say(assembly: Assembly) -> None:
    assert page(assembly.stages[STAGE]) == PAGE.read_text(), "make maps"


def test_the_picture_is_what_the_templates_say(assembly: Assembly) -> None:
    assert picture(assembly.stages[STAGE]) == PICTURE.read_text(), "make maps"


def test_the_picture_is_a_picture(assembly: Assembly) -> None:
    root = ET.fromstring(picture(assembly.stages[STAGE]))  # noqa: S314 - our own text

    titles = {text.text for text in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"CloudFront", "Load balancer", "Service", "Table", "Nova Sonic"} <= titles


def test_a_stage_with_a_public_load_balancer_is_drawn_as_one(assembly: Assembly) -> None:
    assert "internet-facing" in picture(assembly.stages["public"])


def test_the_matrices_hold_the_rows_that_matter(assembly: Assembly) -> None:
    stage = assembly.stages[STAGE]
    model = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-2-sonic-v1:0"

    assert ("service TaskRole", "bedrock:InvokeModel", model, "") in set(permissions(stage))
    ways = {(source, target, port) for source, target, port, _ in reaches(stage)}
    assert ("LoadBalancerSecurityGroup", "service TasksGroup", "8000") in ways
    assert ("pl-3b927c52", "service LoadBalancerSecurityGroup", "443") in ways
    assert 32 == len(set(alarms(stage)))
