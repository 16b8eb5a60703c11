"""In which environment decisions are made: captured once, beside the work of the application (docs/reproduce.md).

The names are those of model events, so that what is captured can be told of a training as well. What could not be found
out is absent.
"""
import hashlib
import importlib.metadata
import os
import platform
import re
import subprocess
import sys
from typing import Any, Dict, Iterator, List, NamedTuple, Optional

from .canonical import canonical
from .issue import Issue, OnError
from .plain import plain

_CHUNK = 1024 * 1024
#: One record holds 4,096 values.
_LISTED_MAX = 1_500
_PROGRAM_SECONDS = 10.0
_LOCK_FILES = ('uv.lock', 'poetry.lock', 'pdm.lock', 'Pipfile.lock', 'requirements.txt')


class CapturedEnvironment(NamedTuple):
    #: `sha256:` and the SHA-256 over the RFC 8785 text of `environment`.
    digest: str
    environment: Dict[str, Any]
    #: What the decisions made in it carry.
    fields: Dict[str, Any]


def captured(options: Dict[str, Any], on_error: OnError) -> Optional[CapturedEnvironment]:
    """Never raises; what fails is absent, and told where it was asked for."""
    try:
        environment = plain({name: value for name, value in _found(options, on_error).items() if value is not None})
        digest = _digest(canonical(environment).encode())
        return CapturedEnvironment(digest, environment, _fields(digest, environment))
    except Exception as error:
        on_error(Issue('capture_failed', 'the environment was not captured: %s' % type(error).__name__))
        return None


def _fields(digest: str, environment: Dict[str, Any]) -> Dict[str, Any]:
    inference = {name: environment[name] for name in ('weightsHash', 'configHash', 'preprocessing', 'tokenizer')
                 if name in environment}
    inference['runtime'] = {'environment': digest}
    checksum = {'modelChecksum': environment['weightsHash']} if 'weightsHash' in environment else {}
    return {**checksum, 'inference': inference}


def _found(options: Dict[str, Any], on_error: OnError) -> Dict[str, Any]:
    directory = os.path.abspath(options['directory'] or os.getcwd())
    config, prompt = options['config'], options['prompt']
    return {
        **_code(directory),
        **({'codeCommit': options['code_commit']} if options['code_commit'] is not None else {}),
        'runtime': _runtime(),
        'hardware': _hardware(),
        'dependencies': _dependencies(directory),
        'weightsHash': _weights_hash(options['model_file'], on_error),
        'configHash': None if config is None else _digest(canonical(plain(config)).encode()),
        'promptHash': None if prompt is None else _digest(prompt.encode()),
        'preprocessing': options['preprocessing'],
        'tokenizer': options['tokenizer'],
        'seeds': options['seeds'],
    }


def _digest(data: bytes) -> str:
    return 'sha256:' + hashlib.sha256(data).hexdigest()


def file_digest(path: Any) -> str:
    """SHA-256 of a file of any size, read in pieces. Raises OSError when it cannot be read."""
    found = hashlib.sha256()
    with open(path, 'rb') as file:
        for chunk in iter(lambda: file.read(_CHUNK), b''):
            found.update(chunk)
    return 'sha256:' + found.hexdigest()


def _weights_hash(path: Any, on_error: OnError) -> Optional[str]:
    if path is None:
        return None
    try:
        return file_digest(path)
    except OSError:
        on_error(Issue('capture_failed', 'the file of the model cannot be read'))
        return None


def _code(directory: str) -> Dict[str, Any]:
    # Nothing a repository has configured is run to look at it.
    git = ['git', '-c', 'core.fsmonitor=false']
    commit = _output(git + ['rev-parse', 'HEAD'], directory)
    if commit is None or not re.fullmatch('[0-9a-f]{40,64}', commit):
        return {}
    changes = _output(git + ['status', '--porcelain'], directory)
    return {'codeCommit': commit, **({} if changes is None else {'codeDirty': changes != ''})}


def _runtime() -> Dict[str, str]:
    return {
        'name': platform.python_implementation().lower(),
        'version': platform.python_version(),
        'platform': sys.platform,
        'release': platform.release(),
        'arch': platform.machine(),
    }


def _hardware() -> Dict[str, Any]:
    found: Dict[str, Any] = {'cores': os.cpu_count() or 0}
    cpu = _cpu()
    if cpu:
        found['cpu'] = cpu
    try:
        found['memoryBytes'] = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES')
    except (AttributeError, OSError, ValueError):
        pass
    gpus = _output(['nvidia-smi', '--query-gpu=name,driver_version,memory.total', '--format=csv,noheader'])
    if gpus is not None:
        found['gpus'] = [line for line in gpus.split('\n') if line]
    return found


def _cpu() -> str:
    try:
        with open('/proc/cpuinfo', encoding='utf-8', errors='replace') as file:
            for line in file:
                if line.startswith('model name'):
                    return line.partition(':')[2].strip()
    except OSError:
        pass
    return platform.processor()


def _dependencies(directory: str) -> Dict[str, Any]:
    installed: Dict[str, Dict[str, str]] = {}
    for one in importlib.metadata.distributions():
        name, version = one.metadata['Name'], one.version
        # The first of a name on the path is the one that is imported.
        if name and version:
            installed.setdefault(name, {'name': name, 'version': version})
    listed: List[Dict[str, str]] = sorted(installed.values(), key=lambda each: each['name'])
    found: Dict[str, Any] = {'installed': listed[:_LISTED_MAX], 'count': len(listed)}
    lock_file = _lock_file(directory)
    return {**found, 'lockFile': lock_file} if lock_file else found


def _lock_file(directory: str) -> Optional[Dict[str, str]]:
    for place in _up_from(directory):
        for name in _LOCK_FILES:
            try:
                return {'name': name, 'digest': file_digest(os.path.join(place, name))}
            except OSError:
                continue
    return None


def _up_from(directory: str) -> Iterator[str]:
    while True:
        yield directory
        above = os.path.dirname(directory)
        if above == directory:
            return
        directory = above


def _output(command: List[str], directory: Optional[str] = None) -> Optional[str]:
    """What a program writes; None when it is not there, fails, or takes longer than ten seconds."""
    try:
        # Looking at a repository must not hold up whoever works in it.
        environment = {**os.environ, 'GIT_OPTIONAL_LOCKS': '0'}
        done = subprocess.run(command, cwd=directory, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, timeout=_PROGRAM_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode('utf-8', 'replace').strip()
