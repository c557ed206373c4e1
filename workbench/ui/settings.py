"""What the window remembers: geometry, layout, theme, recent files, the runs folder."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from workbench.core.places import runs_dir, user_data

RECENT = 10


class Settings:
    """A file of settings in the user's data folder."""

    def __init__(self) -> None:
        path = user_data() / "settings.ini"
        self._store = QSettings(str(path), QSettings.Format.IniFormat)

    @property
    def theme(self) -> str:
        """`system`, `light` or `dark`."""
        return str(self._store.value("theme", "system"))

    @theme.setter
    def theme(self, mode: str) -> None:
        self._store.setValue("theme", mode)

    @property
    def runs_dir(self) -> Path:
        """Where runs are kept."""
        chosen = self._store.value("runs_dir", "")
        return Path(str(chosen)) if chosen else runs_dir()

    @runs_dir.setter
    def runs_dir(self, folder: Path) -> None:
        self._store.setValue("runs_dir", str(folder))

    @property
    def dismissed_run(self) -> Path | None:
        """The interrupted run that is not to be offered again."""
        told = self._store.value("dismissed_run", "")
        return Path(str(told)) if told else None

    @dismissed_run.setter
    def dismissed_run(self, folder: Path | None) -> None:
        self._store.setValue("dismissed_run", str(folder or ""))

    @property
    def recent(self) -> list[Path]:
        """Project files, the last used first."""
        count = self._store.beginReadArray("recent")
        found = []
        for index in range(count):
            self._store.setArrayIndex(index)
            found.append(Path(str(self._store.value("path"))))
        self._store.endArray()
        return found

    def add_recent(self, path: Path) -> None:
        """Put a project file first among the recent ones."""
        paths = [path, *(other for other in self.recent if other != path)][:RECENT]
        self._write_recent(paths)

    def forget_recent(self, path: Path) -> None:
        """Take a project file that is gone out of the recent ones."""
        self._write_recent([other for other in self.recent if other != path])

    def _write_recent(self, paths: list[Path]) -> None:
        self._store.remove("recent")
        self._store.beginWriteArray("recent", len(paths))
        for index, path in enumerate(paths):
            self._store.setArrayIndex(index)
            self._store.setValue("path", str(path))
        self._store.endArray()

    def bytes(self, key: str) -> QByteArray:
        """A geometry or layout that `keep` stored; empty if there is none."""
        value = self._store.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()

    def keep(self, key: str, value: QByteArray) -> None:
        """Store a geometry or layout."""
        self._store.setValue(key, value)
