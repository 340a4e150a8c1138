"""What the terminal does whatever is on the screen: themes, keys' names, errors, the clipboard, the editor."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from textual.app import App, SuspendNotSupported
from textual.binding import Binding
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

from battui.contracts.errors import BattuiError, Unreachable, UsageError
from battui.contracts.resources import folder
from battui.tui.clipboard import MAX_COPY, copy_sequence, fits_clipboard
from battui.tui.driver import TerminalDriver
from battui.tui.keys import bindings, checked_keymap, keys_of
from battui.tui.session import Session, load_session
from battui.tui.themes import load_themes

_HERE = Path(__file__).parent

Editor: TypeAlias = Callable[[str, str, list[str]], str]
"""Has the user edit a text in a file of that name, with notes above it. Raises BattuiError."""


class Shell(App[int], inherit_bindings=False):
    """An app without anything on its screen yet. Its result is the exit code."""

    TITLE = "battui"
    CSS_PATH = sorted(_HERE.rglob("*.tcss"))
    BINDINGS = bindings("app", "move")
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-normal"), (160, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-high")]  # noqa: RUF012

    def __init__(
        self,
        *,
        theme: str,
        state_dir: Path | None,
        keymap: Mapping[str, str],
        theme_dirs: Sequence[Path],
        editor: Editor | None,
    ) -> None:
        """Raises UsageError for a keymap or theme that does not exist."""
        super().__init__()
        self.user_keys = checked_keymap(keymap)
        self.state_dir = state_dir
        self.earlier: Session = load_session(state_dir)
        self.configured_theme = theme
        self._editor = editor
        self.theme_errors = self._register_themes(theme, theme_dirs)

    def _register_themes(self, theme: str, theme_dirs: Sequence[Path]) -> list[BattuiError]:
        themes, errors = load_themes([folder("themes"), *theme_dirs])
        for known in themes:
            self.register_theme(known)
        if theme not in self.available_themes:
            raise UsageError(
                "there is no such theme",
                about=theme,
                remedy=f"Choose one of {', '.join(sorted(known.name for known in themes))}.",
            )
        # What was chosen on the screen holds until the settings name another.
        chosen = self.earlier.theme if self.earlier.configured == theme else ""
        self.theme = chosen if chosen in self.available_themes else theme
        return [*errors]

    def get_driver_class(self) -> type[Driver]:
        # In a browser and in tests there is another driver, and no terminal that could go away.
        driver = super().get_driver_class()
        return TerminalDriver if driver is LinuxDriver else driver

    def get_theme_variable_defaults(self) -> dict[str, str]:
        # Themes that do not know battui's own colour get one that can be read on light and dark.
        return {"muted": "#868c96"}

    def key_names(self, keys: str) -> str:
        """Return the names of keys as a keyboard has them."""
        return " ".join(self.get_key_display(Binding(key.strip(), "")) for key in keys.split(","))

    def key_of(self, action: str) -> str:
        """Return the name of the key that starts the action with that id."""
        return self.key_names(keys_of(action, self.user_keys))

    def tell(self, error: BattuiError) -> None:
        """Show an error as the sentence it is."""
        self.notify(str(error), severity="error", markup=False)

    def lose_kernel(self, reason: Exception | None = None) -> None:
        """Leave, because there is no kernel any more."""
        if not self._exit:
            why = f": {reason}" if reason is not None else ""
            code = Unreachable.exit_code
            self.exit(code, return_code=code, message=f"The kernel has ended{why}. Start battui again.")

    def edit(self, text: str, name: str, notes: Sequence[str]) -> str | None:
        """Leave the screen to the user's editor; what was written, or None after saying why there is nothing."""
        if self._editor is None:
            self.notify("There is no editor here.", severity="warning")
            return None
        refusal: BattuiError | None = None
        try:
            with self.suspend():
                # Caught in here: an exception that came out would leave the screen suspended for good.
                try:
                    return self._editor(text, name, list(notes))
                except BattuiError as error:
                    refusal = error
        except SuspendNotSupported:
            self.notify("This terminal cannot be left to an editor.", severity="warning")
        if refusal is not None:
            self.tell(refusal)
        return None

    def copy_to_clipboard(self, text: str) -> None:
        size = len(text.encode())
        if not text:
            self.notify("There is nothing to copy here.", severity="warning")
        elif not fits_clipboard(text):
            self.notify(
                f"{size} bytes are too many for the terminal's clipboard, which takes {MAX_COPY}.",
                severity="error",
            )
        elif self._driver is not None:
            self._clipboard = text
            self._driver.write(copy_sequence(text, os.environ))
            self.notify(f"Copied {size} bytes.", timeout=2)

    async def action_quit(self) -> None:
        self.exit(0)

    def action_move(self, key: str) -> None:
        self.simulate_key(key)
