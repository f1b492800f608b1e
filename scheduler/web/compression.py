"""Pages leave compressed where the browser takes that: the matrix of 500 units and 10 forms is 350 KB of markup.

In: an answer. Out: the same with `Content-Encoding: gzip`. Only pages; files for download are compressed already or large.
A page's token beside words of a stranger is what BREACH feeds on; it needs requests that carry the session from another
site, and SameSite=Strict sends none.
"""

import gzip

from flask import Flask, request
from werkzeug.wrappers import Response

_WORTH_BYTES = 1_400  # what fits one packet is not made smaller


def compress(application: Flask) -> None:
    """Given the application, compress its pages."""

    @application.after_request
    def smaller(response: Response) -> Response:
        response.vary.add("Accept-Encoding")
        if (
            response.mimetype != "text/html"
            or response.direct_passthrough
            or "Content-Encoding" in response.headers
            or not request.accept_encodings["gzip"]
        ):
            return response
        page = response.get_data()
        if len(page) >= _WORTH_BYTES:
            response.set_data(gzip.compress(page, compresslevel=1, mtime=0))
            response.headers["Content-Encoding"] = "gzip"
        return response
