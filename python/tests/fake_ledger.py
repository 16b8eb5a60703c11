"""A server that answers as the ledger does, remembers what it was sent, and fails as it is told to."""
import gzip
import http.server
import json
import threading
from collections import deque


class FakeLedger:
    def __init__(self):
        self.requests = []
        #: What to answer next instead of keeping: (status, headers) each; None drops the connection.
        self.answers = deque()
        #: While it is set every request is answered by 503.
        self.is_away = False
        #: Requests with more records are refused whole, by 413.
        self.records_max = 10_000
        self.rejects = lambda record: False
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                outer._answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={'poll_interval': 0.01}, daemon=True).start()
        self.url = 'http://127.0.0.1:%d' % self.server.server_address[1]

    def _answer(self, handler):
        body = handler.rfile.read(int(handler.headers['Content-Length']))
        encoding = handler.headers.get('Content-Encoding')
        text = (gzip.decompress(body) if encoding == 'gzip' else body).decode('utf-8')
        request = {
            'path': handler.path,
            'headers': {name.lower(): value for name, value in handler.headers.items()},
            'records': [json.loads(line) for line in text.split('\n')],
            'lines': text.split('\n'),
            'kept': False,
        }
        self.requests.append(request)
        if self.answers or self.is_away:
            answer = self.answers.popleft() if self.answers else (503, {})
            if answer is None:
                handler.connection.close()
                return
            self._say(handler, answer[0], b'{"code":"overloaded"}', answer[1])
        elif len(request['records']) > self.records_max:
            self._say(handler, 413, b'{"code":"too_many_records"}', {})
        else:
            request['kept'] = True
            self._say(handler, 201, json.dumps(self._judge(request['records'])).encode(), {})

    def _judge(self, records):
        kept = [(at, record) for at, record in enumerate(records) if not self.rejects(record)]
        refused = [at for at, record in enumerate(records) if self.rejects(record)]
        return {
            'receipts': [
                {'position': at, 'id': 'e-%d' % at, 'decisionId': record.get('decisionId'), 'ledger': 'default',
                 'index': at, 'leafHash': '0' * 64, 'status': 'recorded', 'path': []}
                for at, record in kept
            ],
            'promise': 'a promise',
            'errors': [{'position': at, 'code': 'bad_value', 'path': '/modelId', 'message': 'no'} for at in refused],
        }

    def _say(self, handler, status, body, headers):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header('Content-Length', str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def kept(self, path=None):
        """The records that were kept, in the order they came."""
        return [
            record
            for request in self.requests
            if request['kept'] and path in (None, request['path'])
            for record in request['records']
        ]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
