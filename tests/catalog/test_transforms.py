"""Every transform against torchvision.transforms.v2, sample by sample with the same numbers."""

from typing import Any

import pytest
import torch
from contract import FEW
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from strategies import specs
from torch import Tensor
from torchvision.transforms import InterpolationMode, v2
from torchvision.transforms.v2 import functional as theirs

from workbench.catalog.transforms.rand_augment import OPERATIONS, RandAugment
from workbench.core.data import DatasetSpec
from workbench.core.errors import UserError
from workbench.core.transform import TransformSpec

SHELF = TransformSpec.choices()
EACH = pytest.mark.parametrize("kind", SHELF.values(), ids=SHELF)
N = 24


def made(kind: str, **arguments: Any) -> Any:
    return SHELF[kind](**arguments)


def images(channels: int = 3, height: int = 20, width: int = 26, n: int = N) -> Tensor:
    drawn = torch.rand(n, channels, height, width, generator=torch.Generator().manual_seed(7))
    return theirs.gaussian_blur(drawn, [3, 3])  # neighbours are alike, as in photographs


def seeded(seed: int = 3) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def each(batch: Tensor, *columns: Any) -> Any:
    return zip(batch, *(column.tolist() for column in columns), strict=True)


def close(ours: Tensor, expected: list[Tensor], **tolerance: float) -> None:
    torch.testing.assert_close(ours, torch.stack(expected), **tolerance)


def test_all_transforms_of_the_first_release_are_on_the_shelf() -> None:
    assert {
        "Resize", "CenterCrop", "RandomCrop", "RandomResizedCrop", "RandomHorizontalFlip",
        "RandomVerticalFlip", "RandomRotation", "RandomAffine", "ColorJitter", "RandomErasing",
        "Normalize", "RandAugment", "Grayscale", "MixUp", "CutMix",
    } <= set(SHELF)  # fmt: skip


@EACH
def test_names_and_arguments_are_torchvisions(kind: type[TransformSpec]) -> None:
    import inspect

    known = inspect.signature(getattr(v2, kind.__name__)).parameters
    assert set(kind.model_fields) <= set(known)


@EACH
@given(data=st.data())
@FEW
def test_the_shape_behind_is_what_comes_out_and_the_generator_alone_decides(
    kind: type[TransformSpec], data: st.DataObject
) -> None:
    spec = data.draw(specs(kind))
    shape = data.draw(st.sampled_from([(1, 8, 8), (3, 12, 9), (3, 5, 16)]))
    batch, targets = images(*shape, n=4), torch.eye(4)
    kept = batch.clone()
    try:
        expected = spec.out_shape(shape)
    except UserError:
        return
    assert spec.apply(batch).shape == (4, *expected)
    first, mixed = spec.draw_mixed(batch, targets, seeded())
    assert first.shape == (4, *expected)
    torch.rand(5)  # torch's own generator has no say
    again, mixed_again = spec.draw_mixed(batch, targets, seeded())
    assert torch.equal(first, again)
    assert torch.equal(mixed, mixed_again)
    assert torch.equal(batch, kept), "samples are shared: they must stay as they are"
    if not spec.train_only:
        assert torch.equal(first, spec.apply(batch))
    assert first.isfinite().all()


@pytest.mark.parametrize("size", [8, 40, (10, 30), (20, 26)])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_resize(size: Any, interpolation: str) -> None:
    spec = made("Resize", size=size, interpolation=interpolation)
    for batch in (images(), images(1, 33, 17)):
        twin = v2.Resize(
            list(size) if isinstance(size, tuple) else size, InterpolationMode(interpolation)
        )
        close(spec.apply(batch), [twin(image) for image in batch], atol=1e-6, rtol=0)
        assert spec.apply(batch).shape[1:] == spec.out_shape(tuple(batch.shape[1:]))


@pytest.mark.parametrize("size", [8, (10, 30), 64])
def test_center_crop(size: Any) -> None:
    twin = v2.CenterCrop(size)
    close(made("CenterCrop", size=size).apply(images()), [twin(image) for image in images()])


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect"])
@pytest.mark.parametrize("padding", [0, 3])
def test_random_crop(mode: str, padding: int) -> None:
    spec = made("RandomCrop", size=(16, 18), padding=padding, padding_mode=mode, fill=0.25)
    tops, lefts = spec.corners(images(), seeded())
    expected = [
        theirs.crop(theirs.pad(image, [padding], 0.25, mode), top, left, 16, 18)
        for image, top, left in each(images(), tops, lefts)
    ]
    close(spec.draw(images(), seeded()), expected)
    assert len(set(zip(tops.tolist(), lefts.tolist(), strict=True))) > 5
    many = spec.corners(images(n=2000), seeded())
    assert many.min() == 0
    assert many.amax(1).tolist() == [20 + 2 * padding - 16, 26 + 2 * padding - 18]
    close(spec.apply(images()), [theirs.center_crop(image, [16, 18]) for image in images()])


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_random_resized_crop(interpolation: str) -> None:
    spec = made("RandomResizedCrop", size=(12, 10), interpolation=interpolation)
    boxes = spec.boxes(images(), seeded())
    expected = [
        theirs.resized_crop(
            image, top, left, height, width, [12, 10], InterpolationMode(interpolation)
        )
        for image, top, left, height, width in each(images(), *boxes)
    ]
    close(spec.draw(images(), seeded()), expected, atol=1e-6, rtol=0)


def test_boxes_of_random_resized_crop_are_spread_as_torchvisions() -> None:
    spec = made("RandomResizedCrop", scale=(0.2, 0.6), ratio=(0.5, 2.0))
    batch = images(n=3000)
    twin = v2.RandomResizedCrop(8, scale=(0.2, 0.6), ratio=(0.5, 2.0))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        drawn = [twin.make_params([batch[0]]) for _ in range(3000)]
    theirs_boxes = torch.tensor([[d["top"], d["left"], d["height"], d["width"]] for d in drawn])
    ours = spec.boxes(batch, seeded()).double()
    other = theirs_boxes.T.double()
    torch.testing.assert_close(ours.mean(1), other.mean(1), atol=0.35, rtol=0)
    torch.testing.assert_close(ours.std(1), other.std(1), atol=0.35, rtol=0)


@pytest.mark.parametrize("shape", [(3, 60, 9), (3, 9, 60)])
def test_where_no_box_fits_the_middle_is_cut_as_in_torchvision(shape: Any) -> None:
    spec = made("RandomResizedCrop", scale=(1.0, 1.0))
    box = spec.boxes(images(*shape, n=1), seeded())[:, 0].tolist()
    twin = v2.RandomResizedCrop(8, scale=(1.0, 1.0)).make_params([images(*shape, n=1)[0]])
    assert box == [twin["top"], twin["left"], twin["height"], twin["width"]]


@pytest.mark.parametrize("p", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("kind", ["RandomHorizontalFlip", "RandomVerticalFlip"])
def test_flips(kind: str, p: float) -> None:
    spec = made(kind, p=p)
    chosen = spec.chosen(images(), seeded())
    flip = theirs.horizontal_flip if kind == "RandomHorizontalFlip" else theirs.vertical_flip
    expected = [flip(image) if turned else image for image, turned in each(images(), chosen)]
    close(spec.draw(images(), seeded()), expected, atol=0, rtol=0)
    share = spec.chosen(images(n=2000), seeded()).double().mean().item()
    assert share == pytest.approx(p, abs=0.04)


def almost_all(ours: Tensor, expected: list[Tensor]) -> None:
    """Pixels whose place falls between two by a rounding error may go either way."""
    off = (ours - torch.stack(expected)).abs() > 1e-4
    assert off.double().mean() < 0.005


@pytest.mark.parametrize("fill", [0.0, 0.5])
def test_random_rotation(fill: float) -> None:
    spec = made("RandomRotation", degrees=90.0, fill=fill)
    angles = spec.angles(images(), seeded())
    expected = [theirs.rotate(image, a, fill=fill) for image, a in each(images(), angles)]
    almost_all(spec.draw(images(), seeded()), expected)
    many = spec.angles(images(n=2000), seeded())
    assert (many.min() < -80, many.max() > 80, many.abs().max() <= 90) == (True, True, True)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"degrees": (20.0, 30.0)},
        {"degrees": 0.0, "translate": (0.3, 0.1)},
        {"degrees": 0.0, "scale": (0.5, 2.0)},
        {"degrees": 0.0, "shear": 30.0},
        {"degrees": 40.0, "translate": (0.2, 0.2), "scale": (0.7, 1.5), "shear": (10.0, 20.0)},
    ],
)
@pytest.mark.parametrize("fill", [0.0, 0.5])
def test_random_affine(arguments: dict[str, Any], fill: float) -> None:
    spec = made("RandomAffine", fill=fill, **arguments)
    drawn = spec.parameters(images(), seeded())
    expected = [
        theirs.affine(image, angle, [int(x), int(y)], scale, [shear, 0.0], fill=[fill])
        for image, angle, x, y, scale, shear in each(images(), *drawn.values())
    ]
    almost_all(spec.draw(images(), seeded()), expected)


def test_bilinear_turns_are_torchvisions_away_from_the_border() -> None:
    spec = made("RandomRotation", degrees=5.0, interpolation="bilinear")
    expected = [
        theirs.rotate(image, angle, InterpolationMode.BILINEAR)
        for image, angle in each(images(), spec.angles(images(), seeded()))
    ]
    inner = (..., slice(4, -4), slice(4, -4))
    close(spec.draw(images(), seeded())[inner], [e[inner] for e in expected], atol=1e-5, rtol=0)


@pytest.mark.parametrize("channels", [1, 3])
def test_grayscale(channels: int) -> None:
    for outputs in (1, 3):
        spec = made("Grayscale", num_output_channels=outputs)
        expected = [theirs.rgb_to_grayscale(image, outputs) for image in images(channels)]
        close(spec.apply(images(channels)), expected, atol=1e-6, rtol=0)
        assert spec.out_shape((channels, 4, 5)) == (outputs, 4, 5)


def test_normalize() -> None:
    mean, std = (0.4, 0.5, 0.6), (0.2, 0.3, 0.4)
    twin = v2.Normalize(mean, std)
    ours = made("Normalize", mean=mean, std=std).apply(images())
    close(ours, [twin(image) for image in images()], atol=1e-6, rtol=0)


ADJUST = {
    "brightness": theirs.adjust_brightness,
    "contrast": theirs.adjust_contrast,
    "saturation": theirs.adjust_saturation,
    "hue": theirs.adjust_hue,
}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("seed", range(6))
def test_color_jitter(channels: int, seed: int) -> None:
    spec = made("ColorJitter", brightness=0.6, contrast=(0.2, 1.9), saturation=0.7, hue=0.3)
    expected = list(images(channels))
    drawn = spec.parameters(images(channels), seeded(seed))
    assert set(drawn) == set(ADJUST)
    for name, factors in drawn.items():
        pairs = zip(expected, factors.tolist(), strict=True)
        expected = [ADJUST[name](image, factor) for image, factor in pairs]
    close(spec.draw(images(channels), seeded(seed)), expected, atol=1e-5, rtol=0)
    assert drawn["brightness"].unique().numel() == N


def test_the_order_of_color_jitter_changes_and_what_is_still_is_left_out() -> None:
    spec = made("ColorJitter", brightness=0.6, contrast=0.3, saturation=0.0, hue=0.0)
    orders = {tuple(spec.parameters(images(), seeded(seed))) for seed in range(20)}
    assert orders == {("brightness", "contrast"), ("contrast", "brightness")}


@pytest.mark.parametrize("p", [0.0, 0.5, 1.0])
def test_random_erasing(p: float) -> None:
    spec = made("RandomErasing", p=p, value=0.75)
    boxes = spec.boxes(images(), seeded())
    expected = [
        theirs.erase(image, *box, torch.full((3, 1, 1), 0.75))
        for image, *box in each(images(), *boxes)
    ]
    close(spec.draw(images(), seeded()), expected, atol=0, rtol=0)
    height, width = spec.boxes(images(n=2000), seeded())[2:].double()
    erased = height * width > 0
    assert erased.double().mean().item() == pytest.approx(p, abs=0.05)
    area = (height * width)[erased] / (20 * 26)
    assert ((area > 0.0) & (area < 0.4)).all()
    if p:
        assert (height / width)[erased].log().mean().abs() < 0.2


def test_mixup() -> None:
    spec = made("MixUp", alpha=0.4)
    share = spec.share(seeded())
    batch, labels = images(), torch.arange(N) % 4
    targets = torch.nn.functional.one_hot(labels, 4).float()
    twin = v2.MixUp(num_classes=4)
    params = {"lam": share, "labels": labels, "batch_size": N}
    inputs, mixed = spec.draw_mixed(batch, targets, seeded())
    torch.testing.assert_close(inputs, twin.transform(batch, params))
    torch.testing.assert_close(mixed, twin.transform(labels, params))
    shares = [spec.share(seeded(seed)) for seed in range(500)]
    middle = torch.tensor(shares).mean().item()
    assert middle == pytest.approx(0.5, abs=0.06), "Beta(alpha, alpha) is even"


def test_cutmix() -> None:
    spec = made("CutMix")
    batch, labels = images(), torch.arange(N) % 4
    targets = torch.nn.functional.one_hot(labels, 4).float()
    boxes = set()
    for seed in range(10):
        left, top, right, bottom = box = spec.box(batch, seeded(seed))
        adjusted = 1.0 - (right - left) * (bottom - top) / (20 * 26)
        params = {"box": box, "lam_adjusted": adjusted, "labels": labels, "batch_size": N}
        twin = v2.CutMix(num_classes=4)
        inputs, mixed = spec.draw_mixed(batch, targets, seeded(seed))
        torch.testing.assert_close(inputs, twin.transform(batch, params))
        torch.testing.assert_close(mixed, twin.transform(labels, params))
        boxes.add(box)
    assert len(boxes) == 10


@pytest.mark.parametrize("magnitude", [0, 9, 30])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_operations_of_rand_augment(operation: str, magnitude: int) -> None:
    twin = v2.RandAugment(magnitude=magnitude)
    magnitudes, signed = twin._AUGMENTATION_SPACE[operation]
    found = magnitudes(31, 20, 26)
    strength = 0.0 if found is None else float(found[magnitude])
    for sign in (1.0, -1.0) if signed else (1.0,):
        ours = RandAugment(magnitude=magnitude).done(images(), operation, sign)
        expected = [
            twin._apply_image_or_video_transform(
                image, operation, sign * strength, InterpolationMode.NEAREST, {Tensor: None}
            )
            for image in images()
        ]
        close(ours, expected, atol=1e-5, rtol=0)


def test_rand_augment_draws_for_every_sample() -> None:
    spec = made("RandAugment", num_ops=3)
    numbers = spec.operations(images(n=3000), seeded())
    counts = torch.bincount(numbers[0] % len(OPERATIONS), minlength=len(OPERATIONS))
    assert (counts / 3000 - 1 / 14).abs().max() < 0.02
    expected = []
    for image, column in zip(images(), spec.operations(images(), seeded()).T, strict=True):
        batch = image[None]
        for number in column.tolist():
            batch = spec.done(batch, OPERATIONS[number % 14], -1.0 if number >= 14 else 1.0)
        expected.append(batch[0])
    close(spec.draw(images(), seeded()), expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("transforms", "words"),
    [
        ([{"type": "Resize", "size": 0}], "greater than or equal to 1"),
        ([{"type": "Resize", "size": 100_000}], "less than or equal to 4096"),
        ([{"type": "RandomCrop", "size": 9}], "RandomCrop can't cut 9 × 9 out of 8 × 8"),
        ([{"type": "Normalize", "mean": [0.1, 0.2]}], "2 values of mean for 1 channels"),
        ([{"type": "RandomRotation", "degrees": -3.0}], "must not be negative"),
        ([{"type": "ColorJitter", "hue": 0.7}], "0 to 0.5"),
        ([{"type": "Blur"}], "unknown type 'Blur'"),
        ([{"type": "Resize"}] * 51, "at most 50"),
    ],
)
def test_a_list_that_can_not_work_is_refused_in_words(transforms: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        DatasetSpec.named("Digits")(prepare=transforms)


def test_tables_have_no_images_to_transform_and_numbers_no_classes_to_mix() -> None:
    with pytest.raises(ValidationError, match="Resize works on images; a sample here is 4"):
        DatasetSpec.named("Iris")(prepare=[{"type": "Resize"}])
    with pytest.raises(ValidationError, match="MixUp and CutMix needs classes"):
        DatasetSpec.named("Diabetes")(prepare=[{"type": "MixUp"}])
    with pytest.raises(ValidationError, match="balance needs classes"):
        DatasetSpec.named("Diabetes")(balance="weights")
    assert DatasetSpec.named("Iris")(prepare=[{"type": "MixUp"}]).info().shape == (4,)


def test_shapes_follow_through_the_list() -> None:
    steps = [
        {"type": "Resize", "size": (20, 30)},
        {"type": "RandomCrop", "size": 16},
        {"type": "Grayscale", "num_output_channels": 3},
    ]
    data = DatasetSpec.named("Digits")(prepare=steps)
    assert data.info().shape == (3, 16, 16)
    assert data.source_info().shape == (1, 8, 8)
    assert DatasetSpec.model_validate_json(data.model_dump_json()) == data
