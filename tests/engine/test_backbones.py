"""Backbones against torchvision: shapes, parameters, costs, frozen stages, weights of files."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from small import layer, losses, new_run, project
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models

from workbench.catalog.layers.backbones import Backbone
from workbench.core.errors import UserError
from workbench.core.layer import LayerSpec, Shape
from workbench.core.model import ModelSpec
from workbench.core.project import Project
from workbench.core.reasons import reason
from workbench.engine import pretrained
from workbench.engine.build import build
from workbench.engine.fit import fit

BACKBONES = [kind for kind in LayerSpec.choices().values() if issubclass(kind, Backbone)]
KINDS = pytest.mark.parametrize("kind", BACKBONES, ids=lambda kind: kind.__name__)
SMALL = [kind for kind in BACKBONES if kind.smallest == 32]


def on_meta(spec: Backbone, shape: Shape = (3, 224, 224)) -> nn.Module:
    with torch.device("meta"):
        return spec.module(nn, shape)


def shapes(kind: type[Backbone]) -> list[Shape]:
    odd: list[Shape] = [(3, 32, 32), (3, 100, 131)]
    return odd if kind.smallest == 32 else [(3, 224, 224)]


def test_all_are_on_the_shelf_in_one_category() -> None:
    names = "ResNet18 ResNet34 ResNet50 MobileNetV3Small MobileNetV3Large EfficientNetB0"
    assert {kind.__name__ for kind in BACKBONES} == {*names.split(), "ConvNeXtTiny", "ViTB16"}
    assert {kind.category for kind in BACKBONES} == {"Backbones"}


@KINDS
def test_shape_and_parameters_are_those_of_torchvision(kind: type[Backbone]) -> None:
    spec = kind(out_features=7)
    module = on_meta(spec).eval()
    assert sum(each.numel() for each in module.parameters()) == spec.parameter_count((3, 224, 224))
    head = module.get_submodule(kind.head)
    assert (head.in_features, head.out_features) == (kind.features, 7)
    for shape in shapes(kind):
        with torch.device("meta"):
            output = spec.call(module, torch.empty(2, *shape))
        assert tuple(output.shape) == (2, *spec.out_shape(shape))


@KINDS
def test_multiply_adds_are_those_that_torch_counts(kind: type[Backbone]) -> None:
    spec = kind(out_features=7)
    module = on_meta(spec).eval()
    for shape in shapes(kind):
        with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
            module(torch.empty(1, *shape, device="meta"))
        assert spec.multiply_adds(shape) * 2 == counter.get_total_flops()


@KINDS
def test_what_training_keeps_is_close_to_what_torch_keeps(kind: type[Backbone]) -> None:
    spec, batch = kind(), 2
    module = on_meta(spec).train()
    own = {each.untyped_storage()._cdata for each in [*module.parameters(), *module.buffers()]}
    for shape in shapes(kind)[-1:]:
        kept: dict[int, torch.Tensor] = {}

        def keep(tensor: torch.Tensor, kept: dict[int, torch.Tensor] = kept) -> torch.Tensor:
            kept[tensor.untyped_storage()._cdata] = tensor
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            module(torch.empty(batch, *shape, device="meta"))
        measured = sum(t.untyped_storage().nbytes() for at, t in kept.items() if at not in own)
        saved = spec.saved(shape)
        told = 4 * batch * (saved.numbers + 3 * shape[1] * shape[2])
        assert told == pytest.approx(measured, rel=0.05)


@KINDS
def test_the_published_file_is_torchvisions(kind: type[Backbone]) -> None:
    assert models.get_model_weights(kind.function).DEFAULT.url.endswith(f"/{kind.published}")


@KINDS
def test_frozen_stages_keep_their_weights_and_all_stages_cover_the_trunk(
    kind: type[Backbone],
) -> None:
    spec = kind(frozen=len(kind.stages))
    parameters = dict(on_meta(spec).named_parameters())
    frozen = {name for name, each in parameters.items() if not each.requires_grad}
    learning = parameters.keys() - frozen
    assert {f"{kind.head}.weight", f"{kind.head}.bias"} <= learning
    assert len(learning) <= 4  # some have a normalization or a Linear more in front of the head
    before: set[str] = set()
    for number in (0, 1, 2, len(kind.stages)):
        module = on_meta(kind(frozen=number))
        now = {n for n, each in module.named_parameters() if not each.requires_grad}
        assert now > before or not number
        before = now
    assert before == frozen
    with pytest.raises(ValueError, match="stages to freeze"):
        kind(frozen=len(kind.stages) + 1)


@KINDS
def test_other_images_are_refused_and_mended(kind: type[Backbone]) -> None:
    for shape in ((1, 28, 28), (3, 8, 300), (1, 300, 300), (3, 28, 28), (3072,), (40, 9)):
        model = ModelSpec(layers=(kind(),))
        step = model.walk(shape)[0]
        if step.fault:
            mended = model.swapped((0,), step.fault.fixes[0].layers)
            assert mended.walk(shape)[-1].out_shape == (10,)
    fault = ModelSpec(layers=(kind(),)).walk((1, 28, 28))[0].fault
    assert [fix.text for fix in fault.fixes] == ["insert Upsample and Conv2d", "remove the layer"]
    mended = ModelSpec(layers=fault.fixes[0].layers)
    with torch.device("meta"):
        assert build(mended, (1, 28, 28)).eval()(torch.empty(2, 1, 28, 28)).shape == (2, 10)


def of_digits(**arguments: Any) -> Project:
    spec = layer("MobileNetV3Small", name="net", **arguments)
    bigger = layer("Upsample", size=32)
    return project(
        bigger,
        layer("Conv2d", out_channels=3, kernel_size=1),
        spec,
        optimizer="Adam",
        epochs=1,
        batch_size=800,
    )


def trained_weights(found: Project, tmp_path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    run = new_run(found, tmp_path)
    torch.manual_seed(found.train.seed)
    before = build(found.model, found.data.info().shape).state_dict()
    before = {name: value.clone() for name, value in before.items()}
    events = list(fit(found, run))
    assert losses(events)
    return before, torch.load(run.last, weights_only=True)["model"]


def test_training_leaves_frozen_stages_alone_also_their_statistics(tmp_path: Path) -> None:
    before, after = trained_weights(of_digits(frozen=12), tmp_path)
    same = {name for name in after if torch.equal(before[name], after[name])}
    frozen = {name for name in after if name.startswith("net.features.")}
    frozen -= {name for name in frozen if name.startswith("net.features.12.")}
    assert frozen <= same
    assert not same & {name for name in after if name.startswith("net.features.12.0.")}
    assert "net.classifier.3.weight" not in same


def test_its_code_freezes_the_same(tmp_path: Path) -> None:
    from workbench.core.codegen import generate

    for kind in BACKBONES:
        spec = kind(frozen=2, out_features=3, name="net")
        text = generate(ModelSpec(layers=(spec,)), (3, 224, 224)).text
        scope: dict[str, Any] = {}
        exec(text, scope)
        with torch.device("meta"):
            theirs = scope["Net"]().train()
            theirs(torch.empty(2, 3, 224, 224))
        ours = spec.module(nn, (3, 224, 224)) if kind is BACKBONES[0] else on_meta(spec)
        spec.call(ours.train().to("meta"), torch.empty(2, 3, 224, 224, device="meta"))
        learning = {f"net.{n}": each.requires_grad for n, each in ours.named_parameters()}
        assert {n: each.requires_grad for n, each in theirs.named_parameters()} == learning
        modes = {f"net.{name}": each.training for name, each in ours.named_modules() if name}
        assert {n: e.training for n, e in theirs.named_modules() if n.startswith("net.")} == modes


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_it_starts_from_the_weights_of_a_file_but_for_a_head_of_another_size(
    tmp_path: Path, suffix: str
) -> None:
    theirs = models.mobilenet_v3_small()
    path = tmp_path / f"weights{suffix}"
    if suffix == ".pth":
        torch.save(theirs.state_dict(), path)
    else:
        from safetensors.torch import save_file

        save_file(theirs.state_dict(), path)
    spec = layer("MobileNetV3Small", weights="file", file=str(path), name="net")
    model = ModelSpec(layers=(layer("Group", layers=(spec,)),))
    network = build(model, (3, 32, 32))
    pretrained.load(model, network)
    found = network.state_dict()
    for name, value in theirs.state_dict().items():
        if not name.startswith("classifier.3."):
            torch.testing.assert_close(found[f"group1.net.{name}"], value)
    assert found["group1.net.classifier.3.weight"].shape == (10, 1024)
    whole = spec.replace(out_features=1000)
    module = whole.module(nn, (3, 32, 32))
    pretrained.take(whole, module, path)
    torch.testing.assert_close(module.classifier[3].weight, theirs.classifier[3].weight)


def test_published_weights_are_found_where_they_were_downloaded_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "hub"))
    found = of_digits(weights="imagenet")
    with pytest.raises(UserError, match=r"not on this machine yet.* mobilenet_v3_small-047dcff4"):
        list(fit(found, new_run(found, tmp_path)))
    theirs = models.mobilenet_v3_small()
    (tmp_path / "weights").mkdir()
    torch.save(theirs.state_dict(), tmp_path / "weights" / "mobilenet_v3_small-047dcff4.pth")
    _, after = trained_weights(found.replace(model=_frozen(found.model)), tmp_path)
    for name, value in theirs.features.state_dict().items():
        torch.testing.assert_close(after[f"net.features.{name}"], value)


def _frozen(model: ModelSpec) -> ModelSpec:
    path = model.path_of("net")
    assert path
    return model.swapped(path, [model.at(path).replace(frozen=13)])


@pytest.mark.parametrize("content", [{"conv": torch.ones(2)}, b"no weights", [1, 2]])
def test_a_file_that_does_not_fit_is_told_in_one_sentence(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "weights.pth"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    found = of_digits(weights="file", file=str(path))
    with pytest.raises(UserError, match=r"weights\.pth"):
        list(fit(found, new_run(found, tmp_path)))
    for file in ("", str(tmp_path / "none.pth")):
        missing = of_digits(weights="file", file=file)
        with pytest.raises(UserError):
            list(fit(missing, new_run(missing, tmp_path)))


def test_a_download_without_a_network_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # the discard port: nothing listens
    with pytest.raises(UserError, match="could not be downloaded"):
        list(pretrained.download([layer("ResNet18")]))
    assert not list((tmp_path / "weights").glob("*.pth"))


def test_more_frozen_stages_than_there_are_is_told_as_a_template() -> None:
    kind = LayerSpec.named("ResNet18")
    with pytest.raises(ValidationError) as caught:
        kind(frozen=30)
    told = reason(caught.value).text
    assert told.message == "{kind} has {stages} stages to freeze"
    assert told.values == {"kind": "ResNet18", "stages": len(kind().stages)}


class OneFile(BaseHTTPRequestHandler):
    """Serves one file to whoever asks for anything."""

    content = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *_: object) -> None:
        """Standard error is the tests'."""


def test_what_was_published_is_downloaded_and_what_came_damaged_is_not_kept(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bytes(range(256)) * 1000
    name = f"mobilenet_v3_small-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    kind = type(layer("MobileNetV3Small"))
    weights = models.get_model_weights(kind.function).DEFAULT
    monkeypatch.setattr(OneFile, "content", content)
    monkeypatch.setattr(kind, "published", name)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), OneFile) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}/{name}"
        monkeypatch.setattr(weights.value, "url", address)
        told = list(pretrained.download([kind()]))
        assert (home / "weights" / name).read_bytes() == content
        (home / "weights" / name).unlink()
        monkeypatch.setattr(OneFile, "content", content[:-1])
        with pytest.raises(UserError, match="came damaged"):
            list(pretrained.download([kind()]))
        server.shutdown()
        thread.join()
    assert told[-1].text == "The weights of MobileNetV3Small are there."
    assert list((home / "weights").iterdir()) == []
