"""A page is published whole or not at all."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from delivery.publish import (
    ASK_EACH_TIME,
    FOR_EVER,
    CannotPublishError,
    File,
    Target,
    files_of,
    main,
    publish,
    target_of,
)

CONFIG = {"clientId": "c", "scopes": ["openid"]}


@pytest.fixture
def build(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets/index-Ab3dE5gH.js").write_text("hello()")
    (tmp_path / "icon.svg").write_text("<svg/>")
    (tmp_path / "index.html").write_text(
        '<script src="/assets/index-Ab3dE5gH.js"></script><link href="/icon.svg">'
    )
    return tmp_path


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="page")
        origin = {
            "Id": "o",
            "DomainName": "page.s3.amazonaws.com",
            "S3OriginConfig": {"OriginAccessIdentity": ""},
        }
        distribution = boto3.client("cloudfront").create_distribution(
            DistributionConfig={
                "CallerReference": "x", "Comment": "", "Enabled": True, "Origins": {"Quantity": 1, "Items": [origin]},
                "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "https-only"},
            }
        )  # fmt: skip
        id_ = distribution["Distribution"]["Id"]
        yield Target(bucket="page", distribution_id=id_, site_url="https://x.example", page_config=CONFIG)


def test_the_index_comes_last_and_the_configuration_before_it(build: Path) -> None:
    assert ["assets/index-Ab3dE5gH.js", "icon.svg", "config.json", "index.html"] == [
        file.key for file in files_of(build, CONFIG)
    ]


def test_hashed_files_are_kept_for_ever_and_all_others_are_asked_for(build: Path) -> None:
    kept = {file.key: file.cache_control for file in files_of(build, CONFIG)}

    assert FOR_EVER == kept.pop("assets/index-Ab3dE5gH.js")
    assert {ASK_EACH_TIME} == set(kept.values())


def test_a_build_without_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotPublishError, match=r"there is no index\.html"):
        files_of(tmp_path, CONFIG)


def test_half_a_build_is_refused(build: Path) -> None:
    (build / "assets/index-Ab3dE5gH.js").unlink()

    with pytest.raises(
        CannotPublishError, match=r"is not whole: index\.html names assets/index-Ab3dE5gH\.js"
    ):
        files_of(build, CONFIG)


def test_only_what_changed_is_uploaded_and_only_then_is_the_edge_told(target: Target, build: Path) -> None:
    assert 4 == len(publish(target, files_of(build, CONFIG)))
    assert [] == publish(target, files_of(build, CONFIG))
    (build / "icon.svg").write_text("<svg><g/></svg>")
    assert ["icon.svg"] == publish(target, files_of(build, CONFIG))

    told = boto3.client("cloudfront").list_invalidations(DistributionId=target.distribution_id)[
        "InvalidationList"
    ]
    paths = [
        boto3.client("cloudfront").get_invalidation(DistributionId=target.distribution_id, Id=one["Id"])[
            "Invalidation"
        ]
        for one in told["Items"]
    ]
    assert [["/", "/config.json", "/icon.svg", "/index.html"], ["/", "/icon.svg"]] == sorted(
        (one["InvalidationBatch"]["Paths"]["Items"] for one in paths), key=len, reverse=True
    )


@pytest.mark.usefixtures("target")
def test_a_missing_bucket_is_told_before_anything_happens(build: Path) -> None:
    gone = Target(bucket="gone", distribution_id="x", site_url="x", page_config=CONFIG)

    with pytest.raises(CannotPublishError, match="bucket gone cannot be reached"):
        publish(gone, files_of(build, CONFIG))


def test_an_upload_that_breaks_leaves_the_old_page(
    target: Target, build: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(target, files_of(build, CONFIG))
    (build / "icon.svg").write_text("new")
    (build / "index.html").write_text("new")

    with monkeypatch.context() as patch:
        patch.setattr("delivery.publish.boto3.client", Refusing(boto3.client, key="icon.svg"))
        with pytest.raises(
            CannotPublishError, match=r"icon\.svg could not be uploaded: .*; the old page is still served"
        ):
            publish(target, files_of(build, CONFIG))

    body = boto3.client("s3").get_object(Bucket="page", Key="index.html")["Body"].read()
    assert b"index-Ab3dE5gH.js" in body


class Refusing:
    """The real client, but one key cannot be written: a network that breaks in the middle."""

    def __init__(self, client: Any, *, key: str) -> None:
        self._client, self._key = client, key

    def __call__(self, service: str) -> Any:
        real, key = self._client(service), self._key
        if service != "s3":
            return real
        put = real.put_object

        def put_object(**arguments: Any) -> Any:
            if arguments["Key"] == key:
                raise ClientError({"Error": {"Code": "SlowDown", "Message": "try later"}}, "PutObject")
            return put(**arguments)

        real.put_object = put_object
        return real


@pytest.mark.usefixtures("target")
def test_a_stage_that_is_not_deployed_is_told() -> None:
    with pytest.raises(
        CannotPublishError, match="there is no stack voice-dev-frontend in us-east-1; deploy the stage"
    ):
        target_of("dev", "us-east-1")


@pytest.mark.usefixtures("target")
def test_the_command_ends_with_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == main(["--stage", "dev"])

    assert (
        "publish-frontend: there is no stack voice-dev-frontend in us-east-1; deploy the stage first\n"
        == capsys.readouterr().err
    )


def test_a_file_knows_its_type() -> None:
    assert "text/html" == File(key="index.html", body=b"", cache_control="x").content_type
