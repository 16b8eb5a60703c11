"""The same function, recorded. It is still what it was: a function, a coroutine function, a generator or an async one.

What it raises reaches the caller as it is, and what it returns too.
"""
import functools
import inspect
from typing import Any, AsyncGenerator, Awaitable, Callable, Generator

from .calls import Call, Capturing, Yielded


def audited(function: Callable[..., Any], capturing: Capturing) -> Callable[..., Any]:
    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(audited(function.__func__, capturing))
    if inspect.isasyncgenfunction(function):
        return _async_generator(function, capturing)
    if inspect.isgeneratorfunction(function):
        return _generator(function, capturing)
    if inspect.iscoroutinefunction(function):
        return _coroutine(function, capturing)
    return _plain(function, capturing)


def _plain(function: Callable[..., Any], capturing: Capturing) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        watched = capturing.begin(args, kwargs)
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            watched.failed(error)
            raise
        if _is_coroutine(result):
            # A partial or a lambda around a coroutine function.
            return _awaited(result, watched)
        if not _is_heard_later(result, watched):
            watched.succeeded(result)
        return result

    return call


def _coroutine(function: Callable[..., Awaitable[Any]], capturing: Capturing) -> Callable[..., Any]:
    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        watched = capturing.begin(args, kwargs)
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            watched.failed(error)
            raise
        watched.succeeded(result)
        return result

    return call


def _generator(function: Callable[..., Any], capturing: Capturing) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        watched = capturing.begin(args, kwargs)
        yielded = Yielded()
        try:
            returned = yield from _tapped(function(*args, **kwargs), yielded)
        except BaseException as error:
            watched.failed(error, yielded.result())
            raise
        watched.succeeded(yielded.result())
        return returned

    return call


def _tapped(inner: Generator[Any, Any, Any], yielded: Yielded) -> Generator[Any, Any, Any]:
    """`yield from inner`, with a look at what passes (PEP 380 spells out these steps)."""
    try:
        item = next(inner)
        while True:
            yielded.add(item)
            try:
                sent = yield item
            except GeneratorExit:
                inner.close()
                raise
            except BaseException as error:
                item = inner.throw(error)
            else:
                item = next(inner) if sent is None else inner.send(sent)
    except StopIteration as stop:
        return stop.value


def _async_generator(function: Callable[..., Any], capturing: Capturing) -> Callable[..., Any]:
    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        watched = capturing.begin(args, kwargs)
        yielded = Yielded()
        inner = function(*args, **kwargs)
        try:
            item = await inner.__anext__()
            while True:
                yielded.add(item)
                try:
                    sent = yield item
                except GeneratorExit:
                    await inner.aclose()
                    raise
                except BaseException as error:
                    item = await inner.athrow(error)
                else:
                    item = await inner.asend(sent)
        except StopAsyncIteration:
            watched.succeeded(yielded.result())
        except BaseException as error:
            watched.failed(error, yielded.result())
            raise

    return call


async def _awaited(coroutine: Awaitable[Any], watched: Call) -> Any:
    try:
        result = await coroutine
    except BaseException as error:
        watched.failed(error)
        raise
    watched.succeeded(result)
    return result


def _is_coroutine(result: Any) -> bool:
    try:
        return inspect.iscoroutine(result)
    except Exception:
        # Its `__class__` is a property that raises.
        return False


def _is_heard_later(result: Any, watched: Call) -> bool:
    """Whether it is a future or a task, which is recorded when it is done; what resists being asked is none."""
    try:
        if not callable(getattr(result, 'add_done_callback', None)):
            return False
        result.add_done_callback(functools.partial(_done, watched))
        return True
    except Exception:
        return False


def _done(watched: Call, future: Any) -> None:
    """Of futures and tasks: asking for the exception of a cancelled one raises."""
    try:
        error = future.exception()
    except BaseException as cancelled:
        error = cancelled
    if error is not None:
        watched.failed(error)
    else:
        watched.succeeded(future.result())
