"""Picture files become pixels within a budget, and nothing but the six formats is tried."""

import io

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("cv2")
Image = pytest.importorskip("PIL.Image")

from parsers.document import FailureCode, ReadFailure  # noqa: E402
from parsers.ocr.opening import open_picture  # noqa: E402

LIMIT = 40_000_000
BLUE = (10, 20, 200)


def file(picture, kind, **options):
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def picture(width=60, height=40, color=BLUE, mode="RGB"):
    return Image.new(mode, (width, height), color)


def failure(data, limit=LIMIT):
    with pytest.raises(ReadFailure) as caught:
        open_picture(data, limit)
    return caught.value.failure.code


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP"])
def test_six_formats_are_read_as_blue_green_red(kind):
    pixels, frames = open_picture(file(picture(), kind), LIMIT)
    assert pixels.shape == (40, 60, 3)
    assert np.abs(pixels[20, 30].astype(int) - (200, 20, 10)).max() < 12
    assert frames == 1


@pytest.mark.parametrize("kind", ["PPM", "TGA", "PCX", "SGI", "JPEG2000"])
def test_other_formats_of_pillow_are_not_tried(kind):
    assert failure(file(picture(), kind)) is FailureCode.DAMAGED


def test_a_picture_that_the_camera_held_sideways_is_turned():
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels, _ = open_picture(file(picture(), "JPEG", exif=exif), LIMIT)
    assert pixels.shape[:2] == (60, 40)


def test_what_is_transparent_shows_white_paper():
    pixels, _ = open_picture(file(picture(color=(0, 0, 0, 0), mode="RGBA"), "PNG"), LIMIT)
    assert pixels.min() == 255


def test_sixteen_bits_a_pixel_keep_their_shades():
    values = np.zeros((40, 60), np.uint16)
    values[:, 30:] = 60_000
    values[:, 40:] = 30_000
    pixels, _ = open_picture(file(Image.fromarray(values), "PNG"), LIMIT)
    assert [int(pixels[20, x, 0]) for x in (10, 35, 50)] == [0, 255, 127]


def test_a_picture_over_the_budget_is_refused_before_it_is_decoded(monkeypatch):
    data = file(Image.new("1", (9_000, 9_000)), "PNG")  # 81 megapixels in 10 KB
    assert len(data) < 20_000
    monkeypatch.setattr("PIL.Image.Image.convert", lambda *_: pytest.fail("decoded"))
    assert failure(data) is FailureCode.TOO_LARGE


def test_a_bomb_that_pillow_itself_refuses_is_too_large():
    assert failure(file(Image.new("1", (20_000, 10_000)), "PNG")) is FailureCode.TOO_LARGE


def test_a_large_picture_is_scaled_down_to_twelve_megapixels():
    pixels, _ = open_picture(file(Image.new("L", (6_000, 4_000), 255), "PNG"), LIMIT)
    assert 11_900_000 < pixels.shape[0] * pixels.shape[1] <= 12_000_000
    assert abs(pixels.shape[1] / pixels.shape[0] - 1.5) < 0.01


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a" + bytes(20), b"\xff\xd8\xff\xe0" + bytes(50)])
def test_what_is_no_picture_is_damaged(data):
    assert failure(data) is FailureCode.DAMAGED


def test_a_picture_that_was_cut_off_is_damaged():
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (200, 200, 3), np.uint8))
    data = file(noise, "PNG")
    assert failure(data[: len(data) // 2]) is FailureCode.DAMAGED


def test_a_dot_holds_no_form():
    assert failure(file(picture(5, 5), "PNG")) is FailureCode.EMPTY


def test_each_page_of_a_tiff_can_be_asked_for():
    first, second = picture(60, 40), picture(80, 50, (200, 0, 0))
    data = file(first, "TIFF", save_all=True, append_images=[second])
    assert [open_picture(data, LIMIT, frame)[0].shape[:2] for frame in (0, 1)] == [(40, 60), (50, 80)]
    assert open_picture(data, LIMIT)[1] == 2


def test_a_page_that_the_tiff_has_not_got_is_a_failure_not_another_page():
    with pytest.raises(ReadFailure) as caught:
        open_picture(file(picture(), "TIFF"), LIMIT, 3)
    assert caught.value.failure.code is FailureCode.DAMAGED


def test_an_animation_is_one_page():
    data = file(picture(), "GIF", save_all=True, append_images=[picture(color=(200, 0, 0))])
    assert open_picture(data, LIMIT)[1] == 1
