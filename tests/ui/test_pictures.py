"""Captions below pictures."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QImage, QStandardItem, QStandardItemModel
from pytestqt.qtbot import QtBot

from workbench.ui.pictures import CAPTION, IMAGE, picture_list
from workbench.ui.theme import Theme


def painted(qtbot: QtBot, caption: str) -> QImage:
    view = picture_list("pictures", "Pictures", Theme("light"), 48, 30)
    qtbot.addWidget(view)
    item = QStandardItem()
    image = QImage(QSize(28, 28), QImage.Format.Format_Grayscale8)
    image.fill(0)
    item.setData(image, IMAGE)
    item.setData([(caption, "#c00", True)], CAPTION)
    model = QStandardItemModel(view)
    model.appendRow(item)
    view.setModel(model)
    view.resize(200, 120)
    with qtbot.waitExposed(view):
        view.show()
    return view.viewport().grab().toImage()


def test_a_long_name_leaves_room_for_its_probability(qtbot: QtBot) -> None:
    few, many = (painted(qtbot, f"T-shirt with long arms {n} %") for n in (4, 99))
    again = painted(qtbot, "T-shirt with long arms 4 %")
    assert few == again
    assert few != many
