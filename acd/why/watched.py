"""A state that shows itself at every fact, in the very moment in which the engine tells it."""

from collections.abc import Callable
from typing import Any

from acd.core.engine import Engine
from acd.core.facts import Fact
from acd.core.state import State

Watch = Callable[[Fact], None]


class Watched(State):
    """As `State`; `watch` is called before a fact is noted. It must change nothing.

    What was free for what is known only while it is decided: one event may lead to several decisions.
    """

    watch: Watch = staticmethod(lambda fact: None)  # noqa: ARG005

    @property
    def tell(self) -> Watch:
        return self._tell

    @tell.setter
    def tell(self, note: Watch) -> None:
        def told(fact: Fact) -> None:
            self.watch(fact)
            note(fact)

        self._tell = told


def watched(engine: Engine, watch: Watch) -> Engine:
    """An engine with the same state, which takes the place of that one."""
    state: Any = Watched.__new__(Watched)
    vars(state).update(vars(engine.state))
    state.watch = watch
    state.begin()
    return Engine(state)
