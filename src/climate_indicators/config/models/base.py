"""Base class and types that the models of the configuration share."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Tag,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema


class Group(BaseModel):
    """A group of keys. Unknown keys are errors, and no value is converted from another type.

    The docstring below a key is its description. ``schema`` reads these when a manual, an editor or a message needs
    them; pydantic would read the source at every start.
    """

    model_config = ConfigDict(strict=True, extra="forbid", defer_build=True)


class Type:
    """Marks a type by its validation and by what its JSON schema says in addition.

    Pydantic's own annotations would give the same, but take several times as long to build at every start.
    """

    def __init__(self, schema: CoreSchema | None = None, distinct: bool = False, **limits: Any) -> None:
        """``schema``: complete validation, else that of the annotated type with ``limits``."""
        self.schema, self.distinct = schema, distinct
        example = limits.pop("example", None)
        words = {"unit": limits.pop("unit", ""), "nan": limits.pop("nan", False)}
        self.words = {name: value for name, value in words.items() if value}
        self.words |= {"examples": [example]} if example is not None else {}
        self.limits = limits

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validation."""
        schema = self.schema or {**handler(source), **self.limits}
        return core_schema.no_info_after_validator_function(_check_distinct, schema) if self.distinct else schema

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """JSON schema."""
        return {**handler(schema), **self.words, **({"uniqueItems": True} if self.distinct else {})}


def _check_distinct(items: list[Any]) -> list[Any]:
    if len({tuple(sorted(item.items())) if isinstance(item, Mapping) else item for item in items}) < len(items):
        raise PydanticCustomError("distinct", "two items are equal")
    return items


def whole(*, unit: str = "", **limits: int) -> Any:
    """Type of whole numbers, with limits ``ge``, ``gt``, ``le`` and ``lt``. 30.0 is one and becomes 30; true is not."""
    schema = core_schema.int_schema(strict=True, **limits)
    return Annotated[int, Type(core_schema.no_info_before_validator_function(_as_whole, schema), unit=unit)]


def _as_whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def number(*, unit: str = "", nan: bool = False, example: Any = None, **limits: float) -> Any:
    """Type of finite numbers, or ``nan``, with limits as of `whole`. A number stays as it was written, 10 or 10.0."""

    def check(value: Any, is_number: Callable[[Any], float]) -> Any:
        if not (nan and isinstance(value, float) and math.isnan(value)):
            is_number(value)
        return value

    schema = core_schema.float_schema(strict=True, allow_inf_nan=False, **limits)
    as_written = core_schema.no_info_wrap_validator_function(check, schema)
    return Annotated[float, Type(as_written, unit=unit, nan=nan, example=example)]


def text(*, example: Any = None, unit: str = "", **limits: Any) -> Any:
    """Type of text, with limits ``min_length`` and ``pattern``."""
    return Annotated[str, Type(core_schema.str_schema(strict=True, **limits), unit=unit, example=example)]


def list_of(item: Any, *, distinct: bool = False, unit: str = "", example: Any = None, **limits: int) -> Any:
    """Type of lists, with limits ``min_length`` and ``max_length``; ``distinct``: items must differ."""
    return Annotated[list[item], Type(None, distinct, unit=unit, example=example, **limits)]


def map_of(item: Any, *, example: Any = None, **limits: int) -> Any:
    """Type of groups with names of the user's own."""
    return Annotated[dict[str, item], Type(None, example=example, **limits)]


def sites_of(site: Any) -> Any:
    """Type of the sites of a study by name, at least one."""
    return Annotated[dict[Name, site], Type(None, min_length=1)]


def _kind(value: Any) -> str:
    kinds = {str: "text", list: "list", int: "number", float: "number"}
    return "<group>" if isinstance(value, (Mapping, BaseModel)) else f"<{kinds.get(type(value))}>"


def either(**alternatives: Any) -> Any:
    """Type of values of several kinds, each with its own type: ``text``, ``list``, ``number``, ``group``.

    Only the alternative of the value's own kind is validated, so that a problem is named once.
    """
    types, *others = (Annotated[kind, Tag(f"<{name}>")] for name, kind in alternatives.items())
    for other in others:
        types = types | other
    return Annotated[types, Discriminator(_kind)]


def group(model: type[Group]) -> Any:
    """A group whose keys all have defaults."""
    return Field(default_factory=model)


def optional() -> Any:
    """A group that is left out of the configuration unless it is given."""
    return Field(None, exclude_if=lambda value: value is None, json_schema_extra=lambda schema: schema.pop("default"))


Text = text(min_length=1)
Name = text(pattern="^[a-z][a-z0-9_]*$")
Texts = list_of(Text, distinct=True)
Seed = whole(ge=0, le=4294967295)
Year = whole(ge=1900, le=2200)
Day = text(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$", example="2014-01-01")
Month = text(pattern="^[0-9]{4}-(0[1-9]|1[0-2])$", example="2009-01")
Count = whole(ge=1, le=100000)
BatchSize = whole(ge=1, le=65536)
Fraction = number(ge=0, le=1)
Probability = number(gt=0, lt=1)
# no name and password before the host: credentials come from the environment
Address = text(pattern="^https?://[^/@]+(/.*)?$", example="https://example.org/folder, without name and password")
Addresses = either(text=Address, list=list_of(Address, distinct=True, min_length=1, max_length=20))
Sha256 = text(pattern="^[0-9a-fA-F]{64}$", example="one of 64 hexadecimal digits")


class Study(Group):
    """What all studies have: sites in the file or in a table, and defaults of the sites."""

    sites: dict[str, Any]
    """Sites by name. Names have lower-case letters, digits and underscores."""
    site_table: text(min_length=1, example="sites.csv") | None = None
    """CSV table with more sites, one per row. Columns: `site` and keys of `sites.NAME`, dotted where nested."""
    site_defaults: dict[str, Any] = {}
    """Defaults for all sites of this study. The keys are those of `sites.NAME`."""


class Site(Group):
    """A site that can be simulated; the settings of the simulation are filled in for simulated sites only."""

    SIMULATION: ClassVar[type[Group]]

    @model_validator(mode="after")
    def _simulation(self) -> Site:
        if self.source == "simulate" and self.simulate is None:
            self.simulate = self.SIMULATION()
        return self


def without_effect(path: str, site: Site, keys: Sequence[str], instead: str = "files") -> Iterator[str]:
    """Problems of keys that the source of a site does not use."""
    for name, value in site.model_dump(include=set(keys), warnings=False).items():
        if value is not None and value is not False and value != [] and value != {}:
            yield f"{path}.{name}: has no effect with source: {site.source}; remove it, or set source: {instead}."
