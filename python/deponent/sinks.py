"""Where records go: to the server, into a file, or to standard output."""
import gzip
import http.client
import os
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Dict, List, Optional

from .answer import Answer, answer_of
from .issue import OnError
from .seen import Seen

GZIP_FROM_BYTES = 1024
ANSWER_BYTES_MAX = 64 * 1024 * 1024
FILE_BYTES_MAX = 1024 * 1024 * 1024


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the key to another address."""

    def redirect_request(self, *_: Any) -> None:
        return None


class HttpSink:
    """A server. Requests of 1 KiB and more are compressed; proxies are those of the environment."""

    #: Receipts come back, so records are numbered.
    is_ledger = True

    def __init__(self, url: str, key: str, ssl_context: Any = None) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ('http', 'https') or not parts.netloc:
            raise ValueError('url must be an address like http://127.0.0.1:4600')
        if not isinstance(key, str) or not key or not key.isascii() or not key.isprintable():
            raise ValueError('key must be a text of printable ASCII characters')
        self._url = url.rstrip('/')
        self._key = key
        handlers: List[Any] = [_NoRedirects()]
        if parts.hostname in ('127.0.0.1', 'localhost', '::1'):
            # No proxy leads to this machine.
            handlers.append(urllib.request.ProxyHandler({}))
        if ssl_context is not None:
            handlers.append(urllib.request.HTTPSHandler(context=ssl_context))
        self._opener = urllib.request.build_opener(*handlers)
        self._seen: Optional[Seen] = None

    def prepare(self, on_error: OnError) -> None:
        self._seen = self._seen or Seen(on_error)

    def deliver(self, path: str, lines: List[str], head: Optional[str], timeout: float) -> Answer:
        body = '\n'.join(lines).encode('utf-8')
        headers: Dict[str, str] = {
            'Authorization': 'Bearer ' + self._key,
            'Content-Type': 'application/x-ndjson',
            **(self._seen.headers() if self._seen else {}),
        }
        if head is not None:
            headers['Deponent-Emitter-Head'] = head
        if len(body) >= GZIP_FROM_BYTES:
            body = gzip.compress(body, compresslevel=6, mtime=0)
            headers['Content-Encoding'] = 'gzip'
        try:
            return self._post(urllib.request.Request(self._url + path, body, headers, method='POST'), timeout)
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Answer('retry', 'the server cannot be reached (%s)' % _reason(error))

    def _post(self, request: urllib.request.Request, timeout: float) -> Answer:
        try:
            response = self._opener.open(request, timeout=timeout)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            body = response.read(ANSWER_BYTES_MAX)
            if self._seen:
                self._seen.take(response.headers.get('Deponent-Checkpoint'))
            return answer_of(response.status, body, response.headers.get('Retry-After'))


class FileSink:
    """A file of NDJSON, a record a line, for its owner alone and added to; `deponent import` reads the decisions in it.

    Values whose field's name says that they identify somebody or open something are replaced by hashes unless
    `hash_sensitive` is false (see `sensitive.py`); `hash_key`, 16 characters or more, makes them the same from run to run.
    """

    is_ledger = False

    def __init__(
        self,
        path: str,
        hash_sensitive: bool = True,
        hash_key: Optional[str] = None,
        max_bytes: int = FILE_BYTES_MAX,
    ) -> None:
        self.hash_sensitive = hash_sensitive
        self.hash_key = hash_key
        # A program may change its directory later.
        self._path = os.path.abspath(path)
        self._max_bytes = max_bytes
        self._lock = threading.Lock()

    def prepare(self, on_error: OnError) -> None:
        self._lock = threading.Lock()

    def deliver(self, path: str, lines: List[str], head: Optional[str], timeout: float) -> Answer:
        data = ('\n'.join(lines) + '\n').encode('utf-8')
        with self._lock:
            try:
                return self._append(data)
            except OSError as error:
                return Answer('retry', 'the file cannot be written (%s)' % _reason(error))

    def _append(self, data: bytes) -> Answer:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, 'O_BINARY', 0)
        file = os.open(self._path, flags, 0o600)
        try:
            size = os.fstat(file).st_size
            if size + len(data) > self._max_bytes:
                return Answer('retry', 'the file has reached its limit of %d bytes' % self._max_bytes)
            try:
                _write_all(file, data)
            except OSError:
                # Half a batch would be written twice when it is tried again.
                os.ftruncate(file, size)
                raise
        finally:
            os.close(file)
        return Answer('kept')


class StdoutSink:
    """Lines of JSON on standard output, for a collector that reads it. Sensitive values as in `FileSink`."""

    is_ledger = False

    def __init__(self, hash_sensitive: bool = True, hash_key: Optional[str] = None) -> None:
        self.hash_sensitive = hash_sensitive
        self.hash_key = hash_key

    def prepare(self, on_error: OnError) -> None:
        pass

    def deliver(self, path: str, lines: List[str], head: Optional[str], timeout: float) -> Answer:
        try:
            sys.stdout.write('\n'.join(lines) + '\n')
            sys.stdout.flush()
        except (OSError, ValueError) as error:
            return Answer('retry', 'standard output cannot be written (%s)' % _reason(error))
        return Answer('kept')


def _write_all(file: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]


def _reason(error: BaseException) -> str:
    inner = getattr(error, 'reason', None)
    return str(inner if inner is not None else error) or type(error).__name__
