"""Client-defined KPIs: a small formula over counts and other KPIs, read safely: no Python is ever run.

    formula = sum of products of: numbers, names, ( ), min(…), max(…), kpi["name"], code["wrap-up code"]

Names are those of `Counts` and, where a count has not the same name, of KPIs; `kpi[…]` always means the KPI
and `code[…]` the number of contacts with that wrap-up code.
"""

import ast
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches

from msgspec import Struct, field

from acd.kpi.definitions import DEFINITIONS, ONE, Definition, Part
from acd.kpi.service import Counts

MAX_LENGTH = 500
"""Far beyond what a person reads; a formula is worked out for each cell of a report."""
MAX_NODES = 150
MAX_DEPTH = 60
MAX_CHAIN = 20
"""KPIs that one after the other use the next."""
MAX_COST = 2_000
"""Parts of a formula with those of all the KPIs that it uses, each as often as it is used."""

COUNT_NAMES = (*Counts.__struct_fields__, "offered")

NOTHING = float("nan")
"""What has no value: a division by zero, or a KPI of nothing. Whatever is made of it has none either."""

ALLOWED = 'a formula has numbers, names, + - * / ( ), min(…), max(…), kpi["…"] and code["…"] only'


class FormulaError(ValueError):
    """A formula that cannot be used; `column` (from 1) is where, 0: nowhere in particular."""

    def __init__(self, reason: str, column: int = 0) -> None:
        super().__init__(f"column {column}: {reason}" if column else reason)
        self.reason = reason
        self.column = column


class Rule(Struct, frozen=True):
    """A KPI as a client defined it."""

    name: str
    formula: str
    unit: str = "number"
    title: str = ""
    version: int = 1


class CodedCounts(Counts, gc=False):
    """Counts that know how often each wrap-up code was given; plain `Counts` know of none."""

    codes: dict[str, int] = field(default_factory=dict)


def define(rules: Sequence[Rule], known: Mapping[str, Definition] = DEFINITIONS) -> dict[str, Definition]:
    """The definitions of the rules by name, which may use each other in any order.

    Raises WrongRule: not a formula, an unknown name, KPIs defined by each other in a circle, too much of
    it, or a name that is taken.
    """
    book = _Book(rules, known)
    for rule in rules:
        try:
            if rule.name in known or rule.name in COUNT_NAMES:
                taken = "KPI" if rule.name in known else "count"
                raise FormulaError(f"there is a {taken} of this name already")
            book.look_up(rule.name, ())
        except FormulaError as error:
            raise WrongRule(rule.name, error) from error
    return book.found


class WrongRule(FormulaError):
    """The formula of the KPI `name` is wrong, or one that it uses."""

    def __init__(self, name: str, error: FormulaError) -> None:
        super().__init__(error.reason, error.column)
        self.name = name


class _Book:
    """All rules, and the definitions that were made of them so far."""

    def __init__(self, rules: Sequence[Rule], known: Mapping[str, Definition]) -> None:
        self.found: dict[str, Definition] = {}
        self.names = (*COUNT_NAMES, *known, *(rule.name for rule in rules))
        self._rules = {rule.name: rule for rule in rules}
        self._known = known
        self._costs: dict[str, int] = {}

    def look_up(self, name: str, above: tuple[str, ...]) -> tuple[Definition, int] | None:
        """The definition of that name and its cost; `above`: what is being defined by it, outermost first."""
        if name in above:
            raise FormulaError(f"defined by itself: {' → '.join((*above, name))}")
        if len(above) > MAX_CHAIN:
            raise FormulaError(f"more than {MAX_CHAIN} KPIs use each other one after the other")
        if name in self._rules and name not in self.found:
            self._define(self._rules[name], above)
        if name in self.found:
            return self.found[name], self._costs[name]
        return (self._known[name], 1) if name in self._known else None

    def _define(self, rule: Rule, above: tuple[str, ...]) -> None:
        tree = _parsed(rule.formula)
        reader = _Reader(rule.formula, self, (*above, rule.name))
        over, under = reader.fraction(tree)
        if reader.cost > MAX_COST:
            raise FormulaError("uses other KPIs so often that it would take too long")
        self._costs[rule.name] = reader.cost
        self.found[rule.name] = Definition(
            name=rule.name,
            formula=rule.formula,
            unit=rule.unit,
            meaning=rule.title or rule.name,
            german=rule.title or rule.name,
            numerator=over,
            denominator=under,
            version=rule.version,
        )


def _parsed(text: str) -> ast.expr:
    """The tree of the formula, of bounded size. Raises FormulaError."""
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"longer than {MAX_LENGTH} characters")
    if not text.strip():
        raise FormulaError("there is no formula")
    if "#" in text or "\n" in text or not text.isprintable():
        raise FormulaError("must be one line of printable text without comments")
    inner = text.strip()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Python finds some texts doubtful: they are no formulas
            tree = ast.parse(inner, mode="eval").body
    except SyntaxError as error:
        column = _shifted(text, error.offset or len(inner) + 1)
        raise FormulaError(f"not a formula: {error.msg}", column) from error
    except (ValueError, RecursionError, MemoryError, Warning) as error:
        raise FormulaError("nested too deeply, or not a formula") from error
    _check_size(tree)
    return tree


def _check_size(tree: ast.expr) -> None:
    level: list[ast.AST] = [tree]
    nodes = depth = 0
    while level:
        nodes, depth = nodes + len(level), depth + 1
        if nodes > MAX_NODES or depth > MAX_DEPTH:
            raise FormulaError(f"more than {MAX_NODES} parts, or nested more than {MAX_DEPTH} deep")
        children = (child for node in level for child in ast.iter_child_nodes(node))
        level = [child for child in children if isinstance(child, ast.expr)]


def _shifted(text: str, column: int) -> int:
    return column + len(text) - len(text.lstrip())


class _Reader:
    """From tree to functions of counts."""

    def __init__(self, text: str, book: _Book, above: tuple[str, ...]) -> None:
        self.cost = 0
        self._text = text
        self._book = book
        self._above = above

    def fraction(self, node: ast.expr) -> tuple[Part, Part]:
        """Numerator and denominator of the whole, so that ratios of sums can be told from sums of ratios."""
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            return self.part(node.left), self.part(node.right)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            if isinstance(node.right, ast.Constant):
                above, below = self.fraction(node.left)
                return _product(above, self.part(node.right)), below
            if isinstance(node.left, ast.Constant):
                above, below = self.fraction(node.right)
                return _product(self.part(node.left), above), below
        return self.part(node), ONE

    def part(self, node: ast.expr) -> Part:
        """The value of a part of the formula; NOTHING if it has none."""
        self.cost += 1
        for kind, read in _READERS.items():
            if isinstance(node, kind):
                return read(self, node)
        raise self.error(node, ALLOWED)

    def error(self, node: ast.expr, reason: str) -> FormulaError:
        before = self._text.strip().encode()[: node.col_offset].decode(errors="replace")
        return FormulaError(reason, _shifted(self._text, len(before) + 1))

    def constant(self, node: ast.Constant) -> Part:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(node, ALLOWED)
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise self.error(node, "this number is too large")
        return lambda counts: number  # noqa: ARG005

    def name(self, node: ast.Name) -> Part:
        if node.id in COUNT_NAMES:
            name = node.id
            return lambda counts: float(getattr(counts, name))
        return self._kpi(node, node.id)

    def sign(self, node: ast.UnaryOp) -> Part:
        inner = self.part(node.operand)
        if isinstance(node.op, ast.USub):
            return lambda counts: -inner(counts)
        if isinstance(node.op, ast.UAdd):
            return inner
        raise self.error(node, ALLOWED)

    def operation(self, node: ast.BinOp) -> Part:
        combine = _OPERATIONS.get(type(node.op))
        if combine is None:
            raise self.error(node, ALLOWED)
        return combine(self.part(node.left), self.part(node.right))

    def call(self, node: ast.Call) -> Part:
        choose = _CHOICES.get(node.func.id) if isinstance(node.func, ast.Name) else None
        if choose is None:
            raise self.error(node, "only min and max can be called")
        if not node.args or node.keywords:
            raise self.error(node, "min and max need one value or more, separated by commas")
        parts = [self.part(inner) for inner in node.args]

        def value(counts: Counts) -> float:
            values = [part(counts) for part in parts]
            return NOTHING if any(map(math.isnan, values)) else choose(values)

        return value

    def subscript(self, node: ast.Subscript) -> Part:
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
        kind = node.value.id if isinstance(node.value, ast.Name) else ""
        if kind not in ("kpi", "code") or not isinstance(key, str):
            raise self.error(node, ALLOWED)
        if kind == "kpi":
            return self._kpi(node, key)
        return lambda counts: float(counts.codes.get(key, 0)) if isinstance(counts, CodedCounts) else NOTHING

    def _kpi(self, node: ast.expr, name: str) -> Part:
        looked_up = self._book.look_up(name, self._above)
        if looked_up is None:
            near = get_close_matches(name, self._book.names, n=1)
            hint = f', did you mean "{near[0]}"?' if near else ""
            raise self.error(node, f'unknown name "{name}"{hint}')
        definition, cost = looked_up
        self.cost += cost

        def value(counts: Counts) -> float:
            found = definition.value(counts)
            return NOTHING if found is None else float(found)

        return value


def _sum(left: Part, right: Part) -> Part:
    return lambda counts: left(counts) + right(counts)


def _difference(left: Part, right: Part) -> Part:
    return lambda counts: left(counts) - right(counts)


def _product(left: Part, right: Part) -> Part:
    return lambda counts: left(counts) * right(counts)


def _quotient(left: Part, right: Part) -> Part:
    def value(counts: Counts) -> float:
        below = right(counts)
        return left(counts) / below if below else NOTHING

    return value


_OPERATIONS: Mapping[type[ast.operator], Callable[[Part, Part], Part]] = {
    ast.Add: _sum,
    ast.Sub: _difference,
    ast.Mult: _product,
    ast.Div: _quotient,
}
_CHOICES: Mapping[str, Callable[[Sequence[float]], float]] = {"min": min, "max": max}
_READERS: Mapping[type[ast.expr], Callable[..., Part]] = {
    ast.Constant: _Reader.constant,
    ast.Name: _Reader.name,
    ast.UnaryOp: _Reader.sign,
    ast.BinOp: _Reader.operation,
    ast.Call: _Reader.call,
    ast.Subscript: _Reader.subscript,
}
