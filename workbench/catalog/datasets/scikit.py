"""The small real datasets that scikit-learn ships."""

from collections.abc import Mapping
from typing import ClassVar

from workbench.catalog.datasets.splitting import WithTestShare
from workbench.core.data import DatasetInfo, Samples, Split, Task
from workbench.core.layer import Shape
from workbench.core.source import Source


class _Scikit(WithTestShare, abstract=True):
    """A dataset of `sklearn.datasets`, which has no test split of its own."""

    loader: ClassVar[str]
    total: ClassVar[int]
    shape: ClassVar[Shape]
    task: ClassVar[Task] = "classification"
    classes: ClassVar[tuple[str, ...]] = ()
    features: ClassVar[tuple[str, ...]] = ()
    target: ClassVar[str] = "class"

    def source_info(self) -> DatasetInfo:
        return DatasetInfo(
            title=self.title,
            origin="built in",
            shape=self.shape,
            task=self.task,
            sizes=self.sizes({"train": self.total}),
            classes=self.classes,
            features=self.features,
            target=self.target,
            full_scale=16.0,
        )

    def load(self) -> Mapping[Split, Samples]:
        return self.split({"train": self._samples()})

    def source(self) -> Source:
        inputs = "data.data.astype(np.float32)"
        if len(self.shape) == 3:
            inputs = f"data.data.astype(np.uint8).reshape(-1, {', '.join(map(str, self.shape))})"
        kind = "int64" if self.task == "classification" else "float32"
        lines = (
            f"data = {self.loader}()",
            f"inputs = {inputs}",
            f"targets = data.target.astype(np.{kind})",
        )
        return Source(lines, ("import numpy as np", f"from sklearn.datasets import {self.loader}"))

    def _samples(self) -> Samples:
        import numpy as np
        from sklearn import datasets

        found = getattr(datasets, self.loader)()
        kind = np.int64 if self.task == "classification" else np.float32
        inputs = found.data.astype(np.uint8 if len(self.shape) == 3 else np.float32)
        return Samples(inputs.reshape(-1, *self.shape), found.target.astype(kind))


class Digits(_Scikit):
    """sklearn.datasets.load_digits: 1,797 scans of handwritten digits, 8x8."""

    title: ClassVar[str] = "Digits (8×8 scans)"
    summary: ClassVar[str] = "1,797 scans of handwritten digits, 8×8, ten classes"
    loader: ClassVar[str] = "load_digits"
    total: ClassVar[int] = 1797
    shape: ClassVar[Shape] = (1, 8, 8)
    classes: ClassVar[tuple[str, ...]] = tuple("0123456789")


class Iris(_Scikit):
    """sklearn.datasets.load_iris: 150 flowers, 4 measures, 3 species."""

    title: ClassVar[str] = "Iris"
    summary: ClassVar[str] = "150 flowers, 4 measures, three species"
    loader: ClassVar[str] = "load_iris"
    total: ClassVar[int] = 150
    shape: ClassVar[Shape] = (4,)
    classes: ClassVar[tuple[str, ...]] = ("setosa", "versicolor", "virginica")
    features: ClassVar[tuple[str, ...]] = (
        "sepal length (cm)",
        "sepal width (cm)",
        "petal length (cm)",
        "petal width (cm)",
    )
    target: ClassVar[str] = "species"


class BreastCancer(_Scikit):
    """sklearn.datasets.load_breast_cancer: 569 biopsies, 30 measures, malignant or benign."""

    title: ClassVar[str] = "Breast cancer"
    summary: ClassVar[str] = "569 biopsies, 30 measures, malignant or benign"
    loader: ClassVar[str] = "load_breast_cancer"
    total: ClassVar[int] = 569
    shape: ClassVar[Shape] = (30,)
    classes: ClassVar[tuple[str, ...]] = ("malignant", "benign")
    features: ClassVar[tuple[str, ...]] = tuple(
        name
        for form in ("mean {}", "{} error", "worst {}")
        for name in map(
            form.format,
            (
                "radius",
                "texture",
                "perimeter",
                "area",
                "smoothness",
                "compactness",
                "concavity",
                "concave points",
                "symmetry",
                "fractal dimension",
            ),
        )
    )
    target: ClassVar[str] = "diagnosis"


class Wine(_Scikit):
    """sklearn.datasets.load_wine: 178 wines, 13 measures, 3 growers."""

    title: ClassVar[str] = "Wine"
    summary: ClassVar[str] = "178 wines, 13 measures, three growers"
    loader: ClassVar[str] = "load_wine"
    total: ClassVar[int] = 178
    shape: ClassVar[Shape] = (13,)
    classes: ClassVar[tuple[str, ...]] = ("class_0", "class_1", "class_2")
    features: ClassVar[tuple[str, ...]] = (
        "alcohol",
        "malic_acid",
        "ash",
        "alcalinity_of_ash",
        "magnesium",
        "total_phenols",
        "flavanoids",
        "nonflavanoid_phenols",
        "proanthocyanins",
        "color_intensity",
        "hue",
        "od280/od315_of_diluted_wines",
        "proline",
    )
    target: ClassVar[str] = "grower"


class Diabetes(_Scikit):
    """sklearn.datasets.load_diabetes: 442 patients, 10 measures, progression after a year."""

    title: ClassVar[str] = "Diabetes"
    summary: ClassVar[str] = "442 patients, 10 measures, a number: progression after one year"
    loader: ClassVar[str] = "load_diabetes"
    total: ClassVar[int] = 442
    shape: ClassVar[Shape] = (10,)
    task: ClassVar[Task] = "regression"
    features: ClassVar[tuple[str, ...]] = (
        "age",
        "sex",
        "bmi",
        "bp",
        "s1",
        "s2",
        "s3",
        "s4",
        "s5",
        "s6",
    )
    target: ClassVar[str] = "progression"
