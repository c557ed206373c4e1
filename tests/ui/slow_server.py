"""A proxy that serves as the internet: it sends the beginning of any file, then waits; what asks
for https it does not answer at all."""

import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LENGTH = 8_000_000
SENT = 2_000_000


class SlowServer:
    """Sends `SENT` of `LENGTH` bytes; the rest only once `go_on` is set."""

    def __init__(self) -> None:
        self.go_on, self.asked = threading.Event(), threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(LENGTH))
                self.end_headers()
                with suppress(ConnectionError):  # nobody may be there any more
                    self.wfile.write(bytes(SENT))
                    self.wfile.flush()
                    server.go_on.wait()
                    self.wfile.write(bytes(LENGTH - SENT))

            def do_CONNECT(self) -> None:
                server.asked.set()
                server.go_on.wait()
                with suppress(ConnectionError):
                    self.send_error(502)

            def log_message(self, *_: object) -> None:
                """Standard error is the tests'."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.http.server_port}"
        self._thread = threading.Thread(target=self.http.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self.go_on.set()
        self.http.shutdown()
        self.http.server_close()
        self._thread.join()
