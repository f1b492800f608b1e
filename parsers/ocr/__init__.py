"""parsers.ocr: a picture of a page → `engines.ScannedPage`. Runs in a locked child process of its own, as `handlers`.

The way of a picture:

1. `opening`   bytes → pixels, within the budget, upright as the camera says (EXIF)
2. `upright`   turned, straightened, the perspective of a photo undone
3. `shades`    what text is read from (seals gone, red or gray), what lines are found in, what the second look reads
4. `ruling`    ruled lines → cells of tables
5. `engine`    RapidOCR: where text stands, what it says
6. `looks`     text → cells and lines, twice; ink that gives no text is told (`marks`: ink without any engine;
                `lines`: pieces of text → text; `caution`: what the model confuses; `pictures`: the cell for the clerk's screen)

Libraries (rapidocr, onnxruntime, cv2, numpy, PIL) are imported nowhere else, and this package by nobody but the worker.
"""
