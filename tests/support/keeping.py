"""What every `aws` and `xacct` works out anew, kept in memory by a process that forks them.

It makes no difference to them but the time: the shipped data and the plugin's code do not change, and how handlers of
events are called follows from their code. `aws_server` runs this, and `counting` imports it.
"""

from __future__ import annotations

import functools
import importlib.machinery
import importlib.util
import inspect
import logging
import marshal
import os
import re
import types
from collections.abc import Callable
from contextlib import suppress
from typing import Any


def keep_constants() -> None:
    """Keep all of it in this process, for its children."""
    import awscli.clidriver
    from botocore.loaders import create_loader

    keep_shipped_data()
    keep_names_of_events()
    keep_plugin()
    loader = awscli.clidriver.create_clidriver().session.get_component("data_loader")
    for name in ("endpoints", "partitions"):
        loader.load_data(name)
    # An `xacct` looks only into botocore's own directory.
    for each in (loader, create_loader()):
        for kind in ("service-2", "endpoint-rule-set-1", "paginators-1", "waiters-2"):
            each.list_available_services(kind)
    for service in ("sts", "iam", "organizations"):
        for kind in ("service-2", "endpoint-rule-set-1"):
            loader.load_service_model(service, kind)


def keep_shipped_data() -> None:
    """Read what is in awscli's own directories once."""
    import awscli
    from botocore import loaders

    shipped = (os.path.dirname(awscli.__file__), loaders.Loader.BUILTIN_DATA_PATH)  # noqa: PTH120

    def keep(real: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that remembers what `real` returned for a path, its last argument, in the shipped data."""
        found: dict[str, Any] = {}

        def look(*arguments: Any) -> Any:
            path = arguments[-1]
            if path in found:
                return found[path]
            value = real(*arguments)
            if path.startswith(shipped):
                found[path] = value
            return value

        return look

    kept = {name: keep(getattr(os.path, name)) for name in ("isdir", "isfile")}
    path = types.SimpleNamespace(**{**vars(os.path), **kept})
    loaders.os = types.SimpleNamespace(**{**vars(os), "listdir": keep(os.listdir), "path": path})
    loaders.JSONFileLoader.load_file = keep(loaders.JSONFileLoader.load_file)
    # To list the services, botocore looks into 400 directories, several times in one `aws`.
    real = loaders.Loader.list_available_services
    services: dict[tuple[str, ...], list[str]] = {}

    def list_available_services(loader: Any, type_name: str) -> list[str]:
        places = tuple(loader._potential_locations())
        if not all(place.startswith(shipped) for place in places):
            return real(loader, type_name)  # type: ignore[no-any-return]
        key = (type_name, *places)
        if key not in services:
            services[key] = real(loader, type_name)
        return services[key]

    loaders.Loader.list_available_services = list_available_services


def keep_names_of_events() -> None:
    """Find out quickly how to call awscli's 400 handlers, and once which names of events are aliases."""
    from botocore import hooks

    inspect_handler = hooks.accepts_kwargs

    def accepts_kwargs(handler: Any) -> object:
        function = handler.func if type(handler) is functools.partial else handler
        function = getattr(function, "__func__", function)
        if type(function) is types.FunctionType and "__signature__" not in vars(function):
            return function.__code__.co_flags & inspect.CO_VARKEYWORDS
        return inspect_handler(handler)

    hooks.accepts_kwargs = accepts_kwargs
    aliaser = getattr(hooks, "EventAliaser", None)
    if aliaser is None:  # in version 2
        return
    find_alias = aliaser._alias_event_name
    aliases: dict[str, str] = {}

    def alias_event_name(events: Any, name: str) -> str:
        if name in events._alias_name_cache or hooks.logger.isEnabledFor(logging.DEBUG):
            return find_alias(events, name)  # type: ignore[no-any-return]
        if name not in aliases:
            aliases[name] = find_alias(events, name)
        alias = events._alias_name_cache[name] = aliases[name]
        return alias

    aliaser._alias_event_name = alias_event_name


def keep_plugin() -> None:
    """Read the plugin's code, and compile its regular expressions. None of its modules is loaded here."""
    plugin = importlib.util.find_spec("awscli_xacct")
    if plugin is None or not plugin.submodule_search_locations:
        return  # version 2 has it elsewhere
    (top,) = plugin.submodule_search_locations
    sources = [
        os.path.join(directory, name)  # noqa: PTH118
        for directory, _, names in os.walk(top)
        for name in names
        if name.endswith(".py")
    ]
    loaders = [importlib.machinery.SourceFileLoader(find_name(path, top), path) for path in sources]
    code = {loader.path: (loader.path_stats(loader.path), loader.get_code(loader.name)) for loader in loaders}
    read_code = importlib.machinery.SourceFileLoader.get_code

    def get_code(loader: Any, name: str) -> Any:
        stats, kept = code.get(loader.path, (None, None))
        return kept if stats and stats == loader.path_stats(loader.path) else read_code(loader, name)

    importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore[assignment, method-assign]
    names = [loader.name for loader in loaders if b"re.compile(" in loader.get_data(loader.path)]
    for pattern, flags in find_patterns(names):
        re.compile(pattern, flags)


def find_name(path: str, top: str) -> str:
    """Return the name of a module of the package in the directory `top`."""
    words = os.path.relpath(path, os.path.dirname(top)).removesuffix(".py").split("/")  # noqa: PTH120
    return ".".join(words[:-1] if words[-1] == "__init__" else words)


def find_patterns(names: list[str]) -> list[tuple[str | bytes, int]]:
    """Return the regular expressions that modules compile when they are loaded, as found out in another process."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        found = []
        really_compile = re.compile

        def note(pattern: Any, flags: Any = 0) -> Any:
            found.append((pattern, int(flags)))
            return really_compile(pattern, flags)

        re.compile = note
        for name in names:
            with suppress(ImportError):  # of what is optional
                importlib.import_module(name)
        with os.fdopen(writing, "wb") as answer:
            answer.write(marshal.dumps(found))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answered:
        patterns: list[tuple[str | bytes, int]] = marshal.load(answered)  # noqa: S302
    os.wait()
    return patterns
