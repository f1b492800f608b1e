"""RapidOCR (PP-OCRv6 models from its own wheel) behind two questions: where is text, and what does it say.

In: arrays of blue, green, red (or gray). Out: `Quad` and `Recognized`. The models come as sessions of our own making, so that
the library neither makes directories nor fetches anything; both are loaded and run once when an `Engine` is made, before the
worker is locked in. Must not: judge what is read, but for two things. A character that the model itself holds for less likely
than not is no character but U+FFFD. The model was trained on every style of writing and gives \u9ec3 for a \u9ec4 of some fonts:
variants that only a typographer tells apart become the standard character, other ideographs outside GB 2312 U+FFFD.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import onnxruntime
import rapidocr
from numpy.typing import NDArray
from rapidocr.ch_ppocr_rec import TextRecInput

from parsers.ocr.opening import Picture

Quad = NDArray[np.float32]  # 4 × 2: top left, top right, bottom right, bottom left

UNREADABLE = "\ufffd"
_THREADS = 2
_BATCH = 6  # crops recognized at once; more only widens the padding
_MAXIMUM_RATIO = 60  # width : height of a crop; a longer one is a rule, and costs memory
_LIKELY = 0.5


# Older shapes of a character → its shape in GB 2312; each pair differs by a stroke or two.
_VARIANTS = str.maketrans(
    {
        "\u9ec3": "\u9ec4",
        "\u6236": "\u6237",
        "\u5167": "\u5185",
        "\u5442": "\u5415",
        "\u5433": "\u5434",
        "\u5f65": "\u5f66",
        "\u6eab": "\u6e29",
        "\u9751": "\u9752",
        "\u654e": "\u6559",
        "\u6df8": "\u6e05",
        "\u771e": "\u771f",
        "\u537d": "\u5373",
        "\u65e3": "\u65e2",
        "\u6085": "\u60a6",
        "\u7a05": "\u7a0e",
        "\u6c92": "\u6ca1",
        "\u518a": "\u518c",
        "\u5225": "\u522b",
    }
)


@dataclass(frozen=True, slots=True)
class Recognized:
    """One crop of text. `score` is the confidence of its weakest character, 0.0 where nothing was read."""

    text: str
    score: float


NOTHING = Recognized("", 0.0)


class Engine:
    """The models, warm."""

    def __init__(self) -> None:
        models = Path(rapidocr.__file__).parent / "models"
        self._rapid: Any = rapidocr.RapidOCR(params={"Global.log_level": "critical", "Rec.rec_batch_num": _BATCH})
        self._rapid.cfg._set_flag("allow_objects", True)  # noqa: SLF001 - OmegaConf's own switch for what follows
        self._rapid.cfg.Det.session = _session(models / "PP-OCRv6_det_small.onnx")
        self._rapid.cfg.Rec.session = _session(models / "PP-OCRv6_rec_small.onnx")
        cv2.setNumThreads(_THREADS)
        paper = np.full((64, 320, 3), 255, np.uint8)
        cv2.putText(paper, "0123456789", (10, 44), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (0, 0, 0), 2)
        self._rapid(paper, use_det=False, use_cls=False, use_rec=True)
        self._rapid(paper, use_det=True, use_cls=False, use_rec=False)
        self.by = f"rapidocr {version('rapidocr')} PP-OCRv6 small, onnxruntime {version('onnxruntime')}"

    def detect(self, picture: Picture, longest: int) -> list[Quad]:
        """Given a page, return where text stands, top to bottom, having looked at it scaled to `longest` pixels."""
        scale = min(2.0, longest / max(picture.shape[:2]))
        size = (max(32, round(picture.shape[1] * scale)), max(32, round(picture.shape[0] * scale)))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        found = _run(self._rapid.text_det, cv2.resize(_colored(picture), size, interpolation=how))
        if found.boxes is None:
            return []
        back = np.array([picture.shape[1] / size[0], picture.shape[0] / size[1]], np.float32)
        return [cast("Quad", np.asarray(box, np.float32) * back) for box in found.boxes]

    def recognize(self, crops: Sequence[Picture]) -> list[Recognized]:
        """Given upright crops of one line of text each, return what they say, in their order."""
        usable = [number for number, crop in enumerate(crops) if _is_usable(crop)]
        results = [NOTHING] * len(crops)
        if not usable:
            return results
        pictures = [_colored(crops[number]) for number in usable]
        found = _run(self._rapid.text_rec, TextRecInput(img=pictures, return_word_box=True))
        for number, text, words in zip(usable, found.txts, found.word_results, strict=True):
            results[number] = _recognized(str(text), [float(value) for value in words.confs])
        return results


def _session(model: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _THREADS
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # pages differ in size: the arena would keep the largest
    options.log_severity_level = 4
    # Waiting threads that spin took 35 s of CPU for a page on a busy machine, instead of 8.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _run(model: Callable[[Any], Any], question: object) -> Any:
    """Ask a model; what the runtime calls a failed allocation is a MemoryError as any other."""
    try:
        return model(question)
    except Exception as error:
        if "allocate" in str(error) or "bad_alloc" in str(error):
            raise MemoryError("onnxruntime") from error
        raise


def _recognized(text: str, confidences: Sequence[float]) -> Recognized:
    if len(text) != len(confidences):  # no text at all: the library gives one confidence of 0
        return NOTHING
    certain = [
        (
            character if character.isspace() or (confidence >= _LIKELY and _is_standard(character)) else UNREADABLE,
            confidence,
        )
        for character, confidence in zip(text.translate(_VARIANTS), confidences, strict=True)
    ]
    score = min((confidence for character, confidence in certain if not character.isspace()), default=0.0)
    return Recognized("".join(character for character, _ in certain).strip(), score)


def _is_standard(character: str) -> bool:
    if not "\u3400" <= character <= "\u9fff" and not "\uf900" <= character <= "\ufaff":
        return True
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _is_usable(crop: Picture) -> bool:
    height, width = crop.shape[:2]
    return bool(height >= 4 and width >= 4 and width <= _MAXIMUM_RATIO * height)


def _colored(crop: Picture) -> Picture:
    return crop if crop.ndim == 3 else cast("Picture", cv2.cvtColor(crop, cv2.COLOR_GRAY2BGR))
